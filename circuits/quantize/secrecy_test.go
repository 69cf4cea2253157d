package quantize

import (
	"bytes"
	"fmt"
	"maps"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/testdata"
)

// The tests of this file play somebody who has all public files of a network, tries
// weights, and looks for anything that changes with them.

// secretCases are networks with every kind of layer that has weights, followed by what
// could pass their ranges on to a public file.
func secretCases() []nodeCase {
	image, row := [][]int{{1, 2, 6, 6}}, [][]int{{1, 6}}
	rng := rand.New(rand.NewPCG(5, 6))
	draw := func(shape ...int) *model.Tensor {
		t := &model.Tensor{Shape: shape}
		for range size(shape) {
			t.Float = append(t.Float, float32(rng.NormFloat64()))
		}
		return t
	}
	positive := func(n int) *model.Tensor {
		t := draw(n)
		for i, v := range t.Float {
			t.Float[i] = v*v + 0.1
		}
		return t
	}
	c := consts{"w": draw(4, 2, 3, 3), "b": draw(4), "depthwise": draw(2, 1, 3, 3), "square": draw(2, 2, 3, 3), "matrix": draw(6, 5), "turned": draw(5, 6),
		"same": draw(6, 6), "row": draw(5), "scale": positive(2), "offset": draw(2), "mean": draw(2), "var": positive(2), "g": draw(6), "h": draw(6),
		"left": draw(3, 4), "line": draw(3, 2, 3)}
	pads := []int{1, 1, 1, 1}
	norm := op("BatchNormalization", "x0 scale offset mean var", "y", nil)
	return []nodeCase{
		{"layer norm", [][]int{{3, 6}}, -1, 1, c, []*model.Node{op("LayerNormalization", "x0 g h", "y", nil)}},
		{"instance norm", image, -1, 1, c, []*model.Node{op("InstanceNormalization", "x0 scale offset", "y", nil)}},
		{"prelu", row, -1, 1, c, []*model.Node{op("PRelu", "x0 g", "y", nil)}},
		{"conv, prelu of one slope", image, -1, 1, consts{"w": c["w"], "slope": floatConst([]int{1}, 0.2137)}, []*model.Node{op("Conv", "x0 w", "c", nil), op("PRelu", "c slope", "y", nil)}},
		{"scaled input", row, -1, 1, c, []*model.Node{op("Sub", "x0 g", "s", nil), op("Div", "s h", "d", nil), op("Max", "d g", "y", nil)}},
		{"threshold", row, -1, 1, consts{"g": c["g"], "one": floatConst([]int{1}, 0.317)}, []*model.Node{op("Mul", "x0 one", "m", nil), op("Less", "m g", "y", nil)}},
		{"conv", image, -1, 1, c, []*model.Node{op("Conv", "x0 w b", "y", nil)}},
		{"conv with pads", image, -1, 1, c, []*model.Node{op("Conv", "x0 w b", "y", attrs{"pads": pads})}},
		{"conv in groups", image, -1, 1, c, []*model.Node{op("Conv", "x0 depthwise", "y", attrs{"group": 2, "pads": pads})}},
		{"conv of lines", [][]int{{1, 2, 9}}, 0, 1, c, []*model.Node{op("Conv", "x0 line", "y", nil)}},
		{"conv, pool, relu", image, -1, 1, c, []*model.Node{op("Conv", "x0 w b", "c", nil), op("MaxPool", "c", "p", attrs{"kernel_shape": []int{2, 2}, "strides": []int{2, 2}}), op("Relu", "p", "y", nil)}},
		{"conv, batch norm, average", image, -1, 1, c, []*model.Node{op("Conv", "x0 square", "c", attrs{"pads": pads}),
			op("BatchNormalization", "c scale offset mean var", "n", nil), op("GlobalAveragePool", "n", "y", nil)}},
		{"batch norm", image, -1, 1, c, []*model.Node{norm}},
		{"one scaled channel", [][]int{{1, 1, 4, 4}}, 0, 1, consts{"s": floatConst([]int{1}, 0.731), "o": floatConst([]int{1}, -0.4171), "m": floatConst([]int{1}, 0), "v": floatConst([]int{1}, 1)},
			[]*model.Node{op("BatchNormalization", "x0 s o m v", "y", nil)}},
		{"residual", image, -1, 1, c, []*model.Node{op("Conv", "x0 square", "c", attrs{"pads": pads}), op("Relu", "c", "r", nil), op("Add", "r x0", "y", nil)}},
		{"matrix", row, -1, 1, c, []*model.Node{op("MatMul", "x0 matrix", "y", nil)}},
		{"matrix of rows", [][]int{{3, 6}}, -1, 1, c, []*model.Node{op("MatMul", "x0 matrix", "y", nil)}},
		{"matrix on the left", [][]int{{4, 3}}, -1, 1, c, []*model.Node{op("MatMul", "left x0", "y", nil)}},
		{"gemm", row, -1, 1, c, []*model.Node{op("Gemm", "x0 turned row", "y", attrs{"transB": 1})}},
		{"dense, gelu", row, -1, 1, c, []*model.Node{op("MatMul", "x0 matrix", "m", nil), op("Add", "m row", "a", nil), op("Gelu", "a", "y", nil)}},
		{"dense, softmax", row, -1, 1, c, []*model.Node{op("MatMul", "x0 matrix", "m", nil), op("Softmax", "m", "y", nil)}},
		{"dense, log softmax", row, -1, 1, c, []*model.Node{op("MatMul", "x0 matrix", "m", nil), op("LogSoftmax", "m", "y", nil)}},
		{"dense, argmax", row, -1, 1, c, []*model.Node{op("MatMul", "x0 matrix", "m", nil), op("ArgMax", "m", "y", attrs{"axis": 1})}},
		{"dense, divided", row, -1, 1, c, []*model.Node{op("MatMul", "x0 same", "m", nil), op("Exp", "m", "e", nil), op("Div", "x0 e", "y", nil)}},
		{"attention", [][]int{{3, 6}}, -1, 1, c, []*model.Node{op("MatMul", "x0 same", "q", nil), op("MatMul", "x0 matrix", "v", nil), op("Transpose", "q", "k", nil),
			op("MatMul", "q k", "s", nil), op("Softmax", "s", "a", nil), op("MatMul", "a v", "y", nil)}},
		{"layer norm, dense", [][]int{{3, 6}}, -1, 1, c, []*model.Node{op("LayerNormalization", "x0 g h", "n", nil), op("MatMul", "n matrix", "y", nil)}},
	}
}

