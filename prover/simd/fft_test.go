package simd

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	"github.com/stretchr/testify/require"
)

// testVector returns elements, often extreme ones: 0, 1, r-1, single bits and
// words of all ones.
func testVector(r *rand.Rand, n int) fr.Vector {
	v := make(fr.Vector, n)
	kind := r.IntN(3)
	for i := range v {
		switch {
		case kind == 0 || r.IntN(3) == 0:
			for k := range v[i] {
				v[i][k] = r.Uint64()
			}
			v[i][3] >>= 3
		case kind == 1:
			v[i].SetOne().Neg(&v[i]) // r-1
		default:
			v[i] = [...]fr.Element{{}, {1}, {0, 0, 0, 1 << 60}, {^uint64(0), ^uint64(0), ^uint64(0), 1<<61 - 1},
				{^uint64(0)}, {1<<52 - 1}, minusOneWords}[r.IntN(7)]
		}
	}
	return v
}

// minusOneWords has the largest words an element can: r-1.
var minusOneWords = fr.Element{4891460686036598784, 2896914383306846353, 13281191951274694749, 3486998266802970665}

func TestTransforms(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, n := range []int{1, 2, 4, 8, 16, 32, 64, 512, 1024, 4096, 1 << 15} {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				for seed := range uint64(6) {
					r := rand.New(rand.NewPCG(seed, uint64(n)))
					testTransform(t, r, n)
				}
			})
		}
	})
}

// TestLargeTransform lets the bounds of the vector code grow as far as they do in
// practice, from elements as large as they can be.
func TestLargeTransform(t *testing.T) {
	const n = 1 << 18
	v := make(fr.Vector, n)
	for i := range v {
		v[i] = minusOneWords
	}
	q := genericPoly{d: genericDomain(n), v: append(fr.Vector{}, v...)}
	for range 2 {
		q.Inverse()
		q.Forward()
		q.Mul(&q)
	}
	atLevels(t, func(t *testing.T) {
		p, got := NewDomain(n).Poly(v), make(fr.Vector, n)
		for range 2 {
			p.Inverse()
			p.Forward()
			p.Mul(p)
		}
		p.Store(got)
		require.True(t, slices.Equal(q.v, got))
	})
}

// testTransform compares a chain of operations with gnark-crypto's.
func testTransform(t *testing.T, r *rand.Rand, n int) {
	d, want := NewDomain(n), fft.NewDomain(uint64(n))
	a, b, table := testVector(r, n), testVector(r, n), testVector(r, n)
	var scale fr.Element
	scale.SetUint64(uint64(n))
	x := testVector(r, 1)[0]
	got := make(fr.Vector, n)
	p, q := d.Poly(a), d.Poly(b)

	p.Store(got)
	require.Equal(t, a, got)
	p.Inverse()
	p.Store(got)
	want.FFTInverse(a, fft.DIF)
	a.ScalarMul(a, &scale)
	require.Equal(t, a, got, "inverse")
	p.Forward()
	p.Store(got)
	want.FFT(a, fft.DIT)
	require.Equal(t, a, got, "forward")

	q.Forward() // wide
	want.FFT(b, fft.DIT)
	p.Forward()
	want.FFT(a, fft.DIT)
	p.Mul(q)
	a.Mul(a, b)
	p.Store(got)
	require.Equal(t, a, got, "product")
	p.Sub(q)
	a.Sub(a, b)
	p.Store(got)
	require.Equal(t, a, got, "difference")
	p.Inverse()
	want.FFTInverse(a, fft.DIF)
	a.ScalarMul(a, &scale)
	p.MulTable(d.Table(table))
	a.Mul(a, table)
	p.Scale(&x)
	a.ScalarMul(a, &x)
	p.Forward()
	want.FFT(a, fft.DIT)
	p.Inverse() // of a wide polynomial
	want.FFTInverse(a, fft.DIF)
	a.ScalarMul(a, &scale)
	p.Store(got)
	require.Equal(t, a, got, "all")
}

// TestPolyPadding checks that missing elements are zero.
func TestPolyPadding(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(9, 9))
		d := NewDomain(64)
		for _, n := range []int{0, 1, 7, 8, 9, 63, 64} {
			v := testVector(r, n)
			got := make(fr.Vector, 64)
			d.Poly(v).Store(got)
			require.Equal(t, v, got[:n])
			require.Equal(t, make(fr.Vector, 64-n), got[n:])
		}
		require.Panics(t, func() { d.Poly(make(fr.Vector, 65)) })
		require.Panics(t, func() { d.Table(make(fr.Vector, 63)) })
		require.Panics(t, func() { d.Poly(nil).Store(make(fr.Vector, 63)) })
		require.Panics(t, func() { NewDomain(48) })
	})
}

func BenchmarkTransform(b *testing.B) {
	const n = 1 << 17
	v := testVector(rand.New(rand.NewPCG(1, 1)), n)
	b.Run("inverse/nnark", func(b *testing.B) {
		p := NewDomain(n).Poly(v)
		for b.Loop() {
			p.Inverse()
		}
	})
	b.Run("forward/nnark", func(b *testing.B) {
		p := NewDomain(n).Poly(v)
		for b.Loop() {
			p.Forward()
		}
	})
	d := fft.NewDomain(n)
	b.Run("inverse/gnark", func(b *testing.B) {
		for b.Loop() {
			d.FFTInverse(v, fft.DIF)
		}
	})
	b.Run("forward/gnark", func(b *testing.B) {
		for b.Loop() {
			d.FFT(v, fft.DIT)
		}
	})
}
