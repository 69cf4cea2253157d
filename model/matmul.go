package model

import (
	"math"
	"slices"
)

// bindMatMul implements MatMul with NumPy's rules: the last two axes are matrices,
// the others broadcast; a vector is a row on the left, a column on the right.
func bindMatMul(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	a, b := c.in[0].shape, c.in[1].shape
	if len(a) == 0 || len(b) == 0 {
		return nil, malformed("inputs of shapes %v and %v", a, b)
	}
	row, column := len(a) == 1, len(b) == 1
	if row {
		a = []int{1, a[0]}
	}
	if column {
		b = []int{b[0], 1}
	}
	batchA, batchB := a[:len(a)-2], b[:len(b)-2]
	m, k, n := a[len(a)-2], a[len(a)-1], b[len(b)-1]
	batch, err := broadcastShape(batchA, batchB)
	if err != nil || b[len(b)-2] != k {
		return nil, malformed("inputs of shapes %v and %v", c.in[0].shape, c.in[1].shape)
	}
	shape := slices.Clone(batch)
	if !row {
		shape = append(shape, m)
	}
	if !column {
		shape = append(shape, n)
	}
	strides := [][]int{broadcastStrides(batchA, batch), broadcastStrides(batchB, batch)}
	kernel := returns(shape, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		acc := make([]float64, n)
		i := 0
		walk(batch, nil, strides, func(at []int) {
			x := in[0].Float[at[0]*m*k:][:m*k]
			y := in[1].Float[at[1]*k*n:][:k*n]
			multiply(out.Float[i*m*n:][:m*n], x, y, k, acc)
			i++
		})
	})
	kernel.work = saturatingProduct(shape, k)
	return kernel, nil
}

// multiply sets out [m,n] = x [m,k] * y [k,n]; acc has n elements.
func multiply(out, x, y []float32, k int, acc []float64) {
	n := len(acc)
	if n == 0 {
		return
	}
	for i := range len(out) / n {
		clear(acc)
		for j := range k {
			addScaled(acc, y[j*n:][:n], x[i*k+j])
		}
		for j, v := range acc {
			out[i*n+j] = float32(v)
		}
	}
}

// multiplyTransposed sets out [m,n] = x [m,k] * y' for y [n,k].
func multiplyTransposed(out, x, y []float32, k int) {
	if k == 0 {
		return
	}
	n := len(y) / k
	for i := range out {
		out[i] = dot(x[i/n*k:][:k], y[i%n*k:][:k])
	}
}

// dot sums in four strands, which hides the latency of the additions.
func dot(x, y []float32) float32 {
	var s [4]float64
	y = y[:len(x)]
	i := 0
	for ; i+4 <= len(x); i += 4 {
		s[0] += float64(x[i]) * float64(y[i])
		s[1] += float64(x[i+1]) * float64(y[i+1])
		s[2] += float64(x[i+2]) * float64(y[i+2])
		s[3] += float64(x[i+3]) * float64(y[i+3])
	}
	for ; i < len(x); i++ {
		s[0] += float64(x[i]) * float64(y[i])
	}
	return float32(s[0] + s[1] + s[2] + s[3])
}

// addScaled adds w*x to acc. The products are exact.
func addScaled(acc []float64, x []float32, w float32) {
	if w == 0 {
		return
	}
	f := float64(w)
	for i, v := range x[:len(acc)] {
		acc[i] += f * float64(v)
	}
}

// bindGemm implements Gemm: alpha*A'*B' + beta*C, where A' [m,k] and B' [k,n] may
// be given transposed and C broadcasts to [m,n] or is missing.
func bindGemm(c *call) (*kernel, error) {
	alpha, beta := 1.0, 1.0
	var transA, transB bool
	if err := c.attrs.Unpack("alpha?", &alpha, "beta?", &beta, "transA?", &transA, "transB?", &transB); err != nil {
		return nil, err
	}
	a, b := c.in[0].shape, c.in[1].shape
	if len(a) != 2 || len(b) != 2 {
		return nil, malformed("inputs of shapes %v and %v, want matrices", a, b)
	}
	m, k, k2, n := a[0], a[1], b[0], b[1]
	if transA {
		m, k = k, m
	}
	if transB {
		k2, n = n, k2
	}
	if k != k2 {
		return nil, malformed("inputs of shapes %v and %v", a, b)
	}
	shape := []int{m, n}
	bias := c.input(2)
	if bias != nil && !broadcastsTo(bias.shape, shape) {
		return nil, malformed("C of shape %v does not broadcast to %v", bias.shape, shape)
	}
	kernel := returns(shape, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		x, y := in[0].Float, in[1].Float
		if transA {
			x = transposed(x, k, m)
		}
		if transB {
			multiplyTransposed(out.Float, x, y, k)
		} else {
			multiply(out.Float, x, y, k, make([]float64, n))
		}
		if bias == nil {
			scale(out.Float, alpha)
			return
		}
		i, strides := 0, broadcastStrides(bias.shape, shape)
		walk(shape, nil, [][]int{strides}, func(at []int) {
			out.Float[i] = float32(alpha*float64(out.Float[i])) + float32(beta*float64(in[2].Float[at[0]]))
			i++
		})
	})
	kernel.work = saturatingProduct(shape, k)
	return kernel, nil
}

func scale(x []float32, by float64) {
	for i, v := range x {
		x[i] = float32(by * float64(v))
	}
}

// transposed returns the transpose of x [rows,columns].
func transposed(x []float32, rows, columns int) []float32 {
	t := make([]float32, len(x))
	for i := range rows {
		for j := range columns {
			t[j*rows+i] = x[i*columns+j]
		}
	}
	return t
}

// saturatingProduct is product(shape)*factors, or the largest int.
func saturatingProduct(shape []int, factors ...int) int {
	n := 1
	for _, f := range append(slices.Clone(shape), factors...) {
		if f > 0 && n > math.MaxInt/f {
			return math.MaxInt
		}
		n *= f
	}
	return n
}
