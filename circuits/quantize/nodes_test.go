package quantize

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// nodeCase is a graph of a few nodes over inputs drawn from [lo, hi].
type nodeCase struct {
	name   string
	inputs [][]int // shapes of x0, x1, …
	lo, hi float32
	consts map[string]*model.Tensor
	nodes  []*model.Node // the last one's first output is the graph's
}

// op makes a node that reads and writes the named values.
func op(name, in, out string, attrs model.Attrs) *model.Node {
	return &model.Node{Name: name + " " + out, Op: name, Inputs: strings.Fields(in), Outputs: strings.Fields(out), Attrs: attrs, Opset: 13}
}

func floatConst(shape []int, v ...float32) *model.Tensor {
	return &model.Tensor{Shape: shape, Float: v}
}
func intConst(v ...int64) *model.Tensor {
	return &model.Tensor{Shape: []int{len(v)}, Int: v}
}

type (
	consts = map[string]*model.Tensor
	attrs  = model.Attrs
)

func nodeCases() []nodeCase {
	m := [][]int{{2, 3, 4}}
	two := [][]int{{2, 3, 4}, {3, 1}}
	one := func(name, in string, a attrs) []*model.Node { return []*model.Node{op(name, in, "y", a)} }
	bools := func(last ...*model.Node) []*model.Node {
		return append([]*model.Node{op("Less", "x0 x1", "a", nil), op("Greater", "x0 half", "b", nil)}, last...)
	}
	half := consts{"half": floatConst([]int{}, 0.5)}
	cases := []nodeCase{
		{"add constant", m, -1, 1, consts{"c": floatConst([]int{3, 1}, 0.3, -2, 5)}, one("Add", "x0 c", nil)},
		{"constant minus", m, -1, 1, half, one("Sub", "half x0", nil)},
		{"normalise", m, 0, 255, consts{"mean": floatConst([]int{3, 1}, 120, 110, 100), "std": floatConst([]int{3, 1}, 60, 50, 70)},
			[]*model.Node{op("Sub", "x0 mean", "d", nil), op("Div", "d std", "y", nil)}},
		{"mul constant", m, -1, 1, consts{"c": floatConst([]int{4}, 0.3, -2, 0, 5)}, one("Mul", "x0 c", nil)},
		{"div by a power of two", m, -3, 3, consts{"c": floatConst([]int{}, 8)}, one("Div", "x0 c", nil)},
		{"div", two, 1, 3, nil, one("Div", "x0 x1", nil)},
		{"div by negative", two, -3, -1, nil, one("Div", "x0 x1", nil)},
		{"constant by value", m, 1, 3, half, one("Div", "half x0", nil)},
		{"sum", two, -1, 1, nil, one("Sum", "x0 x1 x0", nil)},
		{"mean", two, -1, 1, nil, one("Mean", "x0 x1 x0", nil)},
		{"neg", m, -1, 1, nil, one("Neg", "x0", nil)},
		{"square", m, -2, 2, consts{"p": floatConst([]int{}, 2)}, one("Pow", "x0 p", nil)},
		{"root of any degree", m, 0, 3, consts{"p": floatConst([]int{}, 1./3)}, one("Pow", "x0 p", nil)},
		{"power", two, 0.25, 3, nil, one("Pow", "x0 x1", nil)},
		{"power of an activation", two, -2, 2, nil, []*model.Node{op("Relu", "x0", "a", nil), op("Abs", "x1", "b", nil), op("Pow", "a b", "y", nil)}},
		{"cast towards zero", m, -9, 9, nil, []*model.Node{op("Cast", "x0", "i", attrs{"to": 7}), op("Cast", "i", "y", attrs{"to": 1})}},
		{"cube", m, -2, 2, consts{"p": floatConst([]int{1}, 3)}, one("Pow", "x0 p", nil)},
		{"max", two, -1, 1, half, one("Max", "x0 x1 half", nil)},
		{"min", two, -1, 1, half, one("Min", "x0 half x1", nil)},
		{"prelu", m, -1, 1, consts{"s": floatConst([]int{3, 1}, 0.25, 2, -1)}, one("PRelu", "x0 s", nil)},
		{"reduce sum", m, -1, 1, consts{"axes": intConst(-1, 0)}, one("ReduceSum", "x0 axes", attrs{"keepdims": 0})},
		{"reduce mean", m, -1, 1, nil, one("ReduceMean", "x0", attrs{"axes": []int{1}})},
		{"reduce all", m, 0, 1, nil, one("ReduceMean", "x0", attrs{"keepdims": 0})},
		{"reduce max", m, -1, 1, nil, one("ReduceMax", "x0", attrs{"axes": []int{-1}, "keepdims": 0})},
		{"reduce min", m, -1, 1, nil, one("ReduceMin", "x0", attrs{"axes": []int{0, 2}})},
		{"reduce l2", m, -1, 1, nil, one("ReduceL2", "x0", attrs{"axes": []int{2}})},
		{"argmax", m, -1, 1, nil, one("ArgMax", "x0", attrs{"axis": -1})},
		{"argmin", m, -1, 1, nil, one("ArgMin", "x0", attrs{"axis": 1, "keepdims": 0})},
		{"slice", m, -1, 1, consts{"from": intConst(-1, 0), "to": intConst(-4, 2), "axes": intConst(2, 1), "steps": intConst(-2, 1)},
			one("Slice", "x0 from to axes steps", nil)},
		{"pad", m, -1, 1, consts{"pads": intConst(0, 1, 0, 0, 0, 2), "v": floatConst([]int{}, 0.75)}, one("Pad", "x0 pads v", nil)},
		{"gather", m, -1, 1, consts{"i": {Shape: []int{2, 2}, Int: []int64{3, 0, -1, 1}}}, one("Gather", "x0 i", attrs{"axis": 2})},
		{"expand", [][]int{{3, 1}}, -1, 1, consts{"s": intConst(2, 1, 4)}, one("Expand", "x0 s", nil)},
		{"tile", m, -1, 1, consts{"r": intConst(1, 2, 3)}, one("Tile", "x0 r", nil)},
		{"split", m, -1, 1, consts{"s": intConst(1, 3)}, []*model.Node{op("Split", "x0 s", "a b", attrs{"axis": 2}), op("Mul", "a b", "y", nil)}},
		{"equal", two, -1, 1, nil, []*model.Node{op("Sign", "x0", "a", nil), op("Sign", "x1", "b", nil), op("Equal", "a b", "y", nil)}},
		{"less", two, -1, 1, nil, one("Less", "x0 x1", nil)},
		{"at least", two, -1, 1, half, one("GreaterOrEqual", "x0 half", nil)},
		{"and", two, -1, 1, half, bools(op("And", "a b", "y", nil))},
		{"or", two, -1, 1, half, bools(op("Or", "a b", "y", nil))},
		{"xor not", two, -1, 1, half, bools(op("Not", "b", "c", nil), op("Xor", "a c", "y", nil))},
		{"cast of a condition", two, -1, 1, half, bools(op("Cast", "a", "f", attrs{"to": 1}), op("Mul", "f x0", "y", nil))},
		{"where", two, -1, 1, half, bools(op("Where", "a x0 half", "y", nil))},
		{"where of a constant condition", two, -1, 1, consts{"c": {Shape: []int{4}, Int: []int64{1, 0, 0, 1}}}, one("Where", "c x0 x1", nil)},
		{"mask", m, -1, 1, consts{"c": {Shape: []int{3, 4}, Int: []int64{1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0}}, "low": floatConst([]int{}, -10)},
			[]*model.Node{op("Where", "c x0 low", "s", nil), op("Softmax", "s", "y", nil)}},
		{"mask of a large number", m, -1, 1, consts{"c": floatConst([]int{3, 4}, 0, -1e9, -1e9, -1e9, 0, 0, -1e9, -1e9, 0, 0, 0, -1e9)},
			[]*model.Node{op("Add", "x0 c", "s", nil), op("Softmax", "s", "y", nil)}},
		{"means of rows", [][]int{{2, 3, 4}, {4, 3}}, -3, 3, nil, []*model.Node{op("Softmax", "x0", "s", nil), op("MatMul", "s x1", "y", nil)}},
		{"means of rows, twice", [][]int{{3, 4}, {2, 4, 3}}, -3, 3, nil, []*model.Node{op("Softmax", "x0", "s", nil), op("MatMul", "s x1", "a", nil), op("MatMul", "s x1", "b", nil), op("Mul", "a b", "y", nil)}},
		{"means of wide rows", [][]int{{3, 2}, {2, 9}}, -3, 3, nil, []*model.Node{op("Softmax", "x0", "s", nil), op("MatMul", "s x1", "y", nil)}},
		{"means of rare values", [][]int{{2, 3, 64}, {2, 64, 3}}, 0, 1, consts{"most": floatConst([]int{}, 0.98)},
			[]*model.Node{op("Greater", "x1 most", "g", nil), op("Cast", "g", "f", attrs{"to": 1}), op("Softmax", "x0", "s", nil), op("MatMul", "s f", "y", nil)}},
		{"softmax of the first axis", m, -3, 3, nil, one("Softmax", "x0", attrs{"axis": 0})},
		{"softmax of the least scores", [][]int{{2, 4}}, -2, 2, consts{"c": floatConst([]int{}, -3.4028235e+38)}, []*model.Node{op("Add", "x0 c", "s", nil), op("Softmax", "s", "y", nil)}},
		{"softmax of large scores", [][]int{{2, 4}}, -2, 2, consts{"c": floatConst([]int{2, 1}, 0, 8192)}, []*model.Node{op("Add", "x0 c", "s", nil), op("Softmax", "s", "y", nil)}},
		{"log softmax of large scores", [][]int{{4, 2}}, -2, 2, consts{"c": floatConst([]int{2}, 0, 8192)}, []*model.Node{op("Add", "x0 c", "s", nil), op("LogSoftmax", "s", "y", attrs{"axis": 0})}},
		{"log softmax of wide rows", [][]int{{1, 2100}}, -3, 3, nil, one("LogSoftmax", "x0", nil)},
		{"logistic, whose exponential is infinite", m, -300, 300, consts{"one": floatConst([]int{}, 1)}, []*model.Node{op("Exp", "x0", "e", nil), op("Add", "e one", "s", nil), op("Reciprocal", "s", "y", nil)}},
		{"layer norm", m, -1, 3, consts{"g": floatConst([]int{4}, 1, 2, 0.5, -1), "b": floatConst([]int{4}, 0, 1, 0.3, -1)},
			one("LayerNormalization", "x0 g b", attrs{"axis": -1})},
		{"instance norm", [][]int{{1, 2, 3, 4}}, -1, 3, consts{"g": floatConst([]int{2}, 1, 2), "b": floatConst([]int{2}, 0.5, -1)},
			one("InstanceNormalization", "x0 g b", nil)},
		{"matmul of activations", [][]int{{2, 5, 3}, {3, 4}}, -1, 1, nil, one("MatMul", "x0 x1", nil)},
		{"constant matrix on the left", [][]int{{2, 3, 4}}, -1, 1, consts{"w": floatConst([]int{2, 3}, 1, -2, 3, 0.5, 0.25, -1)}, one("MatMul", "w x0", nil)},
		{"stack of constant matrices", [][]int{{2, 5, 3}}, -1, 1, consts{"w": floatConst([]int{2, 3, 2}, 1, -2, 3, 0.5, 0.25, -1, 2, 2, -1, 0, 1, 3)}, one("MatMul", "x0 w", nil)},
		{"stack of constant matrices on the left", [][]int{{3, 2}}, -1, 1, consts{"w": floatConst([]int{2, 2, 3}, 1, -2, 3, 0.5, 0.25, -1, 2, 2, -1, 0, 1, 3)}, one("MatMul", "w x0", nil)},
		{"vector of weights", [][]int{{2, 5, 3}}, -1, 1, consts{"w": floatConst([]int{3}, 1, -2, 3)}, one("MatMul", "x0 w", nil)},
		{"vector by a matrix", [][]int{{3}}, -1, 1, consts{"w": floatConst([]int{3, 2}, 1, -2, 3, 0.5, 0.25, -1)}, one("MatMul", "x0 w", nil)},
		{"vector by a stack", [][]int{{3}, {2, 3, 4}}, -1, 1, nil, one("MatMul", "x0 x1", nil)},
		{"product of vectors", [][]int{{3}, {3}}, 0, 1, nil, one("MatMul", "x0 x1", nil)},
		{"gemm of a constant on the left", [][]int{{3, 2}}, -1, 1, consts{"w": floatConst([]int{3, 2}, 1, -2, 3, 0.5, 0.25, -1)}, one("Gemm", "w x0", attrs{"transA": 1})},
		{"stack of one constant matrix", [][]int{{2, 5, 3}}, -1, 1, consts{"w": floatConst([]int{1, 3, 2}, 1, -2, 3, 0.5, 0.25, -1)}, one("MatMul", "x0 w", nil)},
		{"gemm of activations", [][]int{{3, 2}, {4, 3}, {4}}, -1, 1, nil, one("Gemm", "x0 x1 x2", attrs{"transA": 1, "transB": 1, "alpha": float32(0.5), "beta": float32(2)})},
		{"gemm transposed", [][]int{{3, 2}}, -1, 1, consts{"w": floatConst([]int{3, 2}, 1, -2, 3, 0.5, 0.25, -1), "c": floatConst([]int{2}, 1, -1)},
			one("Gemm", "x0 w c", attrs{"transA": 1})},
		{"averagepool of one row", [][]int{{1, 2, 7}}, 0, 1, nil, one("AveragePool", "x0", attrs{"kernel_shape": []int{3}, "strides": []int{2}, "pads": []int{1, 1}})},
		{"maxpool of one row", [][]int{{1, 2, 7}}, 0, 1, nil, one("MaxPool", "x0", attrs{"kernel_shape": []int{3}, "strides": []int{2}})},
		{"averagepool border", [][]int{{1, 2, 4, 4}}, 0, 1, nil, one("AveragePool", "x0", attrs{"kernel_shape": []int{3, 3}, "pads": []int{1, 1, 1, 1}})},
	}
	pooled := attrs{"kernel_shape": []int{2, 2}, "strides": []int{2, 2}, "ceil_mode": 1}
	image := [][]int{{1, 1, 5, 5}}
	cases = append(cases, []nodeCase{
		{"conv, relu, pool past the end", image, 0, 1, consts{"w": floatConst([]int{2, 1, 1, 1}, 1, 1), "b": floatConst([]int{2}, 0, 20)},
			[]*model.Node{op("Conv", "x0 w b", "c", nil), op("Relu", "c", "r", nil), op("MaxPool", "r", "y", pooled)}},
		{"product of which a part is used", m, -1, 1, consts{"w": floatConst([]int{4, 2}, 1, -2, 3, 0.5, 0.25, -1, 2, 1), "s": intConst(0), "e": intConst(1), "a": intConst(2)},
			[]*model.Node{op("MatMul", "x0 w", "m", nil), op("Slice", "m s e a", "h", nil), op("Relu", "h", "y", nil)}},
		{"product of zeros", [][]int{{1, 4}}, 0, 1, consts{"z": floatConst([]int{}, 0), "w": floatConst([]int{4, 2}, 1, 2, 3, 4, 5, 6, 7, 8)},
			[]*model.Node{op("Mul", "x0 z", "m", nil), op("ReduceMax", "m", "a", attrs{"axes": []int{0}}), op("MatMul", "a w", "y", nil)}},
		{"batch norm of a sequence", [][]int{{1, 2, 7}}, -1, 1, consts{"s": floatConst([]int{2}, 1, -3), "b": floatConst([]int{2}, 0.5, 1), "m": floatConst([]int{2}, 0, 0.2), "v": floatConst([]int{2}, 1, 0.3)},
			one("BatchNormalization", "x0 s b m v", nil)},
		{"batch norm of a product's rows", [][]int{{2, 3, 3}}, -1, 1, consts{"w": floatConst([]int{3, 3}, 1, -2, 3, 0.5, 0.25, -1, 2, 1, 0), "s": floatConst([]int{3}, 1, -3, 2), "b": floatConst([]int{3}, 5, 1, 0), "m": floatConst([]int{3}, 0, 0.2, 0), "v": floatConst([]int{3}, 1, 0.3, 2)},
			[]*model.Node{op("MatMul", "x0 w", "p", nil), op("BatchNormalization", "p s b m v", "y", nil)}},
		{"gemm plus a matrix", [][]int{{2, 3}}, -1, 1, consts{"w": floatConst([]int{3, 2}, 1, -2, 3, 0.5, 0.25, -1), "c": floatConst([]int{2, 2}, 1, -1, 0.5, 3)},
			one("Gemm", "x0 w c", attrs{"beta": float32(2), "alpha": float32(-1)})},
		{"clip of everything", m, -1, 1, consts{"lo": floatConst([]int{}, 2), "hi": floatConst([]int{}, 1.5)}, one("Clip", "x0 lo hi", nil)},
		{"normalisation of zeros", m, 0, 1e-4, consts{"z": floatConst([]int{}, 0), "g": floatConst([]int{4}, 1, 2, 0.5, -1), "b": floatConst([]int{4}, 0, 1, 0.3, -1)},
			[]*model.Node{op("Mul", "x0 z", "a", nil), op("Mul", "a x0", "n", nil), op("LayerNormalization", "n g b", "y", attrs{"axis": -1, "epsilon": float32(0.1)})}},
		{"tiny and huge", m, 0, 1, consts{"t": floatConst([]int{}, 1e-9), "h": floatConst([]int{}, 3e15)},
			[]*model.Node{op("Mul", "x0 t", "a", nil), op("Relu", "a", "b", nil), op("Mul", "x0 h", "c", nil), op("Relu", "c", "d", nil), op("Concat", "b d", "y", attrs{"axis": 1})}},
		{"where never", two, -1, 1, consts{"c": {Shape: []int{4}, Int: []int64{0, 0, 0, 0}}}, one("Where", "c x0 x1", nil)},
		{"falling slope and pool", image, -1, 1, nil, []*model.Node{op("LeakyRelu", "x0", "l", attrs{"alpha": float32(-1)}), op("MaxPool", "l", "y", pooled)}},
		{"elu of a negative and pool", image, -2, 2, nil, []*model.Node{op("Elu", "x0", "l", attrs{"alpha": float32(-1)}), op("MaxPool", "l", "y", pooled)}},
		{"selu of a negative and pool", image, -2, 2, nil, []*model.Node{op("Selu", "x0", "l", attrs{"gamma": float32(-1)}), op("MaxPool", "l", "y", pooled)}},
		{"falling hard sigmoid and pool", image, -2, 2, nil, []*model.Node{op("HardSigmoid", "x0", "l", attrs{"alpha": float32(-0.2)}), op("MaxPool", "l", "y", pooled)}},
	}...)
	for name, low := range map[string]float32{"a small number": -30, "1e4": -1e4, "1e9": -1e9, "the least float": -math.MaxFloat32, "infinity": float32(math.Inf(-1))} {
		c := &model.Tensor{Shape: []int{3, 4}, Int: []int64{1, 0, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0}}
		added := &model.Tensor{Shape: c.Shape, Float: make([]float32, 12)}
		for i, v := range c.Int {
			if v == 0 {
				added.Float[i] = low
			}
		}
		soft := op("Softmax", "s", "y", nil)
		cases = append(cases,
			nodeCase{"where mask of " + name, m, -4, 4, consts{"c": c, "low": floatConst([]int{}, low)}, []*model.Node{op("Where", "c x0 low", "s", nil), soft}},
			nodeCase{"add mask of " + name, m, -4, 4, consts{"c": added}, []*model.Node{op("Add", "x0 c", "s", nil), soft}})
		if !math.IsInf(float64(low), 0) { // 0·∞ is NaN
			cases = append(cases, nodeCase{"computed mask of " + name, [][]int{{2, 3, 4}, {4}}, -4, 4, consts{"low": floatConst([]int{}, low), "one": floatConst([]int{}, 1), "zero": floatConst([]int{}, 0), "last": floatConst([]int{4}, 0, 0, 0, 9)},
				[]*model.Node{op("Add", "x1 last", "z", nil), op("Greater", "z zero", "g", nil), op("Cast", "g", "m", attrs{"to": 1}),
					op("Sub", "one m", "n", nil), op("Mul", "n low", "k", nil), op("Add", "x0 k", "s", nil), soft}})
		}
	}
	cases = append(cases, nodeCase{"Asin", m, -0.9, 0.9, nil, one("Asin", "x0", nil)})
	for _, name := range slices.Sorted(maps.Keys(Functions())) {
		if slices.ContainsFunc(cases, func(c nodeCase) bool { return c.name == name }) {
			continue
		}
		c := nodeCase{name, m, -2.9, 2.9, nil, one(name, "x0", nil)}
		if registry[name].traits&steep != 0 {
			c.lo, c.hi = 0.5, 3
		}
		cases = append(cases, c)
	}
	return cases
}

