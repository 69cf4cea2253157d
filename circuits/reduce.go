package circuits

import (
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Reduction is what the operators share that fold axes of their input into one element.
type Reduction struct {
	Axes []int `json:"axes"` // ascending
	Keep bool  `json:"keep"` // as axes of length 1

	in   []int // the input's shape
	n    int   // elements folded into one
	into broadcast
}

// bind checks the axes and returns the output's shape.
func (r *Reduction) bind(in []Type) ([]int, error) {
	if err := checkInputs(in, 1); err != nil {
		return nil, err
	}
	r.in, r.n = in[0].Shape, 1
	ones, out := slices.Clone(r.in), []int{}
	for k, a := range r.Axes {
		if a < 0 || a >= len(r.in) || k > 0 && a <= r.Axes[k-1] {
			return nil, fmt.Errorf("axes %v of %v: %w", r.Axes, r.in, ErrProgram)
		}
		r.n *= r.in[a]
		ones[a] = 1
	}
	for k, d := range ones {
		if r.Keep || !slices.Contains(r.Axes, k) {
			out = append(out, d)
		}
	}
	r.into = newBroadcast(ones, r.in)
	return out, nil
}

// elements returns, for each element of a fold, the input's tensor of all folds at once,
// in the input's order.
func (r *Reduction) elements(x relation.Tensor) []relation.Tensor {
	var perm []int
	for k := range r.in {
		if !slices.Contains(r.Axes, k) {
			perm = append(perm, k)
		}
	}
	folds := relation.Size(r.in) / r.n
	x = x.Reshape(r.in...).Transpose(append(perm, r.Axes...)...).Reshape(folds, r.n)
	out := make([]relation.Tensor, r.n)
	for i := range out {
		out[i] = x.Slice([]int{0, i}, []int{1, 1}, []int{folds, 1}).Reshape(folds)
	}
	return out
}

// fold returns the folds of x from the left, starting from init.
func (r *Reduction) fold(x []int64, init int64, f func(acc, v int64) int64) []int64 {
	out := slices.Repeat([]int64{init}, len(x)/r.n)
	for i, v := range x {
		at := r.into.at(i)
		out[at] = f(out[at], v)
	}
	return out
}

// ReduceSum is ONNX ReduceSum and ReduceMean
// (https://onnx.ai/onnx/operators/onnx__ReduceSum.html, opset 1-18): Scale·(sum over the
// axes), where Scale·2^-ScaleExp is 1, or 1/n for the mean of n elements. Exact.
//
// Cost: none; the output is a linear expression.
type ReduceSum struct {
	Reduction
	Scale    int64 `json:"scale"`
	ScaleExp int   `json:"scale_exp"`

	out Type
}

// Infer implements Op.
func (o *ReduceSum) Infer(in []Type) (Type, error) {
	shape, err := o.bind(in)
	if err != nil {
		return Type{}, err
	}
	r, err := scaledSum(in[0].Range, o.n, o.Scale)
	if err != nil {
		return Type{}, err
	}
	o.out = Type{Shape: shape, Exp: in[0].Exp + o.ScaleExp, Range: r}
	return o.out, nil
}

// scaledSum returns the range of scale·(sum of n integers in x), for scale >= 1.
func scaledSum(x fixedpoint.Interval, n int, scale int64) (r fixedpoint.Interval, err error) {
	if scale < 1 || scale > maxInteger {
		return r, fmt.Errorf("sum scaled by %d: %w", scale, ErrBound)
	}
	if r, err = x.Scale(int64(n)); err == nil {
		r, err = r.Scale(scale)
	}
	if err = bounded(r, err); err != nil {
		return r, fmt.Errorf("sum of %d in %v, times %d: %w", n, x, scale, err)
	}
	return r, nil
}

// Eval implements Op.
func (o *ReduceSum) Eval(in [][]int64) []int64 {
	return o.fold(in[0], 0, func(acc, v int64) int64 { return acc + o.Scale*v })
}

// View implements viewer.
func (o *ReduceSum) View(in []relation.Tensor) relation.Tensor {
	return relation.Sum(o.elements(in[0])...).Times(o.Scale).Reshape(o.out.Shape...)
}

// Relate implements Op: the view says it all.
func (o *ReduceSum) Relate(*relation.Builder, []relation.Tensor, relation.Tensor) {}

// ReduceMax is ONNX ReduceMax (https://onnx.ai/onnx/operators/onnx__ReduceMax.html, opset
// 1-20): the largest element over the axes.
//
// Cost: a lookup an element and a product for each but the first of a fold.
//
// Soundness: relation.Builder.Max.
type ReduceMax struct {
	Reduction

	span int64
	out  Type
}

// Infer implements Op.
func (o *ReduceMax) Infer(in []Type) (Type, error) {
	shape, err := o.bind(in)
	if err != nil {
		return Type{}, err
	}
	o.span = in[0].Range.Hi - in[0].Range.Lo
	o.out = Type{Shape: shape, Exp: in[0].Exp, Range: in[0].Range}
	return o.out, nil
}

// Eval implements Op.
func (o *ReduceMax) Eval(in [][]int64) []int64 {
	return o.fold(in[0], math.MinInt64, func(acc, v int64) int64 { return max(acc, v) })
}

// Relate implements Op.
func (o *ReduceMax) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	b.Max(o.elements(in[0]), out.Reshape(out.Size()), o.span)
}

