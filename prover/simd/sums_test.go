package simd

import (
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// edgeElement is a field element whose limbs are at an edge half of the time.
func edgeElement(r *rand.Rand) (x fr.Element) {
	v := new(big.Int).Lsh(big.NewInt(1), uint(r.IntN(254)))
	switch r.IntN(6) {
	case 0:
		v.Sub(v, big.NewInt(1))
	case 1:
		v.Sub(fr.Modulus(), v)
	case 2:
		v.Sub(fr.Modulus(), big.NewInt(1+int64(r.IntN(3))))
	case 3:
		v.SetInt64(int64(r.IntN(2)))
	default:
		for range 5 {
			v.Lsh(v, 64).Add(v, new(big.Int).SetUint64(r.Uint64()))
		}
	}
	v.Mod(v, fr.Modulus())
	for i, w := range v.Bits() { // v is the stored form
		x[i] = uint64(w)
	}
	return x
}

var edgeFactors = []int32{0, 1, -1, 2, -7, 255, 1 << 20, math.MaxInt32, math.MinInt32, math.MinInt32 + 1}

func edgeFactor(r *rand.Rand) int32 {
	if r.IntN(2) == 0 {
		return int32(r.Uint32())
	}
	return edgeFactors[r.IntN(len(edgeFactors))]
}

func multiple(x fr.Element, w int32) fr.Element {
	var y fr.Element
	return *y.Mul(&x, y.SetInt64(int64(w)))
}

// TestSums compares sums with the field's, at all alignments.
func TestSums(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(6, 6))
		for _, n := range []int{0, 1, 7, 8, 9, 64, 131} {
			s, want := NewSums(n), make([]fr.Element, n)
			for range 200 {
				at := r.IntN(n + 1)
				if r.IntN(2) == 0 {
					at &^= 7
				}
				w, x := make([]int32, r.IntN(n-at+1)), edgeElement(r)
				for k := range w {
					w[k] = edgeFactor(r)
					y := multiple(x, w[k])
					want[at+k].Add(&want[at+k], &y)
				}
				s.Add(at, w, &x)
			}
			for k := range want {
				require.Equal(t, want[k], s.Value(k), "sum %d of %d", k, n)
			}
			require.Panics(t, func() { s.Add(n, []int32{1}, new(fr.Element)) })
			require.Panics(t, func() { s.Add(0, make([]int32, n+8), new(fr.Element)) })
		}
	})
}

// TestManySums adds the largest products more often than accumulators take them.
func TestManySums(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		const times = 10000
		var x fr.Element
		x.SetOne()
		for x[3] < 0x3064<<48 { // near the modulus, by its limbs
			x.Double(&x)
		}
		for _, factor := range []int32{math.MaxInt32, math.MinInt32} {
			w := make([]int32, 8)
			for k := range w {
				w[k] = factor
			}
			s := NewSums(8)
			for range times {
				s.Add(0, w, &x)
			}
			want := multiple(multiple(x, factor), times)
			for k := range w {
				require.Equal(t, want, s.Value(k))
			}
		}
	})
}

// TestDot compares sums of products with the field's.
func TestDot(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		r := rand.New(rand.NewPCG(7, 7))
		for _, n := range []int{0, 1, 7, 8, 9, 100, 40000} {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				v := make([]fr.Element, n)
				for k := range v {
					v[k] = edgeElement(r)
				}
				f := NewFactors(v)
				for i := range 50 {
					at := r.IntN(n + 1)
					if i%2 == 0 {
						at &^= 7
					}
					if i == 0 {
						at = 0
					}
					w, want := make([]int32, r.IntN(n-at+1)), fr.Element{}
					if i == 0 {
						w = make([]int32, n)
					}
					for k := range w {
						w[k] = edgeFactor(r)
						if i == 2 {
							w[k] = math.MinInt32
						}
						y := multiple(v[at+k], w[k])
						want.Add(&want, &y)
					}
					require.Equal(t, want, f.Dot(at, w))
				}
				require.Panics(t, func() { f.Dot(n, make([]int32, 1)) })
			})
		}
	})
}

// TestLongDot has more products near 2^52 than an accumulator takes.
func TestLongDot(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		v, w := make([]fr.Element, 40000), make([]int32, 40000)
		for k := range v {
			v[k], w[k] = fr.Element{1}, -1
		}
		require.Equal(t, multiple(v[0], int32(-len(v))), NewFactors(v).Dot(0, w))
	})
}

func BenchmarkSums(b *testing.B) {
	r := rand.New(rand.NewPCG(8, 8))
	w, v := make([]int32, 1<<13), make([]fr.Element, 1<<13)
	for k := range w {
		w[k], v[k] = int32(r.IntN(2000))-1000, edgeElement(r)
	}
	b.Run("add", func(b *testing.B) {
		s := NewSums(len(w))
		for b.Loop() {
			s.Add(0, w, &v[0])
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(w)), "ns/multiple")
	})
	b.Run("dot", func(b *testing.B) {
		f := NewFactors(v)
		for b.Loop() {
			f.Dot(0, w)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(w)), "ns/multiple")
	})
}
