package fixedpoint

import (
	"errors"
	"math"
)

// ErrNaN is returned for a floating-point value that is not a number.
var ErrNaN = errors.New("fixedpoint: not a number")

// RoundShift returns floor((x + 2^(s-1)) / 2^s), which is x/2^s rounded to the
// nearest integer, ties up. With s = 0 it returns x. It is defined for every x
// and s: no intermediate value overflows, and the result is 0 for s > 63.
func RoundShift(x int64, s uint) int64 {
	if s == 0 {
		return x
	}
	// With y = floor(x / 2^(s-1)) the result is floor((y+1)/2) = floor(y/2) + (y mod 2).
	return x>>s + x>>(s-1)&1
}

// Requantize returns RoundShift(acc, s) clamped to out.
func Requantize(acc int64, s uint, out Interval) int64 {
	return out.Clamp(RoundShift(acc, s))
}

// DivRound returns floor((2a + b) / (2b)), which is a/b rounded to the nearest
// integer, ties up. It is defined for every a and every b > 0 without overflow.
// A divisor b <= 0 is a bug of the caller and panics.
func DivRound(a, b int64) int64 {
	q, r := DivFloor(a, b)
	if r >= b-r { // 2r >= b
		q++
	}
	return q
}

// DivFloor returns the q and r of a = q·b + r with 0 <= r < b: q is a/b rounded down. A divisor
// b <= 0 is a bug of the caller and panics.
func DivFloor(a, b int64) (q, r int64) {
	if b <= 0 {
		panic("fixedpoint: DivFloor: the divisor is not positive")
	}
	q, r = a/b, a%b
	if r < 0 {
		q, r = q-1, r+b
	}
	return q, r
}

// Quantize returns the integer nearest to x·2^exp, ties up, clamped to out.
// The product is exact for every finite x and every exp. Infinities clamp. The
// error is [ErrNaN] for a NaN and [ErrRange] for an empty interval.
func Quantize(x float64, exp int, out Interval) (int64, error) {
	if math.IsNaN(x) {
		return 0, ErrNaN
	}
	if err := out.check(); err != nil {
		return 0, err
	}
	switch {
	case math.IsInf(x, 1):
		return out.Hi, nil
	case math.IsInf(x, -1):
		return out.Lo, nil
	}
	m, e := splitFloat(x)
	// |m| < 2^53 and -1126 <= e <= 971: a larger |exp| than 4096 changes nothing.
	e += min(max(exp, -4096), 4096)
	switch {
	case e <= 0:
		return Requantize(m, uint(-e), out), nil
	case e <= 10:
		return out.Clamp(m << e), nil
	case m > 0: // a normalised m is at least 2^52, so m·2^11 is out of int64
		return out.Hi, nil
	case m < 0:
		return out.Lo, nil
	}
	return out.Clamp(0), nil
}

// Real returns q·2^-exp. It is exact if |q| <= 2^53 and the result is neither
// too large nor too small for a normal float64, else the nearest float64.
func Real(q int64, exp int) float64 {
	return math.Ldexp(float64(q), -min(max(exp, -4096), 4096))
}

// splitFloat writes a finite x as m·2^e with m = 0 or 2^52 <= |m| < 2^53.
func splitFloat(x float64) (m int64, e int) {
	frac, e := math.Frexp(x)
	return int64(math.Ldexp(frac, 53)), e - 53
}
