package quantize

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// rowsOf draws samples of columns of very different places and sizes.
func rowsOf(rng *rand.Rand, n int) (samples [][]*model.Tensor) {
	place, size := []float64{0, 4000, 0.5, -70, 10}, []float64{1, 900, 0.05, 3, 0.2}
	for range n {
		x := &model.Tensor{Shape: []int{1, len(place)}}
		for k := range place {
			x.Float = append(x.Float, float32(place[k]+size[k]*(2*rng.Float64()-1)))
		}
		samples = append(samples, []*model.Tensor{x})
	}
	return samples
}

// tableGraph is a network on rows of five numbers: nodes make y of x.
func tableGraph(c consts, nodes ...*model.Node) *model.Graph {
	g := &model.Graph{File: "table", Inputs: []model.Value{{Name: "x", Shape: []int{1, 5}, Type: model.Float32}}, Outputs: []model.Value{{Name: "y"}}, Nodes: nodes,
		Const: map[string]*model.Tensor{}, Shapes: map[string][]int{"x": {1, 5}}}
	for name, t := range c {
		g.Const[name], g.Shapes[name] = t, t.Shape
	}
	sample := rowsOf(rand.New(rand.NewPCG(1, 1)), 1)[0]
	if err := g.Trace(sample, func(name string, t *model.Tensor) { g.Shapes[name] = t.Shape }); err != nil {
		panic(err)
	}
	return g
}

// TestFeatures: networks on tables of columns of different sizes are exact on samples that
// they have not seen, and comparisons with thresholds right on all of them.
func TestFeatures(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	samples, unseen := rowsOf(rng, 200), rowsOf(rng, 200)
	mean := floatConst([]int{5}, 0.1, 3900, 0.51, -71, 10.1)
	deviation := floatConst([]int{5}, 0.5, 500, 0.03, 2, 0.1)
	w := floatConst([]int{5, 2}, 1, -0.5, 0.25, 1, -1, 0.75, 0.5, 0.5, -0.25, 1)
	thresholds := floatConst([]int{5}, 0.2, 4100.5, 0.512, -69.25, 10.03)
	for name, c := range map[string]struct {
		g     *model.Graph
		exact bool
	}{
		"scaled": {tableGraph(consts{"m": mean, "d": deviation, "w": w}, op("Sub", "x m", "a", nil), op("Div", "a d", "b", nil), op("MatMul", "b w", "y", nil)), false},
		"raw": {tableGraph(consts{"w": floatConst([]int{5, 2}, 1, 2, 2e-3, -1e-3, 20, -10, 0.3, 0.1, 5, 3), "b": floatConst([]int{2}, 3, -9)},
			op("MatMul", "x w", "a", nil), op("Add", "a b", "y", nil)), false},
		"compared": {tableGraph(consts{"t": thresholds}, op("LessOrEqual", "x t", "c", nil), op("Cast", "c", "y", attrs{"to": 1})), true},
		"turned":   {tableGraph(consts{"t": thresholds}, op("Less", "t x", "c", nil), op("Cast", "c", "y", attrs{"to": 1})), true},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Graph(c.g, samples, circuits.Config{})
			require.NoError(t, err)
			var num, den float64
			for _, s := range unseen {
				x := slices.Clone(s[0].Float)
				for k := range x { // within what the samples showed
					lo, hi := math.Inf(1), math.Inf(-1)
					for _, r := range samples {
						lo, hi = min(lo, float64(r[0].Float[k])), max(hi, float64(r[0].Float[k]))
					}
					x[k] = float32(min(max(float64(x[k]), lo), hi))
				}
				got, err := p.Run([][]float32{x})
				require.NoError(t, err)
				want, err := c.g.Run([]*model.Tensor{{Shape: []int{1, 5}, Float: x}})
				require.NoError(t, err)
				for k, v := range want[0].Float {
					d := got[0][k] - float64(v)
					num, den = num+d*d, den+float64(v)*float64(v)
				}
			}
			if e := math.Sqrt(num / den); c.exact {
				require.Zero(t, e)
			} else {
				require.Less(t, e, 0.02)
			}
		})
	}
}

// TestFeaturesStayPrivate: what brings features to one size comes from the samples alone.
func TestFeaturesStayPrivate(t *testing.T) {
	samples := rowsOf(rand.New(rand.NewPCG(3, 4)), 50)
	program := func(scale float32) *circuits.Program {
		c := floatConst([]int{5, 2}, 1, -0.5, 0.25, 1, -1, 0.75, 0.5, 0.5, -0.25, 1)
		for i := range c.Float {
			c.Float[i] *= scale
		}
		g := scaledFeatures(decomposed(tableGraph(consts{"w": c}, op("MatMul", "x w", "y", nil))), samples)
		p := &circuits.Program{}
		for _, n := range g.Nodes[:2] {
			p.Nodes = append(p.Nodes, circuits.Node{Name: n.Name})
			p.Labels = append(p.Labels, n.Op)
			for _, in := range n.Inputs[1:] {
				require.True(t, (&lowerer{g: g}).isLiteral(in))
				for _, v := range g.Const[in].Float {
					p.Labels = append(p.Labels, string(rune(math.Float32bits(v)%1000+65)))
				}
			}
		}
		return p
	}
	require.Equal(t, program(1).Labels, program(1.375).Labels)
}
