package msm

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// scalarKinds draw scalars of the sizes a prover meets.
var scalarKinds = map[string]func(*rand.Rand) fr.Element{
	"full": randomScalar,
	"edge": func(r *rand.Rand) fr.Element {
		edge := []string{"0", "1", "-1", "2", "-2", "127", "-128", "255", "256", "65535", "-65536", "4294967295", "4294967296",
			"10944121435919637611123202872628637544274182200208017171849102093287904247808", // (r-1)/2
			"10944121435919637611123202872628637544274182200208017171849102093287904247809", // (r+1)/2
			"21888242871839275222246405745257275088548364400416034343698204186575808495616"} // r-1
		var s fr.Element
		s.SetString(edge[r.IntN(len(edge))])
		return s
	},
	"u8":   func(r *rand.Rand) fr.Element { return fr.NewElement(r.Uint64N(1 << 8)) },
	"s8":   func(r *rand.Rand) fr.Element { return small(r, 1<<7) },
	"s17":  func(r *rand.Rand) fr.Element { return small(r, 1<<17) },
	"u64":  func(r *rand.Rand) fr.Element { return fr.NewElement(r.Uint64()) },
	"bool": func(r *rand.Rand) fr.Element { return fr.NewElement(r.Uint64N(2)) },
	"few":  func(r *rand.Rand) fr.Element { return repeated(r.IntN(20)) },
	"bits": func(r *rand.Rand) (s fr.Element) { // a power of two, give or take one
		v := new(big.Int).Lsh(big.NewInt(1), uint(r.IntN(255)))
		v.Add(v, big.NewInt(int64(r.IntN(3)-1)))
		s.SetBigInt(v)
		return s
	},
}

func small(r *rand.Rand, bound int64) (s fr.Element) {
	s.SetInt64(r.Int64N(2*bound) - bound)
	return s
}

func randomScalar(r *rand.Rand) (s fr.Element) {
	for i := range s {
		s[i] = r.Uint64()
	}
	s[3] >>= 3 // below 2^253 < r, uniform enough
	return s
}

// repeated returns the i-th of a list of full-size scalars, or its negative.
func repeated(i int) (s fr.Element) {
	s.SetUint64(uint64(i/2 + 3)).Inverse(&s)
	if i%2 == 1 {
		s.Neg(&s)
	}
	return s
}

// testPoints returns n multiples of the generators.
func testPoints(n int) ([]bn254.G1Affine, []bn254.G2Affine) {
	_, _, g1, g2 := bn254.Generators()
	s := make([]fr.Element, n)
	r := rand.New(rand.NewPCG(1, uint64(n)))
	for i := range s {
		s[i] = randomScalar(r)
	}
	return bn254.BatchScalarMultiplicationG1(&g1, s), bn254.BatchScalarMultiplicationG2(&g2, s)
}

// hostile replaces points by infinity, and by copies and negatives of others.
func hostile(r *rand.Rand, p []bn254.G1Affine, q []bn254.G2Affine) {
	for i := range p {
		j := r.IntN(len(p))
		switch r.IntN(8) {
		case 0:
			p[i], q[i] = bn254.G1Affine{}, bn254.G2Affine{}
		case 1:
			p[i], q[i] = p[j], q[j]
		case 2:
			p[i].Neg(&p[j])
			q[i].Neg(&q[j])
		}
	}
}

// check compares both groups' sums with gnark-crypto's.
func check(t *testing.T, p []bn254.G1Affine, q []bn254.G2Affine, s []fr.Element) {
	t.Helper()
	var got1, want1 bn254.G1Affine
	var got2, want2 bn254.G2Affine
	require.NoError(t, Run(context.Background(), G1(&got1, p, s), G2(&got2, q, s)))
	_, err := want1.MultiExp(p, s, ecc.MultiExpConfig{})
	require.NoError(t, err)
	_, err = want2.MultiExp(q, s, ecc.MultiExpConfig{})
	require.NoError(t, err)
	require.Equal(t, want1, got1)
	require.Equal(t, want2, got2)
}

