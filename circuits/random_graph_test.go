package circuits_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

// graphGen draws a float graph, node by node, and keeps what every value is on the samples.
type graphGen struct {
	*rand.Rand
	g       *model.Graph
	values  map[string][]*model.Tensor // on each sample
	names   []string                   // of values, in order
	made    int                        // how many values have a name
	jumps   bool                       // some node is not continuous: no tolerance holds
	samples [][]*model.Tensor
}

// drawNode draws a node that reads value x, or nil if there is none for x.
type drawNode func(g *graphGen, x string) *model.Node

// randomNodes has a line for every ONNX operator that is lowered; functions of one value that
// are continuous and defined everywhere come from the registry.
var randomNodes = map[string]drawNode{
	"Add":                binaryNode("Add"),
	"And":                logicNode("And"),
	"ArgMax":             argNode("ArgMax"),
	"ArgMin":             argNode("ArgMin"),
	"AveragePool":        (*graphGen).averagePool,
	"BatchNormalization": (*graphGen).batchNorm,
	"BitShift":           (*graphGen).bitShift,
	"BitwiseAnd":         wholeNode("BitwiseAnd"),
	"BitwiseNot":         (*graphGen).bitwiseNot,
	"BitwiseOr":          wholeNode("BitwiseOr"),
	"BitwiseXor":         wholeNode("BitwiseXor"),
	"Cast":               (*graphGen).cast,
	"Ceil":               jumpNode("Ceil"),
	"Clip":               (*graphGen).clip,
	"Concat":             (*graphGen).concat,
	"Conv":               (*graphGen).conv,
	"Div":                (*graphGen).div,
	"Dropout":            unaryNode("Dropout"),
	"Equal":              compareNode("Equal"),
	"Exp":                within1(4, unaryNode("Exp")),
	"Expand":             (*graphGen).expand,
	"Flatten": func(g *graphGen, x string) *model.Node {
		return g.node("Flatten", attrs{"axis": g.IntN(g.rank(x) + 1)}, x)
	},
	"Floor":                 jumpNode("Floor"),
	"Gather":                (*graphGen).gather,
	"Gemm":                  (*graphGen).gemm,
	"GlobalAveragePool":     unaryNode("GlobalAveragePool"),
	"GlobalMaxPool":         unaryNode("GlobalMaxPool"),
	"Greater":               compareNode("Greater"),
	"GreaterOrEqual":        compareNode("GreaterOrEqual"),
	"Identity":              unaryNode("Identity"),
	"InstanceNormalization": (*graphGen).instanceNorm,
	"LayerNormalization":    (*graphGen).layerNorm,
	"Less":                  compareNode("Less"),
	"LessOrEqual":           compareNode("LessOrEqual"),
	"Log":                   positive(unaryNode("Log")),
	"LogSoftmax":            axisNode("LogSoftmax"),
	"MatMul":                (*graphGen).matMul,
	"Max":                   variadicNode("Max"),
	"MaxPool":               (*graphGen).maxPool,
	"Mean":                  variadicNode("Mean"),
	"Min":                   variadicNode("Min"),
	"Mod":                   (*graphGen).mod,
	"Mul":                   binaryNode("Mul"),
	"Neg":                   unaryNode("Neg"),
	"Not":                   func(g *graphGen, x string) *model.Node { return g.node("Not", nil, g.condition()) },
	"OneHot":                (*graphGen).oneHot,
	"Or":                    logicNode("Or"),
	"PRelu":                 func(g *graphGen, x string) *model.Node { return g.node("PRelu", nil, x, g.weights(g.shape(x), 1)) },
	"Pad":                   (*graphGen).pad,
	"Pow":                   (*graphGen).pow,
	"Reciprocal":            positive(unaryNode("Reciprocal")),
	"ReduceL2":              reduceNode("ReduceL2"),
	"ReduceMax":             reduceNode("ReduceMax"),
	"ReduceMean":            reduceNode("ReduceMean"),
	"ReduceMin":             reduceNode("ReduceMin"),
	"ReduceSum":             (*graphGen).reduceSum,
	"Relu":                  unaryNode("Relu"),
	"Reshape":               (*graphGen).reshape,
	"Round":                 jumpNode("Round"),
	"Sign":                  jumpNode("Sign"),
	"Slice":                 (*graphGen).slice,
	"Softmax":               (*graphGen).softmax,
	"Split":                 (*graphGen).split,
	"Sqrt":                  positive(unaryNode("Sqrt")),
	"Squeeze":               func(g *graphGen, x string) *model.Node { return g.node("Squeeze", nil, x) },
	"Sub":                   binaryNode("Sub"),
	"Sum":                   variadicNode("Sum"),
	"Tile":                  (*graphGen).tile,
	"Transpose": func(g *graphGen, x string) *model.Node {
		return g.node("Transpose", attrs{"perm": g.Perm(g.rank(x))}, x)
	},
	"Unsqueeze": func(g *graphGen, x string) *model.Node {
		return g.node("Unsqueeze", nil, x, g.intsConst(g.IntN(g.rank(x)+1)))
	},
	"Where": (*graphGen).where,
	"Xor":   logicNode("Xor"),
}

