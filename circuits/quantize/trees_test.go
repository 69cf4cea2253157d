package quantize

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// TestTreesAgree compares walks through packed rows with walks through the trees, of all shapes, on
// rows of which many values are thresholds: what is asked is < in half of the nodes, <= in the others.
func TestTreesAgree(t *testing.T) {
	for seed := range uint64(24) {
		rng := rand.New(rand.NewPCG(seed, 13))
		// A third are integers, and a third so large that their last bits are lost.
		size, whole := []float64{0.5, 20, math.Ldexp(1, 40)}[seed%3], seed%3 == 1
		features, scores := 1+rng.IntN(6), 1+rng.IntN(3)
		n := drawnTrees(rng, features, scores, 1+rng.IntN(6))
		thresholds := n.Attrs["threshold"].([]float32)
		for i := range thresholds {
			thresholds[i] *= float32(2 * size)
			if whole { // between integers, or on them
				thresholds[i] = float32(math.Round(2*float64(thresholds[i])) / 2)
			}
		}
		row := func() []*model.Tensor {
			x := &model.Tensor{Shape: []int{1, features}}
			for range features {
				v := float32(rng.NormFloat64() * size)
				if len(thresholds) > 0 && rng.IntN(2) == 0 {
					v = thresholds[rng.IntN(len(thresholds))]
				}
				if whole {
					v = float32(math.Round(float64(v)))
				}
				x.Float = append(x.Float, v)
			}
			return []*model.Tensor{x}
		}
		var samples [][]*model.Tensor
		for range 60 {
			samples = append(samples, row())
		}
		c := nodeCase{"trees", [][]int{{1, features}}, -1, 1, consts{}, []*model.Node{n}}
		g := c.graph(t, samples[0])
		p, err := Graph(g, samples, circuits.Config{})
		require.NoError(t, err)
		seen := 0
		for range 300 {
			x := row()
			got, err := p.Run([][]float32{x[0].Float})
			if err != nil {
				require.ErrorIs(t, err, circuits.ErrOutside)
				continue
			}
			want, err := g.Run(x)
			require.NoError(t, err)
			for k, v := range want[0].Float {
				require.InDelta(t, v, got[0][k], 1e-4, "seed %d, %v", seed, x[0].Float)
			}
			seen++
		}
		require.Greater(t, seen, 200)
	}
}

// TestThresholdsOfIntegers: where x is exact, x <= t asks for integers up to t, x < t for those below.
func TestThresholdsOfIntegers(t *testing.T) {
	for _, c := range []struct {
		threshold float32
		strict    int
		below     int64 // the least x that does not pass
	}{{2.5, 0, 3}, {2.5, 1, 3}, {3, 0, 4}, {3, 1, 3}, {-100, 0, -8}, {-100, 1, -8}, {100, 0, 8}, {-8, 1, -8}, {7, 1, 7}, {7, 0, 8}} {
		p := &treePacker{x: circuits.Type{Shape: []int{1, 1}, Range: fixedpoint.Interval{Lo: -8, Hi: 7}},
			t: &model.TreeNodes{Feature: []int{0}, Strict: []int{c.strict}, Threshold: []float32{c.threshold}, Yes: []int{-1}, No: []int{-2}}}
		row, yes, no := p.node(nil, 0)
		require.Equal(t, circuits.Ints{0, c.below + 8}, row, "%+v", c)
		require.Equal(t, []int{-1, -2}, []int{yes, no})
	}
}
