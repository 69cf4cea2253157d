package prover

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
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
			other.VerifyingKey.Plonk.WeightsDigest = k.VerifyingKey.Plonk.WeightsDigest
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
