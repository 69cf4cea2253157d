package model

import "slices"

// axesFrom lists the axes from one on.
func axesFrom(axis, rank int) (axes []int) {
	for k := axis; k < rank; k++ {
		axes = append(axes, k)
	}
	return axes
}

// mean returns the mean over axes, which stay with size 1.
func (e *expander) mean(x string, axes []int) string {
	return e.with("ReduceMean", Attrs{"keepdims": 1}, x, e.list(axes...))
}

// normalised returns (x - mean)/√(variance + epsilon) over axes.
func (e *expander) normalised(x string, axes []int, epsilon float64) string {
	diff := e.do("Sub", x, e.mean(x, axes))
	variance := e.mean(e.do("Mul", diff, diff), axes)
	return e.do("Div", diff, e.do("Sqrt", e.do("Add", variance, e.float(epsilon))))
}

// perChannel gives a list of C values the shape with which it multiplies [N, C, ...].
func (e *expander) perChannel(x string, rank int) string {
	shape := slices.Repeat([]int{1}, rank-1)
	shape[0] = -1
	return e.reshape(x, shape...)
}

// groupNorm expands GroupNormalization (opsets 18 and 21).
func (e *expander) groupNorm() error {
	epsilon, groups, stash := 1e-5, 0, 1
	if err := e.attrs.Unpack("epsilon?", &epsilon, "num_groups", &groups, "stash_type?", &stash); err != nil {
		return err
	}
	x := e.in[0].shape
	if len(x) < 2 || groups < 1 || x[1]%groups != 0 {
		return malformed("shape %v in %d groups", x, groups)
	}
	y := e.reshape(e.arg(0), x[0], groups, product(x[1:])/groups)
	y = e.reshape(e.normalised(y, []int{2}, epsilon), x...)
	for i, op := range []string{"Mul", "Add"} {
		p := e.arg(i + 1)
		if shape := e.in[i+1].shape; product(shape) == groups && groups != x[1] { // of opset 18: one a group
			at := make([]int, x[1])
			for c := range at {
				at[c] = c / (x[1] / groups)
			}
			p = e.takeAxis(p, 0, at)
		}
		y = e.do(op, y, e.perChannel(p, len(x)))
	}
	e.set(0, y)
	return nil
}

// layerNorm expands a LayerNormalization of which the mean or 1/deviation is used as well
// (opset 17).
func (e *expander) layerNorm() error {
	axis, epsilon, stash := -1, 1e-5, 1
	if err := e.attrs.Unpack("axis?", &axis, "epsilon?", &epsilon, "stash_type?", &stash); err != nil {
		return err
	}
	x := e.in[0].shape
	axis, err := normAxis(axis, len(x))
	if err != nil {
		return err
	}
	axes := axesFrom(axis, len(x))
	mean := e.mean(e.arg(0), axes)
	diff := e.do("Sub", e.arg(0), mean)
	root := e.do("Sqrt", e.do("Add", e.mean(e.do("Mul", diff, diff), axes), e.float(epsilon)))
	y := e.do("Mul", e.do("Div", diff, root), e.arg(1))
	if e.arg(2) != "" {
		y = e.do("Add", y, e.arg(2))
	}
	e.set(0, y)
	e.set(1, mean)
	if e.wants(2) {
		e.set(2, e.do("Reciprocal", root))
	}
	return nil
}

// batchNorm expands BatchNormalization (opsets 7 to 15) of parameters that are computed.
func (e *expander) batchNorm() error {
	if err := e.check(); err != nil {
		return err
	}
	epsilon, momentum, spatial, training := 1e-5, 0.9, true, false
	if err := e.attrs.Unpack("epsilon?", &epsilon, "momentum?", &momentum, "spatial?", &spatial, "training_mode?", &training); err != nil {
		return err
	}
	rank := len(e.in[0].shape)
	if training || !spatial || rank < 2 {
		return unsupported("training_mode 1 or spatial 0 or an input of %d axes", rank)
	}
	p := func(i int) string { return e.perChannel(e.arg(i), rank) }
	root := e.do("Sqrt", e.do("Add", p(4), e.float(epsilon)))
	y := e.do("Mul", e.do("Div", e.do("Sub", e.arg(0), p(3)), root), p(1))
	e.set(0, e.do("Add", y, p(2)))
	return nil
}

