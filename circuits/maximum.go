package circuits

import (
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
)

// Max is ONNX Max (https://onnx.ai/onnx/operators/onnx__Max.html, opset 8-13) of tensors
// of one scale, with NumPy broadcasting: the largest, element by element.
//
// Cost: a lookup for each operand of each element, and a product for each but the first.
//
// Soundness: relation.Builder.Max.
type Max struct {
	in   []broadcast
	span int64 // largest honest difference to an operand
	out  Type
}

// Infer implements Op.
func (o *Max) Infer(in []Type) (Type, error) {
	if len(in) == 0 {
		return Type{}, fmt.Errorf("maximum of nothing: %w", ErrProgram)
	}
	o.in, o.span, o.out = nil, 0, Type{Shape: in[0].Shape, Exp: in[0].Exp, Range: in[0].Range}
	for _, t := range in[1:] {
		shape, err := broadcastShape(o.out.Shape, t.Shape)
		if err != nil {
			return Type{}, err
		}
		if t.Exp != in[0].Exp {
			return Type{}, fmt.Errorf("maximum of exponents %d and %d: %w", in[0].Exp, t.Exp, ErrProgram)
		}
		o.out.Shape = shape
		o.out.Range.Lo, o.out.Range.Hi = max(o.out.Range.Lo, t.Range.Lo), max(o.out.Range.Hi, t.Range.Hi)
	}
	for _, t := range in {
		o.in = append(o.in, newBroadcast(t.Shape, o.out.Shape))
		o.span = max(o.span, o.out.Range.Hi-t.Range.Lo)
	}
	return o.out, nil
}

// Eval implements Op.
func (o *Max) Eval(in [][]int64) []int64 {
	out := make([]int64, o.out.Size())
	for i := range out {
		out[i] = in[0][o.in[0].at(i)]
		for k, x := range in[1:] {
			out[i] = max(out[i], x[o.in[k+1].at(i)])
		}
	}
	return out
}

// Relate implements Op.
func (o *Max) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	xs := make([]relation.Tensor, len(in))
	for k, x := range in {
		xs[k] = o.in[k].tensor(x)
	}
	b.Max(xs, out, o.span)
}