// graph builds the case's graph; its shapes are those of a run.
func (c *nodeCase) graph(t *testing.T, x []*model.Tensor) *model.Graph {
	g := &model.Graph{File: c.name, Nodes: c.nodes, Const: c.consts, Shapes: map[string][]int{}}
	for i := range c.inputs {
		g.Inputs = append(g.Inputs, model.Value{Name: "x" + string(rune('0'+i)), Shape: c.inputs[i], Type: model.Float32})
	}
	for name, v := range c.consts {
		g.Shapes[name] = v.Shape
	}
	require.NoError(t, g.Trace(x, func(name string, v *model.Tensor) { g.Shapes[name] = v.Shape }))
	out := c.nodes[len(c.nodes)-1].Outputs[0]
	g.Outputs = []model.Value{{Name: out, Shape: g.Shapes[out]}}
	return g
}

func (c *nodeCase) sample(rng *rand.Rand) (x []*model.Tensor) {
	for _, shape := range c.inputs {
		v := &model.Tensor{Shape: shape}
		for range size(shape) {
			v.Float = append(v.Float, c.lo+(c.hi-c.lo)*rng.Float32())
		}
		x = append(x, v)
	}
	return x
}

func size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// TestLowerNodes quantizes every case to the default accuracy, 1 % over its samples, and
// proves random integers of the declared ranges.
func TestLowerNodes(t *testing.T) {
	for _, c := range nodeCases() {
		t.Run(c.name, func(t *testing.T) {
			rng := seeded(t)
			var samples [][]*model.Tensor
			for range 20 {
				samples = append(samples, c.sample(rng))
			}
			g := c.graph(t, samples[0])
			tolerance := 0.01
			if strings.Contains("Ceil Floor Round Sign equal less at least and or xor not argmax argmin cast of a condition where", c.name) {
				tolerance = 0.25 // jumps: values near one fall on either side
			}
			p, err := Graph(g, samples, circuits.Config{Tolerance: tolerance})
			require.NoError(t, err)
			t.Logf("error %.4f, %d bits", p.Report.RelativeError, p.Report.Bits)
			proves(t, p, rng)
		})
	}
}

