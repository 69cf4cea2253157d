package model

import (
	"math"
	"slices"
)

// takeFlat picks elements of x, flat, by their positions, as a tensor of the shape.
func (e *expander) takeFlat(x string, positions []int64, shape []int) string {
	flat := e.reshape(x, product(e.facts[x].shape))
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

// scatterElements expands ScatterElements (opsets 11 to 18) and Scatter with constant indices:
// each element is one of the data or of the updates, or with a reduction of both.
func (e *expander) scatterElements() error {
	axis, reduction := 0, "none"
	if err := e.attrs.Unpack("axis?", &axis, "reduction?", &reduction); err != nil {
		return err
	}
	at, err := e.needConstant(1, "indices")
	if err != nil {
		return err
	}
	x := e.in[0].shape
	if axis, err = normAxis(axis, len(x)); err != nil {
		return err
	}
	if len(at.Shape) != len(x) || !slices.Equal(at.Shape, e.in[2].shape) || at.Int == nil {
		return malformed("indices %v and updates %v into %v", at.Shape, e.in[2].shape, x)
	}
	strides := stridesOf(x)
	var targets []int
	var bad error
	i := 0
	walk(at.Shape, nil, [][]int{strides, unit(len(x), axis)}, func(pos []int) {
		j, err := index(at.Int[i], x[axis])
		if err != nil {
			bad = err
		}
		targets = append(targets, pos[0]+(j-pos[1])*strides[axis])
		i++
	})
	if bad != nil {
		return bad
	}
	return e.scatter(targets, reduction)
}

// scatterND expands ScatterND (opsets 11 to 18) with constant indices.
func (e *expander) scatterND() error {
	reduction := "none"
	if err := e.attrs.Unpack("reduction?", &reduction); err != nil {
		return err
	}
	at, err := e.needConstant(1, "indices")
	if err != nil {
		return err
	}
	x := e.in[0].shape
	n := len(at.Shape)
	if n == 0 || at.Shape[n-1] > len(x) || at.Int == nil {
		return malformed("indices %v into %v", at.Shape, x)
	}
	tuple := at.Shape[n-1]
	if !slices.Equal(e.in[2].shape, slices.Concat(at.Shape[:n-1], x[tuple:])) {
		return malformed("indices %v and updates %v into %v", at.Shape, e.in[2].shape, x)
	}
	strides, inner := stridesOf(x), product(x[tuple:])
	if err := affordable(product(at.Shape[:n-1]), inner); err != nil {
		return err
	}
	var targets []int
	for r := range product(at.Shape[:n-1]) {
		start := 0
		for k := range tuple {
			j, err := index(at.Int[r*tuple+k], x[k])
			if err != nil {
				return err
			}
			start += j * strides[k]
		}
		for i := range inner {
			targets = append(targets, start+i)
		}
	}
	return e.scatter(targets, reduction)
}

// scatter puts update i at position targets[i] of the data.
func (e *expander) scatter(targets []int, reduction string) error {
	shape := e.in[0].shape
	n := product(shape)
	if err := affordable(n); err != nil {
		return err
	}
	data, updates := e.reshape(e.arg(0), n), e.reshape(e.arg(2), len(targets))
	rounds := [][]int{} // each with at most one update an element
	count := make([]int, n)
	for i, t := range targets {
		k := count[t]
		if count[t]++; reduction == "none" {
			k = 0 // the last one counts
		}
		if k == len(rounds) {
			rounds = append(rounds, slices.Repeat([]int{-1}, n))
		}
		rounds[k][t] = i
	}
	op := map[string]string{"add": "Add", "mul": "Mul", "max": "Max", "min": "Min"}[reduction]
	if op == "" && reduction != "none" {
		return malformed("reduction %q", reduction)
	}
	if len(rounds) > 64 {
		return unsupported("%d updates of one element", len(rounds))
	}
	for _, round := range rounds {
		positions := make([]int64, n)
		hit := &Tensor{Shape: []int{n}, Int: make([]int64, n)}
		for t, i := range round {
			if positions[t] = int64(t); i >= 0 {
				positions[t], hit.Int[t] = int64(n+i), 1
			}
		}
		both := e.with("Concat", Attrs{"axis": 0}, data, updates)
		next := e.takeFlat(both, positions, []int{n})
		if op != "" {
			hot := e.with("Cast", Attrs{"to": 9}, e.constant(hit))
			next = e.do("Where", hot, e.do(op, data, next), data)
		}
		data = next
	}
	e.set(0, e.reshape(data, shape...))
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

// pad expands Pad in the modes that repeat elements of the input (opsets 2 to 25).
func (e *expander) pad() error {
	mode, value := "constant", float32(0)
	var pads []int
	if err := e.attrs.Unpack("mode?", &mode, "pads?", &pads, "value?", &value); err != nil {
		return err
	}
	x := e.in[0].shape
	if v, ok, err := e.ints(1); err != nil {
		return err
	} else if ok {
		pads = v
	}
	if v, ok, err := e.ints(3); err != nil {
		return err
	} else if ok {
		if pads, err = spreadPads(pads, v, len(x)); err != nil {
			return err
		}
	}
	if len(pads) != 2*len(x) {
		return malformed("pads %v, want %d values", pads, 2*len(x))
	}
	y := e.arg(0)
	for axis, n := range x {
		begin, end := pads[axis], pads[len(x)+axis]
		if begin == 0 && end == 0 {
			continue
		}
		if begin > maxElements || end > maxElements || n+begin+end < 0 || begin < -n || end < -n {
			return malformed("pads %v for shape %v", pads, x)
		}
		if err := affordable(n + begin + end); err != nil {
			return err
		}
		at := make([]int, 0, n+begin+end)
		for i := -begin; i < n+end; i++ {
			j, err := padded(mode, i, n)
			if err != nil {
				return err
			}
			at = append(at, j)
		}
		y = e.takeAxis(y, axis, at)
	}
	e.set(0, y)
	return nil
}

// padded returns the position that stands at i, which may lie outside [0, n).
func padded(mode string, i, n int) (int, error) {
	switch mode {
	case "edge":
		return clamp(i, 0, n-1), nil
	case "wrap":
		return (i%n + n) % n, nil
	case "reflect":
		if n == 1 {
			return 0, nil
		}
		i = (i%(2*n-2) + 2*n - 2) % (2*n - 2)
		return min(i, 2*n-2-i), nil
	}
	return 0, unsupported("mode %s", mode)
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

// resampling says where the pixels of a resized axis come from.
type resampling struct {
	mode, coordinates, nearest string
	cubic                      float64
	excludeOutside             bool
	extrapolation              float64
}

// upsample expands Upsample (opsets 7 and 9), which Resize replaced.
func (e *expander) upsample() error {
	mode := "nearest"
	var scales []float32
	if err := e.attrs.Unpack("mode?", &mode, "scales?", &scales); err != nil {
		return err
	}
	if e.input(1) != nil {
		t, err := e.needConstant(1, "scales")
		if err != nil {
			return err
		}
		scales = asFloats(t)
	}
	x := e.in[0].shape
	if len(scales) != len(x) {
		return malformed("%d scales for shape %v", len(scales), x)
	}
	r := &resampling{mode: mode, coordinates: "asymmetric", nearest: "floor"}
	y := e.arg(0)
	for axis, n := range x {
		size := int(math.Floor(float64(n) * float64(scales[axis])))
		var err error
		if y, err = e.resample(y, axis, size, float64(scales[axis]), r, 0, 1); err != nil {
			return err
		}
	}
	e.set(0, y)
	return nil
}

// resize expands Resize (opsets 10 to 19) with constant scales or sizes.
func (e *expander) resize() error {
	r := &resampling{mode: "nearest", coordinates: "half_pixel", nearest: "round_prefer_floor", cubic: -0.75}
	antialias, policy := 0, "stretch"
	var axes []int
	err := e.attrs.Unpack("mode?", &r.mode, "coordinate_transformation_mode?", &r.coordinates, "nearest_mode?", &r.nearest, "cubic_coeff_a?", &r.cubic,
		"exclude_outside?", &r.excludeOutside, "extrapolation_value?", &r.extrapolation, "antialias?", &antialias, "axes?", &axes,
		"keep_aspect_ratio_policy?", &policy)
	if err != nil {
		return err
	}
	roiAt, scalesAt, sizesAt := 1, 2, 3
	if e.opset == 10 {
		roiAt, scalesAt, sizesAt = -1, 1, -1
		r.coordinates, r.nearest = "asymmetric", "floor"
	}
	if antialias != 0 {
		return unsupported("antialias")
	}
	if !slices.Contains(coordinateModes, r.coordinates) {
		return unsupported("coordinate_transformation_mode %s", r.coordinates)
	}
	if !slices.Contains(nearestModes, r.nearest) {
		return unsupported("nearest_mode %s", r.nearest)
	}
	x := e.in[0].shape
	if axes == nil {
		for k := range x {
			axes = append(axes, k)
		}
	}
	for i := range axes {
		if axes[i], err = normAxis(axes[i], len(x)); err != nil {
			return err
		}
	}
	scales, sizes, err := e.resizeTo(scalesAt, sizesAt, axes, policy)
	if err != nil {
		return err
	}
	var roi []float32
	if r.coordinates == "tf_crop_and_resize" {
		t, err := e.needConstant(roiAt, "roi")
		if err != nil {
			return err
		}
		if roi = asFloats(t); len(roi) != 2*len(axes) {
			return malformed("roi of %d values", len(roi))
		}
	}
	y := e.arg(0)
	for i, axis := range axes {
		lo, hi := 0., 1.
		if roi != nil {
			lo, hi = float64(roi[i]), float64(roi[len(axes)+i])
		}
		if y, err = e.resample(y, axis, sizes[i], scales[i], r, lo, hi); err != nil {
			return err
		}
	}
	e.set(0, y)
	return nil
}

var (
	coordinateModes = []string{"align_corners", "asymmetric", "half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "tf_crop_and_resize", "tf_half_pixel_for_nn"}
	nearestModes    = []string{"ceil", "floor", "round_prefer_ceil", "round_prefer_floor"}
)

// resizeTo reads the scales or the sizes of the axes, and computes the others.
func (e *expander) resizeTo(scalesAt, sizesAt int, axes []int, policy string) (scales []float64, sizes []int, err error) {
	x := e.in[0].shape
	if sizesAt >= 0 && e.input(sizesAt) != nil {
		sizes, _, err = e.ints(sizesAt)
		if err != nil {
			return nil, nil, err
		}
		if len(sizes) != len(axes) {
			return nil, nil, malformed("%d sizes for %d axes", len(sizes), len(axes))
		}
		if policy != "stretch" {
			return nil, nil, unsupported("keep_aspect_ratio_policy %s", policy)
		}
		for i, axis := range axes {
			scales = append(scales, float64(sizes[i])/float64(x[axis]))
		}
		return scales, sizes, nil
	}
	t, err := e.needConstant(scalesAt, "scales")
	if err != nil {
		return nil, nil, err
	}
	if t.Len() != len(axes) || t.Float == nil {
		return nil, nil, malformed("%d scales for %d axes", t.Len(), len(axes))
	}
	for i, axis := range axes {
		s := float64(t.Float[i])
		scales, sizes = append(scales, s), append(sizes, int(math.Floor(float64(x[axis])*s)))
	}
	return scales, sizes, nil
}

// resample gives an axis another size. Every new entry is a sum of few old ones.
func (e *expander) resample(x string, axis, size int, scale float64, r *resampling, lo, hi float64) (string, error) {
	shape, err := e.shapeOf(x)
	if err != nil {
		return "", err
	}
	n := shape[axis]
	if size == n && (scale == 1 || r.coordinates != "tf_crop_and_resize") && scale == float64(size)/float64(n) && lo == 0 && hi == 1 {
		return x, nil
	}
	if size < 1 || size > maxElements || n < 1 {
		return "", malformed("axis of %d resized to %d", n, size)
	}
	if r.mode == "nearest" {
		if err := affordable(size); err != nil {
			return "", err
		}
		at := make([]int, size)
		for i := range at {
			p := r.position(i, n, size, scale, lo, hi)
			if r.coordinates == "tf_crop_and_resize" && (p < 0 || p > float64(n-1)) {
				return "", unsupported("extrapolation")
			}
			at[i] = clamp(r.nearestTo(p), 0, n-1)
		}
		return e.takeAxis(x, axis, at), nil
	}
	if err := affordable(n, size); err != nil {
		return "", err
	}
	m := &Tensor{Shape: []int{n, size}, Float: make([]float32, n*size)}
	for i := range size {
		p := r.position(i, n, size, scale, lo, hi)
		if r.coordinates == "tf_crop_and_resize" && (p < 0 || p > float64(n-1)) {
			return "", unsupported("extrapolation")
		}
		taps, weights, err := r.taps(p, n)
		if err != nil {
			return "", err
		}
		for k, t := range taps {
			m.Float[t*size+i] += float32(weights[k])
		}
	}
	perm := exchanged(len(shape), axis)
	y := e.do("MatMul", e.transpose(x, perm...), e.constant(m))
	return e.transpose(y, perm...), nil
}

// position returns where new entry i lies among the n old ones.
func (r *resampling) position(i, n, size int, scale, lo, hi float64) float64 {
	x := float64(i)
	switch r.coordinates {
	case "asymmetric":
		return x / scale
	case "tf_half_pixel_for_nn":
		return (x + 0.5) / scale
	case "align_corners":
		if size == 1 {
			return 0
		}
		return x * float64(n-1) / float64(size-1)
	case "pytorch_half_pixel":
		if size == 1 {
			return 0
		}
	case "half_pixel_symmetric":
		center := float64(n) / 2
		return center*(1-float64(size)/(float64(n)*scale)) + (x+0.5)/scale - 0.5
	case "tf_crop_and_resize":
		if size == 1 {
			return 0.5 * (lo + hi) * float64(n-1)
		}
		return lo*float64(n-1) + x*(hi-lo)*float64(n-1)/float64(size-1)
	}
	return (x+0.5)/scale - 0.5
}

// nearestTo rounds a position.
func (r *resampling) nearestTo(p float64) int {
	switch r.nearest {
	case "floor":
		return int(math.Floor(p))
	case "ceil":
		return int(math.Ceil(p))
	case "round_prefer_ceil":
		return int(math.Floor(p + 0.5))
	}
	return int(math.Ceil(p - 0.5))
}

// taps returns the entries that a new one is made of, and their weights.
func (r *resampling) taps(p float64, n int) (at []int, weights []float64, err error) {
	base := int(math.Floor(p))
	f := p - math.Floor(p)
	var raw []float64
	first := base
	switch r.mode {
	case "linear", "bilinear", "trilinear":
		raw = []float64{1 - f, f}
	case "cubic":
		a := r.cubic
		first = base - 1
		raw = []float64{
			((a*(f+1)-5*a)*(f+1)+8*a)*(f+1) - 4*a,
			((a+2)*f-(a+3))*f*f + 1,
			((a+2)*(1-f)-(a+3))*(1-f)*(1-f) + 1,
			((a*(2-f)-5*a)*(2-f)+8*a)*(2-f) - 4*a,
		}
	default:
		return nil, nil, malformed("mode %q", r.mode)
	}
	total := 0.
	for k, w := range raw {
		if i := first + k; !r.excludeOutside || i >= 0 && i < n {
			at, weights = append(at, clamp(i, 0, n-1)), append(weights, w)
			total += w
		}
	}
	if r.excludeOutside {
		for k := range weights {
			weights[k] /= total
		}
	}
	return at, weights, nil
}
