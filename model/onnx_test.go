package model

import (
	"errors"
	"fmt"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
)

// twoLayers is a valid model for the tests to break: y = Relu(x*w) + b.
func twoLayers() *file {
	return newFile(13).
		input("x", floatTensor([]int{1, 2}, 0, 0)).
		init("w", floatTensor([]int{2, 2}, 1, 2, 3, 4)).
		init("b", floatTensor([]int{2}, 10, 20)).
		node("MatMul", []string{"x", "w"}, []string{"h"}).
		node("Relu", []string{"h"}, []string{"r"}).
		node("Add", []string{"r", "b"}, []string{"y"}).
		output("y")
}

func mustParse(t *testing.T, f *file) *Graph {
	t.Helper()
	g, err := ParseONNX("test.onnx", f.bytes(t))
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// ops lists the graph's nodes as "Op(inputs)outputs".
func ops(g *Graph) []string {
	var list []string
	for _, n := range g.Nodes {
		list = append(list, fmt.Sprintf("%s(%s)%s", n.Op, strings.Join(n.Inputs, ","), strings.Join(n.Outputs, ",")))
	}
	return list
}

func wantOps(t *testing.T, g *Graph, want ...string) {
	t.Helper()
	if got := ops(g); !slices.Equal(got, want) {
		t.Errorf("nodes\n got %v\nwant %v", got, want)
	}
}

func TestParse(t *testing.T) {
	g := mustParse(t, twoLayers())
	wantOps(t, g, "MatMul(x,w)h", "Relu(h)r", "Add(r,b)y")
	wantShapes := map[string][]int{"x": {1, 2}, "w": {2, 2}, "b": {2}, "h": {1, 2}, "r": {1, 2}, "y": {1, 2}}
	if !reflect.DeepEqual(g.Shapes, wantShapes) {
		t.Errorf("shapes %v", g.Shapes)
	}
	if g.Producer != "test" || g.Opset != 13 || g.File != "test.onnx" || g.Nodes[0].Opset != 13 {
		t.Errorf("header %q %d %q", g.Producer, g.Opset, g.File)
	}
	if !reflect.DeepEqual(g.Outputs, []Value{{Name: "y", Shape: []int{1, 2}, Type: Float32}}) {
		t.Errorf("outputs %v", g.Outputs)
	}
	var visited []string
	err := g.Trace([]*Tensor{floatTensor([]int{1, 2}, 1, -1)}, func(name string, x *Tensor) {
		visited = append(visited, fmt.Sprint(name, x.Float))
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"x[1 -1]", "h[-2 -2]", "r[0 0]", "y[10 20]"}; !slices.Equal(visited, want) {
		t.Errorf("trace %v, want %v", visited, want)
	}
}

// TestFoldShapes folds what exporters write for x.reshape(x.shape[0], -1).
func TestFoldShapes(t *testing.T) {
	one := intTensor([]int{1}, -1)
	g := mustParse(t, newFile(13).
		input("x", floatTensor([]int{2, 3, 4}, make([]float32, 24)...)).
		node("Shape", []string{"x"}, []string{"s"}).
		node("Constant", nil, []string{"zero"}, attr("value", intTensor([]int{}, 0))).
		node("Gather", []string{"s", "zero"}, []string{"n"}).
		node("Constant", nil, []string{"axes"}, attr("value_ints", []int{0})).
		node("Unsqueeze", []string{"n", "axes"}, []string{"n1"}).
		init("rest", one).
		node("Concat", []string{"n1", "rest"}, []string{"to"}, attr("axis", 0)).
		node("Reshape", []string{"x", "to"}, []string{"y"}).
		output("y"))
	wantOps(t, g, "Reshape(x,to)y")
	if !reflect.DeepEqual(g.Const, map[string]*Tensor{"to": intTensor([]int{2}, 2, -1)}) {
		t.Errorf("constants %v", g.Const)
	}
	if !slices.Equal(g.Outputs[0].Shape, []int{2, 12}) {
		t.Errorf("output %v", g.Outputs[0])
	}
}

func TestRemovedNodes(t *testing.T) {
	x := floatTensor([]int{2}, 1, -2)
	base := func() *file { return newFile(13).input("x", x) }
	toFloat16, toFloat := attr("to", 10), attr("to", 1)
	for _, c := range []struct {
		name string
		file *file
		want []string
		y    []float32
	}{
		{"inside", base().
			node("Cast", []string{"x"}, []string{"a"}, toFloat16).
			node("Dropout", []string{"a"}, []string{"b", "mask"}).
			node("Identity", []string{"b"}, []string{"c"}).
			node("Relu", []string{"c"}, []string{"y"}).output("y"),
			[]string{"Relu(x)y"}, []float32{1, 0}},
		{"before an output", base().
			node("Relu", []string{"x"}, []string{"r"}).
			node("Identity", []string{"r"}, []string{"y"}).output("y"),
			[]string{"Relu(x)y"}, []float32{1, 0}},
		{"before two outputs", base().
			node("Relu", []string{"x"}, []string{"r"}).
			node("Identity", []string{"r"}, []string{"y"}).
			node("Cast", []string{"r"}, []string{"z"}, toFloat).output("y", "z"),
			[]string{"Relu(x)y", "Identity(y)z"}, []float32{1, 0}},
		{"behind an output", base().
			node("Relu", []string{"x"}, []string{"r"}).
			node("Identity", []string{"r"}, []string{"y"}).output("y", "r"),
			[]string{"Relu(x)r", "Identity(r)y"}, []float32{1, 0}},
		{"from input to output", base().
			node("Identity", []string{"x"}, []string{"y"}).output("y"),
			[]string{"Identity(x)y"}, []float32{1, -2}},
		{"constant output", base().init("k", x).
			node("Identity", []string{"k"}, []string{"y"}).output("y"),
			nil, []float32{1, -2}},
		{"folded output", base().init("k", x).
			node("Relu", []string{"k"}, []string{"y"}).output("y"),
			nil, []float32{1, 0}},
		{"input as output", base().output("x"), nil, []float32{1, -2}},
		{"dead branch", base().
			node("Relu", []string{"x"}, []string{"y"}).
			node("NonZero", []string{"x"}, []string{"unused"}).output("y"),
			[]string{"Relu(x)y"}, []float32{1, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := mustParse(t, c.file)
			if len(g.Unsupported()) > 0 {
				t.Fatal(g.Unsupported())
			}
			wantOps(t, g, c.want...)
			out, err := g.Run([]*Tensor{x})
			if err != nil {
				t.Fatal(err)
			}
			for i := range out {
				if !near(out[i], floatTensor([]int{2}, c.y...), 0) && g.Outputs[i].Name == "y" {
					t.Errorf("output %d: %v, want %v", i, out[i].Float, c.y)
				}
				if !slices.Equal(g.Outputs[i].Shape, []int{2}) {
					t.Errorf("output %d: shape %v", i, g.Outputs[i].Shape)
				}
			}
		})
	}
}

func TestUnsupportedListsAll(t *testing.T) {
	f := newFile(13).
		input("x", floatTensor([]int{1, 1, 4, 4}, make([]float32, 16)...)).
		init("pads", &Tensor{Shape: []int{8}, Int: []int64{0, 0, 1, 1, 0, 0, 1, 1}}).
		node("Relu", []string{"x"}, []string{"a"}).
		node("NonZero", []string{"a"}, []string{"b"}).
		node("Relu", []string{"b"}, []string{"c"}).   // its input is unknown
		node("Resize", []string{"c"}, []string{"d"}). // refused with its reason, which is not known
		node("Pad", []string{"a", "pads"}, []string{"e"}, attr("mode", "symmetric")).
		node("Mystery", []string{"a"}, []string{"f"}).
		output("d", "e", "f")
	f.m.Graph.Node[5].Domain = proto.String("com.example")
	g := mustParse(t, f)
	want := []string{
		`test.onnx: node "NonZero_1" (NonZero): the number of elements that are not zero depends on data: unsupported`,
		`test.onnx: node "Pad_4" (Pad): mode symmetric: unsupported`,
		`test.onnx: node "Mystery_5" (com.example:Mystery): operator: unsupported`,
	}
	var got []string
	for _, e := range g.Unsupported() {
		got = append(got, e.Error())
		if !errors.Is(e, ErrUnsupported) {
			t.Errorf("%v is not ErrUnsupported", e)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if g.Outputs[0].Shape != nil {
		t.Errorf("shape %v of an unknown value", g.Outputs[0].Shape)
	}
	if _, err := g.Run([]*Tensor{floatTensor([]int{1, 1, 4, 4}, make([]float32, 16)...)}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("Run: %v", err)
	}
}

func TestSort(t *testing.T) {
	f := twoLayers()
	slices.Reverse(f.m.Graph.Node)
	wantOps(t, mustParse(t, f), "MatMul(x,w)h", "Relu(h)r", "Add(r,b)y")

	// A long chain, backwards: deep enough to exhaust a stack that recursion would use.
	const n = 100_000
	f = newFile(13).input("v0", floatTensor([]int{1}, 0))
	for i := n; i > 0; i-- {
		f.node("Neg", []string{fmt.Sprint("v", i-1)}, []string{fmt.Sprint("v", i)})
	}
	g := mustParse(t, f.output(fmt.Sprint("v", n)))
	if len(g.Nodes) != n || g.Nodes[n-1].Outputs[0] != fmt.Sprint("v", n) {
		t.Errorf("%d nodes", len(g.Nodes))
	}
}

func TestNodeNames(t *testing.T) {
	f := twoLayers()
	f.m.Graph.Node[0].Name = proto.String("Add_2")
	f.m.Graph.Node[1].Name = proto.String("Add_2")
	var names []string
	for _, n := range mustParse(t, f).Nodes {
		names = append(names, n.Name)
	}
	if want := []string{"Add_2", "Relu_1", "Add_2_"}; !slices.Equal(names, want) {
		t.Errorf("names %v, want %v", names, want)
	}
}

func TestBatch(t *testing.T) {
	dims := func(f *file) []*onnxpb.TensorShapeProto_Dimension {
		return f.m.Graph.Input[0].Type.GetTensorType().Shape.Dim
	}
	for name, set := range map[string]func(d *onnxpb.TensorShapeProto_Dimension){
		"symbolic": func(d *onnxpb.TensorShapeProto_Dimension) {
			d.Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "batch"}
		},
		"unknown": func(d *onnxpb.TensorShapeProto_Dimension) { d.Value = nil },
		"zero": func(d *onnxpb.TensorShapeProto_Dimension) {
			d.GetValue().(*onnxpb.TensorShapeProto_Dimension_DimValue).DimValue = 0
		},
		"negative": func(d *onnxpb.TensorShapeProto_Dimension) {
			d.GetValue().(*onnxpb.TensorShapeProto_Dimension_DimValue).DimValue = -1
		},
	} {
		f := twoLayers()
		set(dims(f)[0])
		if g := mustParse(t, f); !slices.Equal(g.Outputs[0].Shape, []int{1, 2}) {
			t.Errorf("%s: output %v", name, g.Outputs[0].Shape)
		}
		f = twoLayers()
		set(dims(f)[1])
		if _, err := ParseONNX("", f.bytes(t)); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), `input "x": axis 1`) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBroken holds models that are refused, each beside its error.
func TestBroken(t *testing.T) {
	tensor := func(f *file) *onnxpb.TensorProto { return f.m.Graph.Initializer[0] }
	node := func(f *file) *onnxpb.NodeProto { return f.m.Graph.Node[0] }
	for _, c := range []struct {
		mutate func(f *file)
		class  error
		want   string
	}{
		{func(f *file) { f.m.Graph = nil }, ErrMalformed, "no graph: malformed"},
		{func(f *file) { f.m.OpsetImport = nil }, ErrMalformed, "no version of the default operator set: malformed"},
		{func(f *file) { f.m.OpsetImport[0].Version = proto.Int64(0) }, ErrUnsupported, "opset 0, want 1 to 25: unsupported"},
		{func(f *file) { f.m.OpsetImport[0].Version = proto.Int64(26) }, ErrUnsupported, "opset 26, want 1 to 25: unsupported"},
		{func(f *file) { f.m.Graph.SparseInitializer = []*onnxpb.SparseTensorProto{{}} }, ErrUnsupported, "sparse initializers: unsupported"},
		{func(f *file) { f.m.Graph.Output = nil }, ErrMalformed, "no outputs: malformed"},
		{func(f *file) { f.output("y") }, ErrMalformed, `output "y" appears twice or has no name: malformed`},
		{func(f *file) { f.output("nowhere") }, ErrMalformed, `output "nowhere" has no source: malformed`},
		{func(f *file) { f.input("x", floatTensor([]int{1}, 0)) }, ErrMalformed, `input "x" appears twice or has no name: malformed`},
		{func(f *file) { f.init("w", floatTensor([]int{1}, 0)) }, ErrMalformed, `initializer "w" appears twice or has no name: malformed`},
		{func(f *file) { f.m.Graph.Input[0].Type = nil }, ErrUnsupported, `input "x": not a tensor: unsupported`},
		{func(f *file) { f.m.Graph.Input[0].Type.GetTensorType().Shape = nil }, ErrUnsupported, `input "x": no shape is declared; give one with --shape x=...: unsupported without a fixed shape`},
		{func(f *file) { f.m.Graph.Input[0].Type.GetTensorType().ElemType = proto.Int32(8) }, ErrUnsupported, `input "x": data type STRING: unsupported`},
		{func(f *file) { f.input("huge", &Tensor{Shape: []int{1 << 20, 1 << 20}, Float: []float32{}}) }, ErrUnsupported,
			`input "huge": shape [1048576 1048576] of more than 268435456 elements: unsupported`},

		{func(f *file) { tensor(f).FloatData[1] = float32(math.NaN()) }, ErrMalformed, `initializer "w": element 1 is NaN: malformed`},
		{func(f *file) { tensor(f).FloatData[3] = float32(math.Inf(-1)) }, ErrMalformed, `constant "w" has a value that is NaN or infinite: malformed`},
		{func(f *file) { tensor(f).FloatData = tensor(f).FloatData[1:] }, ErrMalformed, `initializer "w": 3 values for shape [2 2] of float32: malformed`},
		{func(f *file) { tensor(f).RawData = make([]byte, 16) }, ErrMalformed, `initializer "w": 16 bytes of raw data and 4 values for shape [2 2] of float32: malformed`},
		{func(f *file) { tensor(f).FloatData, tensor(f).RawData = nil, make([]byte, 15) }, ErrMalformed,
			`initializer "w": 15 bytes of raw data and 0 values for shape [2 2] of float32: malformed`},
		{func(f *file) { tensor(f).Dims = []int64{-2, -2} }, ErrMalformed, `initializer "w": shape [-2 -2]: malformed`},
		{func(f *file) { tensor(f).Dims = []int64{1 << 62, 1 << 62} }, ErrUnsupported,
			`initializer "w": shape [4611686018427387904 4611686018427387904] of more than 268435456 elements: unsupported`},
		{func(f *file) { tensor(f).Dims = make([]int64, 65) }, ErrUnsupported, `initializer "w": a tensor of 65 axes: unsupported`},
		{func(f *file) { tensor(f).DataType = proto.Int32(8) }, ErrUnsupported, `initializer "w": data type STRING: unsupported`},
		{func(f *file) { tensor(f).DataType = proto.Int32(99) }, ErrUnsupported, `initializer "w": data type 99: unsupported`},
		{func(f *file) { tensor(f).DataLocation = onnxpb.TensorProto_EXTERNAL.Enum() }, ErrUnsupported,
			`initializer "w": external data, and no folder to read it from (LoadONNX reads it beside the model): unsupported`},
		{func(f *file) {
			tensor(f).ExternalData = []*onnxpb.StringStringEntryProto{{Key: proto.String("location"), Value: proto.String("../../etc/passwd")}}
		}, ErrMalformed, `initializer "w": external data whose location is not said to be external: malformed`},
		{func(f *file) { tensor(f).Segment = &onnxpb.TensorProto_Segment{} }, ErrUnsupported, `initializer "w": a tensor in segments: unsupported`},

		{func(f *file) { node(f).Input[0] = "nowhere" }, ErrMalformed, `node "MatMul_0" (MatMul): input "nowhere" has no source: malformed`},
		{func(f *file) { node(f).Input[0] = "y" }, ErrMalformed, `node "MatMul_0" (MatMul): the node depends on itself: malformed`},
		{func(f *file) { node(f).Output[0] = "y" }, ErrMalformed, `node "Add_2" (Add): output "y" has another source: malformed`},
		{func(f *file) { node(f).Output[0] = "w" }, ErrMalformed, `node "MatMul_0" (MatMul): output "w" has another source: malformed`},
		{func(f *file) { node(f).Attribute = []*onnxpb.AttributeProto{attr("a", 1), attr("a", 2)} }, ErrMalformed,
			`node "MatMul_0" (MatMul): attribute a appears twice: malformed`},
		{func(f *file) { node(f).Attribute = []*onnxpb.AttributeProto{attr("a", float32(math.NaN()))} }, ErrMalformed,
			`node "MatMul_0" (MatMul): attribute a: value NaN: malformed`},
		{func(f *file) {
			node(f).Attribute = []*onnxpb.AttributeProto{{Name: proto.String("t"), Type: onnxpb.AttributeProto_TENSOR.Enum()}}
		}, ErrMalformed,
			`node "MatMul_0" (MatMul): attribute t: no tensor: malformed`},
		{func(f *file) { tensor(f).Dims = []int64{4} }, ErrMalformed, `node "MatMul_0" (MatMul): inputs of shapes [1 2] and [4]: malformed`},
		{func(f *file) {
			f.init("zero", floatTensor([]int{2, 2}, 0, 0, 0, 0)).node("Reciprocal", []string{"zero"}, []string{"inf"})
			node(f).Input[1] = "inf"
		}, ErrMalformed, `constant "inf" has a value that is NaN or infinite: malformed`},
	} {
		f := twoLayers()
		c.mutate(f)
		_, err := ParseONNX("test.onnx", f.bytes(t))
		if err == nil || err.Error() != "test.onnx: "+c.want {
			t.Errorf("got  %v\nwant test.onnx: %s", err, c.want)
			continue
		}
		var e *Error
		if !errors.Is(err, c.class) || !errors.As(err, &e) {
			t.Errorf("%v: not an *Error wrapping %v", err, c.class)
		}
	}
	if _, err := ParseONNX("noise", []byte{0xff, 0xff}); !errors.Is(err, ErrMalformed) {
		t.Errorf("noise: %v", err)
	}
	if _, err := LoadONNX("missing.onnx"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}

// TestUnreadAttributes holds attributes of types this package does not read: the
// node is unsupported, the file is not.
func TestUnreadAttributes(t *testing.T) {
	for _, c := range []struct {
		attr *onnxpb.AttributeProto
		want string
	}{
		{&onnxpb.AttributeProto{Type: onnxpb.AttributeProto_GRAPH.Enum(), G: &onnxpb.GraphProto{}}, "attribute value: a value of type GRAPH: unsupported"},
		{&onnxpb.AttributeProto{Type: onnxpb.AttributeProto_TENSOR.Enum(), T: &onnxpb.TensorProto{DataType: proto.Int32(8)}}, "attribute value: data type STRING: unsupported"},
	} {
		c.attr.Name = proto.String("value")
		g := mustParse(t, newFile(13).node("Constant", nil, []string{"y"}, c.attr).output("y"))
		if u := g.Unsupported(); len(u) != 1 || u[0].Err.Error() != c.want {
			t.Errorf("got %v, want %s", u, c.want)
		}
	}
}

// TestInputsWithDefaults: files before IR version 4 list initializers as inputs.
func TestInputsWithDefaults(t *testing.T) {
	g := mustParse(t, twoLayers().input("w", floatTensor([]int{2, 2}, 0, 0, 0, 0)))
	if len(g.Inputs) != 1 || g.Const["w"] == nil {
		t.Errorf("inputs %v", g.Inputs)
	}
}
