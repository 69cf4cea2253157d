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

// Conditions are values 0 and 1 with exponent 0.

// compare lowers Equal, Greater, GreaterOrEqual, Less and LessOrEqual: comparisons of the
// quantised values.
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
		if !ok || l.isLiteral(name) || n.Op == "Equal" {
			continue
		}
		x, err := l.narrow(n.Inputs[1-i])
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
			case k.Exp > 0: // as x was rounded, so that a value at the threshold stays there
				v = math.Floor(v + 0.5)
			case op == "Greater" || op == "LessOrEqual":
				v = math.Floor(v)
			default:
				v = math.Ceil(v)
			}
			q[j] = int64(min(max(v, float64(k.Range.Lo-1)), float64(k.Range.Hi+1)))
		}
		p, err := l.emit(n.Name+"/thresholds", &circuits.Parameter{Shape: slices.Clone(shape), Exp: k.Exp, Bits: bits.Len64(k.Range.MaxAbs() + 1), Values: q})
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

// oneHot lowers OneHot: the columns of the integers that are indices, negative ones counted
// from the end, become the axis; all others are off.
func (l *lowerer) oneHot(n *model.Node) error {
	axis := -1
	if err := n.Attrs.Unpack("axis?", &axis); err != nil {
		return err
	}
	depth, _, ok := l.constant(n.Inputs[1])
	values, _, also := l.constant(n.Inputs[2])
	if !ok || !also || len(depth) != 1 || len(values) != 2 {
		return fmt.Errorf("depth and values are not constant: %w", model.ErrUnsupported)
	}
	v, ok := l.vals[n.Inputs[0]]
	if !ok {
		return fmt.Errorf("indices are constant: %w", model.ErrUnsupported)
	}
	if w, ok := l.narrowed[n.Inputs[0]]; ok {
		v = w
	}
	t := l.p.Type(v)
	if t.Exp != 0 {
		return fmt.Errorf("indices %q are no integers but steps of 2^%d: %w", n.Inputs[0], -t.Exp, model.ErrUnsupported)
	}
	hot, err := l.emit(n.Name+"/hot", new(circuits.OneHot), v)
	if err != nil {
		return err
	}
	size := int64(depth[0])
	y, err := l.columns(n.Name, hot, t, 0, size)
	if err == nil && t.Range.Lo < 0 {
		var z int
		if z, err = l.columns(n.Name+"/negative", hot, t, -size, size); err == nil {
			y, err = l.emit(n.Name+"/both", &circuits.Add{Scale: [2]int64{1, 1}}, y, z)
		}
	}
	if err != nil {
		return err
	}
	shape := l.p.Type(y).Shape
	if axis < 0 {
		axis += len(shape)
	}
	if axis != len(shape)-1 {
		var perm []int
		for k := range len(shape) - 1 {
			perm = append(perm, k)
		}
		if y, err = l.emit(n.Name+"/axis", &circuits.Transpose{Perm: slices.Insert(perm, axis, len(shape)-1)}, y); err != nil {
			return err
		}
	}
	if values[0] != 0 || values[1] != 1 {
		return l.between(n, y, values[0], values[1])
	}
	l.set(n.Outputs[0], y)
	l.narrowed[n.Outputs[0]] = y
	return nil
}

// between maps a condition to off where it is 0 and to on where it is 1.
func (l *lowerer) between(n *model.Node, v int, off, on float64) error {
	k := l.bits
	q, err := integersOf([]float64{off, on}, k)
	if err != nil {
		return err
	}
	step, err := l.emit(n.Name+"/step", &circuits.Scale{Shape: []int{}, Exp: k, Factors: circuits.Ints{q[1] - q[0]}}, v)
	if err != nil {
		return err
	}
	base, err := l.emit(n.Name+"/off", &circuits.Constant{Shape: []int{}, Exp: k, Values: circuits.Ints{q[0]}})
	if err != nil {
		return err
	}
	y, err := l.sum(n.Name, step, base, 1)
	return l.done(n, y, err)
}

