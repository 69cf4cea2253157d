package model

import (
	"math"
	"slices"
)

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
