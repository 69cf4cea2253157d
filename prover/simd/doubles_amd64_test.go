//go:build amd64 && !purego

package simd

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

func needsAVX2(t *testing.T) {
	if !slices.Contains(levels(), avx2) {
		t.Skip("no AVX2")
	}
	best := level
	level = avx2
	t.Cleanup(func() { level = best })
}

// TestSumsNearModulus makes sums whose coordinates are next to a multiple of p, which the last limb
// alone does not tell apart from one on its other side: about one in 2^48 of random ones is.
func TestSumsNearModulus(t *testing.T) {
	needsAVX2(t)
	r := rand.New(rand.NewPCG(7, 7))
	const n = 600
	var near, want []bn254.G1Affine
	var pairs []Pair
	var p []bn254.G1Affine
	for x := int64(-40); len(near) < 20; x++ { // the words of these coordinates are small, or nearly p
		words := fp.Element{uint64(x)}
		if x < 0 {
			words = reduceWords([4]uint64{uint64(x), ^uint64(0), ^uint64(0), ^uint64(0)}, modulus)
		}
		var y fp.Element
		y.Square(&words).Mul(&y, &words)
		three := fp.NewElement(3)
		if y.Add(&y, &three); y.Sqrt(&y) != nil {
			near = append(near, bn254.G1Affine{X: words, Y: y})
		}
	}
	points, _ := testPoints(r, n)
	for i := range n {
		q := points[i]
		if q.IsInfinity() {
			_, _, q, _ = bn254.Generators()
		}
		sum := near[i%len(near)]
		var rest bn254.G1Affine
		rest.Sub(&sum, &q)
		p = append(p, q, rest)
		pairs = append(pairs, Pair{A: uint32(4 * i), B: uint32(4*i + 2), Out: uint32(i)})
		want = append(want, sum)
	}
	flagged := 0
	reduce := codeG1[avx2].reduce
	codeG1[avx2].reduce = func(p *bn254.G1Affine) { flagged++; reduce(p) }
	defer func() { codeG1[avx2].reduce = reduce }()
	got := make([]bn254.G1Affine, n)
	AddG1(got, p, p, pairs)
	require.Equal(t, want, got)
	require.Greater(t, flagged, n/4)
}

// TestReduceWords takes what the kernels leave at both sides of [0, p).
func TestReduceWords(t *testing.T) {
	for _, m := range [][4]uint64{modulus, order} {
		one := [4]uint64{1}
		last, _ := subWords(m, one)
		minusOne, _ := subWords([4]uint64{}, one)
		above, _ := addWords(m, one)
		require.Equal(t, last, reduceWords(minusOne, m))
		require.Equal(t, [4]uint64{}, reduceWords(m, m))
		require.Equal(t, one, reduceWords(above, m))
		require.Equal(t, last, reduceWords(last, m))
		require.Equal(t, [4]uint64{}, reduceWords([4]uint64{}, m))
	}
}

// TestRoundingMode runs the kernels on a thread that rounds towards zero, as foreign code may have
// left it, and expects them to leave it so.
func TestRoundingMode(t *testing.T) {
	needsAVX2(t)
	r := rand.New(rand.NewPCG(8, 8))
	p, q := testPoints(r, 64)
	pairs := randomPairs(r, 64, 64)
	v := testVector(r, 64)
	run := func() ([]bn254.G1Affine, []bn254.G2Affine, fr.Vector) {
		sum1, sum2, out := make([]bn254.G1Affine, 64), make([]bn254.G2Affine, 64), make(fr.Vector, 64)
		codeG1[avx2].add(sum1, p, p, pairs)
		codeG2[avx2].add(sum2, q, q, pairs)
		d := NewDomain(64).Poly(v)
		d.Inverse()
		d.Mul(d)
		d.Forward()
		d.Store(out)
		return sum1, sum2, out
	}
	want1, want2, want := run()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const towardsZero = 0x7f80
	old := swapControl(towardsZero)
	got1, got2, got := run()
	left := swapControl(old)
	require.EqualValues(t, towardsZero, left&^0x3f, "but for the flags of exceptions")
	require.Equal(t, want1, got1)
	require.Equal(t, want2, got2)
	require.Equal(t, want, got)
}

// TestDoubles takes elements to limbs of doubles and back.
func TestDoubles(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var limbs [doubleWords]uint64
	for _, e := range testVector(r, 2000) {
		toDoubles(limbs[:], e)
		require.Equal(t, [4]uint64(e), fromDoubles(limbs[:], order))
		for i := range 5 { // of the negative
			limbs[doubleLanes*i] ^= 1 << 63
		}
		var minus fr.Element
		minus.Neg(&e)
		require.Equal(t, [4]uint64(minus), fromDoubles(limbs[:], order))
	}
}