// TestLowerRefuses checks what is refused, and how.
func TestLowerRefuses(t *testing.T) {
	m := [][]int{{2, 3}, {2, 3}}
	for _, c := range []struct {
		nodeCase
		want string
	}{
		{nodeCase{"div of any sign", m, -1, 1, nil, []*model.Node{op("Div", "x0 x1", "y", nil)}}, "the divisor has no constant sign"},
		{nodeCase{"power of any sign", m, -1, 1, nil, []*model.Node{op("Sign", "x1", "p", nil), op("Pow", "x0 p", "y", nil)}}, "keep the base from negative numbers, by Abs, Max or Clip"},
		{nodeCase{"large exponent", m, 0, 1, consts{"p": floatConst([]int{}, 65)}, []*model.Node{op("Pow", "x0 p", "y", nil)}}, "exponent 65, at most 64 in size"},
		{nodeCase{"division by zero", m, -1, 1, consts{"z": floatConst([]int{}, 0)}, []*model.Node{op("Div", "x0 z", "y", nil)}}, "division by zero"},
		{nodeCase{"infinity that is no mask", m, -1, 1, consts{"c": {Shape: []int{3}, Int: []int64{1, 0, 0}}, "low": floatConst([]int{}, float32(math.Inf(-1)))},
			[]*model.Node{op("Where", "c x0 low", "s", nil), op("Relu", "s", "y", nil)}}, "which is not finite"},
		{nodeCase{"infinite bound", m, -1, 1, consts{"low": floatConst([]int{}, float32(math.Inf(-1)))}, []*model.Node{op("Max", "x0 low", "y", nil)}}, "constant -Inf"},
		{nodeCase{"everything masked by infinity", m, -1, 1, consts{"c": {Shape: []int{3}, Int: []int64{0, 0, 0}}, "low": floatConst([]int{}, float32(math.Inf(-1)))},
			[]*model.Node{op("Where", "c x0 low", "s", nil), op("Softmax", "s", "y", nil)}}, "which is not finite"},
	} {
		x := c.sample(seeded(t))
		g := c.graph(t, x)
		_, err := Graph(g, [][]*model.Tensor{x}, circuits.Config{})
		require.ErrorContains(t, err, c.want)
		require.ErrorIs(t, err, model.ErrUnsupported)
	}
}