func init() {
	for op, parameters := range quantize.Functions() {
		if randomNodes[op] == nil {
			randomNodes[op] = unaryNode(op, parameters...)
		}
	}
}

// step adds a node of an operator and reports whether it fits: finite values of ordinary
// size, few elements.
func (g *graphGen) step(name string, x string) bool {
	jumps, before := g.jumps, len(g.g.Nodes)
	n := randomNodes[name](g, x)
	if n == nil || !g.run(n, 1000) {
		g.jumps, g.g.Nodes = jumps, g.g.Nodes[:before]
		return false
	}
	g.names = append(g.names, n.Outputs...)
	return true
}

// run evaluates a node on the samples and adds it if its outputs are smaller than most.
func (g *graphGen) run(n *model.Node, most float64) bool {
	sub := &model.Graph{Nodes: []*model.Node{n}, Const: g.g.Const}
	var from []string
	for _, in := range n.Inputs {
		if g.values[in] != nil && !slices.Contains(from, in) {
			typ := model.Float32
			if !g.isFloat(in) {
				typ = model.Int64
			}
			from = append(from, in)
			sub.Inputs = append(sub.Inputs, model.Value{Name: in, Shape: g.shape(in), Type: typ})
		}
	}
	if len(from) == 0 {
		return false
	}
	out := map[string][]*model.Tensor{}
	for i := range g.samples {
		var in []*model.Tensor
		for _, name := range from {
			in = append(in, g.values[name][i])
		}
		if sub.Trace(in, func(name string, t *model.Tensor) { out[name] = append(out[name], t) }) != nil {
			return false
		}
	}
	for _, name := range n.Outputs {
		if len(out[name][0].Shape) > 5 || relation.Size(out[name][0].Shape) > 100 {
			return false
		}
		for _, t := range out[name] {
			for _, v := range t.Floats() {
				if !(math.Abs(float64(v)) <= most) {
					return false
				}
			}
		}
	}
	for _, name := range n.Outputs {
		g.values[name], g.g.Shapes[name] = out[name], out[name][0].Shape
	}
	g.g.Nodes = append(g.g.Nodes, n)
	return true
}

// drawGraph draws inputs with samples, up to six nodes, and makes outputs of what no node
// uses and of one value more.
func drawGraph(rng *rand.Rand) *graphGen {
	g := &graphGen{Rand: rng, g: &model.Graph{File: "random", Const: map[string]*model.Tensor{}, Shapes: map[string][]int{}},
		values: map[string][]*model.Tensor{}, samples: make([][]*model.Tensor, 6)}
	for i := range circuits.UpTo(rng, 2) {
		name := fmt.Sprintf("x%d", i)
		shape := circuits.OneOf(rng, []int{1, 2, 4, 5}, []int{1, 1, 5, 5}, []int{1, 3, 3, 4}, []int{2, 1, 4, 3}, []int{1, 2, 7}, []int{2, 3}, []int{3, 4}, []int{1, 6}, []int{4}, []int{2, 3, 2})
		lo, scale := circuits.OneOf[float32](rng, -1, 0, 0.5, -3, -2), circuits.OneOf[float32](rng, 1, 1, 1, 1, 1, 1e-4, 100)
		for k := range g.samples {
			t := &model.Tensor{Shape: shape}
			for range relation.Size(shape) {
				t.Float = append(t.Float, scale*(lo+rng.Float32()*circuits.OneOf[float32](rng, 1, 2)))
			}
			g.samples[k] = append(g.samples[k], t)
			g.values[name] = append(g.values[name], t)
		}
		g.g.Inputs = append(g.g.Inputs, model.Value{Name: name, Shape: shape, Type: model.Float32})
		g.g.Shapes[name], g.names = shape, append(g.names, name)
	}
	names := slices.Sorted(maps.Keys(randomNodes))
	for want := circuits.UpTo(rng, 6); len(g.g.Nodes) < want; {
		x := g.pick(g.isFloat)
		name := circuits.OneOf(rng, names...)
		switch k := rng.IntN(6); { // few shapes suit these
		case g.rank(x) > 2 && k < 2:
			name = circuits.OneOf(rng, "Conv", "Conv", "MaxPool", "AveragePool", "BatchNormalization", "Relu", "LeakyRelu")
		case g.rank(x) > 1 && k < 3:
			name = circuits.OneOf(rng, "MatMul", "MatMul", "Gemm", "Softmax")
		}
		g.step(name, x)
	}
	extra, used := circuits.OneOf(rng, g.names...), map[string]bool{}
	for _, n := range g.g.Nodes {
		for _, name := range n.Inputs {
			used[name] = true
		}
	}
	for _, name := range g.names {
		if !strings.HasPrefix(name, "x") && (!used[name] || name == extra && rng.IntN(3) == 0) {
			g.g.Outputs = append(g.g.Outputs, model.Value{Name: name, Shape: g.g.Shapes[name], Type: model.Float32})
		}
	}
	return g
}

