package circuits

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/stretchr/testify/require"
)

// programGen draws a program of integer operators.
type programGen struct {
	*rand.Rand
	inputs []Port
	nodes  []Node
	types  []Type
}

// drawOp draws an operator for value v of type t and the values it takes, or nil if there is
// none for that shape.
type drawOp func(g *programGen, v int, t Type) (Op, []int)

// randomOps has a line for every operator of a program.
var randomOps = map[string]drawOp{
	"Add": func(g *programGen, v int, t Type) (Op, []int) {
		return &Add{Scale: [2]int64{Within(g.Rand, -2, 2), Within(g.Rand, -2, 2)}, Exp: t.Exp}, []int{v, g.pick()}
	},
	"ArgMax": func(g *programGen, v int, t Type) (Op, []int) {
		return &ArgMax{Reduction: g.reduction(t, 1), Last: g.IntN(2) == 0}, []int{v}
	},
	"AveragePool": func(g *programGen, v int, t Type) (Op, []int) {
		return &AveragePool{Window: g.window(t), Scale: Within(g.Rand, 1, 5), ScaleExp: g.IntN(4)}, []int{v}
	},
	"BatchMatMul": func(g *programGen, v int, t Type) (Op, []int) { return new(BatchMatMul), []int{v, g.pick()} },
	"Bitwise": func(g *programGen, v int, t Type) (Op, []int) {
		return &Bitwise{Name: OneOf(g.Rand, "And", "Or", "Xor")}, []int{v, g.alike(t)}
	},
	"Clip": func(g *programGen, v int, t Type) (Op, []int) {
		lo := min(max(t.Range.Lo, -3000), 3000) + Within(g.Rand, -9, 300)
		return &Clip{Interval: iv(lo, lo+Within(g.Rand, 1, 150))}, []int{v}
	},
	"Concat":   (*programGen).concat,
	"Constant": (*programGen).constant,
	"Conv":     (*programGen).conv,
	"Div": func(g *programGen, v int, t Type) (Op, []int) {
		if g.IntN(2) == 0 {
			return &Div{Floor: true}, []int{g.alike(t), v}
		}
		return &Div{Shift: g.IntN(8) - 3}, []int{g.pick(), v}
	},
	"Embedding": func(g *programGen, v int, t Type) (Op, []int) {
		if t.Exp != 0 || t.Range.Lo < 0 || t.Range.Hi > 300 || t.Size() > 64 {
			return nil, nil
		}
		rows, width := int(t.Range.Hi)+UpTo(g.Rand, 4), UpTo(g.Rand, 40)
		return &Embedding{Rows: rows, Width: width, Exp: g.IntN(4), Bits: 4 + g.IntN(4), Weights: g.ints(rows*width, 15)}, []int{v}
	},
	"Function": (*programGen).function,
	"Gather":   (*programGen).gather,
	"LogSoftmax": func(g *programGen, v int, t Type) (Op, []int) {
		return &LogSoftmax{Exponential: Exponential{ExpBits: 4 + g.IntN(4)}}, []int{v}
	},
	"MatMul": (*programGen).matMul,
	"Max": func(g *programGen, v int, t Type) (Op, []int) {
		return new(Max), []int{v, g.alike(t), g.alike(t)}[:1+g.IntN(3)]
	},
	"MaxPool":   func(g *programGen, v int, t Type) (Op, []int) { return &MaxPool{Window: g.window(t)}, []int{v} },
	"Mod":       func(g *programGen, v int, t Type) (Op, []int) { return new(Mod), []int{g.alike(t), v} },
	"Mul":       func(g *programGen, v int, t Type) (Op, []int) { return new(Mul), []int{v, g.pick()} },
	"OneHot":    (*programGen).oneHot,
	"Parameter": (*programGen).parameter,
	"ReduceMax": func(g *programGen, v int, t Type) (Op, []int) {
		return &ReduceMax{Reduction: g.reduction(t, 9)}, []int{v}
	},
	"ReduceSum": func(g *programGen, v int, t Type) (Op, []int) {
		return &ReduceSum{Reduction: g.reduction(t, 9), Scale: Within(g.Rand, 1, 3), ScaleExp: g.IntN(3)}, []int{v}
	},
	"Requantize": func(g *programGen, v int, t Type) (Op, []int) { return &Requantize{Shift: UpTo(g.Rand, 7)}, []int{v} },
	"Reshape": func(g *programGen, v int, t Type) (Op, []int) {
		return &Reshape{Shape: OneOf(g.Rand, []int{1, t.Size()}, []int{t.Size()}, []int{t.Size(), 1}, []int{1, 1, 1, t.Size()})}, []int{v}
	},
	"Scale": func(g *programGen, v int, t Type) (Op, []int) {
		shape := OneOf(g.Rand, []int{}, slices.Clone(t.Shape), append([]int{2}, t.Shape...))
		return &Scale{Shape: shape, Exp: g.IntN(3), Factors: g.ints(relation.Size(shape), 5)}, []int{v}
	},
	"Softmax": func(g *programGen, v int, t Type) (Op, []int) {
		return &Softmax{Exponential: Exponential{ExpBits: 4 + g.IntN(6)}, OutBits: 3 + g.IntN(7)}, []int{v}
	},
	"SoftmaxMatMul": func(g *programGen, v int, t Type) (Op, []int) {
		return &SoftmaxMatMul{Exponential: Exponential{ExpBits: 4 + g.IntN(6)}, Shift: g.IntN(3)}, []int{v, g.pick()}
	},
	"Sqrt": func(g *programGen, v int, t Type) (Op, []int) { return new(Sqrt), []int{v} },
	"Transpose": func(g *programGen, v int, t Type) (Op, []int) {
		return &Transpose{Perm: g.Perm(len(t.Shape))}, []int{v}
	},
	"TreeEnsemble": func(g *programGen, v int, t Type) (Op, []int) {
		if len(t.Shape) != 2 || t.Range.Width() > 1<<35 {
			return nil, nil
		}
		return forest(g.Rand, t, UpTo(g.Rand, 3), UpTo(g.Rand, 12), g.IntN(3), 1+g.IntN(2)), []int{v}
	},
	"Where": (*programGen).where,
}

