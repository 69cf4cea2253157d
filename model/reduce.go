package model

import (
	"math"
	"slices"
)

// bindReduce implements the Reduce operators, with axes as an attribute or an input.
func bindReduce(c *call) (*kernel, error) {
	var axes []int
	keep, noop := true, false
	if err := c.attrs.Unpack("axes?", &axes, "keepdims?", &keep, "noop_with_empty_axes?", &noop); err != nil {
		return nil, err
	}
	x := c.in[0]
	if list, ok, err := c.ints(1); err != nil {
		return nil, err
	} else if ok {
		axes = list
	}
	if len(axes) == 0 && noop {
		return bindIdentity(&call{in: c.in})
	}
	axes, err := normAxes(axes, len(x.shape))
	if err != nil {
		return nil, err
	}
	if len(axes) == 0 {
		for i := range x.shape {
			axes = append(axes, i)
		}
	}
	return newReduce(c.op, x, axes, keep)
}

// reduction folds values into a float64, starting from init.
type reduction struct {
	init float64
	step func(acc, x float64) float64
	end  func(acc, n float64) float64 // nil is the identity
}

var reductions = map[string]reduction{
	"ReduceL2":   {0, func(a, x float64) float64 { return a + float64(x*x) }, func(a, _ float64) float64 { return math.Sqrt(a) }},
	"ReduceMax":  {math.Inf(-1), func(a, x float64) float64 { return max(a, x) }, nil},
	"ReduceMean": {0, func(a, x float64) float64 { return a + x }, func(a, n float64) float64 { return a / n }},
	"ReduceMin":  {math.Inf(1), func(a, x float64) float64 { return min(a, x) }, nil},
	"ReduceProd": {1, func(a, x float64) float64 { return a * x }, nil},
	"ReduceSum":  {0, func(a, x float64) float64 { return a + x }, nil},
}

var intReductions = map[string]struct {
	init int64
	step func(acc, x int64) int64
}{
	"ReduceMax":  {math.MinInt64, func(a, x int64) int64 { return max(a, x) }},
	"ReduceMin":  {math.MaxInt64, func(a, x int64) int64 { return min(a, x) }},
	"ReduceProd": {1, func(a, x int64) int64 { return a * x }},
	"ReduceSum":  {0, func(a, x int64) int64 { return a + x }},
}

// newReduce reduces x over sorted axes, which keep length 1 if keep is set.
func newReduce(op string, x *fact, axes []int, keep bool) (*kernel, error) {
	shape := []int{}
	ones := slices.Clone(x.shape) // the result with every axis kept
	for i, d := range x.shape {
		if !slices.Contains(axes, i) {
			shape = append(shape, d)
			continue
		}
		if d == 0 && op != "ReduceSum" {
			return nil, malformed("%s over an empty axis of %v", op, x.shape)
		}
		ones[i] = 1
		if keep {
			shape = append(shape, 1)
		}
	}
	strides := [][]int{broadcastStrides(ones, x.shape)}
	ints, ok := intReductions[op]
	switch {
	case x.typ.IsFloat():
		return returns(shape, x.typ, func(in []*Tensor, out *Tensor) {
			reduceFloats(reductions[op], x.shape, strides, in[0].Float, out.Float)
		}), nil
	case !ok:
		return nil, unsupported("input of type %v", x.typ)
	}
	return returns(shape, x.typ, func(in []*Tensor, out *Tensor) {
		for i := range out.Int {
			out.Int[i] = ints.init
		}
		i := 0
		walk(x.shape, nil, strides, func(at []int) {
			out.Int[at[0]] = ints.step(out.Int[at[0]], in[0].Int[i])
			i++
		})
	}), nil
}

func reduceFloats(r reduction, shape []int, strides [][]int, x, out []float32) {
	acc := slices.Repeat([]float64{r.init}, len(out))
	i := 0
	walk(shape, nil, strides, func(at []int) {
		acc[at[0]] = r.step(acc[at[0]], float64(x[i]))
		i++
	})
	for i, v := range acc {
		if r.end != nil {
			v = r.end(v, float64(len(x)/len(out)))
		}
		out[i] = float32(v)
	}
}

// bindArg implements ArgMax and ArgMin; ties go to the first index unless
// select_last_index is set.
func bindArg(c *call) (*kernel, error) {
	axis, keep, last := 0, true, false
	if err := c.attrs.Unpack("axis?", &axis, "keepdims?", &keep, "select_last_index?", &last); err != nil {
		return nil, err
	}
	x := c.in[0].shape
	axis, err := normAxis(axis, len(x))
	if err != nil {
		return nil, err
	}
	if x[axis] == 0 {
		return nil, malformed("%s over an empty axis of %v", c.op, x)
	}
	shape := slices.Delete(slices.Clone(x), axis, axis+1)
	if keep {
		shape = slices.Insert(shape, axis, 1)
	}
	n, inner := x[axis], product(x[axis+1:])
	return returns(shape, Int64, func(in []*Tensor, out *Tensor) {
		for i := range out.Int {
			start := i/inner*n*inner + i%inner
			if in[0].Float != nil {
				out.Int[i] = best(in[0].Float[start:], n, inner, c.op == "ArgMin", last)
			} else {
				out.Int[i] = best(in[0].Int[start:], n, inner, c.op == "ArgMin", last)
			}
		}
	}), nil
}

// best returns the index of the largest (smallest) of n elements at distance stride.
func best[T number](x []T, n, stride int, smallest, last bool) int64 {
	at := 0
	for i := 1; i < n; i++ {
		a, b := x[i*stride], x[at*stride]
		if smallest {
			a, b = b, a
		}
		if a > b || last && a == b {
			at = i
		}
	}
	return int64(at)
}
