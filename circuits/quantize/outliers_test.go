package quantize

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// TestOutliers: a row three hundred times as large as the others leaves these, normalised in rows of
// their own, what they are.
func TestOutliers(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 11))
	draw := func(deviation float64, shape ...int) *model.Tensor {
		x := &model.Tensor{Shape: shape, Float: make([]float32, size(shape))}
		for i := range x.Float {
			x.Float[i] = float32(deviation * rng.NormFloat64())
		}
		return x
	}
	sizes := floatConst([]int{8, 1}, 1, 1.3, 301.7, 0.9, 1, 1.1, 0.8, 1)
	c := nodeCase{"outliers", [][]int{{8, 48}}, -1, 1, consts{"s": sizes, "g": draw(1, 48), "h": draw(0.2, 48), "v": draw(0.2, 48, 6)},
		[]*model.Node{op("Mul", "x0 s", "r", nil), op("LayerNormalization", "r g h", "n", nil), op("MatMul", "n v", "y", nil)}}
	var samples [][]*model.Tensor
	for range 60 {
		samples = append(samples, []*model.Tensor{draw(0.5, 8, 48)})
	}
	p, err := Graph(c.graph(t, samples[0]), samples, circuits.Config{Bits: 11, Tolerance: 0.015})
	require.NoError(t, err)
	require.True(t, slices.ContainsFunc(p.Nodes, func(n circuits.Node) bool { return circuits.Kind(n.Op) == "Sqrt" }), "an exact root")
}
