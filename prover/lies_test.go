package prover

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/verifier"
)

// TestLiesThroughProvers takes lies all the way: witnesses that lie go to the real prover,
// claims that lie to the real verifiers, with the proof of what is true. None may end in an
// accepted proof of another statement than the honest one.
func TestLiesThroughProvers(t *testing.T) {
	lies := 40
	switch {
	case os.Getenv("NNARK_LONG") != "":
		lies = 500
	case testing.Short():
		lies = 10
	}
	told, refused := 0, 0
	for name, k := range map[string]*Keys{"committed": committedKeys(), "baked": bakedKeys()} {
		rng := rand.New(rand.NewPCG(uint64(lies), 9))
		honest, stale := k.witness(t, 1), k.witness(t, 2)
		proof, err := k.prove(t, honest, k.honestTranscript(honest.Statement))
		require.NoError(t, err)
		_, err = verifier.Verify(k.VerifyingKey, proof, verifier.WithAnyContext())
		require.NoError(t, err)
		for range lies {
			lie := lieAbout(rng, honest, stale)
			told++
			if _, err := k.prove(t, lie, k.honestTranscript(lie.Statement)); err != nil {
				refused++
			} else {
				require.Equal(t, honest.Statement, lie.Statement, "%s: a proof of another statement", name)
			}
			claim := append(fr.Vector{}, honest.Statement...)
			i := rng.IntN(len(claim))
			claim[i].Add(&claim[i], new(fr.Element).SetInt64(1+rng.Int64N(1<<40)))
			told++
			k.rejected(t, &verifier.Proof{KeyDigest: proof.KeyDigest, Statement: claim, Groth16: proof.Groth16})
			refused++
		}
	}
	t.Logf("%d lies through real provers and verifiers, %d refused", told, refused)
	require.Equal(t, 4*lies, told)
	require.Greater(t, refused, told*9/10, "nearly all lies are lies")
}

// lieAbout changes some secret inputs and, half of the time, what is claimed. Weights stay:
// others belong to another commitment (TestOtherWeightsUnderOneCommitment).
func lieAbout(rng *rand.Rand, honest, stale *gadget.Witness) *gadget.Witness {
	lie := &gadget.Witness{Secret: append(fr.Vector{}, honest.Secret...), Statement: append(fr.Vector{}, honest.Statement...)}
	for range 1 + rng.IntN(3) {
		i := len(lie.Secret) - 1 - rng.IntN(len(lie.Secret)/2)
		if x := &lie.Secret[i]; rng.IntN(2) == 0 && *x != stale.Secret[i] {
			*x = stale.Secret[i]
		} else {
			x.Add(x, new(fr.Element).SetInt64(1<<rng.IntN(40)))
		}
	}
	if rng.IntN(2) == 0 {
		i := 1 + rng.IntN(len(lie.Statement)-1)
		lie.Statement[i].Add(&lie.Statement[i], new(fr.Element).SetInt64(1+rng.Int64N(9)))
	}
	return lie
}

// TestNoLieThroughPlonk: gnark's PLONK prover refuses witnesses that lie, and verifiers
// refuse claims that lie.
func TestNoLieThroughPlonk(t *testing.T) {
	k := plonkKeys()
	proof, err := k.Prove(context.Background(), [][]int64{{1, 2, 3}}, Options{})
	require.NoError(t, err)
	for i := range proof.Statement {
		for _, d := range []int64{1, -1, 1 << 40} {
			claim := append(fr.Vector{}, proof.Statement...)
			claim[i].Add(&claim[i], new(fr.Element).SetInt64(d))
			_, err := verifier.Verify(k.VerifyingKey, &verifier.Proof{KeyDigest: proof.KeyDigest, Statement: claim, Plonk: proof.Plonk}, verifier.WithAnyContext())
			require.ErrorIs(t, err, verifier.ErrRejected)
		}
	}
}
