package quantize

import (
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// alias lowers operators that change nothing.
func (l *lowerer) alias(n *model.Node) error {
	v, err := l.value(n.Inputs[0])
	if err != nil {
		return err
	}
	l.vals[n.Outputs[0]] = v
	if w, ok := l.narrowed[n.Inputs[0]]; ok {
		l.narrowed[n.Outputs[0]] = w
	}
	return nil
}

func (l *lowerer) reshape(n *model.Node) error {
	v, err := l.value(n.Inputs[0])
	if err != nil {
		return err
	}
	return l.move(n, &circuits.Reshape{Shape: slices.Clone(l.g.Shapes[n.Outputs[0]])}, v)
}

func (l *lowerer) transpose(n *model.Node) error {
	v, err := l.value(n.Inputs[0])
	if err != nil {
		return err
	}
	var perm []int
	if err := n.Attrs.Unpack("perm?", &perm); err != nil {
		return err
	}
	if perm == nil {
		for k := range l.p.Type(v).Shape {
			perm = append([]int{k}, perm...)
		}
	}
	return l.move(n, &circuits.Transpose{Perm: perm}, v)
}

// move emits an operator that rearranges elements.
func (l *lowerer) move(n *model.Node, op circuits.Op, v int) error {
	if w, ok := l.narrowed[n.Inputs[0]]; ok {
		v = w
	}
	y, err := l.emit(n.Name, op, v)
	if err != nil {
		return err
	}
	l.set(n.Outputs[0], y)
	if _, ok := l.narrowed[n.Inputs[0]]; ok {
		l.narrowed[n.Outputs[0]] = y
	}
	return nil
}

// concat lowers Concat: all operands at the coarsest of their exponents.
func (l *lowerer) concat(n *model.Node) error {
	var axis int
	if err := n.Attrs.Unpack("axis", &axis); err != nil {
		return err
	}
	if axis < 0 {
		axis += len(l.g.Shapes[n.Outputs[0]])
	}
	in, err := l.operands(n, n.Inputs...)
	if err != nil {
		return err
	}
	e := math.MaxInt
	for i, name := range n.Inputs {
		if l.g.Const[name] == nil {
			e = min(e, l.p.Type(in[i]).Exp)
		}
	}
	for i := range in {
		if in[i], err = l.rescale(n.Name, in[i], e); err != nil {
			return err
		}
		if k := e - l.p.Type(in[i]).Exp; k > 0 { // a coarser constant
			if in[i], err = l.scale(n.Name, in[i], 1<<k, k); err != nil {
				return err
			}
		}
	}
	v, err := l.emit(n.Name, &circuits.Concat{Axis: axis}, in...)
	if err != nil {
		return err
	}
	l.set(n.Outputs[0], v)
	return nil
}
