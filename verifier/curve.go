package verifier

import (
	"math/bits"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// validG1 reports whether all points are in G1 and none is infinity.
func validG1(points ...bn254.G1Affine) bool {
	for i := range points {
		if points[i].IsInfinity() || !points[i].IsInSubGroup() {
			return false
		}
	}
	return true
}

// validG2 reports whether all points are in G2 and none is infinity.
func validG2(points ...bn254.G2Affine) bool {
	for i := range points {
		if points[i].IsInfinity() || !points[i].IsInSubGroup() {
			return false
		}
	}
	return true
}

func equalUpToSign(p, q *bn254.G2Affine) bool {
	var neg bn254.G2Affine
	neg.Neg(q)
	return p.Equal(q) || p.Equal(&neg)
}

// linearCombination is a sum of scaled points of G1, few enough for Straus'
// method to be the right one.
type linearCombination struct {
	points  []bn254.G1Affine
	scalars []fr.Element
}

func (l *linearCombination) add(p bn254.G1Affine, s fr.Element) {
	if !p.IsInfinity() && !s.IsZero() {
		l.points = append(l.points, p)
		l.scalars = append(l.scalars, s)
	}
}

// addAll adds every term of m times s.
func (l *linearCombination) addAll(m *linearCombination, s *fr.Element) {
	for i := range m.points {
		l.add(m.points[i], product(&m.scalars[i], s))
	}
}

// window is the number of bits that Straus' method takes at once; it divides 64.
const window = 4

func (l *linearCombination) sum() bn254.G1Affine {
	tables := make([][1<<window - 1]bn254.G1Jac, len(l.points)) // 1p, 2p, ...
	digits := make([][fr.Limbs]uint64, len(l.points))
	bitLen := 0
	for i := range l.points {
		t := &tables[i]
		t[0].FromAffine(&l.points[i])
		t[1].Double(&t[0])
		for j := 2; j < len(t); j++ {
			t[j].Set(&t[j-1]).AddMixed(&l.points[i])
		}
		digits[i] = l.scalars[i].Bits()
		for j, limb := range digits[i] {
			if limb != 0 {
				bitLen = max(bitLen, 64*j+bits.Len64(limb))
			}
		}
	}
	var acc bn254.G1Jac // infinity: Z = 0
	for bit := (bitLen + window - 1) / window * window; bit > 0; {
		for range window {
			acc.DoubleAssign()
		}
		bit -= window
		for i := range digits {
			if d := digits[i][bit/64] >> (bit % 64) & (1<<window - 1); d != 0 {
				acc.AddAssign(&tables[i][d-1])
			}
		}
	}
	var res bn254.G1Affine
	res.FromJacobian(&acc)
	return res
}

func scale(p *bn254.G1Affine, s *fr.Element) bn254.G1Affine {
	if s.IsOne() {
		return *p
	}
	var l linearCombination
	l.add(*p, *s)
	return l.sum()
}

// fixedLines are the Miller loop's lines for a fixed point of G2.
type fixedLines = [2][len(bn254.LoopCounter)]bn254.LineEvaluationAff

// millerLoopFixed computes the Miller loop over the points and the fixed
// points behind the lines. It works on a copy: gnark-crypto's loop overwrites
// the lines it is given.
func millerLoopFixed(points []bn254.G1Affine, lines []fixedLines) (bn254.GT, error) {
	return bn254.MillerLoopFixedQ(points, slices.Clone(lines))
}
