package simd

import (
	"encoding/binary"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// edgeCoordinate returns a non-zero field element whose words, half of the time,
// lie at the edges of limbs or of the field.
func edgeCoordinate(r *rand.Rand) (e fp.Element) {
	for e.IsZero() {
		p := fp.Modulus()
		v := new(big.Int).Lsh(big.NewInt(1), uint(r.IntN(254)))
		switch r.IntN(6) {
		case 0:
			v.Sub(v, big.NewInt(1))
		case 1:
			v.Sub(p, v)
		case 2:
			v.Sub(p, big.NewInt(1+int64(r.IntN(3))))
		default:
			for i := range e {
				e[i] = r.Uint64()
			}
			e[3] >>= 3
			continue
		}
		v.Mod(v, p)
		for i, w := range v.Bits() { // v is the stored form
			e[i] = uint64(w)
		}
	}
	return e
}

// TestEdgeCoordinates compares the levels on points whose coordinates are any
// field elements. The formulas do not ask whether a point is on the curve.
func TestEdgeCoordinates(t *testing.T) {
	best := level
	defer func() { level = best }()
	const n = 4096
	r := rand.New(rand.NewPCG(5, 5))
	p, q := make([]bn254.G1Affine, n), make([]bn254.G2Affine, n)
	for i := range p {
		p[i] = bn254.G1Affine{X: edgeCoordinate(r), Y: edgeCoordinate(r)}
		q[i].X.A0, q[i].X.A1, q[i].Y.A0, q[i].Y.A1 = edgeCoordinate(r), edgeCoordinate(r), edgeCoordinate(r), edgeCoordinate(r)
	}
	pairs := randomPairs(r, n, n)
	want1, want2 := make([]bn254.G1Affine, n), make([]bn254.G2Affine, n)
	addG1Generic(want1, p, p, pairs)
	addG2Generic(want2, q, q, pairs)
	for _, l := range levels() {
		level = l
		got1, got2 := make([]bn254.G1Affine, n), make([]bn254.G2Affine, n)
		AddG1(got1, p, p, pairs)
		AddG2(got2, q, q, pairs)
		require.Equal(t, want1, got1, l)
		require.Equal(t, want2, got2, l)
	}
}

// FuzzAdd takes additions among a few points and their negatives from bytes.
func FuzzAdd(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19})
	f.Add([]byte{2, 2, 2, 3, 3, 2, 0, 0, 0, 2, 2, 0, 4, 4, 5, 4, 6, 7, 8, 8, 1, 1})
	r := rand.New(rand.NewPCG(6, 6))
	p, q := testPoints(r, 16)
	f.Fuzz(func(t *testing.T, data []byte) {
		var pairs []Pair
		for ; len(data) >= 2; data = data[2:] {
			pairs = append(pairs, Pair{uint32(data[0] % 32), uint32(data[1] % 32), uint32(len(pairs))})
		}
		out1, out2 := make([]bn254.G1Affine, len(pairs)), make([]bn254.G2Affine, len(pairs))
		AddG1(out1, p, p, pairs)
		AddG2(out2, q, q, pairs)
		for i, x := range pairs {
			a, b := g1At(p, x.A), g1At(p, x.B)
			require.Equal(t, *a.Add(&a, &b), out1[i])
			c, d := g2At(q, x.A), g2At(q, x.B)
			require.Equal(t, *c.Add(&c, &d), out2[i])
		}
	})
}

// FuzzTransform takes a polynomial of 32 elements from bytes.
func FuzzTransform(f *testing.F) {
	f.Add(make([]byte, 32*8), uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		v := testVector(rand.New(rand.NewPCG(seed, 1)), 32)
		for i := range v {
			if len(data) < 32 {
				break
			}
			for k := range v[i] {
				v[i][k] = binary.LittleEndian.Uint64(data[8*k:])
			}
			v[i][3] >>= 3
			data = data[32:]
		}
		d := NewDomain(32)
		p, want := d.Poly(v), &genericPoly{d: genericDomain(32), v: append(fr.Vector{}, v...)}
		got := make(fr.Vector, 32)
		for _, op := range []func(Poly){Poly.Inverse, Poly.Forward, Poly.Forward, Poly.Inverse} {
			op(p)
			op(want)
			p.Store(got)
			require.Equal(t, want.v, got)
		}
	})
}

func genericDomain(n int) *Domain {
	best := level
	defer func() { level = best }()
	level = generic
	return NewDomain(n)
}
