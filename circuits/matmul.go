package circuits

import (
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// MatMul is ONNX MatMul (https://onnx.ai/onnx/operators/onnx__MatMul.html, opset 1-13) and
// Gemm with a constant matrix and a bias:
//
//	out[…,m,o] = Bias[o] + Σ_k W[o,k]·x[…,m,k]
//
// x: [..., M, K]; W: [O, K] (transposed, as the proof packs it); out: [..., M, O], exact
// accumulators whose scale is the product of x's and the weights'.
//
// Cost: package gadget's contraction; for one row M = 1 about O/12·K constraints.
//
// Soundness: one relation.Contract with the rows as positions.
type MatMul struct {
	Rows    int                 `json:"rows"` // O
	Inner   int                 `json:"inner"`
	Exp     int                 `json:"weight_exp"`
	Bound   fixedpoint.Interval `json:"bound"` // as Conv's
	Weights Ints                `json:"weights"`
	Bias    Ints                `json:"bias"`

	in, out Type
}

// Infer implements Op.
func (m *MatMul) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	x := in[0].Shape
	if len(x) == 0 || !validShape([]int{m.Rows, m.Inner}) || x[len(x)-1] != m.Inner {
		return Type{}, fmt.Errorf("input %v does not fit a matrix of %d×%d: %w", x, m.Inner, m.Rows, ErrProgram)
	}
	if len(m.Weights) != m.Rows*m.Inner || len(m.Bias) != m.Rows {
		return Type{}, fmt.Errorf("%d weights and %d biases for %d×%d: %w", len(m.Weights), len(m.Bias), m.Inner, m.Rows, ErrProgram)
	}
	got, _, err := accumulators(in[0].Range, m.Weights, m.Bias, m.Rows, false)
	if err != nil {
		return Type{}, err
	}
	if err := checkWidths(m.Bound, 0); err != nil {
		return Type{}, err
	}
	if !m.Bound.Covers(got) {
		return Type{}, fmt.Errorf("these weights reach %v, declared is %v: %w", got, m.Bound, ErrBound)
	}
	shape := append(append([]int{}, x[:len(x)-1]...), m.Rows)
	m.in, m.out = in[0], Type{Shape: shape, Exp: in[0].Exp + m.Exp}
	m.out.Range, _ = declared(m.Bound, 0)
	return m.out, nil
}

// Eval implements Op.
func (m *MatMul) Eval(in [][]int64) []int64 {
	x, out := in[0], make([]int64, 0, m.out.Size())
	for ; len(x) > 0; x = x[m.Inner:] {
		row := x[:m.Inner]
		for o := range m.Rows {
			acc := m.Bias[o]
			for k, w := range m.Weights[o*m.Inner:][:m.Inner] {
				acc += w * row[k]
			}
			out = append(out, acc)
		}
	}
	return out
}

func (*MatMul) enforces() bool { return false }

// Relate implements Op.
func (m *MatMul) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	rows := m.in.Size() / m.Inner
	columns := func(t relation.Tensor, n int) relation.Tensor { // channels first
		if rows == 1 {
			return t.Reshape(n, 1, 1)
		}
		return t.Reshape(rows, n).Transpose(1, 0).Reshape(n, rows, 1)
	}
	b.Contract(relation.Contract{
		X: columns(in[0], m.Inner), Out: columns(out, m.Rows),
		W:      b.Param("weights", []int{m.Rows, m.Inner, 1, 1}, m.Weights),
		Bias:   b.Param("bias", []int{m.Rows}, m.Bias),
		Stride: [2]int{1, 1}, Dilation: [2]int{1, 1},
	})
}

func (m *MatMul) packs() bool { return m.out.Size() == m.Rows }

// Declare sets the declared width to the one that the weights need over inputs of a type.
func (m *MatMul) Declare(in Type) error {
	got, _, err := accumulators(in.Range, m.Weights, m.Bias, m.Rows, false)
	m.Bound, _ = declared(got, 0)
	return err
}

func (m *MatMul) withoutParams() parametrised {
	d := *m
	d.Weights, d.Bias = nil, nil
	d.Bound, _ = declared(m.Bound, 0)
	return &d
}

func (m *MatMul) params() []*Ints { return []*Ints{&m.Weights, &m.Bias} }

// BatchMatMul is ONNX MatMul (https://onnx.ai/onnx/operators/onnx__MatMul.html, opset
// 1-13) of two activations, as attention has them:
//
//	out[…,m,n] = Σ_k x[…,m,k]·y[…,k,n]
//
// x: [..., M, K]; y: [..., K, N]; out: [..., M, N], exact. The leading axes broadcast.
//
// Cost: package gadget's matrix product, about M·K + K·N + M·N constraints divided by the
// elements that fit a packed one.
//
// Soundness: one relation.MatMul for each item of the batch.
type BatchMatMul struct {
	m, k, n int
	x, y    broadcast // of the batches
	out     Type
}

// Infer implements Op.
func (o *BatchMatMul) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 2); err != nil {
		return Type{}, err
	}
	x, y := in[0].Shape, in[1].Shape
	p, q := len(x)-2, len(y)-2
	if p < 0 || q < 0 || x[p+1] != y[q] {
		return Type{}, fmt.Errorf("product of %v and %v: %w", x, y, ErrProgram)
	}
	batch, err := broadcastShape(x[:p], y[:q])
	if err != nil {
		return Type{}, err
	}
	o.m, o.k, o.n = x[p], x[p+1], y[q+1]
	o.x, o.y = newBroadcast(x[:p], batch), newBroadcast(y[:q], batch)
	r, err := in[0].Range.Mul(in[1].Range)
	if err == nil {
		r, err = r.Scale(int64(o.k))
	}
	if err = bounded(r, err); err != nil {
		return Type{}, fmt.Errorf("sum of %d products of %v and %v: %w", o.k, in[0].Range, in[1].Range, err)
	}
	o.out = Type{Shape: append(batch, o.m, o.n), Exp: in[0].Exp + in[1].Exp, Range: r}
	return o.out, nil
}

// Eval implements Op.
func (o *BatchMatMul) Eval(in [][]int64) []int64 {
	out := make([]int64, o.out.Size())
	for b := range len(out) / (o.m * o.n) {
		x, y := in[0][o.x.at(b)*o.m*o.k:], in[1][o.y.at(b)*o.k*o.n:]
		for m := range o.m {
			row := out[(b*o.m+m)*o.n:][:o.n]
			for k := range o.k {
				for n := range row {
					row[n] += x[m*o.k+k] * y[k*o.n+n]
				}
			}
		}
	}
	return out
}

func (*BatchMatMul) enforces() bool { return false }

// Relate implements Op.
func (o *BatchMatMul) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	for i := range out.Size() / (o.m * o.n) {
		b.MatMul(matrix(in[0], o.x.at(i), o.m, o.k), matrix(in[1], o.y.at(i), o.k, o.n), matrix(out, i, o.m, o.n))
	}
}

// matrix returns item number i of a batch of matrices.
func matrix(t relation.Tensor, i, rows, cols int) relation.Tensor {
	n := t.Size() / (rows * cols)
	if n == 1 {
		return t.Reshape(rows, cols)
	}
	return t.Reshape(n, rows, cols).Slice([]int{i, 0, 0}, []int{1, 1, 1}, []int{1, rows, cols}).Reshape(rows, cols)
}
