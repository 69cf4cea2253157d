package circuits

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// opCase is a small program around one or a few operators.
type opCase struct {
	name   string
	inputs []Port
	nodes  func() []Node // new operators each time
	outs   []int
}

// ints draws weights in [-w, w].
func ints(seed uint64, n int, w int64) Ints {
	rng := rand.New(rand.NewPCG(seed, 2))
	out := make(Ints, n)
	for i := range out {
		out[i] = rng.Int64N(2*w+1) - w
	}
	return out
}

// dense is a matrix product with random weights, declared a little wider than they are.
func dense(seed uint64, rows, inner int, x [2]int64) *MatMul {
	m := &MatMul{Rows: rows, Inner: inner, Exp: 3, Weights: ints(seed, rows*inner, 7), Bias: ints(seed+1, rows, 50)}
	bound, _, err := accumulators(iv(x[0], x[1]), m.Weights, m.Bias, rows, false)
	if err != nil {
		panic(err)
	}
	m.Bound = iv(bound.Lo-9, bound.Hi+17)
	return m
}

// conv is a convolution with random weights.
func conv(seed uint64, group int, kernel [4]int, stride, dilation [2]int, pads [4]int, x [2]int64) *Conv {
	n := kernel[0] * kernel[1] * kernel[2] * kernel[3]
	c := &Conv{Group: group, Kernel: kernel, Stride: stride, Dilation: dilation, Pads: pads, Exp: 3, Weights: ints(seed, n, 7), Bias: ints(seed+1, kernel[0], 50)}
	var err error
	if c.Bound, c.Spread, err = accumulators(iv(x[0], x[1]), c.Weights, c.Bias, kernel[0], c.padded()); err != nil {
		panic(err)
	}
	return c
}

var unit = [2]int{1, 1}

// choice is an input of integers that choose.
func choice(lo, hi int64, shape ...int) Port { return whole(0, lo, hi, shape...) }

// whole declares input number i, of integers.
func whole(i int, lo, hi int64, shape ...int) Port {
	p := in(i, lo, hi, shape...)
	p.Exp, p.RealLo, p.RealHi = 0, float64(lo), float64(hi)
	return p
}

func pool(kernel, stride, dilation [2]int, pads [4]int, shape [2]int) *MaxPool {
	return &MaxPool{Window: Window{kernel, stride, dilation, pads, shape}}
}

