package quantize

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// wholeCase is a network of integers, with what its samples show of each input.
type wholeCase struct {
	name   string
	typ    model.ElemType
	inputs [][2]int64 // ranges of x0, x1, …
	consts consts
	nodes  []*model.Node
}

// wholeShapes broadcast.
var wholeShapes = [][]int{{3, 4}, {4}, {3, 1}}

func wholeCases() []wholeCase {
	one := func(name, in string, a attrs) []*model.Node { return []*model.Node{op(name, in, "y", a)} }
	scalar := func(v int64) consts { return consts{"c": {Shape: []int{}, Int: []int64{v}}} }
	typed := func(t model.ElemType, more ...string) attrs {
		a := attrs{"elem_type": int(t)}
		if len(more) > 0 {
			a["direction"] = more[0]
		}
		return a
	}
	var cases []wholeCase
	divisions := []struct {
		name string
		make func(in string) []*model.Node
	}{
		{"div", func(in string) []*model.Node { return one("Div", in, nil) }},
		{"mod", func(in string) []*model.Node { return one("Mod", in, nil) }},
		{"fmod", func(in string) []*model.Node { return one("Mod", in, attrs{"fmod": 1}) }},
	}
	for _, d := range divisions {
		cases = append(cases,
			wholeCase{d.name + " of all signs", model.Int32, [][2]int64{{-40, 50}, {-9, 12}}, nil, d.make("x0 x1")},
			wholeCase{d.name + " by positive", model.Int8, [][2]int64{{-128, 127}, {1, 12}}, nil, d.make("x0 x1")},
			wholeCase{d.name + " by negative", model.Int16, [][2]int64{{-300, 200}, {-12, -1}}, nil, d.make("x0 x1")},
			wholeCase{d.name + " of negative", model.Int64, [][2]int64{{-300, -1}, {-12, 20}}, nil, d.make("x0 x1")},
			wholeCase{d.name + " of unsigned", model.Uint8, [][2]int64{{0, 255}, {1, 40}}, nil, d.make("x0 x1")},
			wholeCase{d.name + " of large", model.Int64, [][2]int64{{-1 << 40, 1 << 40}, {-1 << 33, 1 << 39}}, nil, d.make("x0 x1")},
			wholeCase{d.name + " by a number", model.Int32, [][2]int64{{-70000, 50}}, scalar(7), d.make("x0 c")},
			wholeCase{d.name + " by a negative number", model.Int32, [][2]int64{{-7, 5000}}, scalar(-6), d.make("x0 c")},
			wholeCase{d.name + " by a large number", model.Int64, [][2]int64{{-1 << 40, 1 << 40}}, scalar(1<<34 + 1), d.make("x0 c")},
			wholeCase{d.name + " by numbers", model.Int32, [][2]int64{{-70, 50}}, consts{"c": intConst(3, -5, 1, 100)}, d.make("x0 c")},
			wholeCase{d.name + " of a number", model.Int32, [][2]int64{{-70, 50}}, scalar(-1000), d.make("c x0")},
			wholeCase{d.name + " of sums", model.Int32, [][2]int64{{-700, 500}, {1, 7}}, scalar(300),
				append([]*model.Node{op("Add", "x0 c", "s", nil), op("Add", "x1 x1", "d", nil)}, d.make("s d")...)})
	}
	cases = append(cases,
		wholeCase{"equal to a token", model.Int64, [][2]int64{{50250, 50260}}, scalar(50257), one("Equal", "x0 c", nil)},
		wholeCase{"less, moved", model.Int64, [][2]int64{{-1 << 40, 1 << 40}, {1<<40 - 3, 1 << 40}}, consts{"shape": intConst(3, 4)},
			[]*model.Node{op("Reshape", "x0 shape", "r", nil), op("Less", "r x1", "y", nil)}},
		wholeCase{"largest", model.Int32, [][2]int64{{-1 << 31, 1<<31 - 1}, {-1 << 31, 1<<31 - 1}}, nil, one("Max", "x0 x1", nil)},
		wholeCase{"sum of squares", model.Int64, [][2]int64{{-3000, 1 << 20}}, nil, []*model.Node{op("Mul", "x0 x0", "s", nil), op("Add", "s x0", "y", nil)}},
		wholeCase{"moved", model.Uint32, [][2]int64{{0, 1<<32 - 1}}, nil, one("Transpose", "x0", nil)})
	for _, name := range []string{"BitwiseAnd", "BitwiseOr", "BitwiseXor"} {
		cases = append(cases,
			wholeCase{name + " of unsigned", model.Uint8, [][2]int64{{0, 255}, {0, 90}}, nil, one(name, "x0 x1", nil)},
			wholeCase{name + " of signed", model.Int32, [][2]int64{{-70000, 70000}, {-3, 9}}, nil, one(name, "x0 x1", nil)},
			wholeCase{name + " of large", model.Int64, [][2]int64{{-1 << 40, 1 << 45}, {0, 1 << 33}}, nil, one(name, "x0 x1", nil)},
			wholeCase{name + " of a mask", model.Int8, [][2]int64{{-128, 127}}, consts{"c": intConst(15, -16, 0, 1)}, one(name, "c x0", nil)})
	}
	for t, most := range map[model.ElemType]int64{model.Int8: 127, model.Int16: 32767, model.Int32: 1<<31 - 1, model.Int64: 1 << 40} {
		cases = append(cases, wholeCase{"not " + t.String(), t, [][2]int64{{-most - 1, most}}, nil, one("BitwiseNot", "x0", typed(t))})
	}
	for t, most := range map[model.ElemType]int64{model.Uint8: 255, model.Uint16: 65535, model.Uint32: 1<<32 - 1, model.Uint64: 1 << 40} {
		if t != model.Uint64 {
			cases = append(cases, wholeCase{"not " + t.String(), t, [][2]int64{{0, most}}, nil, one("BitwiseNot", "x0", typed(t))})
		}
		for _, d := range []string{"LEFT", "RIGHT"} {
			name := d + " of " + t.String()
			cases = append(cases, wholeCase{name + " by numbers", t, [][2]int64{{0, max(most>>8, 9)}}, consts{"c": intConst(1, 0, 70, 7)}, one("BitShift", "x0 c", typed(t, d))},
				wholeCase{name, t, [][2]int64{{0, min(most, 1<<33)}, {0, 11}}, nil, one("BitShift", "x0 x1", typed(t, d))})
			if t != model.Uint64 {
				cases = append(cases, wholeCase{name + " of all by numbers", t, [][2]int64{{0, most}}, consts{"c": intConst(1, 0, 70, 7)}, one("BitShift", "x0 c", typed(t, d))})
			}
		}
	}
	return append(cases, wholeCase{"of numbers", model.Uint8, [][2]int64{{0, 30}}, scalar(200), one("BitShift", "c x0", typed(model.Uint8, "LEFT"))},
		wholeCase{"halves of bytes, swapped", model.Uint8, [][2]int64{{0, 255}}, consts{"four": intConst(4), "low": intConst(15)}, []*model.Node{
			op("BitwiseAnd", "x0 low", "a", nil), op("BitShift", "a four", "b", typed(model.Uint8, "LEFT")),
			op("BitShift", "x0 four", "c", typed(model.Uint8, "RIGHT")), op("BitwiseOr", "b c", "y", nil)}},
		wholeCase{"halves moved", model.Int32, [][2]int64{{-300, 300}}, consts{"two": intConst(2), "shape": intConst(4, 3)}, []*model.Node{
			op("Div", "x0 two", "h", nil), op("Reshape", "h shape", "r", nil), op("Transpose", "r", "t", nil), op("BitwiseNot", "t", "y", typed(model.Int32))}})
}

