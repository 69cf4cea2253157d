package model

import (
	"math"
)

// number is an element of a tensor.
type number interface{ float32 | int64 }

// broadcast is the common shape of some inputs and how each is read along it.
type broadcast struct {
	shape   []int
	strides [][]int
}

func newBroadcast(in ...*fact) (*broadcast, error) {
	b := &broadcast{shape: []int{}}
	for _, f := range in {
		var err error
		if b.shape, err = broadcastShape(b.shape, f.shape); err != nil {
			return nil, err
		}
	}
	for _, f := range in {
		b.strides = append(b.strides, broadcastStrides(f.shape, b.shape))
	}
	return b, nil
}

// combine sets out[i] = f(x, y) over the broadcast of two inputs.
func combine[T, U number](b *broadcast, out []U, x, y []T, f func(x, y T) U) {
	if len(x) == len(out) && len(y) == len(out) {
		for i := range out {
			out[i] = f(x[i], y[i])
		}
		return
	}
	i := 0
	walk(b.shape, nil, b.strides, func(at []int) {
		out[i] = f(x[at[0]], y[at[1]])
		i++
	})
}

// arithmetic holds the operators of two numbers of one type. Integers are computed
// in 64 bits; division truncates towards zero.
var arithmetic = map[string]struct {
	float func(x, y float32) float32
	int   func(x, y int64) int64
}{
	"Add": {func(x, y float32) float32 { return x + y }, func(x, y int64) int64 { return x + y }},
	"Sub": {func(x, y float32) float32 { return x - y }, func(x, y int64) int64 { return x - y }},
	"Mul": {func(x, y float32) float32 { return x * y }, func(x, y int64) int64 { return x * y }},
	"Div": {func(x, y float32) float32 { return x / y }, func(x, y int64) int64 { return x / y }},
}

// bindArithmetic implements Add, Sub, Mul and Div.
func bindArithmetic(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	b, err := newBroadcast(c.in...)
	if err != nil {
		return nil, err
	}
	f := arithmetic[c.op]
	k := returns(b.shape, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		combine(b, out.Float, in[0].Float, in[1].Float, f.float)
	})
	if c.in[0].typ.IsFloat() {
		return k, nil
	}
	k.eval = func(in, out []*Tensor) error {
		if c.op == "Div" {
			for _, d := range in[1].Int {
				if d == 0 {
					return malformed("integer division by zero")
				}
			}
		}
		combine(b, out[0].Int, in[0].Int, in[1].Int, f.int)
		return nil
	}
	return k, nil
}

// bindPow implements Pow. The exponent's type may differ from the base's, which is
// the result's.
func bindPow(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	b, err := newBroadcast(c.in...)
	if err != nil {
		return nil, err
	}
	typ := c.in[0].typ
	return returns(b.shape, typ, func(in []*Tensor, out *Tensor) {
		x, y := asFloats(in[0]), asFloats(in[1])
		i := 0
		walk(b.shape, nil, b.strides, func(at []int) {
			p := math.Pow(float64(x[at[0]]), float64(y[at[1]]))
			if out.Float != nil {
				out.Float[i] = float32(p)
			} else {
				out.Int[i] = floatToInt(float32(p), typ)
			}
			i++
		})
	}), nil
}

func asFloats(t *Tensor) []float32 {
	if t.Float != nil {
		return t.Float
	}
	f := make([]float32, len(t.Int))
	for i, v := range t.Int {
		f[i] = float32(v)
	}
	return f
}

// bindPRelu implements PRelu: x where x >= 0, else slope times x.
func bindPRelu(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	b, err := newBroadcast(c.in...)
	if err != nil {
		return nil, err
	}
	if !broadcastsTo(c.in[1].shape, c.in[0].shape) {
		return nil, malformed("slope %v does not broadcast to %v", c.in[1].shape, c.in[0].shape)
	}
	return returns(b.shape, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		combine(b, out.Float, in[0].Float, in[1].Float, func(x, slope float32) float32 {
			if x < 0 {
				return slope * x
			}
			return x
		})
	}), nil
}

// bindVariadic implements Max, Min, Sum and Mean of any number of inputs.
func bindVariadic(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	for i, f := range c.in {
		if f == nil {
			return nil, malformed("input %d is missing", i)
		}
	}
	b, err := newBroadcast(c.in...)
	if err != nil {
		return nil, err
	}
	return returns(b.shape, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		if out.Float != nil {
			fold(c.op, b, in, out.Float, floatsOf)
		} else {
			fold(c.op, b, in, out.Int, intsOf)
		}
	}), nil
}

func fold[T number](op string, b *broadcast, in []*Tensor, out []T, data func(*Tensor) []T) {
	step := map[string]func(x, y T) T{
		"Max":  func(x, y T) T { return max(x, y) },
		"Min":  func(x, y T) T { return min(x, y) },
		"Sum":  func(x, y T) T { return x + y },
		"Mean": func(x, y T) T { return x + y },
	}[op]
	for k, t := range in {
		src, i := data(t), 0
		walk(b.shape, nil, b.strides[k:k+1], func(at []int) {
			if v := src[at[0]]; k == 0 {
				out[i] = v
			} else {
				out[i] = step(out[i], v)
			}
			i++
		})
	}
	if op == "Mean" {
		for i := range out {
			out[i] /= T(len(in))
		}
	}
}
