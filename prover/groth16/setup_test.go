package groth16

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/backend/groth16"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/consensys/gnark/backend/witness"
	"github.com/stretchr/testify/require"
)

// fullWitness joins public and secret inputs in gnark's form.
func fullWitness(t testing.TB, public, secret fr.Vector) witness.Witness {
	t.Helper()
	w, err := witness.New(ecc.BN254.ScalarField())
	require.NoError(t, err)
	values := make(chan any)
	go func() {
		defer close(values)
		for _, v := range append(append(fr.Vector{}, public...), secret...) {
			values <- v
		}
	}()
	require.NoError(t, w.Fill(len(public), len(secret), values))
	return w
}

func TestSetup(t *testing.T) {
	packed, _ := anyPackedCase(t, 12, 3, 0, true)
	for name, c := range map[string]testCase{
		"chain":  chainCase(t, 100),
		"plain":  plainCase(t, 16, 4),
		"packed": packed,
		"one":    chainCase(t, 0),
	} {
		t.Run(name, func(t *testing.T) {
			last := 0.0
			pk, vk, err := Setup(context.Background(), c.r1cs, func(done float64) {
				require.Greater(t, done, last)
				last = done
			})
			require.NoError(t, err)
			require.Equal(t, 1.0, last)

			var wantPK g16.ProvingKey
			var wantVK g16.VerifyingKey
			require.NoError(t, g16.Setup(c.r1cs, &wantPK, &wantVK))
			requireSameLayout(t, &wantPK, &wantVK, pk, vk)

			var buf bytes.Buffer
			_, err = pk.WriteTo(&buf)
			require.NoError(t, err)
			read := new(g16.ProvingKey)
			_, err = read.ReadFrom(&buf)
			require.NoError(t, err)
			_, err = vk.WriteTo(&buf)
			require.NoError(t, err)
			readVK := new(g16.VerifyingKey)
			_, err = readVK.ReadFrom(&buf)
			require.NoError(t, err)

			full := fullWitness(t, c.public, c.secret)
			proof, err := groth16.Prove(c.r1cs, read, full)
			require.NoError(t, err)
			for _, vk := range []*g16.VerifyingKey{vk, readVK} {
				require.NoError(t, g16.Verify(proof.(*g16.Proof), vk, append(fr.Vector{}, c.public...)))
				require.Error(t, g16.Verify(proof.(*g16.Proof), &wantVK, append(fr.Vector{}, c.public...)))
			}
		})
	}
}

// TestGnarkKey proves with a key made by gnark.
func TestGnarkKey(t *testing.T) {
	c, _ := anyPackedCase(t, 12, 3, 0, true)
	var pk g16.ProvingKey
	var vk g16.VerifyingKey
	require.NoError(t, g16.Setup(c.r1cs, &pk, &vk))
	p, err := New(c.r1cs, &pk)
	require.NoError(t, err)
	proof, err := p.Prove(context.Background(), c.secret, nil, gnarkTranscript{c.public}, nil)
	require.NoError(t, err)
	verify(t, &vk, proof)
}

func requireSameLayout(t *testing.T, wantPK *g16.ProvingKey, wantVK *g16.VerifyingKey, pk *g16.ProvingKey, vk *g16.VerifyingKey) {
	t.Helper()
	require.Equal(t, wantPK.InfinityA, pk.InfinityA)
	require.Equal(t, wantPK.InfinityB, pk.InfinityB)
	require.Equal(t, wantPK.NbG1(), pk.NbG1())
	require.Equal(t, wantPK.NbG2(), pk.NbG2())
	require.Equal(t, len(wantPK.G1.K), len(pk.G1.K))
	require.Equal(t, len(wantPK.G1.Z), len(pk.G1.Z))
	require.Equal(t, len(wantVK.G1.K), len(vk.G1.K))
	require.Equal(t, wantVK.PublicAndCommitmentCommitted, vk.PublicAndCommitmentCommitted)
	require.Equal(t, len(wantPK.CommitmentKeys), len(pk.CommitmentKeys))
	for i := range wantPK.CommitmentKeys {
		require.Equal(t, len(wantPK.CommitmentKeys[i].Basis), len(pk.CommitmentKeys[i].Basis))
	}
}

func TestSetupCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	c := chainCase(t, 5000)
	_, _, err := Setup(ctx, c.r1cs, func(float64) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
}

// BenchmarkSetup times one setup of either kind beside the other.
func BenchmarkSetup(b *testing.B) {
	c := chainCase(b, 35000)
	for b.Loop() {
		start := time.Now()
		if _, _, err := Setup(context.Background(), c.r1cs, nil); err != nil {
			b.Fatal(err)
		}
		ours := time.Since(start)
		start = time.Now()
		var pk g16.ProvingKey
		var vk g16.VerifyingKey
		if err := g16.Setup(c.r1cs, &pk, &vk); err != nil {
			b.Fatal(err)
		}
		gnark := time.Since(start)
		b.ReportMetric(ours.Seconds(), "nnark-s")
		b.ReportMetric(gnark.Seconds(), "gnark-s")
		b.ReportMetric(gnark.Seconds()/ours.Seconds(), "ratio")
	}
}
