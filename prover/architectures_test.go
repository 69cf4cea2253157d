package prover_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/testdata"
	"github.com/nnark/nnark/verifier"
)

// TestArchitectures proves answers of trained networks of other kinds than LeNet, and compares them
// with ONNX Runtime's.
func TestArchitectures(t *testing.T) {
	if testing.Short() {
		t.Skip("setups of 200,000 constraints")
	}
	for _, a := range testdata.Architectures() {
		t.Run(a.Name, func(t *testing.T) {
			require.GreaterOrEqual(t, len(a.Cases), 20)
			g, samples := architecture(t, &a)
			p, err := quantize.Graph(g, samples, circuits.Config{})
			require.NoError(t, err)
			var difference, size float64
			for _, c := range a.Cases {
				got, err := p.Run([][]float32{c.Input})
				require.NoError(t, err)
				for i := range got {
					for k := range got[i] {
						difference += math.Pow(got[i][k]-c.Outputs[i][k], 2)
						size += math.Pow(c.Outputs[i][k], 2)
					}
				}
				scores := len(got) - 1
				require.Equal(t, top(c.Outputs[scores]), top(got[scores]), "what is the largest")
			}
			require.Less(t, math.Sqrt(difference/size), 0.02)

			c, err := circuits.Compile(p)
			require.NoError(t, err)
			keys, err := prover.UnsafeSetup(context.Background(), c, nil)
			require.NoError(t, err)
			for _, x := range a.Cases[:2] {
				in, err := p.Quantize([][]float32{x.Input})
				require.NoError(t, err)
				proof, err := keys.Prove(context.Background(), in, prover.Options{})
				require.NoError(t, err)
				s, err := verifier.Verify(keys.VerifyingKey, proof)
				require.NoError(t, err)
				want, err := p.Run([][]float32{x.Input})
				require.NoError(t, err)
				for i := range want {
					require.Equal(t, want[i], s.Outputs[i].Floats())
				}
			}
		})
	}
}

func architecture(t *testing.T, a *testdata.Architecture) (*model.Graph, [][]*model.Tensor) {
	var options []model.Option
	if a.Samples != nil {
		options = append(options, model.WithShape("features", 1, 30))
	}
	g, err := model.ParseONNX(a.File, a.ONNX, options...)
	require.NoError(t, err)
	var samples [][]*model.Tensor
	if a.Samples == nil {
		for _, x := range testdata.Calibration() {
			samples = append(samples, []*model.Tensor{{Shape: []int{1, 1, 28, 28}, Float: testdata.Scaled(x)}})
		}
		return g, samples
	}
	samples, err = model.ParseInputs("samples.npy", a.Samples, g.Inputs)
	require.NoError(t, err)
	return g, samples
}

func top(x []float64) int { return slices.Index(x, slices.Max(x)) }
