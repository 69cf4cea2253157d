package model

import "slices"

// takeFlat picks elements of x, flat, by their positions, as a tensor of the shape.
func (e *expander) takeFlat(x string, positions []int64, shape []int) string {
	shapeOfX, err := e.shapeOf(x)
	if err != nil {
		return x // which has the reason
	}
	flat := e.reshape(x, product(shapeOfX))
	at := e.constant(&Tensor{Shape: []int{len(positions)}, Int: positions})
	return e.reshape(e.do("Gather", flat, at), shape...)
}

// takeAxis picks entries of one axis.
func (e *expander) takeAxis(x string, axis int, positions []int) string {
	return e.with("Gather", Attrs{"axis": axis}, x, e.list(positions...))
}

// index maps a possibly negative index into [0, n).
func index(i int64, n int) (int, error) {
	if i < -int64(n) || i >= int64(n) {
		return 0, malformed("index %d out of range for %d entries", i, n)
	}
	if i < 0 {
		i += int64(n)
	}
	return int(i), nil
}

// gatherElements expands GatherElements (opsets 11 and 13) with constant indices, or along an
// axis by comparing indices with all positions.
func (e *expander) gatherElements() error {
	axis := 0
	if err := e.attrs.Unpack("axis?", &axis); err != nil {
		return err
	}
	x, at := e.in[0].shape, e.in[1]
	axis, err := normAxis(axis, len(x))
	if err != nil {
		return err
	}
	if len(at.shape) != len(x) || at.typ.IsFloat() {
		return malformed("indices %v of type %v into %v", at.shape, at.typ, x)
	}
	for k := range x {
		if k != axis && at.shape[k] > x[k] {
			return malformed("indices %v into %v", at.shape, x)
		}
	}
	if at.value == nil {
		return e.gatherComputed(axis)
	}
	strides := stridesOf(x)
	var positions []int64
	var bad error
	i := 0
	walk(at.shape, nil, [][]int{strides, unit(len(x), axis)}, func(pos []int) {
		j, err := index(at.value.Int[i], x[axis])
		if err != nil {
			bad = err
		}
		positions = append(positions, int64(pos[0]+(j-pos[1])*strides[axis]))
		i++
	})
	if bad != nil {
		return bad
	}
	e.set(0, e.takeFlat(e.arg(0), positions, at.shape))
	return nil
}

// unit is 1 at one axis: walking by it counts that axis.
func unit(rank, axis int) []int {
	u := make([]int, rank)
	u[axis] = 1
	return u
}

// gatherComputed expands GatherElements with indices that are computed: the entry is the sum
// of all entries of the axis, each times whether the index is its position.
func (e *expander) gatherComputed(axis int) error {
	x, at := e.in[0].shape, e.in[1].shape
	if !e.in[0].typ.IsFloat() {
		return unsupported("integers chosen by an index that depends on data")
	}
	data := e.arg(0)
	for k := range x { // the indices' part of the other axes
		if k != axis && at[k] < x[k] {
			data = e.slice(data, k, 0, at[k])
		}
	}
	if max(1, product(at))*x[axis] > maxChoices {
		return unsupported("%d indices that depend on data into %d entries", product(at), x[axis])
	}
	last := len(x) - 1
	perm := exchanged(len(x), axis)
	data = e.transpose(data, perm...)
	idx := e.transpose(e.arg(1), perm...)
	shape := e.facts[data].shape
	rows := product(shape[:last])
	k := at[axis]
	data = e.reshape(data, rows, 1, shape[last])
	hot := e.chosen(e.reshape(idx, rows, k), shape[last])
	y := e.with("ReduceSum", Attrs{"keepdims": 0}, e.do("Mul", hot, data), e.list(2))
	y = e.reshape(y, append(slices.Clone(shape[:last]), k)...)
	e.set(0, e.transpose(y, perm...))
	return nil
}

// maxChoices bounds the comparisons of indices that depend on data.
const maxChoices = 1 << 20

// chosen is 1 at the place among n that each index names and 0 elsewhere, along a new last
// axis. Negative indices count from the end.
func (e *expander) chosen(indices string, n int) string {
	return e.do("OneHot", indices, e.list(n), e.constant(&Tensor{Shape: []int{2}, Float: []float32{0, 1}}))
}

// gatherND expands GatherND (opsets 11 to 13) with constant indices.
func (e *expander) gatherND() error {
	batch := 0
	if err := e.attrs.Unpack("batch_dims?", &batch); err != nil {
		return err
	}
	at, err := e.needConstant(1, "indices")
	if err != nil {
		return err
	}
	x := e.in[0].shape
	n := len(at.Shape)
	if n == 0 || batch < 0 || batch >= n || at.Int == nil {
		return malformed("indices %v into %v with %d batch axes", at.Shape, x, batch)
	}
	tuple := at.Shape[n-1]
	if batch+tuple > len(x) || !slices.Equal(at.Shape[:batch], x[:batch]) {
		return malformed("indices %v into %v with %d batch axes", at.Shape, x, batch)
	}
	strides := stridesOf(x)
	inner := product(x[batch+tuple:])
	rows := product(at.Shape[:n-1])
	if err := affordable(rows, inner); err != nil {
		return err
	}
	perBatch := max(1, product(at.Shape[batch:n-1]))
	var positions []int64
	for r := range rows {
		start := r / perBatch * product(x[batch:])
		for k := range tuple {
			j, err := index(at.Int[r*tuple+k], x[batch+k])
			if err != nil {
				return err
			}
			start += j * strides[batch+k]
		}
		for i := range inner {
			positions = append(positions, int64(start+i))
		}
	}
	e.set(0, e.takeFlat(e.arg(0), positions, slices.Concat(at.Shape[:n-1], x[batch+tuple:])))
	return nil
}

// gather expands Gather of indices that are computed: a product of what they choose, as 1
// among zeros, with the data.
func (e *expander) gather() error {
	axis := 0
	if err := e.attrs.Unpack("axis?", &axis); err != nil {
		return err
	}
	x, at := e.in[0].shape, e.in[1].shape
	axis, err := normAxis(axis, len(x))
	if err != nil {
		return err
	}
	if e.in[1].typ.IsFloat() {
		return malformed("indices of type %v", e.in[1].typ)
	}
	n := x[axis]
	if n == 0 || product(at) > maxChoices/n {
		return unsupported("%d indices that depend on data into %d entries", product(at), n)
	}
	// Rows are what is chosen: [n, the other axes].
	perm := []int{axis}
	for k := range x {
		if k != axis {
			perm = append(perm, k)
		}
	}
	outer, inner := product(x[:axis]), product(x[axis+1:])
	data := e.reshape(e.transpose(e.arg(0), perm...), n, outer*inner)
	if !e.in[0].typ.IsFloat() {
		data = e.with("Cast", Attrs{"to": 1}, data)
	}
	y := e.do("MatMul", e.chosen(e.reshape(e.arg(1), product(at)), n), data)
	y = e.reshape(y, product(at), outer, inner)
	if axis > 0 {
		y = e.transpose(y, 1, 0, 2)
	}
	y = e.reshape(y, slices.Concat(x[:axis], at, x[axis+1:])...)
	if !e.in[0].typ.IsFloat() {
		y = e.with("Cast", Attrs{"to": 7}, y)
	}
	e.set(0, y)
	return nil
}

// counting is 0, 1, … n-1.
func counting(n int) *Tensor {
	t := &Tensor{Shape: []int{n}, Int: make([]int64, n)}
	for i := range n {
		t.Int[i] = int64(i)
	}
	return t
}
