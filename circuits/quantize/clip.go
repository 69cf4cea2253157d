package quantize

import (
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// clip lowers Clip: its bounds, rounded to the scale, narrow the activation's range.
func (l *lowerer) clip(n *model.Node) error {
	lo, hi, err := l.clipBounds(n)
	if err != nil {
		return err
	}
	out := l.pooled(n.Outputs[0])
	return l.activate(n, l.exp(out, l.bits), func(v int) (int, error) {
		r, e := l.activationRange(out, l.bits), l.p.Type(v).Exp
		a, errA := fixedpoint.Quantize(lo, e, r)
		b, errB := fixedpoint.Quantize(hi, e, r)
		if errA != nil || errB != nil {
			return 0, fmt.Errorf("bounds %g and %g: %w", lo, hi, model.ErrUnsupported)
		}
		if a >= b { // nothing is left between them
			t := l.p.Type(v)
			return l.emit(n.Name, &circuits.Constant{Shape: t.Shape, Exp: t.Exp, Values: slices.Repeat(circuits.Ints{b}, t.Size())})
		}
		return l.saturate(n.Name, "Identity", v, fixedpoint.Interval{Lo: a, Hi: b})
	})
}

// clipBounds returns the bounds of Clip.
func (l *lowerer) clipBounds(n *model.Node) (lo, hi float64, err error) {
	lo, hi = math.Inf(-1), math.Inf(1)
	if err := n.Attrs.Unpack("min?", &lo, "max?", &hi); err != nil {
		return 0, 0, err
	}
	for i, bound := range []*float64{&lo, &hi} {
		if i+1 < len(n.Inputs) && n.Inputs[i+1] != "" {
			c, ok := l.number(n.Inputs[i+1])
			if !ok {
				return 0, 0, fmt.Errorf("bounds are not constant: %w", model.ErrUnsupported)
			}
			*bound = c
		}
	}
	return lo, hi, nil
}
