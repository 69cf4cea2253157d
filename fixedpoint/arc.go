package fixedpoint

import (
	"math/big"
	"math/bits"
)

// encloseAtan encloses the arctangent.
func encloseAtan(_ []float64, x dyadic, prec int) bounds {
	switch x.sign() {
	case 0:
		return exact(x)
	case -1:
		return encloseAtan(nil, x.neg(), prec).neg()
	}
	w := arcPrecision(prec)
	one := shift(one, w)
	if x.cmp(integer(1)) <= 0 {
		return arctangent(x.floor(w), 1, w, prec)
	}
	// atan x = π/2 - atan 1/x. The floor of x loses less than 2^-w of it, the quotient
	// another unit.
	inverse := new(big.Int).Quo(shift(one, w), x.floor(w))
	return complement(arctangent(inverse, 2, w, w-8), w-8, prec)
}

// encloseAsin encloses the arcsine; beyond ±1 it is ±π/2.
func encloseAsin(_ []float64, x dyadic, prec int) bounds {
	switch x.sign() {
	case 0:
		return exact(x)
	case -1:
		return encloseAsin(nil, x.neg(), prec).neg()
	}
	w := max(arcPrecision(prec), x.exp) // so that x has no floor
	if x.cmp(integer(1)) >= 0 {
		zero := between(new(big.Int), new(big.Int), w)
		return complement(zero, w, prec)
	}
	// asin x = 2·atan(x/(1 + √(1 - x²))): the root is wrong by less than a unit, its sum is
	// at least 1.
	r := x.floor(w)
	root := new(big.Int).Mul(r, r)
	root.Sqrt(root.Sub(shift(one, 2*w), root))
	t := shift(r, w)
	t.Quo(t, root.Add(root, shift(one, w)))
	return arctangent(t, 2, w, prec+1).scale(integer(2)).coarsen(prec)
}

// arcPrecision is the working precision of the series below.
func arcPrecision(prec int) int {
	prec = max(prec, 8)
	return prec + 32 + 2*bits.Len(uint(prec))
}

// complement encloses π/2 - y, for bounds of y with a precision of w.
func complement(y bounds, w, prec int) bounds {
	half := pi.at(w + 1) // in units of 2^-(w+1), below by less than 2
	half.Rsh(half, 2)    // π/2 in units of 2^-w, below by less than 2
	y = y.coarsen(w)
	if y.prec < w {
		y = between(shift(y.lo, w-y.prec), shift(y.hi, w-y.prec), w)
	}
	lo, hi := new(big.Int).Sub(half, y.hi), new(big.Int).Sub(half, y.lo)
	return between(lo, hi.Add(hi, big.NewInt(2)), w).coarsen(prec)
}

// halvings is how often arctangent halves its angle: then tan is below 2^-3.
const halvings = 4

// arctangent encloses atan r for 0 <= r <= 1 in units of 2^-w, wrong by at most err units.
func arctangent(r *big.Int, err int64, w, prec int) bounds {
	// tan(a/2) = t/(1 + √(1 + t²)) for t = tan a. The slope is at most 1/2, the floors of root
	// and quotient move it by less than 2 units: an error of e becomes less than e/2 + 2.
	unit := shift(one, w)
	t := new(big.Int).Set(r)
	for range halvings {
		root := new(big.Int).Mul(t, t)
		root.Sqrt(root.Add(root, shift(one, 2*w)))
		t = shift(t, w)
		t.Quo(t, root.Add(root, unit))
	}
	square := new(big.Int).Mul(t, t)
	square.Rsh(square, uint(w))
	sum, power, term := new(big.Int), new(big.Int).Set(t), new(big.Int)
	n := int64(0)
	for ; power.Sign() > 0; n++ {
		term.Quo(power, big.NewInt(2*n+1))
		if n%2 == 1 {
			term.Neg(term)
		}
		sum.Add(sum, term)
		power.Rsh(power.Mul(power, square), uint(w))
	}
	// t is wrong by less than err + 4, which moves the angle by no more; a term by less than 3,
	// and what is left out by less than 2 together. The radius is twice as large as needed.
	sum.Lsh(sum, halvings)
	return around(sum, 2*(err+4+3*n+2)<<halvings, w, prec)
}
