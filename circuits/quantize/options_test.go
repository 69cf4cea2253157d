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

// TestBatch: a trained network gives each input of a batch the answer that it gives that alone, whatever the file says
// of its batch.
func TestBatch(t *testing.T) {
	type network struct {
		data    []byte
		samples [][]float32
	}
	var digits [][]float32
	for _, x := range testdata.Calibration()[:60] {
		digits = append(digits, testdata.Scaled(x))
	}
	networks := map[string]network{"lenet5": {testdata.LeNet5(), digits}}
	for _, a := range testdata.Architectures() {
		n := network{a.ONNX, digits}
		if a.Samples != nil {
			n.samples = nil
			for _, c := range a.Cases {
				n.samples = append(n.samples, c.Input)
			}
		}
		networks[a.Name] = n
	}
	for name, n := range networks {
		t.Run(name, func(t *testing.T) {
			g, err := model.ParseONNX(name, n.data)
			require.NoError(t, err)
			var samples [][]*model.Tensor
			for _, x := range n.samples {
				samples = append(samples, []*model.Tensor{{Shape: g.Inputs[0].Shape, Float: x}})
			}
			cfg := circuits.Config{Bits: 9, System: circuits.Flat}
			one, err := quantize.Graph(g, samples, cfg)
			require.NoError(t, err)
			three, err := quantize.Graph(g, samples, cfg, quantize.Batch(3))
			require.NoError(t, err)
			require.Equal(t, one.Report.RelativeError, three.Report.RelativeError)
			require.Equal(t, one.Parameters(), three.Parameters())
			var rows []float32
			want := make([][]float64, len(one.Outputs))
			for i := range 3 {
				rows = append(rows, n.samples[i]...)
				out, err := one.Run([][]float32{n.samples[i]})
				require.NoError(t, err)
				for k := range out {
					want[k] = append(want[k], out[k]...)
				}
			}
			got, err := three.Run([][]float32{rows})
			require.NoError(t, err)
			require.Equal(t, want, got)
			_, err = circuits.Compile(three)
			require.NoError(t, err)
		})
	}
}

// TestChooseLarge: what has too many lookups for one challenge of a circuit is lowered for the flat system before one
// is chosen.
func TestChooseLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("plans two million activations")
	}
	const n = 1<<21 + 1
	shape := []int{n}
	g := &model.Graph{File: "large", Inputs: []model.Value{{Name: "x", Shape: shape, Type: model.Float32}}, Outputs: []model.Value{{Name: "y", Shape: shape}},
		Nodes: []*model.Node{{Name: "relu", Op: "Relu", Inputs: []string{"x"}, Outputs: []string{"y"}}}, Const: map[string]*model.Tensor{},
		Shapes: map[string][]int{"x": shape, "y": shape}}
	x := &model.Tensor{Shape: shape, Float: make([]float32, n)}
	for i := range x.Float {
		x.Float[i] = float32(i%255)/127 - 1
	}
	samples := [][]*model.Tensor{{x}}
	asked := circuits.Groth16
	p, err := quantize.Graph(g, samples, circuits.Config{Bits: 7}, quantize.ChooseSystem(func(p *circuits.Program) (circuits.System, error) {
		asked = p.Config.System
		return circuits.Flat, nil
	}))
	require.NoError(t, err)
	require.Equal(t, circuits.Flat, asked)
	require.Equal(t, circuits.Flat, p.Config.System)
}
