package model

import "slices"

// Networks that are shipped in eight bits carry two things: integer weights, which are the
// weights, and scales of activations, which say where integers are rounded between layers.
// Both are taken as they are: QuantizeLinear is a division that is rounded (ties to even),
// shifted and saturated, and quantizing makes the same integers of it.

// grid is a scale and a zero point, with the shape with which they act on a tensor.
type grid struct {
	scale, zero string // zero is "" for 0
	lo, hi      float64
}

// typeRange returns the range of a quantized type.
func typeRange(t ElemType) (lo, hi float64) {
	a, b := t.Bounds()
	return float64(a), float64(b)
}

// axisShape gives a list of one value an entry of an axis the shape with which it acts.
func (e *expander) axisShape(x string, rank, axis int) (string, error) {
	shape, err := e.shapeOf(x)
	if err != nil || product(shape) == 1 {
		return e.reshape(x), err
	}
	if len(shape) != 1 {
		return "", unsupported("scales in blocks, of shape %v", shape)
	}
	if axis, err = normAxis(axis, rank); err != nil {
		return "", err
	}
	return e.reshape(x, append([]int{shape[0]}, slices.Repeat([]int{1}, rank-1-axis)...)...), nil
}

// floatOf returns a value as floats.
func (e *expander) floatOf(x string) string {
	if f := e.facts[x]; f != nil && !f.typ.IsFloat() {
		return e.with("Cast", Attrs{"to": 1}, x)
	}
	return x
}

// dequantized returns (x - zero)·scale.
func (e *expander) dequantized(x, scale, zero string, axis int) (string, error) {
	shape, err := e.shapeOf(x)
	if err != nil {
		return "", err
	}
	x = e.floatOf(x)
	if zero != "" && !e.isZero(zero) {
		z, err := e.axisShape(e.floatOf(zero), len(shape), axis)
		if err != nil {
			return "", err
		}
		x = e.do("Sub", x, z)
	}
	s, err := e.axisShape(scale, len(shape), axis)
	if err != nil {
		return "", err
	}
	return e.do("Mul", x, s), nil
}

// isZero reports whether a value is a constant of zeros.
func (e *expander) isZero(name string) bool {
	f := e.facts[name]
	return f != nil && f.value != nil && !slices.ContainsFunc(asFloats(f.value), func(v float32) bool { return v != 0 })
}

// quantizeLinear expands QuantizeLinear (opsets 10 to 25): round(x/scale) + zero, saturated.
func (e *expander) quantizeLinear() error {
	axis, typ, block, saturate, precision := 1, 0, 0, 1, 0
	if err := e.attrs.Unpack("axis?", &axis, "output_dtype?", &typ, "block_size?", &block, "saturate?", &saturate, "precision?", &precision); err != nil {
		return err
	}
	to := Uint8
	if z := e.input(2); z != nil {
		to = z.typ
	} else if typ != 0 {
		var err error
		if to, err = elemTypeOf(int32(typ)); err != nil {
			return err
		}
	}
	if to.IsFloat() {
		return unsupported("a quantized type of floats")
	}
	y, err := e.quantized(e.floatOf(e.arg(0)), e.arg(1), e.arg(2), axis, to)
	e.set(0, y)
	return err
}

// quantized returns clip(round(x/scale) + zero), which stands for a tensor of a quantized type.
func (e *expander) quantized(x, scale, zero string, axis int, to ElemType) (string, error) {
	shape, err := e.shapeOf(x)
	if err != nil {
		return "", err
	}
	s, err := e.axisShape(scale, len(shape), axis)
	if err != nil {
		return "", err
	}
	y := e.do("Round", e.do("Div", x, s))
	if zero != "" && !e.isZero(zero) {
		z, err := e.axisShape(e.floatOf(zero), len(shape), axis)
		if err != nil {
			return "", err
		}
		y = e.do("Add", y, z)
	}
	lo, hi := typeRange(to)
	return e.do("Clip", y, e.float(lo), e.float(hi)), nil
}