// cases covers every operator, and graphs in which values are used twice.
func cases() []opCase {
	x8 := [2]int64{-128, 127}
	one := func(op Op, v ...int) func() []Node { return func() []Node { return []Node{node(op, v...)} } }
	return append(elementwiseCases(), []opCase{
		{"matmul row", []Port{in(0, -128, 127, 1, 6)}, one(dense(1, 4, 6, x8), 0), nil},
		{"matmul rows", []Port{in(0, -128, 127, 3, 5)}, one(dense(2, 4, 5, x8), 0), nil},
		{"matmul batch", []Port{in(0, -8, 7, 2, 2, 3)}, one(dense(3, 2, 3, [2]int64{-8, 7}), 0), nil},
		{"dense layer", []Port{in(0, 0, 255, 1, 6)}, func() []Node {
			return []Node{node(dense(4, 30, 6, [2]int64{0, 255}), 0), node(&Requantize{Shift: 4}, 1),
				node(&Function{Name: "Relu", OutExp: 3, Out: iv(0, 127)}, 2), node(dense(5, 3, 30, [2]int64{0, 127}), 3)}
		}, nil},
		{"conv", []Port{in(0, -16, 15, 1, 2, 5, 5)}, one(conv(6, 1, [4]int{3, 2, 3, 3}, unit, unit, [4]int{1, 1, 1, 1}, [2]int64{-16, 15}), 0), nil},
		{"conv stride dilation groups batch", []Port{in(0, -16, 15, 2, 4, 6, 7)},
			one(conv(7, 2, [4]int{4, 2, 2, 3}, [2]int{2, 1}, [2]int{1, 2}, [4]int{0, 1, 1, 2}, [2]int64{-16, 15}), 0), nil},
		{"conv of one row", []Port{in(0, -16, 15, 1, 2, 1, 9)}, one(conv(8, 1, [4]int{2, 2, 1, 3}, [2]int{1, 2}, unit, [4]int{0, 2, 0, 1}, [2]int64{-16, 15}), 0), nil},
		{"conv pool relu", []Port{in(0, 0, 255, 1, 1, 8, 8)}, func() []Node {
			return []Node{node(conv(9, 1, [4]int{4, 1, 3, 3}, unit, unit, [4]int{}, [2]int64{0, 255}), 0), node(&Requantize{Shift: 5}, 1),
				node(pool([2]int{2, 2}, [2]int{2, 2}, unit, [4]int{}, [2]int{3, 3}), 2), node(&Function{Name: "Relu", OutExp: 2, Out: iv(0, 127)}, 3)}
		}, nil},
		{"requantize", []Port{in(0, -300, 300, 2, 4)}, one(&Requantize{Shift: 3}, 0), nil},
		{"requantize twice", []Port{in(0, -3000, 3000, 4)}, func() []Node {
			return []Node{node(&Requantize{Shift: 2}, 0), node(&Requantize{Shift: 5}, 1)}
		}, nil},
		{"clip both sides", []Port{in(0, -100, 100, 5)}, one(&Clip{Interval: iv(-20, 30)}, 0), nil},
		{"clip of a part", []Port{in(0, -100, 100, 5), in(1, -100, 100, 5)}, func() []Node { // what is shown does not bound what Clip gives
			return []Node{node(&Clip{Interval: iv(-20, 30)}, 0), node(&Add{Scale: [2]int64{1, 1}, Exp: 4}, 2, 1)}
		}, nil},
		{"clip above", []Port{in(0, 0, 100, 5)}, one(&Clip{Interval: iv(0, 30)}, 0), nil},
		{"clip below", []Port{in(0, -100, 30, 5)}, one(&Clip{Interval: iv(-20, 30)}, 0), nil},
		{"clip nothing", []Port{in(0, -10, 10, 3)}, one(&Clip{Interval: iv(-20, 30)}, 0), nil},
		{"dense clip", []Port{in(0, -128, 127, 1, 6)}, func() []Node {
			return []Node{node(dense(10, 5, 6, x8), 0), node(&Requantize{Shift: 4}, 1), node(&Clip{Interval: iv(-64, 63)}, 2)}
		}, nil},
		{"relu", []Port{in(0, -128, 127, 6)}, one(&Function{Name: "Relu", OutExp: 4, Out: iv(0, 60)}, 0), nil},
		{"sigmoid", []Port{in(0, -128, 127, 6)}, one(&Function{Name: "Sigmoid", OutExp: 7, Out: iv(0, 127)}, 0), nil},
		{"gelu", []Port{in(0, -128, 127, 6)}, one(&Function{Name: "Gelu", OutExp: 4, Out: iv(-128, 127)}, 0), nil},
		{"maxpool", []Port{in(0, -128, 127, 1, 2, 4, 4)}, one(pool([2]int{2, 2}, [2]int{2, 2}, unit, [4]int{}, [2]int{2, 2}), 0), nil},
		{"maxpool of one", []Port{in(0, -8, 7, 1, 1, 2, 3)}, one(pool(unit, unit, unit, [4]int{}, [2]int{2, 3}), 0), nil},
		{"maxpool overlapping padded", []Port{in(0, -128, 127, 1, 1, 5, 5)}, one(pool([2]int{3, 3}, [2]int{2, 2}, unit, [4]int{1, 1, 1, 1}, [2]int{3, 3}), 0), nil},
		{"maxpool with gaps", []Port{in(0, -8, 7, 1, 1, 7, 7)}, one(pool([2]int{2, 2}, [2]int{3, 3}, unit, [4]int{}, [2]int{2, 2}), 0), nil},
		{"maxpool dilated", []Port{in(0, -8, 7, 1, 1, 5, 6)}, one(pool([2]int{2, 2}, unit, [2]int{2, 2}, [4]int{}, [2]int{3, 4}), 0), nil},
		{"maxpool of sums", []Port{in(0, -8, 7, 1, 1, 4, 6)}, func() []Node {
			return []Node{node(conv(11, 1, [4]int{2, 1, 1, 1}, unit, unit, [4]int{}, [2]int64{-8, 7}), 0), node(pool([2]int{2, 3}, [2]int{2, 3}, unit, [4]int{}, [2]int{2, 2}), 1)}
		}, nil},
		{"averagepool", []Port{in(0, -128, 127, 1, 2, 4, 4)}, one(&AveragePool{Window: Window{[2]int{2, 2}, [2]int{2, 2}, unit, [4]int{}, [2]int{2, 2}}, Scale: 1, ScaleExp: 2}, 0), nil},
		{"averagepool padded", []Port{in(0, -128, 127, 1, 1, 4, 4)}, func() []Node {
			return []Node{node(&AveragePool{Window: Window{[2]int{3, 3}, [2]int{2, 2}, unit, [4]int{1, 1, 1, 1}, [2]int{2, 2}}, Scale: 57, ScaleExp: 9}, 0), node(&Requantize{Shift: 9}, 1)}
		}, nil},
		{"add", []Port{in(0, -128, 127, 2, 3), in(1, 0, 15, 3)}, one(&Add{Scale: [2]int64{1, 4}, Exp: 4}, 0, 1), nil},
		{"sub", []Port{in(0, -128, 127, 2, 1), in(1, 0, 15, 3)}, one(&Add{Scale: [2]int64{2, -1}, Exp: 5}, 0, 1), nil},
		{"mul", []Port{in(0, -128, 127, 2, 1), in(1, -3, 15, 3)}, one(new(Mul), 0, 1), nil},
		{"mul relu", []Port{in(0, -16, 15, 4), in(1, -3, 15, 4)}, func() []Node {
			return []Node{node(new(Mul), 0, 1), node(&Function{Name: "Relu", OutExp: 8, Out: iv(0, 100)}, 2)}
		}, nil},
		{"sqrt", []Port{in(0, 0, 200, 6)}, one(new(Sqrt), 0), nil},
		{"sqrt of large integers", []Port{in(0, 3, 1<<40, 4)}, func() []Node {
			return []Node{node(new(Sqrt), 0), node(&Requantize{Shift: 6}, 1)}
		}, nil},
		{"embedding", []Port{choice(0, 5, 3)}, one(&Embedding{Rows: 6, Width: 3, Exp: 2, Bits: 5, Weights: ints(31, 18, 31)}, 0), nil},
		{"embedding of long rows", []Port{choice(1, 3, 2, 1)}, func() []Node {
			return []Node{node(&Embedding{Rows: 5, Width: 60, Exp: 2, Bits: 8, Weights: ints(32, 300, 255)}, 0), node(dense(33, 2, 60, [2]int64{-256, 255}), 1)}
		}, nil},
		{"trees", []Port{in(0, -100, 155, 1, 3)}, func() []Node {
			return []Node{node(forest(rand.New(rand.NewPCG(21, 1)), Type{Shape: []int{1, 3}, Range: iv(-100, 155)}, 1, 6, 2, 1, 2), 0)}
		}, nil},
		{"trees of rows and scores", []Port{in(0, 0, 15, 2, 4)}, func() []Node {
			return []Node{node(forest(rand.New(rand.NewPCG(22, 1)), Type{Shape: []int{2, 4}, Range: iv(0, 15)}, 3, 24, 2, 2), 0)}
		}, nil},
		{"trees of wide features", []Port{in(0, -1<<29, 1<<29-1, 1, 2)}, func() []Node {
			return []Node{node(forest(rand.New(rand.NewPCG(23, 1)), Type{Shape: []int{1, 2}, Range: iv(-1<<29, 1<<29-1)}, 1, 23, 3), 0), node(&Requantize{Shift: 8}, 1)}
		}, nil},
		{"transpose", []Port{in(0, -8, 7, 2, 3, 2)}, one(&Transpose{Perm: []int{2, 0, 1}}, 0), nil},
		{"slice", []Port{in(0, -8, 7, 4, 5)}, one(&Gather{Shape: []int{2, 2}, Index: []int{16, 18, 6, 8}}, 0), nil},
		{"pad", []Port{in(0, 3, 7, 2, 2)}, one(&Gather{Shape: []int{4, 3}, Index: []int{-1, -1, -1, 0, 1, -1, 2, 3, -1, -1, -1, -1}}, 0), nil},
		{"concat", []Port{in(0, -8, 7, 2, 2), in(1, 0, 15, 2, 1)}, one(&Concat{Axis: 1}, 0, 1), nil},
		{"reshape dense", []Port{in(0, -8, 7, 2, 2, 2)}, func() []Node {
			return []Node{node(&Reshape{Shape: []int{1, 8}}, 0), node(dense(12, 3, 8, [2]int64{-8, 7}), 1)}
		}, nil},
		{"softmax", []Port{in(0, -64, 63, 2, 4)}, one(&Softmax{Exponential: Exponential{ExpBits: 8}, OutBits: 7}, 0), nil},
		{"softmax of one", []Port{in(0, -8, 7, 3, 1)}, one(&Softmax{Exponential: Exponential{ExpBits: 4}, OutBits: 7}, 0), nil},
		{"logsoftmax", []Port{in(0, -64, 63, 2, 4)}, one(&LogSoftmax{Exponential: Exponential{ExpBits: 8}}, 0), nil},
		{"dense softmax", []Port{in(0, -16, 15, 1, 6)}, func() []Node {
			return []Node{node(dense(13, 5, 6, [2]int64{-16, 15}), 0), node(&Requantize{Shift: 3}, 1), node(&Clip{Interval: iv(-90, 90)}, 2), node(&Softmax{Exponential: Exponential{ExpBits: 8}, OutBits: 7}, 3)}
		}, nil},
		{"input of many bits", []Port{in(0, -5, 1<<31, 2)}, func() []Node {
			return []Node{node(&Requantize{Shift: 8}, 0), node(&Requantize{Shift: 8}, 1), node(&Clip{Interval: iv(0, 200)}, 2)}
		}, nil},
		{"thresholds of many bits", []Port{in(0, 0, 1<<30, 3)}, func() []Node {
			return []Node{{"thresholds", &Parameter{Shape: []int{3}, Exp: 4, Bits: 31, Values: Ints{1 << 20, -1, 1<<30 + 7}}, nil},
				node(&Add{Scale: [2]int64{1, -1}, Exp: 4}, 0, 1), node(&Clip{Interval: iv(0, 1)}, 2)}
		}, nil},
		{"onehot", []Port{choice(-2, 3, 2, 2)}, one(new(OneHot), 0), nil},
		{"onehot chooses a row", []Port{choice(0, 4, 3)}, func() []Node {
			return []Node{node(new(OneHot), 0), node(dense(19, 3, 5, [2]int64{0, 1}), 1)}
		}, nil},
		{"x minus x", []Port{in(0, -8, 7, 4)}, one(&Add{Scale: [2]int64{1, -1}, Exp: 4}, 0, 0), nil},
		{"square", []Port{in(0, -8, 7, 4)}, one(new(Mul), 0, 0), nil},
		{"two uses", []Port{in(0, -16, 15, 1, 4)}, func() []Node {
			return []Node{node(dense(14, 4, 4, [2]int64{-16, 15}), 0), node(&Requantize{Shift: 4}, 1), node(&Requantize{Shift: 2}, 1),
				node(&Clip{Interval: iv(-8, 7)}, 2), node(&Clip{Interval: iv(-30, 30)}, 3), node(new(Mul), 4, 5)}
		}, nil},
		{"residual", []Port{in(0, -16, 15, 1, 4)}, func() []Node {
			return []Node{node(dense(15, 4, 4, [2]int64{-16, 15}), 0), node(&Requantize{Shift: 3}, 1), node(&Function{Name: "Relu", OutExp: 4, Out: iv(0, 15)}, 2),
				node(&Add{Scale: [2]int64{1, 1}, Exp: 4}, 3, 0), node(dense(16, 2, 4, [2]int64{-16, 30}), 4)}
		}, nil},
		{"two outputs", []Port{in(0, -16, 15, 1, 4)}, func() []Node {
			return []Node{node(dense(17, 4, 4, [2]int64{-16, 15}), 0), node(&Requantize{Shift: 3}, 1), node(&Clip{Interval: iv(-16, 15)}, 2)}
		}, []int{3, 1}},
		{"pool past the end of sums", []Port{in(0, 0, 15, 1, 1, 5, 5)}, func() []Node {
			c := conv(18, 1, [4]int{2, 1, 1, 1}, unit, unit, [4]int{}, [2]int64{0, 15})
			c.Bias = Ints{-3000, 5000} // far apart, so that the spread is far below the range
			c.Bound, c.Spread, _ = accumulators(iv(0, 15), c.Weights, c.Bias, 2, false)
			return []Node{node(c, 0), node(pool([2]int{2, 2}, [2]int{2, 2}, unit, [4]int{}, [2]int{3, 3}), 1)}
		}, nil},
		{"last row of a product", []Port{in(0, -128, 127, 3, 5)}, func() []Node {
			return []Node{node(dense(2, 4, 5, x8), 0), node(&Gather{Shape: []int{1, 4}, Index: []int{8, 9, 10, 11}}, 1)}
		}, nil},
		{"half of a product", []Port{in(0, -128, 127, 3, 5)}, func() []Node {
			return []Node{node(dense(2, 4, 5, x8), 0), node(&Gather{Shape: []int{3, 2}, Index: []int{0, 1, 4, 5, 8, 9}}, 1), node(&Requantize{Shift: 4}, 2),
				node(&Function{Name: "Relu", OutExp: 3, Out: iv(0, 127)}, 3)}
		}, nil},
		{"part of quotients", []Port{in(0, -128, 127, 3, 5)}, func() []Node {
			return []Node{node(dense(2, 4, 5, x8), 0), node(&Requantize{Shift: 4}, 1), node(&Gather{Shape: []int{2, 2}, Index: []int{0, 2, 8, 10}}, 2)}
		}, nil},
		{"pool with gaps of sums", []Port{in(0, -8, 7, 1, 1, 5, 6)}, func() []Node {
			return []Node{node(conv(11, 1, [4]int{2, 1, 1, 1}, unit, unit, [4]int{}, [2]int64{-8, 7}), 0), node(pool(unit, [2]int{2, 3}, unit, [4]int{}, [2]int{3, 2}), 1)}
		}, nil},
		{"part of a product of activations", []Port{in(0, -8, 7, 2, 3), in(1, -8, 7, 3, 4)}, func() []Node {
			return []Node{node(new(BatchMatMul), 0, 1), node(&Gather{Shape: []int{3}, Index: []int{-1, 5, 5}}, 2)}
		}, nil},
		{"output is an input", []Port{in(0, -16, 15, 4)}, one(&Requantize{Shift: 1}, 0), []int{0, 1}},
	}...)
}

func (c *opCase) program(t testing.TB, cfg Config) *Program {
	return newProgram(t, cfg, slices.Clone(c.inputs), c.nodes(), c.outs...)
}

// Modes are the configurations the cases run under.
var Modes = []Config{
	{},
	{Weights: Baked},
	{System: Plonk},
	{System: Plonk, Weights: Baked, Input: Digest, Output: Digest},
	{Input: Private},
	{Input: Digest, Output: Digest},
}

// TestHonest solves every case under every mode, for random inputs and extremes.
func TestHonest(t *testing.T) {
	t.Parallel()
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			for i, cfg := range Modes {
				k := compile(t, c.program(t, cfg))
				k.t = t
				rng := seeded(t)
				runs := k.extremes()
				if i > 0 {
					runs = runs[:1]
				}
				for range 4 {
					runs = append(runs, k.randomInputs(rng))
				}
				for _, x := range runs {
					w := k.honest(x)
					if !equal(w.Statement, k.claim(w.Secret)) {
						t.Fatalf("%+v: the statement is not what the columns say", cfg)
					}
					k.accepts(x)
				}
			}
		})
	}
}
