package prover

import (
	"context"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/verifier"
)

// TestReplays presents an honest proof for another context, input or output.
func TestReplays(t *testing.T) {
	for _, k := range []*Keys{committedKeys(), bakedKeys()} {
		p, err := k.Prove(context.Background(), testInput(5), Options{Context: fr.NewElement(7)})
		require.NoError(t, err)
		_, err = verifier.Verify(k.VerifyingKey, p, verifier.WithContext(8))
		require.ErrorIs(t, err, verifier.ErrContext)
		for i := range p.Statement {
			for _, d := range []int64{1, -1, 1 << 19} {
				q := &verifier.Proof{KeyDigest: p.KeyDigest, Statement: append([]fr.Element{}, p.Statement...), Groth16: p.Groth16}
				q.Statement[i].Add(&q.Statement[i], new(fr.Element).SetInt64(d))
				k.rejected(t, q)
			}
		}
		other := k.witness(t, 6).Statement
		other[0] = p.Statement[0]
		k.rejected(t, &verifier.Proof{KeyDigest: p.KeyDigest, Statement: other, Groth16: p.Groth16})
	}
}

// TestPlonkProofs: honest proofs verify; other statements and another model do not.
func TestPlonkProofs(t *testing.T) {
	k := plonkKeys()
	ctx, in := context.Background(), [][]int64{{3, 31, 0}}
	p, err := k.Prove(ctx, in, Options{Context: fr.NewElement(7)})
	require.NoError(t, err)
	_, err = verifier.Verify(k.VerifyingKey, p, verifier.WithContext(7), verifier.WithInput(0, in[0]))
	require.NoError(t, err)
	for i := range p.Statement {
		q := &verifier.Proof{KeyDigest: p.KeyDigest, Statement: append([]fr.Element{}, p.Statement...), Plonk: p.Plonk}
		one := fr.One()
		q.Statement[i].Add(&q.Statement[i], &one)
		_, err := verifier.Verify(k.VerifyingKey, q, verifier.WithAnyContext())
		require.ErrorIs(t, err, verifier.ErrRejected, "element %d", i)
	}
	other, err := k.WithModel(smallProgram(t, 2, circuits.Config{System: circuits.Plonk}))
	require.NoError(t, err)
	q, err := other.Prove(ctx, in, Options{})
	require.NoError(t, err)
	_, err = verifier.Verify(k.VerifyingKey, q)
	require.ErrorIs(t, err, verifier.ErrWrongModel)
	q.KeyDigest = k.VerifyingKey.Digest()
	_, err = verifier.Verify(k.VerifyingKey, q)
	require.ErrorIs(t, err, verifier.ErrRejected, "the weights are others")
}

// TestProofsDiffer: two proofs of one inference share nothing but the statement.
func TestProofsDiffer(t *testing.T) {
	k := committedKeys()
	seen := map[[verifier.Groth16ProofSize]byte]bool{}
	points := map[string]bool{}
	for range 4 {
		p, err := k.Prove(context.Background(), testInput(1), Options{})
		require.NoError(t, err)
		b := [verifier.Groth16ProofSize]byte(p.Groth16.Bytes())
		require.False(t, seen[b])
		seen[b] = true
		d := p.Groth16.D.String()
		require.False(t, points[d], "the commitment hides nothing")
		points[d] = true
	}
}

// TestProveConcurrently makes proofs from one Keys in several goroutines; run it with
// -race.
func TestProveConcurrently(t *testing.T) {
	flat := setup(t, testProgram(t, 1, circuits.Config{System: circuits.Flat}))
	for _, k := range []*Keys{committedKeys(), bakedKeys(), flat} {
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				in := testInput(uint64(100 + i))
				p, err := k.Prove(context.Background(), in, Options{Context: fr.NewElement(uint64(i))})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := verifier.Verify(k.VerifyingKey, p, verifier.WithContext(uint64(i)), verifier.WithInput(0, in[0])); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

// TestInputErrors: what cannot be proven is refused before any work.
func TestInputErrors(t *testing.T) {
	k := committedKeys()
	bad := testInput(1)
	bad[0][5] = 32
	for _, in := range [][][]int64{nil, {}, {bad[0][:63]}, bad, {testInput(1)[0], testInput(1)[0]}} {
		_, err := k.Prove(context.Background(), in, Options{})
		require.ErrorIs(t, err, circuits.ErrInput)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := k.Prove(ctx, testInput(1), Options{})
	require.ErrorIs(t, err, context.Canceled)
}
