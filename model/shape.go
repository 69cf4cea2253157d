package model

import (
	"math"
	"slices"
)

// reshaped is the kernel that copies input 0 into another shape.
func reshaped(x *fact, shape []int) (*kernel, error) {
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	if product(shape) != product(x.shape) {
		return nil, malformed("%v into %v", x.shape, shape)
	}
	return returns(shape, x.typ, func(in []*Tensor, out *Tensor) {
		copy(out.Float, in[0].Float)
		copy(out.Int, in[0].Int)
	}), nil
}

func bindIdentity(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	k, err := reshaped(c.in[0], c.in[0].shape)
	if err == nil {
		k.identity = true
	}
	return k, err
}

// bindDropout implements Dropout at inference, which changes nothing. Its mask,
// if used, is all ones.
func bindDropout(c *call) (*kernel, error) {
	var ratio float32
	var seed int
	if err := c.attrs.Unpack("ratio?", &ratio, "seed?", &seed); err != nil {
		return nil, err
	}
	if mode := c.input(2); mode != nil && (mode.value == nil || slices.Contains(mode.value.Int, 1)) {
		return nil, unsupported("training_mode")
	}
	k, err := bindIdentity(&call{in: c.in})
	if err != nil || len(c.outputs) < 2 || c.outputs[1] == "" {
		return k, err
	}
	copyInput := k.eval
	k.out = append(k.out, fact{shape: c.in[0].shape, typ: Bool})
	k.eval = func(in, out []*Tensor) error {
		for i := range out[1].Int {
			out[1].Int[i] = 1
		}
		return copyInput(in, out)
	}
	k.identity = false
	return k, nil
}

func bindFlatten(c *call) (*kernel, error) {
	axis := 1
	if err := c.attrs.Unpack("axis?", &axis); err != nil {
		return nil, err
	}
	x := c.in[0]
	if axis != len(x.shape) {
		var err error
		if axis, err = normAxis(axis, len(x.shape)); err != nil {
			return nil, err
		}
	}
	return reshaped(x, []int{product(x.shape[:axis]), product(x.shape[axis:])})
}

// bindReshape implements Reshape: 0 copies an axis (unless allowzero), one -1 takes
// what remains.
func bindReshape(c *call) (*kernel, error) {
	var allowZero bool
	if err := c.attrs.Unpack("allowzero?", &allowZero); err != nil {
		return nil, err
	}
	x := c.in[0]
	shape, _, err := c.ints(1)
	if err != nil {
		return nil, err
	}
	want := slices.Clone(shape)
	free := -1
	for i, d := range shape {
		switch {
		case d == 0 && !allowZero:
			if i >= len(x.shape) {
				return nil, malformed("%v into %v", x.shape, want)
			}
			shape[i] = x.shape[i]
		case d == -1 && free < 0:
			free = i
			shape[i] = 1
		case d < 0:
			return nil, malformed("%v into %v", x.shape, want)
		}
	}
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	if free >= 0 {
		rest := product(shape)
		if rest == 0 || product(x.shape)%rest != 0 {
			return nil, malformed("%v into %v", x.shape, want)
		}
		shape[free] = product(x.shape) / rest
	}
	return reshaped(x, shape)
}

// axesOf reads axes from the attribute (below opset 13) or from input 1.
func (c *call) axesOf() (axes []int, given bool, err error) {
	if err := c.attrs.Unpack("axes?", &axes); err != nil {
		return nil, false, err
	}
	if axes != nil {
		return axes, true, nil
	}
	return c.ints(1)
}

func bindSqueeze(c *call) (*kernel, error) {
	axes, given, err := c.axesOf()
	if err != nil {
		return nil, err
	}
	x := c.in[0]
	if axes, err = normAxes(axes, len(x.shape)); err != nil {
		return nil, err
	}
	shape := []int{}
	for i, d := range x.shape {
		drop := slices.Contains(axes, i) || !given && d == 1
		if drop && d != 1 {
			return nil, malformed("squeeze axis %d of %v", i, x.shape)
		}
		if !drop {
			shape = append(shape, d)
		}
	}
	return reshaped(x, shape)
}

