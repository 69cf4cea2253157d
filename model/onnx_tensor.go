package model

import (
	"encoding/binary"
	"math"

	"github.com/nnark/nnark/model/onnxpb"
)

// wire says how a TensorProto of one data type is stored.
type wire struct {
	typ  ElemType
	size int // bytes per element of raw_data
	// raw decodes one element of raw_data: a float to f, an integer to n.
	raw func(b []byte) (f float64, n int64)
}

// bytes returns the size of n elements.
func (w wire) bytes(n int) int64 { return int64(w.stored(n)) * int64(w.size) }

var le = binary.LittleEndian

var wires = map[onnxpb.TensorProto_DataType]wire{
	onnxpb.TensorProto_FLOAT: {Float32, 4, func(b []byte) (float64, int64) {
		return float64(math.Float32frombits(le.Uint32(b))), 0
	}},
	onnxpb.TensorProto_DOUBLE: {Float64, 8, func(b []byte) (float64, int64) {
		return math.Float64frombits(le.Uint64(b)), 0
	}},
	onnxpb.TensorProto_FLOAT16: {Float16, 2, func(b []byte) (float64, int64) {
		return float16(le.Uint16(b)), 0
	}},
	onnxpb.TensorProto_BFLOAT16: {BFloat16, 2, func(b []byte) (float64, int64) {
		return float64(math.Float32frombits(uint32(le.Uint16(b)) << 16)), 0
	}},
	onnxpb.TensorProto_INT8:   {Int8, 1, func(b []byte) (float64, int64) { return 0, int64(int8(b[0])) }},
	onnxpb.TensorProto_INT16:  {Int16, 2, func(b []byte) (float64, int64) { return 0, int64(int16(le.Uint16(b))) }},
	onnxpb.TensorProto_INT32:  {Int32, 4, func(b []byte) (float64, int64) { return 0, int64(int32(le.Uint32(b))) }},
	onnxpb.TensorProto_INT64:  {Int64, 8, func(b []byte) (float64, int64) { return 0, int64(le.Uint64(b)) }},
	onnxpb.TensorProto_UINT8:  {Uint8, 1, func(b []byte) (float64, int64) { return 0, int64(b[0]) }},
	onnxpb.TensorProto_UINT16: {Uint16, 2, func(b []byte) (float64, int64) { return 0, int64(le.Uint16(b)) }},
	onnxpb.TensorProto_UINT32: {Uint32, 4, func(b []byte) (float64, int64) { return 0, int64(le.Uint32(b)) }},
	onnxpb.TensorProto_UINT64: {Uint64, 8, func(b []byte) (float64, int64) { return 0, int64(le.Uint64(b)) }},
	onnxpb.TensorProto_BOOL:   {Bool, 1, func(b []byte) (float64, int64) { return 0, int64(b[0]) }},
	onnxpb.TensorProto_INT4:   {Int4, 1, func(b []byte) (float64, int64) { return 0, int64(b[0]) }}, // two elements, see nibbles
	onnxpb.TensorProto_UINT4:  {Uint4, 1, func(b []byte) (float64, int64) { return 0, int64(b[0]) }},
}

// elemTypeOf maps an ONNX data type to an ElemType.
func elemTypeOf(dataType int32) (ElemType, error) {
	t := onnxpb.TensorProto_DataType(dataType)
	w, ok := wires[t]
	if !ok {
		return Undefined, unsupported("data type %v", t)
	}
	return w.typ, nil
}

// float16 decodes an IEEE 754 binary16.
func float16(b uint16) float64 {
	exp, frac := int(b>>10&31), float64(b&1023)
	var v float64
	switch exp {
	case 0:
		v = math.Ldexp(frac, -24)
	case 31:
		v = math.Inf(1)
		if frac != 0 {
			v = math.NaN()
		}
	default:
		v = math.Ldexp(1024+frac, exp-25)
	}
	if b>>15 == 1 {
		v = -v
	}
	return v
}

