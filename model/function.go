package model

import (
	"cmp"
	"math"
)

// unary holds the functions of one float. Each entry reads its attributes, if it
// has any, and returns the function; results are rounded to float32 once.
var unary = map[string]func(a Attrs) (func(x float64) float64, error){
	"Asin":       plain(math.Asin),
	"Atan":       plain(math.Atan),
	"Ceil":       plain(math.Ceil),
	"Cos":        plain(math.Cos),
	"Erf":        plain(math.Erf),
	"Exp":        plain(math.Exp),
	"Floor":      plain(math.Floor),
	"HardSwish":  plain(func(x float64) float64 { return x * clamp(x/6+0.5, 0, 1) }),
	"Log":        plain(math.Log),
	"Mish":       plain(func(x float64) float64 { return x * math.Tanh(max(x, 0)+math.Log1p(math.Exp(-math.Abs(x)))) }),
	"Reciprocal": plain(func(x float64) float64 { return 1 / x }),
	"Round":      plain(math.RoundToEven),
	"Sigmoid":    plain(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }),
	"Sin":        plain(math.Sin),
	"Softplus":   plain(func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }),
	"Softsign":   plain(func(x float64) float64 { return x / (1 + math.Abs(x)) }),
	"Sqrt":       plain(math.Sqrt),
	"Tanh":       plain(math.Tanh),

	"Celu": func(a Attrs) (func(float64) float64, error) {
		alpha := 1.0
		err := a.Unpack("alpha?", &alpha)
		return func(x float64) float64 { return max(x, 0) + min(0, alpha*math.Expm1(x/alpha)) }, err
	},
	"Elu": func(a Attrs) (func(float64) float64, error) {
		alpha := 1.0
		err := a.Unpack("alpha?", &alpha)
		return func(x float64) float64 { return elu(x, alpha) }, err
	},
	"Gelu": func(a Attrs) (func(float64) float64, error) {
		approximate := "none"
		err := a.Unpack("approximate?", &approximate)
		switch {
		case err != nil:
			return nil, err
		case approximate == "none":
			return func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) }, nil
		case approximate == "tanh":
			return func(x float64) float64 {
				return x / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(x+0.044715*x*x*x)))
			}, nil
		}
		return nil, malformed("approximate %q", approximate)
	},
	"HardSigmoid": func(a Attrs) (func(float64) float64, error) {
		alpha, beta := 0.2, 0.5
		err := a.Unpack("alpha?", &alpha, "beta?", &beta)
		return func(x float64) float64 { return clamp(alpha*x+beta, 0, 1) }, err
	},
	"LeakyRelu": func(a Attrs) (func(float64) float64, error) {
		alpha := 0.01
		err := a.Unpack("alpha?", &alpha)
		return func(x float64) float64 {
			if x < 0 {
				return alpha * x
			}
			return x
		}, err
	},
	"Selu": func(a Attrs) (func(float64) float64, error) {
		// The standard's defaults, with more digits than a float32 holds.
		alpha, gamma := 1.67326319217681884765625, 1.05070102214813232421875
		err := a.Unpack("alpha?", &alpha, "gamma?", &gamma)
		return func(x float64) float64 { return gamma * elu(x, alpha) }, err
	},
}

func plain(f func(float64) float64) func(Attrs) (func(float64) float64, error) {
	return func(a Attrs) (func(float64) float64, error) { return f, a.Unpack() }
}

func elu(x, alpha float64) float64 {
	if x < 0 {
		return alpha * math.Expm1(x)
	}
	return x
}

// clamp is Clip: if lo > hi the result is hi.
func clamp[T cmp.Ordered](x, lo, hi T) T { return min(max(x, lo), hi) }

func bindUnary(c *call) (*kernel, error) {
	f, err := unary[c.op](c.attrs)
	if err != nil {
		return nil, err
	}
	return mapFloats(c.in[0], f), nil
}

func mapFloats(x *fact, f func(float64) float64) *kernel {
	return returns(x.shape, x.typ, func(in []*Tensor, out *Tensor) {
		for i, v := range in[0].Float {
			out.Float[i] = float32(f(float64(v)))
		}
	})
}

func mapInts(x *fact, typ ElemType, f func(int64) int64) *kernel {
	return returns(x.shape, typ, func(in []*Tensor, out *Tensor) {
		for i, v := range in[0].Int {
			out.Int[i] = f(v)
		}
	})
}

