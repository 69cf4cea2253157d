package quantize

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// int8Graph builds networks in the form in which package model reads quantised ones.
type int8Graph struct {
	rng   *rand.Rand
	c     consts
	nodes []*model.Node
	n     int
}

func (g *int8Graph) add(name, in string, a model.Attrs) string {
	g.n++
	out := fmt.Sprintf("v%d", g.n)
	g.nodes = append(g.nodes, op(name, in, out, a))
	return out
}

func (g *int8Graph) number(v float64) string {
	g.n++
	name := fmt.Sprintf("c%d", g.n)
	g.c[name] = floatConst([]int{}, float32(v))
	return name
}

// quantized is QuantizeLinear to uint8, or to int8 if zero is negative, and dequantized its
// opposite.
func (g *int8Graph) quantized(x string, scale, zero float64) string {
	x = g.add("Round", g.add("Div", x+" "+g.number(scale), nil), nil)
	if zero != 0 {
		x = g.add("Add", x+" "+g.number(zero), nil)
	}
	lo := 0.
	if zero < 0 {
		lo = -128
	}
	return g.add("Clip", x+" "+g.number(lo)+" "+g.number(lo+255), nil)
}

func (g *int8Graph) dequantized(x string, scale, zero float64) string {
	if zero != 0 {
		x = g.add("Sub", x+" "+g.number(zero), nil)
	}
	return g.add("Mul", x+" "+g.number(scale), nil)
}

// both rounds a value to eight bits.
func (g *int8Graph) both(x string, scale, zero float64) string {
	return g.dequantized(g.quantized(x, scale, zero), scale, zero)
}

// weights are integers of eight bits times a scale for each row.
func (g *int8Graph) weights(shape ...int) string {
	g.n++
	name := fmt.Sprintf("w%d", g.n)
	w := &model.Tensor{Shape: shape, Float: make([]float32, size(shape))}
	per := len(w.Float) / shape[0]
	for i := range w.Float {
		w.Float[i] = float32(g.rng.IntN(255)-127) * float32(0.003+0.001*float64(i/per%5))
	}
	g.c[name] = w
	return name
}

// TestRounding: networks that were quantised give the integers of their own arithmetic on
// inputs that they have not seen, but for values within a hair of a tie.
func TestRounding(t *testing.T) {
	image := []int{1, 2, 6, 6}
	for name, build := range map[string]func(g *int8Graph, x string) string{
		"dense": func(g *int8Graph, x string) string {
			x = g.add("Flatten", x, nil)
			x = g.both(g.add("Gemm", x+" "+g.weights(12, 72)+" "+g.weights(12), attrs{"transB": 1}), 0.071, 120)
			return g.both(g.add("Gemm", x+" "+g.weights(5, 12), attrs{"transB": 1}), 0.043, -3)
		},
		"convolutions": func(g *int8Graph, x string) string {
			pads := attrs{"kernel_shape": []int{3, 3}, "pads": []int{1, 1, 1, 1}}
			x = g.both(g.add("Conv", x+" "+g.weights(4, 2, 3, 3)+" "+g.weights(4), pads), 0.031, 77)
			x = g.add("MaxPool", x, attrs{"kernel_shape": []int{2, 2}, "strides": []int{2, 2}})
			x = g.both(x, 0.031, 77)
			return g.both(g.add("Relu", g.add("Conv", x+" "+g.weights(3, 4, 3, 3), pads), nil), 0.02, 0)
		},
		"a rectifier and a zero point": func(g *int8Graph, x string) string {
			x = g.add("Conv", x+" "+g.weights(3, 2, 1, 1), attrs{"kernel_shape": []int{1, 1}})
			return g.both(g.add("Relu", x, nil), 0.0071357, 40)
		},
		"a residual and a mean": func(g *int8Graph, x string) string {
			y := g.both(g.add("Conv", x+" "+g.weights(2, 2, 1, 1), attrs{"kernel_shape": []int{1, 1}}), 0.0131357, 128)
			x = g.both(g.add("Add", x+" "+y, nil), 0.0173205, 100)
			return g.both(g.add("GlobalAveragePool", x, nil), 0.0071923, -20)
		},
		"a mean of axes": func(g *int8Graph, x string) string {
			return g.both(g.add("ReduceMean", x, attrs{"axes": []int{2, 3}, "keepdims": 0}), 0.0037393, 128)
		},
		"a leaky slope and joined scales": func(g *int8Graph, x string) string {
			y := g.both(g.add("LeakyRelu", x, attrs{"alpha": float32(0.1)}), 0.0051, 30)
			z := g.both(g.add("Transpose", g.add("Transpose", y, attrs{"perm": []int{0, 1, 3, 2}}), attrs{"perm": []int{0, 1, 3, 2}}), 0.0093, 0)
			return g.both(g.add("Concat", x+" "+z, attrs{"axis": 1}), 0.0077, 64)
		},
	} {
		t.Run(name, func(t *testing.T) {
			rng := seeded(t)
			g := &int8Graph{rng: rng, c: consts{}}
			out := build(g, g.both("x0", 0.0087193, 110))
			g.nodes[len(g.nodes)-1].Outputs[0] = out
			c := nodeCase{name: name, inputs: [][]int{image}, lo: -0.95, hi: 1.2, consts: g.c, nodes: g.nodes}
			var samples, unseen [][]*model.Tensor
			for range 30 {
				samples = append(samples, c.sample(rng))
			}
			graph := c.graph(t, samples[0])
			p, err := Graph(graph, samples, circuits.Config{})
			require.NoError(t, err)
			for range 400 {
				unseen = append(unseen, c.sample(rng))
			}
			step := float64(g.c[g.nodes[len(g.nodes)-1].Inputs[1]].Float[0])
			differ, all := 0, 0
			for _, x := range unseen {
				want, err := graph.Run(x)
				require.NoError(t, err)
				got, err := p.Run([][]float32{x[0].Float})
				require.NoError(t, err)
				for i, v := range got[0] {
					units := math.Abs(v-float64(want[0].Float[i])) / step
					require.Less(t, units, 1.01, "more than one unit")
					all++
					if units > 0.01 {
						differ++
					}
				}
			}
			t.Logf("%d of %d integers differ", differ, all)
			require.LessOrEqual(t, differ, 1+all/1000)
			proves(t, p, rng)
		})
	}
}

