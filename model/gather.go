package model

import "slices"

// gatherWalk copies in[0] to the output in row-major order of shape, reading from
// start with the given strides.
func gatherWalk(x *fact, shape []int, start int, strides []int) *kernel {
	return returns(shape, x.typ, func(in []*Tensor, out *Tensor) {
		i := 0
		walk(shape, []int{start}, [][]int{strides}, func(at []int) {
			if out.Float != nil {
				out.Float[i] = in[0].Float[at[0]]
			} else {
				out.Int[i] = in[0].Int[at[0]]
			}
			i++
		})
	})
}

// bindTranspose implements Transpose; the default reverses the axes.
func bindTranspose(c *call) (*kernel, error) {
	var perm []int
	if err := c.attrs.Unpack("perm?", &perm); err != nil {
		return nil, err
	}
	x := c.in[0]
	rank := len(x.shape)
	if perm == nil {
		for i := range rank {
			perm = append(perm, rank-1-i)
		}
	}
	if len(perm) != rank {
		return nil, malformed("perm %v for rank %d", perm, rank)
	}
	for i, k := range slices.Sorted(slices.Values(perm)) {
		if k != i {
			return nil, malformed("perm %v for rank %d", perm, rank)
		}
	}
	shape, strides := make([]int, rank), make([]int, rank)
	from := stridesOf(x.shape)
	for i := range rank {
		shape[i], strides[i] = x.shape[perm[i]], from[perm[i]]
	}
	return gatherWalk(x, shape, 0, strides), nil
}

// bindExpand implements Expand, which broadcasts both ways.
func bindExpand(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	to, _, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	if err := checkShape(to); err != nil {
		return nil, err
	}
	shape, err := broadcastShape(c.in[0].shape, to)
	if err != nil {
		return nil, err
	}
	return gatherWalk(c.in[0], shape, 0, broadcastStrides(c.in[0].shape, shape)), nil
}

// bindTile implements Tile by walking [repeat0, axis0, repeat1, axis1, ...].
func bindTile(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	x := c.in[0]
	repeats, _, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	if len(repeats) != len(x.shape) {
		return nil, malformed("repeats %v for shape %v", repeats, x.shape)
	}
	shape := make([]int, 0, len(repeats))
	var pairs, strides []int
	for i, s := range stridesOf(x.shape) {
		if repeats[i] < 0 || repeats[i] > maxElements {
			return nil, malformed("repeats %v for shape %v", repeats, x.shape)
		}
		shape = append(shape, repeats[i]*x.shape[i])
		pairs = append(pairs, repeats[i], x.shape[i])
		strides = append(strides, 0, s)
	}
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	k := gatherWalk(x, pairs, 0, strides)
	k.out[0].shape = shape
	return k, nil
}

// bindSlice implements Slice, with attributes (below opset 10) or inputs.
func bindSlice(c *call) (*kernel, error) {
	var starts, ends, axes, steps []int
	if err := c.attrs.Unpack("starts?", &starts, "ends?", &ends, "axes?", &axes); err != nil {
		return nil, err
	}
	for i, list := range []*[]int{&starts, &ends, &axes, &steps} {
		v, ok, err := c.ints(i + 1)
		if err != nil {
			return nil, err
		}
		if ok {
			*list = v
		}
	}
	x := c.in[0]
	if axes == nil {
		for i := range starts {
			axes = append(axes, i)
		}
	}
	if steps == nil {
		steps = slices.Repeat([]int{1}, len(starts))
	}
	n := len(starts)
	if starts == nil || len(ends) != n || len(axes) != n || len(steps) != n {
		return nil, malformed("starts %v, ends %v, axes %v, steps %v", starts, ends, axes, steps)
	}
	if _, err := normAxes(axes, len(x.shape)); err != nil {
		return nil, err
	}
	shape, strides, at := slices.Clone(x.shape), stridesOf(x.shape), 0
	for i, axis := range axes {
		axis, _ = normAxis(axis, len(x.shape))
		start, length, err := sliceAxis(starts[i], ends[i], steps[i], x.shape[axis])
		if err != nil {
			return nil, err
		}
		shape[axis] = length
		at += start * strides[axis]
		if length > 1 { // else the step may be too large to multiply
			strides[axis] *= steps[i]
		}
	}
	return gatherWalk(x, shape, at, strides), nil
}

// sliceAxis applies NumPy's start:end:step to an axis of n elements.
func sliceAxis(start, end, step, n int) (first, length int, err error) {
	lo, hi := 0, n
	if step < 0 {
		lo, hi = -1, n-1
	}
	if step == 0 {
		return 0, 0, malformed("step 0")
	}
	if start < 0 {
		start += n
	}
	if end < 0 {
		end += n
	}
	start, end = clamp(start, max(lo, 0), hi), clamp(end, lo, hi)
	switch {
	case step > 0 && start < end:
		length = (end-start-1)/step + 1
	case step < 0 && start > end:
		length = (end-start+1)/step + 1
	}
	return max(start, 0), length, nil
}

