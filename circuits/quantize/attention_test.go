package quantize

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/model/onnxpb"
)

// replacedCase is one node that is replaced by its definition as a file is read.
type replacedCase struct {
	name, op string
	inputs   [][]int // nil is left out
	consts   map[int]*model.Tensor
	mask     bool // input 3 is a condition: where it exceeds 0
	outputs  int
	attrs    map[string]float32 // those that end in "." are floats
}

// graph reads a file of the node.
func (c *replacedCase) graph(t *testing.T) *model.Graph {
	value := func(name string, shape []int) *onnxpb.ValueInfoProto {
		s := &onnxpb.TensorShapeProto{}
		for _, d := range shape {
			s.Dim = append(s.Dim, &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: int64(d)}})
		}
		tensor := &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(onnxpb.TensorProto_FLOAT)), Shape: s}
		return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{TensorType: tensor}}}
	}
	initial := func(name string, v *model.Tensor) *onnxpb.TensorProto {
		p := &onnxpb.TensorProto{Name: &name, DataType: proto.Int32(int32(onnxpb.TensorProto_INT64)), Int64Data: v.Int, FloatData: v.Float}
		if v.Float != nil {
			p.DataType = proto.Int32(int32(onnxpb.TensorProto_FLOAT))
		}
		for _, d := range v.Shape {
			p.Dims = append(p.Dims, int64(d))
		}
		return p
	}
	n := &onnxpb.NodeProto{OpType: &c.op}
	g := &onnxpb.GraphProto{}
	for i, shape := range c.inputs {
		name := fmt.Sprintf("x%d", i)
		switch {
		case c.consts[i] != nil:
			g.Initializer = append(g.Initializer, initial(name, c.consts[i]))
		case shape == nil:
			name = ""
		default:
			g.Input = append(g.Input, value(name, shape))
			if i == 3 && c.mask {
				g.Initializer = append(g.Initializer, initial("zero", floatConst([]int{}, 0)))
				g.Node = append(g.Node, &onnxpb.NodeProto{OpType: proto.String("Greater"), Input: []string{name, "zero"}, Output: []string{"mask"}})
				name = "mask"
			}
		}
		n.Input = append(n.Input, name)
	}
	for i := range max(c.outputs, 1) {
		name := fmt.Sprintf("y%d", i)
		n.Output = append(n.Output, name)
		g.Output = append(g.Output, value(name, nil))
		g.Output[i].Type.GetTensorType().Shape = nil
	}
	for name, v := range c.attrs {
		a := &onnxpb.AttributeProto{Name: &name, Type: onnxpb.AttributeProto_INT.Enum(), I: proto.Int64(int64(v))}
		if k := len(name) - 1; name[k] == '.' {
			a = &onnxpb.AttributeProto{Name: proto.String(name[:k]), Type: onnxpb.AttributeProto_FLOAT.Enum(), F: proto.Float32(v)}
		}
		n.Attribute = append(n.Attribute, a)
	}
	g.Node = append(g.Node, n)
	data, err := proto.Marshal(&onnxpb.ModelProto{IrVersion: proto.Int64(10), Graph: g, OpsetImport: []*onnxpb.OperatorSetIdProto{{Version: proto.Int64(25)}}})
	require.NoError(t, err)
	read, err := model.ParseONNX(c.name, data)
	require.NoError(t, err)
	require.Empty(t, read.Unsupported())
	return read
}

