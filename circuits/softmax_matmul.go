package circuits

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// SoftmaxMatMul is ONNX MatMul of a Softmax over the last axis and another activation, as attention
// ends: means of rows of y, weighted by the exponentials of x. With e_k and S as in [Softmax],
//
//	out[…,m,n] = round(Σ_k e_k[…,m]·y[…,k,n]·2^Shift / S[…,m]), ties up.
//
// x: [..., M, K]; y: [..., K, N]; out: [..., M, N]. The leading axes broadcast. It divides M·N sums
// where Softmax would divide M·K exponentials, and rounds once.
//
// Cost: about 3 constraints an element of x, those of BatchMatMul, and 6 an element of out.
//
// Soundness: e_k and S >= 2^ExpBits > 0 as in Softmax, the sums by one relation.MatMul for each
// item of the batch. With h = floor(S/2), which S - 2·h in {0, 1} makes sure of, out is
// floor((Σ_k e_k·y_k·2^Shift + h)/S): the remainder, an expression, is in [0, S) for one integer out. That
// out is between the least and the largest y, as a mean is, and h not negative spares checks: with Shift 0
// the remainder's then bound the sums, which Finish would bound otherwise.
type SoftmaxMatMul struct {
	Exponential
	Shift int `json:"shift"`

	product BatchMatMul // of the exponentials and y
	out     Type
}

// Infer implements Op.
func (o *SoftmaxMatMul) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 2); err != nil {
		return Type{}, err
	}
	if err := o.bind(in[:1]); err != nil {
		return Type{}, err
	}
	y := in[1].Range
	size := bits.Len64(uint64(max(y.Hi, -y.Lo, 0)))
	if o.Shift < 0 || o.Shift > 24 || o.ExpBits+o.Shift+size+bits.Len(uint(o.n)) > 55 {
		return Type{}, fmt.Errorf("means of %d values in %v, shifted by %d: %w", o.n, y, o.Shift, ErrBound)
	}
	t, err := o.product.Infer([]Type{{Shape: in[0].Shape, Range: fixedpoint.Interval{Lo: 0, Hi: 1 << o.ExpBits}}, in[1]})
	if err != nil {
		return Type{}, err
	}
	o.out = Type{Shape: t.Shape, Exp: in[1].Exp + o.Shift, Range: fixedpoint.Interval{Lo: y.Lo << o.Shift, Hi: y.Hi << o.Shift}}
	return o.out, nil
}

// sums returns Σ_k e_k·y_k and S, each of x's rows.
func (o *SoftmaxMatMul) sums(x, y []int64) (sums, totals []int64) {
	var exps []int64
	for ; len(x) > 0; x = x[o.n:] {
		_, e, sum := o.row(x[:o.n])
		exps, totals = append(exps, e...), append(totals, sum)
	}
	return o.product.Eval([][]int64{exps, y}), totals
}

// rowOf returns which row of x row number i of out has its weights of.
func (o *SoftmaxMatMul) rowOf(i int) int {
	p := &o.product
	return p.x.at(i/p.m)*p.m + i%p.m
}

// Eval implements Op.
func (o *SoftmaxMatMul) Eval(in [][]int64) []int64 {
	out, totals := o.sums(in[0], in[1])
	for i := range out {
		out[i] = fixedpoint.DivRound(out[i]<<o.Shift, totals[o.rowOf(i/o.product.n)])
	}
	return out
}

func (*SoftmaxMatMul) enforces() bool { return true }

// Relate implements Op.
func (o *SoftmaxMatMul) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	_, exps, sum := o.relate(b, in[0])
	total := b.Column("total", sum.Shape, func(a *relation.Assignment) []int64 { return a.Eval(sum) }) // one term in place of n, N times
	b.Equals(total, sum)
	r := o.out.Range
	sums := b.Accumulator("sum", o.out.Shape, o.product.out.Range, func(a *relation.Assignment) []int64 {
		s, _ := o.sums(a.Eval(in[0]), a.Eval(in[1]))
		return s
	})
	o.product.Relate(b, []relation.Tensor{exps.Reshape(o.in.Shape...), in[1]}, sums)
	b.Below(out.PlusConst(-r.Lo), r.Hi-r.Lo+1)
	half := b.Column("half", total.Shape, func(a *relation.Assignment) []int64 {
		v := a.Eval(total)
		for i := range v {
			v[i] >>= 1
		}
		return v
	})
	b.Range(total.Minus(half.Times(2)), fixedpoint.Interval{Lo: 0, Hi: 1})
	b.NonNegative(half, o.most()>>1)
	shape := slices.Clone(o.in.Shape)
	shape[len(shape)-1] = 1
	rows := newBroadcast(shape, o.out.Shape)
	den := rows.tensor(total)
	rem := sums.Times(1 << o.Shift).Plus(rows.tensor(half)).Minus(b.Mul("quotient·denominator", out, den))
	b.NonNegative(rem, o.most())
	b.NonNegative(den.PlusConst(-1).Minus(rem), o.most())
}

// most is the largest S.
func (o *SoftmaxMatMul) most() int64 { return int64(o.n) << o.ExpBits }