// decodeTensor converts a TensorProto. Lengths are checked before anything is
// allocated; NaN, infinities and integers outside the type's range are refused.
func decodeTensor(p *onnxpb.TensorProto) (*Tensor, error) {
	if p == nil {
		return nil, malformed("no tensor")
	}
	if p.GetDataLocation() == onnxpb.TensorProto_EXTERNAL || len(p.GetExternalData()) > 0 {
		return nil, malformed("external data whose location is not said to be external")
	}
	if p.Segment != nil {
		return nil, unsupported("a tensor in segments")
	}
	typ, err := elemTypeOf(p.GetDataType())
	if err != nil {
		return nil, err
	}
	shape, err := intsOf64(p.GetDims())
	if err != nil {
		return nil, err
	}
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	w := wires[onnxpb.TensorProto_DataType(p.GetDataType())]
	n := w.stored(product(shape))
	count, at := w.typedField(p)
	if p.RawData != nil {
		if len(p.RawData) != n*w.size || count > 0 {
			return nil, malformed("%d bytes of raw data and %d values for shape %v of %v", len(p.RawData), count, shape, typ)
		}
		if typ == Float32 {
			return rawFloats(shape, p.RawData)
		}
		at = func(i int) (float64, int64) { return w.raw(p.RawData[i*w.size:]) }
	} else if count != n {
		return nil, malformed("%d values for shape %v of %v", count, shape, typ)
	}
	if typ.Bits() == 4 {
		at = nibbles(at, typ)
	}
	return fill(shape, typ, at)
}

// stored returns how many values n elements take: those of 4 bits are stored in pairs.
func (w wire) stored(n int) int {
	if w.typ.Bits() == 4 {
		return (n + 1) / 2
	}
	return n
}

// nibbles reads elements of 4 bits, the lower half of a byte first.
func nibbles(bytes func(i int) (float64, int64), typ ElemType) func(i int) (float64, int64) {
	return func(i int) (float64, int64) {
		_, b := bytes(i / 2)
		return 0, wrapInt(b>>(i%2*4)&15, typ)
	}
}

// rawFloats is fill for the raw data that nearly all weights are.
func rawFloats(shape []int, raw []byte) (*Tensor, error) {
	t := newTensor(shape, Float32)
	for i := range t.Float {
		v := math.Float32frombits(le.Uint32(raw[4*i:]))
		if v != v {
			return nil, malformed("element %d is %v", i, v)
		}
		t.Float[i] = v
	}
	return t, nil
}

// typedField returns the number of elements in the typed field of the data type,
// and a function that reads one of them.
func (w wire) typedField(p *onnxpb.TensorProto) (int, func(i int) (float64, int64)) {
	switch w.typ {
	case Float32:
		return len(p.FloatData), func(i int) (float64, int64) { return float64(p.FloatData[i]), 0 }
	case Float64:
		return len(p.DoubleData), func(i int) (float64, int64) { return p.DoubleData[i], 0 }
	case Int64:
		return len(p.Int64Data), func(i int) (float64, int64) { return 0, p.Int64Data[i] }
	case Uint32, Uint64:
		return len(p.Uint64Data), func(i int) (float64, int64) { return 0, int64(p.Uint64Data[i]) }
	case Float16, BFloat16: // the bits, in the low half of an int32
		return len(p.Int32Data), func(i int) (float64, int64) {
			return w.raw(le.AppendUint16(nil, uint16(p.Int32Data[i])))
		}
	}
	return len(p.Int32Data), func(i int) (float64, int64) { return 0, int64(p.Int32Data[i]) }
}

// fill makes a tensor from its elements, checking each.
func fill(shape []int, typ ElemType, at func(i int) (float64, int64)) (*Tensor, error) {
	t := newTensor(shape, typ)
	for i := range t.Float {
		f, _ := at(i)
		v := float32(f)
		if v-v != 0 && !math.IsInf(f, 0) { // infinities are masks, or refused by their use
			return nil, malformed("element %d is %v", i, f)
		}
		t.Float[i] = v
	}
	lo, hi := typ.Bounds()
	for i := range t.Int {
		_, n := at(i)
		if n < lo || n > hi {
			return nil, malformed("element %d is outside the range of %v", i, typ)
		}
		t.Int[i] = n
	}
	return t, nil
}

// intsOf64 converts dimensions and integer attributes.
func intsOf64(v []int64) ([]int, error) {
	out := make([]int, len(v))
	for i, n := range v {
		out[i] = int(n)
		if int64(out[i]) != n {
			return nil, malformed("integer %d", n)
		}
	}
	return out, nil
}
