package fixedpoint

import (
	"math"
	"math/big"
)

// The oracle computes functions with big.Float at oraclePrec bits by other formulas
// than the package: plain power series of the definition, Newton's method, quotients
// of exponentials. It is meant for |x| <= 64 and has no error bounds of its own;
// oracleRound refuses values too close to a rounding boundary to be trusted.
const oraclePrec = 1200

type real = *big.Float

func num(x float64) real   { return new(big.Float).SetPrec(oraclePrec).SetFloat64(x) }
func plus(x, y real) real  { return num(0).Add(x, y) }
func minus(x, y real) real { return num(0).Sub(x, y) }
func times(x, y real) real { return num(0).Mul(x, y) }
func over(x, y real) real  { return num(0).Quo(x, y) }
func root(x real) real     { return num(0).Sqrt(x) }

func small(x real) bool {
	return x.Sign() == 0 || x.MantExp(nil) < -oraclePrec
}

// sumSeries adds first·Π ratio(1)…ratio(n) until the terms vanish.
func sumSeries(first real, ratio func(n int) real) real {
	sum, term := num(0), first
	for n := 1; !small(term); n++ {
		sum = plus(sum, term)
		term = times(term, ratio(n))
	}
	return sum
}

func oracleExp(x real) real {
	return sumSeries(num(1), func(n int) real { return over(x, num(float64(n))) })
}

func oracleSin(x real) real {
	return sumSeries(x, func(n int) real {
		return over(times(num(-1), times(x, x)), num(float64(2*n*(2*n+1))))
	})
}

func oracleCos(x real) real {
	return sumSeries(num(1), func(n int) real {
		return over(times(num(-1), times(x, x)), num(float64(2*n*(2*n-1))))
	})
}

// oracleAtan solves tan y = x by Newton's method.
func oracleAtan(x real) real {
	f, _ := x.Float64()
	if math.Abs(f) > 1 { // atan x = ±π/2 - atan 1/x
		return minus(times(over(oraclePi, num(2)), num(float64(x.Sign()))), oracleAtan(over(num(1), x)))
	}
	y := num(math.Atan(f))
	for range 6 {
		s, c := oracleSin(y), oracleCos(y)
		y = plus(y, times(c, minus(times(x, c), s)))
	}
	return y
}

func oracleExp2(x real) real {
	if n, rest := x.Int64(); rest == big.Exact {
		return num(0).SetMantExp(num(1), int(n))
	}
	return oracleExp(times(x, oracleLog(num(2))))
}

// oracleLog solves e^y = x by Newton's method.
func oracleLog(x real) real {
	f, _ := x.Float64()
	y := num(math.Log(f))
	for range 6 { // the number of right bits doubles each time
		e := oracleExp(y)
		y = plus(y, over(minus(x, e), e))
	}
	return y
}

// π by Gauss and Legendre's arithmetic-geometric mean
var oraclePi = func() real {
	a, b, t, p := num(1), over(num(1), root(num(2))), num(0.25), num(1)
	for range 11 {
		m := times(plus(a, b), num(0.5))
		d := minus(a, m)
		b = root(times(a, b))
		t = minus(t, times(p, times(d, d)))
		p = times(p, num(2))
		a = m
	}
	s := plus(a, b)
	return over(times(s, s), times(num(4), t))
}()

// oracleErf uses the alternating Maclaurin series 2/√π Σ (-1)^n x^(2n+1) / (n!(2n+1)).
func oracleErf(x real) real {
	if times(x, x).Cmp(num(210)) > 0 { // 1 - erf|x| < e^-210 < 2^-302
		return almostOne(x.Sign())
	}
	sum, term := num(0), x
	for n := 0; n < 4 || !small(term); n++ {
		sum = plus(sum, over(term, num(float64(2*n+1))))
		term = over(times(times(num(-1), times(x, x)), term), num(float64(n+1)))
	}
	return over(times(num(2), sum), root(oraclePi))
}