// columns takes the columns of the integers from first on out of a OneHot of values of a
// type; where the type has no such integer they are 0.
func (l *lowerer) columns(node string, hot int, t circuits.Type, first, n int64) (int, error) {
	rows, width := t.Size(), int64(l.p.Type(hot).Size()/t.Size())
	index := make([]int, 0, int64(rows)*n)
	for r := range rows {
		for k := range n {
			if c := first + k - t.Range.Lo; c >= 0 && c < width {
				index = append(index, r*int(width)+int(c))
			} else {
				index = append(index, -1)
			}
		}
	}
	return l.emit(node, &circuits.Gather{Shape: append(slices.Clone(t.Shape), int(n)), Index: index}, hot)
}

// indexRange returns the range of an integer input that does nothing but choose: what can be
// chosen, with the negative half if a sample has it.
func (l *lowerer) indexRange(name string) (r fixedpoint.Interval, ok bool) {
	size := l.chooses(name)
	if size == 0 || size >= circuits.MaxOneHot/2 {
		return r, false
	}
	r = fixedpoint.Interval{Lo: 0, Hi: max(size-1, 1)}
	if l.values[name].lo < 0 {
		r.Lo = -size
	}
	return r, true
}

// chooses returns the largest depth of the OneHots that are all the uses of a value, 0 if
// it has other uses.
func (l *lowerer) chooses(name string) (size int64) {
	for _, n := range l.consumers[name] {
		var least int64
		switch n.Op {
		case "OneHot":
			if depth, _, ok := l.constant(n.Inputs[1]); ok && len(depth) == 1 && n.Inputs[0] == name {
				least = int64(depth[0])
			}
		case "Cast", "Expand", "Flatten", "Gather", "Identity", "Reshape", "Slice", "Split", "Squeeze", "Tile", "Transpose", "Unsqueeze":
			if n.Inputs[0] == name {
				least = l.chooses(n.Outputs[0])
			}
		}
		if least <= 0 {
			return 0
		}
		size = max(size, least) // less deep ones choose nothing beyond
	}
	return size
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
	v, err := l.emit(n.Name, new(circuits.Where), cs[0], vs[0], vs[1])
	return l.done(n, v, err)
}

// masked lowers Where with a constant condition c: c·x + (1-c)·y.
func (l *lowerer) masked(n *model.Node, x, y int) (int, error) {
	c, shape, _ := l.constant(n.Inputs[0])
	yes, no := make(circuits.Ints, len(c)), make(circuits.Ints, len(c))
	for i, v := range c {
		if v == 0 {
			no[i] = 1
		} else {
			yes[i] = 1
		}
	}
	x, err := l.emit(n.Name+"/true", &circuits.Scale{Shape: slices.Clone(shape), Factors: yes}, x)
	if err != nil {
		return 0, err
	}
	if y, err = l.emit(n.Name+"/false", &circuits.Scale{Shape: slices.Clone(shape), Factors: no}, y); err != nil {
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
		return l.truncate(n)
	}
	vs, err := l.operands(n, n.Inputs[0])
	if err != nil {
		return err
	}
	v, err := l.nonZero(n.Name, vs[0])
	return l.done(n, v, err)
}

// truncate lowers Cast from floats to integers, which rounds towards zero. Integers that are
// held as floats stay as they are.
func (l *lowerer) truncate(n *model.Node) error {
	v, err := l.narrow(n.Inputs[0])
	if err != nil {
		return err
	}
	t := l.p.Type(v)
	if t.Exp <= 0 {
		return l.alias(n)
	}
	if seen := l.values[n.Inputs[0]]; seen != nil && seen.whole() {
		v, err = l.rescale(n.Name, v, 0)
		if err == nil {
			l.narrowed[n.Outputs[0]] = v
		}
		return l.done(n, v, err)
	}
	name := "Floor"
	if t.Range.Lo < 0 {
		return fmt.Errorf("rounding of negative numbers towards zero: %w", model.ErrUnsupported)
	}
	out := fixedpoint.Interval{Lo: 0, Hi: t.Range.Hi>>t.Exp + 1}
	if v, err = l.emit(n.Name, &circuits.Function{Name: name, OutExp: 0, Out: out}, v); err == nil {
		l.narrowed[n.Outputs[0]] = v
	}
	return l.done(n, v, err)
}

const onnxBool = 9 // TensorProto.DataType
