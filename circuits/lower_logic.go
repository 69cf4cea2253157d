package circuits

import (
	"fmt"
	"slices"

	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// Conditions are values 0 and 1 with exponent 0.

// compare lowers Equal, Greater, GreaterOrEqual, Less and LessOrEqual: comparisons of the
// quantised values.
func (l *lowerer) compare(n *model.Node) error {
	if err := n.Attrs.Unpack(); err != nil {
		return err
	}
	vs, err := l.operands(n, n.Inputs...)
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
	v, err = l.emit(node, &Function{Name: "Abs", OutExp: l.p.types[v].Exp, Out: fixedpoint.Interval{Lo: 0, Hi: 1}}, v)
	if err != nil {
		return 0, err
	}
	return l.condition(node, v)
}

// condition gives integers 0 and 1 the exponent 0.
func (l *lowerer) condition(node string, v int) (int, error) {
	return l.scale(node, v, 1, -l.p.types[v].Exp)
}

// not returns 1 - v.
func (l *lowerer) not(node string, v int) (int, error) {
	one, err := l.emit(node+"/one", &Constant{Shape: []int{}, Values: Ints{1}})
	if err != nil {
		return 0, err
	}
	return l.emit(node+"/not", &Add{Scale: [2]int64{1, -1}}, one, v)
}

// conditions returns a node's inputs, which must be conditions.
func (l *lowerer) conditions(n *model.Node, names ...string) ([]int, error) {
	var out []int
	for _, name := range names {
		var v int
		var err error
		if c, shape, ok := l.constant(name); ok {
			var q Ints
			if q, err = integersOf(c, 0); err == nil {
				v, err = l.emit(n.Name+"/constant", &Constant{Shape: slices.Clone(shape), Values: q})
			}
		} else {
			v, err = l.narrow(name)
		}
		if err != nil {
			return nil, err
		}
		if t := l.p.types[v]; t.Exp != 0 || !(fixedpoint.Interval{Lo: 0, Hi: 1}).Covers(t.Range) {
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
		v, err = l.emit(n.Name, new(Mul), vs...)
	case "Or":
		v, err = l.either(n.Name, vs[0], vs[1])
	case "Xor":
		if v, err = l.emit(n.Name+"/difference", &Add{Scale: [2]int64{1, -1}}, vs...); err == nil {
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
	if v, err = l.emit(node, new(Mul), x, y); err != nil {
		return 0, err
	}
	return l.not(node, v)
}

// where lowers Where. A constant condition, a mask, costs nothing if an operand is constant
// too.
func (l *lowerer) where(n *model.Node) error {
	if err := n.Attrs.Unpack(); err != nil {
		return err
	}
	constant := func(i int) bool { return l.g.Const[n.Inputs[i]] != nil }
	var vs []int
	var err error
	if constant(1) && constant(2) {
		vs = []int{0, 0}
		for i := range vs {
			if vs[i], err = l.known(n.Name, n.Inputs[i+1], l.bits, 0); err != nil {
				return err
			}
		}
	} else if vs, err = l.operands(n, n.Inputs[1:]...); err != nil {
		return err
	}
	if vs, err = l.align(n.Name, vs); err != nil {
		return err
	}
	if constant(0) && (constant(1) || constant(2)) {
		v, err := l.masked(n, vs[0], vs[1])
		return l.done(n, v, err)
	}
	cs, err := l.conditions(n, n.Inputs[0])
	if err != nil {
		return err
	}
	v, err := l.emit(n.Name, new(Where), cs[0], vs[0], vs[1])
	return l.done(n, v, err)
}

// masked lowers Where with a constant condition c: c·x + (1-c)·y.
func (l *lowerer) masked(n *model.Node, x, y int) (int, error) {
	c, shape, _ := l.constant(n.Inputs[0])
	yes, no := make(Ints, len(c)), make(Ints, len(c))
	for i, v := range c {
		if v == 0 {
			no[i] = 1
		} else {
			yes[i] = 1
		}
	}
	x, err := l.emit(n.Name+"/true", &Scale{Shape: slices.Clone(shape), Factors: yes}, x)
	if err != nil {
		return 0, err
	}
	if y, err = l.emit(n.Name+"/false", &Scale{Shape: slices.Clone(shape), Factors: no}, y); err != nil {
		return 0, err
	}
	return l.sum(n.Name, x, y, 1)
}

// cast lowers Cast between types that hold the same numbers, and to conditions.
func (l *lowerer) cast(n *model.Node) error {
	var to int
	if err := n.Attrs.Unpack("to", &to, "saturate?", new(int), "round_mode?", new(string)); err != nil {
		return err
	}
	seen := l.values[n.Inputs[0]]
	switch isFloat := slices.Contains([]int{1, 10, 11, 16}, to); {
	case isFloat || to != onnxBool && seen != nil && seen.integer:
		return l.alias(n)
	case to != onnxBool:
		return fmt.Errorf("from floats to integer type %d: %w", to, model.ErrUnsupported)
	}
	vs, err := l.operands(n, n.Inputs[0])
	if err != nil {
		return err
	}
	v, err := l.nonZero(n.Name, vs[0])
	return l.done(n, v, err)
}

const onnxBool = 9 // TensorProto.DataType
