package prover

import (
	"context"
	"errors"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/verifier"
)

// TestOtherWeightsUnderOneCommitment changes a weight by one: the prover refuses to use
// it, and a proof that commits to it is not accepted under the model's commitment.
func TestOtherWeightsUnderOneCommitment(t *testing.T) {
	k := committedKeys()
	n := len(k.weights) - 1
	for _, i := range []int{0, n / 2, n - 1, n} {
		changed := &Keys{VerifyingKey: k.VerifyingKey, compiled: k.compiled, groth16: k.groth16, free: k.free}
		changed.weights = append(fr.Vector{}, k.weights...)
		one := fr.One()
		changed.weights[i].Add(&changed.weights[i], &one)
		w := k.witness(t, 4)
		copy(w.Secret, changed.weights)
		_, err := changed.proveWitness(context.Background(), w, nil)
		require.Error(t, err)
		if !errors.Is(err, groth16.ErrUnsatisfied) {
			require.ErrorIs(t, err, ErrKeys)
		}
	}
	// A model of the same architecture, proven honestly with its own weights.
	other, err := k.WithModel(testProgram(t, 2, circuits.Config{}))
	require.NoError(t, err)
	w := other.witness(t, 4)
	p, err := other.prove(t, w, k.honestTranscript(w.Statement)) // for the first model's key
	require.NoError(t, err)
	p.KeyDigest = k.VerifyingKey.Digest()
	k.rejected(t, p)
	p, err = other.prove(t, w, other.honestTranscript(w.Statement))
	require.NoError(t, err)
	_, err = verifier.Verify(other.VerifyingKey, p, verifier.WithAnyContext())
	require.NoError(t, err)
	_, err = verifier.Verify(k.VerifyingKey, p, verifier.WithAnyContext())
	require.ErrorIs(t, err, verifier.ErrWrongModel)
	p.KeyDigest = k.VerifyingKey.Digest()
	k.rejected(t, p)
}
