package groth16

import (
	"context"
	"crypto/sha256"
	"errors"
	"hash"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/hash_to_field"
	"github.com/consensys/gnark/backend"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/consensys/gnark/constraint"
	"github.com/stretchr/testify/require"
)

// gnarkTranscript hashes as gnark does by default, and knows the public inputs.
type gnarkTranscript struct{ public fr.Vector }

func (t gnarkTranscript) Challenge(_ int, prehash []byte) (c fr.Element) {
	h := hash_to_field.New([]byte(constraint.CommitmentDst))
	h.Write(prehash)
	c.SetBytes(h.Sum(nil)[:fr.Bytes])
	return c
}

func (t gnarkTranscript) Public([]fr.Element) (fr.Vector, error) { return t.public, nil }

// boundTranscript hashes with a statement in front, and the public input of the
// packed circuit is the last challenge times the first input.
type boundTranscript struct {
	statement string
	x0        fr.Element
}

func (t boundTranscript) hash() hash.Hash { return &prefixed{t.statement, sha256.New()} }

func (t boundTranscript) Challenge(_ int, prehash []byte) (c fr.Element) {
	h := t.hash()
	h.Write(prehash)
	c.SetBytes(h.Sum(nil))
	return c
}

func (t boundTranscript) Public(challenges []fr.Element) (fr.Vector, error) {
	e := challenges[len(challenges)-1]
	return fr.Vector{*e.Mul(&e, &t.x0)}, nil
}

// prefixed is SHA-256 of prefix and data.
type prefixed struct {
	prefix string
	hash.Hash
}

func (p *prefixed) Sum(b []byte) []byte {
	h := sha256.New()
	h.Write([]byte(p.prefix))
	h.Write(p.Hash.Sum(nil))
	return h.Sum(b)
}

func setupFor(t testing.TB, c testCase) (*g16.ProvingKey, *g16.VerifyingKey) {
	t.Helper()
	pk, vk, err := Setup(context.Background(), c.r1cs, nil)
	require.NoError(t, err)
	return pk, vk
}

// verify holds the proof against gnark's verifier.
func verify(t testing.TB, vk *g16.VerifyingKey, proof *Proof, opts ...backend.VerifierOption) {
	t.Helper()
	p, err := proof.Gnark()
	require.NoError(t, err)
	public := append(fr.Vector{}, proof.Public...)
	require.NoError(t, g16.Verify(p, vk, public, opts...))
	public = append(fr.Vector{}, proof.Public...)
	public[0].SetUint64(77)
	require.Error(t, g16.Verify(p, vk, public, opts...))
}

func TestProve(t *testing.T) {
	for name, c := range map[string]testCase{
		"chain": chainCase(t, 100),
		"plain": plainCase(t, 16, 40),
		"one":   chainCase(t, 0),
	} {
		t.Run(name, func(t *testing.T) {
			pk, vk := setupFor(t, c)
			p, err := New(c.r1cs, pk)
			require.NoError(t, err)
			var stages []string
			first, err := p.Prove(context.Background(), c.secret, nil, gnarkTranscript{c.public}, func(s string) { stages = append(stages, s) })
			require.NoError(t, err)
			require.Equal(t, []string{"commit", "solve", "quotient", "sums"}, stages)
			verify(t, vk, first)
			second, err := p.Prove(context.Background(), c.secret, nil, gnarkTranscript{c.public}, nil)
			require.NoError(t, err)
			verify(t, vk, second)
			requireDifferent(t, first, second)
		})
	}
}

// requireDifferent checks that no point of two proofs of one witness is equal.
func requireDifferent(t *testing.T, a, b *Proof) {
	t.Helper()
	require.NotEqual(t, a.Ar, b.Ar)
	require.NotEqual(t, a.Bs, b.Bs)
	require.NotEqual(t, a.Krs, b.Krs)
	for i := range a.Commitments {
		require.NotEqual(t, a.Commitments[i], b.Commitments[i])
		require.NotEqual(t, a.PoKs[i], b.PoKs[i])
	}
}

func TestProvePacked(t *testing.T) {
	c, _ := packedCase(t, 20, 5, 0)
	pk, vk := setupFor(t, c)
	p, err := New(c.r1cs, pk)
	require.NoError(t, err)
	tr := boundTranscript{"statement", firstInput(c, 20, 5)}
	first, err := p.Prove(context.Background(), c.secret, nil, tr, nil)
	require.NoError(t, err)
	verify(t, vk, first, backend.WithVerifierHashToFieldFunction(tr.hash()))
	second, err := p.Prove(context.Background(), c.secret, nil, tr, nil)
	require.NoError(t, err)
	requireDifferent(t, first, second)

	// the commitments and their proofs of knowledge, one by one
	for i := range first.PoKs {
		require.NoError(t, vk.CommitmentKeys[i].Verify(first.Commitments[i], first.PoKs[i]))
		require.Error(t, vk.CommitmentKeys[i].Verify(first.Commitments[i], second.PoKs[i]))
	}
	masked, err := p.Prove(context.Background(), c.secret, func(i int) fr.Element { return fr.NewElement(uint64(i + 5)) }, tr, nil)
	require.NoError(t, err)
	again, err := p.Prove(context.Background(), c.secret, func(i int) fr.Element { return fr.NewElement(uint64(i + 5)) }, tr, nil)
	require.NoError(t, err)
	require.Equal(t, masked.Commitments, again.Commitments)
	verify(t, vk, again, backend.WithVerifierHashToFieldFunction(tr.hash()))
}