// graph returns the case's graph for samples.
func (c *wholeCase) graph(t *testing.T, x []*model.Tensor) *model.Graph {
	n := nodeCase{name: c.name, consts: c.consts, nodes: c.nodes}
	for i := range c.inputs {
		n.inputs = append(n.inputs, wholeShapes[i])
	}
	if n.consts == nil {
		n.consts = consts{}
	}
	g := &model.Graph{File: c.name, Nodes: n.nodes, Const: n.consts, Shapes: map[string][]int{}}
	for i, shape := range n.inputs {
		g.Inputs = append(g.Inputs, model.Value{Name: "x" + string(rune('0'+i)), Shape: shape, Type: c.typ})
	}
	for name, v := range n.consts {
		g.Shapes[name] = v.Shape
	}
	require.NoError(t, g.Trace(x, func(name string, v *model.Tensor) { g.Shapes[name] = v.Shape }))
	g.Outputs = []model.Value{{Name: "y", Shape: g.Shapes["y"]}}
	return g
}

// draw returns integers of ranges, half of them edges, of divisors none that are 0.
func draw(rng *rand.Rand, ranges [][2]int64) (x []*model.Tensor) {
	for i, r := range ranges {
		v := &model.Tensor{Shape: wholeShapes[i]}
		for range size(v.Shape) {
			k := r[0] + rng.Int64N(r[1]-r[0]+1)
			if rng.IntN(2) == 0 {
				k = []int64{r[0], r[1], r[0] + 1, r[1] - 1, min(max(-1, r[0]), r[1]), min(max(1, r[0]), r[1])}[rng.IntN(6)]
			}
			if k == 0 && r[0] < 0 {
				k = r[0]
			}
			v.Int = append(v.Int, k)
		}
		x = append(x, v)
	}
	return x
}