// dequantizeLinear expands DequantizeLinear (opsets 10 to 25).
func (e *expander) dequantizeLinear() error {
	axis, block, typ := 1, 0, 0
	if err := e.attrs.Unpack("axis?", &axis, "block_size?", &block, "output_dtype?", &typ); err != nil {
		return err
	}
	if block != 0 && product(e.in[1].shape) > 1 {
		return e.blocks(axis, block)
	}
	y, err := e.dequantized(e.arg(0), e.arg(1), e.arg(2), axis)
	e.set(0, y)
	return err
}

// blocks dequantizes with a scale for each run of an axis.
func (e *expander) blocks(axis, block int) error {
	x, s := e.in[0].shape, e.in[1].shape
	axis, err := normAxis(axis, len(x))
	if err != nil {
		return err
	}
	if len(s) != len(x) || block < 1 || s[axis] != (x[axis]+block-1)/block {
		return malformed("scales %v in blocks of %d for %v", s, block, x)
	}
	at := make([]int, x[axis])
	for i := range at {
		at[i] = i / block
	}
	y := e.floatOf(e.arg(0))
	if z := e.arg(2); z != "" {
		y = e.do("Sub", y, e.takeAxis(e.floatOf(z), axis, at))
	}
	e.set(0, e.do("Mul", y, e.takeAxis(e.arg(1), axis, at)))
	return nil
}

// dynamicQuantize expands DynamicQuantizeLinear (opset 11), whose scale depends on the data:
// the scale is 1 and the value itself stands for its integers, as rounding is this module's
// own. As outputs of the network the three would be other numbers than the operator's.
func (e *expander) dynamicQuantize() error {
	if err := e.attrs.Unpack(); err != nil {
		return err
	}
	for _, o := range e.Graph.Outputs {
		if slices.Contains(e.n.Outputs, o.Name) {
			return unsupported("%q is an output of the network: only what the integers stand for is computed", o.Name)
		}
	}
	e.set(0, e.arg(0))
	e.set(1, e.float(1))
	e.set(2, e.float(0))
	return nil
}

// shifted returns x - zero for an integer product's operand.
func (e *expander) shifted(x, zero string, axis int) (string, error) {
	shape, err := e.shapeOf(x)
	if err != nil {
		return "", err
	}
	x = e.floatOf(x)
	if zero == "" || e.isZero(zero) {
		return x, nil
	}
	z, err := e.axisShape(e.floatOf(zero), len(shape), axis)
	if err != nil {
		return "", err
	}
	return e.do("Sub", x, z), nil
}

// matMulInteger expands MatMulInteger (opset 10).
func (e *expander) matMulInteger() error {
	if err := e.attrs.Unpack(); err != nil {
		return err
	}
	a, err := e.shifted(e.arg(0), e.arg(2), -2)
	if err != nil {
		return err
	}
	b, err := e.shifted(e.arg(1), e.arg(3), -1)
	if err != nil {
		return err
	}
	e.set(0, e.do("MatMul", a, b))
	return nil
}

// convInteger expands ConvInteger (opset 10).
func (e *expander) convInteger() error {
	x, err := e.shifted(e.arg(0), e.arg(2), 1)
	if err != nil {
		return err
	}
	w, err := e.shifted(e.arg(1), e.arg(3), 0)
	if err != nil {
		return err
	}
	e.set(0, e.with("Conv", e.attrs, x, w))
	return nil
}

// qLinearConv expands QLinearConv (opset 10).
func (e *expander) qLinearConv() error {
	x, err := e.dequantized(e.arg(0), e.arg(1), e.arg(2), 1)
	if err != nil {
		return err
	}
	w, err := e.dequantized(e.arg(3), e.arg(4), e.arg(5), 0)
	if err != nil {
		return err
	}
	in := []string{x, w}
	if e.arg(8) != "" { // in units of x's scale times w's
		in = append(in, e.do("Mul", e.floatOf(e.arg(8)), e.do("Mul", e.arg(1), e.arg(4))))
		if shape, err := e.shapeOf(in[2]); err == nil && len(shape) == 0 {
			in[2] = e.reshape(in[2], 1)
		}
	}
	y, err := e.quantized(e.with("Conv", e.attrs, in...), e.arg(6), e.arg(7), 1, e.typeOf(7))
	e.set(0, y)
	return err
}