// public returns everything about a compiled network that a public file holds or is
// computed from without secrets: the constraint system decides the shape of both keys and,
// with the setup's randomness, their bytes.
func public(t *testing.T, p *circuits.Program) string {
	t.Helper()
	c, err := circuits.Compile(p)
	require.NoError(t, err)
	var system bytes.Buffer
	_, err = c.System.WriteTo(&system)
	require.NoError(t, err)
	var how []string
	for _, k := range c.Plan.Contracts {
		how = append(how, k.Describe())
	}
	return fmt.Sprintf("%x %v %v %v %d %d %d %x", p.Architecture(), p.Inputs, p.Outputs, how, c.Plan.Weights(), c.Plan.Secrets(), c.Plan.StatementSize(), system.Bytes())
}

// weightsOf returns a layer's weights with what they may reach, nil of other nodes.
func weightsOf(p *circuits.Program, i int) (w, bias circuits.Ints, rows int, inside func() bool) {
	switch op := p.Nodes[i].Op.(type) {
	case *circuits.Conv:
		w, bias, rows = op.Weights, op.Bias, op.Kernel[0]
	case *circuits.MatMul:
		w, bias, rows = op.Weights, op.Bias, op.Rows
	}
	return w, bias, rows, func() bool {
		_, err := p.Nodes[i].Op.Infer([]circuits.Type{p.Type(p.Nodes[i].In[0])})
		return err == nil
	}
}

// otherWeights replaces every weight of a program by others of the declared widths: a third
// of them zero, one row repeated, and one row at the very end of the range.
func otherWeights(t *testing.T, p *circuits.Program, rng *rand.Rand) {
	t.Helper()
	for i := range p.Nodes {
		if q, ok := p.Nodes[i].Op.(*circuits.TreeEnsemble); ok {
			otherTrees(q, p.Type(p.Nodes[i].In[0]), rng)
			continue
		}
		if q, ok := p.Nodes[i].Op.(*circuits.Parameter); ok {
			for k := range q.Values {
				if q.Values[k] = 0; rng.IntN(3) > 0 {
					q.Values[k] = rng.Int64N(2<<q.Bits) - 1<<q.Bits
				}
			}
			q.Values[0] = -1 << q.Bits
			continue
		}
		w, bias, rows, inside := weightsOf(p, i)
		if w == nil {
			continue
		}
		per := len(w) / rows
		for size := int64(1 << 12); ; size /= 2 {
			for k := range w {
				if w[k] = 0; rng.IntN(3) > 0 {
					w[k] = rng.Int64N(2*size+1) - size
				}
			}
			copy(w[(rows-1)*per:], w[:per])
			for o := range bias {
				bias[o] = rng.Int64N(2*size+1) - size
			}
			if inside() {
				break
			}
		}
		for step := int64(1 << 50); step > 0; step /= 2 {
			if bias[0] += step; !inside() {
				bias[0] -= step
			}
		}
	}
	require.NoError(t, p.Infer())
}

