package quantize

import (
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

// layerNorm replaces LayerNormalization: (x - mean)/√(variance + ε)·scale + bias.
func (d *decomposer) layerNorm(n *model.Node) error {
	axis, epsilon, stash := -1, 1e-5, 1
	if err := n.Attrs.Unpack("axis?", &axis, "epsilon?", &epsilon, "stash_type?", &stash); err != nil {
		return err
	}
	shape := d.Shapes[n.Inputs[0]]
	if axis < 0 {
		axis += len(shape)
	}
	y := d.normalise(n.Inputs[0], axis, epsilon)
	y = d.add("Mul", nil, shape, y, n.Inputs[1])
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		d.add("Add", nil, shape, y, n.Inputs[2])
	}
	return nil
}

// instanceNorm replaces InstanceNormalization, which normalises all axes but the first two.
func (d *decomposer) instanceNorm(n *model.Node) error {
	epsilon := 1e-5
	if err := n.Attrs.Unpack("epsilon?", &epsilon); err != nil {
		return err
	}
	shape := d.Shapes[n.Inputs[0]]
	y := d.normalise(n.Inputs[0], 2, epsilon)
	for i, op := range []string{"Mul", "Add"} {
		c := d.Const[n.Inputs[i+1]]
		if c == nil {
			return model.ErrUnsupported
		}
		perChannel := slices.Repeat([]int{1}, len(shape)-1)
		perChannel[0] = shape[1]
		y = d.add(op, nil, shape, y, d.constant(op+" constant", perChannel, c.Float...))
	}
	return nil
}

// normalise adds nodes for (x - mean)/√(variance + ε) over the axes from axis on.
func (d *decomposer) normalise(x string, axis int, epsilon float64) string {
	shape := d.Shapes[x]
	ones, axes := slices.Clone(shape), []int{}
	for k := axis; k < len(shape); k++ {
		ones[k], axes = 1, append(axes, k)
	}
	over := model.Attrs{"axes": axes, "keepdims": 1}
	mean := d.add("ReduceMean", over, ones, x)
	diff := d.add("Sub", nil, shape, x, mean)
	squares := d.add("Mul", nil, shape, diff, diff)
	variance := d.add("ReduceMean", over, ones, squares)
	sum := d.add("Add", nil, ones, variance, d.literal("epsilon", epsilon))
	root := d.add("Sqrt", nil, ones, sum)
	return d.add("Div", nil, shape, diff, root)
}

// batchNormAffine reads a BatchNormalization node as scale and offset per channel.
func (l *lowerer) batchNormAffine(n *model.Node) (scale, offset []float64, ok bool) {
	epsilon, ignored := 1e-5, 0.
	var spatial int
	if n.Attrs.Unpack("epsilon?", &epsilon, "momentum?", &ignored, "spatial?", &spatial, "training_mode?", &spatial) != nil || len(n.Inputs) != 5 {
		return nil, nil, false
	}
	var c [4][]float64 // scale, B, mean, var
	for i := range c {
		if c[i], _, ok = l.constant(n.Inputs[i+1]); !ok {
			return nil, nil, false
		}
	}
	for o := range c[0] {
		s := c[0][o] / math.Sqrt(c[3][o]+epsilon)
		scale = append(scale, s)
		offset = append(offset, c[1][o]-float64(c[2][o]*s))
	}
	return scale, offset, true
}

// batchNorm lowers a BatchNormalization that follows no linear layer: a depthwise 1×1
// convolution.
func (l *lowerer) batchNorm(n *model.Node) error {
	scale, offset, ok := l.batchNormAffine(n)
	xs := l.g.Shapes[n.Inputs[0]]
	if !ok || len(xs) < 2 {
		return fmt.Errorf("input %v or parameters that are not constant: %w", xs, model.ErrUnsupported)
	}
	x, err := l.narrow(n.Inputs[0])
	if err != nil {
		return err
	}
	k := &linear{rows: xs[1], weights: scale, bias: offset, out: n.Outputs[0], axis: len(xs) - 1}
	op := &circuits.Conv{Group: xs[1], Kernel: [4]int{xs[1], 1, 1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	if op.Exp, op.Weights, op.Bias, err = l.integers(k, l.p.Type(x), nil); err != nil {
		return err
	}
	if err = op.Declare(l.p.Type(x)); err != nil {
		return err
	}
	if len(xs) != 4 {
		if x, err = l.emit(n.Name+"/columns", &circuits.Reshape{Shape: []int{xs[0], xs[1], 1, relation.Size(xs[2:])}}, x); err != nil {
			return err
		}
	}
	y, err := l.emit(n.Name, op, x)
	if err == nil && len(xs) != 4 {
		y, err = l.emit(n.Name+"/rows", &circuits.Reshape{Shape: slices.Clone(xs)}, y)
	}
	if err == nil {
		l.set(k.out, y)
	}
	return err
}
