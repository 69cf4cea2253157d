package model

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"google.golang.org/protobuf/proto"
)

// fuzzBudget keeps one execution short.
var fuzzBudget = budget{elements: 1 << 16, work: 1 << 20}

// FuzzParseONNX asserts that a model is refused with an error or keeps the promises
// of Graph: its order, its names, and outputs of the inferred shapes.
func FuzzParseONNX(f *testing.F) {
	for _, name := range []string{"tiny.onnx", "tiny_mlp.onnx"} {
		data, err := os.ReadFile(filepath.Join("..", "testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(twoLayers().bytes(f))
	x := floatTensor([]int{1, 2, 3}, oneToSix...)
	in, out := []string{"x"}, []string{"y"}
	small := func() *file { return newFile(13).input("x", x).output("y") }
	for _, seed := range []*file{
		small().init("w", floatTensor([]int{2, 1, 2}, 1, 2, 3, 4)).node("Conv", []string{"x", "w"}, out, attr("group", 2), attr("pads", []int{1, 0})),
		small().node("MaxPool", in, out, attr("kernel_shape", []int{2}), attr("auto_pad", "SAME_UPPER"), attr("ceil_mode", 1)),
		small().init("s", intTensor([]int{2}, 0, -1)).node("Reshape", []string{"x", "s"}, out),
		small().node("Softmax", in, out, attr("axis", 1)),
		small().node("Split", in, []string{"y", "z"}, attr("axis", 1)),
		small().init("s", intTensor([]int{1}, 1)).init("e", intTensor([]int{1}, 9)).node("Slice", []string{"x", "s", "e"}, out),
		small().init("p", intTensor([]int{6}, 0, 1, 0, 0, -1, 1)).node("Pad", []string{"x", "p"}, out),
		small().node("Shape", in, []string{"s"}).node("ConstantOfShape", []string{"s"}, []string{"c"}).node("Add", []string{"x", "c"}, out),
		small().init("i", intTensor([]int{2}, 0, -1)).node("Gather", []string{"x", "i"}, out, attr("axis", 2)),
		small().node("Transpose", in, out, attr("perm", []int{2, 0, 1})),
		small().node("ReduceMean", in, out, attr("axes", []int{-1})),
		small().node("ArgMax", in, out, attr("axis", -1)),
		small().init("r", intTensor([]int{3}, 1, 2, 2)).node("Tile", []string{"x", "r"}, out),
		small().node("TopK", in, []string{"y", "z"}, attr("k", 2), attr("axis", 1)),
		small().init("w", floatTensor([]int{1, 4, 3}, make([]float32, 12)...)).init("r", floatTensor([]int{1, 4, 1}, 1, 2, 3, 4)).node("LSTM", []string{"x", "w", "r"}, out, attr("hidden_size", 1)),
		small().node("Einsum", []string{"x", "x"}, out, attr("equation", "abc,adc->abd")),
		small().init("s", floatTensor([]int{3}, 1, 2, 0.5)).node("Resize", []string{"x", "", "s"}, out, attr("mode", "linear")),
		small().init("i", intTensor([]int{1, 2, 1}, 0, 2)).node("GatherElements", []string{"x", "i"}, out, attr("axis", 2)),
		small().init("i", intTensor([]int{1, 1}, 0)).node("ScatterND", []string{"x", "i", "x"}, out),
		small().init("w", floatTensor([]int{2, 1, 2}, 1, 2, 3, 4)).node("ConvTranspose", []string{"x", "w"}, out, attr("strides", []int{2})),
		small().init("s", floatTensor([]int{}, 0.5)).init("z", intTensor([]int{}, 3)).node("QuantizeLinear", []string{"x", "s", "z"}, out),
		linRelu(), loopFile(floatTensor([]int{2}, 1, 2), 3), treeFile(),
		small().init("m", &Tensor{Shape: []int{2, 2}, Float: []float32{0, float32(math.Inf(-1)), 0.5, 0}}).node("Attention", []string{"x", "x", "x", "m"}, []string{"y", "k", "v", "z"}, attr("q_num_heads", 3), attr("kv_num_heads", 3), attr("qk_matmul_output_mode", 3)),
		small().init("l", intTensor([]int{1}, 1)).node("Attention", []string{"x", "x", "x", "", "", "", "l"}, out, attr("q_num_heads", 3), attr("kv_num_heads", 3), attr("is_causal", 1), attr("softcap", float32(2))),
		small().init("c", floatTensor([]int{3, 1}, 1, 0, 0.5)).init("i", intTensor([]int{1, 2}, 2, 0)).node("RotaryEmbedding", []string{"x", "c", "c", "i"}, out, attr("num_heads", 1), attr("rotary_embedding_dim", 2), attr("interleaved", 1)),
		small().init("s", floatTensor([]int{3}, 1, 2, 3)).node("LayerNormalization", []string{"x", "s"}, out),
	} {
		f.Add(seed.bytes(f))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := parseONNX("fuzz.onnx", data, &options{budget: fuzzBudget})
		if err != nil {
			return
		}
		known := map[string]bool{"": true}
		for name, c := range g.Const {
			known[name] = true
			if !c.valid() || slices.ContainsFunc(c.Float, func(v float32) bool { return v != v }) {
				t.Fatalf("constant %q", name)
			}
		}
		elements := 0
		for _, shape := range g.Shapes {
			elements += product(shape)
		}
		var inputs []*Tensor
		for _, v := range g.Inputs {
			known[v.Name] = true
			if elements < 1<<16 {
				inputs = append(inputs, newTensor(v.Shape, v.Type))
			}
		}
		for _, n := range g.Nodes {
			for _, name := range n.Inputs {
				if !known[name] {
					t.Fatalf("node %q reads %q before it exists", n.Name, name)
				}
			}
			for _, name := range n.Outputs {
				known[name] = true
			}
		}
		if elements >= 1<<16 || len(g.Unsupported()) > 0 || workOf(g) > 1<<20 {
			return
		}
		outputs, err := g.Run(inputs)
		if err != nil {
			return
		}
		for i, o := range g.Outputs {
			if !outputs[i].valid() || len(o.Shape) != len(outputs[i].Shape) || product(o.Shape) != outputs[i].Len() {
				t.Fatalf("output %q: inferred %v, computed %v", o.Name, o.Shape, outputs[i].Shape)
			}
		}
	})
}

// workOf sums the work of all nodes.
func workOf(g *Graph) int {
	sum := 0
	for _, n := range g.Nodes {
		in := make([]*fact, len(n.Inputs))
		for i, name := range n.Inputs {
			if c := g.Const[name]; c != nil {
				in[i] = factOf(c)
			} else if name != "" {
				in[i] = &fact{shape: g.Shapes[name], typ: Float32}
			}
		}
		if k, err := bind(n, in); err == nil {
			sum += min(k.work, 1<<30)
		}
	}
	return sum
}

// FuzzParseInputs asserts that samples have the shapes and types asked for.
func FuzzParseInputs(f *testing.F) {
	for _, s := range []string{
		`{"input_data": [[0.5, 1], [[7], [255]]]}`,
		`{"inputs": {"label": [7], "threshold": true}, "x": [{}]}`,
		`{"input_data": [1]}`,
		"threshold,label\n0.5,7\n-1e3,255\n",
		"label[0];threshold.0\r\n\"7\";true\r\n",
		"1\t2\t3\t4\t5\t6\n",
		"a,b\n\"1,\n",
	} {
		f.Add([]byte(s))
	}
	x := npy(f, 1, npyHead("<f4", "True", "1, 2"), []float32{0.5, 1})
	f.Add(x)
	f.Add(npz(f, "threshold.npy", x, "arr_1.npy", npy(f, 2, npyHead("|u1", "False", "2,"), []byte{1, 2})))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, inputs := range [][]Value{{scalar}, {scalar, label}, {image}} {
			samples, err := ParseInputs("fuzz", data, inputs)
			if err != nil {
				continue
			}
			for _, sample := range samples {
				for i, v := range inputs {
					x := sample[i]
					if !x.valid() || !x.finite() || len(x.Shape) != len(v.Shape) || (x.Float != nil) != v.Type.IsFloat() {
						t.Fatalf("%q: %v", v.Name, x)
					}
				}
			}
		}
	})
}

// treeFile is a network of one small tree.
func treeFile() *file {
	f := newFile(13).input("x", floatTensor([]int{1, 3}, 1, 2, 3)).node("TreeEnsembleRegressor", []string{"x"}, []string{"y"},
		attr("nodes_treeids", []int{0, 0, 0}), attr("nodes_nodeids", []int{0, 1, 2}), attr("nodes_featureids", []int{2, 0, 0}),
		attr("nodes_modes", []string{"BRANCH_LEQ", "LEAF", "LEAF"}), attr("nodes_values", []float32{0.5, 0, 0}), attr("nodes_truenodeids", []int{1, 0, 0}),
		attr("nodes_falsenodeids", []int{2, 0, 0}), attr("target_treeids", []int{0, 0}), attr("target_nodeids", []int{1, 2}), attr("target_ids", []int{0, 0}),
		attr("target_weights", []float32{1, -1}), attr("n_targets", 1)).output("y")
	f.m.Graph.Node[0].Domain = proto.String("ai.onnx.ml")
	return f
}
