package quantize

import (
	"fmt"
	"math"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// sqrt lowers Sqrt: to a table, or, of few elements, to the root of the integers themselves, whose
// relative error is as small where they are. So a token's deviation that others' exceed a
// hundredfold is one still.
func (l *lowerer) sqrt(n *model.Node) error {
	v, ok := l.vals[n.Inputs[0]]
	if !ok || 8*l.p.Type(v).Size() > 1<<(l.bits+1) {
		return l.function(n)
	}
	seen := l.values[n.Outputs[0]]
	if seen == nil || !(seen.lo > 0) {
		return l.function(n)
	}
	// The root has as many bits as activations where it is least, if that is not too many where it
	// is largest.
	_, least := math.Frexp(seen.lo)
	_, most := math.Frexp(seen.hi)
	e := min(max(l.bits+divisorBits-most, l.bits+1-least), rootBits-most)
	v, err := l.rescale(n.Name, v, 2*e)
	if err != nil {
		return err
	}
	if up := 2*e - l.p.Type(v).Exp; up > 0 {
		if v, err = l.scale(n.Name+"/finer", v, 1<<min(up, 40), up); err != nil {
			return err
		}
	}
	if v, err = l.atLeast(n.Name+"/positive", v, 0); err != nil {
		return err
	}
	v, err = l.emit(n.Name, new(circuits.Sqrt), v)
	return l.done(n, v, err)
}

// atLeast returns the larger of integers, which no table holds, and lo.
func (l *lowerer) atLeast(node string, v int, lo int64) (int, error) {
	t := l.p.Type(v)
	if t.Range.Lo >= lo {
		return v, nil
	}
	c, err := l.emit(node+"/least", &circuits.Constant{Shape: []int{}, Exp: t.Exp, Values: circuits.Ints{lo}})
	if err != nil {
		return 0, err
	}
	return l.emit(node, new(circuits.Max), v, c)
}

// rootBits bounds the width of exact roots.
const rootBits = 17

// power lowers Pow, of a constant exponent to a square or a table.
func (l *lowerer) power(n *model.Node) error {
	if err := n.Attrs.Unpack(); err != nil {
		return err
	}
	p, _, ok := l.constant(n.Inputs[1])
	if !ok {
		return l.powerOf(n)
	}
	if len(p) != 1 {
		return fmt.Errorf("exponents of shape %v, which is not one: %w", l.g.Shapes[n.Inputs[1]], model.ErrUnsupported)
	}
	if _, err := fixedpoint.ByName("Pow", p[0]); err != nil {
		return fmt.Errorf("exponent %g, at most 64 in size: %w", p[0], model.ErrUnsupported)
	}
	switch p[0] {
	case 1:
		return l.alias(n)
	case 2:
		x, err := l.narrow(n.Inputs[0])
		if err != nil {
			return err
		}
		v, err := l.emit(n.Name, new(circuits.Mul), x, x)
		return l.done(n, v, err)
	}
	return l.table(n, "Pow", p)
}

// powerOf lowers x^y of a computed exponent as exp(y·ln x), for x that the samples show not to be
// negative. The exponent y·ln x is saturated at e times less and more than the samples' results are.
func (l *lowerer) powerOf(n *model.Node) error {
	base, power, result := l.values[n.Inputs[0]], l.values[n.Inputs[1]], l.values[n.Outputs[0]]
	if base == nil {
		return fmt.Errorf("a computed exponent of a base that is neither computed nor a constant tensor: %w", model.ErrUnsupported)
	}
	if base.lo < 0 {
		return fmt.Errorf("base %q in [%g, %g], shape %v: a power of a computed exponent is proven as exp(y·ln x): keep the base from negative numbers, by Abs, Max or Clip, or make the exponent a constant: %w",
			n.Inputs[0], base.lo, base.hi, l.g.Shapes[n.Inputs[0]], model.ErrUnsupported)
	}
	out := l.tabled(n.Outputs[0], "Exp", nil)
	logExp := min(l.bits+2, 12)
	if result.integer {
		out.OutExp, out.Out = 0, fixedpoint.Interval{Hi: int64(2*result.hi) + 1}
		logExp = 12
	}
	x, err := l.logarithm(n, max(math.Abs(power.lo), math.Abs(power.hi), 1), logExp)
	if err != nil {
		return err
	}
	y, err := l.narrowTo(n.Inputs[1], l.bits+divisorBits)
	if err != nil {
		return err
	}
	v, err := l.emit(n.Name+"/exponent", new(circuits.Mul), x, y)
	if err != nil {
		return err
	}
	if v, err = l.rescale(n.Name, v, logExp); err != nil {
		return err
	}
	least := math.Log(max(result.lo, math.Ldexp(0.25, -out.OutExp))) // less is rounded to 0
	most := math.Log(max(result.hi, math.Ldexp(1, -out.OutExp)))
	exp := l.p.Type(v).Exp
	v, err = l.saturate(n.Name+"/saturate", "Identity", v, fixedpoint.Interval{
		Lo: int64(math.Floor(math.Ldexp(least-1, exp))), Hi: int64(math.Ceil(math.Ldexp(most+1, exp)))})
	if err != nil {
		return err
	}
	v, err = l.emit(n.Name, out, v)
	if err == nil {
		l.narrowed[n.Outputs[0]] = v
	}
	return l.done(n, v, err)
}

// logarithm returns the logarithm of a node's first operand, fine enough that its product with a
// number of a size still has exp bits behind the point.
func (l *lowerer) logarithm(n *model.Node, size float64, exp int) (int, error) {
	const lnZero = -128 // of integers that are 0, whose powers this makes 0 and whose 0th power 1
	_, more := math.Frexp(size)
	bits := max(l.bits+1, min(l.bits+4, 11))
	v, err := l.value(n.Inputs[0])
	if err == nil {
		v, err = l.rescale(n.Name+"/base", v, l.exp(n.Inputs[0], bits))
	}
	if err == nil {
		v, err = l.saturate(n.Name+"/base", "Identity", v, l.activationRange(n.Inputs[0], bits+1))
	}
	if err != nil {
		return 0, err
	}
	return l.emit(n.Name+"/logarithm", &circuits.Function{Name: "Log", OutExp: exp + more,
		Out: fixedpoint.Interval{Lo: lnZero << (exp + more), Hi: -lnZero << (exp + more)}}, v)
}
