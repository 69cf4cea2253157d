package fixedpoint

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

const (
	// MaxExp bounds the absolute value of the exponents of function tables.
	MaxExp = 256

	// MaxTable is the largest number of entries of a function table.
	MaxTable = 1 << 24
)

var (
	// ErrFunction is returned for a name that is not in [Functions].
	ErrFunction = errors.New("fixedpoint: unknown function")

	// ErrParameter is returned for parameters that a function does not take.
	ErrParameter = errors.New("fixedpoint: invalid parameter")

	// ErrUndecided is returned if the rounding of a value is not decided within
	// the highest precision tried, 2^13 bits. No such value is known.
	ErrUndecided = errors.New("fixedpoint: rounding not decided")
)

// An enclosure returns bounds of f(x) with an absolute precision of about 2^-prec
// for the parameters p.
type enclosure func(p []float64, x dyadic, prec int) bounds

// Function is a real function that is tabulated with correct rounding; see the
// package documentation for what that means. It is immutable and safe for
// concurrent use. The zero Function is not valid.
type Function struct {
	Name    string    // as in Functions
	params  []float64 // all of them, in order
	arity   int       // how many of them the caller may choose
	enclose enclosure
}

// definition is one row of the table of functions.
type definition struct {
	name    string
	arity   int       // number of parameters
	params  []float64 // defaults (nil: none), or the fixed parameters of an arity of 0
	enclose enclosure
	valid   func(p []float64) bool // of finite parameters; nil: always
}

// definitions lists the functions by ONNX operator name, in the order of their
// documentation in Functions.
var definitions = []definition{
	{name: "Identity", enclose: encloseIdentity},
	{name: "Relu", enclose: encloseRelu},
	{name: "LeakyRelu", arity: 1, params: []float64{float64(float32(0.01))}, enclose: encloseLeakyRelu},
	{name: "Clip", arity: 2, params: []float64{math.Inf(-1), math.Inf(1)}, enclose: encloseClip},
	{name: "Elu", arity: 1, params: []float64{1}, enclose: encloseElu},
	{name: "Selu", arity: 2, params: []float64{1.67326319217681884765625, 1.05070102214813232421875}, enclose: encloseSelu},
	{name: "Sigmoid", enclose: encloseSigmoid},
	{name: "SigmoidNeg", enclose: encloseSigmoidNeg},
	{name: "HardSigmoid", arity: 2, params: []float64{float64(float32(0.2)), 0.5}, enclose: encloseHardSigmoid},
	{name: "Tanh", enclose: encloseTanh},
	{name: "HardSwish", enclose: encloseHardSwish},
	{name: "Silu", enclose: encloseSilu},
	{name: "Mish", enclose: encloseMish},
	{name: "Softplus", enclose: encloseSoftplus},
	{name: "Softsign", enclose: encloseSoftsign},
	{name: "Erf", enclose: encloseErf},
	{name: "Gelu", enclose: encloseGelu},
	{name: "GeluTanh", enclose: encloseGeluTanh},
	{name: "Exp", enclose: encloseExp},
	{name: "Exp2", enclose: encloseExp2},
	{name: "Log", enclose: encloseLog},
	{name: "Sqrt", params: []float64{0.5}, enclose: enclosePow},
	{name: "Reciprocal", params: []float64{-1}, enclose: enclosePow},
	{name: "Rsqrt", params: []float64{-0.5}, enclose: enclosePow},
	{name: "Abs", enclose: encloseAbs},
	{name: "Neg", enclose: encloseNeg},
	{name: "Square", params: []float64{2}, enclose: enclosePow},
	{name: "Floor", enclose: encloseFloor},
	{name: "Ceil", enclose: encloseCeil},
	{name: "Round", enclose: encloseRound},
	{name: "Trunc", enclose: encloseTrunc},
	{name: "Sign", enclose: encloseSign},
	{name: "Sin", enclose: encloseSin},
	{name: "Cos", enclose: encloseCos},
	{name: "Atan", enclose: encloseAtan},
	{name: "Asin", enclose: encloseAsin},
	{name: "Pow", arity: 1, enclose: enclosePow, valid: validPower},
}

// Functions returns the names that [ByName] takes. Most are those of the ONNX
// operators they compute:
//
//	Identity, Relu, LeakyRelu(alpha), Clip(lo, hi), Elu(alpha), Selu(alpha, gamma),
//	Sigmoid, SigmoidNeg (Sigmoid(-x)), HardSigmoid(alpha, beta), Tanh, HardSwish, Silu (x·Sigmoid(x)), Mish, Softplus,
//	Softsign, Erf, Gelu (with Erf), GeluTanh (Gelu with approximate="tanh"), Exp,
//	Exp2 (2^x), Log, Sqrt, Reciprocal, Rsqrt (1/√x), Abs, Neg, Square, Floor, Ceil, Round (ties
//	to even), Trunc (towards zero), Sign, Sin, Cos, Atan, Asin (±π/2 beyond ±1), Pow(p)
func Functions() []string {
	names := make([]string, len(definitions))
	for i, d := range definitions {
		names[i] = d.name
	}
	return names
}

