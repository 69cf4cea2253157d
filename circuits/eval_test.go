package circuits

import (
	"math"
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
)

// The references of this file are written from the operators' definitions with plain
// loops over indices and math/big, sharing nothing with Eval.

// index splits a flat index into coordinates.
func index(i int, shape []int) []int {
	at := make([]int, len(shape))
	for k := len(shape) - 1; k >= 0; k-- {
		at[k], i = i%shape[k], i/shape[k]
	}
	return at
}

// element reads x at the coordinates, zero outside.
func element(x []int64, shape, at []int) int64 {
	flat := 0
	for k, d := range shape {
		if at[k] < 0 || at[k] >= d {
			return 0
		}
		flat = flat*d + at[k]
	}
	return x[flat]
}

// floorDiv is floor(a/b) for b > 0.
func floorDiv(a, b *big.Int) int64 { return new(big.Int).Div(a, b).Int64() }

// references gives the values each operator should compute.
func reference(op Op, in [][]int64, types []Type, out Type) []int64 {
	y := make([]int64, out.Size())
	for i := range y {
		at := index(i, out.Shape)
		switch op := op.(type) {
		case *MatMul:
			row := in[0][i/op.Rows*op.Inner:]
			y[i] = op.Bias[i%op.Rows]
			for k := range op.Inner {
				y[i] += op.Weights[i%op.Rows*op.Inner+k] * row[k]
			}
		case *Conv:
			y[i] = convAt(op, in[0], types[0].Shape, at)
		case *Requantize:
			half := new(big.Int).Lsh(big.NewInt(1), uint(op.Shift-1))
			y[i] = floorDiv(half.Add(half, big.NewInt(in[0][i])), new(big.Int).Lsh(big.NewInt(1), uint(op.Shift)))
		case *Clip:
			y[i] = in[0][i]
			if y[i] < op.Interval.Lo {
				y[i] = op.Interval.Lo
			} else if y[i] > op.Interval.Hi {
				y[i] = op.Interval.Hi
			}
		case *MaxPool:
			y[i] = poolAt(&op.Window, in[0], types[0].Shape, at, math.MinInt64, func(a, b int64) int64 {
				if b > a {
					return b
				}
				return a
			})
		case *AveragePool:
			y[i] = op.Scale * poolAt(&op.Window, in[0], types[0].Shape, at, 0, func(a, b int64) int64 { return a + b })
		case *Add:
			y[i] = op.Scale[0]*broadcastAt(in[0], types[0].Shape, at) + op.Scale[1]*broadcastAt(in[1], types[1].Shape, at)
		case *Mul:
			y[i] = broadcastAt(in[0], types[0].Shape, at) * broadcastAt(in[1], types[1].Shape, at)
		case *Reshape:
			y[i] = in[0][i]
		case *Transpose:
			from := make([]int, len(at))
			for k, p := range op.Perm {
				from[p] = at[k]
			}
			y[i] = element(in[0], types[0].Shape, from)
		case *Concat:
			for k := range in {
				if at[op.Axis] < types[k].Shape[op.Axis] {
					y[i] = element(in[k], types[k].Shape, at)
					break
				}
				at[op.Axis] -= types[k].Shape[op.Axis]
			}
		default:
			y[i] = elementwiseReference(op, in, types, at, i)
		}
	}
	return y
}

func convAt(c *Conv, x []int64, shape, at []int) int64 {
	n, o := at[0], at[1]
	group := o / (c.Kernel[0] / c.Group)
	sum := c.Bias[o]
	for k := range c.Kernel[1] {
		for a := range c.Kernel[2] {
			for b := range c.Kernel[3] {
				w := c.Weights[relation.Size(c.Kernel[1:])*o+(k*c.Kernel[2]+a)*c.Kernel[3]+b]
				sum += w * element(x, shape, []int{n, group*c.Kernel[1] + k,
					at[2]*c.Stride[0] + a*c.Dilation[0] - c.Pads[0], at[3]*c.Stride[1] + b*c.Dilation[1] - c.Pads[1]})
			}
		}
	}
	return sum
}

