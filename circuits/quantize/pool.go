package quantize

import (
	"fmt"
	"math"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// window converts a pooling node's window over two spatial axes, or one, which is columns
// of one row.
func (l *lowerer) window(n *model.Node) (circuits.Window, *model.Window, error) {
	xs := l.g.Shapes[n.Inputs[0]]
	if len(xs) != 3 && len(xs) != 4 {
		return circuits.Window{}, nil, fmt.Errorf("input %v is neither [N, C, H, W] nor [N, C, W]: %w", xs, model.ErrUnsupported)
	}
	two := func(v []int, one int) [2]int {
		if len(v) == 1 {
			return [2]int{one, v[0]}
		}
		return [2]int(v)
	}
	if n.Op == "GlobalAveragePool" || n.Op == "GlobalMaxPool" {
		w := &model.Window{Kernel: xs[2:], PadBegin: []int{0, 0}, PadEnd: []int{0, 0}}
		return circuits.Window{Kernel: two(xs[2:], 1), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Shape: [2]int{1, 1}}, w, n.Attrs.Unpack()
	}
	w, err := n.Window(xs[2:], nil)
	if err != nil {
		return circuits.Window{}, nil, err
	}
	begin, end := two(w.PadBegin, 0), two(w.PadEnd, 0)
	return circuits.Window{Kernel: two(w.Kernel, 1), Stride: two(w.Strides, 1), Dilation: two(w.Dilations, 1),
		Pads: [4]int{begin[0], begin[1], end[0], end[1]}, Shape: two(w.Out, 1)}, w, nil
}

// pool emits an operator on windows; [N, C, W] becomes [N, C, 1, W] for it.
func (l *lowerer) pool(node string, op circuits.Op, v int) (int, error) {
	x := l.p.Type(v).Shape
	if len(x) != 3 {
		return l.emit(node, op, v)
	}
	v, err := l.emit(node+"/rows", &circuits.Reshape{Shape: []int{x[0], x[1], 1, x[2]}}, v)
	if err != nil {
		return 0, err
	}
	if v, err = l.emit(node, op, v); err != nil {
		return 0, err
	}
	return l.emit(node+"/line", &circuits.Reshape{Shape: []int{x[0], x[1], l.p.Type(v).Shape[3]}}, v)
}

func (l *lowerer) poolOp(n *model.Node) (*circuits.MaxPool, error) {
	if len(n.Outputs) > 1 && n.Outputs[1] != "" {
		return nil, fmt.Errorf("output Indices: %w", model.ErrUnsupported)
	}
	w, _, err := l.window(n)
	return &circuits.MaxPool{Window: w}, err
}

// maxPool lowers a max-pool that follows no monotone activation: over accumulators it
// comes after their requantization.
func (l *lowerer) maxPool(n *model.Node) error {
	op, err := l.poolOp(n)
	if err != nil {
		return err
	}
	v := l.vals[n.Inputs[0]]
	e, ok := l.target(n.Inputs[0])
	if !ok {
		e = l.exp(n.Inputs[0], l.bits)
	}
	if _, ok := l.narrowed[n.Inputs[0]]; !ok {
		if v, err = l.rescale(n.Name, v, e); err != nil {
			return err
		}
	}
	if v, err = l.pool(n.Name, op, v); err != nil {
		return err
	}
	l.set(n.Outputs[0], v)
	return nil
}

// averagePool lowers AveragePool and GlobalAveragePool. Where padding does not count,
// windows at the border have factors of their own.
func (l *lowerer) averagePool(n *model.Node) error {
	w, win, err := l.window(n)
	if err != nil {
		return err
	}
	if win.CeilMode && win.CountIncludePad {
		return fmt.Errorf("padding that counts in windows past it: %w", model.ErrUnsupported)
	}
	x, err := l.narrow(n.Inputs[0])
	if err != nil {
		return err
	}
	op := &circuits.AveragePool{Window: w, Scale: 1}
	if w.Pads == [4]int{} && !win.CeilMode || win.CountIncludePad {
		op.Scale, op.ScaleExp = l.inverse(w.Kernel[0] * w.Kernel[1])
		y, err := l.pool(n.Name, op, x)
		return l.done(n, y, err)
	}
	sums, err := l.pool(n.Name+"/sum", op, x)
	if err != nil {
		return err
	}
	_, exp := l.inverse(w.Kernel[0]*w.Kernel[1] | 1)
	factors := &circuits.Scale{Shape: append([]int{1, 1}, l.p.Type(sums).Shape[2:]...), Exp: exp}
	in := append([]int{1}, l.g.Shapes[n.Inputs[0]]...) // a line is columns of one row
	in = in[len(in)-4:]
	for i := range w.Shape[0] {
		for j := range w.Shape[1] {
			count := 0.
			w.Taps(in[2], in[3], i, j, func(int, int) { count++ })
			factors.Factors = append(factors.Factors, int64(math.Round(math.Ldexp(1, exp)/count)))
		}
	}
	y, err := l.emit(n.Name, factors, sums)
	return l.done(n, y, err)
}