// instanceNorm expands InstanceNormalization (opsets 6 and 22) of parameters that are computed.
func (e *expander) instanceNorm() error {
	if err := e.check(); err != nil {
		return err
	}
	epsilon := 1e-5
	if err := e.attrs.Unpack("epsilon?", &epsilon); err != nil {
		return err
	}
	rank := len(e.in[0].shape)
	if rank < 3 {
		return malformed("input %v", e.in[0].shape)
	}
	y := e.normalised(e.arg(0), axesFrom(2, rank), epsilon)
	e.set(0, e.do("Add", e.do("Mul", y, e.perChannel(e.arg(1), rank)), e.perChannel(e.arg(2), rank)))
	return nil
}

// reduceProd expands ReduceProd (opsets 1 to 18) as products of halves.
func (e *expander) reduceProd() error {
	if err := e.check(); err != nil {
		return err
	}
	var axes []int
	keep, noop := true, false
	if err := e.attrs.Unpack("axes?", &axes, "keepdims?", &keep, "noop_with_empty_axes?", &noop); err != nil {
		return err
	}
	if list, ok, err := e.ints(1); err != nil {
		return err
	} else if ok {
		axes = list
	}
	shape := e.in[0].shape
	axes, err := normAxes(axes, len(shape))
	if err != nil {
		return err
	}
	if len(axes) == 0 {
		if noop {
			e.set(0, e.arg(0))
			return nil
		}
		axes = axesFrom(0, len(shape))
	}
	var perm, kept []int
	n := 1
	for k, d := range shape {
		if slices.Contains(axes, k) {
			n *= d
			if keep {
				kept = append(kept, 1)
			}
			continue
		}
		perm, kept = append(perm, k), append(kept, d)
	}
	if n == 0 || n > 1<<12 {
		return unsupported("a product of %d factors", n)
	}
	y := e.reshape(e.transpose(e.arg(0), append(perm, axes...)...), product(kept), n)
	for n > 1 {
		half := n / 2
		z := e.do("Mul", e.slice(y, 1, 0, half), e.slice(y, 1, half, 2*half))
		if n%2 == 1 {
			z = e.join(1, z, e.slice(y, 1, n-1, n))
		}
		y, n = z, half+n%2
	}
	e.set(0, e.reshape(y, kept...))
	return nil
}

// rmsNorm expands RMSNormalization (opset 23): x/√(mean of squares + epsilon)·scale.
func (e *expander) rmsNorm() error {
	axis, epsilon, stash := -1, 1e-5, 1
	if err := e.attrs.Unpack("axis?", &axis, "epsilon?", &epsilon, "stash_type?", &stash); err != nil {
		return err
	}
	x := e.in[0].shape
	axis, err := normAxis(axis, len(x))
	if err != nil {
		return err
	}
	square := e.do("Mul", e.arg(0), e.arg(0))
	root := e.do("Sqrt", e.do("Add", e.mean(square, axesFrom(axis, len(x))), e.float(epsilon)))
	e.set(0, e.do("Mul", e.do("Div", e.arg(0), root), e.arg(1)))
	return nil
}

// meanVariance expands MeanVarianceNormalization (opsets 9 and 13).
func (e *expander) meanVariance() error {
	axes := []int{0, 2, 3}
	if err := e.attrs.Unpack("axes?", &axes); err != nil {
		return err
	}
	axes, err := normAxes(axes, len(e.in[0].shape))
	if err != nil {
		return err
	}
	diff := e.do("Sub", e.arg(0), e.mean(e.arg(0), axes))
	deviation := e.do("Sqrt", e.mean(e.do("Mul", diff, diff), axes))
	e.set(0, e.do("Div", diff, e.do("Add", deviation, e.float(1e-9))))
	return nil
}

