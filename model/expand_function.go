package model

import (
	"maps"
	"math"
	"slices"
)

// clip expands Clip (opset 11) of bounds that are computed.
func (e *expander) clip() error {
	if err := e.check(); err != nil {
		return err
	}
	if err := e.attrs.Unpack(); err != nil {
		return err
	}
	x := e.arg(0)
	for i, op := range []string{"Max", "Min"} {
		if e.arg(i+1) != "" {
			x = e.do(op, x, e.arg(i+1))
		}
	}
	e.set(0, x)
	return nil
}

// castLike expands CastLike (opsets 15 to 25): a Cast to the second input's type.
func (e *expander) castLike() error {
	for to, w := range wires {
		if w.typ == e.in[1].typ {
			attrs := maps.Clone(e.attrs)
			attrs["to"] = int(to)
			e.set(0, e.with("Cast", attrs, e.arg(0)))
			return nil
		}
	}
	return unsupported("a value of type %v", e.in[1].typ)
}

// hyperbolic expands Sinh and Cosh (opset 9): (exp(x) ∓ exp(-x))/2.
func (e *expander) hyperbolic() error {
	if err := e.attrs.Unpack(); err != nil {
		return err
	}
	op := map[string]string{"Sinh": "Sub", "Cosh": "Add"}[e.op]
	x := e.arg(0)
	e.set(0, e.do("Mul", e.do(op, e.do("Exp", x), e.do("Exp", e.do("Neg", x))), e.float(0.5)))
	return nil
}

// asinh expands Asinh (opset 9): sign(x)·ln(|x| + √(x² + 1)), which loses nothing for
// negative x.
func (e *expander) asinh() error {
	if err := e.attrs.Unpack(); err != nil {
		return err
	}
	x := e.arg(0)
	root := e.do("Sqrt", e.do("Add", e.do("Mul", x, x), e.float(1)))
	e.set(0, e.do("Mul", e.do("Sign", x), e.do("Log", e.do("Add", e.do("Abs", x), root))))
	return nil
}

// acosh expands Acosh (opset 9): ln(x + √(x² - 1)).
func (e *expander) acosh() error {
	if err := e.attrs.Unpack(); err != nil {
		return err
	}
	x := e.arg(0)
	root := e.do("Sqrt", e.do("Sub", e.do("Mul", x, x), e.float(1)))
	e.set(0, e.do("Log", e.do("Add", x, root)))
	return nil
}

// atanh expands Atanh (opset 9): (ln(1 + x) - ln(1 - x))/2.
func (e *expander) atanh() error {
	if err := e.attrs.Unpack(); err != nil {
		return err
	}
	x, one := e.arg(0), e.float(1)
	y := e.do("Sub", e.do("Log", e.do("Add", one, x)), e.do("Log", e.do("Sub", one, x)))
	e.set(0, e.do("Mul", y, e.float(0.5)))
	return nil
}

// acos expands Acos (opset 7): π/2 - asin(x).
func (e *expander) acos() error {
	if err := e.attrs.Unpack(); err != nil {
		return err
	}
	e.set(0, e.do("Sub", e.float(math.Pi/2), e.do("Asin", e.arg(0))))
	return nil
}

// celu expands Celu (opset 12): max(0, x) + min(0, alpha·(exp(x/alpha) - 1)).
func (e *expander) celu() error {
	alpha := 1.
	if err := e.attrs.Unpack("alpha?", &alpha); err != nil {
		return err
	}
	if alpha == 0 {
		return malformed("alpha 0")
	}
	if alpha == 1 {
		e.set(0, e.do("Elu", e.arg(0)))
		return nil
	}
	y := e.do("Elu", e.do("Mul", e.arg(0), e.float(1/alpha)))
	e.set(0, e.do("Mul", y, e.float(alpha)))
	return nil
}

// swish expands Swish (opset 24): x·sigmoid(alpha·x).
func (e *expander) swish() error {
	alpha := 1.
	if err := e.attrs.Unpack("alpha?", &alpha); err != nil {
		return err
	}
	x := e.arg(0)
	if alpha != 1 {
		x = e.do("Mul", x, e.float(alpha))
	}
	e.set(0, e.do("Mul", e.arg(0), e.do("Sigmoid", x)))
	return nil
}

// tan expands Tan (opset 7).
func (e *expander) tan() error {
	if err := e.attrs.Unpack(); err != nil {
		return err
	}
	e.set(0, e.do("Div", e.do("Sin", e.arg(0)), e.do("Cos", e.arg(0))))
	return nil
}

