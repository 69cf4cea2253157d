package prover

import (
	"bytes"
	"context"
	"math/big"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/plonk"
	"github.com/nnark/nnark/verifier"
)

// circuitQr is the commitment to the selector qR without weights, and the Lagrange points of
// their rows, the blinding's last: what anybody computes from program and reference string.
func circuitQr(t *testing.T, k *Keys) (qr bn254.G1Affine, lagrange []bn254.G1Affine) {
	t.Helper()
	bare, err := k.compiled.Program.WithoutWeights()
	require.NoError(t, err)
	c, err := circuits.Compile(bare)
	require.NoError(t, err)
	spr, pk := c.System.(*cs.SparseR1CS), k.plonk.Key()
	trace := gplonk.NewTrace(spr, plonk.NewDomain(int(k.VerifyingKey.Plonk.Size)))
	q := trace.Qr.Coefficients()
	for i := range q {
		addTimes(&qr, &pk.KzgLagrange.G1[i], &q[i])
	}
	for _, row := range c.Plan.WeightRows(spr) {
		lagrange = append(lagrange, pk.KzgLagrange.G1[row])
	}
	return qr, lagrange
}

func addTimes(sum, p *bn254.G1Affine, k *fr.Element) {
	var t bn254.G1Affine
	sum.Add(sum, t.ScalarMultiplication(p, k.BigInt(new(big.Int))))
}

// TestPlonkWeightsAreHidden: who guesses all weights cannot tell whether a key is theirs. With
// the blinding known, which only its owner knows, it can be told: the key hides nothing else.
func TestPlonkWeightsAreHidden(t *testing.T) {
	k := plonkKeys()
	left, lagrange := circuitQr(t, k)
	require.Len(t, lagrange, len(k.weights))
	left.Sub(&k.VerifyingKey.Plonk.Qr, &left)
	n := len(k.weights) - 1
	for i := range n {
		var minus fr.Element
		addTimes(&left, &lagrange[i], minus.Neg(&k.weights[i]))
	}
	for guess := int64(-1000); guess <= 1000; guess++ {
		var x bn254.G1Affine
		addTimes(&x, &lagrange[n], new(fr.Element).SetInt64(guess))
		require.NotEqual(t, left, x, "the blinding is %d", guess)
	}
	var minus fr.Element
	addTimes(&left, &lagrange[n], minus.Neg(&k.weights[n]))
	require.True(t, left.IsInfinity(), "the key is the circuit's, the weights' and the blinding's sum")
}

// TestPlonkBlindingIsFresh: two keys of one program differ in it, so that their difference
// says nothing of the weights of either.
func TestPlonkBlindingIsFresh(t *testing.T) {
	k := plonkKeys()
	again, err := k.WithModel(k.compiled.Program)
	require.NoError(t, err)
	n := len(k.weights) - 1
	require.Equal(t, k.weights[:n], again.weights[:n])
	require.NotEqual(t, k.weights[n], again.weights[n])
	require.NotEqual(t, k.VerifyingKey.Plonk.Qr, again.VerifyingKey.Plonk.Qr)
	_, err = k.plonk.Open(context.Background(), again.weights)
	require.ErrorIs(t, err, plonk.ErrWeights, "another blinding")
}

// TestPlonkSupport: a key whose selector differs from the circuit's on another row does not
// pass, whoever shows what for it.
func TestPlonkSupport(t *testing.T) {
	k := plonkKeys()
	key, honest := k.VerifyingKey.Plonk, support(k.VerifyingKey.Plonk)
	require.NoError(t, k.plonk.CheckSupport(&key.Qr, honest))
	_, _, g, _ := bn254.Generators()
	other, err := k.WithModel(smallProgram(t, 2, circuits.Config{System: circuits.Plonk}))
	require.NoError(t, err)
	require.Error(t, k.plonk.CheckSupport(&other.VerifyingKey.Plonk.Qr, honest), "of other weights")
	for name, s := range map[string]*plonk.Support{
		"none":           nil,
		"zeros":          {},
		"generators":     {Quotient: g, Opening: g},
		"quotient":       {Quotient: g, Opening: honest.Opening},
		"opening":        {Quotient: honest.Quotient, Opening: g},
		"opening, minus": {Quotient: honest.Quotient, Opening: *new(bn254.G1Affine).Neg(&honest.Opening)},
	} {
		require.ErrorIs(t, k.plonk.CheckSupport(&key.Qr, s), plonk.ErrWeights, name)
	}

	// A row more: an owner who wants to switch a row off, and who shows its support honestly
	// for that row too, or leaves it out.
	spr := k.compiled.System.(*cs.SparseR1CS)
	rows := k.compiled.Plan.WeightRows(spr)
	pk := k.plonk.Key()
	for row := range int(pk.Vk.Size) {
		if slices.Contains(rows, row) || row%97 != 0 {
			continue
		}
		qr := key.Qr
		qr.Add(&qr, &pk.KzgLagrange.G1[row])
		require.ErrorIs(t, k.plonk.CheckSupport(&qr, honest), plonk.ErrWeights)
		evil, s := withRow(t, k, row)
		require.NoError(t, evil.CheckSupport(&evil.Key().Vk.Qr, s), "under its own rows")
		require.ErrorIs(t, k.plonk.CheckSupport(&evil.Key().Vk.Qr, s), plonk.ErrWeights, "row %d", row)
		if row > 400 {
			break
		}
	}
}

