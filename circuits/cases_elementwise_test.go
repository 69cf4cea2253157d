package circuits

import (
	"math/big"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/fixedpoint"
)

// elementwiseCases covers the operators on elements, axes and constants.
func elementwiseCases() []opCase {
	one := func(op Op, v ...int) func() []Node { return func() []Node { return []Node{node(op, v...)} } }
	onto := func(axes ...int) Reduction { return Reduction{Axes: axes} }
	by := func(op Op, divisors ...int64) func() []Node {
		c := &Constant{Shape: []int{}, Exp: 4, Values: divisors}
		if len(divisors) > 1 {
			c.Shape = []int{len(divisors)}
		}
		return func() []Node { return []Node{node(c), node(op, 0, 1)} }
	}
	again := func(op Op, d, e int64) func() []Node {
		return func() []Node {
			return []Node{node(&Constant{Shape: []int{}, Exp: 4, Values: Ints{d}}), node(&Constant{Shape: []int{1}, Exp: 4, Values: Ints{e}}), node(op, 0, 1), node(new(Mod), 3, 2)}
		}
	}
	bit := func() *Scale { return &Scale{Shape: []int{}, Exp: -4, Factors: Ints{1}} } // an input 0..1 as a condition
	return []opCase{
		{"constant added", []Port{in(0, -128, 127, 2, 3)}, func() []Node {
			return []Node{node(&Constant{Shape: []int{3}, Exp: 6, Values: Ints{-5, 0, 700}}), node(&Add{Scale: [2]int64{4, 1}, Exp: 6}, 0, 1)}
		}, nil},
		{"weights of no layer", []Port{in(0, -128, 127, 2, 3)}, affine, nil},
		{"weights compared", []Port{in(0, -128, 127, 4)}, func() []Node {
			return []Node{{"floor", &Parameter{Shape: []int{4}, Exp: 4, Bits: 6, Values: Ints{-64, 63, 0, 9}}, nil}, node(new(Max), 0, 1),
				node(dense(31, 2, 4, [2]int64{-64, 127}), 2)}
		}, nil},
		{"constant alone", []Port{in(0, -8, 7, 2)}, func() []Node {
			return []Node{node(&Constant{Shape: []int{2}, Exp: 1, Values: Ints{3, -4}})}
		}, []int{1, 0}},
		{"scale", []Port{in(0, -128, 127, 2, 3)}, one(&Scale{Shape: []int{}, Exp: 2, Factors: Ints{-3}}, 0), nil},
		{"scale per channel", []Port{in(0, -128, 127, 2, 3, 2)}, func() []Node {
			return []Node{node(&Scale{Shape: []int{3, 1}, Exp: 5, Factors: Ints{17, 0, -31}}, 0), node(&Requantize{Shift: 5}, 1)}
		}, nil},
		{"scale to a larger shape", []Port{in(0, -8, 7, 2, 1)}, one(&Scale{Shape: []int{1, 3}, Factors: Ints{1, -2, 3}}, 0), nil},
		{"gather", []Port{in(0, 3, 7, 2, 3)}, one(&Gather{Shape: []int{3, 2}, Index: []int{5, 0, -1, 0, 3, 5}}, 0), nil},
		{"gather constants", []Port{in(0, -8, 7, 2)}, func() []Node {
			return []Node{node(&Constant{Shape: []int{2}, Exp: 4, Values: Ints{3, -4}}), node(&Add{Scale: [2]int64{1, 1}, Exp: 4}, 0, 1),
				node(&Gather{Shape: []int{3}, Index: []int{1, -1, 0}}, 2), node(&Scale{Shape: []int{3}, Factors: Ints{2, 5, 0}}, 3)}
		}, nil},
		{"reduce sum", []Port{in(0, -128, 127, 2, 3, 2)}, one(&ReduceSum{Reduction: onto(0, 2), Scale: 3}, 0), nil},
		{"reduce all", []Port{in(0, -128, 127, 2, 3)}, one(&ReduceSum{Reduction: onto(0, 1), Scale: 1}, 0), nil},
		{"reduce mean", []Port{in(0, -128, 127, 2, 3, 2)}, func() []Node {
			return []Node{node(&ReduceSum{Reduction: Reduction{Axes: []int{1}, Keep: true}, Scale: 171, ScaleExp: 9}, 0), node(&Requantize{Shift: 9}, 1),
				node(&Clip{Interval: iv(-150, 150)}, 2), node(&Add{Scale: [2]int64{1, -1}, Exp: 4}, 0, 3), node(new(Mul), 4, 4)}
		}, nil},
		{"reduce max", []Port{in(0, -128, 127, 2, 3, 2)}, one(&ReduceMax{Reduction: onto(1)}, 0), nil},
		{"reduce max of all", []Port{in(0, -8, 7, 3, 4)}, one(&ReduceMax{Reduction: Reduction{Axes: []int{0, 1}, Keep: true}}, 0), nil},
		{"reduce max in groups", []Port{in(0, -128, 127, 40)}, one(&ReduceMax{Reduction: onto(0)}, 0), nil},
		{"argmax", []Port{in(0, -8, 7, 2, 4)}, one(&ArgMax{Reduction: onto(1)}, 0), nil},
		{"argmax of the first axis", []Port{in(0, -2, 1, 3, 2)}, one(&ArgMax{Reduction: onto(0)}, 0), nil},
		{"last argmax", []Port{in(0, -2, 1, 2, 3)}, one(&ArgMax{Reduction: onto(1), Last: true}, 0), nil},
		{"max", []Port{in(0, -128, 127, 2, 3), in(1, -8, 7, 3), in(2, -100, 20, 2, 1)}, one(new(Max), 0, 1, 2), nil},
		{"min", []Port{in(0, -128, 127, 4), in(1, -8, 7, 4)}, func() []Node {
			negative := func() *Scale { return &Scale{Shape: []int{}, Factors: Ints{-1}} }
			return []Node{node(negative(), 0), node(negative(), 1), node(new(Max), 2, 3), node(negative(), 4)}
		}, nil},
		{"where", []Port{in(0, 0, 1, 2, 3), in(1, -128, 127, 3), in(2, -8, 7, 2, 1)}, func() []Node {
			return []Node{node(bit(), 0), node(new(Where), 3, 1, 2)}
		}, nil},
		{"div", []Port{in(0, -128, 127, 2, 3), in(1, 1, 60, 2, 1)}, one(&Div{Shift: 4}, 0, 1), nil},
		{"div of small", []Port{in(0, -128, 127, 4), in(1, 3, 9, 4)}, one(&Div{Shift: -2}, 0, 1), nil},
		{"one over", []Port{in(0, 2, 60, 4)}, func() []Node {
			return []Node{node(&Constant{Shape: []int{}, Values: Ints{1}}), node(&Div{Shift: 9}, 1, 0)}
		}, nil},
		{"floor div", []Port{in(0, -128, 127, 2, 3), in(1, 1, 60, 2, 1)}, one(&Div{Floor: true}, 0, 1), nil},
		{"floor div by a number", []Port{in(0, -128, 127, 2, 3)}, by(&Div{Floor: true}, 7), nil},
		{"floor div by a large number", []Port{in(0, -1<<40, 1<<40, 2)}, by(&Div{Floor: true}, 1<<30+7), nil},
		{"mod", []Port{in(0, -128, 127, 2, 3), in(1, 1, 60, 2, 1)}, one(new(Mod), 0, 1), nil},
		{"mod of small", []Port{in(0, 0, 5, 4), in(1, 3, 90, 4)}, one(new(Mod), 0, 1), nil},
		{"mod by a number", []Port{in(0, -128, 127, 2, 3)}, by(new(Mod), 10), nil},
		{"mod by one", []Port{in(0, -8, 7, 3)}, by(new(Mod), 1), nil},
		{"mod by a large number", []Port{in(0, -1<<40, 1<<40, 2)}, by(new(Mod), 1<<30+7), nil},
		{"mod by numbers", []Port{in(0, -128, 127, 2, 3)}, by(new(Mod), 3, 1, 100), nil},
		{"mod of wide", []Port{in(0, -1<<44, 1<<44, 2), in(1, 1, 1<<44, 2)}, one(new(Mod), 0, 1), nil},
		{"mod of a mod", []Port{in(0, -128, 127, 2, 3)}, again(new(Mod), 10, 7), nil},
		{"mod of a large mod", []Port{in(0, -1<<40, 1<<40, 4)}, again(new(Mod), 1<<30+7, 1000), nil},
		{"mod of a large remainder", []Port{in(0, 1<<40, 1<<41, 4)}, again(new(Mod), 1<<40-5, 1<<20+3), nil},
		{"bitwise and", []Port{whole(0, 0, 255, 2, 3), whole(1, 0, 100, 3)}, one(&Bitwise{Name: "And"}, 0, 1), nil},
		{"bitwise or", []Port{whole(0, -128, 127, 2, 3), whole(1, 0, 15, 2, 1)}, one(&Bitwise{Name: "Or"}, 0, 1), nil},
		{"bitwise xor", []Port{whole(0, -9, 7, 4), whole(1, -1<<45, 1<<45, 4)}, one(&Bitwise{Name: "Xor"}, 0, 1), nil},
		{"bitwise and of signed", []Port{whole(0, -3, 2, 4), whole(1, -300, 1, 4)}, one(&Bitwise{Name: "And"}, 0, 1), nil},
		{"bitwise or of unsigned", []Port{whole(0, 4, 12, 4), whole(1, 33, 40, 4)}, one(&Bitwise{Name: "Or"}, 0, 1), nil},
		{"less, then where", []Port{in(0, -16, 15, 4), in(1, -16, 15, 4)}, func() []Node {
			return []Node{node(&Add{Scale: [2]int64{-1, 1}, Exp: 4}, 0, 1), node(&Function{Name: "Identity", OutExp: 4, Out: iv(0, 1)}, 2),
				node(bit(), 3), node(new(Where), 4, 0, 1)}
		}, nil},
		{"product of activations", []Port{in(0, -8, 7, 3, 2), in(1, -8, 7, 2, 4)}, one(new(BatchMatMul), 0, 1), nil},
		{"product of batches", []Port{in(0, -8, 7, 2, 1, 5, 3), in(1, -128, 127, 2, 3, 4)}, one(new(BatchMatMul), 0, 1), nil},
		{"projected product", []Port{in(0, -128, 127, 14, 9), in(1, -128, 127, 9, 15)}, one(new(BatchMatMul), 0, 1), nil},
		{"attention", []Port{in(0, -8, 7, 4, 2), in(1, -8, 7, 2, 4), in(2, -8, 7, 4, 3)}, func() []Node {
			return []Node{node(new(BatchMatMul), 0, 1), node(&Requantize{Shift: 2}, 3), node(&Clip{Interval: iv(-31, 31)}, 4),
				node(&Softmax{Exponential: Exponential{ExpBits: 8}, OutBits: 7}, 5), node(new(BatchMatMul), 6, 2), node(&Requantize{Shift: 7}, 7)}
		}, nil},
		{"means of rows", []Port{in(0, -31, 31, 2, 1, 3, 4), in(1, -8, 7, 2, 4, 2)}, one(&SoftmaxMatMul{Exponential: Exponential{ExpBits: 6}, Shift: 1}, 0, 1), nil},
		{"means of one row", []Port{in(0, -8, 7, 3, 1), in(1, -300, -100, 1, 3)}, one(&SoftmaxMatMul{Exponential: Exponential{ExpBits: 4}}, 0, 1), nil},
		{"layer norm", []Port{in(0, -32, 31, 2, 4)}, func() []Node {
			mean := func() *ReduceSum {
				return &ReduceSum{Reduction: Reduction{Axes: []int{1}, Keep: true}, Scale: 1, ScaleExp: 2}
			}
			return []Node{node(mean(), 0), node(&Add{Scale: [2]int64{4, -1}, Exp: 6}, 0, 1), node(new(Mul), 2, 2), node(mean(), 3),
				node(&Requantize{Shift: 8}, 4), node(&Function{Name: "Sqrt", OutExp: 6, Out: iv(1, 255)}, 5), node(&Div{Shift: 5}, 2, 6),
				node(&Clip{Interval: iv(-127, 127)}, 7)}
		}, nil},
	}
}