// thresholdedRelu expands ThresholdedRelu (opsets 10 and 22): x above alpha, else 0.
func (e *expander) thresholdedRelu() error {
	alpha := 1.
	if err := e.attrs.Unpack("alpha?", &alpha); err != nil {
		return err
	}
	e.set(0, e.do("Where", e.do("Greater", e.arg(0), e.float(alpha)), e.arg(0), e.float(0)))
	return nil
}

// shrink expands Shrink (opset 9): what lies within ±lambd becomes 0, the rest moves towards
// it by bias.
func (e *expander) shrink() error {
	bias, lambda := 0., 0.5
	if err := e.attrs.Unpack("bias?", &bias, "lambd?", &lambda); err != nil {
		return err
	}
	x := e.arg(0)
	above := e.do("Where", e.do("Greater", x, e.float(lambda)), e.do("Sub", x, e.float(bias)), e.float(0))
	below := e.do("Where", e.do("Less", x, e.float(-lambda)), e.do("Add", x, e.float(bias)), e.float(0))
	e.set(0, e.do("Add", above, below))
	return nil
}

// never expands IsNaN and IsInf of what is computed: integers are neither. Guards that
// exporters put behind a softmax fold away.
func (e *expander) never() error {
	positive, negative := 1, 1
	if err := e.attrs.Unpack("detect_positive?", &positive, "detect_negative?", &negative); err != nil {
		return err
	}
	e.set(0, e.constant(&Tensor{Shape: slices.Clone(e.in[0].shape), Int: make([]int64, product(e.in[0].shape))}))
	return nil
}

// exponential expands Pow of constant bases and a computed exponent.
func (e *expander) exponential() error {
	base, x := e.in[0], e.arg(1)
	logs := &Tensor{Shape: base.shape, Float: make([]float32, base.value.Len())}
	for i, c := range asFloats(base.value) {
		if !(c > 0) {
			return unsupported("computed exponents of base %g, element %d of shape %v: c^x is exp(x·ln c), of positive numbers only", c, i, base.shape)
		}
		logs.Float[i] = float32(math.Log(float64(c)))
	}
	if !e.in[1].typ.IsFloat() {
		x = e.with("Cast", Attrs{"to": 1}, x)
	}
	y := e.do("Exp", e.do("Mul", x, e.constant(logs)))
	if !base.typ.IsFloat() {
		y = e.do("CastLike", e.do("Round", y), e.arg(0))
	}
	e.set(0, y)
	return nil
}

// maxExponents bounds the exponents of one Pow, each of which is a node.
const maxExponents = 64

// pow expands Pow (opsets 7 to 15) by constant exponents that differ, the elements of each of which are
// raised together, and Pow of constant bases c > 0, where c^x = exp(x·ln c); integers are rounded.
func (e *expander) pow() error {
	if err := e.check(); err != nil {
		return err
	}
	b, err := newBroadcast(e.in...)
	if err != nil {
		return err
	}
	if err := affordable(b.shape...); err != nil {
		return err
	}
	if e.in[1].value == nil {
		return e.exponential()
	}
	exponents := asFloats(e.in[1].value)
	var order []float32 // of the exponents, as they come
	places := map[float32][]int64{}
	n := int64(0)
	walk(b.shape, nil, b.strides, func(at []int) {
		p := exponents[at[1]]
		if places[p] == nil {
			order = append(order, p)
		}
		places[p] = append(places[p], n)
		n++
	})
	if len(order) > maxExponents {
		return unsupported("%d different exponents, at most %d", len(order), maxExponents)
	}
	if n == 0 {
		return unsupported("an empty tensor")
	}
	list := func(v []int64) string { return e.constant(&Tensor{Shape: []int{len(v)}, Int: v}) }
	var shape []int64
	for _, d := range b.shape {
		shape = append(shape, int64(d))
	}
	x := e.reshape(e.do("Expand", e.arg(0), list(shape)), int(n))
	var parts []string
	back, k := make([]int64, n), int64(0) // where each element is among the parts
	for _, p := range order {
		parts = append(parts, e.do("Pow", e.with("Gather", Attrs{"axis": 0}, x, list(places[p])), e.float(float64(p))))
		for _, i := range places[p] {
			back[i] = k
			k++
		}
	}
	y := e.with("Gather", Attrs{"axis": 0}, e.with("Concat", Attrs{"axis": 0}, parts...), list(back))
	e.set(0, e.reshape(y, b.shape...))
	return nil
}

// dropout expands Dropout with a mask, which keeps everything at inference: a constant.
func (e *expander) dropout() error {
	if err := e.check(); err != nil {
		return err
	}
	mask := &Tensor{Shape: slices.Clone(e.in[0].shape), Int: make([]int64, product(e.in[0].shape))}
	for i := range mask.Int {
		mask.Int[i] = 1
	}
	e.set(0, e.arg(0))
	e.set(1, e.constant(mask))
	return nil
}

