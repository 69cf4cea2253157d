package circuits

import (
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Conv is ONNX Conv (https://onnx.ai/onnx/operators/onnx__Conv.html, opset 1-22) over
// two spatial axes with integer weights:
//
//	out[n,o,i,j] = Bias[o] + Σ_{c,a,b} W[o,c,a,b]·x[n, g·C+c, s·i+d·a-p, s·j+d·b-p]
//
// x: [N, Group·C, H, W]; W: [O, C, A, B]; out: [N, O, I, J], exact accumulators whose
// scale is the product of x's and the weights'. Padding is zero.
//
// Cost: package gadget's contraction; with packed weights about C·H·W + O/12·(C·A·B + I·J)
// constraints.
//
// Soundness: one relation.Contract for each group and batch item.
type Conv struct {
	Group    int                 `json:"group"`
	Kernel   [4]int              `json:"kernel"` // O, C, A, B
	Stride   [2]int              `json:"stride"`
	Dilation [2]int              `json:"dilation"`
	Pads     [4]int              `json:"pads"`       // top, left, bottom, right
	Exp      int                 `json:"weight_exp"` // of the weights: real = w·2^-Exp
	Bound    fixedpoint.Interval `json:"bound"`      // declared range of the accumulators, public to a power of two
	Spread   int64               `json:"spread"`     // declared largest range of one channel
	Weights  Ints                `json:"weights"`
	Bias     Ints                `json:"bias"`

	in, out Type
}

// Infer implements Op.
func (c *Conv) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 1); err != nil {
		return Type{}, err
	}
	x := in[0].Shape
	if len(x) != 4 || !validShape(c.Kernel[:]) || c.Group < 1 || c.Group > c.Kernel[0] ||
		x[1] != c.Group*c.Kernel[1] || c.Kernel[0]%c.Group != 0 {
		return Type{}, fmt.Errorf("input %v does not fit kernel %v in %d groups: %w", x, c.Kernel, c.Group, ErrProgram)
	}
	out := []int{x[0], c.Kernel[0], 0, 0}
	for k := range 2 {
		if c.Stride[k] < 1 || c.Dilation[k] < 1 || min(c.Pads[k], c.Pads[k+2]) < 0 ||
			!validSteps(c.Stride[k], c.Dilation[k], c.Pads[k], c.Pads[k+2]) {
			return Type{}, fmt.Errorf("strides %v, dilations %v, pads %v: %w", c.Stride, c.Dilation, c.Pads, ErrProgram)
		}
		span := x[2+k] + c.Pads[k] + c.Pads[k+2] - c.Dilation[k]*(c.Kernel[2+k]-1) - 1
		if span < 0 {
			return Type{}, fmt.Errorf("kernel %v exceeds input %v: %w", c.Kernel, x, ErrProgram)
		}
		out[2+k] = span/c.Stride[k] + 1
	}
	if len(c.Weights) != relation.Size(c.Kernel[:]) || len(c.Bias) != c.Kernel[0] {
		return Type{}, fmt.Errorf("%d weights and %d biases for kernel %v: %w", len(c.Weights), len(c.Bias), c.Kernel, ErrProgram)
	}
	got, spread, err := c.reach(in[0])
	if err != nil {
		return Type{}, err
	}
	if err := checkWidths(c.Bound, c.Spread); err != nil {
		return Type{}, err
	}
	if !c.Bound.Covers(got) || spread > c.Spread {
		return Type{}, fmt.Errorf("these weights reach %v (%d in one channel), declared is %v (%d): %w", got, spread, c.Bound, c.Spread, ErrBound)
	}
	c.in, c.out = in[0], Type{Shape: out, Exp: in[0].Exp + c.Exp}
	c.out.Range, c.out.Spread = declared(c.Bound, c.Spread)
	return c.out, nil
}

func (c *Conv) padded() bool { return c.Pads != [4]int{} }

// Eval implements Op.
func (c *Conv) Eval(in [][]int64) []int64 {
	x, xs, os := in[0], c.in.Shape, c.out.Shape
	ch, h, w := xs[1], xs[2], xs[3]
	kc, ka, kb := c.Kernel[1], c.Kernel[2], c.Kernel[3]
	perGroup := c.Kernel[0] / c.Group
	out := make([]int64, c.out.Size())
	for n := range os[0] {
		for o := range os[1] {
			y := out[(n*os[1]+o)*os[2]*os[3]:][:os[2]*os[3]]
			for p := range y {
				y[p] = c.Bias[o]
			}
			for k := range kc {
				plane := x[(n*ch+o/perGroup*kc+k)*h*w:][:h*w]
				for a := range ka {
					for b := range kb {
						c.tap(y, plane, c.Weights[((o*kc+k)*ka+a)*kb+b], a, b)
					}
				}
			}
		}
	}
	return out
}

