package quantize

import (
	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// extremum lowers Max and Min, which is the negative of the largest negative.
func (l *lowerer) extremum(n *model.Node) error {
	if err := n.Attrs.Unpack(); err != nil {
		return err
	}
	vs, err := l.operands(n, n.Inputs...)
	if err != nil {
		return err
	}
	if vs, err = l.align(n.Name, vs); err != nil {
		return err
	}
	v, err := l.negated(n.Name, n.Op == "Min", vs, func(vs []int) (int, error) { return l.emit(n.Name, new(circuits.Max), vs...) })
	return l.done(n, v, err)
}

// negated applies f to the values, or if yes is set to their negatives and negates the
// result.
func (l *lowerer) negated(node string, yes bool, vs []int, f func([]int) (int, error)) (v int, err error) {
	if !yes {
		return f(vs)
	}
	for i := range vs {
		if vs[i], err = l.scale(node, vs[i], -1, 0); err != nil {
			return 0, err
		}
	}
	if v, err = f(vs); err != nil {
		return 0, err
	}
	return l.scale(node, v, -1, 0)
}
