package model

import (
	"math"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
)

type tensorPB = onnxpb.TensorProto

// TestDecodeTensor decodes two elements of each type, typed and raw.
func TestDecodeTensor(t *testing.T) {
	for _, c := range []struct {
		typ   onnxpb.TensorProto_DataType
		typed *tensorPB
		raw   []byte
		float []float32
		int   []int64
	}{
		{onnxpb.TensorProto_FLOAT, &tensorPB{FloatData: []float32{1.5, -2}}, []byte{0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0}, []float32{1.5, -2}, nil},
		{onnxpb.TensorProto_DOUBLE, &tensorPB{DoubleData: []float64{1.5, -2}}, []byte{0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0, 0, 0, 0, 0, 0, 0, 0xc0}, []float32{1.5, -2}, nil},
		{onnxpb.TensorProto_FLOAT16, &tensorPB{Int32Data: []int32{0x3e00, 0xc000}}, []byte{0, 0x3e, 0, 0xc0}, []float32{1.5, -2}, nil},
		{onnxpb.TensorProto_BFLOAT16, &tensorPB{Int32Data: []int32{0x3fc0, 0xc000}}, []byte{0xc0, 0x3f, 0, 0xc0}, []float32{1.5, -2}, nil},
		{onnxpb.TensorProto_INT8, &tensorPB{Int32Data: []int32{127, -128}}, []byte{0x7f, 0x80}, nil, []int64{127, -128}},
		{onnxpb.TensorProto_INT16, &tensorPB{Int32Data: []int32{1, -2}}, []byte{1, 0, 0xfe, 0xff}, nil, []int64{1, -2}},
		{onnxpb.TensorProto_INT32, &tensorPB{Int32Data: []int32{1, -2}}, []byte{1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff}, nil, []int64{1, -2}},
		{onnxpb.TensorProto_INT64, &tensorPB{Int64Data: []int64{1, math.MinInt64}}, []byte{1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80}, nil, []int64{1, math.MinInt64}},
		{onnxpb.TensorProto_UINT8, &tensorPB{Int32Data: []int32{1, 255}}, []byte{1, 255}, nil, []int64{1, 255}},
		{onnxpb.TensorProto_UINT16, &tensorPB{Int32Data: []int32{1, 65535}}, []byte{1, 0, 255, 255}, nil, []int64{1, 65535}},
		{onnxpb.TensorProto_UINT32, &tensorPB{Uint64Data: []uint64{1, 1<<32 - 1}}, []byte{1, 0, 0, 0, 255, 255, 255, 255}, nil, []int64{1, 1<<32 - 1}},
		{onnxpb.TensorProto_UINT64, &tensorPB{Uint64Data: []uint64{1, 2}}, []byte{1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0}, nil, []int64{1, 2}},
		{onnxpb.TensorProto_BOOL, &tensorPB{Int32Data: []int32{1, 0}}, []byte{1, 0}, nil, []int64{1, 0}},
		{onnxpb.TensorProto_INT4, &tensorPB{Int32Data: []int32{0x87}}, []byte{0x87}, nil, []int64{7, -8}},
		{onnxpb.TensorProto_UINT4, &tensorPB{Int32Data: []int32{0xf1}}, []byte{0xf1}, nil, []int64{1, 15}},
	} {
		for _, p := range []*tensorPB{c.typed, {RawData: c.raw}} {
			p.DataType, p.Dims = proto.Int32(int32(c.typ)), []int64{2}
			got, err := decodeTensor(p)
			if err != nil {
				t.Errorf("%v: %v", c.typ, err)
				continue
			}
			if !slices.Equal(got.Float, c.float) || !slices.Equal(got.Int, c.int) {
				t.Errorf("%v: got %v", c.typ, got)
			}
		}
	}
	if n := len(wires); n != 15 {
		t.Errorf("%d element types, 15 tested", n)
	}
}

// TestDecodeRange refuses values outside the element type.
func TestDecodeRange(t *testing.T) {
	for _, p := range []*tensorPB{
		{DataType: proto.Int32(int32(onnxpb.TensorProto_INT8)), Int32Data: []int32{128}},
		{DataType: proto.Int32(int32(onnxpb.TensorProto_UINT8)), Int32Data: []int32{-1}},
		{DataType: proto.Int32(int32(onnxpb.TensorProto_BOOL)), Int32Data: []int32{2}},
		{DataType: proto.Int32(int32(onnxpb.TensorProto_UINT64)), Uint64Data: []uint64{1 << 63}},
		{DataType: proto.Int32(int32(onnxpb.TensorProto_DOUBLE)), DoubleData: []float64{1e300}},
		{DataType: proto.Int32(int32(onnxpb.TensorProto_FLOAT16)), Int32Data: []int32{0x7c01}},
	} {
		if _, err := decodeTensor(p); err == nil {
			t.Errorf("%v: accepted", p)
		}
	}
}

// TestFloat16 checks every pattern by its place in the order of the numbers.
func TestFloat16(t *testing.T) {
	known := map[uint16]float64{
		0: 0, 1: 0x1p-24, 0x3ff: 0x3ffp-24, 0x400: 0x1p-14, 0x3c00: 1, 0x3c01: 1 + 0x1p-10, 0x7bff: 65504, 0x7c00: math.Inf(1),
	}
	for b := range uint16(0x7c01) {
		if v, ok := known[b]; ok && float16(b) != v {
			t.Errorf("%#x: %v, want %v", b, float16(b), v)
		}
		if b > 0 && float16(b) <= float16(b-1) || float16(b|0x8000) != -float16(b) {
			t.Errorf("%#x: %v out of order", b, float16(b))
		}
	}
	if !math.IsNaN(float16(0x7c01)) || !math.IsNaN(float16(0xffff)) {
		t.Error("NaN")
	}
}
