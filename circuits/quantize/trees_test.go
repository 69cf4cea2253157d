package quantize

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// TestTreesAgree compares walks through packed rows with walks through the trees, of all shapes, on
// rows of which many values are thresholds: what is asked is < in half of the nodes, <= in the others.
func TestTreesAgree(t *testing.T) {
	for seed := range uint64(12) {
		rng := rand.New(rand.NewPCG(seed, 13))
		features, scores := 1+rng.IntN(6), 1+rng.IntN(3)
		n := drawnTrees(rng, features, scores, 1+rng.IntN(6))
		thresholds := n.Attrs["threshold"].([]float32)
		row := func() []*model.Tensor {
			x := &model.Tensor{Shape: []int{1, features}}
			for range features {
				v := float32(rng.NormFloat64() / 2)
				if len(thresholds) > 0 && rng.IntN(2) == 0 {
					v = thresholds[rng.IntN(len(thresholds))]
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
