package flat

import (
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/flat"
)

// contract adds Out - Bias = Σ X·W. The first factors weigh by the outputs' places, the second by
// their channels.
func (c *compiler) contract(k *relation.Contract) {
	channels, height, width := k.X.Shape[0], k.X.Shape[1], k.X.Shape[2]
	outs, rows, cols := k.Out.Shape[0], k.Out.Shape[1], k.Out.Shape[2]
	kernel := [2]int{k.W.Shape[2], k.W.Shape[3]}
	s := c.newSlots(&c.sums, channels, kernel[0], kernel[1])
	o := c.newSlots(&c.outputs, outs, rows, cols)
	second := func() int { return o.bitsFrom(rows * cols) }
	first := func() int { return c.allOutputs() &^ second() }

	for _, p := range k.X.Parts() {
		r := c.part(flat.First, flat.One, p, s, o, func(yield func(element, slot, side int)) {
			for slot := range s.size {
				channel, a, b := slot/(kernel[0]*kernel[1]), slot/kernel[1]%kernel[0], slot%kernel[1]
				for i := range rows {
					y := i*k.Stride[0] + a*k.Dilation[0] - k.Pad[0]
					if y < 0 || y >= height {
						continue
					}
					for j := range cols {
						if x := j*k.Stride[1] + b*k.Dilation[1] - k.Pad[1]; x >= 0 && x < width {
							yield((channel*height+y)*width+x, slot, i*cols+j)
						}
					}
				}
			}
		})
		if r != nil {
			r.sides = first
		}
	}
	w := c.blocks[k.W.ID]
	c.records = append(c.records, record{claim: flat.Second, value: w, slot: s, side: o, sides: second,
		each: func(yield func(value, slot, side int, coef int64)) {
			all := rounded(outs, s.size) // those from outs on are zeros, as are their weights
			if !w.holds(all*s.size) || !o.holds(all*rows*cols) {
				all = outs
			}
			for out := range all {
				for slot := range s.size {
					yield(out*s.size+slot, slot, out*rows*cols, 1)
				}
			}
		}})
	c.output(k.Out, o)
	if k.Bias != nil {
		c.records = append(c.records, record{claim: flat.Output, value: c.blocks[k.Bias.ID], side: o, sides: c.allOutputs,
			each: func(yield func(value, slot, side int, coef int64)) {
				for i := range o.size {
					yield(i/(rows*cols), 0, i, -1)
				}
			}})
	}
}

// matMul adds Out = A·B.
func (c *compiler) matMul(m *relation.MatMul) {
	rows, inner, cols := m.A.Shape[0], m.A.Shape[1], m.B.Shape[1]
	s := c.newSlots(&c.sums, inner)
	o := c.newSlots(&c.outputs, rows, cols)
	first := func() int { return c.allOutputs() &^ second(o, cols) }
	for _, p := range m.A.Parts() {
		r := c.part(flat.First, flat.One, p, s, o, func(yield func(element, slot, side int)) {
			for k := range inner {
				for i := range rows {
					yield(i*inner+k, k, i*cols)
				}
			}
		})
		if r != nil {
			r.sides = first
		}
	}
	for _, p := range m.B.Parts() {
		r := c.part(flat.Second, flat.One, p, s, o, func(yield func(element, slot, side int)) {
			for k := range inner {
				for j := range cols {
					yield(k*cols+j, k, j)
				}
			}
		})
		if r != nil {
			r.sides = func() int { return second(o, cols) }
		}
	}
	c.output(m.Out, o)
}

// second returns the bits of a product's columns: those below a row's.
func second(o *space, cols int) int { return (o.padded() - 1) &^ o.bitsFrom(cols) }

// output adds a tensor to the outputs of sums.
func (c *compiler) output(t relation.Tensor, o *space) {
	for _, p := range t.Parts() {
		r := c.part(flat.Output, flat.One, p, nil, o, func(yield func(element, slot, side int)) {
			for i := range o.size {
				yield(i, 0, i)
			}
		})
		if r != nil {
			r.sides = c.allOutputs
		}
	}
}

func (c *compiler) allOutputs() int { return 1<<c.Plan.Outputs - 1 }
