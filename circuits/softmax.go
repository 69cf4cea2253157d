package circuits

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Softmax is ONNX Softmax (https://onnx.ai/onnx/operators/onnx__Softmax.html, opset 13)
// over the last axis, in integers. For each row x_1 … x_n at scale 2^-s:
//
//	m = max x_i,  e_i = round(exp((x_i - m)·2^-s)·2^ExpBits),  S = Σ e_i,
//	out_i = round(e_i·2^OutBits / S), ties up.
//
// Cost: about 9 constraints an element, and the table of exp.
//
// Soundness: m by relation.Builder.Max, which also keeps every x_i <= m; e_i by the
// table; out_i by relation.Builder.DivRound with S >= 2^ExpBits > 0.
type Softmax struct {
	Exponential
	OutBits int `json:"out_bits"`

	out Type
}

// Exponential is what Softmax and LogSoftmax share: e_i for rows of n elements.
type Exponential struct {
	ExpBits int `json:"exp_bits"` // fraction bits of exp

	in  Type
	n   int       // row length
	exp tabulated // by m - x
}

func (e *Exponential) bind(in []Type) (err error) {
	if err := checkInputs(in, 1); err != nil {
		return err
	}
	if len(in[0].Shape) == 0 || e.ExpBits < 1 || e.ExpBits > 24 {
		return fmt.Errorf("softmax of %v with %d bits: %w", in[0].Shape, e.ExpBits, ErrProgram)
	}
	e.in, e.n = in[0], in[0].Shape[len(in[0].Shape)-1]
	domain := fixedpoint.Interval{Lo: in[0].Range.Lo - in[0].Range.Hi, Hi: 0}
	e.exp, err = tabulate(domain, e.in.Exp, fixedpoint.Interval{Lo: 0, Hi: 1 << e.ExpBits}, e.ExpBits, "Exp")
	return err
}

// row returns a row's largest element, the e_i and their sum.
func (e *Exponential) row(x []int64) (m int64, exps []int64, sum int64) {
	m = slices.Max(x)
	for _, v := range x {
		exps = append(exps, e.exp.at(v-m))
		sum += e.exp.at(v - m)
	}
	return m, exps, sum
}

// relate adds columns for m, the e_i and states what makes them; sum and m have a row's
// shape.
func (e *Exponential) relate(b *relation.Builder, x relation.Tensor) (m, exps, sum relation.Tensor) {
	rows := e.in.Size() / e.n
	x = x.Reshape(rows, e.n)
	perRow := func(f func(m int64, exps []int64) []int64) func(*relation.Assignment) []int64 {
		return func(a *relation.Assignment) (out []int64) {
			for v := a.Eval(x); len(v) > 0; v = v[e.n:] {
				m, exps, _ := e.row(v[:e.n])
				out = append(out, f(m, exps)...)
			}
			return out
		}
	}
	m = b.Column("max", []int{rows, 1}, perRow(func(m int64, _ []int64) []int64 { return []int64{m} }))
	exps = b.Column("exp", []int{rows, e.n}, perRow(func(_ int64, exps []int64) []int64 { return exps }))
	span := e.in.Range.Hi - e.in.Range.Lo
	t := b.Function(fmt.Sprintf("exp(-x·2^-%d)·2^%d", e.in.Exp, e.ExpBits), fixedpoint.Interval{Lo: 0, Hi: span}, func(d int64) int64 {
		return e.exp.at(-d)
	})
	b.Lookup(t, m.Broadcast([]int{rows, e.n}).Minus(x), exps)
	var columns []relation.Tensor
	sum = relation.Const([]int{rows, 1}, 0)
	for i := range e.n {
		at := func(t relation.Tensor) relation.Tensor {
			return t.Slice([]int{0, i}, []int{1, 1}, []int{rows, 1})
		}
		columns = append(columns, at(x))
		sum = sum.Plus(at(exps))
	}
	b.Max(columns, m, span)
	return m, exps, sum
}

// Infer implements Op.
func (s *Softmax) Infer(in []Type) (Type, error) {
	if err := s.bind(in); err != nil {
		return Type{}, err
	}
	if s.OutBits < 1 || s.OutBits > 24 || s.ExpBits+s.OutBits+bits.Len(uint(s.n)) > 50 {
		return Type{}, fmt.Errorf("softmax to %d bits: %w", s.OutBits, ErrProgram)
	}
	s.out = Type{Shape: in[0].Shape, Exp: s.OutBits, Range: fixedpoint.Interval{Lo: 0, Hi: 1 << s.OutBits}}
	return s.out, nil
}

// Eval implements Op.
func (s *Softmax) Eval(in [][]int64) []int64 {
	var out []int64
	for x := in[0]; len(x) > 0; x = x[s.n:] {
		_, exps, sum := s.row(x[:s.n])
		for _, e := range exps {
			out = append(out, fixedpoint.DivRound(e<<s.OutBits, sum))
		}
	}
	return out
}

func (*Softmax) enforces() bool { return true }

// Relate implements Op.
func (s *Softmax) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	_, exps, sum := s.relate(b, in[0])
	b.NonNegative(out, s.out.Range.Hi)
	b.DivRound(exps.Times(1<<s.OutBits), sum.Broadcast(exps.Shape), out.Reshape(exps.Shape...), int64(s.n)<<s.ExpBits)
}