// TestAttention proves Attention and RotaryEmbedding in every form, for random inputs.
func TestAttention(t *testing.T) {
	inf := float32(math.Inf(-1))
	four := [][]int{{1, 2, 3, 4}, {1, 2, 5, 4}, {1, 2, 5, 3}}
	square := [][]int{{1, 2, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 3}}
	with := func(shapes [][]int, more ...[]int) [][]int { return append(append([][]int{}, shapes...), more...) }
	ids := &model.Tensor{Shape: []int{1, 3}, Int: []int64{2, 0, 1}}
	cos, sin := floatConst([]int{3, 2}, 1, 1, 0.54, 0.995, -0.416, 0.98), floatConst([]int{3, 2}, 0, 0, 0.841, 0.1, 0.909, 0.199)
	caches := map[int]*model.Tensor{1: cos, 2: sin, 3: ids}
	for _, c := range []replacedCase{
		{name: "heads", op: "Attention", inputs: four},
		{name: "shared heads", op: "Attention", inputs: [][]int{{1, 4, 3, 4}, {1, 2, 3, 4}, {1, 2, 3, 4}}, attrs: map[string]float32{"scale.": 0.25, "is_causal": 1}},
		{name: "three axes and a past", op: "Attention", inputs: [][]int{{1, 2, 8}, {1, 2, 4}, {1, 2, 4}, nil, {1, 1, 2, 4}, {1, 1, 2, 4}}, outputs: 3,
			attrs: map[string]float32{"q_num_heads": 2, "kv_num_heads": 1, "is_causal": 1}},
		{name: "softcap and weights", op: "Attention", inputs: square, outputs: 4, attrs: map[string]float32{"softcap.": 2, "is_causal": 1, "qk_matmul_output_mode": 3}},
		{name: "products", op: "Attention", inputs: square, outputs: 4},
		{name: "sum", op: "Attention", inputs: with(four, []int{3, 5}), outputs: 4, attrs: map[string]float32{"qk_matmul_output_mode": 2}},
		{name: "infinity", op: "Attention", inputs: with(square, []int{}), consts: map[int]*model.Tensor{3: floatConst([]int{3, 3}, 0.5, inf, inf, 0, 0, inf, inf, 1, 0)}},
		{name: "a row that sees nothing", op: "Attention", inputs: with(square, []int{}), outputs: 4, consts: map[int]*model.Tensor{3: floatConst([]int{3, 3}, 0.5, inf, inf, inf, inf, inf, inf, 1, 0)},
			attrs: map[string]float32{"qk_matmul_output_mode": 3}},
		{name: "condition", op: "Attention", inputs: with(square, []int{3, 3}), mask: true},
		{name: "condition on the past", op: "Attention", inputs: with(square, []int{2, 1, 3}), mask: true, attrs: map[string]float32{"is_causal": 1}},
		{name: "window", op: "Attention", inputs: square, attrs: map[string]float32{"left_window_size": 1, "right_window_size": 0}},
		{name: "lengths", op: "Attention", inputs: with([][]int{{2, 1, 2, 4}, {2, 1, 3, 4}, {2, 1, 3, 4}}, nil, nil, nil, []int{2}), consts: map[int]*model.Tensor{6: intConst(1, 3)}},
		{name: "rotation", op: "RotaryEmbedding", inputs: [][]int{{1, 2, 3, 4}, {}, {}, {}}, consts: caches},
		{name: "rotation of neighbours", op: "RotaryEmbedding", inputs: [][]int{{1, 3, 12}, {}, {}, {}}, consts: caches, attrs: map[string]float32{"interleaved": 1, "num_heads": 2, "rotary_embedding_dim": 4}},
		{name: "rotation by computed angles", op: "RotaryEmbedding", inputs: [][]int{{1, 2, 3, 4}, {1, 3, 2}, {1, 3, 2}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			rng := seeded(t)
			g := c.graph(t)
			x := nodeCase{lo: -2, hi: 2}
			for _, in := range g.Inputs {
				x.inputs = append(x.inputs, in.Shape)
			}
			var samples [][]*model.Tensor
			for range 20 {
				samples = append(samples, x.sample(rng))
			}
			p, err := Graph(g, samples, circuits.Config{Tolerance: 0.01})
			require.NoError(t, err)
			t.Logf("error %.4f, %d bits", p.Report.RelativeError, p.Report.Bits)
			proves(t, p, rng)
		})
	}
}