// TestIntegers compares programs of integers with the network's, bit for bit, over all of the
// declared ranges, and proves their ends.
func TestIntegers(t *testing.T) {
	for _, c := range wholeCases() {
		t.Run(c.name, func(t *testing.T) {
			rng := seeded(t)
			var samples [][]*model.Tensor
			for range 12 {
				samples = append(samples, draw(rng, c.inputs))
			}
			g := c.graph(t, samples[0])
			options := []Option{InputRange("x0", float64(c.inputs[0][0]), float64(c.inputs[0][1]))}
			if strings.HasSuffix(c.name, "of sums") {
				options = append(options, InputRange("x1", float64(c.inputs[1][0]), float64(c.inputs[1][1])))
			}
			p, err := Graph(g, samples, circuits.Config{Bits: 7}, options...)
			require.NoError(t, err)
			var declared [][2]int64
			for i, in := range p.Inputs {
				require.Equal(t, 0, in.Exp)
				lo, hi := c.typ.Bounds()
				require.True(t, lo <= in.Range.Lo && in.Range.Hi <= hi, "%v declared", in.Range)
				require.True(t, i > 0 || in.Range.Lo == c.inputs[0][0] && in.Range.Hi == c.inputs[0][1])
				declared = append(declared, [2]int64{in.Range.Lo, in.Range.Hi})
			}
			for range 200 {
				x := draw(rng, declared)
				want, err := g.Run(x)
				require.NoError(t, err)
				var q [][]int64
				for _, v := range x {
					q = append(q, v.Int)
				}
				values, err := p.Eval(q)
				require.NoError(t, err)
				out := p.Outputs[0]
				for k, v := range values[out.Value] {
					require.Equal(t, want[0].Int[k], int64(out.Floats([]int64{v})[0]), "%v", q)
					require.True(t, out.Range.Contains(v), "%d outside %v", v, out.Range)
				}
			}
			proves(t, p, rng)
		})
	}
}

// TestLargeIntegers: samples beyond what float32 holds are measured as they are, and so are answers.
func TestLargeIntegers(t *testing.T) {
	c := wholeCase{"large", model.Int64, [][2]int64{{1<<40 + 1, 1<<40 + 999}, {1, 99}}, nil, []*model.Node{op("Mod", "x0 x1", "y", nil)}}
	rng := seeded(t)
	var samples [][]*model.Tensor
	for range 20 {
		samples = append(samples, draw(rng, c.inputs))
	}
	p, err := Graph(c.graph(t, samples[0]), samples, circuits.Config{})
	require.NoError(t, err)
	require.Zero(t, p.Report.Mistaken)
	got, err := p.RunReals([][]float64{samples[3][0].Reals(), samples[3][1].Reals()})
	require.NoError(t, err)
	want, err := c.graph(t, samples[3]).Run(samples[3])
	require.NoError(t, err)
	require.Equal(t, want[0].Reals(), got[0])
	require.Equal(t, p.Inputs[0].RealHi, float64(p.Inputs[0].Range.Hi)+0.5, "nothing beyond is taken for the end")
}