// LogSoftmax is ONNX LogSoftmax (https://onnx.ai/onnx/operators/onnx__LogSoftmax.html,
// opset 13) over the last axis, in integers: with m and S as in [Softmax],
//
//	out_i = x_i - m - round(log(S·2^-ExpBits)·2^s).
//
// Cost: about 4 constraints an element, and the tables of exp and log.
//
// Soundness: as Softmax; the logarithm by its table over all values of S.
type LogSoftmax struct {
	Exponential

	log tabulated
	out Type
}

// Infer implements Op.
func (s *LogSoftmax) Infer(in []Type) (Type, error) {
	err := s.bind(in)
	if err != nil {
		return Type{}, err
	}
	sums := s.sums()
	if s.log, err = tabulate(sums, s.ExpBits, fixedpoint.Interval{Lo: 0, Hi: 1 << 40}, s.in.Exp, "Log"); err != nil {
		return Type{}, err
	}
	span := in[0].Range.Hi - in[0].Range.Lo
	s.out = Type{Shape: in[0].Shape, Exp: in[0].Exp, Range: fixedpoint.Interval{Lo: -span - s.log.beyond(sums.Hi), Hi: 0}}
	return s.out, nil
}

// sums is the range of S: at least the largest element's 2^ExpBits.
func (s *LogSoftmax) sums() fixedpoint.Interval {
	return fixedpoint.Interval{Lo: 1 << s.ExpBits, Hi: int64(s.n) << s.ExpBits}
}

// Eval implements Op.
func (s *LogSoftmax) Eval(in [][]int64) []int64 {
	var out []int64
	for x := in[0]; len(x) > 0; x = x[s.n:] {
		m, _, sum := s.row(x[:s.n])
		for _, v := range x[:s.n] {
			out = append(out, v-m-s.log.at(sum))
		}
	}
	return out
}

func (*LogSoftmax) enforces() bool { return true }

// Relate implements Op.
func (s *LogSoftmax) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	m, exps, sum := s.relate(b, in[0])
	log := b.Column("log", sum.Shape, func(a *relation.Assignment) []int64 {
		v := a.Eval(sum)
		for i := range v {
			v[i] = s.log.at(v[i])
		}
		return v
	})
	t := b.Function(fmt.Sprintf("log(x·2^-%d)·2^%d", s.ExpBits, s.in.Exp), s.sums(), s.log.at)
	b.Lookup(t, sum, log)
	b.Equals(out.Reshape(exps.Shape...), in[0].Reshape(exps.Shape...).Minus(m.Plus(log).Broadcast(exps.Shape)))
}
