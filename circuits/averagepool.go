package circuits

import (
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

// Bind implements Op.
func (p *AveragePool) Bind(in []Type) (Type, error) {
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
