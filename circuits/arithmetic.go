package circuits

import (
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Add is ONNX Add and Sub (https://onnx.ai/onnx/operators/onnx__Add.html, opset 7-14) with
// NumPy broadcasting: out = Scale[0]·x + Scale[1]·y. The scales bring both to the finer
// exponent; Sub has a negative second one.
//
// Cost: none; the output is a linear expression.
type Add struct {
	Scale [2]int64 `json:"scale"`
	Exp   int      `json:"exp"`

	x, y broadcast
	out  Type
}

// Infer implements Op.
func (o *Add) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 2); err != nil {
		return Type{}, err
	}
	shape, err := broadcastShape(in[0].Shape, in[1].Shape)
	if err != nil {
		return Type{}, err
	}
	o.x, o.y = newBroadcast(in[0].Shape, shape), newBroadcast(in[1].Shape, shape)
	var r fixedpoint.Interval
	for i, k := range o.Scale {
		scaled, err := in[i].Range.Scale(k)
		if err = bounded(scaled, err); err != nil {
			return Type{}, fmt.Errorf("%v times %d: %w", in[i].Range, k, err)
		}
		r = fixedpoint.Interval{Lo: r.Lo + scaled.Lo, Hi: r.Hi + scaled.Hi}
	}
	if err := bounded(r, nil); err != nil {
		return Type{}, fmt.Errorf("sum: %w", err)
	}
	o.out = Type{Shape: shape, Exp: o.Exp, Range: r}
	return o.out, nil
}

// Eval implements Op.
func (o *Add) Eval(in [][]int64) []int64 {
	out := make([]int64, o.out.Size())
	for i := range out {
		out[i] = o.Scale[0]*in[0][o.x.at(i)] + o.Scale[1]*in[1][o.y.at(i)]
	}
	return out
}

// View implements viewer.
func (o *Add) View(in []relation.Tensor) relation.Tensor {
	return o.x.tensor(in[0]).Times(o.Scale[0]).Plus(o.y.tensor(in[1]).Times(o.Scale[1]))
}

// Relate implements Op: the view says it all.
func (o *Add) Relate(*relation.Builder, []relation.Tensor, relation.Tensor) {}

// Mul is ONNX Mul (https://onnx.ai/onnx/operators/onnx__Mul.html, opset 7-14) of two
// tensors with NumPy broadcasting, exact.
//
// Cost: one constraint an element.
//
// Soundness: one relation.Product an element.
type Mul struct {
	x, y broadcast
	out  Type
}

// Infer implements Op.
func (o *Mul) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 2); err != nil {
		return Type{}, err
	}
	shape, err := broadcastShape(in[0].Shape, in[1].Shape)
	if err != nil {
		return Type{}, err
	}
	o.x, o.y = newBroadcast(in[0].Shape, shape), newBroadcast(in[1].Shape, shape)
	r, err := in[0].Range.Mul(in[1].Range)
	if err = bounded(r, err); err != nil {
		return Type{}, fmt.Errorf("product of %v and %v: %w", in[0].Range, in[1].Range, err)
	}
	o.out = Type{Shape: shape, Exp: in[0].Exp + in[1].Exp, Range: r}
	return o.out, nil
}

// Eval implements Op.
func (o *Mul) Eval(in [][]int64) []int64 {
	out := make([]int64, o.out.Size())
	for i := range out {
		out[i] = in[0][o.x.at(i)] * in[1][o.y.at(i)]
	}
	return out
}

// Relate implements Op.
func (o *Mul) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	b.Product(o.x.tensor(in[0]), o.y.tensor(in[1]), out)
}

// broadcast maps a result's elements to those of an operand (NumPy's rule).
type broadcast struct {
	from, to []int
	stride   []int // of the operand along each axis of the result
}

func newBroadcast(from, to []int) broadcast {
	b := broadcast{from: from, to: to, stride: make([]int, len(to))}
	step := 1
	for i := len(from) - 1; i >= 0; i-- {
		if from[i] > 1 {
			b.stride[len(to)-len(from)+i] = step
		}
		step *= from[i]
	}
	return b
}

func (b *broadcast) at(i int) int {
	at := 0
	for k := len(b.to) - 1; k >= 0; k-- {
		at += i % b.to[k] * b.stride[k]
		i /= b.to[k]
	}
	return at
}

func (b *broadcast) tensor(t relation.Tensor) relation.Tensor {
	return t.Reshape(b.from...).Broadcast(b.to)
}

func broadcastShape(x, y []int) ([]int, error) {
	n := max(len(x), len(y))
	out := make([]int, n)
	for k := range out {
		a, b := 1, 1
		if i := k - n + len(x); i >= 0 {
			a = x[i]
		}
		if i := k - n + len(y); i >= 0 {
			b = y[i]
		}
		if a != b && a != 1 && b != 1 {
			return nil, fmt.Errorf("shapes %v and %v do not broadcast: %w", x, y, ErrProgram)
		}
		out[k] = max(a, b)
	}
	return out, nil
}
