package fixedpoint

import "math/big"

// A dyadic is the exact rational number m·2^-exp. Its m is never modified.
type dyadic struct {
	m   *big.Int
	exp int
}

func integer(n int64) dyadic { return dyadic{big.NewInt(n), 0} }

// dyadicOf returns the exact value of a finite x.
func dyadicOf(x float64) dyadic {
	m, e := splitFloat(x)
	return dyadic{big.NewInt(m), -e}
}

func (x dyadic) sign() int   { return x.m.Sign() }
func (x dyadic) neg() dyadic { return dyadic{new(big.Int).Neg(x.m), x.exp} }
func (x dyadic) abs() dyadic { return dyadic{new(big.Int).Abs(x.m), x.exp} }

func (x dyadic) mul(y dyadic) dyadic {
	return dyadic{new(big.Int).Mul(x.m, y.m), x.exp + y.exp}
}

func (x dyadic) add(y dyadic) dyadic {
	e := max(x.exp, y.exp)
	z := x.floor(e)
	return dyadic{z.Add(z, y.floor(e)), e}
}

func (x dyadic) cmp(y dyadic) int {
	if s, t := x.sign(), y.sign(); s != t {
		return s - t
	}
	e := max(x.exp, y.exp)
	return x.floor(e).Cmp(y.floor(e))
}

func (x dyadic) min(y dyadic) dyadic {
	if y.cmp(x) < 0 {
		return y
	}
	return x
}

func (x dyadic) max(y dyadic) dyadic {
	if y.cmp(x) > 0 {
		return y
	}
	return x
}

// floor returns a new integer floor(x·2^prec).
func (x dyadic) floor(prec int) *big.Int { return shift(x.m, prec-x.exp) }

// bits returns a b such that |x| < 2^b.
func (x dyadic) bits() int { return x.m.BitLen() - x.exp }

// shift returns a new integer floor(m·2^n).
func shift(m *big.Int, n int) *big.Int {
	if n < 0 {
		return new(big.Int).Rsh(m, uint(-n))
	}
	return new(big.Int).Lsh(m, uint(n))
}

// bounds enclose a real number v: either lo < v·2^prec < hi, both strictly, or
// lo = v·2^prec = hi. With inf = ±1 they stand for ±∞ (or for a finite v that
// lies beyond every representable output) and the other fields are unused.
type bounds struct {
	lo, hi *big.Int
	prec   int
	inf    int
}

func exact(x dyadic) bounds    { return bounds{lo: x.m, hi: x.m, prec: x.exp} }
func infinite(sign int) bounds { return bounds{inf: sign} }
func (b bounds) isExact() bool { return b.lo.Cmp(b.hi) == 0 }
func (b bounds) lower() dyadic { return dyadic{b.lo, b.prec} }
func (b bounds) upper() dyadic { return dyadic{b.hi, b.prec} }
func between(lo, hi *big.Int, prec int) bounds {
	return bounds{lo: lo, hi: hi, prec: prec}
}

// around encloses (mid ± rad)·2^-prec, strictly, coarsened to precision out.
func around(mid *big.Int, rad int64, prec, out int) bounds {
	r := big.NewInt(rad)
	return between(new(big.Int).Sub(mid, r), r.Add(mid, r), prec).coarsen(out)
}

// coarsen returns wider bounds with a precision of at most prec.
func (b bounds) coarsen(prec int) bounds {
	if b.prec <= prec {
		return b
	}
	d := uint(b.prec - prec)
	lo := new(big.Int).Rsh(b.lo, d)
	hi := new(big.Int).Rsh(b.hi, d)
	return between(lo, hi.Add(hi, one), prec)
}

// quotient encloses a·2^prec/b for b > 0, exactly where it is an integer.
func quotient(a, b *big.Int, prec int) bounds {
	lo, rem := new(big.Int).DivMod(shift(a, prec), b, new(big.Int))
	if rem.Sign() == 0 {
		return between(lo, lo, prec)
	}
	return between(lo, new(big.Int).Add(lo, one), prec)
}

func (b bounds) neg() bounds {
	if b.inf != 0 {
		return infinite(-b.inf)
	}
	return between(new(big.Int).Neg(b.hi), new(big.Int).Neg(b.lo), b.prec)
}

// scale returns bounds of v·x; v is finite.
func (b bounds) scale(x dyadic) bounds {
	if x.sign() < 0 {
		return b.neg().scale(x.neg())
	}
	return between(new(big.Int).Mul(b.lo, x.m), new(big.Int).Mul(b.hi, x.m), b.prec+x.exp)
}

// shiftBy returns bounds of v + x; v is finite.
func (b bounds) shiftBy(x dyadic) bounds {
	lo, hi := b.lower().add(x), b.upper().add(x)
	return between(lo.m, hi.m, lo.exp)
}

// floor returns floor(v·2^e) if the bounds decide it. They must be finite.
func (b bounds) floor(e int) (*big.Int, bool) {
	lo := b.lower().floor(e)
	if b.isExact() {
		return lo, true
	}
	if e > b.prec {
		return nil, false
	}
	// v < hi strictly: the largest possible floor is ceil(hi) - 1 = floor of the integer hi-1.
	hi := new(big.Int).Sub(b.hi, one)
	return lo, lo.Cmp(hi.Rsh(hi, uint(b.prec-e))) == 0
}

// one is never modified.
var one = big.NewInt(1)
