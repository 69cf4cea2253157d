package quantize

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// literalPrefix starts the last part of the names of constants that stand for attributes.
const literalPrefix = "literal "

// isLiteral reports whether a constant is part of the architecture: integers and conditions,
// numbers from attributes, a single power of two (or its negative, or zero), and masks: of
// zeros and one power of two, to multiply, or of zeros and very low scores, to add.
func (l *lowerer) isLiteral(name string) bool {
	t := l.g.Const[name]
	if t == nil || t.Float == nil || strings.Contains(name, "/"+literalPrefix) {
		return true
	}
	lo, hi := slices.Min(t.Float), slices.Max(t.Float)
	for _, v := range t.Float {
		if v != lo && v != hi {
			return lo <= -masked && hi == 0 && !slices.ContainsFunc(t.Float, func(v float32) bool { return v != 0 && v > -masked })
		}
	}
	power := func(v float32) bool { f, _ := math.Frexp(math.Abs(float64(v))); return v == 0 || f == 0.5 }
	switch {
	case len(t.Float) == 1:
		return power(lo) || lo <= -masked
	case lo == hi:
		return false
	}
	return lo == 0 && power(hi) || hi == 0 && (power(lo) || lo <= -masked)
}

// known returns a constant as a value to add to or compare with one at exponent e: a literal
// or weights.
func (l *lowerer) known(node, name string, e, slack int) (int, error) {
	c, shape, ok := l.constant(name)
	if !ok || l.isLiteral(name) {
		return l.literal(node, name, e, slack)
	}
	return l.parameter(node, c, shape, e+slack)
}

// parameter adds weights as a value, with one bit more than activations, as layers have: at the finest
// exponent that holds the largest, but at most finest.
func (l *lowerer) parameter(node string, c []float64, shape []int, finest int) (int, error) {
	most, bits := 0., l.bits+1
	for _, v := range c {
		most = max(most, math.Abs(v))
	}
	exp := bits
	if most > 0 {
		exp = coveringExp(-most, most, 2-1<<bits, 1<<bits-2) // half a step to spare, for rounding
	}
	exp = min(exp, finest)
	q, err := integersOf(c, exp)
	if err != nil {
		return 0, err
	}
	return l.emit(node+"/weights", &circuits.Parameter{Shape: slices.Clone(shape), Exp: exp, Bits: bits, Values: q})
}

// literalBits leaves room to align literals to finer values: 2^53 is the limit.
const literalBits = 30

// literal returns a constant as a value with the coarsest exponent that holds it exactly,
// but at most slack above e, and no finer than keeps it below 2^literalBits: there it is
// rounded.
func (l *lowerer) literal(node, name string, e, slack int) (int, error) {
	c, shape, ok := l.constant(name)
	if !ok {
		return 0, fmt.Errorf("operand %q is not constant: %w", name, model.ErrUnsupported)
	}
	most := 0.
	for _, v := range c {
		most = max(most, math.Abs(v))
	}
	top := e + slack
	if _, size := math.Frexp(most); most > 0 {
		top = min(top, literalBits-size)
	}
	k := min(e-l.bits, top)
	inexact := func(v float64) bool { v = math.Ldexp(v, k); return v != math.Floor(v) }
	for ; k < top && slices.ContainsFunc(c, inexact); k++ {
	}
	q, err := integersOf(c, k)
	if err != nil {
		return 0, err
	}
	return l.emit(node+"/constant", &circuits.Constant{Shape: slices.Clone(shape), Exp: k, Values: q})
}

// constant returns a constant operand's elements.
func (l *lowerer) constant(name string) ([]float64, []int, bool) {
	t := l.g.Const[name]
	if t == nil {
		return nil, nil, false
	}
	return t.Reals(), t.Shape, true
}
