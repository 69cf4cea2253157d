package circuits

import (
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
)

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

// Bind implements Op.
func (o *BatchMatMul) Bind(in []Type) (Type, error) {
	if err := checkInputs(in, 2); err != nil {
		return Type{}, err
	}
	x, y := in[0].Shape, in[1].Shape
	p, q := len(x)-2, len(y)-2
	if p < 0 || q < 0 || x[p+1] != y[q] {
		return Type{}, fmt.Errorf("product of %v and %v: %w", x, y, ErrMalformed)
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
