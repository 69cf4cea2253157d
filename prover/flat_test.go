package prover

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/verifier"
)

func flatConfig() circuits.Config { return circuits.Config{System: circuits.Flat} }

// TestFlatProofs: honest proofs verify; other statements, keys and models do not.
func TestFlatProofs(t *testing.T) {
	k := flatKeys()
	ctx, in := context.Background(), [][]int64{{3, 31, 0}}
	p, err := k.Prove(ctx, in, Options{Context: fr.NewElement(7)})
	require.NoError(t, err)
	s, err := verifier.Verify(k.VerifyingKey, p, verifier.WithContext(7), verifier.WithInput(0, in[0]))
	require.NoError(t, err)
	values, err := k.compiled.Program.Eval(in)
	require.NoError(t, err)
	require.Equal(t, values[k.compiled.Program.Outputs[0].Value], s.Outputs[0].Ints)
	_, err = verifier.Verify(k.VerifyingKey, p, verifier.WithContext(8))
	require.ErrorIs(t, err, verifier.ErrContext)
	for i := range p.Statement {
		for _, d := range []int64{1, -1, 1 << 40} {
			q := &verifier.Proof{KeyDigest: p.KeyDigest, Statement: append([]fr.Element{}, p.Statement...), Flat: p.Flat}
			q.Statement[i].Add(&q.Statement[i], new(fr.Element).SetInt64(d))
			_, err := verifier.Verify(k.VerifyingKey, q, verifier.WithAnyContext())
			require.ErrorIs(t, err, verifier.ErrRejected, "element %d", i)
		}
	}

	other, err := k.WithModel(smallProgram(t, 2, flatConfig()))
	require.NoError(t, err)
	require.Equal(t, k.VerifyingKey.Flat.Plan.AppendTo(nil), other.VerifyingKey.Flat.Plan.AppendTo(nil))
	require.NotEqual(t, k.VerifyingKey.Flat.Model, other.VerifyingKey.Flat.Model)
	q, err := other.Prove(ctx, in, Options{})
	require.NoError(t, err)
	_, err = verifier.Verify(other.VerifyingKey, q)
	require.NoError(t, err)
	_, err = verifier.Verify(k.VerifyingKey, q)
	require.ErrorIs(t, err, verifier.ErrWrongModel)
	q.KeyDigest = k.VerifyingKey.Digest()
	_, err = verifier.Verify(k.VerifyingKey, q)
	require.ErrorIs(t, err, verifier.ErrRejected, "the weights are others")
	same, err := k.WithModel(k.compiled.Program)
	require.NoError(t, err)
	require.NotEqual(t, k.VerifyingKey.Flat.Model, same.VerifyingKey.Flat.Model, "commitments hide")

	for name, data := range map[string][]byte{"binary": must2(p.MarshalBinary()), "JSON": must2(p.MarshalJSON())} {
		parse := verifier.ParseProof
		if name == "JSON" {
			parse = verifier.ParseProofJSON
		}
		r, err := parse(data)
		require.NoError(t, err, name)
		require.Equal(t, p, r, name)
		for n := range data {
			_, err := parse(data[:n])
			require.ErrorIs(t, err, verifier.ErrMalformed, "%s of %d bytes", name, n)
		}
	}
	again, err := verifier.ParseVerifyingKey(must2(k.VerifyingKey.MarshalBinary()))
	require.NoError(t, err)
	require.Equal(t, k.VerifyingKey.Digest(), again.Digest())
	_, err = verifier.Verify(again, p, verifier.WithContext(7))
	require.NoError(t, err)
}

func must2[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}