func TestAgainstGnark(t *testing.T) {
	for kind, draw := range scalarKinds {
		for _, n := range []int{0, 1, 2, 3, 17, 300, 2000} {
			t.Run(fmt.Sprintf("%s/%d", kind, n), func(t *testing.T) {
				r := rand.New(rand.NewPCG(7, uint64(n)))
				p, q := testPoints(n)
				s := make([]fr.Element, n)
				for i := range s {
					s[i] = draw(r)
				}
				check(t, p, q, s)
				hostile(r, p, q)
				check(t, p, q, s)
			})
		}
	}
}

// TestManyPoints has scalars of all sizes in several parts, and windows that cores share.
func TestManyPoints(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	p, q := testPoints(2000)
	const n = 2*splitPart + 77
	points1 := make([]bn254.G1Affine, n)
	for i := range points1 {
		points1[i] = p[i%len(p)]
	}
	for _, kinds := range [][]string{{"full"}, {"full", "bool"}, {"s8", "s17", "u64"}, {"full", "edge", "bits", "few"}} {
		r := rand.New(rand.NewPCG(8, 8))
		s := make([]fr.Element, n)
		for i := range s {
			s[i] = scalarKinds[kinds[r.IntN(len(kinds))]](r)
		}
		var want bn254.G1Affine
		_, err := want.MultiExp(points1, s, ecc.MultiExpConfig{})
		require.NoError(t, err)
		for _, cores := range []int{1, 2, 3, 5, 40} {
			runtime.GOMAXPROCS(cores)
			var got bn254.G1Affine
			require.NoError(t, Run(context.Background(), G1(&got, points1, s)))
			require.Equal(t, want, got, "%s on %d cores", kinds, cores)
		}
		check(t, points1[:len(q)], q, s[:len(q)])
	}
}

// TestIntegers compares sums by integers with those by field elements.
func TestIntegers(t *testing.T) {
	p, _ := testPoints(3000)
	r := rand.New(rand.NewPCG(9, 9))
	for _, bits := range []int{1, 8, 17, 40, 63} {
		long, short, s := make([]int64, len(p)), make([]int32, len(p)), make([]fr.Element, len(p))
		for i := range long {
			switch long[i] = r.Int64() >> (63 - bits); r.IntN(5) {
			case 0:
				long[i] = 0
			case 1, 2:
				long[i] = -long[i]
			case 3:
				long[i] |= 1<<bits - 1
			}
			short[i] = int32(long[i])
			s[i].SetInt64(long[i])
		}
		s32 := make([]fr.Element, len(p))
		short[7] = math.MinInt32
		for i := range short {
			s32[i].SetInt64(int64(short[i]))
		}
		var got, want, got32, want32 bn254.G1Affine
		require.NoError(t, Run(context.Background(), G1Integers(&got, p, long), G1(&want, p, s), G1Integers(&got32, p, short), G1(&want32, p, s32)))
		require.Equal(t, want, got)
		require.Equal(t, want32, got32)
	}
	require.Panics(t, func() { G1Integers(new(bn254.G1Affine), p, []int64{1}) })
}

// TestOnePoint adds the same point, and the point and its negative, many times.
func TestOnePoint(t *testing.T) {
	const n = 3 * chunk
	p, q := testPoints(1)
	points1, points2, s := make([]bn254.G1Affine, n), make([]bn254.G2Affine, n), make([]fr.Element, n)
	for i := range s {
		points1[i], points2[i] = p[0], q[0]
		s[i].SetInt64(5)
	}
	check(t, points1, points2, s)
	for i := range s {
		if i%2 == 1 {
			s[i].SetInt64(-5)
		}
	}
	check(t, points1, points2, s)
}

