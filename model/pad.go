package model

// bindPad implements Pad with a constant; pads and value are attributes (below
// opset 11) or inputs, and negative pads cut.
func bindPad(c *call) (*kernel, error) {
	mode, value := "constant", float32(0)
	var pads []int
	if err := c.attrs.Unpack("mode?", &mode, "pads?", &pads, "value?", &value); err != nil {
		return nil, err
	}
	if mode != "constant" {
		return nil, unsupported("mode %s", mode)
	}
	x := c.in[0]
	rank := len(x.shape)
	if v, ok, err := c.ints(1); err != nil {
		return nil, err
	} else if ok {
		pads = v
	}
	if fill := c.input(2); fill != nil && (product(fill.shape) != 1 || fill.typ.IsFloat() != x.typ.IsFloat()) {
		return nil, malformed("value of type %v and shape %v", fill.typ, fill.shape)
	}
	if v, ok, err := c.ints(3); err != nil {
		return nil, err
	} else if ok {
		if pads, err = spreadPads(pads, v, rank); err != nil {
			return nil, err
		}
	}
	if len(pads) != 2*rank {
		return nil, malformed("pads %v, want %d values", pads, 2*rank)
	}
	return newPad(x, pads, value)
}

// spreadPads turns pads of some axes into pads of all.
func spreadPads(pads, axes []int, rank int) ([]int, error) {
	if _, err := normAxes(axes, rank); err != nil {
		return nil, err
	}
	if len(pads) != 2*len(axes) {
		return nil, malformed("pads %v for axes %v", pads, axes)
	}
	all := make([]int, 2*rank)
	for i, a := range axes {
		a, _ = normAxis(a, rank)
		all[a], all[rank+a] = pads[i], pads[len(axes)+i]
	}
	return all, nil
}

// newPad copies the part of x that stays into an output filled with the value.
func newPad(x *fact, pads []int, value float32) (*kernel, error) {
	rank := len(x.shape)
	shape, kept := make([]int, rank), make([]int, rank)
	for i, d := range x.shape {
		begin, end := pads[i], pads[rank+i]
		if begin < -d || end < -d || begin > maxElements || end > maxElements || begin+end < -d {
			return nil, malformed("pads %v for shape %v", pads, x.shape)
		}
		shape[i] = d + begin + end
		kept[i] = d + min(begin, 0) + min(end, 0)
	}
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	strides := [][]int{stridesOf(x.shape), stridesOf(shape)}
	start := make([]int, 2)
	for i := range rank {
		start[0] += max(-pads[i], 0) * strides[0][i]
		start[1] += max(pads[i], 0) * strides[1][i]
	}
	return returns(shape, x.typ, func(in []*Tensor, out *Tensor) {
		fill := &Tensor{Float: []float32{value}, Int: []int64{int64(value)}}
		if len(in) > 2 && in[2] != nil {
			fill = in[2]
		}
		for i := range out.Float {
			out.Float[i] = fill.Float[0]
		}
		for i := range out.Int {
			out.Int[i] = fill.Int[0]
		}
		walk(kept, start, strides, func(at []int) { blocks(out, at[1], in[0], at[0], 1) })
	}), nil
}