// tap adds weight·x to every output that tap (a,b) reaches.
func (c *Conv) tap(y, x []int64, weight int64, a, b int) {
	h, w := c.in.Shape[2], c.in.Shape[3]
	rows, cols := c.out.Shape[2], c.out.Shape[3]
	for i := range rows {
		r := i*c.Stride[0] + a*c.Dilation[0] - c.Pads[0]
		if r < 0 || r >= h {
			continue
		}
		line, from := y[i*cols:][:cols], x[r*w:][:w]
		q := b*c.Dilation[1] - c.Pads[1]
		for j := range line {
			if q >= 0 && q < w {
				line[j] += weight * from[q]
			}
			q += c.Stride[1]
		}
	}
}

func (*Conv) enforces() bool { return false }

// Relate implements Op.
func (c *Conv) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	xs, os := c.in.Shape, c.out.Shape
	perIn, perOut := c.Kernel[1], c.Kernel[0]/c.Group
	for g := range c.Group {
		size := relation.Size(c.Kernel[1:])
		w := b.Param("weights", []int{perOut, c.Kernel[1], c.Kernel[2], c.Kernel[3]}, c.Weights[g*perOut*size:][:perOut*size])
		bias := b.Param("bias", []int{perOut}, c.Bias[g*perOut:][:perOut])
		for n := range os[0] {
			b.Contract(relation.Contract{
				X: part(in[0], xs, n, g*perIn, perIn), Out: part(out, os, n, g*perOut, perOut), W: w, Bias: bias,
				Stride: c.Stride, Dilation: c.Dilation, Pad: [2]int{c.Pads[0], c.Pads[1]},
			})
		}
	}
}

// part returns channels [from, from+count) of batch item n as [count, H, W].
func part(t relation.Tensor, shape []int, n, from, count int) relation.Tensor {
	if shape[0] == 1 && count == shape[1] {
		return t.Reshape(shape[1:]...)
	}
	return t.Reshape(shape...).Slice([]int{n, from, 0, 0}, []int{1, 1, 1, 1}, []int{1, count, shape[2], shape[3]}).
		Reshape(count, shape[2], shape[3])
}

// Declare sets the declared widths to those that the weights need over inputs of a type.
func (c *Conv) Declare(in Type) error {
	got, spread, err := c.reach(in)
	c.Bound, c.Spread = declared(got, spread)
	return err
}

// reach returns the range of the accumulators, and the widest of one channel.
func (c *Conv) reach(in Type) (fixedpoint.Interval, int64, error) {
	return accumulators(in.Range, c.Weights, c.Bias, c.Kernel[0], c.padded())
}

func (c *Conv) withoutParams() parametrised {
	d := *c
	d.Weights, d.Bias = nil, nil
	d.Bound, d.Spread = declared(c.Bound, c.Spread)
	return &d
}

func (c *Conv) params() []*Ints { return []*Ints{&c.Weights, &c.Bias} }

// accumulators returns the range of bias + Σ w·x over all rows for x in the interval, and
// the widest range of one row; padded inputs may be zero besides. It fails if an
// accumulator, or a part of its sum, could pass [maxInteger].
func accumulators(x fixedpoint.Interval, w, bias []int64, rows int, padded bool) (all fixedpoint.Interval, spread int64, err error) {
	if padded {
		x = x.Union(fixedpoint.Point(0))
	}
	per := len(w) / rows
	most := maxInteger / int64(max(x.MaxAbs(), 1)) // the largest weight whose products are bounded
	for o := range rows {
		row := fixedpoint.Point(bias[o])
		err := bounded(row, nil)
		for _, v := range w[o*per:][:per] {
			if err != nil {
				break
			}
			if v < -most || v > most {
				err = fmt.Errorf("weight %d: %w", v, ErrBound)
				break
			}
			a, b := v*x.Lo, v*x.Hi
			row.Lo, row.Hi = row.Lo+min(a, b), row.Hi+max(a, b)
			err = bounded(row, nil)
		}
		if err != nil {
			return all, 0, fmt.Errorf("accumulators of row %d over %v: %w", o, x, err)
		}
		if o == 0 {
			all = row
		}
		all, spread = all.Union(row), max(spread, row.Hi-row.Lo)
	}
	return all, spread, nil
}
