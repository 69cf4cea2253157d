package hyperkzg

import (
	"errors"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier/internal/msm"
)

// Every error of this package is one of these.
var (
	// ErrMalformed: lengths, points or bytes that no honest prover produces.
	ErrMalformed = errors.New("hyperkzg: malformed")
	// ErrRejected: well formed, and not a proof of the claim.
	ErrRejected = errors.New("hyperkzg: rejected")
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}

// Transcript absorbs what the prover sends and draws challenges. A challenge must depend on
// everything absorbed and drawn before it, with the labels and the numbers of elements, and be
// close to uniform. Before an opening begins, the transcript must have absorbed what else the proof is
// about, the reference string included.
type Transcript interface {
	Scalars(label string, x ...fr.Element)
	Points(label string, p ...bn254.G1Affine)
	Challenge(label string) fr.Element
}

// Proof is an opening at a point of c coordinates; the package documentation defines its
// parts. Every point may be infinity, which commits to the zero polynomial: so are
// the folds of a zero vector, and Quotient always for c = 1.
type Proof struct {
	Folds       []bn254.G1Affine // [P_i]_1, 0 < i < c
	Plus, Minus []fr.Element     // P_i(r), P_i(-r), i < c
	Square      fr.Element       // P_0(r²)
	Quotient    bn254.G1Affine   // [Q]_1
	Opening     bn254.G1Affine   // [W]_1
}

// check returns an error unless p has the lengths of a proof for c coordinates, c >= 1, and
// points of the curve, whose order is prime.
func (p *Proof) check(c int) error {
	switch {
	case c < 1:
		return malformed("point without coordinates")
	case p == nil:
		return malformed("no proof")
	case len(p.Folds) != c-1 || len(p.Plus) != c || len(p.Minus) != c:
		return malformed("%d folds, %d and %d values for %d coordinates", len(p.Folds), len(p.Plus), len(p.Minus), c)
	}
	for i := range p.Folds {
		if !p.Folds[i].IsOnCurve() {
			return malformed("fold %d is not on the curve", i+1)
		}
	}
	if !p.Quotient.IsOnCurve() || !p.Opening.IsOnCurve() {
		return malformed("quotient or opening is not on the curve")
	}
	return nil
}

// Verify reduces the claim that the vector behind the commitment has, as multilinear
// extension, the value y at the point to one equation
//
//	e(left, [1]_2) = e(right, [τ]_2)
//
// which the caller has to check, alone or with others. It fails with [ErrMalformed] or
// [ErrRejected], and does not panic. For a reference string of more than 2^len(point) powers see Soundness.
func Verify(commitment bn254.G1Affine, point []fr.Element, y fr.Element, p *Proof, t Transcript) (
	left, right bn254.G1Affine, err error) {
	if err := p.check(len(point)); err != nil {
		return left, right, err
	}
	if !commitment.IsOnCurve() {
		return left, right, malformed("commitment is not on the curve")
	}
	t.Points("hyperkzg commitment", commitment)
	t.Scalars("hyperkzg point", point...)
	t.Scalars("hyperkzg value", y)
	t.Points("hyperkzg folds", p.Folds...)
	r := t.Challenge("hyperkzg r")
	squares, end, err := p.squares(point, &r)
	if err != nil {
		return left, right, err
	}
	if end != y {
		return left, right, fmt.Errorf("%w: the vector folds to another value", ErrRejected)
	}
	t.Scalars("hyperkzg plus", p.Plus...)
	t.Scalars("hyperkzg minus", p.Minus...)
	t.Scalars("hyperkzg square", p.Square)
	q := t.Challenge("hyperkzg q")
	t.Points("hyperkzg quotient", p.Quotient)
	z := t.Challenge("hyperkzg z")
	t.Points("hyperkzg opening", p.Opening)

	plus, minus, square := combine(p.Plus, &q), combine(p.Minus, &q), combine(squares, &q)
	value, vanishing := interpolate(&r, &z, &plus, &minus, &square)
	return p.left(commitment, &q, &z, &value, &vanishing), p.Opening, nil
}

