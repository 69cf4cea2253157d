package model

// bindWhere implements Where: the first input chooses between the others.
func bindWhere(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	cond, x, y := c.in[0], c.in[1], c.in[2]
	if cond.typ.IsFloat() || x.typ.IsFloat() != y.typ.IsFloat() {
		return nil, malformed("inputs of types %v, %v and %v", cond.typ, x.typ, y.typ)
	}
	b, err := newBroadcast(c.in...)
	if err != nil {
		return nil, err
	}
	return returns(b.shape, x.typ, func(in []*Tensor, out *Tensor) {
		if out.Float != nil {
			choose(b, out.Float, in[0].Int, in[1].Float, in[2].Float)
		} else {
			choose(b, out.Int, in[0].Int, in[1].Int, in[2].Int)
		}
	}), nil
}

func choose[T number](b *broadcast, out []T, cond []int64, x, y []T) {
	i := 0
	walk(b.shape, nil, b.strides, func(at []int) {
		if out[i] = y[at[2]]; cond[at[0]] != 0 {
			out[i] = x[at[1]]
		}
		i++
	})
}