// typeOf returns the type of an input that says one, uint8 without it.
func (e *expander) typeOf(i int) ElemType {
	if f := e.input(i); f != nil && !f.typ.IsFloat() {
		return f.typ
	}
	return Uint8
}

// qLinearMatMul expands QLinearMatMul (opsets 10 and 21).
func (e *expander) qLinearMatMul() error {
	if err := e.attrs.Unpack(); err != nil {
		return err
	}
	a, err := e.dequantized(e.arg(0), e.arg(1), e.arg(2), -2)
	if err != nil {
		return err
	}
	b, err := e.dequantized(e.arg(3), e.arg(4), e.arg(5), -1)
	if err != nil {
		return err
	}
	y, err := e.quantized(e.do("MatMul", a, b), e.arg(6), e.arg(7), -1, e.typeOf(7))
	e.set(0, y)
	return err
}

// qGemm expands ONNX Runtime's QGemm (com.microsoft, version 1).
func (e *expander) qGemm() error {
	alpha := 1.
	transA, transB := 0, 0
	if err := e.attrs.Unpack("alpha?", &alpha, "transA?", &transA, "transB?", &transB); err != nil {
		return err
	}
	a, err := e.dequantized(e.arg(0), e.arg(1), e.arg(2), -1)
	if err != nil {
		return err
	}
	axis := 1 - transB
	b, err := e.dequantized(e.arg(3), e.arg(4), e.arg(5), axis)
	if err != nil {
		return err
	}
	in := []string{a, b}
	if e.arg(6) != "" { // in units of alpha times both scales
		unit := e.do("Mul", e.do("Mul", e.arg(1), e.arg(4)), e.float(alpha))
		in = append(in, e.do("Mul", e.floatOf(e.arg(6)), unit))
	}
	y := e.with("Gemm", Attrs{"alpha": float32(alpha), "transA": transA, "transB": transB}, in...)
	if e.arg(7) == "" { // the output is of floats
		e.set(0, y)
		return nil
	}
	y, err = e.quantized(y, e.arg(7), e.arg(8), 1, e.typeOf(8))
	e.set(0, y)
	return err
}

// qLinear expands ONNX Runtime's operators that act on quantized tensors as the operator of
// floats does (com.microsoft, version 1).
func (e *expander) qLinear() error {
	op := map[string]string{
		"com.microsoft:QLinearAdd": "Add", "com.microsoft:QLinearMul": "Mul", "com.microsoft:QLinearSigmoid": "Sigmoid",
		"com.microsoft:QLinearLeakyRelu": "LeakyRelu", "com.microsoft:QLinearAveragePool": "AveragePool",
		"com.microsoft:QLinearGlobalAveragePool": "GlobalAveragePool", "com.microsoft:QLinearSoftmax": "Softmax",
	}[e.op]
	var in []string
	k := 0
	for range map[bool]int{true: 2, false: 1}[op == "Add" || op == "Mul"] {
		x, err := e.dequantized(e.arg(k), e.arg(k+1), e.arg(k+2), 1)
		if err != nil {
			return err
		}
		in = append(in, x)
		k += 3
	}
	attrs := Attrs{}
	for name, v := range e.attrs {
		if name != "channels_last" && name != "opset" {
			attrs[name] = v
		} else if n, ok := v.(int); name == "channels_last" && (!ok || n != 0) {
			return unsupported("channels_last")
		}
	}
	y, err := e.quantized(e.with(op, attrs, in...), e.arg(k), e.arg(k+1), 1, e.typeOf(k+1))
	e.set(0, y)
	return err
}

// qLinearConcat expands ONNX Runtime's QLinearConcat (com.microsoft, version 1).
func (e *expander) qLinearConcat() error {
	axis := 0
	if err := e.attrs.Unpack("axis", &axis); err != nil {
		return err
	}
	var parts []string
	for k := 2; k+2 < len(e.in)+1; k += 3 {
		x, err := e.dequantized(e.arg(k), e.arg(k+1), e.arg(k+2), 1)
		if err != nil {
			return err
		}
		parts = append(parts, x)
	}
	y, err := e.quantized(e.join(axis, parts...), e.arg(0), e.arg(1), 1, e.typeOf(1))
	e.set(0, y)
	return err
}
