package quantize

import (
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// multiple returns c times a graph value, made of known integers as far as it is, at fineExp
// unless it is an input.
func (l *lowerer) multiple(name string, c float64) (int, error) {
	if x, ok := l.integral(name); ok {
		return l.times(name, x.v, c*x.step)
	}
	n := l.makers[name]
	if n == nil {
		if v, ok := l.vals[name]; ok && roundedOnly(l.g, name) { // an input, finer than what it is rounded to
			_, size := math.Frexp(c)
			return l.scaled(name, v, c, exactBits-size)
		}
		return l.approximate(name, c)
	}
	if k, ok := l.factor(n, n.Inputs[0]); ok {
		return l.multiple(n.Inputs[0], c*k)
	}
	x, known := l.integral(n.Inputs[0])
	switch {
	case n.Op == "Add" || n.Op == "Sub":
		return l.sumMultiple(n, c)
	case n.Op == "Concat":
		return l.joinedMultiple(n, c)
	case is(n, passes|whole):
		v, err := l.multiple(n.Inputs[0], c)
		if err != nil {
			return 0, err
		}
		return l.alike(n, n.Op, v)
	case n.Op == "ReduceMean" && known:
		v, err := l.alike(n, "ReduceSum", x.v)
		if err != nil {
			return 0, err
		}
		return l.times(name, v, c*x.step*float64(l.p.Type(v).Size())/float64(l.p.Type(x.v).Size()))
	case (n.Op == "AveragePool" || n.Op == "GlobalAveragePool") && known:
		return l.meanMultiple(n, x, c)
	case n.Op == "LeakyRelu" && known && x.step > 0:
		alpha := 0.01
		if err := n.Attrs.Unpack("alpha?", &alpha); err != nil {
			return 0, err
		}
		return l.slopeMultiple(n, x, c, alpha)
	case n.Op == "Relu" && known && x.step > 0:
		return l.slopeMultiple(n, x, c, 0)
	}
	return l.approximate(name, c)
}

// computed reports whether none of a node's operands is constant.
func (l *lowerer) computed(n *model.Node) bool {
	return !slices.ContainsFunc(n.Inputs, func(in string) bool { return in == "" || l.g.Const[in] != nil })
}

// sumMultiple is the multiple of Add or Sub of operands of one size.
func (l *lowerer) sumMultiple(n *model.Node, c float64) (int, error) {
	size := relation.Size(l.g.Shapes[n.Outputs[0]])
	if !l.computed(n) || relation.Size(l.g.Shapes[n.Inputs[0]]) != size || relation.Size(l.g.Shapes[n.Inputs[1]]) != size {
		return l.approximate(n.Outputs[0], c)
	}
	a, err := l.multiple(n.Inputs[0], c)
	if err != nil {
		return 0, err
	}
	if n.Op == "Sub" {
		c = -c
	}
	b, err := l.multiple(n.Inputs[1], c)
	if err != nil {
		return 0, err
	}
	return l.emit(n.Name+"/sum", &circuits.Add{Scale: [2]int64{1, 1}, Exp: fineExp}, a, b)
}

// joinedMultiple is the multiple of Concat.
func (l *lowerer) joinedMultiple(n *model.Node, c float64) (int, error) {
	if !l.computed(n) {
		return l.approximate(n.Outputs[0], c)
	}
	axis := 0
	if err := n.Attrs.Unpack("axis", &axis); err != nil {
		return 0, err
	}
	if axis < 0 {
		axis += len(l.g.Shapes[n.Outputs[0]])
	}
	var parts []int
	for _, in := range n.Inputs {
		v, err := l.multiple(in, c)
		if err != nil {
			return 0, err
		}
		parts = append(parts, v)
	}
	return l.emit(n.Name+"/multiples", &circuits.Concat{Axis: axis}, parts...)
}

// meanMultiple is the multiple of means of windows of x, which padding makes unequal.
func (l *lowerer) meanMultiple(n *model.Node, x integral, c float64) (int, error) {
	w, win, err := l.window(n)
	if err != nil || w.Pads != [4]int{} || win.CeilMode {
		return l.approximate(n.Outputs[0], c)
	}
	v, err := l.pool(n.Name+"/integers", &circuits.AveragePool{Window: w, Scale: 1}, x.v)
	if err != nil {
		return 0, err
	}
	return l.times(n.Name, v, c*x.step/float64(w.Kernel[0]*w.Kernel[1]))
}

// slopeMultiple is the multiple of x where it is positive, and of alpha·x elsewhere.
func (l *lowerer) slopeMultiple(n *model.Node, x integral, c, alpha float64) (int, error) {
	positive, err := l.saturate(n.Name+"/integers", "Relu", x.v, fixedpoint.Interval{Lo: 0, Hi: max(l.p.Type(x.v).Range.Hi, 1)})
	if err != nil {
		return 0, err
	}
	a, err := l.times(n.Name, positive, c*x.step*(1-alpha))
	if err != nil || alpha == 0 {
		return a, err
	}
	b, err := l.times(n.Name, x.v, c*x.step*alpha)
	if err != nil {
		return 0, err
	}
	return l.emit(n.Name+"/sum", &circuits.Add{Scale: [2]int64{1, 1}, Exp: fineExp}, a, b)
}

// approximate is the multiple of a value as any other consumer takes it.
func (l *lowerer) approximate(name string, c float64) (int, error) {
	v, err := l.narrow(name)
	if err != nil {
		return 0, err
	}
	return l.times(name, v, c)
}

// times returns c·v at fineExp, where c is part of the weights.
func (l *lowerer) times(node string, v int, c float64) (int, error) {
	v, err := l.rescale(node, v, fineExp-8)
	if err != nil {
		return 0, err
	}
	return l.scaled(node, v, c, fineExp-l.p.Type(v).Exp)
}

// scaled returns c·v, where c has an exponent.
func (l *lowerer) scaled(node string, v int, c float64, exp int) (int, error) {
	m := math.Round(math.Ldexp(c, exp))
	width := exactBits
	for math.Abs(m) >= math.Ldexp(1, width) {
		if width += 8; width > 48 {
			return 0, fmt.Errorf("a factor of %g: %w", c, circuits.ErrBound)
		}
	}
	p, err := l.emit(node+"/factor", &circuits.Parameter{Shape: []int{}, Exp: exp, Bits: width, Values: circuits.Ints{int64(m)}})
	if err != nil {
		return 0, err
	}
	return l.emit(node+"/multiple", new(circuits.Mul), v, p)
}
