package simd

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// atLevels runs a test with the kernels of each level that the processor supports.
func atLevels(t *testing.T, f func(t *testing.T)) {
	best := level
	defer func() { level = best }()
	for _, l := range levels() {
		level = l
		t.Run(l, f)
	}
}

// testPoints returns n points in each group, among them infinity, copies and
// negatives.
func testPoints(r *rand.Rand, n int) ([]bn254.G1Affine, []bn254.G2Affine) {
	_, _, b1, b2 := bn254.Generators()
	s := make([]fr.Element, n)
	for i := range s {
		switch r.IntN(6) {
		case 0: // infinity
		case 1:
			s[i].SetInt64(r.Int64N(8) - 4)
		case 2:
			s[i].Neg(&s[r.IntN(n)])
		default:
			s[i].SetUint64(r.Uint64())
		}
	}
	return bn254.BatchScalarMultiplicationG1(&b1, s), bn254.BatchScalarMultiplicationG2(&b2, s)
}

func randomPairs(r *rand.Rand, n, points int) []Pair {
	pairs := make([]Pair, n)
	for i, out := range r.Perm(n) {
		pairs[i] = Pair{A: r.Uint32N(2 * uint32(points)), B: r.Uint32N(2 * uint32(points)), Out: uint32(out)}
	}
	return pairs
}

func TestAdd(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		for _, n := range []int{0, 1, 2, 7, 8, 9, 15, 16, 500, 513, 1024, 1031, 2500} {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				r := rand.New(rand.NewPCG(1, uint64(n)))
				p, q := testPoints(r, 200)
				pairs := randomPairs(r, n, 200)
				out1, out2 := make([]bn254.G1Affine, n), make([]bn254.G2Affine, n)
				AddG1(out1, p, p, pairs)
				AddG2(out2, q, q, pairs)
				for _, x := range pairs {
					a, b := g1At(p, x.A), g1At(p, x.B)
					require.Equal(t, *a.Add(&a, &b), out1[x.Out], "%+v", x)
					c, d := g2At(q, x.A), g2At(q, x.B)
					require.Equal(t, *c.Add(&c, &d), out2[x.Out], "%+v", x)
				}
			})
		}
	})
}

// TestAddInPlace overwrites one of the operands of each addition.
func TestAddInPlace(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		const n = 1100
		r := rand.New(rand.NewPCG(2, 2))
		p, q := testPoints(r, 2*n)
		pairs := make([]Pair, n)
		perm := r.Perm(2 * n)
		for i := range pairs {
			a, b := uint32(perm[2*i]), uint32(perm[2*i+1])
			pairs[i] = Pair{A: 2*a + r.Uint32N(2), B: 2*b + r.Uint32N(2), Out: []uint32{a, b}[r.IntN(2)]}
		}
		p0, q0 := append([]bn254.G1Affine{}, p...), append([]bn254.G2Affine{}, q...)
		AddG1(p, p, p, pairs)
		AddG2(q, q, q, pairs)
		for _, x := range pairs {
			a, b := g1At(p0, x.A), g1At(p0, x.B)
			require.Equal(t, *a.Add(&a, &b), p[x.Out])
			c, d := g2At(q0, x.A), g2At(q0, x.B)
			require.Equal(t, *c.Add(&c, &d), q[x.Out])
		}
	})
}

// TestAddOutOfRange checks that bad indices panic rather than touch memory.
func TestAddOutOfRange(t *testing.T) {
	atLevels(t, func(t *testing.T) {
		p, _ := testPoints(rand.New(rand.NewPCG(3, 3)), 20)
		for _, bad := range []Pair{{A: 40}, {B: 40}, {Out: 20}, {A: 1<<32 - 1}} {
			for at := range 21 {
				pairs := make([]Pair, 21)
				pairs[at] = bad
				require.Panics(t, func() { AddG1(p, p, p, pairs) })
			}
		}
	})
}

func BenchmarkAddG2(b *testing.B) {
	r := rand.New(rand.NewPCG(4, 4))
	_, _, _, base := bn254.Generators()
	s := make([]fr.Element, 1<<12)
	for i := range s {
		s[i].SetUint64(r.Uint64())
	}
	p := bn254.BatchScalarMultiplicationG2(&base, s)
	out := make([]bn254.G2Affine, 1024)
	pairs := randomPairs(r, 1024, len(p))
	for b.Loop() {
		AddG2(out, p, p, pairs)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/addition")
}

func BenchmarkAddG1(b *testing.B) {
	r := rand.New(rand.NewPCG(4, 4))
	_, _, base, _ := bn254.Generators()
	s := make([]fr.Element, 1<<13)
	for i := range s {
		s[i].SetUint64(r.Uint64())
	}
	p := bn254.BatchScalarMultiplicationG1(&base, s)
	out := make([]bn254.G1Affine, 1024)
	pairs := randomPairs(r, 1024, len(p))
	for i := range pairs {
		pairs[i].Out = uint32(i)
	}
	for b.Loop() {
		AddG1(out, p, p, pairs)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/addition")
}
