package groth16

import (
	"context"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"

	"github.com/nnark/nnark/prover/simd/msm"
)

// quotient computes the coefficients of h = (a·b - c)/(X^n - 1).
//
// On the coset g·⟨ω⟩ the denominator is the constant g^n - 1, and a polynomial
// of degree below n is given by its values there: with p the one that takes
// the values of a·b, h = (p - c)/(g^n - 1). Six transforms do: c needs no
// values on the coset.
type quotient struct {
	domain *fft.Domain
	onto   fr.Vector  // g^i, in bit-reversed order
	from   fr.Vector  // g^-i/(g^n-1), in bit-reversed order
	over   fr.Element // 1/(g^n-1)
}

func newQuotient(domain *fft.Domain) *quotient {
	n := int(domain.Cardinality)
	q := &quotient{domain: domain, onto: make(fr.Vector, n), from: make(fr.Vector, n)}
	g := domain.FrMultiplicativeGen
	one := fr.One()
	q.over.Exp(g, new(big.Int).SetUint64(domain.Cardinality))
	q.over.Sub(&q.over, &one).Inverse(&q.over)
	fft.BuildExpTable(g, q.onto)
	fft.BuildExpTable(domain.FrMultiplicativeGenInv, q.from)
	fft.BitReverse(q.onto)
	fft.BitReverse(q.from)
	q.from.ScalarMul(q.from, &q.over)
	return q
}

// coefficients returns h in bit-reversed order, for the values of a, b and c on
// ⟨ω⟩ (zero past their ends), whose space it uses.
func (q *quotient) coefficients(ctx context.Context, a, b, c fr.Vector) (fr.Vector, error) {
	a, b, c = q.padded(a), q.padded(b), q.padded(c)
	for _, v := range []fr.Vector{a, b} {
		q.domain.FFTInverse(v, fft.DIF)
		if err := each(ctx, v, func(v fr.Vector, lo, hi int) { v.Mul(v, q.onto[lo:hi]) }); err != nil {
			return nil, err
		}
		q.domain.FFT(v, fft.DIT)
	}
	if err := each(ctx, a, func(v fr.Vector, lo, hi int) { v.Mul(v, b[lo:hi]) }); err != nil {
		return nil, err
	}
	q.domain.FFTInverse(a, fft.DIF)
	q.domain.FFTInverse(c, fft.DIF)
	err := each(ctx, a, func(v fr.Vector, lo, hi int) {
		v.Mul(v, q.from[lo:hi])
		c := c[lo:hi]
		c.ScalarMul(c, &q.over)
		v.Sub(v, c)
	})
	return a, err
}

// padded returns v with zeros up to the size of the domain.
func (q *quotient) padded(v fr.Vector) fr.Vector {
	n := int(q.domain.Cardinality)
	if cap(v) < n {
		v = append(make(fr.Vector, 0, n), v...)
	}
	tail := v[len(v):n]
	clear(tail)
	return v[:n]
}

// each calls f on all parts of v, in parallel.
func each(ctx context.Context, v fr.Vector, f func(part fr.Vector, lo, hi int)) error {
	const part = 1 << 12
	return msm.Run(ctx, msm.Parallel(len(v), part, func(_ *msm.Worker, lo, hi int) { f(v[lo:hi], lo, hi) })...)
}
