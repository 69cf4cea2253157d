package quantize

import (
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// div lowers Div: of floats by a constant it is a Scale; a divisor that varies has one sign in all
// samples.
func (l *lowerer) div(n *model.Node) error {
	if err := n.Attrs.Unpack("axis?", new(int), "broadcast?", new(int)); err != nil {
		return err
	}
	if l.ofIntegers(n) {
		return l.divIntegers(n)
	}
	if c, shape, ok := l.constant(n.Inputs[1]); ok {
		literal := l.isLiteral(n.Inputs[1])
		for i := range c {
			c[i] = 1 / c[i]
		}
		if slices.ContainsFunc(c, func(v float64) bool { return math.IsInf(v, 0) }) {
			return fmt.Errorf("division by zero: %w", model.ErrUnsupported)
		}
		return l.scaleBy(n, n.Inputs[0], c, shape, literal)
	}
	y, sign, err := l.divisor(n)
	if err != nil {
		return err
	}
	var x int
	if l.g.Const[n.Inputs[0]] != nil {
		x, err = l.known(n.Name, n.Inputs[0], l.bits, 0)
	} else {
		x, err = l.narrow(n.Inputs[0])
	}
	if err != nil {
		return err
	}
	if sign < 0 {
		if x, err = l.scale(n.Name, x, -1, 0); err != nil {
			return err
		}
	}
	shift := l.quotientExp(n.Outputs[0]) - l.p.Type(x).Exp + l.p.Type(y).Exp
	v, err := l.emit(n.Name, &circuits.Div{Shift: shift}, x, y)
	return l.done(n, v, err)
}

// quotientExp is the exponent of a quotient: with a bit more than an activation has, unless nothing
// uses it.
func (l *lowerer) quotientExp(name string) int {
	bits := l.width(name)
	if !l.onlyNarrow(name) {
		bits++
	}
	return l.exp(name, bits)
}

// onlyNarrow reports whether every consumer takes a value, moved perhaps, as an activation at one exponent:
// then a quotient is rounded to it at once. A literal factor takes it as it is.
func (l *lowerer) onlyNarrow(name string) bool {
	v := l.values[name]
	takes := func(n *model.Node) bool {
		switch n.Op {
		case "Conv", "Gemm", "MatMul":
			return true
		case "Mul":
			return !slices.ContainsFunc(n.Inputs, func(in string) bool { return l.g.Const[in] != nil && l.isLiteral(in) })
		}
		return is(n, passes|whole) && l.onlyNarrow(n.Outputs[0])
	}
	return v != nil && !v.roomy && len(l.consumers[name]) > 0 && !slices.ContainsFunc(l.consumers[name], func(n *model.Node) bool { return !takes(n) }) &&
		!slices.ContainsFunc(l.g.Outputs, func(o model.Value) bool { return o.Name == name })
}

// divisor returns the divisor's absolute value, which saturates at a power of two below a
// quarter of the least the samples show, and its sign.
func (l *lowerer) divisor(n *model.Node) (v int, sign int64, err error) {
	name := n.Inputs[1]
	if l.isRoot(name) {
		v = l.vals[name]
	} else if v, err = l.narrowTo(name, l.bits+divisorBits); err != nil {
		return 0, 0, err
	}
	seen, sign := l.values[name], 1
	if seen == nil || seen.lo <= 0 && seen.hi >= 0 {
		return 0, 0, fmt.Errorf("the divisor has no constant sign: %w", model.ErrUnsupported)
	}
	least := seen.lo
	if seen.hi < 0 {
		least, sign = -seen.hi, -1
		if v, err = l.scale(n.Name, v, -1, 0); err != nil {
			return 0, 0, err
		}
	}
	t := l.p.Type(v)
	lo := max(int64(powerBelow(math.Ldexp(least/4, t.Exp))), 1)
	switch {
	case l.isRoot(name):
		v, err = l.atLeast(n.Name+"/divisor", v, lo)
	case t.Range.Lo < lo:
		v, err = l.saturate(n.Name+"/divisor", "Identity", v, fixedpoint.Interval{Lo: lo, Hi: max(t.Range.Hi, lo+1)})
	}
	return v, sign, err
}

// isRoot reports whether a value is an exact root, which keeps its width.
func (l *lowerer) isRoot(name string) bool {
	v, ok := l.vals[name]
	if !ok || v < len(l.p.Inputs) {
		return false
	}
	_, exact := l.p.Nodes[v-len(l.p.Inputs)].Op.(*circuits.Sqrt)
	return exact
}

// divisorBits is how many bits more than other activations a divisor has: its relative
// error is the quotient's.
const divisorBits = 3

// powerBelow returns the largest power of two at most x > 0.
func powerBelow(x float64) float64 {
	_, e := math.Frexp(x)
	return math.Ldexp(0.5, e)
}
