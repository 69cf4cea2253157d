package prover

import (
	"bytes"
	"context"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/ceremony"
	"github.com/nnark/nnark/prover/plonk"
	"github.com/nnark/nnark/verifier"
)

// runCeremony runs a ceremony for a circuit up to its last beacon.
func runCeremony(t *testing.T, c *circuits.Compiled) *ceremony.Transcript {
	t.Helper()
	ctx, r1cs := context.Background(), c.System.(*cs.R1CS)
	made, err := ceremony.New(r1cs, c.Program.Name)
	require.NoError(t, err)
	for range 2 {
		require.NoError(t, made.Contribute(ctx, "vendor", "", nil, nil))
		require.NoError(t, made.Contribute(ctx, "customer", "", nil, nil))
		if made.Phase() == 1 {
			require.NoError(t, made.Beacon(ctx, "a public number", make([]byte, 32), r1cs, nil))
		}
	}
	return made
}

// ceremonyFor runs a ceremony and takes its keys.
func ceremonyFor(t *testing.T, c *circuits.Compiled) (*Keys, *ceremony.Transcript) {
	t.Helper()
	made := runCeremony(t, c)
	_, err := FromCeremony(context.Background(), c, made, ceremony.Options{})
	require.ErrorIs(t, err, ErrKeys)
	require.ErrorIs(t, err, ceremony.ErrIncomplete)
	require.NoError(t, made.Beacon(context.Background(), "another", make([]byte, 32), nil, nil))
	k, err := FromCeremony(context.Background(), c, made, ceremony.Options{})
	require.NoError(t, err)
	require.Equal(t, verifier.Setup{Kind: verifier.Ceremony, Contributions: 2, Transcript: made.Hash()}, k.VerifyingKey.Card.Setup)
	return k, made
}

// verdicts returns those on card, origin, circuit, weights and answers.
func verdicts(t *testing.T, c *circuits.Compiled, key *verifier.VerifyingKey, o AuditOptions) (v []Verdict) {
	t.Helper()
	o.Inputs = 1
	r, err := Audit(context.Background(), c, key, o)
	require.NoError(t, err)
	var claims []string
	for _, f := range r.Findings {
		claims, v = append(claims, f.Claim), append(v, f.Verdict)
		require.NotEmpty(t, f.Reason)
	}
	require.Equal(t, []string{claimCard, claimOrigin, claimCircuit, claimWeights, claimAnswers}, claims)
	require.Equal(t, !slices.ContainsFunc(v, func(v Verdict) bool { return v != Established }), r.Accepted())
	return v
}

const (
	yes   = Established
	no    = Refuted
	maybe = NotEstablished
)

func TestAudit(t *testing.T) {
	for i, cfg := range []circuits.Config{{}, {Weights: circuits.Baked}, {Input: circuits.Private, Output: circuits.Digest}} {
		if i > 0 && testing.Short() {
			break
		}
		c, err := circuits.Compile(smallProgram(t, 1, cfg))
		require.NoError(t, err)
		k, transcript := ceremonyFor(t, c)
		dir := saved(t, k)
		opening := ""
		if c.Plan.Committed() {
			opening = filepath.Join(dir, OpeningFile)
		}
		all := AuditOptions{Opening: opening, Ceremony: transcript, KeyDir: dir}
		require.Equal(t, []Verdict{yes, yes, yes, yes, yes}, verdicts(t, c, k.VerifyingKey, all))

		// Nothing of the ceremony: the vendor could have made everything.
		none := []Verdict{yes, maybe, maybe, maybe, yes}
		require.Equal(t, none, verdicts(t, c, k.VerifyingKey, AuditOptions{Opening: opening, KeyDir: dir}))
		if opening != "" {
			require.Equal(t, []Verdict{yes, yes, yes, maybe, maybe}, verdicts(t, c, k.VerifyingKey, AuditOptions{Ceremony: transcript, KeyDir: dir}))
		}
		// One party's keys.
		alone, err := UnsafeSetup(context.Background(), c, nil)
		require.NoError(t, err)
		aloneDir := saved(t, alone)
		if opening != "" {
			opening = filepath.Join(aloneDir, OpeningFile)
		}
		o := AuditOptions{Opening: opening, KeyDir: aloneDir}
		require.Equal(t, []Verdict{yes, no, maybe, maybe, yes}, verdicts(t, c, alone.VerifyingKey, o))
		o.Ceremony = transcript // of a ceremony that was for other keys
		require.Equal(t, []Verdict{yes, no, maybe, maybe, yes}, verdicts(t, c, alone.VerifyingKey, o))
		// One party's keys, and other cards, that claim the ceremony.
		claims := &verifier.VerifyingKey{Card: alone.VerifyingKey.Card, Groth16: alone.VerifyingKey.Groth16}
		claims.Card.Setup = k.VerifyingKey.Card.Setup
		require.Equal(t, []Verdict{yes, no, maybe, maybe, maybe}, verdicts(t, c, claims, AuditOptions{Opening: opening, Ceremony: transcript}))
		claims = &verifier.VerifyingKey{Card: k.VerifyingKey.Card, Groth16: k.VerifyingKey.Groth16}
		claims.Card.Setup.Contributions = 7
		require.Equal(t, []Verdict{yes, no, maybe, maybe, maybe}, verdicts(t, c, claims, AuditOptions{Opening: all.Opening, Ceremony: transcript}))
		// A card that says something else.
		other := *smallProgram(t, 1, cfg)
		other.Labels = []string{"guilty", "innocent"}
		oc, err := circuits.Compile(&other)
		require.NoError(t, err)
		require.Equal(t, []Verdict{no, maybe, maybe, maybe, maybe}, verdicts(t, oc, k.VerifyingKey, all))
	}
}

