package circuits

import (
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Requantize divides accumulators by a power of two, to the nearest integer, ties up:
//
//	out = floor((in + 2^(s-1)) / 2^s)
//
// It does not saturate: the function or Clip that follows does.
//
// Cost: one constraint an element, the remainder's lookup.
//
// Soundness: in + 2^(s-1) - 2^s·out, an integer below 2^62 in size because in and out are
// bounded, lies in [0, 2^s); only out = floor(…) puts it there. (A prover that moves out by
// one moves the remainder by 2^s, out of the table.)
type Requantize struct {
	Shift int `json:"shift"`

	in, out Type
}

// Infer implements Op.
func (r *Requantize) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	if r.Shift < 1 || r.Shift > MaxShift {
		return Type{}, fmt.Errorf("shift %d outside 1..%d: %w", r.Shift, MaxShift, ErrProgram)
	}
	r.in, r.out = in[0], in[0]
	r.out.Exp -= r.Shift
	r.out.Range = in[0].Range.RoundShift(uint(r.Shift))
	if in[0].Spread > 0 {
		r.out.Spread = in[0].Spread>>r.Shift + 1
	}
	return r.out, nil
}

// MaxShift bounds a remainder's table.
const MaxShift = 16

// Eval implements Op.
func (r *Requantize) Eval(in [][]int64) []int64 {
	out := make([]int64, len(in[0]))
	for i, acc := range in[0] {
		out[i] = fixedpoint.RoundShift(acc, uint(r.Shift))
	}
	return out
}

func (*Requantize) enforces() bool { return false }

// Relate implements Op.
func (r *Requantize) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	r.remainder(b, in[0].PlusConst(1<<(r.Shift-1)).Minus(out.Times(1<<r.Shift)))
}

func (r *Requantize) remainder(b *relation.Builder, t relation.Tensor) {
	b.Range(t, fixedpoint.Interval{Lo: 0, Hi: 1<<r.Shift - 1})
}

// Define implements definer: in = 2^s·out + remainder - 2^(s-1).
func (r *Requantize) Define(b *relation.Builder, out relation.Tensor, in ref) relation.Tensor {
	s := uint(r.Shift)
	remainder := b.Column("remainder", r.in.Shape, func(a *relation.Assignment) []int64 {
		v := make([]int64, r.in.Size())
		for i, acc := range in.of(a) {
			v[i] = acc + 1<<(s-1) - fixedpoint.RoundShift(acc, s)<<s
		}
		return v
	})
	r.remainder(b, remainder)
	return out.Times(1 << s).Plus(remainder).PlusConst(-1 << (s - 1))
}
