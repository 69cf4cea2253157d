package hyperkzg

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier/hyperkzg"
)

func TestRandomVectors(t *testing.T) {
	for c := 1; c <= 12; c++ {
		if c == 11 {
			continue
		}
		p := randomClaim(t, c, "a")
		require.Equal(t, extension(p.v, p.point), p.y, c)
		require.NoError(t, p.verify("a"), c)
		require.ErrorIs(t, p.verify("b"), hyperkzg.ErrRejected, c)
	}
}

// Vectors and points whose foldings, quotients or openings are zero or of low degree.
func TestSpecialVectors(t *testing.T) {
	r := seeded(1)
	for _, c := range []int{1, 2, 3, 6} {
		vectors := map[string][]fr.Element{
			"zero":     make([]fr.Element, 1<<c),
			"constant": slices.Repeat(randomScalars(r, 1), 1<<c),
		}
		for _, j := range []int{0, 1, 1<<c - 1} {
			hot := make([]fr.Element, 1<<c)
			hot[j].SetOne()
			vectors[fmt.Sprint("one at ", j)] = hot
		}
		alternating := make([]fr.Element, 1<<c) // 1, -1, …: folds to zero at 1/2
		for j := range alternating {
			alternating[j].SetInt64(int64(1 - 2*(j&1)))
		}
		vectors["alternating"] = alternating
		half := fr.NewElement(2)
		half.Inverse(&half)
		points := [][]fr.Element{randomScalars(r, c)}
		for _, x := range []fr.Element{{}, fr.One(), half} {
			points = append(points, slices.Repeat([]fr.Element{x}, c))
		}
		for name, v := range vectors {
			for i, x := range points {
				p := prove(t, v, x, "a")
				require.Equal(t, extension(v, x), p.y, "%s %d %d", name, c, i)
				require.NoError(t, p.verify("a"), "%s %d %d", name, c, i)
				p.y.Add(&p.y, new(fr.Element).SetOne())
				require.ErrorIs(t, p.verify("a"), hyperkzg.ErrRejected, "%s %d %d", name, c, i)
			}
		}
	}
}

func TestPointsAtInfinity(t *testing.T) {
	p := prove(t, make([]fr.Element, 8), randomScalars(seeded(2), 3), "a")
	for _, g := range append(p.proof.Folds, p.proof.Quotient, p.proof.Opening) {
		require.True(t, g.IsInfinity())
	}
	require.True(t, randomClaim(t, 1, "a").proof.Quotient.IsInfinity())
}

func TestVectorIsNotChanged(t *testing.T) {
	v := randomScalars(seeded(3), 16)
	p := prove(t, slices.Clone(v), randomScalars(seeded(4), 4), "a")
	require.Equal(t, v, p.v)
}

// Both sides absorb and draw the same, each message before the challenge after it.
func TestOrder(t *testing.T) {
	s, p := testSRS(), randomClaim(t, 3, "a")
	prover, verifier := newTranscript("a"), newTranscript("a")
	_, _, err := Open(context.Background(), s.powers, p.commitment, p.v, p.point, prover)
	require.NoError(t, err)
	require.NoError(t, s.verify(p.commitment, p.point, p.y, p.proof, verifier))
	require.Equal(t, prover, verifier)
	var want []string
	for _, label := range []string{"commitment", "point", "value", "folds", "r", "plus", "minus", "square", "q", "quotient", "z", "opening"} {
		want = append(want, "hyperkzg "+label)
	}
	require.Equal(t, want, verifier.events)
}

// The protocol does not change unnoticed.
func TestGolden(t *testing.T) {
	hash := sha256.Sum256(randomClaim(t, 7, "golden").proof.AppendTo(nil))
	require.Equal(t, "142f3f2cdd8cbe0ea3a03bd3bc3c8d3b4a373e09570c4c58ffeaf43359799232", hex.EncodeToString(hash[:]))
}

func TestOpenRefuses(t *testing.T) {
	s, r := testSRS(), seeded(5)
	open := func(ctx context.Context, powers, elements, coordinates int, tr hyperkzg.Transcript) error {
		_, p, err := Open(ctx, s.powers[:powers], bn254.G1Affine{}, randomScalars(r, elements), randomScalars(r, coordinates), tr)
		if err != nil {
			require.Nil(t, p)
		}
		return err
	}
	ctx := context.Background()
	require.NoError(t, open(ctx, 8, 8, 3, newTranscript("a")))
	require.Error(t, open(ctx, 7, 8, 3, newTranscript("a")))
	require.Error(t, open(ctx, 8, 7, 3, newTranscript("a")))
	require.Error(t, open(ctx, 8, 8, 4, newTranscript("a")))
	require.Error(t, open(ctx, 8, 1, 0, newTranscript("a")))
	require.Error(t, open(ctx, 8, 0, 64, newTranscript("a")))
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, open(cancelled, 8, 8, 3, newTranscript("a")), context.Canceled)
	for _, x := range degenerate() {
		require.ErrorIs(t, open(ctx, 8, 8, 3, fixed{newTranscript("a"), x}), hyperkzg.ErrRejected)
	}
}

func degenerate() []fr.Element {
	minusOne := fr.One()
	minusOne.Neg(&minusOne)
	return []fr.Element{{}, fr.One(), minusOne}
}

func TestDegenerateChallenge(t *testing.T) {
	p := randomClaim(t, 3, "a")
	for _, x := range degenerate() {
		_, _, err := hyperkzg.Verify(p.commitment, p.point, p.y, p.proof, fixed{newTranscript("a"), x})
		require.ErrorIs(t, err, hyperkzg.ErrRejected)
		require.ErrorContains(t, err, "degenerate")
	}
}