func (g *graphGen) String() (s string) {
	for _, n := range g.g.Nodes {
		s += fmt.Sprintf("%v = %s(%v) %v: ", n.Outputs, n.Op, n.Inputs, n.Attrs)
		for _, in := range n.Inputs {
			if c := g.g.Const[in]; c != nil {
				s += fmt.Sprintf(" %s=%v%v%v", in, c.Shape, c.Float, c.Int)
			}
		}
		lo, hi := g.limits(n.Outputs[0])
		s += fmt.Sprintf(" -> %v in [%g, %g]\n", g.shape(n.Outputs[0]), lo, hi)
	}
	return fmt.Sprintf("inputs %+v\n%soutputs %+v", g.g.Inputs, s, g.g.Outputs)
}

const randomTolerance = 0.05

// TestRandomGraphs quantizes random graphs and proves their samples and extremes.
func TestRandomGraphs(t *testing.T) {
	require.Equal(t, quantize.Operators(), slices.Sorted(maps.Keys(randomNodes)), "an operator without a line in randomNodes")
	var k circuits.Tallied
	k.Each(t, func(t *testing.T, rng *rand.Rand) {
		g := drawGraph(rng)
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(g)
			}
		})
		cfg := circuits.OneOf(rng, circuits.Modes...)
		cfg.Tolerance = randomTolerance
		if g.jumps { // what is near a jump falls on either side
			cfg.Tolerance, cfg.Bits = 0, 8
		}
		p, err := quantize.Graph(g.g, g.samples, cfg)
		if err != nil {
			k.Refuse(refusal(t, err))
			return
		}
		c := circuits.NewTestCircuit(t, p)
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(circuits.DescribeProgram(p))
			}
		})
		inputs := append(c.Extremes(), c.RandomInputs(rng))
		for _, s := range g.samples {
			var x [][]float32
			for _, v := range s {
				x = append(x, v.Float)
			}
			q, err := p.Quantize(x)
			require.NoError(t, err)
			inputs = append(inputs, q)
		}
		k.Proves(t, c, inputs)
		if !g.jumps {
			require.LessOrEqual(t, floatError(t, g, p), randomTolerance)
		}
	})
}

// refusal checks that an error says which node cannot be proven and why, or that no width
// was accurate enough, and returns the reason.
func refusal(t *testing.T, err error) string {
	var node *model.Error
	switch {
	case errors.Is(err, circuits.ErrTarget):
		return "accuracy"
	case errors.As(err, &node) && errors.Is(err, model.ErrUnsupported):
		require.NotEmpty(t, node.Node)
		return node.Op + ": " + node.Err.Error()
	}
	require.NoError(t, err)
	return ""
}

// floatError compares the outputs of the samples with the float graph's. What a sigmoid gives
// is compared with a half, as the accuracy target does: a probability of 0.001 may be 0.
func floatError(t *testing.T, g *graphGen, p *circuits.Program) float64 {
	var num, den float64
	probabilities := map[string]bool{}
	for _, n := range g.g.Nodes {
		if n.Op == "Sigmoid" {
			probabilities[n.Outputs[0]] = true
		}
	}
	for i, s := range g.samples {
		var x [][]float32
		for _, v := range s {
			x = append(x, v.Float)
		}
		got, err := p.Run(x)
		require.NoError(t, err)
		for j, o := range g.g.Outputs {
			for n, v := range g.values[o.Name][i].Floats() {
				d := got[j][n] - float64(v)
				square := float64(v) * float64(v)
				if probabilities[o.Name] {
					square = max(square, 0.25)
				}
				num, den = num+d*d, den+square
			}
		}
	}
	return math.Sqrt(num / max(den, 1e-300))
}
