package model

import (
	"math"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
)

// file is a model under construction, one method per part.
type file struct{ m *onnxpb.ModelProto }

func newFile(opset int64) *file {
	return &file{&onnxpb.ModelProto{
		IrVersion:    proto.Int64(8),
		ProducerName: proto.String("test"),
		OpsetImport:  []*onnxpb.OperatorSetIdProto{{Version: proto.Int64(opset)}},
		Graph:        &onnxpb.GraphProto{Name: proto.String("g")},
	}}
}

func valueInfo(name string, t *Tensor, dataType onnxpb.TensorProto_DataType) *onnxpb.ValueInfoProto {
	shape := &onnxpb.TensorShapeProto{}
	for _, d := range t.Shape {
		shape.Dim = append(shape.Dim, &onnxpb.TensorShapeProto_Dimension{
			Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: int64(d)},
		})
	}
	return &onnxpb.ValueInfoProto{Name: proto.String(name), Type: &onnxpb.TypeProto{
		Value: &onnxpb.TypeProto_TensorType{TensorType: &onnxpb.TypeProto_Tensor{
			ElemType: proto.Int32(int32(dataType)), Shape: shape,
		}},
	}}
}

// dataType is the ONNX type of a test tensor: float or int64.
func dataType(t *Tensor) onnxpb.TensorProto_DataType {
	if t.Float != nil {
		return onnxpb.TensorProto_FLOAT
	}
	return onnxpb.TensorProto_INT64
}

func tensorProto(name string, t *Tensor) *onnxpb.TensorProto {
	p := &onnxpb.TensorProto{Name: proto.String(name), DataType: proto.Int32(int32(dataType(t)))}
	for _, d := range t.Shape {
		p.Dims = append(p.Dims, int64(d))
	}
	p.FloatData = t.Float
	p.Int64Data = t.Int
	return p
}

func (f *file) input(name string, t *Tensor) *file {
	f.m.Graph.Input = append(f.m.Graph.Input, valueInfo(name, t, dataType(t)))
	return f
}

func (f *file) init(name string, t *Tensor) *file {
	f.m.Graph.Initializer = append(f.m.Graph.Initializer, tensorProto(name, t))
	return f
}

func (f *file) output(names ...string) *file {
	for _, name := range names {
		f.m.Graph.Output = append(f.m.Graph.Output, &onnxpb.ValueInfoProto{Name: proto.String(name)})
	}
	return f
}

func (f *file) node(op string, in, out []string, attrs ...*onnxpb.AttributeProto) *file {
	f.m.Graph.Node = append(f.m.Graph.Node, &onnxpb.NodeProto{
		OpType: proto.String(op), Input: in, Output: out, Attribute: attrs,
	})
	return f
}

func (f *file) bytes(t testing.TB) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(f.m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func attr(name string, v any) *onnxpb.AttributeProto {
	p := &onnxpb.AttributeProto{Name: proto.String(name)}
	switch v := v.(type) {
	case int:
		p.Type, p.I = onnxpb.AttributeProto_INT.Enum(), proto.Int64(int64(v))
	case float32:
		p.Type, p.F = onnxpb.AttributeProto_FLOAT.Enum(), proto.Float32(v)
	case []string:
		p.Type = onnxpb.AttributeProto_STRINGS.Enum()
		for _, s := range v {
			p.Strings = append(p.Strings, []byte(s))
		}
	case string:
		p.Type, p.S = onnxpb.AttributeProto_STRING.Enum(), []byte(v)
	case []int:
		p.Type = onnxpb.AttributeProto_INTS.Enum()
		for _, n := range v {
			p.Ints = append(p.Ints, int64(n))
		}
	case []float32:
		p.Type, p.Floats = onnxpb.AttributeProto_FLOATS.Enum(), v
	case *Tensor:
		p.Type, p.T = onnxpb.AttributeProto_TENSOR.Enum(), tensorProto("", v)
	}
	return p
}

func floatTensor(shape []int, v ...float32) *Tensor {
	return &Tensor{Shape: shape, Float: append([]float32{}, v...)}
}

func intTensor(shape []int, v ...int64) *Tensor {
	return &Tensor{Shape: shape, Int: append([]int64{}, v...)}
}

// near reports whether two tensors agree up to a relative error.
func near(got, want *Tensor, tolerance float64) bool {
	if len(got.Shape) != len(want.Shape) || got.Len() != want.Len() || (got.Int == nil) != (want.Int == nil) {
		return false
	}
	for i, d := range want.Shape {
		if got.Shape[i] != d {
			return false
		}
	}
	for i, v := range want.Int {
		if got.Int[i] != v {
			return false
		}
	}
	scale := 0.0
	for _, v := range want.Float {
		scale = max(scale, math.Abs(float64(v)))
	}
	for i, v := range want.Float {
		if !(math.Abs(float64(got.Float[i])-float64(v)) <= tolerance*scale) {
			return false
		}
	}
	return true
}