// ByName returns the function called name, with all its parameters or none. Without
// parameters it has ONNX's defaults (no bounds for Clip); Pow has none and needs
// its exponent, of 64 at most in size.
//
// Parameters are finite, except that Clip takes -∞ for its lower and +∞ for its
// upper bound. The error is [ErrFunction] or [ErrParameter].
func ByName(name string, params ...float64) (Function, error) {
	for _, d := range definitions {
		if d.name == name {
			return d.bind(params)
		}
	}
	return Function{}, fmt.Errorf("%w: %q", ErrFunction, name)
}

// bind checks the parameters p of the function and returns it.
func (d *definition) bind(p []float64) (Function, error) {
	if len(p) == 0 && (d.arity == 0 || d.params != nil) {
		return Function{d.name, d.params, d.arity, d.enclose}, nil
	}
	if len(p) != d.arity {
		return Function{}, fmt.Errorf("%w: %s takes %d, got %d", ErrParameter, d.name, d.arity, len(p))
	}
	for i, v := range p {
		unbounded := d.name == "Clip" && math.IsInf(v, 2*i-1)
		if math.IsNaN(v) || math.IsInf(v, 0) && !unbounded {
			return Function{}, fmt.Errorf("%w: %s: %v", ErrParameter, d.name, v)
		}
	}
	if d.valid != nil && !d.valid(p) {
		return Function{}, fmt.Errorf("%w: %s: %v", ErrParameter, d.name, p)
	}
	return Function{d.name, append([]float64(nil), p...), d.arity, d.enclose}, nil
}

func validPower(p []float64) bool { return math.Abs(p[0]) <= maxPower }

// String returns the name and the parameters, such as "Clip(0, 6)". Functions
// with the same string are equal.
func (f Function) String() string {
	if f.arity == 0 {
		return f.Name
	}
	var s []string
	for _, p := range f.params {
		s = append(s, strconv.FormatFloat(p, 'g', -1, 64))
	}
	return f.Name + "(" + strings.Join(s, ", ") + ")"
}

// At returns f(x·2^-inExp)·2^outExp rounded to the nearest integer, ties up, and
// clamped to out. The error is [ErrRange] if out is empty or an exponent exceeds
// [MaxExp], [ErrFunction] for the zero Function, or [ErrUndecided].
func (f Function) At(x int64, inExp int, out Interval, outExp int) (int64, error) {
	if err := f.check(inExp, out, outExp); err != nil {
		return 0, err
	}
	return f.at(x, inExp, out, outExp)
}

// Table returns t[i] = f.At(in.Lo+i, inExp, out, outExp) for every integer of in,
// which has at most [MaxTable]. Its errors are those of At.
func (f Function) Table(in Interval, inExp int, out Interval, outExp int) ([]int64, error) {
	if err := f.check(inExp, out, outExp); err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	if in.Width() >= MaxTable {
		return nil, fmt.Errorf("%w: table over %v has more than %d entries", ErrRange, in, MaxTable)
	}
	t := make([]int64, in.Width()+1)
	for i := range t {
		y, err := f.at(in.Lo+int64(i), inExp, out, outExp)
		if err != nil {
			return nil, err
		}
		t[i] = y
	}
	return t, nil
}

// check returns an error if f, the exponents or the output interval are not valid.
func (f Function) check(inExp int, out Interval, outExp int) error {
	if f.enclose == nil {
		return fmt.Errorf("%w: the zero Function", ErrFunction)
	}
	for _, e := range [2]int{inExp, outExp} {
		if e < -MaxExp || e > MaxExp {
			return fmt.Errorf("%w: exponent %d", ErrRange, e)
		}
	}
	return out.check()
}

// at raises the precision until the bounds of f(x) decide the rounding (Ziv 1991).
func (f Function) at(x int64, inExp int, out Interval, outExp int) (int64, error) {
	const (
		guard   = 32 // more bits than the result needs, so that a second try is rare
		maxPrec = 1 << 13
	)
	arg := integer(x)
	arg.exp = inExp
	// floor(y + 1/2) = floor((floor(2y) + 1) / 2)
	e := outExp + 1
	for prec := max(e, 0) + guard; prec <= maxPrec; prec *= 2 {
		b := f.enclose(f.params, arg, prec)
		switch b.inf {
		case 1:
			return out.Hi, nil
		case -1:
			return out.Lo, nil
		}
		n, ok := b.floor(e)
		if !ok {
			continue
		}
		n.Rsh(n.Add(n, one), 1)
		switch {
		case n.IsInt64():
			return out.Clamp(n.Int64()), nil
		case n.Sign() > 0:
			return out.Hi, nil
		}
		return out.Lo, nil
	}
	return 0, fmt.Errorf("%w: %v(%d·2^%d)", ErrUndecided, f, x, -inExp)
}
