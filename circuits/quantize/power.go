package quantize

import (
	"fmt"
	"math"

	"github.com/nnark/nnark/circuits"
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