func TestCommit(t *testing.T) {
	ctx := context.Background()
	c, wires := packedCase(t, 10, 3, 0)
	pk, vk := setupFor(t, c)
	p, err := New(c.r1cs, pk)
	require.NoError(t, err)
	require.Equal(t, append(wires, p.Masks()[0]), p.Committed(0))
	mask := fr.NewElement(4321)
	values := fr.Vector{}
	for _, w := range wires {
		values = append(values, c.secret[w-p.nbPublic])
	}
	values = append(values, mask)
	d, pok, err := p.Commit(ctx, 0, values)
	require.NoError(t, err)
	require.NoError(t, vk.CommitmentKeys[0].Verify(d, pok))

	proof, err := p.Prove(ctx, c.secret, func(int) fr.Element { return mask }, boundTranscript{"", firstInput(c, 10, 3)}, nil)
	require.NoError(t, err)
	require.Equal(t, proof.Commitments[0], d)
	require.Equal(t, proof.PoKs[0], pok)

	for _, i := range []int{-1, 2} {
		_, _, err = p.Commit(ctx, i, values)
		require.ErrorIs(t, err, ErrCircuit)
	}
	_, _, err = p.Commit(ctx, 0, values[1:])
	require.ErrorIs(t, err, ErrInput)
}

// firstInput returns X_0 of a packed case.
func firstInput(c testCase, in, rows int) fr.Element { return c.secret[in*rows+1] }

func TestProveErrors(t *testing.T) {
	c := plainCase(t, 8, 4)
	pk, _ := setupFor(t, c)
	p, err := New(c.r1cs, pk)
	require.NoError(t, err)
	ctx := context.Background()

	_, err = p.Prove(ctx, c.secret[1:], nil, gnarkTranscript{c.public}, nil)
	require.ErrorIs(t, err, ErrInput)
	_, err = p.Prove(ctx, c.secret, nil, gnarkTranscript{c.public[1:]}, nil)
	require.ErrorIs(t, err, ErrInput)
	wrong := append(fr.Vector{}, c.secret...)
	wrong[0].SetUint64(12345)
	_, err = p.Prove(ctx, wrong, nil, gnarkTranscript{c.public}, nil)
	require.ErrorIs(t, err, ErrUnsatisfied)
	require.Regexp(t, `^groth16: constraints not satisfied: constraint \d+$`, err.Error()) // no values
	_, err = p.Prove(ctx, c.secret, nil, failing{gnarkTranscript{c.public}}, nil)
	require.ErrorIs(t, err, errFailing)
	for _, stage := range []string{"commit", "solve", "quotient", "sums"} {
		ctx, cancel := context.WithCancel(ctx)
		_, err = p.Prove(ctx, c.secret, nil, gnarkTranscript{c.public}, func(s string) {
			if s == stage {
				cancel()
			}
		})
		require.ErrorIs(t, err, context.Canceled, stage)
	}

	other := chainCase(t, 5)
	_, err = New(other.r1cs, pk)
	require.ErrorIs(t, err, ErrCircuit)
	odd := *pk
	odd.Domain.Cardinality++
	_, err = New(c.r1cs, &odd)
	require.ErrorIs(t, err, ErrCircuit)
	short := *pk
	short.G1.Z = short.G1.Z[1:]
	_, err = New(c.r1cs, &short)
	require.ErrorIs(t, err, ErrCircuit)
}

var errFailing = errors.New("failing")

type failing struct{ gnarkTranscript }

func (failing) Public([]fr.Element) (fr.Vector, error) { return nil, errFailing }

// TestConcurrent makes proofs side by side with one prover.
func TestConcurrent(t *testing.T) {
	c := plainCase(t, 8, 20)
	pk, vk := setupFor(t, c)
	p, err := New(c.r1cs, pk)
	require.NoError(t, err)
	proofs := make(chan *Proof)
	const n = 6
	for range n {
		go func() {
			proof, err := p.Prove(context.Background(), c.secret, nil, gnarkTranscript{c.public}, nil)
			if err != nil {
				t.Error(err)
			}
			proofs <- proof
		}()
	}
	for range n {
		if proof := <-proofs; proof != nil {
			verify(t, vk, proof)
		}
	}
}

// TestQuotient compares the quotient with the identity that defines it.
func TestQuotient(t *testing.T) {
	c := chainCase(t, 30)
	pk, _ := setupFor(t, c)
	p, err := New(c.r1cs, pk)
	require.NoError(t, err)
	n := pk.Domain.Cardinality
	full := fullWitness(t, c.public, c.secret)
	s, err := c.r1cs.Solve(full)
	require.NoError(t, err)
	sol := solved(s)
	at := fr.NewElement(123456789)
	a, b, o := interpolate(&pk.Domain, sol.A, at), interpolate(&pk.Domain, sol.B, at), interpolate(&pk.Domain, sol.C, at)
	h := p.quotient.coefficients(sol.A, sol.B, sol.C)
	require.True(t, h[n-1].IsZero())
	value := evaluateReversed(h, at)
	var left, one fr.Element
	one.SetOne()
	left.Exp(at, bigInt(n))
	left.Sub(&left, &one).Mul(&left, &value)
	a.Mul(&a, &b).Sub(&a, &o)
	require.Equal(t, a, left)
}

func TestSign(t *testing.T) {
	_, _, g, h := bn254.Generators()
	p, n, hash := signG1(g)
	g.Neg(&g)
	p2, n2, hash2 := signG1(g)
	require.Equal(t, p, p2)
	require.Equal(t, uint32(1), n+n2)
	require.Equal(t, hash, hash2)
	flat := h
	flat.Y.A0.SetZero() // not on the curve
	for _, h := range []bn254.G2Affine{h, flat} {
		q, m, hash := signG2(h)
		h.Neg(&h)
		q2, m2, hash2 := signG2(h)
		require.Equal(t, q, q2)
		require.Equal(t, uint32(1), m+m2)
		require.Equal(t, hash, hash2)
	}
}
