package circuits

import (
	"fmt"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
)

// Gather puts elements of its input where the graph says, whatever the data:
//
//	out[i] = in[Index[i]], or 0 where Index[i] is -1,
//
// in row-major order. It is ONNX Gather with constant indices
// (https://onnx.ai/onnx/operators/onnx__Gather.html), Slice, Split, Pad, Expand and Tile.
//
// Cost: none; the output is an expression of the input.
type Gather struct {
	Shape []int `json:"shape"`
	Index []int `json:"index"`

	out Type
}

// Infer implements Op.
func (o *Gather) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	if !validShape(o.Shape) || len(o.Index) != relation.Size(o.Shape) ||
		slices.Min(o.Index) < -1 || slices.Max(o.Index) >= in[0].Size() {
		return Type{}, fmt.Errorf("%d indices into %v for shape %v: %w", len(o.Index), in[0].Shape, o.Shape, ErrProgram)
	}
	o.out = in[0]
	o.out.Shape, o.out.Spread = slices.Clone(o.Shape), 0
	if slices.Contains(o.Index, -1) {
		o.out.Range.Lo, o.out.Range.Hi = min(o.out.Range.Lo, 0), max(o.out.Range.Hi, 0)
	}
	return o.out, nil
}

// Eval implements Op.
func (o *Gather) Eval(in [][]int64) []int64 {
	out := make([]int64, len(o.Index))
	for i, k := range o.Index {
		if k >= 0 {
			out[i] = in[0][k]
		}
	}
	return out
}

// View implements viewer.
func (o *Gather) View(in []relation.Tensor) relation.Tensor { return in[0].Gather(o.Shape, o.Index) }

// Relate implements Op: the view says it all.
func (o *Gather) Relate(*relation.Builder, []relation.Tensor, relation.Tensor) {}
