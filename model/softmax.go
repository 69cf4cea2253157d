package model

import "math"

// bindSoftmax implements Softmax and LogSoftmax: along axis from opset 13 on,
// before that over all axes from axis on together.
func bindSoftmax(c *call) (*kernel, error) {
	axis := -1
	if c.opset < 13 {
		axis = 1
	}
	if err := c.attrs.Unpack("axis?", &axis); err != nil {
		return nil, err
	}
	x := c.in[0].shape
	if c.opset < 13 && axis == len(x) {
		return nil, unsupported("axis %d of an input of rank %d", axis, len(x))
	}
	axis, err := normAxis(axis, len(x))
	if err != nil {
		return nil, err
	}
	n, inner := x[axis], product(x[axis+1:])
	if c.opset < 13 {
		n, inner = n*inner, 1
	}
	return returns(x, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		for i := range product(x) / max(n, 1) {
			start := i/inner*n*inner + i%inner
			softmax(out.Float[start:], in[0].Float[start:], n, inner, c.op == "LogSoftmax")
		}
	}), nil
}

// softmax handles the n elements of x at distance stride.
func softmax(out, x []float32, n, stride int, logarithm bool) {
	top := x[0]
	for i := range n {
		top = max(top, x[i*stride])
	}
	sum := 0.0
	for i := range n {
		sum += math.Exp(float64(x[i*stride]) - float64(top))
	}
	for i := range n {
		d := float64(x[i*stride]) - float64(top)
		if logarithm {
			out[i*stride] = float32(d - math.Log(sum))
		} else {
			out[i*stride] = float32(math.Exp(d) / sum)
		}
	}
}