func TestMagnitude(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, draw := range scalarKinds {
		for range 200 {
			s := draw(r)
			v, negative := magnitude(&s)
			require.LessOrEqual(t, v.bitLen(), scalarBits)
			var back fr.Element
			back.SetBigInt(v.big())
			if negative {
				back.Neg(&back)
			}
			require.Equal(t, s, back)
		}
	}
}

func (v integer) big() *big.Int {
	x := new(big.Int)
	for i := 3; i >= 0; i-- {
		x.Lsh(x, 64).Or(x, new(big.Int).SetUint64(v[i]))
	}
	return x
}

// TestDigits checks Σ digit·2^(c·w) = v for every digit size.
func TestDigits(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for c := uint(2); c <= 17; c++ {
		for _, bitLen := range []int{1, 2, 8, 16, 31, 64, 128, scalarBits} {
			d := newDigits(bitLen, c)
			for i := range 50 {
				v := integer{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64()}
				if i == 0 {
					v = integer{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}
				}
				want := new(big.Int).And(v.big(), new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), uint(bitLen)), big.NewInt(1)))
				var f integer
				for k, word := range want.Bits() {
					f[k] = uint64(word)
				}
				f = d.recode(f)
				got := new(big.Int)
				for w := int(d.windows) - 1; w >= 0; w-- {
					var digit [1]uint32
					d.window(digit[:], []integer{f}, uint(w))
					require.LessOrEqual(t, digit[0]>>1, uint32(1)<<(c-1))
					got.Lsh(got, c)
					x := big.NewInt(int64(digit[0] >> 1))
					if digit[0]&1 == 1 {
						x.Neg(x)
					}
					got.Add(got, x)
				}
				require.Zero(t, want.Cmp(got), "c=%d bits=%d", c, bitLen)
			}
		}
	}
}

func TestRunCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	ran := 0
	err := Run(ctx, func(w *Worker) {
		cancel()
		w.Spawn(func(*Worker) { ran++ })
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, ran)
}

// FuzzG1 draws points and scalars from bytes and holds the result against
// gnark-crypto's.
func FuzzG1(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 2, 1, 3, 255})
	f.Add([]byte{5, 5, 5, 5, 133, 133, 5, 200})
	pool, _ := testPoints(8)
	f.Fuzz(func(t *testing.T, data []byte) {
		var points []bn254.G1Affine
		var scalars []fr.Element
		for ; len(data) >= 2; data = data[2:] {
			p := pool[data[0]%8]
			if data[0]&8 != 0 {
				p.Neg(&p)
			}
			if data[0]&112 == 112 {
				p = bn254.G1Affine{}
			}
			s := repeated(int(data[1]))
			if data[1]&1 == 0 {
				s.SetInt64(int64(int8(data[1])) * int64(data[0]))
			}
			points, scalars = append(points, p), append(scalars, s)
		}
		var got, want bn254.G1Affine
		require.NoError(t, Run(context.Background(), G1(&got, points, scalars)))
		_, err := want.MultiExp(points, scalars, ecc.MultiExpConfig{})
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
}

func BenchmarkG1(b *testing.B) {
	p, _ := testPoints(1 << 15)
	for len(p) < 1<<17 {
		p = append(p, p...)
	}
	r := rand.New(rand.NewPCG(5, 5))
	for _, kind := range []string{"full", "u8", "s8", "s17", "few"} {
		s := make([]fr.Element, len(p))
		for i := range s {
			s[i] = scalarKinds[kind](r)
		}
		b.Run(kind+"/nnark", func(b *testing.B) {
			for b.Loop() {
				var sum bn254.G1Affine
				if err := Run(context.Background(), G1(&sum, p, s)); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(kind+"/gnark", func(b *testing.B) {
			for b.Loop() {
				var sum bn254.G1Affine
				if _, err := sum.MultiExp(p, s, ecc.MultiExpConfig{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
