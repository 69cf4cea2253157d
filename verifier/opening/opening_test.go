package opening_test

import (
	"os"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/opening"
)

// Proofs with real digests and lies about them are among the vectors (flaw "opening");
// here are the answers that need no such proof.
func TestOpeningsOfNoDigest(t *testing.T) {
	data, err := os.ReadFile("../testdata/groth16.key")
	require.NoError(t, err)
	key, err := verifier.ParseVerifyingKey(data)
	require.NoError(t, err)
	data, err = os.ReadFile("../testdata/groth16.json")
	require.NoError(t, err)
	proof, err := verifier.ParseProofJSON(data)
	require.NoError(t, err)
	for name, o := range map[string]verifier.Option{
		"public input":     opening.Input(0, []int64{7, 0, 255}, fr.NewElement(1)),
		"public output":    opening.Output(0, []int64{14, -255}, fr.NewElement(1)),
		"no such input":    opening.Input(1, nil, fr.Element{}),
		"negative index":   opening.Output(-1, nil, fr.Element{}),
		"index of nothing": opening.Output(1<<40, nil, fr.Element{}),
	} {
		st, err := verifier.Verify(key, proof, o)
		require.ErrorIs(t, err, verifier.ErrOpening, name)
		require.ErrorIs(t, err, verifier.ErrRejected, name)
		require.Nil(t, st, name)
	}
}

func TestDigest(t *testing.T) {
	card := &verifier.TensorCard{Name: "x", Shape: []int{3}, Lo: -4, Hi: 3}
	d, err := opening.Digest(card, []int64{-4, 0, 3}, fr.NewElement(9))
	require.NoError(t, err)
	for _, other := range [][]int64{{-4, 0, 2}, {-3, 0, 3}, {-4, 3, 0}} {
		e, err := opening.Digest(card, other, fr.NewElement(9))
		require.NoError(t, err)
		require.NotEqual(t, d, e)
	}
	e, err := opening.Digest(card, []int64{-4, 0, 3}, fr.NewElement(10))
	require.NoError(t, err)
	require.NotEqual(t, d, e)
	for _, bad := range [][]int64{nil, {-4, 0}, {-4, 0, 3, 0}, {-5, 0, 3}, {-4, 0, 4}} {
		_, err := opening.Digest(card, bad, fr.NewElement(9))
		require.ErrorIs(t, err, verifier.ErrMalformed)
	}
}
