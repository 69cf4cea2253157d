package circuits

import (
	"fmt"
	"math"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Sqrt is ONNX Sqrt (https://onnx.ai/onnx/operators/onnx__Sqrt.html, opset 6-13) of integers that no
// table holds: out is the integer part of the root, which is as exact for small ones as for large.
//
// Cost: one product an element, and the range checks of out, of what is left of x, and of what is
// missing to the next square. It needs no table.
//
// Soundness: out >= 0, x - out² >= 0 and (out+1)² - 1 - x >= 0, of which one integer has all three:
// out² <= x < (out+1)². What lies between is below 2^54, and so far from the modulus.
type Sqrt struct {
	in, out Type
}

// maxRoot bounds the root.
const maxRoot = 1 << 26

// Infer implements Op.
func (o *Sqrt) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	if in[0].Exp%2 != 0 || in[0].Range.Lo < 0 || in[0].Range.Hi >= maxRoot*maxRoot {
		return Type{}, fmt.Errorf("roots of integers in %v at exponent %d: %w", in[0].Range, in[0].Exp, ErrBound)
	}
	o.in = in[0]
	o.out = Type{Shape: in[0].Shape, Exp: in[0].Exp / 2, Range: fixedpoint.Interval{Lo: root(in[0].Range.Lo), Hi: max(root(in[0].Range.Hi), 1)}}
	return o.out, nil
}

// root returns the integer part of a root. Below 2^52 the float's is off by one at most.
func root(x int64) int64 {
	r := int64(math.Sqrt(float64(x)))
	for r*r > x {
		r--
	}
	for (r+1)*(r+1) <= x {
		r++
	}
	return r
}

// Eval implements Op.
func (o *Sqrt) Eval(in [][]int64) []int64 {
	out := make([]int64, len(in[0]))
	for i, x := range in[0] {
		out[i] = root(x)
	}
	return out
}

// Relate implements Op.
func (o *Sqrt) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	r := o.out.Range
	square := b.Column("square", o.in.Shape, func(a *relation.Assignment) []int64 {
		v := a.Eval(out)
		for i := range v {
			v[i] *= v[i]
		}
		return v
	})
	b.NonNegative(out.PlusConst(-r.Lo), r.Hi-r.Lo)
	b.Product(out, out, square)
	b.NonNegative(in[0].Minus(square), 2*r.Hi)
	b.NonNegative(square.Plus(out.Times(2)).Minus(in[0]), 2*r.Hi)
}

func (*Sqrt) enforces() bool { return true }
