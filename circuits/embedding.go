package circuits

import (
	"fmt"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Embedding is ONNX Gather (https://onnx.ai/onnx/operators/onnx__Gather.html, opset 1-13) along the
// first axis of a trained matrix, with indices that are computed:
//
//	out[…, k] = Weights[x[…]·Width + k]
//
// x: integers in [0, Rows).
//
// Cost: a constraint an element of the output and two a row of it; for each row of the matrix one,
// or a few where a row does not fit a field element.
//
// Soundness: relation.Gather, of which every element of the output is a column, with a range check.
type Embedding struct {
	Rows    int  `json:"rows"`
	Width   int  `json:"width"`
	Exp     int  `json:"value_exp"`
	Bits    int  `json:"bits"` // declared: integers from -2^Bits to 2^Bits-1
	Weights Ints `json:"weights"`

	in, out Type
}

// maxEmbeddingBits bounds the width of what is in the matrix, whose range check is one table.
const maxEmbeddingBits = 16

// Infer implements Op.
func (o *Embedding) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	if !validShape([]int{o.Rows, o.Width}) || o.Rows > MaxTable || len(o.Weights) != o.Rows*o.Width || o.Bits < 1 || o.Bits > maxEmbeddingBits {
		return Type{}, fmt.Errorf("%d weights of %d bits for %d×%d: %w", len(o.Weights), o.Bits, o.Rows, o.Width, ErrProgram)
	}
	if r := in[0].Range; in[0].Exp != 0 || r.Lo < 0 || r.Hi >= int64(o.Rows) {
		return Type{}, fmt.Errorf("indices in %v with exponent %d for %d rows: %w", r, in[0].Exp, o.Rows, ErrBound)
	}
	r := fixedpoint.Interval{Lo: -1 << o.Bits, Hi: 1<<o.Bits - 1}
	if !r.Covers(fixedpoint.Interval{Lo: slices.Min(o.Weights), Hi: slices.Max(o.Weights)}) {
		return Type{}, fmt.Errorf("weights outside the declared %v: %w", r, ErrBound)
	}
	o.in = in[0]
	o.out = Type{Shape: append(slices.Clone(in[0].Shape), o.Width), Exp: o.Exp, Range: r}
	if !validShape(o.out.Shape) {
		return Type{}, fmt.Errorf("output of shape %v: %w", o.out.Shape, ErrProgram)
	}
	return o.out, nil
}

// Eval implements Op.
func (o *Embedding) Eval(in [][]int64) []int64 {
	out := make([]int64, 0, o.out.Size())
	for _, i := range in[0] {
		out = append(out, o.Weights[int(i)*o.Width:][:o.Width]...)
	}
	return out
}

// Relate implements Op.
func (o *Embedding) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	n := o.in.Size()
	b.Range(out, o.out.Range)
	out = out.Reshape(n, o.Width)
	var columns []relation.Tensor
	for k := range o.Width {
		columns = append(columns, out.Slice([]int{0, k}, []int{1, 1}, []int{n, 1}))
	}
	b.Gather(in[0].Reshape(n, 1), columns, b.Param("rows", []int{o.Rows, o.Width}, o.Weights))
}

func (*Embedding) enforces() bool { return true }

func (o *Embedding) withoutParams() parametrised {
	d := *o
	d.Weights = nil
	return &d
}

func (o *Embedding) params() []*Ints { return []*Ints{&o.Weights} }