// TestRoundingOnce: dividing in steps rounds once.
func TestRoundingOnce(t *testing.T) {
	for _, size := range []int{1, 100, 1 << 13, 1 << 20} {
		for shift := 1; shift <= 40; shift++ {
			steps := shifts(size, shift)
			rng := rand.New(rand.NewPCG(uint64(size), uint64(shift)))
			for k := range 300 {
				x := rng.Int64N(1<<45) - 1<<44
				switch k % 3 {
				case 1: // near a tie
					x = x>>shift<<shift + 1<<(shift-1) + int64(rng.IntN(3)) - 1
				case 2:
					x = x >> shift << shift
				}
				want := (x + 1<<(shift-1)) >> shift
				y := x - halves(steps)
				for _, s := range steps {
					y = (y + 1<<(s-1)) >> s
				}
				require.Equal(t, want, y, "%d by 2^%d in %v", x, shift, steps)
			}
		}
	}
}

// TestZeroPointBelow: a zero point that its type does not hold is no reason to saturate early.
func TestZeroPointBelow(t *testing.T) {
	rng := seeded(t)
	g := &int8Graph{rng: rng, c: consts{}}
	x := g.add("Flatten", g.both("x0", 0.0087193, 110), nil)
	x = g.add("Relu", g.add("Gemm", x+" "+g.weights(6, 72)+" "+g.weights(6), attrs{"transB": 1}), nil)
	x = g.add("Round", g.add("Div", x+" "+g.number(0.0053), nil), nil)
	g.add("Clip", g.add("Add", x+" "+g.number(-5), nil)+" "+g.number(0)+" "+g.number(255), nil)
	c := nodeCase{name: "below", inputs: [][]int{{1, 2, 6, 6}}, lo: -0.95, hi: 1.2, consts: g.c, nodes: g.nodes}
	var samples [][]*model.Tensor
	for range 60 {
		samples = append(samples, c.sample(rng))
	}
	graph := c.graph(t, samples[0])
	p, err := Graph(graph, samples, circuits.Config{Bits: 11})
	require.NoError(t, err)
	high := 0
	for _, s := range samples {
		want, err := graph.Run(s)
		require.NoError(t, err)
		got, err := p.Run([][]float32{s[0].Float})
		require.NoError(t, err)
		for i, v := range got[0] {
			require.InDelta(t, want[0].Float[i], v, 1.01)
			if want[0].Float[i] == 255 {
				high++
			}
		}
	}
	require.Greater(t, high, 10)
}
