package model

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
)

// What DynamicQuantizeLinear's three outputs stand for is its input. None of them is an output
// of a network: they would not be ONNX's.
func TestDynamicQuantizeLinear(t *testing.T) {
	x := floatTensor([]int{3}, -1.5, 0.25, 4)
	quantized := []string{"q", "s", "z"}
	f := newFile(13).input("x", x).node("DynamicQuantizeLinear", []string{"x"}, quantized).node("DequantizeLinear", quantized, []string{"y"})
	g := mustParse(t, f.output("y"))
	out, err := g.Run([]*Tensor{x})
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(out[0].Float, x.Float) {
		t.Errorf("the integers stand for %v, want %v", out[0].Float, x.Float)
	}
	for _, name := range quantized {
		f := newFile(13).input("x", x).node("DynamicQuantizeLinear", []string{"x"}, quantized).output(name)
		g := mustParse(t, f)
		if errs := g.Unsupported(); len(errs) != 1 || !strings.Contains(errs[0].Error(), name) {
			t.Errorf("output %q: %v, want a refusal", name, errs)
		}
	}
}

// Constant exponents that differ are raised one by one, in their places, wherever broadcasting
// puts them.
func TestPowOfSeveralExponents(t *testing.T) {
	x := floatTensor([]int{2, 1}, 2, -3)
	f := newFile(15).input("x", x).init("p", floatTensor([]int{3}, 3, 0, 1)).node("Pow", []string{"x", "p"}, []string{"y"}).output("y")
	g := mustParse(t, f)
	out, err := g.Run([]*Tensor{x})
	if want := floatTensor([]int{2, 3}, 8, 1, 2, -27, 1, -3); err != nil || !near(out[0], want, 1e-5) {
		t.Fatalf("%v, %v, want %v", out, err, want)
	}
	for _, n := range g.Nodes {
		if n.Op == "Pow" && g.Const[n.Inputs[1]].Len() != 1 {
			t.Errorf("node %q has several exponents", n.Name)
		}
	}
	many := floatTensor([]int{maxExponents + 1}, make([]float32, maxExponents+1)...)
	for i := range many.Float {
		many.Float[i] = float32(i)
	}
	g = mustParse(t, newFile(15).input("x", x).init("p", many).node("Pow", []string{"x", "p"}, []string{"y"}).output("y"))
	if u := g.Unsupported(); len(u) != 1 || !strings.Contains(u[0].Error(), "65 different exponents") {
		t.Errorf("%d exponents: %v", maxExponents+1, u)
	}
}

// The mask of a Dropout is a constant, also where it is all that is used.
func TestDropoutMask(t *testing.T) {
	x := floatTensor([]int{2}, 1, -2)
	f := newFile(13).input("x", x).node("Relu", []string{"x"}, []string{"r"}).node("Dropout", []string{"r"}, []string{"y", "mask"}).output("y", "mask")
	g := mustParse(t, f)
	out, err := g.Run([]*Tensor{x})
	if err != nil || !near(out[0], floatTensor([]int{2}, 1, 0), 0) || !slices.Equal(out[1].Int, []int64{1, 1}) {
		t.Fatalf("%v, %v", out, err)
	}
	if mask := g.Const["mask"]; mask == nil || len(g.Nodes) != 1 {
		t.Errorf("mask %v, nodes %v", mask, g.Nodes)
	}
	f = newFile(13).input("x", x).init("ratio", floatTensor([]int{}, 0.5)).init("training", &Tensor{Shape: []int{}, Int: []int64{1}}).
		node("Dropout", []string{"x", "ratio", "training"}, []string{"y", "mask"}).output("y", "mask")
	if u := mustParse(t, f).Unsupported(); len(u) == 0 || !strings.Contains(u[0].Error(), "training_mode") {
		t.Errorf("training: %v", u)
	}
}

