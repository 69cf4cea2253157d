package circuits

import (
	"fmt"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// The operators of this file bring in literals: masks, powers of two, 1/n of an average,
// epsilons, the 0 and 1 of conditions. They are part of the architecture, in the proving key
// for everybody to see. Trained constants are private weights, layers' or [Parameter]'s.

// Constant is ONNX Constant (https://onnx.ai/onnx/operators/onnx__Constant.html): integers
// of the program as a value of their own.
//
// Cost: none; the output is an expression without columns.
type Constant struct {
	Shape  []int `json:"shape"`
	Exp    int   `json:"exp"`
	Values Ints  `json:"values"`
}

// Infer implements Op.
func (o *Constant) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 0); err != nil {
		return Type{}, err
	}
	if !validShape(o.Shape) || len(o.Values) != relation.Size(o.Shape) {
		return Type{}, fmt.Errorf("%d values for shape %v: %w", len(o.Values), o.Shape, ErrProgram)
	}
	r := fixedpoint.Interval{Lo: slices.Min(o.Values), Hi: slices.Max(o.Values)}
	if err := bounded(r, nil); err != nil {
		return Type{}, err
	}
	return Type{Shape: slices.Clone(o.Shape), Exp: o.Exp, Range: r}, nil
}

// Eval implements Op.
func (o *Constant) Eval([][]int64) []int64 { return slices.Clone(o.Values) }

// View implements viewer.
func (o *Constant) View([]relation.Tensor) relation.Tensor {
	return relation.Constants(o.Shape, o.Values)
}

// Relate implements Op: the view says it all.
func (o *Constant) Relate(*relation.Builder, []relation.Tensor, relation.Tensor) {}

// Scale is ONNX Mul and Div (https://onnx.ai/onnx/operators/onnx__Mul.html, opset 7-14) by
// a constant, with NumPy broadcasting: out = Factors·in, where a factor f stands for the
// real f·2^-Exp. A single 1 changes the scale alone.
//
// Cost: none; the output is a linear expression.
type Scale struct {
	Shape   []int `json:"shape"` // of the factors
	Exp     int   `json:"factor_exp"`
	Factors Ints  `json:"factors"`

	x, f broadcast
	out  Type
}

// Infer implements Op.
func (o *Scale) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	shape, err := broadcastShape(in[0].Shape, o.Shape)
	if err != nil {
		return Type{}, err
	}
	if !validShape(o.Shape) || len(o.Factors) != relation.Size(o.Shape) {
		return Type{}, fmt.Errorf("%d factors for shape %v: %w", len(o.Factors), o.Shape, ErrProgram)
	}
	o.x, o.f = newBroadcast(in[0].Shape, shape), newBroadcast(o.Shape, shape)
	factors := fixedpoint.Interval{Lo: slices.Min(o.Factors), Hi: slices.Max(o.Factors)}
	r, err := in[0].Range.Mul(factors)
	if err = bounded(r, err); err != nil {
		return Type{}, fmt.Errorf("product of %v and %v: %w", in[0].Range, factors, err)
	}
	o.out = Type{Shape: shape, Exp: in[0].Exp + o.Exp, Range: r}
	return o.out, nil
}

// Eval implements Op.
func (o *Scale) Eval(in [][]int64) []int64 {
	out := make([]int64, o.out.Size())
	for i := range out {
		out[i] = o.Factors[o.f.at(i)] * in[0][o.x.at(i)]
	}
	return out
}

// View implements viewer.
func (o *Scale) View(in []relation.Tensor) relation.Tensor {
	x := o.x.tensor(in[0])
	if len(o.Factors) == 1 {
		return x.Times(o.Factors[0])
	}
	factors := make([]int64, o.out.Size())
	for i := range factors {
		factors[i] = o.Factors[o.f.at(i)]
	}
	return x.Scaled(factors)
}

// Relate implements Op: the view says it all.
func (o *Scale) Relate(*relation.Builder, []relation.Tensor, relation.Tensor) {}
