package prover

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/testdata"
)

// TestCompare: small circuits are built, and counted as they are; plans of the flat system too.
func TestCompare(t *testing.T) {
	p := smallProgram(t, 1, circuits.Config{})
	list, err := Compare(context.Background(), p, nil)
	require.NoError(t, err)
	require.Len(t, list, 3)
	for i, c := range list {
		require.Equal(t, circuits.System(i), c.System)
		require.NoError(t, c.Err)
		require.False(t, c.Estimated)
		require.Equal(t, c.Compiled.Constraints(), c.Size)
		require.Equal(t, Predict(c.Compiled).ProofBytes, c.Cost().ProofBytes)
	}
	require.Same(t, p, list[circuits.Groth16].Compiled.Program, "the program itself, under its own system")
	system, why, err := Choose(list)
	require.NoError(t, err)
	require.Equal(t, circuits.Groth16, system)
	require.Contains(t, why, "192 bytes")

	known, err := circuits.Compile(p)
	require.NoError(t, err)
	list, err = Compare(context.Background(), p, known)
	require.NoError(t, err)
	require.Same(t, known, list[circuits.Groth16].Compiled)

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Compare(ctx, p, nil)
	require.ErrorIs(t, err, context.Canceled)
}

// TestCompareRefused: digests and baked weights are not in the flat system, whatever it would save.
func TestCompareRefused(t *testing.T) {
	for name, cfg := range map[string]circuits.Config{
		"digest": {Input: circuits.Digest},
		"baked":  {Weights: circuits.Baked},
	} {
		list, err := Compare(context.Background(), smallProgram(t, 1, cfg), nil)
		require.NoError(t, err)
		require.ErrorIs(t, list[circuits.Flat].Err, circuits.ErrProgram, name)
		require.Contains(t, list[circuits.Flat].Refusal(), "no digests", name)
		system, _, err := Choose(list)
		require.NoError(t, err)
		require.Equal(t, circuits.Groth16, system, name)
		list[circuits.Groth16].extent.key = 1e10
		system, why, err := Choose(list)
		require.NoError(t, err)
		require.Equal(t, circuits.Groth16, system, name)
		require.Contains(t, why, "no digests", name)
	}
}

// TestChoose: what takes long under Groth16 and is quicker under the flat system is proven there, and what cannot be
// proven under one is proven under the other.
func TestChoose(t *testing.T) {
	list, err := Compare(context.Background(), smallProgram(t, 1, circuits.Config{}), nil)
	require.NoError(t, err)
	short, fast := &list[circuits.Groth16], &list[circuits.Flat]
	for key, want := range map[float64]circuits.System{400e6: circuits.Groth16, 500e6: circuits.Flat} { // a million constraints lie between
		short.extent.key = key
		system, why, err := Choose(list)
		require.NoError(t, err)
		require.Equal(t, want, system, why)
		require.Contains(t, why, "192 bytes")
	}
	plan := *fast.extent.plan
	plan.Values = 26
	fast.extent.plan = &plan
	system, _, err := Choose(list)
	require.NoError(t, err)
	require.Equal(t, circuits.Groth16, system, "flat would take longer")

	short.Err = circuits.ErrRange
	system, why, err := Choose(list)
	require.NoError(t, err)
	require.Equal(t, circuits.Flat, system)
	require.Contains(t, why, "groth16 cannot")
	fast.Err = circuits.ErrSize
	_, _, err = Choose(list)
	require.ErrorIs(t, err, circuits.ErrRange)
}

// TestEstimate: what is not built is estimated, keys and gates of a trained network to a fifth.
func TestEstimate(t *testing.T) {
	g, err := model.ParseONNX("lenet5.onnx", testdata.LeNet5())
	require.NoError(t, err)
	var samples [][]*model.Tensor
	for _, x := range testdata.Calibration()[:60] {
		samples = append(samples, []*model.Tensor{{Shape: g.Inputs[0].Shape, Float: testdata.Scaled(x)}})
	}
	p, err := quantize.Graph(g, samples, circuits.Config{})
	require.NoError(t, err)
	list, err := Compare(context.Background(), p, nil)
	require.NoError(t, err)
	for _, c := range list[:circuits.Flat] {
		q := *p
		q.Config.System = c.System
		cost, err := q.Cost()
		require.NoError(t, err)
		e := estimated(c.System, cost)
		require.True(t, e.Estimated)
		require.Nil(t, e.Compiled)
		require.InEpsilon(t, c.Size, e.Size, 0.2, c.System)
		got, want := e.Cost(), c.Cost()
		require.InEpsilon(t, want.ProvingKeyBytes, got.ProvingKeyBytes, 0.2, c.System)
		require.Equal(t, want.Domain, got.Domain, c.System)
		require.Equal(t, want.ProofBytes, got.ProofBytes, c.System)
	}
}