// lpNorm expands LpNormalization (opsets 1 and 22).
func (e *expander) lpNorm() error {
	axis, p := -1, 2
	if err := e.attrs.Unpack("axis?", &axis, "p?", &p); err != nil {
		return err
	}
	axis, err := normAxis(axis, len(e.in[0].shape))
	if err != nil {
		return err
	}
	var size string
	switch p {
	case 1:
		size = e.with("ReduceSum", Attrs{"keepdims": 1}, e.do("Abs", e.arg(0)), e.list(axis))
	case 2:
		size = e.with("ReduceL2", Attrs{"keepdims": 1}, e.arg(0), e.list(axis))
	default:
		return malformed("p %d", p)
	}
	e.set(0, e.do("Div", e.arg(0), size))
	return nil
}

// lrn expands LRN (opsets 1 and 13): x/(bias + alpha/size·sum of squares of near channels)^beta.
func (e *expander) lrn() error {
	alpha, beta, bias, size := 1e-4, 0.75, 1., 0
	if err := e.attrs.Unpack("alpha?", &alpha, "beta?", &beta, "bias?", &bias, "size", &size); err != nil {
		return err
	}
	x := e.in[0].shape
	if len(x) < 2 || size < 1 {
		return malformed("shape %v, size %d", x, size)
	}
	c := x[1]
	if err := affordable(c, c); err != nil {
		return err
	}
	near := &Tensor{Shape: []int{c, c}, Float: make([]float32, c*c)}
	for i := range c {
		for j := max(0, i-(size-1)/2); j <= min(c-1, i+size/2); j++ {
			near.Float[i*c+j] = float32(alpha / float64(size))
		}
	}
	squares := e.reshape(e.do("Mul", e.arg(0), e.arg(0)), x[0], c, product(x[2:]))
	sums := e.transpose(e.do("MatMul", e.transpose(squares, 0, 2, 1), e.transpose(e.constant(near), 1, 0)), 0, 2, 1)
	power := e.do("Pow", e.do("Add", e.reshape(sums, x...), e.float(bias)), e.float(beta))
	e.set(0, e.do("Div", e.arg(0), power))
	return nil
}

// reduce expands ReduceL1, ReduceLogSum, ReduceLogSumExp and ReduceSumSquare (opsets 1 to 18).
func (e *expander) reduce() error {
	var axes []int
	keep, noop := 1, 0
	if err := e.attrs.Unpack("axes?", &axes, "keepdims?", &keep, "noop_with_empty_axes?", &noop); err != nil {
		return err
	}
	if list, ok, err := e.ints(1); err != nil {
		return err
	} else if ok {
		axes = list
	}
	over := func(op, x string) string {
		in := []string{x}
		if len(axes) > 0 {
			in = append(in, e.list(axes...))
		}
		return e.with(op, Attrs{"keepdims": keep, "noop_with_empty_axes": noop}, in...)
	}
	x := e.arg(0)
	switch e.op {
	case "ReduceL1":
		x = over("ReduceSum", e.do("Abs", x))
	case "ReduceLogSum":
		x = e.do("Log", over("ReduceSum", x))
	case "ReduceSumSquare":
		x = over("ReduceSum", e.do("Mul", x, x))
	case "ReduceLogSumExp": // shifted by the largest, which leaves exponentials up to 1
		most := e.with("ReduceMax", Attrs{"keepdims": 1}, append([]string{x}, e.listed(axes)...)...)
		sum := over("ReduceSum", e.do("Exp", e.do("Sub", x, most)))
		shape, err := e.shapeOf(sum)
		if err != nil {
			return err
		}
		x = e.do("Add", e.do("Log", sum), e.reshape(most, shape...))
	}
	e.set(0, x)
	return nil
}

// listed returns a list of axes as an input, none for no axes.
func (e *expander) listed(axes []int) []string {
	if len(axes) == 0 {
		return nil
	}
	return []string{e.list(axes...)}
}
