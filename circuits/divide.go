package circuits

import (
	"fmt"
	"math"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Div is ONNX Div (https://onnx.ai/onnx/operators/onnx__Div.html, opset 7-14) of two
// tensors with NumPy broadcasting, for a positive divisor:
//
//	out = round(x·2^Shift / y), ties up; a negative Shift multiplies y instead.
//
// Cost: one product an element, the range checks of the remainder on both sides and, where
// nothing that follows bounds it, that of the quotient.
//
// Soundness: relation.Builder.DivRound with y >= 1, which the statements that made y
// enforce. What reads the quotient bounds it, or Finish does, as it does every integer.
type Div struct {
	Shift int `json:"shift"`

	x, y     broadcast
	num, den int64 // what x and y are multiplied by
	most     int64 // the largest divisor
	out      Type
}

// Infer implements Op.
func (o *Div) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 2); err != nil {
		return Type{}, err
	}
	shape, err := broadcastShape(in[0].Shape, in[1].Shape)
	if err != nil {
		return Type{}, err
	}
	if o.Shift < -40 || o.Shift > 40 {
		return Type{}, fmt.Errorf("shift %d: %w", o.Shift, ErrProgram)
	}
	x, y := in[0].Range, in[1].Range
	if y.Lo < 1 {
		return Type{}, fmt.Errorf("divisors in %v, not all positive: %w", y, ErrBound)
	}
	o.num, o.den = 1<<max(o.Shift, 0), 1<<max(-o.Shift, 0)
	most := max(math.Abs(float64(x.Lo)), math.Abs(float64(x.Hi))) * float64(o.num)
	if most > 1<<50 || float64(y.Hi)*float64(o.den) > 1<<50 || (most/float64(o.den)+1)*float64(y.Hi)*float64(o.den) > 1<<58 {
		return Type{}, fmt.Errorf("quotients of %v by %v, shifted by %d: %w", x, y, o.Shift, ErrBound)
	}
	o.x, o.y, o.most = newBroadcast(in[0].Shape, shape), newBroadcast(in[1].Shape, shape), y.Hi*o.den
	o.out = Type{Shape: shape, Exp: in[0].Exp + o.Shift - in[1].Exp, Range: fixedpoint.Interval{
		Lo: min(o.quotient(x.Lo, y.Lo), o.quotient(x.Lo, y.Hi)),
		Hi: max(o.quotient(x.Hi, y.Lo), o.quotient(x.Hi, y.Hi)),
	}}
	return o.out, nil
}

func (o *Div) quotient(x, y int64) int64 { return fixedpoint.DivRound(x*o.num, y*o.den) }

// Eval implements Op.
func (o *Div) Eval(in [][]int64) []int64 {
	out := make([]int64, o.out.Size())
	for i := range out {
		out[i] = o.quotient(in[0][o.x.at(i)], in[1][o.y.at(i)])
	}
	return out
}

// Relate implements Op.
func (o *Div) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	b.DivRound(o.x.tensor(in[0]).Times(o.num), o.y.tensor(in[1]).Times(o.den), out, o.most)
}