func poolAt(w *Window, x []int64, shape, at []int, start int64, f func(a, b int64) int64) int64 {
	acc := start
	for a := range w.Kernel[0] {
		for b := range w.Kernel[1] {
			r, q := at[2]*w.Stride[0]+a*w.Dilation[0]-w.Pads[0], at[3]*w.Stride[1]+b*w.Dilation[1]-w.Pads[1]
			if r >= 0 && r < shape[2] && q >= 0 && q < shape[3] {
				acc = f(acc, element(x, shape, []int{at[0], at[1], r, q}))
			}
		}
	}
	return acc
}

// broadcastAt reads x by NumPy's rule.
func broadcastAt(x []int64, shape, at []int) int64 {
	from := make([]int, len(shape))
	for k, d := range shape {
		if d > 1 {
			from[k] = at[len(at)-len(shape)+k]
		}
	}
	return element(x, shape, from)
}

// TestEvalReference compares Eval of every node of every case with the references.
func TestEvalReference(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases() {
		p := c.program(t, Config{})
		k := compile(t, p)
		rng := seeded(t)
		runs := k.extremes()
		for range 60 {
			runs = append(runs, k.randomInputs(rng))
		}
		for _, x := range runs {
			checkReference(t, p, x)
			for _, n := range p.Nodes {
				seen[Kind(n.Op)] = true
			}
		}
	}
	require.Len(t, seen, len(kinds), "an operator without a case")
}

// TestRequantizeExhaustive covers every remainder of every shift, on both sides of zero.
func TestRequantizeExhaustive(t *testing.T) {
	for s := 1; s <= MaxShift; s++ {
		r := &Requantize{Shift: s}
		var x []int64
		for v := int64(-3) << s; v <= 3<<s; v++ {
			x = append(x, v)
		}
		typ := Type{Shape: []int{len(x)}, Range: iv(-3<<s, 3<<s)}
		out, err := r.Infer([]Type{typ})
		require.NoError(t, err)
		require.Equal(t, reference(r, [][]int64{x}, []Type{typ}, out), r.Eval([][]int64{x}), "shift %d", s)
	}
}

// TestFunctionExhaustive compares tables over 8 bits with the functions in floating
// point: the nearest integer, where rounding noise cannot decide.
func TestFunctionExhaustive(t *testing.T) {
	for name, f := range floatFunctions {
		for _, exp := range []int{2, 5, 7} {
			op := &Function{Name: name, Params: f.params, OutExp: 6, Out: iv(-100, 127)}
			typ := Type{Shape: []int{256}, Exp: exp, Range: iv(-128, 127)}
			_, err := op.Infer([]Type{typ})
			require.NoError(t, err)
			x := make([]int64, 256)
			for i := range x {
				x[i] = int64(i) - 128
			}
			checkFunction(t, op, x, typ, op.Eval([][]int64{x}))
		}
	}
}

// TestSoftmaxReference recomputes both in floating point and math/big.
func TestSoftmaxReference(t *testing.T) {
	const n, exp, expBits, outBits = 5, 4, 9, 10
	soft := &Softmax{Exponential: Exponential{ExpBits: expBits}, OutBits: outBits}
	logs := &LogSoftmax{Exponential: Exponential{ExpBits: expBits}}
	typ := Type{Shape: []int{3, n}, Exp: exp, Range: iv(-128, 127)}
	for _, op := range []Op{soft, logs} {
		_, err := op.Infer([]Type{typ})
		require.NoError(t, err)
	}
	rng := seeded(t)
	for range 300 {
		x := make([]int64, 3*n)
		for i := range x {
			x[i] = rng.Int64N(256) - 128
			if rng.IntN(3) == 0 {
				x[i] = []int64{-128, 127, 0}[rng.IntN(3)]
			}
		}
		for _, op := range []Op{soft, logs} {
			require.Equal(t, softmaxReference(op, x, typ), op.Eval([][]int64{x}), "%s of %v", Kind(op), x)
		}
	}
}

