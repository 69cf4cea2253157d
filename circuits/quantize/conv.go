package quantize

import (
	"fmt"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

func (l *lowerer) conv(n *model.Node) error {
	w, ws, ok := l.constant(n.Inputs[1])
	if !ok {
		return fmt.Errorf("weights are not constant: %w", model.ErrUnsupported)
	}
	xs := l.g.Shapes[n.Inputs[0]]
	win, err := n.Window(xs[2:], ws[2:])
	if err != nil {
		return err
	}
	if len(xs) > 4 {
		return fmt.Errorf("%d spatial axes: %w", len(xs)-2, model.ErrUnsupported)
	}
	k := &linear{rows: ws[0], weights: w, bias: make([]float64, ws[0]), out: n.Outputs[0], axis: len(xs) - 1}
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		if k.bias, _, ok = l.constant(n.Inputs[2]); !ok {
			return fmt.Errorf("bias is not constant: %w", model.ErrUnsupported)
		}
	}
	x, rounded, err := l.layerInput(n, k)
	if err != nil {
		return err
	}
	if v := l.values[n.Inputs[0]]; v != nil && xs[1] == ws[1] {
		k.means = v.means(1)
	}
	op := &circuits.Conv{Group: xs[1] / ws[1], Kernel: [4]int{ws[0], ws[1], 1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	for i, d := 0, 4-len(xs); i < len(xs)-2; i++ { // one spatial axis is columns of one row
		op.Kernel[2+d+i], op.Stride[d+i], op.Dilation[d+i] = win.Kernel[i], win.Strides[i], win.Dilations[i]
		op.Pads[d+i], op.Pads[d+i+2] = win.PadBegin[i], win.PadEnd[i]
	}
	if op.Exp, op.Weights, op.Bias, err = l.integers(k, l.p.Type(x), rounded); err != nil {
		return err
	}
	if err = op.Declare(l.p.Type(x)); err != nil {
		return err
	}
	if len(xs) == 3 {
		if x, err = l.emit(n.Name+"/rows", &circuits.Reshape{Shape: []int{xs[0], xs[1], 1, xs[2]}}, x); err != nil {
			return err
		}
	}
	y, err := l.emit(n.Name, op, x)
	if err == nil && len(xs) == 3 {
		y, err = l.emit(n.Name+"/line", &circuits.Reshape{Shape: l.g.Shapes[k.out]}, y)
	}
	if err != nil {
		return err
	}
	return l.layerOutput(n, k, y, rounded)
}
