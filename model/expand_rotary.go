package model

import "slices"

// rotaryEmbedding expands RotaryEmbedding (opset 23) and com.microsoft's: the first dim
// elements of each head, as pairs (a, b), become (a·cos - b·sin, a·sin + b·cos) by the angles
// of their position. Pairs are neighbours if interleaved, else an element of the first half
// and one of the second.
func (e *expander) rotaryEmbedding() error {
	interleaved, dim, heads := false, 0, 0
	cos, sin, err := "", "", error(nil)
	if e.op == "RotaryEmbedding" {
		if err = e.attrs.Unpack("interleaved?", &interleaved, "num_heads?", &heads, "rotary_embedding_dim?", &dim); err == nil {
			cos, sin, err = e.angles(1, 2, 3)
		}
	} else {
		scale, packed := 1., false
		if err = e.attrs.Unpack("interleaved?", &interleaved, "is_packed_batching?", &packed, "num_heads?", &heads, "rotary_embedding_dim?", &dim, "scale?", &scale); err == nil {
			cos, sin, err = e.angles(2, 3, 1)
		}
		if packed || scale != 1 {
			return unsupported("is_packed_batching %d, scale %v", truth(packed), scale)
		}
	}
	if err != nil {
		return err
	}
	angles, err := e.shapeOf(cos)
	if err != nil {
		return err
	}
	half := angles[2]
	x, shape, at := e.arg(0), e.in[0].shape, 1 // at: axis of the heads
	if len(shape) == 3 {
		if heads == 0 && dim == 0 && e.op != "RotaryEmbedding" && half > 0 {
			heads = shape[2] / (2 * half)
		}
		if heads < 1 || shape[2]%heads != 0 {
			return malformed("input of shape %v for num_heads %d", shape, heads)
		}
		at, shape = 2, []int{shape[0], shape[1], heads, shape[2] / heads}
		x = e.reshape(x, shape...)
	}
	if len(shape) != 4 || product(shape) == 0 {
		return malformed("input of shape %v, want three or four axes", shape)
	}
	if dim == 0 {
		dim = shape[3]
	}
	if dim < 2 || dim > shape[3] || dim != 2*half {
		return malformed("rotary_embedding_dim %d of heads of %d, and %d angles", dim, shape[3], half)
	}
	if batch := angles[0]; batch != 1 && batch != shape[0] || angles[1] != shape[3-at] {
		return malformed("angles of shape %v for an input of shape %v", angles, shape)
	}
	angles = slices.Insert(slices.Clone(angles), at, 1)
	cos, sin = e.reshape(cos, angles...), e.reshape(sin, angles...)
	e.set(0, e.reshape(e.rotated(x, cos, sin, shape[3], dim, interleaved), e.in[0].shape...))
	return nil
}

// rotated turns the pairs among the first dim of size elements.
func (e *expander) rotated(x, cos, sin string, size, dim int, interleaved bool) string {
	half := dim / 2
	var a, b string
	back := make([]int, dim) // where the elements are among the first ones of all pairs, then the second
	if interleaved {
		first, second := make([]int, half), make([]int, half)
		for k := range half {
			first[k], second[k] = 2*k, 2*k+1
			back[2*k], back[2*k+1] = k, half+k
		}
		a, b = e.takeAxis(x, 3, first), e.takeAxis(x, 3, second)
	} else {
		a, b = e.slice(x, 3, 0, half), e.slice(x, 3, half, dim)
	}
	y := e.join(3, e.do("Sub", e.do("Mul", a, cos), e.do("Mul", b, sin)), e.do("Add", e.do("Mul", a, sin), e.do("Mul", b, cos)))
	if interleaved {
		y = e.takeAxis(y, 3, back)
	}
	if dim < size {
		y = e.join(3, y, e.slice(x, 3, dim, size))
	}
	return y
}

// angles returns the cosines and sines of every position, [batch or 1, positions, pairs]: the
// caches, or the rows of them that position_ids take. Of com.microsoft's ids, one alone is that
// of the first position.
func (e *expander) angles(cos, sin, ids int) (c, s string, err error) {
	list := e.input(ids)
	caches := [][]int{e.in[cos].shape, e.in[sin].shape}
	switch {
	case !slices.Equal(caches[0], caches[1]):
		return "", "", malformed("cos_cache of shape %v, sin_cache of shape %v", caches[0], caches[1])
	case list == nil && len(caches[0]) == 3:
		return e.arg(cos), e.arg(sin), nil
	case list == nil || len(caches[0]) != 2:
		return "", "", malformed("caches of shape %v, want three axes without position_ids, else two", caches[0])
	case list.typ.IsFloat():
		return "", "", malformed("position_ids is %v", list.typ)
	}
	at := e.arg(ids)
	switch {
	case len(list.shape) == 2:
	case e.op != "RotaryEmbedding" && product(list.shape) == 1:
		first, err := e.needConstant(ids, "position_ids of one number")
		if err != nil {
			return "", "", err
		}
		x := e.in[0].shape
		if len(x) < 3 {
			return "", "", malformed("input of shape %v", x)
		}
		n := x[len(x)-2]
		if first.Int[0] < 0 || first.Int[0] > int64(caches[0][0]-n) {
			return "", "", malformed("position %d and the next %d for caches of shape %v", first.Int[0], n-1, caches[0])
		}
		t := &Tensor{Shape: []int{1, n}, Int: make([]int64, n)}
		for i := range t.Int {
			t.Int[i] = first.Int[0] + int64(i)
		}
		at = e.constant(t)
	default:
		return "", "", malformed("position_ids of shape %v", list.shape)
	}
	c, s = e.do("Gather", e.arg(cos), at), e.do("Gather", e.arg(sin), at)
	if shape, err := e.shapeOf(c); err != nil || len(shape) != 3 {
		return "", "", unsupported("position_ids that depend on data")
	}
	if _, err := e.shapeOf(s); err != nil {
		return "", "", err
	}
	return c, s, nil
}
