package prover

import (
	"context"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

// The Lagrange form computed from tau is the one gnark-crypto transforms the powers into.
func TestNewSRS(t *testing.T) {
	canonical, lagrange, err := newSRS(context.Background(), 64)
	if err != nil {
		t.Fatal(err)
	}
	want, err := kzg.ToLagrangeG1(canonical.Pk.G1[:64])
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if want[i] != lagrange.Pk.G1[i] {
			t.Fatalf("point %d differs", i)
		}
	}
}

// gnark's verifier accepts our proofs, and ours gnark's; neither another statement.
func TestPlonkWithGnark(t *testing.T) {
	k, err := plonkKeys().ForGnark(context.Background())
	require.NoError(t, err)
	x := leastInput(k.compiled.Program)
	ours, err := k.Prove(context.Background(), x, Options{})
	require.NoError(t, err)
	theirs, _, err := k.UnsafeProveWithGnark(x)
	require.NoError(t, err)
	for _, p := range []*verifier.Proof{ours, theirs} {
		require.Len(t, p.Plonk.Bytes(), verifier.PlonkProofSize)
		require.NoError(t, k.VerifyWithGnark(p))
		_, err = verifier.Verify(k.VerifyingKey, p, verifier.WithAnyContext())
		require.NoError(t, err)
		p.Statement[0].SetUint64(77)
		require.Error(t, k.VerifyWithGnark(p))
	}
}
