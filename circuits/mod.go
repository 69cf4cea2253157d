package circuits

import (
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Mod is ONNX Mod (https://onnx.ai/onnx/operators/onnx__Mod.html, opset 10-13) of two tensors of
// one scale with NumPy broadcasting, for a positive divisor:
//
//	out = x - y·floor(x / y), in [0, y).
//
// Package quantize makes other signs of it.
//
// Cost: one product an element, the range checks of out on both sides and that of the quotient.
// By one number the first three are one lookup and one linear constraint.
//
// Soundness: relation.Builder.Divide with y >= 1, which the statements that made y enforce; the
// quotient is a column, which Finish bounds. By one number d, x = d·quotient + out with out in
// [0, d) has one solution in integers. (A quotient that is off by 1/d, with out off by 1 the other
// way, is no integer of its interval.)
type Mod struct {
	x, y     broadcast
	most     int64 // the largest divisor
	by       int64 // the only divisor, or 0
	quotient fixedpoint.Interval
	out      Type
}

// Infer implements Op.
func (o *Mod) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 2); err != nil {
		return Type{}, err
	}
	shape, err := broadcastShape(in[0].Shape, in[1].Shape)
	if err != nil {
		return Type{}, err
	}
	x, y := in[0].Range, in[1].Range
	if in[0].Exp != in[1].Exp {
		return Type{}, fmt.Errorf("remainders of exponents %d and %d: %w", in[0].Exp, in[1].Exp, ErrProgram)
	}
	if y.Lo < 1 {
		return Type{}, fmt.Errorf("divisors in %v, not all positive: %w", y, ErrBound)
	}
	o.x, o.y, o.most, o.by = newBroadcast(in[0].Shape, shape), newBroadcast(in[1].Shape, shape), y.Hi, single(y)
	o.quotient = quotients(x, y, floor)
	o.out = Type{Shape: shape, Exp: in[0].Exp, Range: fixedpoint.Interval{Hi: y.Hi - 1}}
	if x.Lo >= 0 {
		o.out.Range.Hi = min(o.out.Range.Hi, x.Hi)
	}
	return o.out, nil
}

// Eval implements Op.
func (o *Mod) Eval(in [][]int64) []int64 {
	out := make([]int64, o.out.Size())
	for i := range out {
		_, out[i] = fixedpoint.DivFloor(in[0][o.x.at(i)], in[1][o.y.at(i)])
	}
	return out
}

// Relate implements Op.
func (o *Mod) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	x, y := o.x.tensor(in[0]), o.y.tensor(in[1])
	quotient := b.Accumulator("quotient", o.out.Shape, o.quotient, func(a *relation.Assignment) []int64 {
		q, _ := divided(a, x, y)
		return q
	})
	if o.by > 0 {
		b.Below(out, o.by)
		b.Equals(x, quotient.Times(o.by).Plus(out))
		return
	}
	b.Divide(x, y, quotient, out, o.most)
}