// TestEmptyOutput: what has no elements, a constant when a network is read, is no output.
func TestEmptyOutput(t *testing.T) {
	c := nodeCase{"relu", [][]int{{2, 3}}, -1, 1, consts{}, []*model.Node{op("Relu", "x0", "y", nil)}}
	x := c.sample(seeded(t))
	g := c.graph(t, x)
	g.Const["e"] = &model.Tensor{Shape: []int{0, 3}, Float: []float32{}}
	g.Shapes["e"], g.Outputs = []int{0, 3}, append(g.Outputs, model.Value{Name: "e", Shape: []int{0, 3}})
	_, err := Graph(g, [][]*model.Tensor{x}, circuits.Config{})
	require.ErrorContains(t, err, `node "e" (output): of shape [0 3], which has no elements to prove`)
	require.ErrorIs(t, err, model.ErrUnsupported)
}

// TestAbsorbed checks that a normalisation's scale and offset become part of the matrices
// that follow it, where nothing else uses them.
func TestAbsorbed(t *testing.T) {
	c := consts{"g": floatConst([]int{3}, 1, 2, -0.5), "b": floatConst([]int{1, 3}, 0.5, 0, -1),
		"w": floatConst([]int{3, 2}, 1, 2, 3, 4, 5, 6), "v": floatConst([]int{3, 1}, 1, -1, 2)}
	norm := []*model.Node{op("Mul", "x0 g", "m", nil), op("Add", "b m", "n", nil)}
	for _, k := range []struct {
		name  string
		nodes []*model.Node
		want  []string
	}{
		{"two matrices", append(norm, op("MatMul", "n w", "p", nil), op("MatMul", "n v", "q", nil), op("Add", "p q", "y", nil)),
			[]string{"MatMul", "Add", "MatMul", "Add", "Add"}},
		{"no offset", []*model.Node{norm[0], op("MatMul", "m w", "y", nil)}, []string{"MatMul"}},
		{"used elsewhere", append(norm, op("MatMul", "n v", "q", nil), op("Add", "n q", "y", nil)), []string{"Mul", "Add", "MatMul", "Add"}},
	} {
		n := nodeCase{k.name, [][]int{{2, 3}}, -1, 1, c, k.nodes}
		x := n.sample(seeded(t))
		g := n.graph(t, x)
		a := absorbed(g)
		var got []string
		for _, m := range a.Nodes {
			got = append(got, m.Op)
		}
		require.Equal(t, k.want, got, k.name)
		want, err := g.Run(x)
		require.NoError(t, err)
		y, err := a.Run(x)
		require.NoError(t, err)
		require.InDeltaSlice(t, want[0].Float, y[0].Float, 1e-5, k.name)
		p, err := Graph(g, [][]*model.Tensor{x}, circuits.Config{})
		require.NoError(t, err, k.name)
		for _, node := range p.Nodes {
			if k.want[0] == "MatMul" {
				require.NotEqual(t, "Constant", circuits.Kind(node.Op), k.name)
			}
		}
	}
}

