package model

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