// pick draws a value, most often the latest.
func (g *programGen) pick() int {
	if g.IntN(3) > 0 {
		return len(g.types) - 1
	}
	return g.IntN(len(g.types))
}

// alike draws a value of the type's scale.
func (g *programGen) alike(t Type) int {
	for v := g.IntN(len(g.types)); ; v = (v + 1) % len(g.types) {
		if g.types[v].Exp == t.Exp {
			return v
		}
	}
}

func (g *programGen) ints(n int, most int64) Ints {
	out := make(Ints, n)
	zero := g.IntN(12) == 0
	for i := range out {
		if !zero {
			out[i] = Within(g.Rand, -most, most)
		}
	}
	return out
}

func (g *programGen) reduction(t Type, most int) Reduction {
	return Reduction{Axes: Subset(g.Rand, len(t.Shape), most), Keep: g.IntN(2) == 0}
}

// window draws a pooling window, ceil_mode included.
func (g *programGen) window(t Type) Window {
	n := g.Rand
	w := Window{Kernel: [2]int{UpTo(n, 3), UpTo(n, 3)}, Stride: [2]int{UpTo(n, 3), UpTo(n, 3)}, Dilation: [2]int{UpTo(n, 2), UpTo(n, 2)}}
	if n.IntN(2) == 0 {
		for k := range w.Pads {
			w.Pads[k] = n.IntN(3)
		}
	}
	for k := range 2 {
		if len(t.Shape) == 4 {
			room := t.Shape[2+k] + w.Pads[k] + w.Pads[k+2] - w.Dilation[k]*(w.Kernel[k]-1) - 1
			w.Shape[k] = max(0, room+w.Stride[k])/w.Stride[k] + n.IntN(2)
		}
	}
	return w
}

