package fixedpoint

import (
	"math/big"
	"math/bits"
	"sync"
)

// The series below work on integers that stand for reals in units of 2^-w, the
// working precision. Each counts, in these units, how far its truncations can
// have moved the result; the count becomes the radius of the bounds, so that a
// precision chosen too low costs a second try and never a wrong answer.

// A constant is a positive real number computed once to the highest precision
// asked for.
type constant struct {
	compute func(prec int) *big.Int // an integer c with c <= v·2^prec < c+2
	mu      sync.Mutex
	prec    int
	value   *big.Int
}

// at returns an integer c with c <= v·2^prec < c+2.
func (k *constant) at(prec int) *big.Int {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.value == nil || k.prec < prec {
		k.prec = prec + 64
		k.value = k.compute(k.prec)
	}
	return new(big.Int).Rsh(k.value, uint(k.prec-prec))
}

var (
	// ln 2 = 2·atanh(1/3)
	ln2 = constant{compute: func(prec int) *big.Int {
		w := prec + 16 + bits.Len(uint(prec))
		sum, n := arc(3, w, 1)
		return settle(sum.Lsh(sum, 1), 2*n, w-prec)
	}}
	// π = 16·atan(1/5) - 4·atan(1/239), Machin 1706
	pi = constant{compute: func(prec int) *big.Int {
		w := prec + 16 + bits.Len(uint(prec))
		a, n := arc(5, w, -1)
		b, m := arc(239, w, -1)
		return settle(a.Sub(a.Lsh(a, 4), b.Lsh(b, 2)), 16*n+4*m, w-prec)
	}}
	// 2/√π and √(2/π)
	twoOverSqrtPi = constant{compute: func(prec int) *big.Int { return sqrtOverPi(4, prec) }}
	sqrtTwoOverPi = constant{compute: func(prec int) *big.Int { return sqrtOverPi(2, prec) }}
)

// settle drops the lowest d bits of a sum that is wrong by at most rad units.
// With 2·rad < 2^d the result c satisfies c <= v < c+2.
func settle(sum *big.Int, rad int64, d int) *big.Int {
	sum.Sub(sum, big.NewInt(rad))
	return sum.Rsh(sum, uint(d))
}

// arc returns the sum over i of sign^i / ((2i+1)·n^(2i+1)): atanh(1/n) for sign 1,
// atan(1/n) for sign -1, and a bound of its error in units.
func arc(n int64, w int, sign int) (sum *big.Int, rad int64) {
	sum = new(big.Int)
	square := big.NewInt(n * n)
	power := new(big.Int).Quo(shift(one, w), big.NewInt(n))
	term := new(big.Int)
	i := int64(0)
	for ; power.Sign() > 0; i++ {
		term.Quo(power, big.NewInt(2*i+1))
		if sign < 0 && i&1 == 1 {
			term.Neg(term)
		}
		sum.Add(sum, term)
		power.Quo(power, square)
	}
	// A power is wrong by less than 1 + 1/9 + 1/81 + … < 1.2, a term by less than
	// 2.2, and the terms left out are less than 2 together.
	return sum, 3*i + 2
}

// sqrtOverPi returns an integer c with c <= √(n/π)·2^prec < c+2.
func sqrtOverPi(n int64, prec int) *big.Int {
	// √ is increasing: with P <= π·2^q < P+2, √(n·2^q/(P+2)) <= √(n/π). At q = prec+8
	// the quotient loses less than 2^-q·2 relatively and the two floors less than 1.1 units.
	q := prec + 8
	den := pi.at(q)
	den.Add(den, big.NewInt(2))
	num := shift(big.NewInt(n), 2*prec+q)
	return num.Sqrt(num.Quo(num, den))
}

// exp encloses e^x.
func exp(x dyadic, prec int) bounds {
	switch {
	case x.sign() == 0:
		return exact(integer(1))
	case x.cmp(integer(expLimit)) >= 0:
		return infinite(1)
	case x.cmp(integer(int64(-prec))) <= 0: // e > 2
		return between(new(big.Int), one, prec)
	}
	// x = k·ln 2 + r with 0 <= r < 0.75. The divisor is just above ln 2, so that k
	// is the right integer or one off near a boundary; reduce mends a negative r.
	const ln2Q32 = 2977044472 // ceil(2^32·ln 2)
	k := int(floorDiv(x.floor(32).Int64(), ln2Q32))
	w0 := max(prec+k, 8)
	if prec+k < -2 { // e^x·2^prec < 2^-3·e^0.75 < 1
		return between(new(big.Int), one, prec)
	}
	s := 8 + isqrt(w0)/4 // halvings of r
	w := w0 + s + bits.Len(uint(w0)) + 8
	r, k := reduce(x, k, w)
	sum, n := expTaylor(r.Rsh(r, uint(s)), w)
	for range s {
		sum.Rsh(sum.Mul(sum, sum), uint(w))
	}
	// The shifted r is wrong by less than 4·2^-8 + 1 < 2 units, which moves e^r by less
	// than 2.2·2·2^s. The n floors of the series move its sum by less than 1.01·n, a
	// squaring doubles the relative error and adds one unit, and e^r < 2.12: less than
	// 2.2·(n+1)·2^s. The radius is twice as large as needed.
	b := around(sum, int64(5*n+12)<<s, w-k, prec)
	if b.lo.Sign() < 0 {
		b.lo.SetInt64(0)
	}
	return b
}

