package quantize

import (
	"fmt"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// power lowers Pow by a constant exponent.
func (l *lowerer) power(n *model.Node) error {
	if err := n.Attrs.Unpack(); err != nil {
		return err
	}
	p, _, ok := l.constant(n.Inputs[1])
	if !ok || len(p) != 1 {
		return fmt.Errorf("the exponent is not one constant: %w", model.ErrUnsupported)
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
