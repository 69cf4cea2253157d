package flat

import "github.com/consensys/gnark-crypto/ecc/bn254/fr"

// Cubic is a round's message of the first sumcheck: the coefficients of 1, X² and X³. That of X
// follows from the sum of the values at 0 and 1.
type Cubic [3]fr.Element

// Quadratic is a round's message of the second: the coefficients of 1 and X².
type Quadratic [2]fr.Element

// At returns the value at x of the polynomial whose values at 0 and 1 add up to sum.
func (c *Cubic) At(sum, x *fr.Element) fr.Element {
	var linear fr.Element
	linear.Sub(sum, &c[0]).Sub(&linear, &c[0]).Sub(&linear, &c[1]).Sub(&linear, &c[2])
	y := c[2]
	y.Mul(&y, x).Add(&y, &c[1]).Mul(&y, x).Add(&y, &linear).Mul(&y, x).Add(&y, &c[0])
	return y
}

// At returns the value at x of the polynomial whose values at 0 and 1 add up to sum.
func (q *Quadratic) At(sum, x *fr.Element) fr.Element {
	c := Cubic{q[0], q[1]}
	return c.At(sum, x)
}