// hardmax expands Hardmax (opsets 1 to 13): 1 at the first largest element, else 0.
func (e *expander) hardmax() error {
	axis := -1
	if e.opset < 13 {
		axis = 1
	}
	if err := e.attrs.Unpack("axis?", &axis); err != nil {
		return err
	}
	shape := e.in[0].shape
	axis, err := normAxis(axis, len(shape))
	if err != nil {
		return err
	}
	x := e.arg(0)
	if e.opset < 13 { // the axes from there on are one
		x = e.reshape(x, product(shape[:axis]), product(shape[axis:]))
		axis = 1
	} else {
		x = e.transpose(x, exchanged(len(shape), axis)...)
	}
	inner, err := e.shapeOf(x)
	if err != nil {
		return err
	}
	best := e.with("ArgMax", Attrs{"axis": len(inner) - 1, "keepdims": 1}, x)
	y := e.with("Cast", Attrs{"to": 1}, e.do("Equal", best, e.constant(counting(inner[len(inner)-1]))))
	if e.opset < 13 {
		y = e.reshape(y, shape...)
	} else {
		y = e.transpose(y, exchanged(len(shape), axis)...)
	}
	e.set(0, y)
	return nil
}

// topK expands TopK (opsets 1 to 24): the place of an element is the number of those before
// it, which are larger, or as large and of a smaller index.
func (e *expander) topK() error {
	axis, largest, sorted := -1, true, true
	k := 0
	if err := e.attrs.Unpack("axis?", &axis, "largest?", &largest, "sorted?", &sorted, "k?", &k); err != nil {
		return err
	}
	if e.input(1) != nil {
		t, err := e.needConstant(1, "K")
		if err != nil {
			return err
		}
		if t.Len() != 1 || t.Int == nil {
			return malformed("K of shape %v", t.Shape)
		}
		k = int(clamp(t.Int[0], -1, maxElements))
	}
	shape := e.in[0].shape
	axis, err := normAxis(axis, len(shape))
	if err != nil {
		return err
	}
	n := shape[axis]
	if k < 0 || k > n {
		return malformed("the first %d of %d", k, n)
	}
	rows := product(shape) / max(n, 1)
	if rows*n*n > maxChoices || k == 0 {
		return unsupported("the first %d of %d in %d rows", k, n, rows)
	}
	cast := func(to int, x string) string { return e.with("Cast", Attrs{"to": to}, x) }
	perm := exchanged(len(shape), axis)
	x := e.arg(0)
	if !e.in[0].typ.IsFloat() {
		x = cast(1, x)
	}
	x = e.transpose(x, perm...)
	turned, err := e.shapeOf(x)
	if err != nil {
		return err
	}
	mine, other := e.reshape(x, rows, n, 1), e.reshape(x, rows, 1, n)
	earlier := &Tensor{Shape: []int{n, n}, Int: make([]int64, n*n)} // other's index is smaller
	for i := range n {
		for j := range i {
			earlier.Int[i*n+j] = 1
		}
	}
	beats, ties := "Greater", "GreaterOrEqual"
	if !largest {
		beats, ties = "Less", "LessOrEqual"
	}
	tie := cast(1, cast(9, e.constant(earlier)))
	rest := &Tensor{Shape: []int{n, n}, Float: make([]float32, n*n)}
	for i, v := range earlier.Int {
		rest.Float[i] = 1 - float32(v)
	}
	before := e.do("Add", e.do("Mul", cast(1, e.do(ties, other, mine)), tie), e.do("Mul", cast(1, e.do(beats, other, mine)), e.constant(rest)))
	place := e.with("ReduceSum", Attrs{"keepdims": 0}, before, e.list(2)) // [rows, n]
	wanted := &Tensor{Shape: []int{k, 1}, Float: make([]float32, k)}
	for i := range k {
		wanted.Float[i] = float32(i)
	}
	hot := cast(1, e.do("Equal", e.reshape(place, rows, 1, n), e.constant(wanted))) // [rows, k, n]
	finish := func(values string) string {
		y := e.with("ReduceSum", Attrs{"keepdims": 0}, e.do("Mul", hot, values), e.list(2))
		return e.transpose(e.reshape(y, append(slices.Clone(turned[:len(turned)-1]), k)...), perm...)
	}
	values := finish(other)
	if !e.in[0].typ.IsFloat() {
		values = cast(7, values)
	}
	e.set(0, values)
	if e.wants(1) {
		at := &Tensor{Shape: []int{n}, Float: make([]float32, n)}
		for i := range n {
			at.Float[i] = float32(i)
		}
		e.set(1, cast(7, finish(e.constant(at))))
	}
	return nil
}