// softmaxMatMulReference takes exponentials in floating point and their mean of y's rows in math/big.
func softmaxMatMulReference(op *SoftmaxMatMul, in [][]int64, types []Type) (out []int64) {
	x, y, exact := types[0].Shape, types[1].Shape, op.out.Shape
	rank, n := len(exact), x[len(x)-1]
	for i := range relation.Size(exact) {
		at := index(i, exact)
		row := make([]int64, n)
		for k := range row {
			a := slices.Clone(at)
			a[rank-1] = k
			row[k] = broadcastAt(in[0], x, a)
		}
		e := exponentials(row, types[0].Exp, op.ExpBits)
		var num, den big.Int
		for k := range row {
			b := slices.Clone(at)
			b[rank-2] = k
			num.Add(&num, new(big.Int).Mul(big.NewInt(e[k]), big.NewInt(broadcastAt(in[1], y, b))))
			den.Add(&den, big.NewInt(e[k]))
		}
		num.Lsh(&num, uint(op.Shift+1))
		num.Add(&num, &den)
		out = append(out, floorDiv(&num, den.Lsh(&den, 1)))
	}
	return out
}

// exponentials returns a softmax's e_i for one row.
func exponentials(x []int64, exp, expBits int) []int64 {
	m, e := slices.Max(x), make([]int64, len(x))
	for i, v := range x {
		e[i] = int64(math.Floor(math.Exp(math.Ldexp(float64(v-m), -exp))*math.Ldexp(1, expBits) + 0.5))
	}
	return e
}

// softmaxReference computes Softmax and LogSoftmax in floating point and math/big.
func softmaxReference(op Op, x []int64, t Type) (out []int64) {
	var expBits int
	switch op := op.(type) {
	case *Softmax:
		expBits = op.ExpBits
	case *LogSoftmax:
		expBits = op.ExpBits
	}
	for n := t.Shape[len(t.Shape)-1]; len(x) > 0; x = x[n:] {
		m, e := slices.Max(x[:n]), exponentials(x[:n], t.Exp, expBits)
		var sum int64
		for _, v := range e {
			sum += v
		}
		log := int64(math.Floor(math.Ldexp(math.Log(math.Ldexp(float64(sum), -expBits)), t.Exp) + 0.5))
		for i, v := range x[:n] {
			if soft, ok := op.(*Softmax); ok {
				num := new(big.Int).Lsh(big.NewInt(e[i]), uint(soft.OutBits+1))
				out = append(out, floorDiv(num.Add(num, big.NewInt(sum)), big.NewInt(2*sum)))
			} else {
				out = append(out, v-m-log)
			}
		}
	}
	return out
}

// floatFunctions are what tables are compared with, for the parameters p, and parameters to
// draw them with.
var floatFunctions = map[string]struct {
	f      func(x float64, p []float64) float64
	params []float64
}{
	"Abs":         {unary(math.Abs), nil},
	"Ceil":        {unary(math.Ceil), nil},
	"Cos":         {unary(math.Cos), nil},
	"Elu":         {func(x float64, p []float64) float64 { return max(x, 0) + p[0]*math.Expm1(min(x, 0)) }, []float64{-0.5}},
	"Erf":         {unary(math.Erf), nil},
	"Exp":         {unary(math.Exp), nil},
	"Exp2":        {unary(math.Exp2), nil},
	"Floor":       {unary(math.Floor), nil},
	"Gelu":        {unary(func(x float64) float64 { return x * 0.5 * math.Erfc(-x/math.Sqrt2) }), nil},
	"HardSigmoid": {func(x float64, p []float64) float64 { return min(max(p[0]*x+p[1], 0), 1) }, []float64{0.25, 0.5}},
	"HardSwish":   {unary(func(x float64) float64 { return x * min(max(x/6+0.5, 0), 1) }), nil},
	"Identity":    {unary(func(x float64) float64 { return x }), nil},
	"LeakyRelu":   {func(x float64, p []float64) float64 { return max(x, 0) + p[0]*min(x, 0) }, []float64{-0.75}},
	"Mish":        {unary(func(x float64) float64 { return x * math.Tanh(max(x, 0)+math.Log1p(math.Exp(-math.Abs(x)))) }), nil},
	"Relu":        {unary(func(x float64) float64 { return max(x, 0) }), nil},
	"Selu":        {func(x float64, p []float64) float64 { return p[1] * (max(x, 0) + p[0]*math.Expm1(min(x, 0))) }, []float64{1.5, -1}},
	"Sigmoid":     {unary(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }), nil},
	"Silu":        {unary(func(x float64) float64 { return x / (1 + math.Exp(-x)) }), nil},
	"Sin":         {unary(math.Sin), nil},
	"Softplus":    {unary(func(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }), nil},
	"Softsign":    {unary(func(x float64) float64 { return x / (1 + math.Abs(x)) }), nil},
	"Tanh":        {unary(math.Tanh), nil},
}