// linRelu is a model that calls a function of its own: relu(a·x + b) with b by default 0.5,
// within another function that calls it twice.
func linRelu() *file {
	f := newFile(17).input("x", floatTensor([]int{2}, 0, 0)).init("a", floatTensor([]int{}, 2)).node("Twice", []string{"x", "a"}, []string{"y"}).output("y")
	f.m.Graph.Node[0].Domain = proto.String("my.fns")
	f.m.OpsetImport = append(f.m.OpsetImport, &onnxpb.OperatorSetIdProto{Domain: proto.String("my.fns"), Version: proto.Int64(1)})
	ref := &onnxpb.AttributeProto{Name: proto.String("value_float"), RefAttrName: proto.String("b"), Type: onnxpb.AttributeProto_FLOAT.Enum()}
	n := func(op string, in, out []string, attrs ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{OpType: proto.String(op), Input: in, Output: out, Attribute: attrs}
	}
	call := func(in, out string) *onnxpb.NodeProto {
		c := n("LinRelu", []string{in, "s"}, []string{out})
		c.Domain = proto.String("my.fns")
		return c
	}
	f.m.Functions = []*onnxpb.FunctionProto{
		{Name: proto.String("LinRelu"), Domain: proto.String("my.fns"), Input: []string{"v", "s"}, Output: []string{"r"},
			AttributeProto: []*onnxpb.AttributeProto{attr("b", float32(0.5))},
			OpsetImport:    []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(17)}},
			Node: []*onnxpb.NodeProto{n("Constant", nil, []string{"c"}, ref), n("Mul", []string{"v", "s"}, []string{"x"}),
				n("Add", []string{"x", "c"}, []string{"y"}), n("Relu", []string{"y"}, []string{"r"})}},
		{Name: proto.String("Twice"), Domain: proto.String("my.fns"), Input: []string{"v", "s"}, Output: []string{"r"},
			Node: []*onnxpb.NodeProto{call("v", "once"), call("once", "r")}},
	}
	return f
}

func TestLocalFunctions(t *testing.T) {
	g := mustParse(t, linRelu())
	if len(g.Unsupported()) > 0 {
		t.Fatal(g.Unsupported())
	}
	out, err := g.Run([]*Tensor{floatTensor([]int{2}, 1, -3)})
	if err != nil || !near(out[0], floatTensor([]int{2}, 5.5, 0.5), 1e-6) {
		t.Fatalf("%v, %v", out[0], err)
	}
	// A function that calls itself, by a detour, and one that doubles itself, end.
	f := linRelu()
	inner := f.m.Functions[0]
	inner.Node = append(inner.Node, f.m.Functions[1].Node...)
	inner.Node[len(inner.Node)-1].Output[0] = "other"
	if _, err := ParseONNX("", f.bytes(t)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("recursion: %v", err)
	}
	for _, fn := range f.m.Functions { // nothing but calls
		fn.Node = []*onnxpb.NodeProto{}
		for range 4 {
			c := &onnxpb.NodeProto{OpType: proto.String("Twice"), Domain: proto.String("my.fns"), Input: []string{"v", "s"}}
			fn.Node = append(fn.Node, c)
		}
	}
	if _, err := ParseONNX("", f.bytes(t)); !errors.Is(err, ErrUnsupported) {
		t.Errorf("calls without end: %v", err)
	}
}

