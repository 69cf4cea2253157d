package simd

import (
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
)

// batchG1 is the scratch space of one batch. For each addition P + Q it holds
// the denominator and numerator of the slope, P, and the sum of the abscissas.
type batchG1 struct {
	den, num, x1, y1, sx [batch]fp.Element
	tree                 [2 * batch]fp.Element
	given                []givenG1
}

// givenG1 is an addition whose result needs no field operation.
type givenG1 struct {
	pair int
	sum  bn254.G1Affine
}

// add performs at most batch additions by the chord and tangent formulas:
//
//	x3 = λ² - x1 - x2,  y3 = λ(x1 - x3) - y1
//	λ = (y2-y1)/(x2-x1), or 3x1²/2y1 to double
func (s *batchG1) add(dst, a, b []bn254.G1Affine, pairs []Pair) {
	n := len(pairs)
	s.given = s.given[:0]
	for k := range pairs {
		p, q := g1At(a, pairs[k].A), g1At(b, pairs[k].B)
		s.x1[k], s.y1[k] = p.X, p.Y
		s.sx[k].Add(&p.X, &q.X)
		s.den[k].Sub(&q.X, &p.X)
		s.num[k].Sub(&q.Y, &p.Y)
		if s.den[k].IsZero() || p.IsInfinity() || q.IsInfinity() {
			s.special(k, &p, &q)
		}
	}
	den, num, x1, y1, sx := fp.Vector(s.den[:n]), fp.Vector(s.num[:n]), fp.Vector(s.x1[:n]), fp.Vector(s.y1[:n]), fp.Vector(s.sx[:n])
	invertAll(den, s.tree[:])
	mulVector(num, num, den)
	x3, y3 := den, sx
	mulVector(x3, num, num)
	subVector(x3, x3, sx)
	subVector(y3, x1, x3)
	mulVector(y3, y3, num)
	subVector(y3, y3, y1)
	for k := range pairs {
		dst[pairs[k].Out] = bn254.G1Affine{X: x3[k], Y: y3[k]}
	}
	for i := range s.given {
		dst[pairs[s.given[i].pair].Out] = s.given[i].sum
	}
}

// special prepares an addition the chord formula does not cover.
func (s *batchG1) special(k int, p, q *bn254.G1Affine) {
	switch {
	case p.IsInfinity():
		s.given = append(s.given, givenG1{k, *q})
	case q.IsInfinity():
		s.given = append(s.given, givenG1{k, *p})
	case !s.num[k].IsZero(): // opposite points
		s.given = append(s.given, givenG1{pair: k})
	default:
		s.den[k].Double(&p.Y) // not zero: the group has odd order
		s.num[k].Square(&p.X)
		var twice fp.Element
		twice.Double(&s.num[k])
		s.num[k].Add(&s.num[k], &twice)
		return
	}
	s.den[k].SetOne()
}
