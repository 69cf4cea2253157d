package circuits

import (
	"fmt"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
)

// The operators of this file rearrange elements. They cost nothing: their outputs are
// their inputs' expressions.

// Reshape is ONNX Reshape, Flatten, Squeeze and Unsqueeze: the same elements, row-major,
// in another shape.
type Reshape struct {
	Shape []int `json:"shape"`

	out Type
}

// Infer implements Op.
func (o *Reshape) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	if !validShape(o.Shape) || relation.Size(o.Shape) != in[0].Size() {
		return Type{}, fmt.Errorf("reshape of %v to %v: %w", in[0].Shape, o.Shape, ErrProgram)
	}
	o.out = in[0]
	o.out.Shape, o.out.Spread = slices.Clone(o.Shape), 0
	return o.out, nil
}

// Eval implements Op.
func (o *Reshape) Eval(in [][]int64) []int64 { return in[0] }

// View implements viewer.
func (o *Reshape) View(in []relation.Tensor) relation.Tensor { return in[0].Reshape(o.Shape...) }

// Relate implements Op: the view says it all.
func (o *Reshape) Relate(*relation.Builder, []relation.Tensor, relation.Tensor) {}

// Transpose is ONNX Transpose (https://onnx.ai/onnx/operators/onnx__Transpose.html).
type Transpose struct {
	Perm []int `json:"perm"`

	in, out Type
}

// Infer implements Op.
func (o *Transpose) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	places := make([]int, len(in[0].Shape))
	for i := range places {
		places[i] = i
	}
	if !slices.Equal(slices.Sorted(slices.Values(o.Perm)), places) {
		return Type{}, fmt.Errorf("permutation %v of %v: %w", o.Perm, in[0].Shape, ErrProgram)
	}
	o.in, o.out = in[0], in[0]
	o.out.Shape, o.out.Spread = nil, 0
	for _, p := range o.Perm {
		o.out.Shape = append(o.out.Shape, in[0].Shape[p])
	}
	return o.out, nil
}

// Eval implements Op.
func (o *Transpose) Eval(in [][]int64) []int64 {
	stride := make([]int, len(o.Perm))
	step := 1
	for i := len(stride) - 1; i >= 0; i-- {
		stride[i] = step
		step *= o.in.Shape[i]
	}
	out := make([]int64, len(in[0]))
	for i := range out {
		at, rest := 0, i
		for k := len(o.Perm) - 1; k >= 0; k-- {
			at += rest % o.out.Shape[k] * stride[o.Perm[k]]
			rest /= o.out.Shape[k]
		}
		out[i] = in[0][at]
	}
	return out
}

// View implements viewer.
func (o *Transpose) View(in []relation.Tensor) relation.Tensor {
	return in[0].Reshape(o.in.Shape...).Transpose(o.Perm...)
}

// Relate implements Op: the view says it all.
func (o *Transpose) Relate(*relation.Builder, []relation.Tensor, relation.Tensor) {}

// Concat is ONNX Concat (https://onnx.ai/onnx/operators/onnx__Concat.html) of tensors of
// one scale: the sum of its inputs, each padded with zeros to its place.
type Concat struct {
	Axis int `json:"axis"`

	in  []Type
	out Type
}

// Infer implements Op.
func (o *Concat) Infer(in []Type) (Type, error) {
	if len(in) == 0 || o.Axis < 0 || o.Axis >= len(in[0].Shape) {
		return Type{}, fmt.Errorf("concat of %d inputs along axis %d: %w", len(in), o.Axis, ErrProgram)
	}
	o.in, o.out = in, in[0]
	o.out.Shape, o.out.Spread = slices.Clone(in[0].Shape), 0
	for _, t := range in[1:] {
		same := len(t.Shape) == len(o.out.Shape) && t.Exp == in[0].Exp
		for k := range t.Shape {
			same = same && (k == o.Axis || t.Shape[k] == in[0].Shape[k])
		}
		if !same {
			return Type{}, fmt.Errorf("concat of %v and %v: %w", in[0].Shape, t.Shape, ErrProgram)
		}
		o.out.Shape[o.Axis] += t.Shape[o.Axis]
		o.out.Range.Lo, o.out.Range.Hi = min(o.out.Range.Lo, t.Range.Lo), max(o.out.Range.Hi, t.Range.Hi)
	}
	return o.out, nil
}

// Eval implements Op.
func (o *Concat) Eval(in [][]int64) []int64 {
	out := make([]int64, 0, o.out.Size())
	outer := relation.Size(o.out.Shape[:o.Axis])
	for i := range outer {
		for k, x := range in {
			n := o.in[k].Size() / outer
			out = append(out, x[i*n:][:n]...)
		}
	}
	return out
}

// View implements viewer.
func (o *Concat) View(in []relation.Tensor) relation.Tensor {
	sum := relation.Const(o.out.Shape, 0)
	start, step := make([]int, len(o.out.Shape)), make([]int, len(o.out.Shape))
	for k := range step {
		step[k] = 1
	}
	for k, t := range in {
		sum = sum.Plus(t.Reshape(o.in[k].Shape...).Slice(start, step, o.out.Shape))
		start = slices.Clone(start)
		start[o.Axis] -= o.in[k].Shape[o.Axis]
	}
	return sum
}

// Relate implements Op: the view says it all.
func (o *Concat) Relate(*relation.Builder, []relation.Tensor, relation.Tensor) {}
