package model

import "slices"

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
	for k, n := range at.Shape {
		if k != axis && n > x[k] {
			return malformed("indices %v along axis %d into %v", at.Shape, axis, x)
		}
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
