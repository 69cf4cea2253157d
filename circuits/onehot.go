package circuits

import (
	"fmt"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// OneHot is ONNX OneHot (https://onnx.ai/onnx/operators/onnx__OneHot.html, opset 9-11) over
// every integer its input may be: out[..., k] is 1 where in[...] is Lo+k, else 0, for the
// Lo..Hi of the input's range. What is chosen by an index, a row of an embedding table for
// instance, is a product with it.
//
// Cost: a lookup an element of the output, two linear constraints an element of the input.
//
// Soundness: the elements of a row are 0 or 1, their sum is 1, so exactly one of them is 1,
// and their sum weighted by the integers they stand for is the input, so it is the right one.
type OneHot struct {
	in, out Type
}

// MaxOneHot bounds the rows of OneHot.
const MaxOneHot = 1 << 16

// Infer implements Op.
func (o *OneHot) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	n := in[0].Range.Width()
	if in[0].Exp != 0 || n >= MaxOneHot {
		return Type{}, fmt.Errorf("indices in %v with exponent %d: %w", in[0].Range, in[0].Exp, ErrBound)
	}
	o.in = in[0]
	o.out = Type{Shape: append(slices.Clone(in[0].Shape), int(n)+1), Range: fixedpoint.Interval{Lo: 0, Hi: 1}}
	return o.out, nil
}

// Eval implements Op.
func (o *OneHot) Eval(in [][]int64) []int64 {
	n := o.out.Shape[len(o.out.Shape)-1]
	out := make([]int64, o.out.Size())
	for i, v := range in[0] {
		out[i*n+int(v-o.in.Range.Lo)] = 1
	}
	return out
}

// Relate implements Op.
func (o *OneHot) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	b.Range(out, o.out.Range)
	rows, n := o.in.Size(), o.out.Shape[len(o.out.Shape)-1]
	out = out.Reshape(rows, n)
	var ones, numbers []relation.Tensor
	for k := range n {
		column := out.Slice([]int{0, k}, []int{1, 1}, []int{rows, 1})
		ones = append(ones, column)
		numbers = append(numbers, column.Times(o.in.Range.Lo+int64(k)))
	}
	b.Zero(relation.Sum(ones...).PlusConst(-1))
	b.Equals(relation.Sum(numbers...), in[0].Reshape(rows, 1))
}