// affine scales and shifts as a normalisation that no matrix follows.
func affine() []Node {
	return []Node{{"scale", &Parameter{Shape: []int{3}, Exp: 3, Bits: 5, Values: Ints{-32, 31, 5}}, nil}, node(new(Mul), 0, 1),
		{"offset", &Parameter{Shape: []int{2, 1}, Exp: 7, Bits: 5, Values: Ints{-3, 31}}, nil}, node(&Add{Scale: [2]int64{1, 1}, Exp: 7}, 2, 3),
		node(&Requantize{Shift: 4}, 4)}
}

// elementwiseReference is one element of an operator's output, from its definition.
func elementwiseReference(op Op, in [][]int64, types []Type, at []int, i int) int64 {
	x := func(k int) int64 { return broadcastAt(in[k], types[k].Shape, at) }
	switch op := op.(type) {
	case *Constant:
		return op.Values[i]
	case *Parameter:
		return op.Values[i]
	case *Scale:
		return broadcastAt(op.Factors, op.Shape, at) * x(0)
	case *Gather:
		if op.Index[i] < 0 {
			return 0
		}
		return in[0][op.Index[i]]
	case *BatchMatMul:
		m, n := at[len(at)-2], at[len(at)-1]
		sum := int64(0)
		for k := range op.k {
			a, b := slices.Clone(at), slices.Clone(at)
			a[len(a)-1], b[len(b)-2], a[len(a)-2], b[len(b)-1] = k, k, m, n
			sum += broadcastAt(in[0], types[0].Shape, a) * broadcastAt(in[1], types[1].Shape, b)
		}
		return sum
	case *Max:
		all := []int64{}
		for k := range in {
			all = append(all, x(k))
		}
		return slices.Max(all)
	case *OneHot:
		row, k := i/rangeSize(types[0].Range), int64(i%rangeSize(types[0].Range))
		if in[0][row] == types[0].Range.Lo+k {
			return 1
		}
		return 0
	case *Sqrt:
		return new(big.Int).Sqrt(big.NewInt(x(0))).Int64()
	case *Embedding:
		return op.Weights[int(in[0][i/op.Width])*op.Width+i%op.Width]
	case *TreeEnsemble:
		return treeAt(op, in[0][at[0]*op.Features:][:op.Features], types[0].Range.Lo, at[1])
	case *Where:
		return x(2 - int(x(0)))
	case *Bitwise:
		a, b, c := big.NewInt(x(0)), big.NewInt(x(1)), new(big.Int)
		return map[string]*big.Int{"And": c.And(a, b), "Or": new(big.Int).Or(a, b), "Xor": new(big.Int).Xor(a, b)}[op.Name].Int64()
	case *Mod:
		return new(big.Int).Mod(big.NewInt(x(0)), big.NewInt(x(1))).Int64()
	case *Div:
		if op.Floor {
			return floorDiv(big.NewInt(x(0)), big.NewInt(x(1)))
		}
		num, den := big.NewInt(2*x(0)), big.NewInt(2*x(1))
		if op.Shift < 0 {
			den.Lsh(den, uint(-op.Shift))
		} else {
			num.Lsh(num, uint(op.Shift))
		}
		return floorDiv(num.Add(num, new(big.Int).Rsh(den, 1)), den)
	case *ReduceSum:
		sum := int64(0)
		for _, v := range folded(&op.Reduction, in[0], types[0].Shape, at) {
			sum += v
		}
		return sum * op.Scale
	case *ReduceMax:
		return slices.Max(folded(&op.Reduction, in[0], types[0].Shape, at))
	case *ArgMax:
		all := folded(&op.Reduction, in[0], types[0].Shape, at)
		if op.Last {
			slices.Reverse(all)
			return int64(len(all) - 1 - slices.Index(all, slices.Max(all)))
		}
		return int64(slices.Index(all, slices.Max(all)))
	}
	panic("no reference")
}

