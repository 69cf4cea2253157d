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
// 2^inputBits integers. What it accepts beyond them makes more integers, not coarser ones.
func (l *lowerer) input(in model.Value) error {
	v := l.values[in.Name]
	if v == nil {
		return &model.Error{File: l.g.File, Node: in.Name, Op: "input",
			Err: fmt.Errorf("%v input, want floating point: %w", in.Type, model.ErrUnsupported)}
	}
	seen := l.spans[in.Name]
	lo, hi := min(seen.lo, 0), max(seen.hi, 0)
	least, most := seen.widened(l.given)
	if a, b := in.Type.Bounds(); !in.Type.IsFloat() {
		least, most = max(least, float64(a)), min(most, float64(b))
	}
	declared, given := l.ranges[in.Name]
	if given {
		least, most = declared[0], declared[1]
		lo, hi = max(lo, min(least, 0)), min(hi, max(most, 0))
	}
	n := int64(1) << l.inputBits
	e := coveringExp(0, hi-lo, 0, n)
	if v.integer {
		e = min(e, 0)
	}
	exact := v.integer && in.Type != model.Bool && l.staysInteger(in.Name, 0)
	if exact {
		e = 0
	}
	if fine, ok := l.featureExp(in.Name, max(math.Abs(least), math.Abs(most)), l.inputBits); ok && fine > e {
		e, n = fine, int64(math.Ceil(math.Ldexp(hi-lo, fine)))+2
	} else if comparedOnly(l.g, in.Name) && in.Type.IsFloat() && l.inputBits < compareBits {
		// With the margin, not beside it: a comparison takes the digits of the whole range.
		e = coveringExp(0, max(hi, most)-min(lo, least), 0, 1<<(compareBits+l.finerFeatures(in))-8)
		n = int64(math.Ceil(math.Ldexp(hi-lo, e))) + 2
	} else if roundedOnly(l.g, in.Name) && in.Type.IsFloat() {
		n = 1 << exactBits
		e = coveringExp(0, hi-lo, 0, n)
	}
	if most := math.Ldexp(max(math.Abs(least), math.Abs(most)), e); most >= 1<<46 {
		return &model.Error{File: l.g.File, Node: in.Name, Op: "input",
			Err: fmt.Errorf("range [%g, %g] in steps of 2^%d, which the samples ask for: %w", least, most, -e, circuits.ErrBound)}
	}
	q := fixedpoint.Interval{Lo: int64(math.Floor(math.Ldexp(lo, e)))}
	q.Hi = q.Lo + n - 1
	if least < lo {
		q.Lo = int64(math.Floor(math.Ldexp(least, e) + 0.5))
	}
	if most > hi {
		q.Hi = max(q.Hi, int64(math.Ceil(math.Ldexp(most, e)-0.5)))
	}
	if given {
		q.Lo, q.Hi = max(q.Lo, int64(math.Floor(math.Ldexp(least, e)+0.5))), min(q.Hi, int64(math.Floor(math.Ldexp(most, e)+0.5)))
		q.Hi = max(q.Hi, q.Lo+1)
	}
	r, index := l.indexRange(in.Name)
	if exact && !index {
		q = l.wholeRange(in, least, most, given)
		hi = min(hi, float64(q.Hi))
	}
	if in.Type == model.Bool {
		e, q = 0, fixedpoint.Interval{Lo: 0, Hi: 1}
	} else if index {
		e, q, hi = 0, r, float64(r.Hi)
	}
	// Reals are accepted up to half a step beyond the integers, and, as they are declared to
	// everybody, in whole steps from there to the samples' largest.
	half, above := math.Ldexp(0.5, -e), fixedpoint.Real(q.Hi, e)
	steps := max(0, math.Ceil(math.Ldexp(hi-above-half, e)))
	value := len(l.p.Inputs)
	port := circuits.Port{Name: in.Name, Shape: slices.Clone(in.Shape), Exp: e, Range: q,
		RealLo: fixedpoint.Real(q.Lo, e) - half, RealHi: above + (2*steps+1)*half}
	switch {
	case index || in.Type == model.Bool: // which have ranges of their own
	case l.options.saturate:
		port.RealLo, port.RealHi = -math.MaxFloat32, math.MaxFloat32
	case given:
		port.RealLo, port.RealHi = least, most
	}
	l.p.AddInput(port)
	l.enforced = append(l.enforced, true)
	l.set(in.Name, value)
	l.narrowed[in.Name] = value
	return nil
}

// compareBits is the width of inputs that are only compared with thresholds: what lies
// between two float32 that are near a threshold must not matter. Where the columns of a table differ
// in size it is that of the smallest, up to maxCompareBits in all.
const compareBits, maxCompareBits = 30, 40

// finerFeatures returns how many bits more the smallest column of an input needs than the largest.
func (l *lowerer) finerFeatures(in model.Value) int {
	index := slices.IndexFunc(l.g.Inputs, func(v model.Value) bool { return v.Name == in.Name })
	least, most := 0., 0.
	for _, f := range unequalFeatures(in, l.samples, index) {
		if spread := f.hi - f.lo; spread > 0 && (least == 0 || spread < least) {
			least = spread
		}
		most = max(most, math.Abs(f.lo), math.Abs(f.hi))
	}
	if least == 0 {
		return 0
	}
	_, bits := math.Frexp(most / least)
	return min(max(bits, 0), maxCompareBits-compareBits)
}
