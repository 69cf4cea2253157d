package quantize_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/testdata"
)

// TestChooseSystem: a program whose system is chosen when it is known is the one that is asked for from the
// beginning.
func TestChooseSystem(t *testing.T) {
	g, err := model.ParseONNX("mlp.onnx", testdata.MLP())
	require.NoError(t, err)
	var samples [][]*model.Tensor
	for _, x := range testdata.Calibration()[:60] {
		samples = append(samples, []*model.Tensor{{Shape: g.Inputs[0].Shape, Float: testdata.Scaled(x)}})
	}
	for _, system := range []circuits.System{circuits.Groth16, circuits.Flat} {
		want, err := quantize.Graph(g, samples, circuits.Config{System: system})
		require.NoError(t, err)
		got, err := quantize.Graph(g, samples, circuits.Config{}, quantize.ChooseSystem(func(p *circuits.Program) (circuits.System, error) {
			require.Equal(t, circuits.Groth16, p.Config.System)
			return system, nil
		}))
		require.NoError(t, err)
		a, err := want.MarshalBinary()
		require.NoError(t, err)
		b, err := got.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, a, b, system)
	}
	failed := errors.New("none")
	_, err = quantize.Graph(g, samples, circuits.Config{}, quantize.ChooseSystem(func(*circuits.Program) (circuits.System, error) { return 0, failed }))
	require.ErrorIs(t, err, failed)
}