// The vendor shows the auditor another program of the same architecture, an opening, and a
// proving key of which the blinding's base was made up so that they open the commitment.
// Load notices that it is not what the wire's points in A and B say; an audit, which has the
// basis from elsewhere, would not believe those either.
func TestAuditOtherWeights(t *testing.T) {
	served, err := circuits.Compile(smallProgram(t, 1, circuits.Config{}))
	require.NoError(t, err)
	shown, err := circuits.Compile(smallProgram(t, 2, circuits.Config{}))
	require.NoError(t, err)
	k, transcript := ceremonyFor(t, served)
	w := shown.Plan.PackedWeights(fr.NewElement(5))
	evil := &Keys{VerifyingKey: k.VerifyingKey, compiled: shown, weights: w, groth16: k.groth16, free: k.free}
	dir := saved(t, evil)
	tamper(t, filepath.Join(dir, ProvingKeyFile), evil.provingHead(), k.free.GnarkKey(), func(pk *g16.ProvingKey) {
		fit := func(basis []bn254.G1Affine, target bn254.G1Affine) {
			at := len(w) - 1
			for i := range w[:at] {
				var s bn254.G1Affine
				s.ScalarMultiplication(&basis[i], w[i].BigInt(new(big.Int)))
				target.Sub(&target, &s)
			}
			var over fr.Element
			over.Inverse(&w[at])
			basis[at].ScalarMultiplication(&target, over.BigInt(new(big.Int)))
		}
		fit(pk.CommitmentKeys[0].Basis, k.VerifyingKey.Groth16.Weights.C)
		fit(pk.CommitmentKeys[0].BasisExpSigma, k.VerifyingKey.Groth16.Weights.PoK)
	})
	_, err = Load(dir, shown)
	require.ErrorIs(t, err, ErrKeys)

	o := AuditOptions{Opening: filepath.Join(dir, OpeningFile), KeyDir: dir, Ceremony: transcript}
	require.Equal(t, []Verdict{yes, yes, yes, no, no}, verdicts(t, shown, k.VerifyingKey, o))
	o.KeyDir = ""
	require.Equal(t, []Verdict{yes, yes, yes, no, maybe}, verdicts(t, shown, k.VerifyingKey, o))
}

func TestAuditPlonk(t *testing.T) {
	if testing.Short() {
		t.Skip("transforms of reference strings take seconds")
	}
	k := importedPlonk()
	dir := saved(t, k)
	digest := k.VerifyingKey.Plonk.SRSDigest()
	srs := srsFile(t, nil).Bytes()
	opening := filepath.Join(dir, OpeningFile)
	o := func() AuditOptions {
		return AuditOptions{Opening: opening, SRS: bytes.NewReader(srs), SRSDigests: [][32]byte{digest}, KeyDir: dir}
	}
	require.Equal(t, []Verdict{yes, yes, yes, yes, yes}, verdicts(t, k.compiled, k.VerifyingKey, o()))

	// Another reference string, or none.
	require.Equal(t, []Verdict{yes, no, maybe, maybe, yes}, verdicts(t, k.compiled, plonkKeys().VerifyingKey,
		AuditOptions{Opening: filepath.Join(saved(t, plonkKeys()), OpeningFile), SRS: bytes.NewReader(srs), KeyDir: saved(t, plonkKeys())}))
	none := o()
	none.SRS = nil
	require.Equal(t, []Verdict{yes, maybe, maybe, maybe, yes}, verdicts(t, k.compiled, k.VerifyingKey, none))

	// A key for another circuit whose card says that it is the program's.
	evil := smallProgram(t, 1, circuits.Config{System: circuits.Plonk})
	evil.Nodes[2].Op = &circuits.Function{Name: "Sigmoid", OutExp: 3, Out: iv(0, 63)}
	evil.Outputs[0].Exp = 3
	require.NoError(t, evil.Infer())
	c, err := circuits.Compile(evil)
	require.NoError(t, err)
	pk := k.plonk.Key()
	spr := c.System.(*cs.SparseR1CS)
	made, err := plonk.Setup(context.Background(), spr, c.Plan.WeightRows(spr), kzg.SRS{Pk: pk.Kzg, Vk: pk.Vk.Kzg}, kzg.SRS{Pk: pk.KzgLagrange})
	require.NoError(t, err)
	e := &Keys{compiled: k.compiled, VerifyingKey: &verifier.VerifyingKey{Card: card(k.compiled)}}
	e.setPlonk(made)
	_, err = e.finish()
	require.NoError(t, err)
	evilDir := saved(t, e)
	lie := o()
	lie.Opening, lie.KeyDir, lie.SRSDigests = filepath.Join(evilDir, OpeningFile), "", nil // nor does anybody vouch for the string
	require.Equal(t, []Verdict{yes, maybe, no, maybe, maybe}, verdicts(t, k.compiled, e.VerifyingKey, lie))

	for _, broken := range [][]byte{nil, srs[:1000]} {
		bad := o()
		bad.SRS = bytes.NewReader(broken)
		_, err := Audit(context.Background(), k.compiled, k.VerifyingKey, bad)
		require.ErrorIs(t, err, ErrKeys)
	}
	bad := o()
	bad.Opening = filepath.Join(dir, "none")
	_, err = Audit(context.Background(), k.compiled, k.VerifyingKey, bad)
	require.ErrorIs(t, err, os.ErrNotExist)
}
