package model

import (
	"errors"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
)

func bodyNode(op string, in, out []string, attrs ...*onnxpb.AttributeProto) *onnxpb.NodeProto {
	return &onnxpb.NodeProto{OpType: proto.String(op), Input: in, Output: out, Attribute: attrs}
}

func bodyGraph(in, out []string, nodes ...*onnxpb.NodeProto) *onnxpb.GraphProto {
	g := &onnxpb.GraphProto{Node: nodes}
	for _, name := range in {
		g.Input = append(g.Input, &onnxpb.ValueInfoProto{Name: proto.String(name)})
	}
	for _, name := range out {
		g.Output = append(g.Output, &onnxpb.ValueInfoProto{Name: proto.String(name)})
	}
	return g
}

func graphAttr(name string, g *onnxpb.GraphProto) *onnxpb.AttributeProto {
	return &onnxpb.AttributeProto{Name: proto.String(name), Type: onnxpb.AttributeProto_GRAPH.Enum(), G: g}
}

// runBody runs a network of one input x with node as its last one.
func runBody(t *testing.T, f *file, x *Tensor) ([]*Tensor, error) {
	t.Helper()
	g, err := ParseONNX("body.onnx", f.bytes(t))
	if err != nil {
		return nil, err
	}
	if u := g.Unsupported(); len(u) > 0 {
		return nil, u[0]
	}
	return g.Run([]*Tensor{x})
}

// The branch of a known condition, with a value of the graph around it, and one in another.
func TestIf(t *testing.T) {
	x := floatTensor([]int{2}, -1, 3)
	inner := bodyGraph(nil, []string{"r"}, bodyNode("Relu", []string{"u"}, []string{"r"}))
	then := bodyGraph(nil, []string{"v"}, bodyNode("Neg", []string{"x"}, []string{"u"}),
		bodyNode("If", []string{"c"}, []string{"v"}, graphAttr("then_branch", inner), graphAttr("else_branch", inner)))
	other := bodyGraph(nil, []string{"x"})
	for _, c := range []struct {
		cond int64
		want []float32
	}{{1, []float32{1, 0}}, {0, []float32{-1, 3}}} {
		f := newFile(17).input("x", x).init("i", &Tensor{Shape: []int{}, Int: []int64{c.cond}}).node("Cast", []string{"i"}, []string{"c"}, attr("to", 9)).
			node("If", []string{"c"}, []string{"y"}, graphAttr("then_branch", then), graphAttr("else_branch", other)).output("y")
		out, err := runBody(t, f, x)
		if err != nil || !near(out[0], floatTensor([]int{2}, c.want...), 0) {
			t.Errorf("condition %d: %v, %v", c.cond, out, err)
		}
	}
	negative := bodyGraph(nil, []string{"v"}, bodyNode("Neg", []string{"x"}, []string{"v"}))
	computed := func(then *onnxpb.GraphProto) *file {
		return newFile(17).input("x", x).node("ReduceMax", []string{"x"}, []string{"m"}, attr("keepdims", 1)).node("Relu", []string{"m"}, []string{"p"}).
			node("Cast", []string{"p"}, []string{"c"}, attr("to", 9)).
			node("If", []string{"c"}, []string{"y"}, graphAttr("then_branch", then), graphAttr("else_branch", other)).output("y")
	}
	for largest, want := range map[float32]float32{3: -3, -3: -3} { // -x if that is positive, else x
		out, err := runBody(t, computed(negative), floatTensor([]int{2}, -4, largest))
		if err != nil || out[0].Float[1] != want {
			t.Errorf("a condition that is computed, of %g: %v, %v", largest, out, err)
		}
	}
	summed := bodyGraph(nil, []string{"s"}, bodyNode("ReduceSum", []string{"x"}, []string{"s"}))
	if _, err := runBody(t, computed(summed), x); !errors.Is(err, ErrUnsupported) {
		t.Errorf("branches of two shapes: %v", err)
	}
}

// s ← s + x·i for i < 4, which stops where the condition does: after three trips.
func loopFile(x *Tensor, trips int64) *file {
	b := bodyGraph([]string{"i", "on", "s"}, []string{"next", "t", "copy"},
		bodyNode("Cast", []string{"i"}, []string{"f"}, attr("to", 1)), bodyNode("Mul", []string{"x", "f"}, []string{"d"}), bodyNode("Add", []string{"s", "d"}, []string{"t"}),
		bodyNode("Less", []string{"i", "two"}, []string{"next"}), bodyNode("Identity", []string{"t"}, []string{"copy"}))
	return newFile(17).input("x", x).init("m", &Tensor{Shape: []int{}, Int: []int64{trips}}).init("two", &Tensor{Shape: []int{}, Int: []int64{2}}).
		init("zero", floatTensor([]int{2}, 0, 0)).node("Loop", []string{"m", "", "zero"}, []string{"y", "all"}, graphAttr("body", b)).output("y", "all")
}