// rangeSize is how many integers a range holds.
func rangeSize(r fixedpoint.Interval) int { return int(r.Hi - r.Lo + 1) }

// folded lists the elements that make the output element at the coordinates.
func folded(r *Reduction, x []int64, shape, at []int) (out []int64) {
	for i, v := range x {
		from, k, same := index(i, shape), 0, true
		for a := range shape {
			reduced := slices.Contains(r.Axes, a)
			same = same && (reduced || from[a] == at[k])
			if !reduced || r.Keep {
				k++
			}
		}
		if same {
			out = append(out, v)
		}
	}
	return out
}

// TestElementwiseFiles writes every case to a file and reads it back.
func TestElementwiseFiles(t *testing.T) {
	for _, c := range elementwiseCases() {
		p := c.program(t, Config{})
		data, err := p.MarshalBinary()
		require.NoError(t, err, c.name)
		q, err := ParseProgram(data)
		require.NoError(t, err, c.name)
		require.Equal(t, p.Architecture(), q.Architecture(), c.name)
		k := &testCircuit{Compiled: &Compiled{Program: p}}
		x := k.randomInputs(seeded(t))
		want, err := p.Eval(x)
		require.NoError(t, err)
		got, err := q.Eval(x)
		require.NoError(t, err)
		require.Equal(t, want, got, c.name)
	}
}