// ArgMax is ONNX ArgMax (https://onnx.ai/onnx/operators/onnx__ArgMax.html, opset 1-13) over
// one axis: the index of the largest element, on ties the lowest, or if Last is set the
// highest.
//
// Cost: a ReduceMax of as many elements, with a span n times as wide, and the range checks
// of the maximum and the index.
//
// Soundness: for n elements x_i the keys n·x_i + (n-1-i) are distinct and their largest
// belongs to the first largest x_i. It is n·m + r with r in [0, n) for one m and one r
// only; out = n-1-r. The last one has keys n·x_i + i, and out = r.
type ArgMax struct {
	Reduction
	Last bool `json:"last,omitempty"`

	x   fixedpoint.Interval
	out Type
}

// Infer implements Op.
func (o *ArgMax) Infer(in []Type) (Type, error) {
	shape, err := o.bind(in)
	if err != nil {
		return Type{}, err
	}
	o.x = in[0].Range
	if len(o.Axes) != 1 || o.n >= MaxTable || float64(o.n)*max(math.Abs(float64(o.x.Lo)), math.Abs(float64(o.x.Hi))) > 1<<50 {
		return Type{}, fmt.Errorf("index of %d elements in %v: %w", o.n, o.x, ErrBound)
	}
	o.out = Type{Shape: shape, Range: fixedpoint.Interval{Lo: 0, Hi: int64(o.n) - 1}}
	return o.out, nil
}

// rank is what an index adds to its key.
func (o *ArgMax) rank(i int) int64 {
	if o.Last {
		return int64(i)
	}
	return int64(o.n - 1 - i)
}

// keys returns the largest key of each fold.
func (o *ArgMax) keys(x []int64) []int64 {
	n, inner := o.n, relation.Size(o.in[o.Axes[0]+1:])
	keys := make([]int64, len(x))
	for i, v := range x {
		keys[i] = int64(n)*v + o.rank(i/inner%n)
	}
	return o.fold(keys, math.MinInt64, func(acc, v int64) int64 { return max(acc, v) })
}

// Eval implements Op.
func (o *ArgMax) Eval(in [][]int64) []int64 {
	out := o.keys(in[0])
	for i, key := range out {
		out[i] = o.rank(int(mod(key, int64(o.n))))
	}
	return out
}

// Relate implements Op.
func (o *ArgMax) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	n, span := int64(o.n), o.x.Hi-o.x.Lo
	m := b.Column("max", []int{out.Size()}, func(a *relation.Assignment) []int64 {
		keys := o.keys(a.Eval(in[0]))
		for i, key := range keys {
			keys[i] = (key - mod(key, n)) / n
		}
		return keys
	})
	b.NonNegative(m.PlusConst(-o.x.Lo), span)
	b.Range(out, o.out.Range)
	keys := o.elements(in[0])
	for i, x := range keys {
		keys[i] = x.Times(n).PlusConst(o.rank(i))
	}
	r := out
	if !o.Last {
		r = relation.Const(out.Shape, n-1).Minus(out)
	}
	b.Max(keys, m.Times(n).Plus(r), n*(span+1))
}

// mod returns the remainder of x by n > 0 in [0, n).
func mod(x, n int64) int64 { return (x%n + n) % n }

// Argmax returns the lowest index of the largest element, as ONNX ArgMax does: the class
// of a vector of scores.
func Argmax[T float32 | float64](x []T) int {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return best
}
