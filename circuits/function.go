package circuits

import (
	"fmt"
	"slices"
	"sync"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Function applies a tabulated function to every element and saturates:
//
//	out = clamp(round(f(in·2^-in.Exp)·2^OutExp), Out)
//
// with f one of fixedpoint.Functions, named as in ONNX (Relu, Sigmoid, Tanh, Gelu, …), or
// Identity, which only saturates. The table covers all of in's range.
//
// Cost: two constraints an element and one a row of the table, which equal functions
// share.
//
// Soundness: the pair (in, out) is a row of the table, so in is in its domain and out is
// f's value there.
type Function struct {
	Name   string              `json:"name"`
	Params []float64           `json:"params,omitempty"`
	OutExp int                 `json:"out_exp"`
	Out    fixedpoint.Interval `json:"out"`

	in, out Type
	tabulated
}

// tabulated is a function on integers, its values computed when first asked for.
type tabulated struct {
	domain fixedpoint.Interval
	table  func() []int64
	beyond func(x int64) int64 // outside the domain
}

// MaxTable bounds the rows of a function's table.
const MaxTable = 1 << 17

// tabulate prepares the table of round(f(x·2^-inExp)·2^outExp), clamped to out.
func tabulate(domain fixedpoint.Interval, inExp int, out fixedpoint.Interval, outExp int, name string, params ...float64) (tabulated, error) {
	if domain.Hi-domain.Lo < 0 || domain.Hi-domain.Lo >= MaxTable {
		return tabulated{}, fmt.Errorf("function %s over %v: table too large: %w", name, domain, ErrBound)
	}
	f, err := fixedpoint.ByName(name, params...)
	if err == nil {
		_, err = f.At(domain.Lo, inExp, out, outExp)
	}
	if err != nil {
		return tabulated{}, fmt.Errorf("%w: %w", err, ErrProgram)
	}
	must := func(err error) {
		if err != nil {
			panic("circuits: " + err.Error()) // the arguments are checked above
		}
	}
	known := valuesOf(f, inExp, out, outExp, params)
	return tabulated{domain: domain,
		table: sync.OnceValue(func() []int64 {
			t, err := known.over(domain)
			must(err)
			return t
		}),
		beyond: func(x int64) int64 {
			y, err := known.at(x)
			must(err)
			return y
		},
	}, nil
}

// at returns the function's value; tables that layers share may ask beyond the domain.
func (t *tabulated) at(x int64) int64 {
	if t.domain.Contains(x) {
		return t.table()[x-t.domain.Lo]
	}
	return t.beyond(x)
}

// Infer implements Op.
func (f *Function) Infer(in []Type) (Type, error) {
	err := checkInputs(in, 1)
	if err != nil {
		return Type{}, err
	}
	if f.tabulated, err = tabulate(in[0].Range, in[0].Exp, f.Out, f.OutExp, f.Name, f.Params...); err != nil {
		return Type{}, err
	}
	f.in, f.out = in[0], Type{Shape: in[0].Shape, Exp: f.OutExp, Range: f.Out}
	return f.out, nil
}

// Monotone reports whether the bound function never decreases: it then commutes with the
// largest element.
func (f *Function) Monotone() bool { return slices.IsSorted(f.table()) }

// Eval implements Op.
func (f *Function) Eval(in [][]int64) []int64 {
	t, out := f.table(), make([]int64, len(in[0]))
	for i, x := range in[0] {
		out[i] = t[x-f.domain.Lo]
	}
	return out
}

func (*Function) enforces() bool { return true }

// Relate implements Op.
func (f *Function) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	b.Lookup(b.Function(f.key(), f.domain, f.at), in[0], out)
}

// key names the function of integers. Piecewise linear functions that keep the scale do
// not depend on it, so that layers of different scales share one table.
func (f *Function) key() string {
	if (f.Name == "Relu" || f.Name == "Identity") && f.in.Exp == f.OutExp {
		return fmt.Sprintf("%s to %v", f.Name, f.Out)
	}
	return fmt.Sprintf("%s%v 2^-%d to %v 2^-%d", f.Name, f.Params, f.in.Exp, f.Out, f.OutExp)
}
