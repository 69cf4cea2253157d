package circuits

import (
	"fmt"
	"math"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// AveragePool is ONNX AveragePool (https://onnx.ai/onnx/operators/onnx__AveragePool.html,
// opset 1-22) over two spatial axes, and GlobalAveragePool: Scale·(sum of each window),
// where Scale·2^-ScaleExp is 1/k for windows of k elements. Padding is zero and counts.
// x: [N, C, H, W]; out: [N, C, I, J], exact.
//
// Cost: none; the output is a linear expression.
type AveragePool struct {
	Window
	Scale    int64 `json:"scale"`
	ScaleExp int   `json:"scale_exp"`

	in, out Type
}

// Infer implements Op.
func (p *AveragePool) Infer(in []Type) (Type, error) {
	shape, err := p.Window.bind(in)
	if err != nil {
		return Type{}, err
	}
	r, err := scaledSum(in[0].Range.Union(fixedpoint.Point(0)), p.Kernel[0]*p.Kernel[1], p.Scale)
	if err != nil {
		return Type{}, err
	}
	p.in = in[0]
	p.out = Type{Shape: shape, Exp: in[0].Exp + p.ScaleExp, Range: r}
	return p.out, nil
}

// Eval implements Op.
func (p *AveragePool) Eval(in [][]int64) []int64 {
	h, w, out := p.in.Shape[2], p.in.Shape[3], make([]int64, 0, p.out.Size())
	for x := in[0]; len(x) > 0; x = x[h*w:] {
		for i := range p.Shape[0] {
			for j := range p.Shape[1] {
				var sum int64
				p.Taps(h, w, i, j, func(r, q int) { sum += x[r*w+q] })
				out = append(out, p.Scale*sum)
			}
		}
	}
	return out
}

// View implements viewer.
func (p *AveragePool) View(in []relation.Tensor) relation.Tensor {
	x := in[0].Reshape(p.in.Shape...)
	var taps []relation.Tensor
	for a := range p.Kernel[0] {
		for b := range p.Kernel[1] {
			taps = append(taps, p.tap(x, p.out.Shape, a, b))
		}
	}
	return relation.Sum(taps...).Times(p.Scale)
}

// Relate implements Op: the view says it all.
func (p *AveragePool) Relate(*relation.Builder, []relation.Tensor, relation.Tensor) {}

// MaxPool is ONNX MaxPool (https://onnx.ai/onnx/operators/onnx__MaxPool.html, opset 1-22)
// over two spatial axes, and GlobalMaxPool: the largest element of each window. Padding
// never wins. x: [N, C, H, W]; out: [N, C, I, J].
//
// Cost: k lookups and k-1 products for a window of k elements; it comes before monotone
// activations, so that those are paid once a window.
//
// Soundness: relation.Builder.Max.
type MaxPool struct {
	Window

	in, out Type
}

// Window is a pooling window over the two spatial axes.
type Window struct {
	Kernel   [2]int `json:"kernel"`
	Stride   [2]int `json:"stride"`
	Dilation [2]int `json:"dilation"`
	Pads     [4]int `json:"pads"`  // top, left, bottom, right
	Shape    [2]int `json:"shape"` // output rows and columns (ceil_mode resolved)
}

// bind checks the window against an input and returns the output's shape.
func (w *Window) bind(in []Type) ([]int, error) {
	if err := checkInputs(in, 1); err != nil {
		return nil, err
	}
	x := in[0].Shape
	if len(x) != 4 {
		return nil, fmt.Errorf("input %v is not [N, C, H, W]: %w", x, ErrProgram)
	}
	if !validShape([]int{x[0], x[1], w.Shape[0], w.Shape[1], w.Kernel[0], w.Kernel[1]}) || !validSteps(w.Stride[:]...) ||
		!validSteps(w.Dilation[:]...) || !validSteps(w.Pads[:]...) {
		return nil, fmt.Errorf("window %+v over %v: %w", *w, x, ErrProgram)
	}
	for k := range 2 {
		if w.Stride[k] < 1 || w.Dilation[k] < 1 || w.Pads[k] < 0 {
			return nil, fmt.Errorf("window %+v: %w", *w, ErrProgram)
		}
		if i := w.miss(k, x[2+k]); i >= 0 {
			return nil, fmt.Errorf("window %d along axis %d holds nothing but padding (%+v over %v): %w", i, 2+k, *w, x, ErrProgram)
		}
	}
	return []int{x[0], x[1], w.Shape[0], w.Shape[1]}, nil
}

// miss returns a position along spatial axis k whose window touches none of the n elements,
// or -1.
func (w *Window) miss(k, n int) int {
	for i := range w.Shape[k] {
		first := i*w.Stride[k] - w.Pads[k]
		a := max(0, (w.Dilation[k]-1-first)/w.Dilation[k]) // the first tap that is not before the input
		if a >= w.Kernel[k] || first+a*w.Dilation[k] >= n {
			return i
		}
	}
	return -1
}

// overhangs reports whether some window reaches out of x: [N, C, H, W].
func (w *Window) overhangs(x []int) bool {
	for k := range 2 {
		if w.Pads[k] > 0 || (w.Shape[k]-1)*w.Stride[k]-w.Pads[k]+w.Dilation[k]*(w.Kernel[k]-1) >= x[2+k] {
			return true
		}
	}
	return false
}

// Taps calls f for each element, row r and column q of an input of h rows, of the window at
// output position (i, j) that lies inside.
func (w *Window) Taps(h, width, i, j int, f func(r, q int)) {
	for a := range w.Kernel[0] {
		for b := range w.Kernel[1] {
			r, q := i*w.Stride[0]+a*w.Dilation[0]-w.Pads[0], j*w.Stride[1]+b*w.Dilation[1]-w.Pads[1]
			if r >= 0 && r < h && q >= 0 && q < width {
				f(r, q)
			}
		}
	}
}

// tap returns, for element (a, b) of the window, x at every output position; zero outside.
func (w *Window) tap(x relation.Tensor, out []int, a, b int) relation.Tensor {
	start := []int{0, 0, a*w.Dilation[0] - w.Pads[0], b*w.Dilation[1] - w.Pads[1]}
	return x.Slice(start, []int{1, 1, w.Stride[0], w.Stride[1]}, out)
}

// Infer implements Op.
func (m *MaxPool) Infer(in []Type) (Type, error) {
	shape, err := m.Window.bind(in)
	if err != nil {
		return Type{}, err
	}
	m.in, m.out = in[0], in[0]
	m.out.Shape = shape
	return m.out, nil
}

// Eval implements Op.
func (m *MaxPool) Eval(in [][]int64) []int64 {
	h, w, out := m.in.Shape[2], m.in.Shape[3], make([]int64, 0, m.out.Size())
	for x := in[0]; len(x) > 0; x = x[h*w:] {
		for i := range m.Shape[0] {
			for j := range m.Shape[1] {
				best := int64(math.MinInt64)
				m.Taps(h, w, i, j, func(r, q int) { best = max(best, x[r*w+q]) })
				out = append(out, best)
			}
		}
	}
	return out
}

// Relate implements Op.
func (m *MaxPool) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	lo := m.in.Range.Lo
	x := in[0].Reshape(m.in.Shape...).PlusConst(-lo) // so that padding, zero, is the least value
	var taps []relation.Tensor
	for a := range m.Kernel[0] {
		for c := range m.Kernel[1] {
			taps = append(taps, m.tap(x, m.out.Shape, a, c))
		}
	}
	b.Max(taps, out.PlusConst(-lo), m.span())
}

// span bounds the honest difference between a window's largest element and any other;
// padding may be as low as the range's end.
func (m *MaxPool) span() int64 {
	if m.overhangs(m.in.Shape) {
		return m.in.Range.Hi - m.in.Range.Lo
	}
	return m.in.spread()
}
