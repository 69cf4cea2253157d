package quantize

import (
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// Operators on integers take and give the integers themselves. Those of division are made of the
// quotient that is rounded down, and its remainder, by a positive divisor.

// exact returns a value of integers at exponent 0.
func (l *lowerer) exact(node, name string) (int, error) {
	if t := l.g.Const[name]; t != nil {
		return l.emit(node+"/constant", &circuits.Constant{Shape: append([]int{}, t.Shape...), Values: append(circuits.Ints{}, t.Int...)})
	}
	v, err := l.value(name)
	if err != nil {
		return 0, err
	}
	if e := l.p.Type(v).Exp; e < 0 {
		v, err = l.scale(node, v, 1<<-e, -e)
	} else {
		v, err = l.rescale(node, v, 0)
	}
	if err != nil {
		return 0, err
	}
	return l.enclose(name, v)
}

// ofIntegers reports whether a node's answer is integers.
func (l *lowerer) ofIntegers(n *model.Node) bool {
	v := l.values[n.Outputs[0]]
	return v != nil && v.integer
}

// staysInteger reports whether a value of integers, moved perhaps, is an output or part of what is
// computed of integers: of another value, comparisons included, before it is cast to floats.
func (l *lowerer) staysInteger(name string, depth int) bool {
	if slices.ContainsFunc(l.g.Outputs, func(o model.Value) bool { return o.Name == name }) {
		return true
	}
	return slices.ContainsFunc(l.consumers[name], func(n *model.Node) bool {
		moved := is(n, passes) && depth < 16
		return l.ofIntegers(n) && (!moved || slices.ContainsFunc(n.Outputs, func(out string) bool { return l.staysInteger(out, depth+1) }))
	})
}

// divides reports whether a value, moved at most, is a divisor of integers.
func (l *lowerer) divides(name string) bool {
	for _, n := range l.consumers[name] {
		if l.ofIntegers(n) && (n.Op == "Div" || n.Op == "Mod") && n.Inputs[1] == name || is(n, passes) && n.Inputs[0] == name && l.divides(n.Outputs[0]) {
			return true
		}
	}
	return false
}

// mod lowers Mod. Floats are the integers that stand for them.
func (l *lowerer) mod(n *model.Node) error {
	fmod := false
	if err := n.Attrs.Unpack("fmod?", &fmod); err != nil {
		return err
	}
	x, y, err := l.dividend(n)
	if err != nil {
		return err
	}
	size, err := l.size(n, y)
	if err != nil {
		return err
	}
	if fmod {
		v, err := l.truncated(n.Name, x, size, new(circuits.Mod))
		return l.done(n, v, err)
	}
	signed, err := l.signOf(n.Name, y)
	if err != nil {
		return err
	}
	if x, err = signed(x); err != nil {
		return err
	}
	v, err := l.emit(n.Name, new(circuits.Mod), x, size)
	if err == nil {
		v, err = signed(v)
	}
	return l.done(n, v, err)
}

// divIntegers lowers Div of integers, which rounds towards zero.
func (l *lowerer) divIntegers(n *model.Node) error {
	x, y, err := l.dividend(n)
	if err != nil {
		return err
	}
	size, err := l.size(n, y)
	if err != nil {
		return err
	}
	signed, err := l.signOf(n.Name, y)
	if err != nil {
		return err
	}
	if x, err = signed(x); err != nil {
		return err
	}
	v, err := l.truncated(n.Name, x, size, &circuits.Div{Floor: true})
	return l.done(n, v, err)
}

// dividend returns the operands of a division at one exponent.
func (l *lowerer) dividend(n *model.Node) (x, y int, err error) {
	if l.ofIntegers(n) {
		if x, err = l.exact(n.Name, n.Inputs[0]); err == nil {
			y, err = l.exact(n.Name, n.Inputs[1])
		}
		return x, y, err
	}
	vs, err := l.operands(n, n.Inputs...)
	if err == nil {
		vs, err = l.align(n.Name, vs)
	}
	if err != nil {
		return 0, 0, err
	}
	return vs[0], vs[1], nil
}

// size returns the divisor's absolute value. One that takes both signs, and one of floats, counts as 1
// where its integer is 0: ONNX leaves open what is divided by zero.
func (l *lowerer) size(n *model.Node, y int) (int, error) {
	t := l.p.Type(y)
	switch r := t.Range; {
	case r.Lo > 0:
		return y, nil
	case r.Hi < 0:
		return l.scale(n.Name, y, -1, 0)
	case l.ofIntegers(n) && (r.Lo == 0 || r.Hi == 0):
		return 0, fmt.Errorf("divisors %q in %v, shape %v, which may be 0: keep them from it, by Max or Clip before the division or a declared range of the input: %w", n.Inputs[1], r, t.Shape, model.ErrUnsupported)
	}
	minus, err := l.scale(n.Name+"/minus", y, -1, 0)
	if err != nil {
		return 0, err
	}
	one, err := l.one(n.Name, t.Exp)
	if err != nil {
		return 0, err
	}
	return l.emit(n.Name+"/size", new(circuits.Max), y, minus, one)
}

// one returns the integer 1 of an exponent.
func (l *lowerer) one(node string, exp int) (int, error) {
	return l.emit(node+"/one", &circuits.Constant{Shape: []int{}, Exp: exp, Values: circuits.Ints{1}})
}

// signOf returns what multiplies values by the sign of y.
func (l *lowerer) signOf(node string, y int) (func(v int) (int, error), error) {
	switch r := l.p.Type(y).Range; {
	case r.Lo >= 0:
		return func(v int) (int, error) { return v, nil }, nil
	case r.Hi < 0:
		return func(v int) (int, error) { return l.scale(node, v, -1, 0) }, nil
	}
	negative, err := l.negative(node+"/divisor", y)
	if err != nil {
		return nil, err
	}
	one, err := l.one(node, 0)
	if err != nil {
		return nil, err
	}
	s, err := l.emit(node+"/sign", &circuits.Add{Scale: [2]int64{1, -2}}, one, negative)
	return func(v int) (int, error) { return l.emit(node+"/signed", new(circuits.Mul), v, s) }, err
}

// negative returns the condition that an integer is negative.
func (l *lowerer) negative(node string, v int) (int, error) {
	minus, err := l.scale(node, v, -1, 0)
	if err != nil {
		return 0, err
	}
	return l.positive(node+"/negative", minus)
}

// truncated returns the quotient of x and y > 0, rounded towards zero, or what it leaves, which has x's
// sign: of op, which rounds down, and rounds up what is moved by y - 1 before.
func (l *lowerer) truncated(node string, x, y int, op circuits.Op) (int, error) {
	r, e := l.p.Type(x).Range, l.p.Type(x).Exp
	if r.Lo >= 0 {
		return l.emit(node, op, x, y)
	}
	if r.Hi <= 0 {
		x, err := l.scale(node, x, -1, 0)
		if err != nil {
			return 0, err
		}
		v, err := l.emit(node, op, x, y)
		if err != nil {
			return 0, err
		}
		return l.scale(node, v, -1, 0)
	}
	negative, err := l.negative(node+"/dividend", x)
	if err != nil {
		return 0, err
	}
	one, err := l.one(node, e)
	if err != nil {
		return 0, err
	}
	less, err := l.emit(node+"/less", &circuits.Add{Scale: [2]int64{1, -1}, Exp: e}, y, one)
	if err != nil {
		return 0, err
	}
	up, err := l.emit(node+"/up", new(circuits.Mul), negative, less)
	if err != nil {
		return 0, err
	}
	if x, err = l.emit(node+"/moved", &circuits.Add{Scale: [2]int64{1, 1}, Exp: e}, x, up); err != nil {
		return 0, err
	}
	v, err := l.emit(node, op, x, y)
	if _, remainder := op.(*circuits.Mod); err == nil && remainder {
		v, err = l.emit(node+"/back", &circuits.Add{Scale: [2]int64{1, -1}, Exp: e}, v, up)
	}
	return v, err
}

// wholeRange is the declared range of an input whose integers are taken as they are: what samples
// show, with the margin, or what options say; of samples without 0 where they divide and have one sign.
func (l *lowerer) wholeRange(in model.Value, least, most float64, given bool) fixedpoint.Interval {
	lo, hi := in.Type.Bounds()
	r := fixedpoint.Interval{Lo: max(int64(math.Floor(least)), lo), Hi: min(int64(math.Ceil(most)), hi)}
	if v := l.values[in.Name]; !given && l.divides(in.Name) && r.Contains(0) {
		if v.lo > 0 {
			r.Lo = 1
		} else if v.hi < 0 {
			r.Hi = -1
		}
	}
	if r.Lo == r.Hi {
		if r.Hi < hi {
			r.Hi++
		} else {
			r.Lo--
		}
	}
	return r
}