func unary(f func(float64) float64) func(float64, []float64) float64 {
	return func(x float64, _ []float64) float64 { return f(x) }
}

// checkFunction compares a table's values with the function in floating point: the nearest
// integer, either one where rounding noise decides.
func checkFunction(t testing.TB, op *Function, x []int64, in Type, got []int64) {
	t.Helper()
	f, ok := floatFunctions[op.Name]
	if !ok {
		return
	}
	for i, y := range got {
		v := math.Ldexp(f.f(math.Ldexp(float64(x[i]), -in.Exp), op.Params), op.OutExp)
		v = min(max(v, float64(op.Out.Lo)), float64(op.Out.Hi))
		require.LessOrEqual(t, math.Abs(float64(y)-v), 0.5+1e-9*max(1, math.Abs(v)), "%s(%d·2^-%d) is %v, got %d", op.Name, x[i], in.Exp, v, y)
		if frac := v - math.Floor(v); math.Abs(frac-0.5) > 1e-9 {
			require.Equal(t, int64(math.Floor(v+0.5)), y, "%s(%d·2^-%d)", op.Name, x[i], in.Exp)
		}
	}
}

// TestUnaryExhaustive proves every 8-bit input of the elementwise operators at once: the
// statement holds all 256 outputs.
func TestUnaryExhaustive(t *testing.T) {
	for name, nodes := range map[string][]Node{
		"requantize": {node(&Requantize{Shift: 3}, 0)},
		"clip":       {node(&Clip{Interval: iv(-77, 50)}, 0)},
		"relu":       {node(&Function{Name: "Relu", OutExp: 4, Out: iv(0, 100)}, 0)},
		"tanh":       {node(&Function{Name: "Tanh", OutExp: 7, Out: iv(-128, 127)}, 0)},
		"layer":      {node(&Requantize{Shift: 2}, 0), node(&Function{Name: "Gelu", OutExp: 4, Out: iv(-128, 127)}, 1)},
	} {
		for _, cfg := range []Config{{}, {System: Plonk}} {
			k := compile(t, newProgram(t, cfg, []Port{in(0, -128, 127, 256)}, nodes))
			x := make([]int64, 256)
			for i := range x {
				x[i] = int64(i) - 128
			}
			require.NoError(t, k.solve(k.honest([][]int64{x})), name)
		}
	}
}

// Values that Eval did not return are refused by their number and sizes.
func TestWitnessOf(t *testing.T) {
	k := compile(t, cases()[0].program(t, Config{}))
	in := k.randomInputs(seeded(t))
	values, err := k.Program.Eval(in)
	require.NoError(t, err)
	w, err := k.WitnessOf(values, k.weights, testContext, testSalt)
	require.NoError(t, err)
	require.Equal(t, k.honest(in), w)
	for _, bad := range [][][]int64{nil, values[:len(values)-1], append(values[:len(values)-1:len(values)-1], nil)} {
		_, err := k.WitnessOf(bad, k.weights, testContext, testSalt)
		require.ErrorIs(t, err, ErrInput)
	}
}