// withRow hides the weights of k and 1 on another row in a key.
func withRow(t *testing.T, k *Keys, row int) (*plonk.Prover, *plonk.Support) {
	t.Helper()
	spr, pk := k.compiled.System.(*cs.SparseR1CS), k.plonk.Key()
	rows := append([]int{row}, k.compiled.Plan.WeightRows(spr)...)
	p, err := plonk.Setup(context.Background(), spr, rows, kzg.SRS{Pk: pk.Kzg, Vk: pk.Vk.Kzg}, kzg.SRS{Pk: pk.KzgLagrange})
	require.NoError(t, err)
	evil, s, err := p.Hide(context.Background(), append(fr.Vector{fr.One()}, k.weights...))
	require.NoError(t, err)
	return evil, s
}

// TestPlonkKeyWithARowMore: such a key, with the card of the program, neither loads nor passes
// an audit.
func TestPlonkKeyWithARowMore(t *testing.T) {
	k := plonkKeys()
	evil := *k
	p, s := withRow(t, k, 50)
	evil.VerifyingKey = &verifier.VerifyingKey{Card: k.VerifyingKey.Card}
	evil.setPlonk(p)
	evil.VerifyingKey.Plonk.Weights = &verifier.PlonkWeights{Quotient: s.Quotient, Opening: s.Opening}
	require.NoError(t, evil.VerifyingKey.Check())
	_, err := Load(saved(t, &evil), k.compiled)
	require.ErrorIs(t, err, ErrKeys)
	require.Equal(t, []Verdict{yes, no, maybe}, auditWithSRS(t, k.compiled, evil.VerifyingKey, k))
	require.Equal(t, []Verdict{yes, yes, maybe}, auditWithSRS(t, k.compiled, k.VerifyingKey, k))
}

// TestPlonkAuditWithoutWeights: a program without its weights is enough to find that a key is
// for its circuit; whose weights it hides, it cannot say.
func TestPlonkAuditWithoutWeights(t *testing.T) {
	k := plonkKeys()
	bare, err := k.compiled.Program.WithoutWeights()
	require.NoError(t, err)
	c, err := circuits.Compile(bare)
	require.NoError(t, err)
	require.Equal(t, []Verdict{yes, yes, maybe}, auditWithSRS(t, c, k.VerifyingKey, k))
}

// auditWithSRS returns the verdicts on card, circuit and weights of an auditor who has the
// reference string of some keys, and no opening.
func auditWithSRS(t *testing.T, c *circuits.Compiled, key *verifier.VerifyingKey, of *Keys) []Verdict {
	t.Helper()
	pk := of.plonk.Key()
	srs := kzg.SRS{Pk: pk.Kzg, Vk: pk.Vk.Kzg}
	var file bytes.Buffer
	_, err := srs.WriteRawTo(&file)
	require.NoError(t, err)
	v := verdicts(t, c, key, AuditOptions{SRS: bytes.NewReader(file.Bytes())})
	return []Verdict{v[0], v[2], v[3]}
}