// TestIntegersMayBeScaled checks that what follows integers takes their quotients, not fractions.
func TestIntegersMayBeScaled(t *testing.T) {
	c := wholeCase{"scaled", model.Int32, [][2]int64{{-9, 9}}, consts{"two": intConst(2), "k": floatConst([]int{}, 0.3)},
		[]*model.Node{op("Div", "x0 two", "h", nil), op("Cast", "h", "f", attrs{"to": 1}), op("Mul", "f k", "y", nil)}}
	rng := seeded(t)
	samples := [][]*model.Tensor{draw(rng, c.inputs), draw(rng, c.inputs)}
	p, err := Graph(c.graph(t, samples[0]), samples, circuits.Config{})
	require.NoError(t, err)
	require.Less(t, p.Report.RelativeError, 0.01)
}

// TestIntegersRefused checks what is refused of integers, and how.
func TestIntegersRefused(t *testing.T) {
	one := func(name, in string, a attrs) []*model.Node { return []*model.Node{op(name, in, "y", a)} }
	shift := attrs{"elem_type": int(model.Uint8), "direction": "LEFT"}
	for _, c := range []struct {
		wholeCase
		want string
	}{
		{wholeCase{"div", model.Uint8, [][2]int64{{0, 9}, {1, 9}}, consts{"c": intConst(5)}, append([]*model.Node{op("Div", "x1 c", "d", nil)}, one("Div", "x0 d", nil)...)},
			`divisors "d" in [0, 3], shape [4], which may be 0`},
		{wholeCase{"negative shift", model.Uint8, [][2]int64{{0, 9}, {0, 9}}, consts{"c": intConst(5)}, append([]*model.Node{op("Sub", "x1 c", "d", nil)}, one("BitShift", "x0 d", shift)...)},
			`operand "d" in [-5, 13], shape [4], which uint8 does not hold`},
		{wholeCase{"not of more", model.Uint8, [][2]int64{{0, 200}}, nil, append([]*model.Node{op("Add", "x0 x0", "d", nil)}, one("BitwiseNot", "d", attrs{"elem_type": int(model.Uint8)})...)},
			`operand "d" in [0, 400], shape [3 4], which uint8 does not hold`},
	} {
		var x []*model.Tensor
		for i, r := range c.inputs {
			v := &model.Tensor{Shape: wholeShapes[i]}
			for range size(v.Shape) {
				v.Int = append(v.Int, r[1])
			}
			x = append(x, v)
		}
		_, err := Graph(c.graph(t, x), [][]*model.Tensor{x}, circuits.Config{})
		require.ErrorContains(t, err, c.want, c.name)
		require.ErrorIs(t, err, model.ErrUnsupported, c.name)
		var node *model.Error
		require.ErrorAs(t, err, &node)
		require.NotEmpty(t, node.Node)
	}
}

// TestLargeVocabulary embeds tokens of which there are more than a OneHot has columns.
func TestLargeVocabulary(t *testing.T) {
	const words, width = 50000, 2
	table := &model.Tensor{Shape: []int{words, width}, Float: make([]float32, words*width)}
	for i := range table.Float {
		table.Float[i] = float32(i%509)/256 - 1
	}
	c := wholeCase{typ: model.Int64, inputs: [][2]int64{{0, words - 1}}, nodes: []*model.Node{
		op("OneHot", "x0 depth values", "hot", attrs{"axis": -1}), op("MatMul", "hot table", "y", nil)},
		consts: consts{"depth": intConst(words), "values": floatConst([]int{2}, 0, 1), "table": table}}
	tokens := func(x ...int64) []*model.Tensor { return []*model.Tensor{{Shape: wholeShapes[0], Int: x}} }
	samples := [][]*model.Tensor{tokens(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, words-1), tokens(32767, 32768, 40000, 5, 5, 0, 9, 100, 1000, 10000, 20000, 30000)}
	g := c.graph(t, samples[0])
	p, err := Graph(g, samples, circuits.Config{Bits: 8})
	require.NoError(t, err)
	require.Equal(t, fixedpoint.Interval{Lo: 0, Hi: words - 1}, p.Inputs[0].Range)
	for _, x := range samples {
		want, err := g.Run(x)
		require.NoError(t, err)
		values, err := p.Eval([][]int64{x[0].Int})
		require.NoError(t, err)
		out := p.Outputs[0]
		for k, v := range out.Floats(values[out.Value]) {
			require.InDelta(t, want[0].Float[k], v, 1./256)
		}
	}
}
