package circuits

import (
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Clip is ONNX Clip (https://onnx.ai/onnx/operators/onnx__Clip.html) on integers:
// out = min(max(in, Lo), Hi). It saturates where a table over all of in's range would be
// too large.
//
// Cost: one constraint an element for out's range, and for each side on which in can
// leave [Lo, Hi] one product and the digits of the excess. Where it cannot leave at all,
// Clip only bounds: one constraint.
//
// Soundness: in = out + above - below with Lo <= out <= Hi, above, below >= 0,
// above·(Hi - out) = 0 and below·(out - Lo) = 0. If above > 0, out = Hi and so (Lo < Hi)
// below = 0; likewise for below; if both are 0, in = out is inside. One solution each.
type Clip struct {
	Interval fixedpoint.Interval `json:"interval"`

	in, out Type
}

// Infer implements Op.
func (c *Clip) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	if c.Interval.Lo >= c.Interval.Hi {
		return Type{}, fmt.Errorf("clip to %v: %w", c.Interval, ErrProgram)
	}
	if !c.Interval.Covers(in[0].Range) && c.Interval.Width() >= MaxTable { // one table checks out's range
		return Type{}, fmt.Errorf("clip of %v to %v: table too large: %w", in[0].Range, c.Interval, ErrBound)
	}
	c.in, c.out = in[0], in[0]
	c.out.Range, c.out.Spread = c.Interval.Intersect(in[0].Range), 0
	if c.out.Range.IsEmpty() { // all of in is on one side
		c.out.Range = c.Interval
	}
	return c.out, nil
}

// Eval implements Op.
func (c *Clip) Eval(in [][]int64) []int64 {
	out := make([]int64, len(in[0]))
	for i, x := range in[0] {
		out[i] = c.Interval.Clamp(x)
	}
	return out
}

func (*Clip) enforces() bool { return true }

// Relate implements Op.
func (c *Clip) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	b.Equals(in[0], c.input(b, out, func(a *relation.Assignment) []int64 { return a.Eval(in[0]) }))
}

// Define implements definer: in = out + above - below.
func (c *Clip) Define(b *relation.Builder, out relation.Tensor, in ref) relation.Tensor {
	return c.input(b, out, in.of)
}

func (c *Clip) input(b *relation.Builder, out relation.Tensor, in func(*relation.Assignment) []int64) relation.Tensor {
	if c.Interval.Covers(c.in.Range) { // nothing to clip: in = out, and bounded
		b.NonNegative(out.PlusConst(-c.in.Range.Lo), c.in.Range.Hi-c.in.Range.Lo)
		return out
	}
	b.Range(out, c.Interval)
	hi, lo, zero := c.Interval.Hi, c.Interval.Lo, relation.Const(c.in.Shape, 0)
	above := c.excess(b, "above", c.in.Range.Hi-hi, in, func(x int64) int64 { return x - hi })
	below := c.excess(b, "below", lo-c.in.Range.Lo, in, func(x int64) int64 { return lo - x })
	b.Product(above, relation.Const(c.in.Shape, hi).Minus(out), zero)
	b.Product(below, out.PlusConst(-lo), zero)
	return out.Plus(above).Minus(below)
}

// excess adds columns max(0, f(in)) of at most most, or none where that is never positive.
func (c *Clip) excess(b *relation.Builder, name string, most int64, in func(*relation.Assignment) []int64, f func(int64) int64) relation.Tensor {
	if most <= 0 {
		return relation.Const(c.in.Shape, 0)
	}
	t := b.Column(name, c.in.Shape, func(a *relation.Assignment) []int64 {
		v := make([]int64, c.in.Size())
		for i, x := range in(a) {
			v[i] = max(0, f(x))
		}
		return v
	})
	b.NonNegative(t, most)
	return t
}
