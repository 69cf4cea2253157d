package model

import (
	"slices"
)

// concat expands Concat of which some inputs are empty.
func (e *expander) concat() error {
	axis := 0
	if err := e.attrs.Unpack("axis", &axis); err != nil {
		return err
	}
	var parts []string
	for i, f := range e.in {
		if f == nil {
			return malformed("input %d is missing", i)
		}
		if product(f.shape) > 0 {
			parts = append(parts, e.arg(i))
		}
	}
	if parts == nil {
		parts = []string{e.arg(0)}
	}
	e.set(0, e.join(axis, parts...))
	return nil
}

// cumSum expands CumSum (opsets 11 and 14) as a product with a triangle of ones.
func (e *expander) cumSum() error {
	exclusive, reverse := false, false
	if err := e.attrs.Unpack("exclusive?", &exclusive, "reverse?", &reverse); err != nil {
		return err
	}
	at, err := e.needConstant(1, "axis")
	if err != nil {
		return err
	}
	x := e.in[0].shape
	if len(at.Int) != 1 {
		return malformed("%d axes", len(at.Int))
	}
	axis, err := normAxis(int(at.Int[0]), len(x))
	if err != nil {
		return err
	}
	n := x[axis]
	if err := affordable(n, n); err != nil {
		return err
	}
	ones := &Tensor{Shape: []int{n, n}, Float: make([]float32, n*n)}
	for i := range n { // of the sum
		for j := range n {
			if before := j < i || j == i && !exclusive; !reverse && before || reverse && (j > i || j == i && !exclusive) {
				ones.Float[j*n+i] = 1
			}
		}
	}
	perm := exchanged(len(x), axis)
	y := e.do("MatMul", e.transpose(e.arg(0), perm...), e.constant(ones))
	e.set(0, e.transpose(y, perm...))
	return nil
}

// exchanged is the permutation that exchanges an axis with the last one.
func exchanged(rank, axis int) (perm []int) {
	for k := range rank {
		perm = append(perm, k)
	}
	perm[axis], perm[rank-1] = rank-1, axis
	return perm
}

// depthToSpace expands DepthToSpace (opsets 1 to 13).
func (e *expander) depthToSpace() error {
	size, mode := 0, "DCR"
	if err := e.attrs.Unpack("blocksize", &size, "mode?", &mode); err != nil {
		return err
	}
	x := e.in[0].shape
	if len(x) != 4 || size < 1 || size > maxElements || x[1]%(size*size) != 0 {
		return malformed("shape %v in blocks of %d", x, size)
	}
	n, c, h, w := x[0], x[1]/size/size, x[2], x[3]
	var y string
	switch mode {
	case "DCR":
		y = e.transpose(e.reshape(e.arg(0), n, size, size, c, h, w), 0, 3, 4, 1, 5, 2)
	case "CRD":
		y = e.transpose(e.reshape(e.arg(0), n, c, size, size, h, w), 0, 1, 4, 2, 5, 3)
	default:
		return malformed("mode %q", mode)
	}
	e.set(0, e.reshape(y, n, c, h*size, w*size))
	return nil
}

// spaceToDepth expands SpaceToDepth (opsets 1 to 13).
func (e *expander) spaceToDepth() error {
	size := 0
	if err := e.attrs.Unpack("blocksize", &size); err != nil {
		return err
	}
	x := e.in[0].shape
	if len(x) != 4 || size < 1 || x[2]%size != 0 || x[3]%size != 0 {
		return malformed("shape %v in blocks of %d", x, size)
	}
	n, c, h, w := x[0], x[1], x[2]/size, x[3]/size
	y := e.transpose(e.reshape(e.arg(0), n, c, h, size, w, size), 0, 3, 5, 1, 2, 4)
	e.set(0, e.reshape(y, n, c*size*size, h, w))
	return nil
}

// eyeLike expands EyeLike (opset 9), which reads no data but the shape.
func (e *expander) eyeLike() error {
	k, typ := 0, 0
	if err := e.attrs.Unpack("k?", &k, "dtype?", &typ); err != nil {
		return err
	}
	x := e.in[0]
	if len(x.shape) != 2 {
		return malformed("shape %v, want two axes", x.shape)
	}
	if err := affordable(x.shape...); err != nil {
		return err
	}
	to := x.typ
	if typ != 0 {
		var err error
		if to, err = elemTypeOf(int32(typ)); err != nil {
			return err
		}
	}
	t := newTensor(slices.Clone(x.shape), to)
	for i := range x.shape[0] {
		if j := i + k; j >= 0 && j < x.shape[1] {
			if t.Float != nil {
				t.Float[i*x.shape[1]+j] = 1
			} else {
				t.Int[i*x.shape[1]+j] = 1
			}
		}
	}
	e.set(0, e.constant(t))
	return nil
}

// reverseSequence expands ReverseSequence (opset 10) with constant lengths.
func (e *expander) reverseSequence() error {
	batch, time := 1, 0
	if err := e.attrs.Unpack("batch_axis?", &batch, "time_axis?", &time); err != nil {
		return err
	}
	lens, err := e.needConstant(1, "sequence_lens")
	if err != nil {
		return err
	}
	x := e.in[0].shape
	if len(x) < 2 || batch+time != 1 || batch*time != 0 || lens.Len() != x[batch] || lens.Int == nil {
		return malformed("shape %v, axes %d and %d, %d lengths", x, batch, time, lens.Len())
	}
	if err := affordable(x...); err != nil {
		return err
	}
	strides := stridesOf(x)
	var positions []int64
	walk(x, nil, [][]int{strides, unit(len(x), batch), unit(len(x), time)}, func(pos []int) {
		at, t := pos[0], pos[2]
		if n := int(lens.Int[pos[1]]); t < n && n <= x[time] {
			at += (n - 1 - 2*t) * strides[time]
		}
		positions = append(positions, int64(at))
	})
	e.set(0, e.takeFlat(e.arg(0), positions, x))
	return nil
}

// trilu expands Trilu (opset 14): the other triangle becomes zero.
func (e *expander) trilu() error {
	upper := 1
	if err := e.attrs.Unpack("upper?", &upper); err != nil {
		return err
	}
	k := 0
	if e.input(1) != nil {
		t, err := e.needConstant(1, "k")
		if err != nil {
			return err
		}
		if t.Len() != 1 || t.Int == nil {
			return malformed("k of shape %v", t.Shape)
		}
		k = int(clamp(t.Int[0], -maxElements, maxElements))
	}
	x := e.in[0]
	n := len(x.shape)
	if n < 2 {
		return malformed("shape %v", x.shape)
	}
	rows, cols := x.shape[n-2], x.shape[n-1]
	if err := affordable(rows, cols); err != nil {
		return err
	}
	kept := &Tensor{Shape: []int{rows, cols}, Int: make([]int64, rows*cols)}
	for i := range rows {
		for j := range cols {
			kept.Int[i*cols+j] = truth(upper != 0 && j >= i+k || upper == 0 && j <= i+k)
		}
	}
	zero := newTensor([]int{}, x.typ)
	e.set(0, e.do("Where", e.with("Cast", Attrs{"to": 9}, e.constant(kept)), e.arg(0), e.constant(zero)))
	return nil
}
