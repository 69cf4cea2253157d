package circuits

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// drawWide draws a program of a few elements whose integers and scales come close to all
// limits: chains of factors and shifts, in whose statements coefficients multiply.
func drawWide(t *testing.T, rng *rand.Rand) *Program {
	g := &programGen{Rand: rng, inputs: []Port{in(0, 0, 100, 1, 2)}, types: []Type{{Shape: []int{1, 2}, Exp: 4, Range: iv(0, 100)}}}
	factor := func() int64 {
		k := int64(1) << rng.IntN(OneOf(rng, 8, 20, 62))
		return OneOf(rng, k, k, -k, k+1, k-1, 1)
	}
	add := func(op Op, in ...int) {
		var types []Type
		for _, v := range in {
			types = append(types, g.types[v])
		}
		t, err := op.Infer(types)
		if err == nil && bounded(t.Range, nil) == nil && t.Exp <= MaxExp && t.Exp >= -MaxExp && t.Size() <= 16 {
			g.nodes, g.types = append(g.nodes, node(op, in...)), append(g.types, t)
		}
	}
	for want := 3 + rng.IntN(7); len(g.nodes) < want; {
		v := len(g.types) - 1
		if rng.IntN(4) == 0 {
			v = rng.IntN(len(g.types))
		}
		u, typ := g.pick(), g.types[v]
		switch rng.IntN(14) {
		case 0, 1, 2:
			for range 1 + rng.IntN(10) { // small tables, so that many lies can be told
				add(&Requantize{Shift: OneOf(rng, 8, 8, 8, 7, 1+rng.IntN(8))}, len(g.types)-1)
			}
		case 3:
			add(&Scale{Shape: []int{}, Factors: Ints{factor()}}, v)
		case 4:
			add(&Scale{Shape: []int{2}, Factors: Ints{factor(), factor()}}, v)
		case 5:
			add(&Add{Scale: [2]int64{factor(), factor()}, Exp: typ.Exp}, v, u)
		case 6:
			add(new(Mul), v, u)
		case 7:
			add(&Constant{Shape: []int{1, 2}, Exp: typ.Exp, Values: Ints{factor(), OneOf(rng, 0, factor())}})
		case 8:
			add(&ReduceSum{Reduction: Reduction{Axes: []int{len(typ.Shape) - 1}, Keep: true}, Scale: max(factor(), 1)}, v)
		case 9:
			add(new(Max), v, g.alike(typ))
		case 10:
			lo := OneOf(rng, 0, -5, typ.Range.Lo, factor())
			add(&Clip{Interval: iv(lo, lo+OneOf[int64](rng, 1, 100, 255, 1<<40))}, v)
		case 11:
			add(&Concat{Axis: len(typ.Shape) - 1}, v, g.alike(typ))
		case 12:
			add(&Div{Shift: rng.IntN(81) - 40}, v, u)
		case 13:
			w := &MatMul{Rows: 1 + rng.IntN(2), Inner: typ.Shape[len(typ.Shape)-1]}
			for range w.Rows * w.Inner {
				w.Weights = append(w.Weights, OneOf(rng, factor(), 3, -2))
			}
			w.Bias = make(Ints, w.Rows)
			if reach, _, err := accumulators(typ.Range, w.Weights, w.Bias, w.Rows, false); err == nil {
				w.Bound = reach
				add(w, v)
			}
		}
	}
	return newProgram(t, OneOf(rng, Modes...), g.inputs, g.nodes)
}

// TestWidePrograms: programs near the limits either have no circuit, or their statements
// hold exactly and every one of their integers is determined by them.
func TestWidePrograms(t *testing.T) {
	t.Parallel()
	var n tally
	unstated, exact, compiled := 0, 0, 0
	for i := range *hostileCount / 10 {
		t.Run(fmt.Sprintf("seed %d number %d", *randomSeed, i), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(*randomSeed+1000, uint64(i)))
			p := drawWide(t, rng)
			t.Cleanup(func() {
				if t.Failed() {
					t.Log(DescribeProgram(p))
				}
			})
			plan, err := p.Plan()
			if err != nil {
				require.ErrorIs(t, err, ErrRange)
				unstated++
				return
			}
			exact++
			k := &testCircuit{Compiled: &Compiled{Program: p, Plan: plan}, t: t}
			if plan.Secrets() < 2000 {
				k = compile(t, p)
			}
			for _, inputs := range append(k.extremes(), k.randomInputs(rng)) {
				checkReference(t, p, inputs)
				values, err := p.Eval(inputs)
				require.NoError(t, err)
				x := &exactly{t: t, System: plan.Sys, Assignment: plan.Sys.Assign(values)}
				x.checkBounded()
				x.holds()
				if k.System != nil {
					k.accepts(inputs)
				}
			}
			if k.System != nil {
				compiled++
				n.add(lieOnce(t, k, rng, 6))
			}
		})
	}
	t.Logf("%d programs without a circuit, %d exact, %d of them compiled", unstated, exact, compiled)
	require.Greater(t, 10*unstated, exact)
	require.Greater(t, exact, unstated)
	require.Greater(t, 2*compiled, exact)
	n.report(t, 10*compiled)
}