// Axes that a model leaves open come from options or samples.
func TestOpenAxes(t *testing.T) {
	f := newFile(17).input("x", floatTensor([]int{1, 2, 3}, make([]float32, 6)...)).node("Relu", []string{"x"}, []string{"y"}).output("y")
	dims := f.m.Graph.Input[0].Type.GetTensorType().Shape.Dim
	dims[0].Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "batch"}
	dims[1].Value = &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: "seq"}
	path := filepath.Join(t.TempDir(), "m.onnx")
	if err := os.WriteFile(path, f.bytes(t), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := LoadONNX(path)
	if !errors.Is(err, ErrShape) || !strings.Contains(err.Error(), "--dim seq=N") {
		t.Fatal(err)
	}
	check := func(want []int, options ...Option) {
		t.Helper()
		g, err := LoadONNX(path, options...)
		if err != nil {
			t.Fatal(err)
		}
		if s := g.Shapes["y"]; len(s) != 3 || s[0] != want[0] || s[1] != want[1] || s[2] != want[2] {
			t.Errorf("shape %v, want %v", s, want)
		}
	}
	check([]int{1, 5, 3}, WithDim("seq", 5))
	check([]int{4, 5, 3}, WithDim("seq", 5), WithDim("batch", 4))
	check([]int{2, 7, 3}, WithShape("x", 2, 7, 3))
	for _, bad := range [][]int{{1, 7, 4}, {7, 3}, {1, -7, 3}} {
		if _, err := LoadONNX(path, WithShape("x", bad...)); !errors.Is(err, ErrMalformed) {
			t.Errorf("shape %v: %v", bad, err)
		}
	}
	samples := filepath.Join(filepath.Dir(path), "s.json")
	for text, want := range map[string]int{
		`{"input_data": [[[[1,2,3],[4,5,6],[7,8,9],[0,0,0]]]]}`:        4,
		`{"input_data": [[[[1,2,3],[4,5,6]],[[1,2,3],[4,5,6]]]]}`:      2,
		`{"inputs": {"x": [[[[1,2,3],[4,5,6]]],[[[1,2,3],[4,5,6]]]]}}`: 2,
		`{"input_data": [[1,2,3,4,5,6]]}`:                              0,
		`{"input_data": "nonsense"}`:                                   0,
	} {
		if err := os.WriteFile(samples, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		g, err := LoadONNXFor(path, samples)
		if want == 0 {
			if !errors.Is(err, ErrShape) {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if err != nil || g.Shapes["y"][1] != want {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Operators that are replaced refuse wrong numbers of inputs, and sizes past all bounds,
// whatever they are.
func TestExpansionsHostile(t *testing.T) {
	big := &Tensor{Shape: []int{1 << 14, 1 << 13}, Float: []float32{}}
	for op := range expansions {
		domain, name, ok := strings.Cut(op, ":")
		if !ok {
			domain, name = "", op
		}
		for n := range 10 {
			for _, x := range []*Tensor{big, floatTensor([]int{2, 2}, 1, 2, 3, 4), {Shape: []int{2}, Int: []int64{1, 5}}, {Shape: []int{0, 3}, Float: []float32{}}} {
				f := newFile(18)
				var in []string
				for k := range n {
					v := string(rune('a' + k))
					if k%2 == 1 && x.Len() > 0 {
						f.init(v, x)
					} else {
						f.input(v, x)
					}
					in = append(in, v)
				}
				f.node(name, in, []string{"y", "z"}, attr("axis", 1), attr("equation", "ij,jk->ik")).output("y")
				f.m.Graph.Node[0].Domain = proto.String(domain)
				for range 2 {
					g, err := ParseONNX("hostile.onnx", f.bytes(t))
					if err != nil && !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) {
						t.Errorf("%s of %d: %v", op, n, err)
					}
					_ = g
					f.m.Graph.Node[0].Attribute = nil
				}
			}
		}
	}
}

// TestScatterRefuses: updates of another type than the data's, and indices beyond the data.
func TestScatterRefuses(t *testing.T) {
	x := intTensor([]int{4}, 1, 2, 3, 4)
	f := newFile(18).input("x", x).init("i", intTensor([]int{1, 1}, 2)).init("u", floatTensor([]int{1}, 0.5)).
		node("ScatterND", []string{"x", "i", "u"}, []string{"y"}).output("y")
	if _, err := ParseONNX("types.onnx", f.bytes(t)); !errors.Is(err, ErrMalformed) {
		t.Errorf("%v", err)
	}
	x = floatTensor([]int{1, 4}, 1, 2, 3, 4)
	f = newFile(18).input("x", x).init("i", intTensor([]int{2, 1}, 2, 2)).init("u", floatTensor([]int{2, 1}, 5, 6)).
		node("ScatterElements", []string{"x", "i", "u"}, []string{"y"}, attr("axis", 1)).output("y")
	if _, err := ParseONNX("rows.onnx", f.bytes(t)); !errors.Is(err, ErrMalformed) {
		t.Errorf("%v", err)
	}
}

// A condition that is made a constant stays one: 0 keeps the key from the query, it is not added.
func TestAttentionOfAConstantCondition(t *testing.T) {
	x := floatTensor([]int{1, 1, 2, 1}, 1, 3)
	f := newFile(23).input("x", x).input("mask", intTensor([]int{1, 2}, 0, 0)).node("Attention", []string{"x", "x", "x", "mask"}, []string{"y"}).output("y")
	f.m.Graph.Input[1].Type.GetTensorType().ElemType = proto.Int32(int32(onnxpb.TensorProto_BOOL))
	g, err := ParseONNX("", f.bytes(t), WithConstant("mask", intTensor([]int{1, 2}, 0, 1)))
	if err != nil || len(g.Unsupported()) > 0 {
		t.Fatal(err, g.Unsupported())
	}
	out, err := g.Run([]*Tensor{x})
	if err != nil || !near(out[0], floatTensor(x.Shape, 3, 3), 0) {
		t.Errorf("%v, %v", out, err)
	}
}
