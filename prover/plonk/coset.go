package plonk

import (
	"context"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
)

// cosetCount is the number of cosets on which the quotient is computed.
const cosetCount = 3

// cosets turns polynomials of degree below n into their values on g^k·⟨ω⟩ for k = 1, 2, 3,
// where g generates the field's group, and back. Coefficients are in the order of [domain]
// unless something else is said.
type cosets struct {
	n          int
	domain     *domain
	omega      fr.Element
	sizeInv    fr.Element             // 1/n
	roots      fr.Vector              // ω^i
	onto, from fr.Vector              // g^i, g^-i
	shift      [cosetCount]fr.Element // g^k
	level      [cosetCount]fr.Element // X^n on the coset, g^(kn)
	split      [cosetCount][cosetCount]fr.Element
}

// newCosets prepares the cosets of gnark's domain.
func newCosets(d *fft.Domain) *cosets {
	n := int(d.Cardinality)
	c := &cosets{n: n, domain: newDomain(d), omega: d.Generator, sizeInv: d.CardinalityInv}
	c.roots = powers(d.Generator, n)
	c.onto, c.from = powers(d.FrMultiplicativeGen, n), powers(d.FrMultiplicativeGenInv, n)
	c.domain.reorder(c.onto)
	c.domain.reorder(c.from)
	shift := fr.One()
	for k := range c.shift {
		shift.Mul(&shift, &d.FrMultiplicativeGen)
		c.shift[k] = shift
		c.level[k].Exp(shift, big.NewInt(int64(n)))
	}
	// Σ_k split[i][k]·ℓ_k(level) is coefficient i of the polynomial through (level_k, ℓ_k).
	for k := range c.level {
		a, b := &c.level[(k+1)%cosetCount], &c.level[(k+2)%cosetCount]
		var da, db, over, sum fr.Element
		da.Sub(&c.level[k], a)
		db.Sub(&c.level[k], b)
		over.Mul(&da, &db).Inverse(&over)
		sum.Add(a, b)
		c.split[0][k] = product(a, b, &over)
		c.split[1][k].Mul(&sum, &over).Neg(&c.split[1][k])
		c.split[2][k] = over
	}
	return c
}

// coefficients returns the polynomial with the given values on ⟨ω⟩.
func (c *cosets) coefficients(values fr.Vector) fr.Vector {
	out := make(fr.Vector, c.n)
	copy(out, values)
	c.domain.inverse(out, &c.sizeInv)
	return out
}

// next takes a polynomial from one coset to the next: p(X) becomes p(g·X).
func (c *cosets) next(ctx context.Context, p fr.Vector) error {
	return each(ctx, c.n, func(lo, hi int) { q := p[lo:hi]; q.Mul(q, c.onto[lo:hi]) })
}

// values returns the values on coset k of p + blind·(X^n - 1), for p moved there by next.
func (c *cosets) values(k int, p fr.Vector, blind []fr.Element) fr.Vector {
	out := make(fr.Vector, c.n)
	copy(out, p)
	one := fr.One()
	var factor, t fr.Element // (level - 1)·shift^j
	factor.Sub(&c.level[k], &one)
	for j := range blind {
		at := &out[c.domain.at(j%c.n)]
		at.Add(at, t.Mul(&factor, &blind[j]))
		factor.Mul(&factor, &c.shift[k])
	}
	c.domain.forward(out)
	return out
}

// interpolate returns the polynomial f of 3n + len(top) coefficients, in natural order, of
// which top are the leading ones and values[k] the values of f·(X^n - 1) on coset k. It
// overwrites values.
func (c *cosets) interpolate(ctx context.Context, values [cosetCount]fr.Vector, top []fr.Element) (fr.Vector, error) {
	for k, v := range values {
		if err := c.remainder(ctx, k, v, top); err != nil {
			return nil, err
		}
	}
	f := make(fr.Vector, cosetCount*c.n, cosetCount*c.n+len(top))
	err := each(ctx, c.n, func(lo, hi int) {
		scratch := make(fr.Vector, hi-lo)
		for i := range cosetCount {
			sum := f[i*c.n+lo : i*c.n+hi]
			for k := range cosetCount {
				addScaled(sum, values[k][lo:hi], &c.split[i][k], scratch)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	err = together(ctx,
		func() { c.domain.reorder(f[:c.n]) },
		func() { c.domain.reorder(f[c.n : 2*c.n]) },
		func() { c.domain.reorder(f[2*c.n:]) })
	return append(f, top...), err
}

// remainder replaces the values of f·(X^n - 1) on coset k by the coefficients of the
// remainder of f - top·X^3n divided by X^n - level.
func (c *cosets) remainder(ctx context.Context, k int, v fr.Vector, top []fr.Element) error {
	one := fr.One()
	var over fr.Element
	over.Sub(&c.level[k], &one).Inverse(&over).Mul(&over, &c.sizeInv)
	c.domain.inverse(v, &over)
	err := each(ctx, c.n, func(lo, hi int) {
		q := v[lo:hi]
		for range k + 1 {
			q.Mul(q, c.from[lo:hi])
		}
	})
	factor := product(&c.level[k], &c.level[k], &c.level[k])
	for j := range top {
		if j > 0 && j%c.n == 0 {
			factor.Mul(&factor, &c.level[k])
		}
		t := product(&factor, &top[j])
		at := &v[c.domain.at(j%c.n)]
		at.Sub(at, &t)
	}
	return err
}
