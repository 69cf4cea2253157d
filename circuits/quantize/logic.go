package quantize

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// compare lowers Equal, Greater, GreaterOrEqual, Less and LessOrEqual: comparisons of the
// quantized values.
func (l *lowerer) compare(n *model.Node) error {
	if err := n.Attrs.Unpack(); err != nil {
		return err
	}
	vs, err := l.compared(n)
	if err != nil {
		return err
	}
	x, y := vs[0], vs[1]
	if n.Op == "Less" || n.Op == "GreaterOrEqual" {
		x, y = y, x
	}
	d, err := l.sum(n.Name+"/difference", x, y, -1)
	if err != nil {
		return err
	}
	var v int
	if n.Op == "Equal" {
		v, err = l.nonZero(n.Name, d)
	} else {
		v, err = l.positive(n.Name, d)
	}
	if err == nil && n.Op != "Less" && n.Op != "Greater" {
		v, err = l.not(n.Name, v)
	}
	return l.done(n, v, err)
}

// compared returns the operands of a comparison. A trained threshold becomes the integer that
// gives the same answer for every integer of the other operand.
func (l *lowerer) compared(n *model.Node) ([]int, error) {
	for i, name := range n.Inputs {
		t, shape, ok := l.constant(name)
		scores := l.ofTrees(n.Inputs[1-i])
		if !ok || l.isLiteral(name) && !scores || n.Op == "Equal" {
			continue
		}
		x, err := l.scored(n.Inputs[1-i])
		if err != nil {
			return nil, err
		}
		// Where x is exact, x > t and x <= t ask for the integers up to t, x < t and x >= t for
		// those from t on.
		op := n.Op
		if i == 0 {
			op = map[string]string{"Less": "Greater", "Greater": "Less", "LessOrEqual": "GreaterOrEqual", "GreaterOrEqual": "LessOrEqual"}[op]
		}
		k := l.p.Type(x)
		q := make(circuits.Ints, len(t))
		for j, v := range t {
			v = math.Ldexp(v, k.Exp)
			switch {
			case !scores && l.rounded(n.Inputs[1-i], k.Exp): // as x was, so that a value at the threshold stays there
				v = math.Floor(v + 0.5)
			case op == "Greater" || op == "LessOrEqual":
				v = math.Floor(v)
			default:
				v = math.Ceil(v)
			}
			q[j] = int64(min(max(v, float64(k.Range.Lo-1)), float64(k.Range.Hi+1)))
		}
		var threshold circuits.Op = &circuits.Parameter{Shape: slices.Clone(shape), Exp: k.Exp, Bits: bits.Len64(k.Range.MaxAbs() + 1), Values: q}
		if l.isLiteral(name) {
			threshold = &circuits.Constant{Shape: slices.Clone(shape), Exp: k.Exp, Values: q}
		}
		p, err := l.emit(n.Name+"/thresholds", threshold)
		if err != nil {
			return nil, err
		}
		vs := []int{x, p}
		if i == 0 {
			vs = []int{p, x}
		}
		return vs, nil
	}
	return l.operands(n, n.Inputs...)
}

// rounded reports whether a value's integers at an exponent stand for reals next to them, not for
// integers only.
func (l *lowerer) rounded(name string, exp int) bool {
	v := l.values[name]
	return exp != 0 || v == nil || !v.integer && !v.whole()
}

// positive returns the condition that an integer is positive: it saturated to 0 and 1.
func (l *lowerer) positive(node string, v int) (int, error) {
	v, err := l.saturate(node, "Identity", v, fixedpoint.Interval{Lo: 0, Hi: 1})
	if err != nil {
		return 0, err
	}
	return l.condition(node, v)
}

// nonZero returns the condition that an integer is not 0: it saturated to -1, 0 and 1, and
// the absolute value of that.
func (l *lowerer) nonZero(node string, v int) (int, error) {
	v, err := l.saturate(node+"/sign", "Identity", v, fixedpoint.Interval{Lo: -1, Hi: 1})
	if err != nil {
		return 0, err
	}
	v, err = l.emit(node, &circuits.Function{Name: "Abs", OutExp: l.p.Type(v).Exp, Out: fixedpoint.Interval{Lo: 0, Hi: 1}}, v)
	if err != nil {
		return 0, err
	}
	return l.condition(node, v)
}

// condition gives integers 0 and 1 the exponent 0.
func (l *lowerer) condition(node string, v int) (int, error) {
	return l.scale(node, v, 1, -l.p.Type(v).Exp)
}

// not returns 1 - v.
func (l *lowerer) not(node string, v int) (int, error) {
	one, err := l.emit(node+"/one", &circuits.Constant{Shape: []int{}, Values: circuits.Ints{1}})
	if err != nil {
		return 0, err
	}
	return l.emit(node+"/not", &circuits.Add{Scale: [2]int64{1, -1}}, one, v)
}

// conditions returns a node's inputs, which must be conditions.
func (l *lowerer) conditions(n *model.Node, names ...string) ([]int, error) {
	var out []int
	for _, name := range names {
		var v int
		var err error
		if c, shape, ok := l.constant(name); ok {
			var q circuits.Ints
			if q, err = integersOf(c, 0); err == nil {
				v, err = l.emit(n.Name+"/constant", &circuits.Constant{Shape: slices.Clone(shape), Values: q})
			}
		} else {
			v, err = l.narrow(name)
		}
		if err != nil {
			return nil, err
		}
		if t := l.p.Type(v); t.Exp != 0 || !(fixedpoint.Interval{Lo: 0, Hi: 1}).Covers(t.Range) {
			return nil, fmt.Errorf("operand %q is no condition but lies in %v: %w", name, t.Range, model.ErrUnsupported)
		}
		out = append(out, v)
	}
	return out, nil
}

// logic lowers Not, And, Or and Xor.
func (l *lowerer) logic(n *model.Node) error {
	if err := n.Attrs.Unpack(); err != nil {
		return err
	}
	vs, err := l.conditions(n, n.Inputs...)
	if err != nil {
		return err
	}
	var v int
	switch n.Op {
	case "Not":
		v, err = l.not(n.Name, vs[0])
	case "And":
		v, err = l.emit(n.Name, new(circuits.Mul), vs...)
	case "Or":
		v, err = l.either(n.Name, vs[0], vs[1])
	case "Xor":
		if v, err = l.emit(n.Name+"/difference", &circuits.Add{Scale: [2]int64{1, -1}}, vs...); err == nil {
			v, err = l.nonZero(n.Name, v)
		}
	}
	return l.done(n, v, err)
}

// either returns x or y = not (not x and not y).
func (l *lowerer) either(node string, x, y int) (v int, err error) {
	if x, err = l.not(node, x); err != nil {
		return 0, err
	}
	if y, err = l.not(node, y); err != nil {
		return 0, err
	}
	if v, err = l.emit(node, new(circuits.Mul), x, y); err != nil {
		return 0, err
	}
	return l.not(node, v)
}
