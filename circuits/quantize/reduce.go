package quantize

import (
	"fmt"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// norm replaces ReduceL2: the root of the sum of squares.
func (d *decomposer) norm(n *model.Node) error {
	shape := d.Shapes[n.Inputs[0]]
	squares := d.add("Mul", nil, shape, n.Inputs[0], n.Inputs[0])
	sum := d.add("ReduceSum", n.Attrs, d.Shapes[n.Outputs[0]], append([]string{squares}, n.Inputs[1:]...)...)
	d.add("Sqrt", nil, d.Shapes[n.Outputs[0]], sum)
	return nil
}

// reduction reads the axes of a Reduce node, an attribute or (opset 13 and 18) an input.
func (l *lowerer) reduction(n *model.Node) (r circuits.Reduction, err error) {
	keep, noop := true, false
	if err = n.Attrs.Unpack("axes?", &r.Axes, "keepdims?", &keep, "noop_with_empty_axes?", &noop); err != nil {
		return r, err
	}
	if len(n.Inputs) > 1 && n.Inputs[1] != "" {
		c, _, ok := l.constant(n.Inputs[1])
		if !ok {
			return r, fmt.Errorf("axes are not constant: %w", model.ErrUnsupported)
		}
		r.Axes = nil
		for _, a := range c {
			r.Axes = append(r.Axes, int(a))
		}
	}
	r.Keep = keep
	rank := len(l.g.Shapes[n.Inputs[0]])
	if len(r.Axes) == 0 && !noop {
		for a := range rank {
			r.Axes = append(r.Axes, a)
		}
	}
	return ascending(r, rank), nil
}

// ascending returns a reduction with its axes counted from the first, in order.
func ascending(r circuits.Reduction, rank int) circuits.Reduction {
	r.Axes = slices.Clone(r.Axes)
	for i, a := range r.Axes {
		if a < 0 {
			r.Axes[i] += rank
		}
	}
	slices.Sort(r.Axes)
	return r
}

// reduceSum lowers ReduceSum and ReduceMean.
func (l *lowerer) reduceSum(n *model.Node) error {
	r, err := l.reduction(n)
	if err != nil {
		return err
	}
	op := &circuits.ReduceSum{Reduction: r, Scale: 1}
	folded := 1
	if n.Op == "ReduceMean" {
		for _, a := range r.Axes {
			folded *= l.g.Shapes[n.Inputs[0]][a]
		}
		op.Scale, op.ScaleExp = l.inverse(folded)
	}
	// A sum costs nothing, whatever its integers: products, whose squares of small values rounding
	// would lose beside those of large ones, are added as they are.
	if v, ok := l.vals[n.Inputs[0]]; ok && l.enforced[v] && l.madeBy(n.Inputs[0], "Mul") {
		sum := *op
		if n.Op == "ReduceMean" { // which are many bits already, and more than an int64 has with all of 1/n
			sum.Scale, sum.ScaleExp = inverse(folded, min(l.bits+3, meanBits))
		}
		if v, err := l.emit(n.Name, &sum, v); err == nil {
			return l.done(n, v, nil)
		}
	}
	x, err := l.narrow(n.Inputs[0])
	if err != nil {
		return err
	}
	v, err := l.emit(n.Name, op, x)
	return l.done(n, v, err)
}

// meanBits is the precision of 1/n where products are averaged.
const meanBits = 9

// madeBy reports whether a value is the output of an operator.
func (l *lowerer) madeBy(name, op string) bool {
	n := l.makers[name]
	return n != nil && n.Op == op
}

// reduceMax lowers ReduceMax and ReduceMin.
func (l *lowerer) reduceMax(n *model.Node) error {
	r, err := l.reduction(n)
	if err != nil {
		return err
	}
	x, err := l.narrow(n.Inputs[0])
	if err != nil {
		return err
	}
	v, err := l.negated(n.Name, n.Op == "ReduceMin", []int{x}, func(vs []int) (int, error) {
		return l.emit(n.Name, &circuits.ReduceMax{Reduction: r}, vs...)
	})
	return l.done(n, v, err)
}

// argMax lowers ArgMax and ArgMin.
func (l *lowerer) argMax(n *model.Node) error {
	axis, keep, last := 0, true, false
	if err := n.Attrs.Unpack("axis?", &axis, "keepdims?", &keep, "select_last_index?", &last); err != nil {
		return err
	}
	narrow := l.narrowTo
	if l.ofTrees(n.Inputs[0]) {
		narrow = func(name string, _ int) (int, error) { return l.value(name) }
	}
	x, err := narrow(n.Inputs[0], l.scoreBits())
	if err != nil {
		return err
	}
	if n.Op == "ArgMin" {
		if x, err = l.scale(n.Name, x, -1, 0); err != nil {
			return err
		}
	}
	r := circuits.Reduction{Axes: []int{axis}, Keep: keep}
	v, err := l.emit(n.Name, &circuits.ArgMax{Reduction: ascending(r, len(l.g.Shapes[n.Inputs[0]])), Last: last}, x)
	return l.done(n, v, err)
}
