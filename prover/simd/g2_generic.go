package simd

import (
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
)

// column is a batch of elements of the quadratic extension.
type column struct{ a0, a1 [batch]fp.Element }

func (c *column) set(k int, z *bn254.E2) { c.a0[k], c.a1[k] = z.A0, z.A1 }
func (c *column) at(k int) bn254.E2      { return bn254.E2{A0: c.a0[k], A1: c.a1[k]} }

// batchG2 is batchG1 over the extension.
type batchG2 struct {
	den, num, x1, y1, sx column
	tree                 [2 * batch]fp.Element
	t0, t1, t2           [batch]fp.Element
	given                []givenG2
}

type givenG2 struct {
	pair int
	sum  bn254.G2Affine
}

func (s *batchG2) add(dst, a, b []bn254.G2Affine, pairs []Pair) {
	n := len(pairs)
	s.given = s.given[:0]
	for k := range pairs {
		p, q := g2At(a, pairs[k].A), g2At(b, pairs[k].B)
		var sx, den, num bn254.E2
		sx.Add(&p.X, &q.X)
		den.Sub(&q.X, &p.X)
		num.Sub(&q.Y, &p.Y)
		if den.IsZero() || p.IsInfinity() || q.IsInfinity() {
			s.special(k, &p, &q, &den, &num)
		}
		s.x1.set(k, &p.X)
		s.y1.set(k, &p.Y)
		s.sx.set(k, &sx)
		s.den.set(k, &den)
		s.num.set(k, &num)
	}
	s.invert(&s.den, n)
	s.mul(&s.num, &s.num, &s.den, n)
	x3, y3 := &s.den, &s.sx
	s.mul(x3, &s.num, &s.num, n)
	subColumn(x3, x3, &s.sx, n)
	subColumn(y3, &s.x1, x3, n)
	s.mul(y3, y3, &s.num, n)
	subColumn(y3, y3, &s.y1, n)
	for k := range pairs {
		dst[pairs[k].Out] = bn254.G2Affine{X: x3.at(k), Y: y3.at(k)}
	}
	for i := range s.given {
		dst[pairs[s.given[i].pair].Out] = s.given[i].sum
	}
}

// special prepares an addition the chord formula does not cover.
func (s *batchG2) special(k int, p, q *bn254.G2Affine, den, num *bn254.E2) {
	switch {
	case p.IsInfinity():
		s.given = append(s.given, givenG2{k, *q})
	case q.IsInfinity():
		s.given = append(s.given, givenG2{k, *p})
	case !num.IsZero(): // opposite points
		s.given = append(s.given, givenG2{pair: k})
	default:
		den.Double(&p.Y)
		num.Square(&p.X)
		var twice bn254.E2
		twice.Double(num)
		num.Add(num, &twice)
		return
	}
	den.SetOne()
}

// mul sets c to a·b in 𝔽p[u]/(u²+1) by Karatsuba's formula.
func (s *batchG2) mul(c, a, b *column, n int) {
	t0, t1, t2 := fp.Vector(s.t0[:n]), fp.Vector(s.t1[:n]), fp.Vector(s.t2[:n])
	addVector(t0, a.a0[:n], a.a1[:n])
	addVector(t1, b.a0[:n], b.a1[:n])
	mulVector(t2, t0, t1)
	mulVector(t0, a.a0[:n], b.a0[:n])
	mulVector(t1, a.a1[:n], b.a1[:n])
	subVector(c.a0[:n], t0, t1)
	subVector(t2, t2, t0)
	subVector(c.a1[:n], t2, t1)
}

// invert replaces the first n elements of c by their inverses: the conjugate
// over the norm, whose inverse is taken in the base field.
func (s *batchG2) invert(c *column, n int) {
	t0, t1, zero := fp.Vector(s.t0[:n]), fp.Vector(s.t1[:n]), fp.Vector(s.t2[:n])
	mulVector(t0, c.a0[:n], c.a0[:n])
	mulVector(t1, c.a1[:n], c.a1[:n])
	addVector(t0, t0, t1)
	invertAll(t0, s.tree[:])
	mulVector(c.a0[:n], c.a0[:n], t0)
	mulVector(t1, c.a1[:n], t0)
	clear(zero)
	subVector(c.a1[:n], zero, t1)
}

func subColumn(c, a, b *column, n int) {
	subVector(c.a0[:n], a.a0[:n], b.a0[:n])
	subVector(c.a1[:n], a.a1[:n], b.a1[:n])
}
