package prover

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/verifier"
)

// TestVerifyingKeyKeepsWeights: the verifying keys of two models of one setup differ in the
// commitment alone, and so do files made from them.
func TestVerifyingKeyKeepsWeights(t *testing.T) {
	for _, cfg := range []circuits.Config{{}, {System: circuits.Plonk}} {
		k := setup(t, smallProgram(t, 1, cfg))
		other, err := k.WithModel(smallProgram(t, 2, cfg))
		require.NoError(t, err)
		require.NotEqual(t, k.VerifyingKey.Digest(), other.VerifyingKey.Digest(), "the same weights")
		if cfg.System == circuits.Plonk {
			require.NotEqual(t, k.VerifyingKey.Plonk.Qr, other.VerifyingKey.Plonk.Qr)
			other.VerifyingKey.Plonk.Qr, other.VerifyingKey.Plonk.Weights = k.VerifyingKey.Plonk.Qr, k.VerifyingKey.Plonk.Weights
			other.plonk, other.weights = k.plonk, k.weights
		} else {
			other.VerifyingKey.Groth16.Weights = k.VerifyingKey.Groth16.Weights
		}
		a, err := k.VerifyingKey.MarshalBinary()
		require.NoError(t, err)
		b, err := other.VerifyingKey.MarshalBinary()
		require.NoError(t, err)
		require.Equal(t, a, b)
		dir, second := saved(t, k), saved(t, other)
		x, err := os.ReadFile(filepath.Join(dir, ProvingKeyFile))
		require.NoError(t, err)
		y, err := os.ReadFile(filepath.Join(second, ProvingKeyFile))
		require.NoError(t, err)
		require.True(t, bytes.Equal(x, y), "proving keys differ")
	}
}

// TestBakedArchitectureKeepsWeights: the card of baked weights does not depend on them, and
// keys for other ones are still refused.
func TestBakedArchitectureKeepsWeights(t *testing.T) {
	cfg := circuits.Config{Weights: circuits.Baked}
	k := setup(t, smallProgram(t, 1, cfg))
	q := smallProgram(t, 2, cfg)
	c, err := circuits.Compile(q)
	require.NoError(t, err)
	require.Equal(t, card(k.compiled), card(c))
	_, err = k.WithModel(q)
	require.ErrorIs(t, err, ErrKeys)
	_, err = Load(saved(t, k), c)
	require.ErrorIs(t, err, ErrKeys)
}

// affineProgram scales and shifts by weights of no layer.
func affineProgram(t testing.TB, scale int64, cfg circuits.Config) *circuits.Program {
	t.Helper()
	p := &circuits.Program{Name: "affine", Config: cfg,
		Inputs: []circuits.Port{{Name: "x", Shape: []int{3}, Range: iv(0, 31), RealHi: 31}},
		Nodes: []circuits.Node{
			{Name: "scale", Op: &circuits.Parameter{Shape: []int{3}, Bits: 4, Values: circuits.Ints{scale, -16, 15}}},
			{Name: "mul", Op: new(circuits.Mul), In: []int{0, 1}},
			{Name: "offset", Op: &circuits.Parameter{Shape: []int{1}, Bits: 4, Values: circuits.Ints{-scale}}},
			{Name: "add", Op: &circuits.Add{Scale: [2]int64{1, 1}}, In: []int{2, 3}}},
		Outputs: []circuits.Port{{Name: "y", Value: 4, Shape: []int{3}, Range: iv(-512, 511)}}}
	require.NoError(t, p.Infer())
	return p
}

// TestSingleWeights: weights of no layer are private, bound by the commitment, and replaced
// by those of another model without another setup.
func TestSingleWeights(t *testing.T) {
	ctx, x := context.Background(), [][]int64{{1, 17, 31}}
	for _, cfg := range []circuits.Config{{}, {System: circuits.Plonk}, {Weights: circuits.Baked}} {
		k := setup(t, affineProgram(t, 7, cfg))
		keys := []*Keys{k}
		if cfg == (circuits.Config{}) {
			bound, err := k.Bind(ctx)
			require.NoError(t, err)
			keys = append(keys, bound)
		}
		for _, k := range keys {
			proof, err := k.Prove(ctx, x, Options{})
			require.NoError(t, err)
			out, err := verifier.Verify(k.VerifyingKey, proof)
			require.NoError(t, err)
			require.Equal(t, []int64{0, -279, 458}, out.Outputs[0].Ints)
		}
		other := affineProgram(t, -15, cfg)
		compiled, err := circuits.Compile(other)
		require.NoError(t, err)
		_, err = Load(saved(t, k), compiled)
		require.ErrorIs(t, err, ErrKeys, "other weights")
		n, err := k.WithModel(other)
		if cfg.Weights == circuits.Baked {
			require.ErrorIs(t, err, ErrKeys)
			continue
		}
		require.NoError(t, err)
		proof, err := n.Prove(ctx, x, Options{})
		require.NoError(t, err)
		out, err := verifier.Verify(n.VerifyingKey, proof)
		require.NoError(t, err)
		require.Equal(t, []int64{0, -257, 480}, out.Outputs[0].Ints)

		// A prover with other weights than the key's has no proof under it.
		liar := *n
		liar.VerifyingKey = k.VerifyingKey
		_, err = liar.Prove(ctx, x, Options{})
		require.Error(t, err)
	}
}