func (g *programGen) conv(v int, t Type) (Op, []int) {
	if len(t.Shape) != 4 {
		return nil, nil
	}
	n := g.Rand
	group := 1
	if t.Shape[1]%2 == 0 && n.IntN(2) == 0 {
		group = 2
	}
	c := &Conv{Group: group, Kernel: [4]int{group * UpTo(n, 2), t.Shape[1] / group, UpTo(n, 3), UpTo(n, 3)},
		Stride: [2]int{UpTo(n, 2), UpTo(n, 2)}, Dilation: [2]int{UpTo(n, 2), UpTo(n, 2)}, Exp: n.IntN(4)}
	if n.IntN(2) == 0 {
		for k := range c.Pads {
			c.Pads[k] = n.IntN(3)
		}
	}
	c.Weights, c.Bias = g.ints(relation.Size(c.Kernel[:]), 5), g.ints(c.Kernel[0], OneOf(n, int64(9), 3000))
	reach, spread, err := accumulators(t.Range, c.Weights, c.Bias, c.Kernel[0], c.padded())
	if err != nil {
		return nil, nil
	}
	if c.Bound, c.Spread = reach, spread; n.IntN(2) == 0 {
		c.Bound, c.Spread = declared(reach, spread)
	}
	return c, []int{v}
}

func (g *programGen) matMul(v int, t Type) (Op, []int) {
	if len(t.Shape) == 0 {
		return nil, nil
	}
	m := &MatMul{Rows: UpTo(g.Rand, 5), Inner: t.Shape[len(t.Shape)-1], Exp: g.IntN(3)}
	m.Weights, m.Bias = g.ints(m.Rows*m.Inner, 5), g.ints(m.Rows, 40)
	reach, _, err := accumulators(t.Range, m.Weights, m.Bias, m.Rows, false)
	if err != nil {
		return nil, nil
	}
	if m.Bound = reach; g.IntN(2) == 0 {
		m.Bound, _ = declared(reach, 0)
	}
	return m, []int{v}
}

func (g *programGen) function(v int, t Type) (Op, []int) {
	name := OneOf(g.Rand, slices.Sorted(maps.Keys(floatFunctions))...)
	exp := t.Exp
	if g.IntN(3) > 0 {
		exp = g.IntN(6)
	}
	lo := Within(g.Rand, -99, 5)
	return &Function{Name: name, Params: floatFunctions[name].params, OutExp: exp, Out: iv(lo, lo+Within(g.Rand, 1, 200))}, []int{v}
}

func (g *programGen) concat(v int, t Type) (Op, []int) {
	if len(t.Shape) == 0 {
		return nil, nil
	}
	return &Concat{Axis: g.IntN(len(t.Shape))}, []int{v, g.alike(t), v}[:1+g.IntN(3)]
}

func (g *programGen) constant(v int, t Type) (Op, []int) {
	return &Constant{Shape: slices.Clone(t.Shape), Exp: t.Exp, Values: g.ints(t.Size(), 9)}, nil
}

func (g *programGen) parameter(v int, t Type) (Op, []int) {
	return &Parameter{Shape: slices.Clone(t.Shape), Exp: t.Exp, Bits: 4 + g.IntN(3), Values: g.ints(t.Size(), 9)}, nil
}

func (g *programGen) gather(v int, t Type) (Op, []int) {
	o := &Gather{Shape: []int{UpTo(g.Rand, 3), UpTo(g.Rand, 3)}}
	for range relation.Size(o.Shape) {
		o.Index = append(o.Index, g.IntN(t.Size()+1)-1)
	}
	return o, []int{v}
}