// almostOne returns sign·(1 - 2^-290), on the right side of sign·1.
func almostOne(sign int) real {
	return times(num(float64(sign)), minus(num(1), num(math.Ldexp(1, -290))))
}

func oracleTanh(x real) real {
	if num(0).Abs(x).Cmp(num(105)) > 0 { // 1 - tanh|x| < 2·e^-210 < 2^-301
		return almostOne(x.Sign())
	}
	e := oracleExp(times(num(2), x))
	return over(minus(e, num(1)), plus(e, num(1)))
}

func oracleSigmoid(x real) real {
	e := oracleExp(x)
	return over(e, plus(e, num(1)))
}

func oracleMin(x, y real) real {
	if x.Cmp(y) < 0 {
		return x
	}
	return y
}

func oracleMax(x, y real) real {
	if x.Cmp(y) > 0 {
		return x
	}
	return y
}

// oracles maps every function to f(p, x). A nil result is ±∞, with the sign of
// the second result.
var oracles = map[string]func(p []float64, x real) (real, int){
	"Identity":  plain(func(x real) real { return x }),
	"Relu":      plain(func(x real) real { return oracleMax(x, num(0)) }),
	"LeakyRelu": func(p []float64, x real) (real, int) { return negative(x, x, times(x, num(p[0]))), 0 },
	"Clip": func(p []float64, x real) (real, int) {
		return oracleMin(oracleMax(x, num(p[0])), num(p[1])), 0
	},
	"Elu": func(p []float64, x real) (real, int) {
		return negative(x, x, times(num(p[0]), minus(oracleExp(x), num(1)))), 0
	},
	"Selu": func(p []float64, x real) (real, int) {
		return times(num(p[1]), negative(x, x, times(num(p[0]), minus(oracleExp(x), num(1))))), 0
	},
	"Sigmoid":    plain(oracleSigmoid),
	"SigmoidNeg": plain(func(x real) real { return over(num(1), plus(num(1), oracleExp(x))) }),
	"HardSigmoid": func(p []float64, x real) (real, int) {
		return oracleMax(num(0), oracleMin(num(1), plus(times(x, num(p[0])), num(p[1])))), 0
	},
	"Tanh": plain(oracleTanh),
	"HardSwish": plain(func(x real) real {
		return over(times(x, oracleMax(num(0), oracleMin(num(6), plus(x, num(3))))), num(6))
	}),
	"Silu":     plain(func(x real) real { return times(x, oracleSigmoid(x)) }),
	"Mish":     plain(func(x real) real { return times(x, oracleTanh(oracleLog(plus(num(1), oracleExp(x))))) }),
	"Softplus": plain(func(x real) real { return oracleLog(plus(num(1), oracleExp(x))) }),
	"Softsign": plain(func(x real) real { return over(x, plus(num(1), num(0).Abs(x))) }),
	"Erf":      plain(oracleErf),
	"Gelu": plain(func(x real) real {
		return times(times(x, num(0.5)), plus(num(1), oracleErf(over(x, root(num(2))))))
	}),
	"GeluTanh": plain(func(x real) real {
		c := over(num(44715), num(1e6))
		y := times(root(over(num(2), oraclePi)), plus(x, times(c, times(x, times(x, x)))))
		return times(times(x, num(0.5)), plus(num(1), oracleTanh(y)))
	}),
	"Exp":        plain(oracleExp),
	"Exp2":       plain(oracleExp2),
	"Log":        domain(-1, oracleLog),
	"Sqrt":       plain(func(x real) real { return root(oracleMax(x, num(0))) }),
	"Reciprocal": func(_ []float64, x real) (real, int) { return inverse(x) },
	"Rsqrt":      domain(1, func(x real) real { return over(num(1), root(x)) }),
	"Abs":        plain(func(x real) real { return num(0).Abs(x) }),
	"Neg":        plain(func(x real) real { return num(0).Neg(x) }),
	"Square":     plain(func(x real) real { return times(x, x) }),
	"Floor":      plain(float64Func(math.Floor)),
	"Ceil":       plain(float64Func(math.Ceil)),
	"Round":      plain(float64Func(math.RoundToEven)),
	"Trunc":      plain(float64Func(math.Trunc)),
	"Sign":       plain(func(x real) real { return num(float64(x.Sign())) }),
	"Sin":        plain(oracleSin),
	"Atan":       plain(oracleAtan),
	"Asin": plain(func(x real) real {
		if one := num(1); num(0).Abs(x).Cmp(one) >= 0 {
			return times(over(oraclePi, num(2)), num(float64(x.Sign())))
		}
		return oracleAtan(over(x, root(minus(num(1), times(x, x)))))
	}),
	"Cos": plain(oracleCos),
	"Pow": func(p []float64, x real) (real, int) { return oraclePow(p[0], x) },
}

