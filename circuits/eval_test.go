package circuits

import (
	"math"
	"math/big"
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
		case *Slice:
			for k := range at {
				at[k] = op.Start[k] + op.Step[k]*at[k]
			}
			y[i] = element(in[0], types[0].Shape, at)
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
			values, err := p.Eval(x)
			require.NoError(t, err)
			for i, n := range p.Nodes {
				var in [][]int64
				var types []Type
				for _, v := range n.In {
					in, types = append(in, values[v]), append(types, p.types[v])
				}
				out := p.types[len(p.Inputs)+i]
				got := values[len(p.Inputs)+i]
				for j, v := range got {
					require.True(t, out.Range.Contains(v), "%s: node %d: element %d is %d, outside %v", c.name, i, j, v, out.Range)
				}
				switch op := n.Op.(type) {
				case *Function, *LogSoftmax, *Softmax: // below
				default:
					seen[kindOf(op)] = true
					require.Equal(t, reference(op, in, types, out), got, "%s: node %d", c.name, i)
				}
			}
		}
	}
	require.Len(t, seen, len(kinds)-3, "an operator without a case")
}

// TestRequantizeExhaustive covers every remainder of every shift, on both sides of zero.
func TestRequantizeExhaustive(t *testing.T) {
	for s := 1; s <= maxShift; s++ {
		r := &Requantize{Shift: s}
		var x []int64
		for v := int64(-3) << s; v <= 3<<s; v++ {
			x = append(x, v)
		}
		typ := Type{Shape: []int{len(x)}, Range: iv(-3<<s, 3<<s)}
		out, err := r.Bind([]Type{typ})
		require.NoError(t, err)
		require.Equal(t, reference(r, [][]int64{x}, []Type{typ}, out), r.Eval([][]int64{x}), "shift %d", s)
	}
}

// TestFunctionExhaustive compares tables over 8 bits with the functions in floating
// point: the nearest integer, where rounding noise cannot decide.
func TestFunctionExhaustive(t *testing.T) {
	functions := map[string]func(float64) float64{
		"Relu":     func(x float64) float64 { return max(x, 0) },
		"Identity": func(x float64) float64 { return x },
		"Sigmoid":  func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		"Tanh":     math.Tanh,
		"Exp":      math.Exp,
		"Gelu":     func(x float64) float64 { return x * 0.5 * math.Erfc(-x/math.Sqrt2) },
		"Softplus": func(x float64) float64 { return math.Log1p(math.Exp(x)) },
	}
	for name, f := range functions {
		for _, exp := range []int{2, 5, 7} {
			op := &Function{Name: name, OutExp: 6, Out: iv(-100, 127)}
			_, err := op.Bind([]Type{{Shape: []int{256}, Exp: exp, Range: iv(-128, 127)}})
			require.NoError(t, err)
			x := make([]int64, 256)
			for i := range x {
				x[i] = int64(i) - 128
			}
			for i, y := range op.Eval([][]int64{x}) {
				v := f(math.Ldexp(float64(x[i]), -exp)) * 64
				if _, frac := math.Modf(math.Abs(v)); name != "Relu" && name != "Identity" && math.Abs(frac-0.5) < 1e-9 {
					continue
				}
				require.Equal(t, min(max(int64(math.Floor(v+0.5)), -100), 127), y, "%s(%d·2^-%d)", name, x[i], exp)
			}
		}
	}
}

// TestSoftmaxReference recomputes both in floating point and math/big.
func TestSoftmaxReference(t *testing.T) {
	const n, exp, expBits, outBits = 5, 4, 9, 10
	soft := &Softmax{exponential: exponential{ExpBits: expBits}, OutBits: outBits}
	logs := &LogSoftmax{exponential: exponential{ExpBits: expBits}}
	typ := Type{Shape: []int{3, n}, Exp: exp, Range: iv(-128, 127)}
	for _, op := range []Op{soft, logs} {
		_, err := op.Bind([]Type{typ})
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
		y, z := soft.Eval([][]int64{x}), logs.Eval([][]int64{x})
		for r := range 3 {
			row := x[r*n:][:n]
			m := int64(math.MinInt64)
			for _, v := range row {
				m = max(m, v)
			}
			var e [n]int64
			var sum int64
			for i, v := range row {
				e[i] = int64(math.Floor(math.Exp(math.Ldexp(float64(v-m), -exp))*(1<<expBits) + 0.5))
				sum += e[i]
			}
			log := int64(math.Floor(math.Log(float64(sum)/(1<<expBits))*(1<<exp) + 0.5))
			for i := range row {
				num := new(big.Int).Lsh(big.NewInt(e[i]), outBits+1)
				num.Add(num, big.NewInt(sum))
				require.Equal(t, floorDiv(num, big.NewInt(2*sum)), y[r*n+i], "softmax of %v", row)
				require.Equal(t, row[i]-m-log, z[r*n+i], "log of softmax of %v", row)
			}
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