func (g *programGen) where(v int, t Type) (Op, []int) {
	for c := range g.types {
		if k := g.types[c]; k.Exp == 0 && iv(0, 1).Covers(k.Range) {
			return new(Where), []int{c, v, g.alike(t)}
		}
	}
	return nil, nil
}

func (g *programGen) oneHot(int, Type) (Op, []int) {
	for v, t := range g.types {
		if t.Exp == 0 && t.Range.Width() < 20 {
			return new(OneHot), []int{v}
		}
	}
	return nil, nil
}

// step adds one operator and reports whether it fits.
func (g *programGen) step(kind string) bool {
	v := g.pick()
	if g.types[v].Range.Hi-g.types[v].Range.Lo > 3000 && slices.Contains([]string{"Function", "ArgMax", "LogSoftmax", "Softmax", "SoftmaxMatMul"}, kind) {
		return false
	}
	op, in := randomOps[kind](g, v, g.types[v])
	if op == nil {
		return false
	}
	var types []Type
	for _, x := range in {
		types = append(types, g.types[x])
	}
	t, err := op.Infer(types)
	if err != nil || t.Size() > 80 || t.Range.Hi-t.Range.Lo > 1<<24 || len(t.Shape) > 5 || t.Exp > 40 || t.Exp < -40 {
		return false
	}
	g.nodes, g.types = append(g.nodes, node(op, in...)), append(g.types, t)
	return true
}

// drawProgram draws inputs, up to six operators and up to three outputs.
func drawProgram(t *testing.T, rng *rand.Rand) *Program {
	g := &programGen{Rand: rng}
	for i := range UpTo(rng, 3) {
		shape := OneOf(rng, []int{1, 2, 4, 5}, []int{2, 1, 3, 4}, []int{1, 1, 5, 5}, []int{1, 1, 6, 3}, []int{1, 4, 3, 3}, []int{2, 3}, []int{1, 6}, []int{3, 4}, []int{4}, []int{1, 2, 1, 7}, []int{2, 2, 3}, []int{})
		lo := OneOf[int64](rng, -8, 0, -16, 3, 1, -128)
		p := in(i, lo, lo+OneOf[int64](rng, 1, 7, 15, 40, 255), shape...)
		if rng.IntN(4) == 0 {
			p.Exp = 0
			p.Range = iv(0, 1)
		}
		g.inputs, g.types = append(g.inputs, p), append(g.types, Type{Shape: p.Shape, Exp: p.Exp, Range: p.Range})
	}
	kindNames := slices.Sorted(maps.Keys(randomOps))
	for want := UpTo(rng, 6); len(g.nodes) < want; {
		kind := OneOf(rng, kindNames...)
		if len(g.types[len(g.types)-1].Shape) == 4 && rng.IntN(2) == 0 { // few shapes suit these
			kind = OneOf(rng, "AveragePool", "Conv", "Conv", "MaxPool", "MaxPool")
		}
		g.step(kind)
	}
	outs := []int{len(g.types) - 1}
	for range rng.IntN(3) {
		if v := rng.IntN(len(g.types)); !slices.Contains(outs, v) {
			outs = append(outs, v)
		}
	}
	return newProgram(t, OneOf(rng, Modes...), g.inputs, g.nodes, outs...)
}

// TestRandomPrograms proves random programs' extremes and random inputs.
func TestRandomPrograms(t *testing.T) {
	require.Equal(t, slices.Sorted(maps.Keys(kinds)), slices.Sorted(maps.Keys(randomOps)), "an operator without a line in randomOps")
	var k tallied
	k.Each(t, func(t *testing.T, rng *rand.Rand) {
		p := drawProgram(t, rng)
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(DescribeProgram(p))
			}
		})
		if _, err := p.Plan(); err != nil {
			require.True(t, errors.Is(err, ErrRange), "%v", err)
			require.Fail(t, "does not compile", "%v", err)
		}
		c := compile(t, p)
		k.Proves(t, c, append(c.extremes(), c.randomInputs(rng), c.randomInputs(rng)))
	})
}