func plain(f func(x real) real) func([]float64, real) (real, int) {
	return func(_ []float64, x real) (real, int) { return f(x), 0 }
}

// float64Func lifts a function that float64 computes exactly on the tested arguments.
func float64Func(f func(float64) float64) func(real) real {
	return func(x real) real {
		v, _ := x.Float64()
		return num(f(v))
	}
}

// domain restricts f to x > 0, with an infinity of the given sign elsewhere.
func domain(sign int, f func(real) real) func([]float64, real) (real, int) {
	return func(_ []float64, x real) (real, int) {
		if x.Sign() <= 0 {
			return nil, sign
		}
		return f(x), 0
	}
}

func inverse(x real) (real, int) {
	if x.Sign() == 0 {
		return nil, 1
	}
	return over(num(1), x), 0
}

// negative returns then for x >= 0, else otherwise.
func negative(x, then, otherwise real) real {
	if x.Sign() < 0 {
		return otherwise
	}
	return then
}

// oraclePow handles the exponents k/4 by repeated products and square roots, k/64 of powers of two
// by their exponents and all others by the logarithm.
func oraclePow(p float64, x real) (real, int) {
	if p != math.Trunc(p) && x.Sign() < 0 {
		x = num(0)
	}
	if p < 0 {
		if x.Sign() == 0 {
			return nil, 1
		}
		y, _ := oraclePow(-p, x)
		return inverse(y)
	}
	if p*4 != math.Trunc(p*4) {
		if x.Sign() == 0 {
			return x, 0
		}
		if n := x.MantExp(num(0)) - 1; num(0).SetMantExp(num(1), n).Cmp(x) == 0 {
			return oracleExp2(times(num(p), num(float64(n)))), 0
		}
		return oracleExp(times(num(p), oracleLog(x))), 0
	}
	y := num(1)
	for range int(p) {
		y = times(y, x)
	}
	half := root(num(0).Abs(x))
	if frac := p - math.Trunc(p); frac >= 0.5 {
		y = times(y, half)
	}
	if frac := p*2 - math.Trunc(p*2); frac >= 0.5 {
		y = times(y, root(half))
	}
	return y, 0
}

// oracleRound returns y·2^exp rounded half up and clamped, and reports whether y is
// far enough from a rounding boundary, or exactly on one, to be trusted.
func oracleRound(y real, exp int, out Interval) (int64, bool) {
	v := num(0).SetMantExp(y, exp)
	v.Add(v, num(0.5))
	n, _ := v.Int(nil) // towards zero
	if v.Sign() < 0 && !v.IsInt() {
		n.Sub(n, one)
	}
	gap := minus(v, num(0).SetInt(n))
	if up := minus(num(1), gap); gap.Sign() != 0 && up.Cmp(gap) < 0 {
		gap = up
	}
	sure := gap.Sign() == 0 || gap.MantExp(nil) > -300
	if !n.IsInt64() {
		if n.Sign() < 0 {
			return out.Lo, sure
		}
		return out.Hi, sure
	}
	return out.Clamp(n.Int64()), sure
}
