package fixedpoint

import "math/big"

// The functions of this file take irrational values. Each returns bounds with an
// absolute precision of about 2^-prec.

func encloseExp(_ []float64, x dyadic, prec int) bounds { return exp(x, prec) }

// Exp2(x) = 2^k·e^(f·ln 2) with x = k + f, 0 <= f < 1; exact for integers.
func encloseExp2(_ []float64, x dyadic, prec int) bounds {
	switch {
	case x.cmp(integer(2*expLimit)) >= 0: // 2^x·2^-MaxExp is beyond int64
		return infinite(1)
	case x.cmp(integer(int64(-prec))) <= 0:
		return between(new(big.Int), one, prec)
	}
	k := x.floor(0)
	f := x.add(dyadic{k, 0}.neg())
	n := int(k.Int64())
	if f.sign() == 0 {
		return exact(dyadic{shift(one, max(n, 0)), max(-n, 0)})
	}
	w := max(prec+n, 0) + 8
	y := ln(integer(2), w).scale(f)
	b := join(exp(y.lower(), w), exp(y.upper(), w))
	b.prec -= n
	return b
}

// realPower encloses x^p = e^(p·ln x) for x > 0; of powers of two it is 2^(n·p), which may be rational.
func realPower(x dyadic, p float64, prec int) bounds {
	factor := dyadicOf(p)
	if n := x.m.TrailingZeroBits(); int(n) == x.m.BitLen()-1 {
		return encloseExp2(nil, integer(int64(int(n)-x.exp)).mul(factor), prec)
	}
	// 2^(bits-1) <= x < 2^bits.
	least, most := p*float64(x.bits()-1), p*float64(x.bits())
	if p < 0 {
		least, most = most, least
	}
	if least >= 2*expLimit { // beyond every output, as 2^x in encloseExp2
		return infinite(1)
	}
	w := prec + max(int(most)+1, 0) + max(factor.bits(), 0) + 8
	y := ln(x, w).scale(factor)
	lo, hi := exp(y.lower(), prec+8), exp(y.upper(), prec+8)
	if hi.inf != 0 { // or so near to it that no output holds the value
		return hi
	}
	return join(lo, hi)
}

func encloseLog(_ []float64, x dyadic, prec int) bounds {
	if x.sign() <= 0 {
		return infinite(-1)
	}
	return ln(x, prec)
}

func encloseSin(_ []float64, x dyadic, prec int) bounds {
	if x.sign() == 0 {
		return exact(x)
	}
	return sinQuarter(x, 0, prec)
}

func encloseCos(_ []float64, x dyadic, prec int) bounds {
	if x.sign() == 0 {
		return exact(integer(1))
	}
	return sinQuarter(x, 1, prec)
}

// expm1 encloses e^x - 1 for x < 0.
func expm1(x dyadic, prec int) bounds { return exp(x, prec).shiftBy(integer(-1)) }

func encloseElu(p []float64, x dyadic, prec int) bounds {
	if x.sign() >= 0 {
		return exact(x)
	}
	alpha := dyadicOf(p[0])
	return expm1(x, prec+max(alpha.bits(), 0)).scale(alpha)
}

func encloseSelu(p []float64, x dyadic, prec int) bounds {
	alpha, gamma := dyadicOf(p[0]), dyadicOf(p[1])
	if x.sign() >= 0 {
		return exact(gamma.mul(x))
	}
	factor := gamma.mul(alpha)
	return expm1(x, prec+max(factor.bits(), 0)).scale(factor)
}

// sigmoid encloses 1/(1 + e^-x).
func sigmoid(x dyadic, prec int) bounds {
	if x.sign() < 0 {
		return sigmoid(x.neg(), prec).neg().shiftBy(integer(1))
	}
	// The value falls as t = e^-x grows.
	d := exp(x.neg(), prec).shiftBy(integer(1))
	lo := quotient(shift(one, d.prec), d.hi, prec)
	if d.isExact() {
		return lo
	}
	return between(lo.lo, quotient(shift(one, d.prec), d.lo, prec).hi, prec)
}

func encloseSigmoid(_ []float64, x dyadic, prec int) bounds { return sigmoid(x, prec) }

func encloseSigmoidNeg(_ []float64, x dyadic, prec int) bounds { return sigmoid(x.neg(), prec) }