// quantized returns a case's program at seven bits, and a function that quantizes the same
// network with every constant changed.
func (c *nodeCase) quantized(t *testing.T, cfg circuits.Config) (p *circuits.Program, with func(change func(float32) float32) *circuits.Program) {
	rng := seeded(t)
	var samples [][]*model.Tensor
	for range 20 {
		samples = append(samples, c.sample(rng))
	}
	cfg.Bits = 7
	with = func(change func(float32) float32) *circuits.Program {
		d := *c
		d.consts = maps.Clone(c.consts)
		for _, name := range slices.Sorted(maps.Keys(d.consts)) {
			v := *d.consts[name]
			v.Float = slices.Clone(v.Float)
			for i := range v.Float {
				v.Float[i] = change(v.Float[i])
			}
			d.consts[name] = &v
		}
		q, err := Graph(d.graph(t, samples[0]), samples, cfg)
		require.NoError(t, err)
		return q
	}
	return with(func(x float32) float32 { return x }), with
}

// TestPublicFilesKeepWeights: nothing public changes when all weights do, inside the
// declared widths, under either proof system.
func TestPublicFilesKeepWeights(t *testing.T) {
	trees := nodeCase{"trees", [][]int{{1, 6}}, -1, 1, consts{}, []*model.Node{drawnTrees(rand.New(rand.NewPCG(7, 7)), 6, 2, 5)}}
	for _, c := range append(secretCases(), trees) {
		t.Run(c.name, func(t *testing.T) {
			for _, cfg := range []circuits.Config{{}, {System: circuits.Plonk}} {
				p, _ := c.quantized(t, cfg)
				want, rng := public(t, p), seeded(t)
				before := c.packed(t, p)
				bare, err := p.WithoutWeights()
				require.NoError(t, err)
				require.Equal(t, want, public(t, bare))
				require.Equal(t, p.SetupDigest(), bare.SetupDigest())
				require.Equal(t, before, c.packed(t, p), "the original is as it was")
				for i := range bare.Nodes {
					if q, ok := bare.Nodes[i].Op.(*circuits.Parameter); ok {
						require.Equal(t, make(circuits.Ints, len(q.Values)), q.Values)
					} else if q, ok := bare.Nodes[i].Op.(*circuits.TreeEnsemble); ok {
						require.Equal(t, make(circuits.Ints, len(q.Rows)), q.Rows)
					} else if w, bias, _, _ := weightsOf(bare, i); w != nil {
						require.Equal(t, make(circuits.Ints, len(w)+len(bias)), append(append(circuits.Ints{}, w...), bias...))
					}
				}
				for range 2 {
					otherWeights(t, p, rng)
					require.Equal(t, want, public(t, p))
					require.NotEqual(t, before, c.packed(t, p), "the same weights")
				}
			}
		})
	}
}

// packed returns the committed weights of a program.
func (c *nodeCase) packed(t *testing.T, p *circuits.Program) string {
	plan, err := p.Plan()
	require.NoError(t, err)
	return fmt.Sprint(packedWeights(plan))
}

func packedWeights(plan *gadget.Plan) []string {
	var out []string
	for _, w := range plan.PackedWeights(fr.NewElement(4242)) {
		out = append(out, w.String())
	}
	return out
}

// TestQuantizerKeepsWeights: retrained a little, a network quantizes to the same public
// bytes, unless it passes a power of two; what it declares are powers of two.
func TestQuantizerKeepsWeights(t *testing.T) {
	for _, c := range secretCases() {
		t.Run(c.name, func(t *testing.T) {
			p, with := c.quantized(t, circuits.Config{})
			requireCoarse(t, p)
			want, before, same := public(t, p), c.packed(t, p), 0
			const retrained = 6
			for seed := range uint64(retrained) {
				rng := rand.New(rand.NewPCG(seed, 1))
				q := with(func(x float32) float32 { return x * (1 + (rng.Float32()-0.5)/32) })
				require.NotEqual(t, before, c.packed(t, q), "the same weights")
				if public(t, q) == want {
					same++
				}
			}
			require.GreaterOrEqual(t, same, retrained/2, "of %d retrained networks", retrained)
		})
	}
	for name, data := range map[string][]byte{"lenet5": testdata.LeNet5(), "mlp": testdata.MLP()} {
		g, err := model.ParseONNX(name, data)
		require.NoError(t, err)
		var samples [][]*model.Tensor
		for _, pixels := range testdata.Calibration()[:20] {
			samples = append(samples, []*model.Tensor{{Shape: g.Inputs[0].Shape, Float: testdata.Scaled(pixels)}})
		}
		p, err := Graph(g, samples, circuits.Config{Bits: 7})
		require.NoError(t, err)
		requireCoarse(t, p)
	}
}