// expLimit is an x whose e^x·2^-MaxExp is beyond int64: 2^(256·1.44) > 2^(256+63).
const expLimit = 256

// reduce returns r = x - k·ln 2 >= 0 in units of 2^-w, wrong by less than 4, and
// the k it took, which is the one given or one less.
func reduce(x dyadic, k, w int) (*big.Int, int) {
	const extra = 32 // k < 2^20, hence k·ln2 is wrong by less than 2^-11 units before its floor
	kln2 := ln2.at(w + extra)
	kln2.Mul(kln2, big.NewInt(int64(k)))
	r := x.floor(w)
	r.Sub(r, kln2.Rsh(kln2, extra))
	if r.Sign() < 0 {
		r.Add(r, ln2.at(w))
		k--
	}
	return r, k
}

// expTaylor returns e^r for 0 <= r < 2^-8 in units of 2^-w, from below, wrong by
// less than 1.01·n units, where n is the number of truncations.
func expTaylor(r *big.Int, w int) (sum *big.Int, n int) {
	// One unit lost at term j moves all terms after it by less than e^r·r^i/i!. The
	// terms after one that is 0 are exactly 0, so nothing else is left out.
	sum = shift(one, w)
	term := new(big.Int).Set(sum)
	d := new(big.Int)
	for term.Sign() > 0 {
		n++
		term.Rsh(term.Mul(term, r), uint(w))
		term.Quo(term, d.SetInt64(int64(n)))
		sum.Add(sum, term)
	}
	return sum, n
}

// ln encloses the natural logarithm of x > 0.
func ln(x dyadic, prec int) bounds {
	// x = f·2^n with 0.707 <= f < 1.415.
	size := x.m.BitLen()
	n := size - x.exp
	low := new(big.Int).Lsh(x.m, 8)
	if low.Cmp(shift(big.NewInt(181), size)) < 0 { // 181/256 = 0.7070
		n--
		size--
	}
	unit := shift(one, size) // f = m/unit
	num := new(big.Int).Sub(x.m, unit)
	if num.Sign() == 0 && n == 0 {
		return exact(integer(0))
	}
	// ln f = 2·atanh(z), z = (f-1)/(f+1), z² < 2^-5.
	w := prec + bits.Len(uint(prec)) + 8
	z := num.Lsh(num, uint(w))
	z.Quo(z, unit.Add(unit, x.m))
	negative := z.Sign() < 0
	sum, terms := atanhTaylor(z.Abs(z), w)
	sum.Lsh(sum, 1)
	if negative {
		sum.Neg(sum)
	}
	const extra = 32
	nln2 := ln2.at(w + extra)
	nln2.Mul(nln2, big.NewInt(int64(n)))
	sum.Add(sum, nln2.Rsh(nln2, extra))
	// z is wrong by less than one unit, which counts 2/(1-z²) < 2.1; n·ln 2 by less than 2.
	return around(sum, 3*terms+7, w, prec)
}

// atanhTaylor returns atanh(z) for 0 <= z < 0.172, wrong by less than 1.5n + 1 units.
func atanhTaylor(z *big.Int, w int) (sum *big.Int, n int64) {
	// A power is wrong by less than 1.3 units (its own floor, that of z² and 3 % of
	// the error before), a term by less than 1.5, the terms left out by less than 1.
	square := new(big.Int).Mul(z, z)
	square.Rsh(square, uint(w))
	sum = new(big.Int)
	term, d := new(big.Int), new(big.Int)
	for power := new(big.Int).Set(z); power.Sign() > 0; n++ {
		sum.Add(sum, term.Quo(power, d.SetInt64(2*n+1)))
		power.Rsh(power.Mul(power, square), uint(w))
	}
	return sum, n
}