// TestPlonkWeightsPrecedeTheChallenge: who could choose weights after the challenge could make
// a false projection true. The challenge is a hash of a commitment to the public inputs, the
// first of which is a hash of the key: other weights, another challenge.
func TestPlonkWeightsPrecedeTheChallenge(t *testing.T) {
	k := plonkKeys()
	other, err := k.WithModel(smallProgram(t, 2, circuits.Config{System: circuits.Plonk}))
	require.NoError(t, err)
	w, err := k.compiled.Witness([][]int64{{3, 31, 0}}, k.weights, fr.Element{}, randomElement)
	require.NoError(t, err)
	a := verifier.PlonkPublic(k.VerifyingKey.Digest(), w.Statement)
	b := verifier.PlonkPublic(other.VerifyingKey.Digest(), w.Statement)
	require.NotEqual(t, a[0], b[0])
	// The first row commits it: the circuit's commitment includes row 0 of its constraints.
	spr := k.compiled.System.(*cs.SparseR1CS)
	rows := spr.CommitmentInfo.(constraint.PlonkCommitments)[0].Committed
	for i, at := range rows[:len(a)] {
		r := spr.GetSparseR1Cs()[at]
		require.EqualValues(t, i, r.XA, "public input %d is committed in row %d", i, at)
		require.Equal(t, *new(fr.Element).SetInt64(-1), spr.Coefficients[r.QL])
	}
	// A proof made with the weights of one key for the public inputs of the other convinces
	// neither verifier.
	proof, err := other.plonk.Prove(context.Background(), a, otherSecrets(t, other, [][]int64{{3, 31, 0}}), nil)
	if err == nil {
		_, err = verifier.Verify(k.VerifyingKey, &verifier.Proof{KeyDigest: k.VerifyingKey.Digest(), Statement: w.Statement, Plonk: plonkProof(proof)})
	}
	require.Error(t, err)
}

func otherSecrets(t *testing.T, k *Keys, in [][]int64) fr.Vector {
	t.Helper()
	w, err := k.compiled.Witness(in, k.weights, fr.Element{}, randomElement)
	require.NoError(t, err)
	return w.Secret
}

// TestPlonkGnarkProves: gnark's own prover, with the weights in the circuit's selectors, makes
// proofs that verify under the key that hides them.
func TestPlonkGnarkProves(t *testing.T) {
	k, err := plonkKeys().ForGnark(context.Background())
	require.NoError(t, err)
	proof, _, err := k.UnsafeProveWithGnark([][]int64{{3, 31, 0}})
	require.NoError(t, err)
	_, err = verifier.Verify(k.VerifyingKey, proof)
	require.NoError(t, err)
}

// TestPlonkHideRefuses: weights of another number, a reference string under which the blinding
// would hide nothing, and proofs without the weights.
func TestPlonkHideRefuses(t *testing.T) {
	k, ctx := plonkKeys(), context.Background()
	_, _, err := k.plonk.Hide(ctx, k.weights[:len(k.weights)-1])
	require.ErrorIs(t, err, plonk.ErrWeights)
	spr, pk := k.compiled.System.(*cs.SparseR1CS), *k.plonk.Key()
	rows := k.compiled.Plan.WeightRows(spr)
	lagrange := slices.Clone(pk.KzgLagrange.G1)
	lagrange[rows[len(rows)-1]].SetInfinity()
	bad, err := plonk.Setup(ctx, spr, rows, kzg.SRS{Pk: pk.Kzg, Vk: pk.Vk.Kzg}, kzg.SRS{Pk: kzg.ProvingKey{G1: lagrange}})
	require.NoError(t, err)
	_, _, err = bad.Hide(ctx, k.weights)
	require.ErrorIs(t, err, plonk.ErrCircuit)

	closed, err := plonk.New(ctx, spr, rows, &pk, support(k.VerifyingKey.Plonk))
	require.NoError(t, err)
	w, err := k.compiled.Witness([][]int64{{3, 31, 0}}, k.weights, fr.Element{}, randomElement)
	require.NoError(t, err)
	public := verifier.PlonkPublic(k.VerifyingKey.Digest(), w.Statement)
	_, err = closed.Prove(ctx, public, w.Secret, nil)
	require.ErrorIs(t, err, plonk.ErrWeights, "without the weights")
	open, err := closed.Open(ctx, k.weights)
	require.NoError(t, err)
	_, err = open.Prove(ctx, public, w.Secret, nil)
	require.NoError(t, err)
	_, err = plonk.New(ctx, spr, rows, &pk, nil)
	require.ErrorIs(t, err, plonk.ErrWeights, "nothing shows where the weights are")

	baked := setup(t, smallProgram(t, 1, circuits.Config{System: circuits.Plonk, Weights: circuits.Baked}))
	_, _, err = baked.plonk.Hide(ctx, nil)
	require.ErrorIs(t, err, plonk.ErrWeights, "no weights to hide")
}