// signed holds the functions that integers have too.
var signed = map[string]struct {
	float func(float64) float64
	int   func(int64) int64
}{
	"Abs":  {math.Abs, func(x int64) int64 { return max(x, -x) }},
	"Neg":  {func(x float64) float64 { return -x }, func(x int64) int64 { return -x }},
	"Relu": {func(x float64) float64 { return max(x, 0) }, func(x int64) int64 { return max(x, 0) }},
	"Sign": {func(x float64) float64 { return float64(cmp.Compare(x, 0)) }, func(x int64) int64 { return int64(cmp.Compare(x, 0)) }},
}

// bindSigned implements Abs, Neg, Relu and Sign.
func bindSigned(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	x, f := c.in[0], signed[c.op]
	if x.typ.IsFloat() {
		return mapFloats(x, f.float), nil
	}
	return mapInts(x, x.typ, f.int), nil
}

func bindNot(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	if c.in[0].typ.IsFloat() {
		return nil, malformed("input of type %v", c.in[0].typ)
	}
	return mapInts(c.in[0], Bool, func(x int64) int64 { return truth(x == 0) }), nil
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// bindCast implements Cast. Float values are truncated towards zero and saturate
// at the bounds of the integer type; integers keep their low bits.
func bindCast(c *call) (*kernel, error) {
	to, saturate := 0, 1
	if err := c.attrs.Unpack("to", &to, "saturate?", &saturate); err != nil {
		return nil, err
	}
	typ, err := elemTypeOf(int32(to))
	if err != nil {
		return nil, err
	}
	x := c.in[0]
	switch {
	case x.typ.IsFloat() && typ.IsFloat():
		k := mapFloats(x, func(v float64) float64 { return v })
		k.out[0].typ, k.identity = typ, true
		return k, nil
	case x.typ.IsFloat():
		return returns(x.shape, typ, func(in []*Tensor, out *Tensor) {
			for i, v := range in[0].Float {
				out.Int[i] = floatToInt(v, typ)
			}
		}), nil
	case typ.IsFloat():
		return returns(x.shape, typ, func(in []*Tensor, out *Tensor) {
			for i, v := range in[0].Int {
				out.Float[i] = float32(v)
			}
		}), nil
	}
	k := mapInts(x, typ, func(v int64) int64 { return wrapInt(v, typ) })
	fromLo, fromHi := x.typ.Bounds()
	lo, hi := typ.Bounds()
	k.identity = lo <= fromLo && fromHi <= hi
	return k, nil
}

func floatToInt(v float32, typ ElemType) int64 {
	if typ == Bool {
		return truth(v != 0)
	}
	lo, hi := typ.Bounds()
	switch f := float64(v); {
	case f != f:
		return 0
	case f <= float64(lo):
		return lo
	case f >= float64(hi):
		return hi
	default:
		return int64(f)
	}
}

func wrapInt(v int64, typ ElemType) int64 {
	switch typ {
	case Int8:
		return int64(int8(v))
	case Int16:
		return int64(int16(v))
	case Int32:
		return int64(int32(v))
	case Uint8:
		return int64(uint8(v))
	case Uint16:
		return int64(uint16(v))
	case Uint32:
		return int64(uint32(v))
	case Int4:
		return int64(int8(v<<4)) >> 4
	case Uint4:
		return v & 15
	case Bool:
		return truth(v != 0)
	}
	return v
}

// bindClip implements Clip with bounds as attributes (below opset 11) or inputs.
func bindClip(c *call) (*kernel, error) {
	lo, hi := float32(math.Inf(-1)), float32(math.Inf(1))
	if err := c.attrs.Unpack("min?", &lo, "max?", &hi); err != nil {
		return nil, err
	}
	for i := 1; i < len(c.in); i++ {
		if f := c.in[i]; f != nil && product(f.shape) != 1 {
			return nil, malformed("input %d of shape %v, want a scalar", i, f.shape)
		}
	}
	x := c.in[0]
	return returns(x.shape, x.typ, func(in []*Tensor, out *Tensor) {
		if out.Float != nil {
			clip(in, out.Float, floatsOf, lo, hi)
		} else {
			clip(in, out.Int, intsOf, math.MinInt64, math.MaxInt64)
		}
	}), nil
}

func clip[T cmp.Ordered](in []*Tensor, out []T, data func(*Tensor) []T, lo, hi T) {
	if len(in) > 1 && in[1] != nil {
		lo = data(in[1])[0]
	}
	if len(in) > 2 && in[2] != nil {
		hi = data(in[2])[0]
	}
	for i, v := range data(in[0]) {
		out[i] = clamp(v, lo, hi)
	}
}

func floatsOf(t *Tensor) []float32 { return t.Float }
func intsOf(t *Tensor) []int64     { return t.Int }