// squares returns P_i(r²) for i < c and, apart, for i = c. It fails if r, -r and r² are not
// distinct.
func (p *Proof) squares(point []fr.Element, r *fr.Element) (values []fr.Element, end fr.Element, err error) {
	var cube fr.Element
	if cube.Square(r).Mul(&cube, r); cube == *r {
		return nil, end, fmt.Errorf("%w: degenerate challenge", ErrRejected)
	}
	var half, halfOverR fr.Element // 1/2, 1/(2r)
	half.SetUint64(2)
	half.Inverse(&half)
	halfOverR.Inverse(r).Mul(&halfOverR, &half)

	c := len(point)
	values = make([]fr.Element, c+1)
	values[0] = p.Square
	for i := range c {
		var even, odd fr.Element // E_i(r²), O_i(r²)
		even.Add(&p.Plus[i], &p.Minus[i]).Mul(&even, &half)
		odd.Sub(&p.Plus[i], &p.Minus[i]).Mul(&odd, &halfOverR)
		odd.Sub(&odd, &even).Mul(&odd, &point[c-1-i])
		values[i+1].Add(&even, &odd)
	}
	return values[:c], values[c], nil
}

// combine returns Σ q^i·values[i].
func combine(values []fr.Element, q *fr.Element) (sum fr.Element) {
	for i := len(values) - 1; i >= 0; i-- {
		sum.Mul(&sum, q).Add(&sum, &values[i])
	}
	return sum
}

// interpolate returns I(z) and Z(z), where I has degree < 3 and takes the values plus, minus,
// square at r, -r, r², which are distinct. Lagrange's denominators 2r²(1-r), 2r²(1+r) and r²(r²-1)
// all divide 2r²(r²-1).
func interpolate(r, z, plus, minus, square *fr.Element) (value, vanishing fr.Element) {
	one := fr.One()
	var s, minusOne, inverse fr.Element // r², r-1, 1/(2r²(r²-1))
	s.Square(r)
	minusOne.Sub(r, &one)
	inverse.Sub(&s, &one).Mul(&inverse, &s).Double(&inverse).Inverse(&inverse)

	var zMinus, zPlus, zSquare fr.Element // z-r, z+r, z-r²
	zMinus.Sub(z, r)
	zPlus.Add(z, r)
	zSquare.Sub(z, &s)

	var t fr.Element
	t.Add(r, &one).Neg(&t).Mul(&t, plus).Mul(&t, &zPlus).Mul(&t, &zSquare)
	value.Mul(&minusOne, minus).Mul(&value, &zMinus).Mul(&value, &zSquare).Add(&value, &t)
	vanishing.Mul(&zMinus, &zPlus)
	t.Double(square).Mul(&t, &vanishing)
	value.Add(&value, &t).Mul(&value, &inverse)
	vanishing.Mul(&vanishing, &zSquare)
	return value, vanishing
}

// left returns [B]_1 - value·[1]_1 - vanishing·[Q]_1 + z·[W]_1.
func (p *Proof) left(commitment bn254.G1Affine, q, z, value, vanishing *fr.Element) bn254.G1Affine {
	_, _, generator, _ := bn254.Generators()
	points := append([]bn254.G1Affine{commitment}, p.Folds...)
	scalars := make([]fr.Element, len(points), len(points)+3)
	scalars[0].SetOne()
	for i := 1; i < len(points); i++ {
		scalars[i].Mul(&scalars[i-1], q)
	}
	var minusValue, minusVanishing fr.Element
	minusValue.Neg(value)
	minusVanishing.Neg(vanishing)
	points = append(points, generator, p.Quotient, p.Opening)
	scalars = append(scalars, minusValue, minusVanishing, *z)
	return msm.Sum(points, scalars)
}
