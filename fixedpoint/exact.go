package fixedpoint

import (
	"math"
	"math/big"
)

// The functions of this file take rational or algebraic values, which integer
// division and integer square roots round exactly.

func encloseIdentity(_ []float64, x dyadic, _ int) bounds { return exact(x) }
func encloseNeg(_ []float64, x dyadic, _ int) bounds      { return exact(x.neg()) }
func encloseAbs(_ []float64, x dyadic, _ int) bounds      { return exact(x.abs()) }

func encloseRelu(_ []float64, x dyadic, _ int) bounds {
	if x.sign() < 0 {
		return exact(integer(0))
	}
	return exact(x)
}

func encloseLeakyRelu(p []float64, x dyadic, _ int) bounds {
	if x.sign() < 0 {
		x = x.mul(dyadicOf(p[0]))
	}
	return exact(x)
}

func encloseClip(p []float64, x dyadic, _ int) bounds {
	if !math.IsInf(p[0], -1) {
		x = x.max(dyadicOf(p[0]))
	}
	if !math.IsInf(p[1], 1) {
		x = x.min(dyadicOf(p[1]))
	}
	return exact(x)
}

func encloseHardSigmoid(p []float64, x dyadic, _ int) bounds {
	y := x.mul(dyadicOf(p[0])).add(dyadicOf(p[1]))
	return exact(y.max(integer(0)).min(integer(1)))
}

// HardSwish(x) = x·clip(x/6 + 1/2, 0, 1).
func encloseHardSwish(_ []float64, x dyadic, prec int) bounds {
	sixfold := x.mul(x.add(integer(3)).max(integer(0)).min(integer(6)))
	return ratio(sixfold, integer(6), prec)
}

// Softsign(x) = x / (1 + |x|).
func encloseSoftsign(_ []float64, x dyadic, prec int) bounds {
	return ratio(x, x.abs().add(integer(1)), prec)
}

// ratio encloses a/b for b > 0.
func ratio(a, b dyadic, prec int) bounds {
	e := max(a.exp, b.exp)
	return quotient(a.floor(e), b.floor(e), prec)
}

func encloseFloor(_ []float64, x dyadic, _ int) bounds {
	return exact(dyadic{x.floor(0), 0})
}

func encloseCeil(_ []float64, x dyadic, _ int) bounds {
	n := x.neg().floor(0)
	return exact(dyadic{n.Neg(n), 0})
}

// encloseTrunc rounds towards zero.
func encloseTrunc(_ []float64, x dyadic, _ int) bounds {
	if x.sign() < 0 {
		return encloseCeil(nil, x, 0)
	}
	return encloseFloor(nil, x, 0)
}

// encloseRound rounds to the nearest integer, ties to even.
func encloseRound(_ []float64, x dyadic, _ int) bounds {
	half := dyadic{one, 1}
	n := dyadic{x.add(half).floor(0), 0}
	if n.m.Bit(0) == 1 && n.cmp(x.add(half)) == 0 {
		n = n.add(integer(-1))
	}
	return exact(n)
}

func encloseSign(_ []float64, x dyadic, _ int) bounds {
	return exact(integer(int64(x.sign())))
}

// maxPower bounds the exponents of Pow; those that are a/2^b with |a| <= maxPower and b <= powRoots
// are taken by roots. Of others only powers of two may have rational powers: an odd number that is the
// 2^6th power of one is at least 3^64, more than an int64.
const (
	maxPower = 64
	powRoots = 5
)

// splitPower writes p as a/2^b with the least b, and reports whether it is taken by roots.
func splitPower(p float64) (a int64, b int, ok bool) {
	for ; b <= powRoots; b++ {
		if p == math.Trunc(p) {
			return int64(p), b, math.Abs(p) <= maxPower
		}
		p *= 2
	}
	return 0, 0, false
}

func enclosePow(p []float64, x dyadic, prec int) bounds {
	a, b, roots := splitPower(p[0])
	if p[0] == 0 {
		return exact(integer(1))
	}
	odd := false
	if x.sign() < 0 {
		if !roots || b > 0 {
			x = integer(0)
		}
		odd = a%2 != 0
	}
	if x.sign() == 0 {
		if p[0] < 0 {
			return infinite(1)
		}
		return exact(x)
	}
	if !roots {
		return realPower(x, p[0], prec)
	}
	y := power(x.abs(), a, b, prec)
	if odd {
		return y.neg()
	}
	return y
}

// power encloses x^(a/2^b) for x > 0.
func power(x dyadic, a int64, b int, prec int) bounds {
	// n = floor(x^a · 2^(prec·2^b)); then b times floor(√n), as floor(√floor(v)) = floor(√v).
	m := new(big.Int).Exp(x.m, new(big.Int).SetUint64(abs(a)), nil)
	e := prec<<b - x.exp*int(a)
	up, down := shift(one, max(e, 0)), shift(one, max(-e, 0))
	if a > 0 {
		up.Mul(up, m)
	} else {
		down.Mul(down, m)
	}
	y := quotient(up, down, 0)
	n, whole := y.lo, y.isExact()
	for range b {
		root := new(big.Int).Sqrt(n)
		whole = whole && new(big.Int).Mul(root, root).Cmp(n) == 0
		n = root
	}
	if whole {
		return between(n, n, prec)
	}
	return between(n, new(big.Int).Add(n, one), prec)
}