func bindUnsqueeze(c *call) (*kernel, error) {
	axes, given, err := c.axesOf()
	if err != nil {
		return nil, err
	}
	if !given {
		return nil, malformed("axes are missing")
	}
	x := c.in[0]
	if axes, err = normAxes(axes, len(x.shape)+len(axes)); err != nil {
		return nil, err
	}
	shape := slices.Clone(x.shape)
	for _, a := range axes {
		shape = slices.Insert(shape, a, 1)
	}
	return reshaped(x, shape)
}

// bindShape implements Shape, which depends on no data.
func bindShape(c *call) (*kernel, error) {
	x := c.in[0].shape
	start, end := 0, len(x)
	if err := c.attrs.Unpack("start?", &start, "end?", &end); err != nil {
		return nil, err
	}
	start, end = clampIndex(start, len(x)), clampIndex(end, len(x))
	part := x[start:max(start, end)]
	k := returns([]int{len(part)}, Int64, func(_ []*Tensor, out *Tensor) {
		for i, d := range part {
			out.Int[i] = int64(d)
		}
	})
	k.static = true
	return k, nil
}

// clampIndex counts negative indices from the end and moves the rest into [0,n].
func clampIndex(i, n int) int {
	if i < 0 {
		i += n
	}
	return clamp(i, 0, n)
}

// bindConstant implements Constant; exactly one attribute holds the value.
func bindConstant(c *call) (*kernel, error) {
	var (
		value  *Tensor
		f      float32
		i      int
		floats []float32
		ints   []int
		typ    int
	)
	err := c.attrs.Unpack("value?", &value, "value_float?", &f, "value_floats?", &floats, "value_int?", &i, "value_ints?", &ints, elemType+"?", &typ)
	if err != nil {
		return nil, err
	}
	n := len(c.attrs)
	if typ != 0 {
		n--
	}
	if n != 1 {
		return nil, malformed("%d attributes, want 1", n)
	}
	for name := range c.attrs {
		switch name {
		case "value_float":
			value = &Tensor{Shape: []int{}, Float: []float32{f}}
		case "value_floats":
			value = &Tensor{Shape: []int{len(floats)}, Float: floats}
		case "value_int":
			value = &Tensor{Shape: []int{}, Int: []int64{int64(i)}}
		case "value_ints":
			value = &Tensor{Shape: []int{len(ints)}, Int: make([]int64, len(ints))}
			for j, n := range ints {
				value.Int[j] = int64(n)
			}
		}
	}
	x := factOf(value)
	if typ != 0 {
		x.typ = ElemType(typ)
	}
	return returns(x.shape, x.typ, func(_ []*Tensor, out *Tensor) {
		copy(out.Float, value.Float)
		copy(out.Int, value.Int)
	}), nil
}

func bindConstantOfShape(c *call) (*kernel, error) {
	value := &Tensor{Shape: []int{1}, Float: []float32{0}}
	if err := c.attrs.Unpack("value?", &value); err != nil {
		return nil, err
	}
	shape, _, err := c.ints(0)
	if err != nil {
		return nil, err
	}
	if value.Len() != 1 {
		return nil, malformed("value of shape %v, want one element", value.Shape)
	}
	return returns(shape, factOf(value).typ, func(_ []*Tensor, out *Tensor) {
		for i := range out.Float {
			out.Float[i] = value.Float[0]
		}
		for i := range out.Int {
			out.Int[i] = value.Int[0]
		}
	}), nil
}

// bindRange implements Range: start, start+delta, ... below (or above) limit.
func bindRange(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	var v [3]float64
	for i, f := range c.in {
		switch {
		case f.value == nil:
			return nil, unsupported("input %d decides a shape and depends on data", i)
		case f.value.Len() != 1:
			return nil, malformed("input %d of shape %v, want a scalar", i, f.shape)
		}
		v[i] = float64(asFloats(f.value)[0])
		if f.value.Int != nil {
			v[i] = float64(f.value.Int[0])
		}
	}
	start, limit, delta := v[0], v[1], v[2]
	n := math.Ceil((limit - start) / delta)
	if !(n <= maxElements) {
		return nil, malformed("range from %v to %v by %v", start, limit, delta)
	}
	return returns([]int{int(max(n, 0))}, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		for i := range out.Float {
			out.Float[i] = float32(start + float64(float64(i)*delta))
		}
		for i := range out.Int {
			out.Int[i] = in[0].Int[0] + int64(i)*in[2].Int[0]
		}
	}), nil
}
