package quantize

import (
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// input adds an input: its scale is the finest for which the samples span at most
// 2^inputBits integers.
func (l *lowerer) input(in model.Value) error {
	v := l.values[in.Name]
	if v == nil {
		return &model.Error{File: l.g.File, Node: in.Name, Op: "input",
			Err: fmt.Errorf("%v input, want floating point: %w", in.Type, model.ErrUnsupported)}
	}
	lo, hi := min(v.lo, 0), max(v.hi, 0)
	n := int64(1) << l.inputBits
	e := coveringExp(0, hi-lo, 0, n)
	if v.integer {
		e = min(e, 0)
	}
	if fine, ok := l.featureExp(in.Name, l.inputBits); ok && fine > e {
		e, n = fine, int64(math.Ceil(math.Ldexp(hi-lo, fine)))+2
	} else if comparedOnly(l.g, in.Name, 0) && in.Type.IsFloat() && l.inputBits < compareBits {
		n = 1 << compareBits
		e = coveringExp(0, hi-lo, 0, n)
	}
	q := fixedpoint.Interval{Lo: int64(math.Floor(math.Ldexp(lo, e)))}
	q.Hi = q.Lo + n - 1
	if in.Type == model.Bool {
		e, q = 0, fixedpoint.Interval{Lo: 0, Hi: 1}
	} else if r, ok := l.indexRange(in.Name); ok {
		e, q, hi = 0, r, float64(r.Hi)
	}
	// Reals are accepted up to half a step beyond the integers, and, as they are declared to
	// everybody, in whole steps from there to the samples' largest.
	half, above := math.Ldexp(0.5, -e), fixedpoint.Real(q.Hi, e)
	steps := max(0, math.Ceil(math.Ldexp(hi-above-half, e)))
	value := len(l.p.Inputs)
	l.p.AddInput(circuits.Port{Name: in.Name, Shape: slices.Clone(in.Shape), Exp: e, Range: q,
		RealLo: fixedpoint.Real(q.Lo, e) - half, RealHi: above + (2*steps+1)*half})
	l.enforced = append(l.enforced, true)
	l.set(in.Name, value)
	l.narrowed[in.Name] = value
	return nil
}

// compareBits is the width of inputs that are only compared with thresholds: what lies
// between two float32 that are near a threshold must not matter.
const compareBits = 30
