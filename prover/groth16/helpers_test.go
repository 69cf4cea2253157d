package groth16

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	cs "github.com/consensys/gnark/constraint/bn254"
)

func solved(s any) *cs.R1CSSolution { return s.(*cs.R1CSSolution) }

func bigInt(n uint64) *big.Int { return new(big.Int).SetUint64(n) }

// interpolate evaluates at x the polynomial with the given values on the domain.
func interpolate(d *fft.Domain, values fr.Vector, x fr.Element) (y fr.Element) {
	v := append(make(fr.Vector, 0, d.Cardinality), values...)[:d.Cardinality]
	d.FFTInverse(v, fft.DIF)
	return evaluateReversed(v, x)
}

// evaluateReversed evaluates a polynomial with coefficients in bit-reversed order.
func evaluateReversed(coefficients fr.Vector, x fr.Element) (y fr.Element) {
	v := append(fr.Vector{}, coefficients...)
	fft.BitReverse(v)
	for i := len(v) - 1; i >= 0; i-- {
		y.Mul(&y, &x).Add(&y, &v[i])
	}
	return y
}
