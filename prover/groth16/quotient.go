package groth16

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"

	"github.com/nnark/nnark/prover/simd"
)

// quotient computes the coefficients of h = (a·b - c)/(X^n - 1).
//
// On the coset g·⟨ω⟩ the denominator is the constant g^n - 1, and a polynomial
// of degree below n is given by its values there: with p the one that takes
// the values of a·b, h = (p - c)/(g^n - 1). Six transforms do: c needs no
// values on the coset.
type quotient struct {
	n      int
	domain *simd.Domain
	onto   *simd.Table // g^i/n, in bit-reversed order
	from   *simd.Table // g^-i/(n·(g^n-1)), in bit-reversed order
	over   fr.Element  // 1/(n·(g^n-1))
}

// newQuotient prepares the coset that gnark's domain names.
func newQuotient(domain *fft.Domain) *quotient {
	q := &quotient{n: int(domain.Cardinality)}
	q.domain = simd.NewDomain(q.n)
	one := fr.One()
	q.over.Exp(domain.FrMultiplicativeGen, new(big.Int).SetUint64(domain.Cardinality))
	q.over.Sub(&q.over, &one).Inverse(&q.over)
	q.over.Mul(&q.over, &domain.CardinalityInv)
	q.onto = q.powers(domain.FrMultiplicativeGen, &domain.CardinalityInv)
	q.from = q.powers(domain.FrMultiplicativeGenInv, &q.over)
	return q
}

// powers returns the table of scale·x^i in bit-reversed order.
func (q *quotient) powers(x fr.Element, scale *fr.Element) *simd.Table {
	v := make(fr.Vector, q.n)
	fft.BuildExpTable(x, v)
	fft.BitReverse(v)
	v.ScalarMul(v, scale)
	return q.domain.Table(v)
}

// coefficients returns h in bit-reversed order, for the values of a, b and c on
// ⟨ω⟩, zero past their ends.
func (q *quotient) coefficients(a, b, c fr.Vector) fr.Vector {
	p := q.onCoset(a)
	p.Mul(q.onCoset(b))
	p.Inverse()
	p.MulTable(q.from)
	r := q.domain.Poly(c)
	r.Inverse()
	r.Scale(&q.over)
	p.Sub(r)
	h := make(fr.Vector, q.n)
	p.Store(h)
	return h
}

// onCoset returns the polynomial with values v on ⟨ω⟩ by its values on g·⟨ω⟩.
func (q *quotient) onCoset(v fr.Vector) simd.Poly {
	p := q.domain.Poly(v)
	p.Inverse()
	p.MulTable(q.onto)
	p.Forward()
	return p
}
