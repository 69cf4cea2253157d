package model

import "slices"

// reads lists, for each position of a window's output, the flat position in the input's plane
// of each element of the kernel, -1 in the padding.
func (w *window) reads() [][]int {
	in := stridesOf(w.in)
	out := make([][]int, 0, product(w.out))
	rank := len(w.in)
	place := make([]int, rank)
	for p := range product(w.out) {
		for axis, rest := rank-1, p; axis >= 0; axis-- {
			place[axis] = rest % w.out[axis]
			rest /= w.out[axis]
		}
		row := make([]int, 0, product(w.kernel))
		for k := range product(w.kernel) {
			at := 0
			for axis, rest := rank-1, k; axis >= 0; axis-- {
				x := place[axis]*w.strides[axis] + rest%w.kernel[axis]*w.dilations[axis] - w.padBegin[axis]
				rest /= w.kernel[axis]
				if at >= 0 && x >= 0 && x < w.in[axis] {
					at += x * in[axis]
				} else {
					at = -1
				}
			}
			row = append(row, at)
		}
		out = append(out, row)
	}
	return out
}

// conv expands Conv of weights that are computed, or over three axes and more, as a product
// of matrices: of the weights, and of the image's windows side by side.
func (e *expander) conv() error {
	if err := e.check(); err != nil {
		return err
	}
	group := 1
	var win window
	if err := e.attrs.Unpack(win.attrs("group?", &group)...); err != nil {
		return err
	}
	x, w := e.in[0].shape, e.in[1].shape
	if win.kernel == nil && len(w) > 2 {
		win.kernel = w[2:]
	}
	if len(x) < 3 || len(w) != len(x) || !slices.Equal(win.kernel, w[2:]) || group < 1 || x[1]%group != 0 || w[0]%group != 0 || w[1] != x[1]/group {
		return malformed("input %v and weights %v in %d groups", x, w, group)
	}
	if err := win.init(x[2:]); err != nil {
		return err
	}
	n, c, plane, places, taps := x[0], x[1], product(x[2:]), product(win.out), product(win.kernel)
	if err := affordable(n, c, taps, places); err != nil {
		return err
	}
	// One element more in each plane: the zero of the padding.
	y := e.reshape(e.arg(0), n, c, plane)
	y = e.do("Pad", y, e.list(0, 0, 0, 0, 0, 1))
	at := make([]int, 0, taps*places)
	windows := win.reads()
	for k := range taps {
		for p := range places {
			if i := windows[p][k]; i >= 0 {
				at = append(at, i)
			} else {
				at = append(at, plane)
			}
		}
	}
	y = e.takeAxis(y, 2, at) // [N, C, taps·places]
	m, inner := w[0]/group, c/group*taps
	var parts []string
	for g := range group {
		columns := e.reshape(e.slice(e.reshape(y, n, group, inner*places), 1, g, g+1), n, inner, places)
		rows := e.reshape(e.slice(e.reshape(e.arg(1), group, m*inner), 0, g, g+1), m, inner)
		parts = append(parts, e.do("MatMul", rows, columns))
	}
	y = e.join(1, parts...)
	if e.arg(2) != "" {
		y = e.do("Add", y, e.reshape(e.arg(2), w[0], 1))
	}
	e.set(0, e.reshape(y, slices.Concat([]int{n, w[0]}, win.out)...))
	return nil
}

// maxPool expands MaxPool over three axes and more: the largest of each window's elements.
func (e *expander) maxPool() error {
	if err := e.check(); err != nil {
		return err
	}
	var win window
	storageOrder := 0
	if err := e.attrs.Unpack(win.attrs("ceil_mode?", &win.ceil, "storage_order?", &storageOrder)...); err != nil {
		return err
	}
	x := e.in[0].shape
	if len(x) < 3 || win.kernel == nil {
		return malformed("input %v, kernel %v", x, win.kernel)
	}
	if err := win.init(x[2:]); err != nil {
		return err
	}
	if !win.touchesInput() {
		return unsupported("a window inside the padding")
	}
	n, plane, places, taps := x[0]*x[1], product(x[2:]), product(win.out), product(win.kernel)
	if err := affordable(n, places, taps); err != nil {
		return err
	}
	at := make([]int, 0, taps*places)
	for _, row := range win.reads() {
		first := row[slices.IndexFunc(row, func(i int) bool { return i >= 0 })]
		for _, i := range row {
			if i < 0 {
				i = first // again, which changes no maximum
			}
			at = append(at, i)
		}
	}
	y := e.reshape(e.takeAxis(e.reshape(e.arg(0), n, plane), 1, at), n, places, taps)
	y = e.with("ReduceMax", Attrs{"keepdims": 0}, y, e.list(2))
	e.set(0, e.reshape(y, slices.Concat(x[:2], win.out)...))
	return nil
}

// lpPool expands LpPool (opset 18): (Σ |x|^p)^(1/p) over each window, whose padding is zero.
func (e *expander) lpPool() error {
	p := 2
	var win window
	if err := e.attrs.Unpack(win.attrs("ceil_mode?", &win.ceil, "p?", &p)...); err != nil {
		return err
	}
	x := e.in[0].shape
	if len(x) < 3 || win.kernel == nil || p < 1 {
		return malformed("input %v, kernel %v, p = %d", x, win.kernel, p)
	}
	if err := win.init(x[2:]); err != nil {
		return err
	}
	n, plane, places, taps := x[0]*x[1], product(x[2:]), product(win.out), product(win.kernel)
	if err := affordable(n, places, taps); err != nil {
		return err
	}
	at := make([]int, 0, taps*places)
	for _, row := range win.reads() {
		for _, i := range row {
			if i < 0 {
				i = plane
			}
			at = append(at, i)
		}
	}
	y := e.do("Pad", e.toPower(e.reshape(e.arg(0), n, plane), p), e.list(0, 0, 0, 1))
	y = e.reshape(e.takeAxis(y, 1, at), n, places, taps)
	y = e.with("ReduceSum", Attrs{"keepdims": 0}, y, e.list(2))
	e.set(0, e.reshape(e.root(y, p), slices.Concat(x[:2], win.out)...))
	return nil
}

// globalLpPool expands GlobalLpPool (opset 2): lpPool over all places of a channel.
func (e *expander) globalLpPool() error {
	p := 2
	if err := e.attrs.Unpack("p?", &p); err != nil {
		return err
	}
	x := e.in[0].shape
	if len(x) < 3 || p < 1 {
		return malformed("input %v, p = %d", x, p)
	}
	var axes []int
	for i := 2; i < len(x); i++ {
		axes = append(axes, i)
	}
	y := e.with("ReduceSum", Attrs{"keepdims": 1}, e.toPower(e.arg(0), p), e.list(axes...))
	e.set(0, e.root(y, p))
	return nil
}

// toPower is |x|^p.
func (e *expander) toPower(x string, p int) string {
	switch p {
	case 1:
		return e.do("Abs", x)
	case 2:
		return e.do("Mul", x, x)
	}
	return e.do("Pow", e.do("Abs", x), e.float(float64(p)))
}

// root is x^(1/p) for x that is not negative.
func (e *expander) root(x string, p int) string {
	switch p {
	case 1:
		return x
	case 2:
		return e.do("Sqrt", x)
	}
	return e.do("Pow", x, e.float(1/float64(p)))
}