// tanh x = 2·sigmoid(2x) - 1.
func encloseTanh(_ []float64, x dyadic, prec int) bounds {
	two := integer(2)
	return sigmoid(x.mul(two), prec).scale(two).shiftBy(integer(-1))
}

func encloseSilu(_ []float64, x dyadic, prec int) bounds {
	return sigmoid(x, prec+max(x.bits(), 0)).scale(x)
}

// Mish(x) = x·tanh(ln(1 + e^x)) = x·t/(t + 2) with t = e^x·(e^x + 2), in which the quotient
// increases; for x > 0 it is (1 + 2u)/(1 + 2u + 2u²) with u = e^-x, in which it falls.
func encloseMish(_ []float64, x dyadic, prec int) bounds {
	two := integer(2)
	prec += max(x.bits(), 0)
	e := exp(x.abs().neg(), prec)
	if x.sign() < 0 {
		at := func(e dyadic) bounds {
			t := e.mul(e.add(two))
			return ratio(t, t.add(two), prec)
		}
		return join(at(e.lower()), at(e.upper())).scale(x)
	}
	at := func(u dyadic) bounds {
		a := u.mul(two).add(integer(1))
		return ratio(a, a.add(u.mul(u).mul(two)), prec)
	}
	return join(at(e.upper()), at(e.lower())).scale(x)
}

// ln(1 + e^x) = max(x, 0) + ln(1 + e^-|x|), increasing in e^-|x|.
func encloseSoftplus(_ []float64, x dyadic, prec int) bounds {
	d := exp(x.abs().neg(), prec).shiftBy(integer(1))
	lo, hi := ln(d.lower(), prec), ln(d.upper(), prec)
	b := join(lo, hi)
	if x.sign() > 0 {
		b = b.shiftBy(x)
	}
	return b
}

// join encloses what lies strictly between a value in a and a greater one in b,
// or the value itself if a and b are bounds of the same one.
func join(a, b bounds) bounds {
	prec := max(a.prec, b.prec)
	return between(a.lower().floor(prec), b.upper().floor(prec), prec)
}

func encloseErf(_ []float64, x dyadic, prec int) bounds {
	switch x.sign() {
	case 0:
		return exact(x)
	case -1:
		return erfRoot(x.mul(x), &twoOverSqrtPi, x.neg(), prec).neg()
	}
	return erfRoot(x.mul(x), &twoOverSqrtPi, x, prec)
}

// Gelu(x) = x/2·(1 + erf(x/√2)).
func encloseGelu(_ []float64, x dyadic, prec int) bounds {
	if x.sign() == 0 {
		return exact(x)
	}
	square := x.mul(x)
	square.exp++
	erf := erfRoot(square, &sqrtTwoOverPi, x.abs(), prec+max(x.bits(), 0))
	if x.sign() < 0 {
		erf = erf.neg()
	}
	half := dyadic{x.m, x.exp + 1}
	return erf.shiftBy(integer(1)).scale(half)
}

// GeluTanh(x) = x/2·(1 + tanh(√(2/π)·(x + 0.044715·x³))) = x·sigmoid(2·√(2/π)·(x + 0.044715·x³)),
// with the decimal constant taken exactly.
func encloseGeluTanh(_ []float64, x dyadic, prec int) bounds {
	switch x.sign() {
	case 0:
		return exact(x)
	case -1: // sigmoid(-y) = 1 - sigmoid(y), hence f(x) = x + f(-x)
		return encloseGeluTanh(nil, x.neg(), prec).shiftBy(x)
	}
	prec += max(x.bits(), 0)
	// y = 2c·(10^6·x + 44715·x³) / 10^6 with c = √(2/π); the value grows with y > 0.
	million := integer(1_000_000)
	sum := x.mul(million).add(x.mul(x).mul(x).mul(integer(44_715)))
	q := prec + max(sum.bits(), 0)
	c := sqrtTwoOverPi.at(q)
	lo := quotient(new(big.Int).Mul(sum.m, c), million.m, 0).lo
	hi := quotient(new(big.Int).Mul(sum.m, c.Add(c, big.NewInt(2))), million.m, 0).hi
	y := between(lo, hi, q+sum.exp-1).coarsen(prec)
	return join(sigmoid(y.lower(), prec), sigmoid(y.upper(), prec)).scale(x)
}
