package circuits

import (
	"fmt"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Parameter brings in weights that belong to no linear layer: the last normalisation's scale
// and bias, PRelu's slopes, trained thresholds. They are a value like any other, committed
// with the weights of the layers; where those are baked, constants.
//
// Cost: one constraint an element, its range check; none if baked.
//
// Soundness: the commitment fixes each element for all proofs, but whoever made it could have
// put anything in. The range check holds elements to the declared width, which the ranges
// of all that follows rest on.
type Parameter struct {
	Shape  []int `json:"shape"`
	Exp    int   `json:"exp"`
	Bits   int   `json:"bits"` // declared: integers from -2^Bits to 2^Bits-1
	Values Ints  `json:"values"`
}

// maxParameter bounds the width of weights that are a value of their own.
const maxParameter = 48

// Infer implements Op.
func (o *Parameter) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 0); err != nil {
		return Type{}, err
	}
	if !validShape(o.Shape) || len(o.Values) != relation.Size(o.Shape) || o.Bits < 1 || o.Bits > maxParameter {
		return Type{}, fmt.Errorf("%d weights of %d bits for shape %v: %w", len(o.Values), o.Bits, o.Shape, ErrProgram)
	}
	if r := o.declared(); !r.Covers(fixedpoint.Interval{Lo: slices.Min(o.Values), Hi: slices.Max(o.Values)}) {
		return Type{}, fmt.Errorf("weights outside the declared %v: %w", r, ErrBound)
	}
	return Type{Shape: slices.Clone(o.Shape), Exp: o.Exp, Range: o.declared()}, nil
}

func (o *Parameter) declared() fixedpoint.Interval {
	return fixedpoint.Interval{Lo: -1 << o.Bits, Hi: 1<<o.Bits - 1}
}

// Eval implements Op.
func (o *Parameter) Eval([][]int64) []int64 { return slices.Clone(o.Values) }

// tensor returns the weights as what the circuit holds of them.
func (o *Parameter) tensor(b *relation.Builder, w Weights) relation.Tensor {
	if w == Baked {
		return relation.Constants(o.Shape, o.Values)
	}
	return b.Weight("weights", o.Shape, o.Values, o.declared())
}

// Relate implements Op: the tensor comes with its range check.
func (o *Parameter) Relate(*relation.Builder, []relation.Tensor, relation.Tensor) {}

func (o *Parameter) withoutParams() parametrised {
	d := *o
	d.Values = nil
	return &d
}

func (o *Parameter) params() []*Ints { return []*Ints{&o.Values} }
