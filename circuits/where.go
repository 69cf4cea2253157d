package circuits

import (
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Where is ONNX Where (https://onnx.ai/onnx/operators/onnx__Where.html, opset 9-16) with
// NumPy broadcasting: x where the condition is 1, y where it is 0. Inputs: the condition,
// x and y, of one scale.
//
// Cost: one constraint an element.
//
// Soundness: condition·(x - y) = out - y, and the condition is 0 or 1 because the
// statements that made it allow no more.
type Where struct {
	c, x, y broadcast
	out     Type
}

// Infer implements Op.
func (o *Where) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 3); err != nil {
		return Type{}, err
	}
	shape, err := broadcastShape(in[1].Shape, in[2].Shape)
	if err == nil {
		shape, err = broadcastShape(shape, in[0].Shape)
	}
	if err != nil {
		return Type{}, err
	}
	if in[1].Exp != in[2].Exp || in[0].Exp != 0 || !(fixedpoint.Interval{Lo: 0, Hi: 1}).Covers(in[0].Range) {
		return Type{}, fmt.Errorf("condition in %v, exponents %d, %d and %d: %w", in[0].Range, in[0].Exp, in[1].Exp, in[2].Exp, ErrProgram)
	}
	o.c, o.x, o.y = newBroadcast(in[0].Shape, shape), newBroadcast(in[1].Shape, shape), newBroadcast(in[2].Shape, shape)
	o.out = Type{Shape: shape, Exp: in[1].Exp, Range: in[1].Range.Union(in[2].Range)}
	return o.out, nil
}

// Eval implements Op.
func (o *Where) Eval(in [][]int64) []int64 {
	out := make([]int64, o.out.Size())
	for i := range out {
		out[i] = in[2][o.y.at(i)]
		if in[0][o.c.at(i)] == 1 {
			out[i] = in[1][o.x.at(i)]
		}
	}
	return out
}

// Relate implements Op.
func (o *Where) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	y := o.y.tensor(in[2])
	b.Product(o.x.tensor(in[1]).Minus(y), o.c.tensor(in[0]), out.Reshape(y.Shape...).Minus(y))
}