// TestLies changes one thing at a time of a claim or its proof.
func TestLies(t *testing.T) {
	one, r := fr.One(), seeded(6)
	_, _, g, _ := bn254.Generators()
	for _, c := range []int{1, 2, 5} {
		p := randomClaim(t, c, "a")
		refused := func(name string, i int) {
			require.ErrorIs(t, p.verify("a"), hyperkzg.ErrRejected, "%s %d of %d coordinates", name, i, c)
		}
		scalars, points := parts(p)
		for name, list := range scalars {
			for i, x := range list {
				honest := *x
				x.Add(x, &one)
				refused(name, i)
				*x = randomScalar(r)
				refused(name, i)
				*x = honest
			}
		}
		for name, list := range points {
			for i, x := range list {
				honest := *x
				var next, minus, random bn254.G1Affine
				next.Add(&honest, &g)
				minus.Neg(&honest)
				random.ScalarMultiplication(&g, big.NewInt(r.Int64()))
				for _, lie := range []bn254.G1Affine{next, minus, random, {}} {
					if *x = lie; lie != honest {
						refused(name, i)
					}
				}
				*x = honest
			}
		}
		folds := p.proof.Folds
		for i := range folds {
			for j := range i {
				folds[i], folds[j] = folds[j], folds[i]
				refused("swapped folds", i)
				folds[i], folds[j] = folds[j], folds[i]
			}
		}
		require.NoError(t, p.verify("a"))
	}
}

// parts returns all scalars and points that a verifier is given.
func parts(c *claim) (scalars map[string][]*fr.Element, points map[string][]*bn254.G1Affine) {
	p := c.proof
	scalars = map[string][]*fr.Element{
		"value": {&c.y}, "point": pointers(c.point),
		"plus": pointers(p.Plus), "minus": pointers(p.Minus), "square": {&p.Square},
	}
	points = map[string][]*bn254.G1Affine{
		"commitment": {&c.commitment}, "fold": pointers(p.Folds),
		"quotient": {&p.Quotient}, "opening": {&p.Opening},
	}
	return scalars, points
}

func pointers[T any](list []T) (p []*T) {
	for i := range list {
		p = append(p, &list[i])
	}
	return p
}

func TestMalformed(t *testing.T) {
	p := randomClaim(t, 3, "a")
	malformed := func() { t.Helper(); require.ErrorIs(t, p.verify("a"), hyperkzg.ErrMalformed) }
	_, points := parts(p)
	for _, list := range points {
		for _, x := range list {
			honest := *x
			x.Y.Double(&x.Y)
			malformed()
			*x = honest
		}
	}
	honest := *p.proof
	for _, change := range []func(*hyperkzg.Proof){
		func(q *hyperkzg.Proof) { q.Folds = q.Folds[:1] },
		func(q *hyperkzg.Proof) { q.Folds = append(slices.Clone(q.Folds), q.Folds[0]) },
		func(q *hyperkzg.Proof) { q.Plus = q.Plus[:2] },
		func(q *hyperkzg.Proof) { q.Minus = append(slices.Clone(q.Minus), fr.Element{}) },
		func(q *hyperkzg.Proof) { *q = hyperkzg.Proof{} },
	} {
		change(p.proof)
		malformed()
		*p.proof = honest
	}
	point := p.point
	for _, p.point = range [][]fr.Element{nil, point[:2], append(slices.Clone(point), fr.Element{})} {
		malformed()
	}
	p.point, p.proof = point, nil
	malformed()
}

// Every truncation fails to decode; every flipped bit makes bytes that do not decode, or a
// proof that is refused. The trapdoor replaces the pairing here, which would take seconds.
func TestFlippedBits(t *testing.T) {
	tau := testSRS().tau.BigInt(new(big.Int))
	accepts := func(p *claim, proof *hyperkzg.Proof) bool {
		left, right, err := hyperkzg.Verify(p.commitment, p.point, p.y, proof, newTranscript("a"))
		right.ScalarMultiplication(&right, tau)
		return err == nil && left == right
	}
	for c := 1; c <= 2; c++ {
		p := randomClaim(t, c, "a")
		data := p.proof.AppendTo(nil)
		require.True(t, accepts(p, p.proof))
		for n := range data {
			_, _, err := hyperkzg.Decode(data[:n], c)
			require.ErrorIs(t, err, hyperkzg.ErrMalformed)
		}
		decoded := 0
		for bit := range 8 * len(data) {
			flipped := slices.Clone(data)
			flipped[bit/8] ^= 1 << (bit % 8)
			if q, rest, err := hyperkzg.Decode(flipped, c); err == nil {
				decoded++
				require.Empty(t, rest)
				require.False(t, accepts(p, q), "bit %d", bit)
			}
		}
		require.Greater(t, decoded, 2*len(data))
	}
}

func BenchmarkOpen(b *testing.B) {
	s := newSRS(1 << 17)
	for _, c := range []int{12, 15, 17} {
		b.Run(fmt.Sprint(c), func(b *testing.B) {
			r := seeded(9)
			v, point := randomScalars(r, 1<<c), randomScalars(r, c)
			for b.Loop() {
				_, _, err := Open(context.Background(), s.powers, bn254.G1Affine{}, v, point, newTranscript("a"))
				require.NoError(b, err)
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	p := randomClaim(b, 12, "a")
	for b.Loop() {
		_, _, err := hyperkzg.Verify(p.commitment, p.point, p.y, p.proof, newTranscript("a"))
		require.NoError(b, err)
	}
}
