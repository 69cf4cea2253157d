package model

// bindOneHot implements OneHot (opsets 9 and 11): along a new axis the first value, but the
// second where an index stands. Negative indices count from the end, others choose nothing.
func bindOneHot(c *call) (*kernel, error) {
	axis := -1
	if err := c.attrs.Unpack("axis?", &axis); err != nil {
		return nil, err
	}
	depth, values := c.in[1], c.in[2]
	if depth.value == nil {
		return nil, unsupported("depth that depends on data")
	}
	if depth.value.Len() != 1 || product(values.shape) != 2 {
		return nil, malformed("depth of shape %v, values of shape %v", depth.shape, values.shape)
	}
	n := int(asFloats(depth.value)[0])
	at := c.in[0]
	axis, err := normAxis(axis, len(at.shape)+1)
	if err != nil {
		return nil, err
	}
	if n < 1 || n > maxElements {
		return nil, malformed("depth %d", n)
	}
	shape := append([]int{}, at.shape[:axis]...)
	shape = append(append(shape, n), at.shape[axis:]...)
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	inner := product(at.shape[axis:])
	return returns(shape, values.typ, func(in []*Tensor, out *Tensor) {
		for i := range out.Float {
			out.Float[i] = in[2].Float[0]
		}
		for i := range out.Int {
			out.Int[i] = in[2].Int[0]
		}
		for i, v := range asFloats(in[0]) {
			k := int(v)
			if k < 0 {
				k += n
			}
			if k < 0 || k >= n {
				continue
			}
			to := (i/inner*n+k)*inner + i%inner
			if out.Float != nil {
				out.Float[to] = in[2].Float[1]
			} else {
				out.Int[to] = in[2].Int[1]
			}
		}
	}), nil
}