// TestRecognise checks that activations spelled out become one table, and that what is
// nearly one does not.
func TestRecognise(t *testing.T) {
	c := consts{"half": floatConst([]int{}, 0.5), "one": floatConst([]int{1}, 1), "root": floatConst([]int{}, 1.4142135), "three": floatConst([]int{}, 3),
		"k": floatConst([]int{}, 0.044715), "s": floatConst([]int{}, 0.7978846), "almost": floatConst([]int{}, 1.41)}
	erf := func(root string) []*model.Node {
		return []*model.Node{op("Div", "x0 "+root, "a", nil), op("Erf", "a", "b", nil), op("Add", "b one", "c", nil), op("Mul", "x0 c", "d", nil), op("Mul", "d half", "y", nil)}
	}
	tanh := []*model.Node{op("Pow", "x0 three", "a", nil), op("Mul", "k a", "b", nil), op("Add", "x0 b", "c", nil), op("Mul", "c s", "d", nil),
		op("Tanh", "d", "e", nil), op("Add", "one e", "f", nil), op("Mul", "half x0", "g", nil), op("Mul", "g f", "y", nil)}
	leak := append(erf("root"), op("Add", "y b", "z", nil))
	for _, k := range []struct {
		name  string
		nodes []*model.Node
		want  []string
	}{
		{"erf", erf("root"), []string{"Gelu"}},
		{"tanh", tanh, []string{"GeluTanh"}},
		{"silu", []*model.Node{op("Sigmoid", "x0", "a", nil), op("Mul", "x0 a", "y", nil)}, []string{"Silu"}},
		{"silu of a sum", []*model.Node{op("Add", "x0 x0", "w", nil), op("Sigmoid", "w", "a", nil), op("Mul", "w a", "y", nil)}, []string{"Add", "Silu"}},
		{"softsign", []*model.Node{op("Abs", "x0", "a", nil), op("Add", "one a", "b", nil), op("Div", "x0 b", "y", nil)}, []string{"Softsign"}},
		{"logistic", []*model.Node{op("Neg", "x0", "a", nil), op("Exp", "a", "b", nil), op("Add", "b one", "c", nil), op("Div", "one c", "y", nil)}, []string{"Sigmoid"}},
		{"logistic of the opposite", []*model.Node{op("Exp", "x0", "b", nil), op("Add", "one b", "c", nil), op("Reciprocal", "c", "y", nil)}, []string{"SigmoidNeg"}},
		{"almost", erf("almost"), []string{"Div", "Erf", "Add", "Mul", "Mul"}},
		{"used elsewhere", leak, []string{"Div", "Erf", "Add", "Mul", "Mul", "Add"}},
	} {
		n := nodeCase{k.name, [][]int{{2, 5}}, -3, 3, c, k.nodes}
		x := n.sample(seeded(t))
		g := n.graph(t, x)
		var got []string
		for _, m := range recognised(g) {
			got = append(got, m.Op)
		}
		require.Equal(t, k.want, got, k.name)
		_, err := Graph(g, [][]*model.Tensor{x}, circuits.Config{})
		require.NoError(t, err, k.name)
	}
}