// sinQuarter encloses sin(x + quarter·π/2) for x != 0.
func sinQuarter(x dyadic, quarter int64, prec int) bounds {
	// x = k·π/2 + r, |r| < 0.79; all in units of 2^-q, half = π/2.
	w := prec + bits.Len(uint(prec)) + 8
	size := max(x.bits(), 0)
	q := w + size + 8
	half := pi.at(q - 1)
	r := x.floor(q)
	k := new(big.Int).Lsh(r, 1)
	k.Add(k, half)
	k.Div(k, new(big.Int).Lsh(half, 1))
	r.Sub(r, new(big.Int).Mul(k, half)) // wrong by less than 3 + 2·2^size
	r.Rsh(r, uint(size+8))              // and now by less than 2
	quarter += new(big.Int).And(k, big.NewInt(3)).Int64()
	negative := quarter&2 != 0
	if quarter&1 == 0 && r.Sign() < 0 {
		negative = !negative
	}
	sum, n := sinTaylor(r.Abs(r), quarter&1, w)
	if negative {
		sum.Neg(sum)
	}
	return around(sum, 3*n+6, w, prec)
}

// sinTaylor returns sin(r) for odd = 0 and cos(r) for odd = 1, for 0 <= r < 0.8,
// wrong by less than 3n + 3 units.
func sinTaylor(r *big.Int, odd int64, w int) (sum *big.Int, n int64) {
	// A term is wrong by e <= (0.64·e + 1)/2 + 1 < 2.3 units, counting the floor of
	// r²; the alternating rest is less than its first term, which is below 2.3.
	square := new(big.Int).Mul(r, r)
	square.Rsh(square, uint(w))
	first := int64(2) // the factorial grows by 2·3, 4·5, … for sin and 1·2, 3·4, … for cos
	term := new(big.Int).Set(r)
	if odd == 1 {
		first = 1
		term = shift(one, w)
	}
	sum, d := new(big.Int), new(big.Int)
	for ; term.Sign() > 0; n++ {
		if n&1 == 0 {
			sum.Add(sum, term)
		} else {
			sum.Sub(sum, term)
		}
		term.Rsh(term.Mul(term, square), uint(w))
		j := 2*n + first
		term.Quo(term, d.SetInt64(j*(j+1)))
	}
	return sum, n
}

// erfRoot encloses erf(√u) for u > 0, where c·y = 2·√(u/π) for the given constant
// c and the exact y > 0.
func erfRoot(u dyadic, c *constant, y dyadic, prec int) bounds {
	unit := shift(one, prec)
	// 1 - erf(z) < e^-u < 2^-(23u/16) for u = z² >= 1.
	if u.cmp(integer(1)) >= 0 && u.mul(integer(23)).cmp(integer(16*int64(prec))) >= 0 {
		return between(new(big.Int).Sub(unit, one), unit, prec)
	}
	// erf(√u) = 2·√(u/π) · e^-u · Σ (2u)^n / (2n+1)!!, all terms positive.
	w := prec + prec/64 + bits.Len(uint(prec)) + 16
	ceil := u.floor(0).Int64() + 1
	e := exp(u.neg(), w+2*int(ceil))
	lo, n := erfTaylor(u, w)
	// The n floors, one unit each, move the sum A·2^w by less than n·A; and n·A·2^-w < 1,
	// since A < e^u < 2^(1.004·prec).
	hi := new(big.Int).Rsh(lo, uint(w))
	hi.Mul(hi.Add(hi, big.NewInt(2)), big.NewInt(n))
	hi.Add(hi, lo)
	cLo := c.at(w)
	cHi := new(big.Int).Add(cLo, big.NewInt(2))
	lo.Mul(lo.Mul(lo, e.lo), cLo)
	hi.Mul(hi.Mul(hi, e.hi), cHi)
	b := between(lo, hi, 2*w+e.prec).scale(y)
	b = b.coarsen(prec + 8)
	if top := shift(one, b.prec); b.hi.Cmp(top) > 0 {
		b.hi = top
	}
	return b
}

// erfTaylor returns the sum of (2u)^n / (2n+1)!! in units of 2^-w, from below,
// and the number n of truncations. A unit lost at one term moves those after it
// by less than the whole sum; the terms after one that is 0 are exactly 0.
func erfTaylor(u dyadic, w int) (sum *big.Int, n int64) {
	sum = shift(one, w)
	term := new(big.Int).Set(sum)
	d := new(big.Int)
	up, down := uint(max(1-u.exp, 0)), uint(max(u.exp-1, 0)) // 2u = m·2^(1-exp)
	for term.Sign() > 0 {
		n++
		term.Lsh(term.Mul(term, u.m), up)
		term.Rsh(term, down)
		term.Quo(term, d.SetInt64(2*n+1))
		sum.Add(sum, term)
	}
	return sum, n
}

// floorDiv returns floor(a/b) for b > 0.
func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// isqrt returns floor(√n) for n >= 0.
func isqrt(n int) int {
	r := 0
	for (r+1)*(r+1) <= n {
		r++
	}
	return r
}
