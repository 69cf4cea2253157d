package model

import (
	"math"
	"slices"
)

const (
	// maxElements bounds every tensor: 2^28 elements are 1 GiB of float32, far
	// more than can be proven, and a hostile shape costs no more than that.
	maxElements = 1 << 28
	// maxRank bounds the number of axes.
	maxRank = 64
)

// ElemType is an ONNX element type. Tensors hold every float type as float32 and
// every other one as int64.
type ElemType int

// The element types a tensor may have.
const (
	Undefined ElemType = iota
	Float32
	Float64
	Float16
	BFloat16
	Int8
	Int16
	Int32
	Int64
	Uint8
	Uint16
	Uint32
	Uint64
	Bool
	Int4
	Uint4
)

// elemTypes holds, per ElemType, its ONNX name and, for integers, its range.
var elemTypes = [...]struct {
	name   string
	lo, hi int64
}{
	Undefined: {name: "undefined"},
	Float32:   {name: "float32"},
	Float64:   {name: "float64"},
	Float16:   {name: "float16"},
	BFloat16:  {name: "bfloat16"},
	Int8:      {"int8", math.MinInt8, math.MaxInt8},
	Int16:     {"int16", math.MinInt16, math.MaxInt16},
	Int32:     {"int32", math.MinInt32, math.MaxInt32},
	Int64:     {"int64", math.MinInt64, math.MaxInt64},
	Uint8:     {"uint8", 0, math.MaxUint8},
	Uint16:    {"uint16", 0, math.MaxUint16},
	Uint32:    {"uint32", 0, math.MaxUint32},
	Uint64:    {"uint64", 0, math.MaxInt64}, // larger values are refused
	Bool:      {"bool", 0, 1},
	Int4:      {"int4", -8, 7},
	Uint4:     {"uint4", 0, 15},
}

// String returns the type's ONNX name, such as "float16".
func (t ElemType) String() string {
	if t < 0 || int(t) >= len(elemTypes) {
		return "undefined"
	}
	return elemTypes[t].name
}

// IsFloat reports whether tensors of the type hold Float rather than Int.
func (t ElemType) IsFloat() bool { return t >= Float32 && t <= BFloat16 }

// Bounds returns the range of an integer type.
func (t ElemType) Bounds() (lo, hi int64) { return elemTypes[t].lo, elemTypes[t].hi }

// Bits returns the width of an integer type.
func (t ElemType) Bits() int {
	switch t {
	case Int4, Uint4:
		return 4
	case Int8, Uint8:
		return 8
	case Int16, Uint16:
		return 16
	case Int32, Uint32:
		return 32
	}
	return 64
}

// Tensor is a dense row-major tensor of float32 or of integers (int64; every ONNX
// integer and bool type). Exactly one of Float and Int is non-nil, and its length
// is the product of Shape; a scalar has the empty shape.
type Tensor struct {
	Shape []int
	Float []float32
	Int   []int64
}

// Floats returns the elements, integers too, as floats: those of a float tensor themselves,
// not a copy.
func (t *Tensor) Floats() []float32 {
	if t.Float != nil {
		return t.Float
	}
	out := make([]float32, len(t.Int))
	for i, v := range t.Int {
		out[i] = float32(v)
	}
	return out
}

// Reals returns the elements as float64, which hold integers up to 2^53.
func (t *Tensor) Reals() []float64 {
	out := make([]float64, 0, t.Len())
	for _, v := range t.Float {
		out = append(out, float64(v))
	}
	for _, v := range t.Int {
		out = append(out, float64(v))
	}
	return out
}

// Len returns the number of elements.
func (t *Tensor) Len() int { return len(t.Float) + len(t.Int) }

// newTensor returns a tensor of zeros. The caller has checked the shape.
func newTensor(shape []int, typ ElemType) *Tensor {
	t := &Tensor{Shape: shape}
	if typ.IsFloat() {
		t.Float = make([]float32, product(shape))
	} else {
		t.Int = make([]int64, product(shape))
	}
	return t
}