// blocks copies a block of elements between tensors of one type.
func blocks(out *Tensor, to int, in *Tensor, from, n int) {
	if out.Float != nil {
		copy(out.Float[to:to+n], in.Float[from:from+n])
	} else {
		copy(out.Int[to:to+n], in.Int[from:from+n])
	}
}

func bindConcat(c *call) (*kernel, error) {
	axis := 0
	if err := c.attrs.Unpack("axis", &axis); err != nil {
		return nil, err
	}
	x := c.in[0].shape
	axis, err := normAxis(axis, len(x))
	if err != nil {
		return nil, err
	}
	shape := slices.Clone(x)
	shape[axis] = 0
	for i, f := range c.in {
		if f == nil {
			return nil, malformed("input %d is missing", i)
		}
		ok := len(f.shape) == len(x)
		for j := range x {
			ok = ok && (j == axis || f.shape[j] == x[j])
		}
		if !ok {
			return nil, malformed("shapes %v and %v along axis %d", x, f.shape, axis)
		}
		shape[axis] += f.shape[axis]
	}
	outer, inner := product(x[:axis]), product(x[axis+1:])
	return returns(shape, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		to := 0
		for o := range outer {
			for _, t := range in {
				n := t.Shape[axis] * inner
				blocks(out, to, t, o*n, n)
				to += n
			}
		}
	}), nil
}

// bindSplit implements Split, with sizes as attribute or input, or equal parts.
func bindSplit(c *call) (*kernel, error) {
	var axis int
	var sizes []int
	parts := len(c.outputs)
	if err := c.attrs.Unpack("axis?", &axis, "split?", &sizes, "num_outputs?", &parts); err != nil {
		return nil, err
	}
	x := c.in[0]
	axis, err := normAxis(axis, len(x.shape))
	if err != nil {
		return nil, err
	}
	if v, ok, err := c.ints(1); err != nil {
		return nil, err
	} else if ok {
		sizes = v
	}
	n := x.shape[axis]
	if sizes == nil {
		if sizes, err = equalParts(n, parts, c.opset); err != nil {
			return nil, err
		}
	}
	k := &kernel{}
	rest := n
	for _, size := range sizes {
		if size < 0 || size > rest {
			return nil, malformed("split %v of %d elements", sizes, n)
		}
		rest -= size
		shape := slices.Clone(x.shape)
		shape[axis] = size
		k.out = append(k.out, fact{shape: shape, typ: x.typ})
	}
	if rest != 0 {
		return nil, malformed("split %v of %d elements", sizes, n)
	}
	outer, inner := product(x.shape[:axis]), product(x.shape[axis+1:])
	k.eval = func(in, out []*Tensor) error {
		from := 0
		for o := range outer {
			for i, t := range out {
				blocks(t, o*sizes[i]*inner, in[0], from, sizes[i]*inner)
				from += sizes[i] * inner
			}
		}
		return nil
	}
	return k, nil
}

// equalParts divides n; from opset 18 on the last part may be smaller.
func equalParts(n, parts, opset int) ([]int, error) {
	if parts < 1 || parts > many || opset < 18 && n%parts != 0 {
		return nil, malformed("%d elements in %d equal parts", n, parts)
	}
	size := (n + parts - 1) / parts
	sizes := slices.Repeat([]int{size}, parts)
	sizes[parts-1] = n - size*(parts-1)
	return sizes, nil
}

// bindGather implements Gather: entries of one axis, chosen by an integer tensor.
func bindGather(c *call) (*kernel, error) {
	axis := 0
	if err := c.attrs.Unpack("axis?", &axis); err != nil {
		return nil, err
	}
	x, indices := c.in[0], c.in[1]
	axis, err := normAxis(axis, len(x.shape))
	if err != nil {
		return nil, err
	}
	if indices.typ.IsFloat() {
		return nil, malformed("indices of type %v", indices.typ)
	}
	shape := slices.Concat(x.shape[:axis], indices.shape, x.shape[axis+1:])
	if shape == nil {
		shape = []int{}
	}
	n, outer, inner := x.shape[axis], product(x.shape[:axis]), product(x.shape[axis+1:])
	k := &kernel{out: []fact{{shape: shape, typ: x.typ}}}
	k.eval = func(in, out []*Tensor) error {
		to := 0
		for o := range outer {
			for _, i := range in[1].Int {
				if i < -int64(n) || i >= int64(n) {
					return malformed("index %d out of range for %d entries", i, n)
				}
				if i < 0 {
					i += int64(n)
				}
				blocks(out[0], to, in[0], (o*n+int(i))*inner, inner)
				to += inner
			}
		}
		return nil
	}
	return k, nil
}
