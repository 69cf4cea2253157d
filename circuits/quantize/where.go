package quantize

import (
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

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