// valid reports whether t keeps the promises of the type's documentation.
func (t *Tensor) valid() bool {
	if t == nil || (t.Float == nil) == (t.Int == nil) {
		return false
	}
	return checkShape(t.Shape) == nil && product(t.Shape) == t.Len()
}

// finite reports whether t has neither NaN nor infinity.
func (t *Tensor) finite() bool {
	return !slices.ContainsFunc(t.Float, func(x float32) bool { return x-x != 0 })
}

// checkShape refuses negative axes and tensors over the size limits.
func checkShape(shape []int) error {
	if len(shape) > maxRank {
		return unsupported("a tensor of %d axes", len(shape))
	}
	n := 1
	for _, d := range shape {
		switch {
		case d < 0:
			return malformed("shape %v", shape)
		case d == 0: // counted as 1, so that an empty tensor's other axes are bounded too
		case d > maxElements/n:
			return unsupported("shape %v of more than %d elements", shape, maxElements)
		default:
			n *= d
		}
	}
	return nil
}

// product multiplies the axes of a checked shape.
func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// stridesOf returns the row-major strides of a shape.
func stridesOf(shape []int) []int {
	s := make([]int, len(shape))
	n := 1
	for i := len(shape) - 1; i >= 0; i-- {
		s[i] = n
		n *= shape[i]
	}
	return s
}

// broadcastShape returns the shape two shapes broadcast to, by NumPy's rules.
func broadcastShape(a, b []int) ([]int, error) {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := slices.Clone(a)
	for i, d := range b {
		o := &out[len(a)-len(b)+i]
		switch {
		case *o == 1:
			*o = d
		case d != 1 && d != *o:
			return nil, malformed("shapes %v and %v do not broadcast", a, b)
		}
	}
	return out, nil
}

// broadcastsTo reports whether shape broadcasts to exactly the shape to.
func broadcastsTo(shape, to []int) bool {
	out, err := broadcastShape(shape, to)
	return err == nil && slices.Equal(out, to)
}

// broadcastStrides returns the strides with which a tensor of the given shape is
// read along the axes of out; repeated axes have stride 0.
func broadcastStrides(shape, out []int) []int {
	s := make([]int, len(out))
	skip := len(out) - len(shape)
	for i, stride := range stridesOf(shape) {
		if shape[i] != 1 {
			s[skip+i] = stride
		}
	}
	return s
}

// walk visits the positions of shape in row-major order. Offset k starts at
// start[k] (0 if start is nil) and moves by strides[k][axis].
func walk(shape []int, start []int, strides [][]int, visit func(at []int)) {
	if product(shape) == 0 {
		return
	}
	at := make([]int, len(strides))
	copy(at, start)
	index := make([]int, len(shape))
	for {
		visit(at)
		axis := len(shape) - 1
		for ; axis >= 0; axis-- {
			index[axis]++
			for k := range at {
				at[k] += strides[k][axis]
			}
			if index[axis] < shape[axis] {
				break
			}
			index[axis] = 0
			for k := range at {
				at[k] -= strides[k][axis] * shape[axis]
			}
		}
		if axis < 0 {
			return
		}
	}
}

// normAxis maps a possibly negative axis into [0, rank).
func normAxis(axis, rank int) (int, error) {
	if axis < -rank || axis >= rank {
		return 0, malformed("axis %d out of range for rank %d", axis, rank)
	}
	if axis < 0 {
		axis += rank
	}
	return axis, nil
}

// normAxes maps axes into [0, rank), sorted, and refuses repetitions.
func normAxes(axes []int, rank int) ([]int, error) {
	if rank > maxRank || len(axes) > rank {
		return nil, malformed("axes %v for rank %d", axes, rank)
	}
	out := make([]int, len(axes))
	for i, a := range axes {
		var err error
		if out[i], err = normAxis(a, rank); err != nil {
			return nil, err
		}
	}
	slices.Sort(out)
	if len(slices.Compact(slices.Clone(out))) != len(out) {
		return nil, malformed("axes %v repeat", axes)
	}
	return out, nil
}
