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
// With Floor it is the integer floor(x / y) of two tensors of one scale, of which package
// quantize makes what ONNX says of integers.
//
// Cost: one product an element, the range checks of the remainder on both sides and, where
// nothing that follows bounds it, that of the quotient. Floor by one number costs one lookup.
//
// Soundness: relation.Builder.DivRound with y >= 1, which the statements that made y
// enforce, or relation.Builder.Divide. By one number d the remainder x - d·out is an expression,
// in [0, d) for one integer out. What reads the quotient bounds it, or Finish does, as it does
// every integer.
type Div struct {
	Shift int  `json:"shift"`
	Floor bool `json:"floor,omitempty"`

	x, y     broadcast
	num, den int64 // what x and y are multiplied by
	most     int64 // the largest divisor
	by       int64 // the only divisor, or 0
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
	if o.Shift < -40 || o.Shift > 40 || o.Floor && (o.Shift != 0 || in[0].Exp != in[1].Exp) {
		return Type{}, fmt.Errorf("shift %d of exponents %d and %d: %w", o.Shift, in[0].Exp, in[1].Exp, ErrProgram)
	}
	x, y := in[0].Range, in[1].Range
	if y.Lo < 1 {
		return Type{}, fmt.Errorf("divisors in %v, not all positive: %w", y, ErrBound)
	}
	o.num, o.den = 1<<max(o.Shift, 0), 1<<max(-o.Shift, 0)
	most := max(math.Abs(float64(x.Lo)), math.Abs(float64(x.Hi))) * float64(o.num)
	if !o.Floor && (most > 1<<50 || float64(y.Hi)*float64(o.den) > 1<<50 || (most/float64(o.den)+1)*float64(y.Hi)*float64(o.den) > 1<<58) {
		return Type{}, fmt.Errorf("quotients of %v by %v, shifted by %d: %w", x, y, o.Shift, ErrBound)
	}
	o.x, o.y, o.most, o.by = newBroadcast(in[0].Shape, shape), newBroadcast(in[1].Shape, shape), y.Hi*o.den, single(y)
	o.out = Type{Shape: shape, Exp: in[0].Exp + o.Shift - in[1].Exp, Range: quotients(x, y, o.quotient)}
	return o.out, nil
}

// quotients returns the range of a quotient that does not decrease in x and is monotone in y > 0.
func quotients(x, y fixedpoint.Interval, f func(x, y int64) int64) fixedpoint.Interval {
	return fixedpoint.Interval{Lo: min(f(x.Lo, y.Lo), f(x.Lo, y.Hi)), Hi: max(f(x.Hi, y.Lo), f(x.Hi, y.Hi))}
}

func (o *Div) quotient(x, y int64) int64 {
	if o.Floor {
		return floor(x, y)
	}
	return fixedpoint.DivRound(x*o.num, y*o.den)
}

func floor(x, y int64) int64 {
	q, _ := fixedpoint.DivFloor(x, y)
	return q
}

// single returns the only positive integer of an interval, or 0.
func single(r fixedpoint.Interval) int64 {
	if r.Lo != r.Hi {
		return 0
	}
	return r.Lo
}

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
	x, y := o.x.tensor(in[0]), o.y.tensor(in[1])
	switch {
	case !o.Floor:
		b.DivRound(x.Times(o.num), y.Times(o.den), out, o.most)
	case o.by > 0:
		b.Below(x.Minus(out.Times(o.by)), o.by)
	default:
		b.Divide(x, y, out, b.Column("remainder", o.out.Shape, func(a *relation.Assignment) []int64 {
			_, r := divided(a, x, y)
			return r
		}), o.most)
	}
}

// divided returns quotients, rounded down, and remainders.
func divided(a *relation.Assignment, x, y relation.Tensor) (q, r []int64) {
	q, r = a.Eval(x), a.Eval(y)
	for i := range q {
		q[i], r[i] = fixedpoint.DivFloor(q[i], r[i])
	}
	return q, r
}