// TestElementwiseMalformed checks that Infer refuses what a hostile file may hold.
func TestElementwiseMalformed(t *testing.T) {
	typ := func(lo, hi int64, shape ...int) Type { return Type{Shape: shape, Exp: 4, Range: iv(lo, hi)} }
	x := typ(-8, 7, 2, 3)
	onto := func(axes ...int) Reduction { return Reduction{Axes: axes} }
	for _, c := range []struct {
		op   Op
		in   []Type
		want error
	}{
		{&Constant{Shape: []int{2}, Values: Ints{1}}, nil, ErrProgram},
		{&Constant{Shape: []int{0}}, nil, ErrProgram},
		{&Parameter{Shape: []int{2}, Bits: 3, Values: Ints{1}}, nil, ErrProgram},
		{&Parameter{Shape: []int{1}, Bits: 49, Values: Ints{1}}, nil, ErrProgram},
		{&Parameter{Shape: []int{1}, Bits: 3, Values: Ints{8}}, nil, ErrBound},
		{&Constant{Shape: []int{1}, Values: Ints{1 << 60}}, nil, ErrBound},
		{&Scale{Shape: []int{2}, Factors: Ints{1, 2}}, []Type{x}, ErrProgram},
		{&Scale{Shape: []int{3}, Factors: Ints{1, 2}}, []Type{x}, ErrProgram},
		{&Scale{Shape: []int{0}}, []Type{typ(0, 1, 1)}, ErrProgram},
		{&Scale{Shape: []int{}, Factors: Ints{1 << 60}}, []Type{x}, ErrBound},
		{&Gather{Shape: []int{2}, Index: []int{6, 0}}, []Type{x}, ErrProgram},
		{&Gather{Shape: []int{2}, Index: []int{-2, 0}}, []Type{x}, ErrProgram},
		{&Gather{Shape: []int{1 << 40}, Index: []int{0}}, []Type{x}, ErrProgram},
		{&Gather{Shape: []int{0}}, []Type{x}, ErrProgram},
		{&ReduceSum{Reduction: onto(2), Scale: 1}, []Type{x}, ErrProgram},
		{&ReduceSum{Reduction: onto(1, 0), Scale: 1}, []Type{x}, ErrProgram},
		{&ReduceSum{Reduction: onto(-1), Scale: 1}, []Type{x}, ErrProgram},
		{&ReduceSum{Reduction: onto(1)}, []Type{x}, ErrBound},
		{&ReduceSum{Reduction: onto(1), Scale: 1 << 60}, []Type{x}, ErrBound},
		{&ReduceMax{Reduction: onto(0, 0)}, []Type{x}, ErrProgram},
		{&ArgMax{Reduction: onto(0, 1)}, []Type{x}, ErrBound},
		{&ArgMax{Reduction: onto(1)}, []Type{typ(-1<<52, 1<<52, 2, 3)}, ErrBound},
		{new(Max), nil, ErrProgram},
		{new(Max), []Type{x, typ(0, 1, 4)}, ErrProgram},
		{new(Max), []Type{x, {Shape: []int{3}, Exp: 5, Range: iv(0, 1)}}, ErrProgram},
		{new(Where), []Type{x, x, x}, ErrProgram},
		{new(Where), []Type{{Shape: []int{3}, Range: iv(0, 2)}, x, x}, ErrProgram},
		{new(Div), []Type{x, typ(0, 7, 3)}, ErrBound},
		{&Div{Shift: 41}, []Type{x, typ(1, 7, 3)}, ErrProgram},
		{&Div{Shift: 40}, []Type{typ(-1<<20, 1<<20, 3), typ(1, 7, 3)}, ErrBound},
		{&Div{Floor: true}, []Type{x, typ(0, 7, 3)}, ErrBound},
		{&Div{Floor: true}, []Type{x, {Shape: []int{3}, Exp: 3, Range: iv(1, 2)}}, ErrProgram},
		{&Div{Floor: true, Shift: 1}, []Type{x, typ(1, 7, 3)}, ErrProgram},
		{new(Mod), []Type{x, typ(0, 7, 3)}, ErrBound},
		{new(Mod), []Type{x, typ(-7, -1, 3)}, ErrBound},
		{new(Mod), []Type{x, typ(1, 7, 4)}, ErrProgram},
		{new(Mod), []Type{x, {Shape: []int{3}, Exp: 3, Range: iv(1, 2)}}, ErrProgram},
		{&Bitwise{Name: "And"}, []Type{x, x}, ErrProgram},
		{&Bitwise{Name: "Nand"}, []Type{{Shape: []int{3}, Range: iv(0, 2)}, {Shape: []int{3}, Range: iv(0, 2)}}, ErrProgram},
		{&Bitwise{Name: "Or"}, []Type{{Shape: []int{3}, Range: iv(0, 2)}, {Shape: []int{2}, Range: iv(0, 2)}}, ErrProgram},
		{&Bitwise{Name: "Or"}, []Type{{Shape: []int{3}, Range: iv(0, 1<<53)}, {Shape: []int{3}, Range: iv(-1, 2)}}, ErrBound},
		{new(BatchMatMul), []Type{x, x}, ErrProgram},
		{new(BatchMatMul), []Type{x, typ(0, 1, 3)}, ErrProgram},
		{new(BatchMatMul), []Type{typ(0, 1<<30, 2, 3), typ(0, 1<<30, 3, 2)}, ErrBound},
	} {
		_, err := c.op.Infer(c.in)
		require.ErrorIs(t, err, c.want, "%T%+v", c.op, c.op)
	}
}