// requireCoarse checks that every range a program declares about weights is a power of two.
func requireCoarse(t *testing.T, p *circuits.Program) {
	t.Helper()
	coarse := func(r fixedpoint.Interval) bool { return r.Lo == -r.Hi-1 && bits.OnesCount64(uint64(-r.Lo)) == 1 }
	power := func(s int64, r fixedpoint.Interval) bool { return bits.OnesCount64(uint64(s)) == 1 || s == r.Hi-r.Lo }
	for _, n := range p.Nodes {
		switch op := n.Op.(type) {
		case *circuits.Conv:
			require.True(t, coarse(op.Bound), "%s: %v", n.Name, op.Bound)
			require.True(t, power(op.Spread, op.Bound), "%s: %d", n.Name, op.Spread)
		case *circuits.MatMul:
			require.True(t, coarse(op.Bound), "%s: %v", n.Name, op.Bound)
		}
	}
}

// TestVerifyingKeyIsNoOracle: of the candidates for two weights of a small layer, whose
// program anybody can make from the right network, the public files exclude few.
func TestVerifyingKeyIsNoOracle(t *testing.T) {
	for _, cfg := range []circuits.Config{{}, {Weights: circuits.Baked}} {
		weights := floatConst([]int{3, 1}, -0.757, 0.32, 0.0234)
		c := nodeCase{"dense", [][]int{{1, 3}}, 0, 1, consts{"w": weights}, []*model.Node{op("MatMul", "x0 w", "m", nil), op("Relu", "m", "y", nil)}}
		p, with := c.quantized(t, cfg)
		const steps = 16
		remain := 0
		for i := range steps {
			for j := range steps {
				candidate := []float32{-1 + float32(i)/steps, float32(j) / steps, 0.0234}
				k := 0
				q := with(func(float32) float32 { k++; return candidate[k-1] })
				q.Name = p.Name
				if q.Architecture() == p.Architecture() {
					remain++
				}
			}
		}
		t.Logf("weights %q: %d of %d candidates remain", cfg.Weights, remain, steps*steps)
		require.Greater(t, remain, steps*steps/32)
	}
}

// drawnTrees returns a node of trees of different shapes.
func drawnTrees(rng *rand.Rand, features, scores, trees int) *model.Node {
	t := &model.TreeNodes{Scores: scores}
	leaf := func() int {
		for range scores {
			t.Value = append(t.Value, float32(rng.NormFloat64()))
		}
		return -len(t.Value) / scores
	}
	var grow func(depth int) int
	grow = func(depth int) int {
		if depth == 0 || rng.IntN(5) == 0 {
			return leaf()
		}
		i := len(t.Feature)
		t.Feature, t.Strict, t.Threshold = append(t.Feature, rng.IntN(features)), append(t.Strict, rng.IntN(2)), append(t.Threshold, float32(rng.NormFloat64()/2))
		t.Yes, t.No = append(t.Yes, 0), append(t.No, 0)
		yes := grow(depth - 1)
		no := grow(depth - 1)
		t.Yes[i], t.No[i] = yes, no
		return i
	}
	for k := range trees {
		t.Roots = append(t.Roots, grow(1+k))
	}
	return op(model.Trees, "x0", "y", attrs{"scores": t.Scores, "roots": t.Roots, "feature": t.Feature, "strict": t.Strict, "yes": t.Yes, "no": t.No,
		"threshold": t.Threshold, "value": t.Value})
}

// otherTrees replaces an ensemble by another of as many rows: other features, thresholds, ways and
// values.
func otherTrees(q *circuits.TreeEnsemble, x circuits.Type, rng *rand.Rand) {
	at := 0
	for h, n := range q.Counts {
		for range n {
			for range 3 {
				q.Rows[at], q.Rows[at+1] = rng.Int64N(int64(q.Features)), rng.Int64N(int64(x.Range.Width())+2)
				at += 2
			}
			if h > 0 {
				q.Rows[at] = rng.Int64N(int64(q.Counts[h-1] - 3))
				at++
				continue
			}
			for range 4 * q.Scores {
				q.Rows[at] = rng.Int64N(2<<q.Bits) - 1<<q.Bits
				at++
			}
		}
	}
}