// TestFlatBatch: of a batch exactly the proofs that are wrong are named.
func TestFlatBatch(t *testing.T) {
	k := flatKeys()
	var proofs []*verifier.Proof
	for i := range 5 {
		p, err := k.Prove(context.Background(), [][]int64{{int64(i), 2, 3}}, Options{})
		require.NoError(t, err)
		proofs = append(proofs, p)
	}
	_, err := verifier.VerifyBatch(k.VerifyingKey, proofs)
	require.NoError(t, err)
	one := fr.One()
	bad := *proofs[3].Flat
	bad.Blinding.Add(&bad.Blinding, &one)
	proofs[3] = &verifier.Proof{KeyDigest: proofs[3].KeyDigest, Statement: proofs[3].Statement, Flat: &bad}
	proofs[1] = &verifier.Proof{KeyDigest: proofs[1].KeyDigest, Statement: proofs[0].Statement, Flat: proofs[1].Flat}
	_, err = verifier.VerifyBatch(k.VerifyingKey, proofs)
	var batch *verifier.BatchError
	require.ErrorAs(t, err, &batch)
	require.Equal(t, []int{1, 3}, batch.Indexes)
}

// TestFlatDiffers: proofs of one inference share nothing but the statement.
func TestFlatDiffers(t *testing.T) {
	k := flatKeys()
	seen := map[string]bool{}
	for range 4 {
		p, err := k.Prove(context.Background(), [][]int64{{1, 2, 3}}, Options{})
		require.NoError(t, err)
		data := p.Flat.AppendTo(nil)[7:] // after the shape
		for at := 0; at+32 <= len(data); at += 32 {
			part := string(data[at : at+32])
			// Of rows of so few values some have none, and the last folds of an opening are small.
			require.False(t, seen[part], "bytes %d", at)
			seen[part] = true
		}
	}
}

// TestFlatCancel: a proof that nobody waits for ends.
func TestFlatCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := flatKeys().Prove(ctx, [][]int64{{1, 2, 3}}, Options{})
	require.ErrorIs(t, err, context.Canceled)
}

// TestFlatPrivateInput: a private input is in no statement.
func TestFlatPrivateInput(t *testing.T) {
	k := setup(t, testProgram(t, 1, circuits.Config{System: circuits.Flat, Input: circuits.Private}))
	p, err := k.Prove(context.Background(), testInput(3), Options{})
	require.NoError(t, err)
	s, err := verifier.Verify(k.VerifyingKey, p)
	require.NoError(t, err)
	require.Nil(t, s.Inputs[0].Ints)
	values, err := k.compiled.Program.Eval(testInput(3))
	require.NoError(t, err)
	for i, o := range k.compiled.Program.Outputs {
		require.Equal(t, values[o.Value], s.Outputs[i].Ints)
	}
}

// TestFlatConfig: what the flat system does not have is refused.
func TestFlatConfig(t *testing.T) {
	for _, c := range []circuits.Config{{Weights: circuits.Baked}, {Input: circuits.Digest}, {Output: circuits.Digest}} {
		c.System = circuits.Flat
		require.ErrorIs(t, c.Check(), circuits.ErrProgram)
	}
	c := flatKeys().compiled
	_, err := c.Witness([][]int64{{1, 2, 3}}, nil, fr.Element{}, randomElement)
	require.ErrorIs(t, err, circuits.ErrProgram)
	_, err = c.StoreSystem()
	require.ErrorIs(t, err, circuits.ErrProgram)
	_, err = c.SystemOf(nil)
	require.ErrorIs(t, err, circuits.ErrProgram)
	_, err = circuits.Restore(c.Program, nil)
	require.ErrorIs(t, err, circuits.ErrProgram)
	_, err = Import(c, new(bytes.Buffer), new(bytes.Buffer))
	require.ErrorIs(t, err, ErrKeys)
}