func TestLoop(t *testing.T) {
	x := floatTensor([]int{2}, 1, 2)
	for trips, want := range map[int64][2][]float32{
		4: {{3, 6}, {0, 0, 1, 2, 3, 6}},
		2: {{1, 2}, {0, 0, 1, 2}},
	} {
		out, err := runBody(t, loopFile(x, trips), x)
		if err != nil || !near(out[0], floatTensor([]int{2}, want[0]...), 0) || !near(out[1], floatTensor([]int{len(want[1]) / 2, 2}, want[1]...), 0) {
			t.Errorf("%d trips: %v, %v", trips, out, err)
		}
	}
	for first, want := range map[float32][]float32{0.3: {1.2, 8}, 1.5: {1.5, 2}, -1: {-4, 8}} { // doubled, until the first is 1 or more: twice at most
		b := bodyGraph([]string{"i", "on", "s"}, []string{"next", "t"},
			bodyNode("Add", []string{"s", "s"}, []string{"t"}), bodyNode("Gather", []string{"t", "none"}, []string{"f"}), bodyNode("Less", []string{"f", "one"}, []string{"next"}))
		f := newFile(17).input("x", x).init("m", &Tensor{Shape: []int{}, Int: []int64{2}}).init("none", &Tensor{Shape: []int{}, Int: []int64{0}}).init("one", floatTensor([]int{}, 1)).
			node("Gather", []string{"x", "none"}, []string{"a"}).node("Less", []string{"a", "one"}, []string{"c"}).
			node("Loop", []string{"m", "c", "x"}, []string{"y"}, graphAttr("body", b)).output("y")
		out, err := runBody(t, f, floatTensor([]int{2}, first, 2))
		if err != nil || !near(out[0], floatTensor([]int{2}, want...), 1e-6) {
			t.Errorf("a loop that data end: %v, %v, want %v", out, err, want)
		}
	}
	missing := newFile(17).input("x", x).init("m", &Tensor{Shape: []int{}, Int: []int64{2}}).node("Cast", []string{"x"}, []string{"b"}, attr("to", 9)).
		init("none", &Tensor{Shape: []int{}, Int: []int64{0}}).node("Gather", []string{"b", "none"}, []string{"c"}).
		node("Loop", []string{"m", "c", ""}, []string{"y"}, graphAttr("body", bodyGraph([]string{"i", "on", "s"}, []string{"on", "x"}))).output("y")
	if _, err := runBody(t, missing, x); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) {
		t.Errorf("a state that is missing: %v", err)
	}
	f := loopFile(x, 1<<40)
	f.m.Graph.Node[0].Attribute[0].G.Output[0].Name = proto.String("on") // for ever
	if _, err := runBody(t, f, x); !errors.Is(err, ErrUnsupported) {
		t.Errorf("a loop without end: %v", err)
	}
}

// The running sums of rows, forwards and backwards.
func TestScan(t *testing.T) {
	x := floatTensor([]int{3, 2}, 1, 2, 10, 20, 100, 200)
	b := bodyGraph([]string{"s", "row"}, []string{"t", "seen"}, bodyNode("Add", []string{"s", "row"}, []string{"t"}), bodyNode("Identity", []string{"t"}, []string{"seen"}))
	for back, want := range map[int][]float32{0: {1, 2, 11, 22, 111, 222}, 1: {100, 200, 110, 220, 111, 222}} {
		f := newFile(17).input("x", x).init("zero", floatTensor([]int{2}, 0, 0)).
			node("Scan", []string{"zero", "x"}, []string{"last", "all"}, graphAttr("body", b), attr("num_scan_inputs", 1), attr("scan_input_directions", []int{back})).output("last", "all")
		out, err := runBody(t, f, x)
		if err != nil || !near(out[0], floatTensor([]int{2}, 111, 222), 0) || !near(out[1], floatTensor([]int{3, 2}, want...), 0) {
			t.Errorf("direction %d: %v, %v", back, out, err)
		}
	}
}

// Bodies that contradict themselves, and graphs in graphs without end, are refused.
func TestHostileBodies(t *testing.T) {
	x := floatTensor([]int{2}, 1, 2)
	for name, b := range map[string]*onnxpb.GraphProto{
		"inputs":     bodyGraph([]string{"i"}, []string{"i", "i"}),
		"outputs":    bodyGraph([]string{"i", "on", "s"}, []string{"on"}),
		"two makers": bodyGraph([]string{"i", "on", "s"}, []string{"on", "s"}, bodyNode("Neg", []string{"x"}, []string{"s"})),
		"empty":      {},
	} {
		f := newFile(17).input("x", x).init("m", &Tensor{Shape: []int{}, Int: []int64{3}}).
			node("Loop", []string{"m", "", "x"}, []string{"y"}, graphAttr("body", b)).output("y")
		if _, err := runBody(t, f, x); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) {
			t.Errorf("%s: %v", name, err)
		}
	}
	deep := bodyGraph(nil, []string{"x"})
	for range 100 {
		deep = bodyGraph(nil, []string{"x"}, bodyNode("If", []string{"c"}, []string{"z"}, graphAttr("then_branch", deep)))
	}
	f := newFile(17).input("x", x).init("c", &Tensor{Shape: []int{}, Int: []int64{1}}).
		node("If", []string{"c"}, []string{"y"}, graphAttr("then_branch", deep), graphAttr("else_branch", deep)).output("y")
	if _, err := runBody(t, f, x); !errors.Is(err, ErrUnsupported) {
		t.Errorf("100 graphs in graphs: %v", err)
	}
}
