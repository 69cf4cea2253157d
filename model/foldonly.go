package model

import "math"

// The operators of this file only prepare shapes, indices and masks; where they depend on
// data they are expanded or refused.

// bindSize implements Size (opsets 1 to 25), which reads the shape alone.
func bindSize(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	n := int64(product(c.in[0].shape))
	k := returns([]int{}, Int64, func(_ []*Tensor, out *Tensor) { out.Int[0] = n })
	k.static = true
	return k, nil
}

// bindNonZero implements NonZero (opsets 9 and 13) of constants: how many there are decides
// the output's shape.
func bindNonZero(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	x := c.in[0]
	if x.value == nil {
		return nil, unsupported("the number of elements that are not zero depends on data")
	}
	rank := len(x.shape)
	found := make([][]int64, rank)
	n, i := 0, 0
	units := make([][]int, rank)
	for k := range rank {
		units[k] = unit(rank, k)
	}
	values := asFloats(x.value)
	walk(x.shape, nil, units, func(at []int) {
		if values[i] != 0 {
			n++
			for k := range rank {
				found[k] = append(found[k], int64(at[k]))
			}
		}
		i++
	})
	return returns([]int{rank, n}, Int64, func(_ []*Tensor, out *Tensor) {
		for k, list := range found {
			copy(out.Int[k*n:], list)
		}
	}), nil
}

// bindIs implements IsNaN and IsInf (opsets 9 to 20).
func bindIs(c *call) (*kernel, error) {
	positive, negative := true, true
	if err := c.attrs.Unpack("detect_positive?", &positive, "detect_negative?", &negative); err != nil {
		return nil, err
	}
	return returns(c.in[0].shape, Bool, func(in []*Tensor, out *Tensor) {
		for i, v := range in[0].Float {
			if x := float64(v); c.op == "IsNaN" {
				out.Int[i] = truth(v != v)
			} else {
				out.Int[i] = truth(positive && math.IsInf(x, 1) || negative && math.IsInf(x, -1))
			}
		}
	}), nil
}