// TestFlatSRS imports powers of tau and audits the keys made of them.
func TestFlatSRS(t *testing.T) {
	ctx, c := context.Background(), flatKeys().compiled
	srs := srsFile(t, nil).Bytes()
	k, err := ImportSRS(ctx, c, bytes.NewReader(srs), SRSOptions{})
	require.NoError(t, err)
	require.True(t, k.VerifyingKey.Card.Setup.Unsafe(), "nothing says who made them")
	digest := k.VerifyingKey.Flat.SRSDigest()
	_, err = ImportSRS(ctx, c, bytes.NewReader(srs), SRSOptions{Accepted: [][32]byte{{1}}})
	require.ErrorIs(t, err, ErrKeys)
	_, err = ImportSRS(ctx, c, bytes.NewReader(srs[:1000]), SRSOptions{})
	require.ErrorIs(t, err, ErrKeys)
	k, err = ImportSRS(ctx, c, bytes.NewReader(srs), SRSOptions{Accepted: [][32]byte{digest}})
	require.NoError(t, err)
	require.Equal(t, verifier.ReferenceString, k.VerifyingKey.Card.Setup.Kind)

	dir := saved(t, k)
	o := func() AuditOptions {
		return AuditOptions{Opening: filepath.Join(dir, OpeningFile), SRS: bytes.NewReader(srs), SRSDigests: [][32]byte{digest}, KeyDir: dir}
	}
	require.Equal(t, []Verdict{yes, yes, yes, yes, yes}, verdicts(t, c, k.VerifyingKey, o()))
	without := o()
	without.KeyDir = ""
	require.Equal(t, []Verdict{yes, yes, yes, yes, yes}, verdicts(t, c, k.VerifyingKey, without))
	none := o()
	none.SRS = nil
	require.Equal(t, []Verdict{yes, maybe, yes, maybe, yes}, verdicts(t, c, k.VerifyingKey, none))
	unknown := o()
	unknown.SRSDigests = nil
	require.Equal(t, []Verdict{yes, maybe, yes, yes, yes}, verdicts(t, c, k.VerifyingKey, unknown))

	// Keys of one party, of another reference string.
	one := flatKeys()
	mine := saved(t, one)
	require.Equal(t, []Verdict{yes, no, maybe, maybe, yes}, verdicts(t, c, one.VerifyingKey,
		AuditOptions{Opening: filepath.Join(mine, OpeningFile), SRS: bytes.NewReader(srs), KeyDir: mine}))

	// Other weights, whose opening is their own.
	other, err := k.WithModel(smallProgram(t, 2, flatConfig()))
	require.NoError(t, err)
	theirs := o()
	theirs.Opening, theirs.KeyDir = filepath.Join(saved(t, other), OpeningFile), ""
	require.Equal(t, []Verdict{yes, yes, yes, no, maybe}, verdicts(t, c, other.VerifyingKey, theirs))

	// A plan of another network whose card says that it is the program's.
	evil := smallProgram(t, 1, flatConfig())
	evil.Nodes[2].Op = &circuits.Function{Name: "Sigmoid", OutExp: 3, Out: iv(0, 63)}
	evil.Outputs[0].Exp = 3
	require.NoError(t, evil.Infer())
	e := setup(t, evil)
	e.VerifyingKey.Card = k.VerifyingKey.Card
	lie := o()
	lie.KeyDir = ""
	require.Equal(t, []Verdict{yes, maybe, no, maybe, maybe}, verdicts(t, c, e.VerifyingKey, lie))
}

// TestFlatHostilePowers: powers of another tau than the verifying key's are no proving key.
func TestFlatHostilePowers(t *testing.T) {
	k, dir := flatKeys(), saved(t, flatKeys())
	other := setup(t, smallProgram(t, 1, flatConfig()))
	mixed := &Keys{compiled: k.compiled, VerifyingKey: k.VerifyingKey, powers: other.powers}
	path := filepath.Join(dir, ProvingKeyFile)
	require.NoError(t, os.Remove(path))
	require.NoError(t, writeSummed(path, 0o644, mixed.provingHead(), mixed.writeFlat))
	_, err := Load(dir, k.compiled)
	require.ErrorIs(t, err, ErrKeys)
}
