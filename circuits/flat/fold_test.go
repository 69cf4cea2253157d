package flat

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/flat"
)

// bigContract draws a contraction whose weights are longer than a row.
func (d *drawer) bigContract() {
	ins, outs := 4+d.IntN(24), 9+d.IntN(50)
	k := relation.Contract{Stride: [2]int{1, 1}, Dilation: [2]int{1, 1 + d.IntN(2)}, Pad: [2]int{0, d.IntN(2)}}
	kernel := [2]int{1, 1 + d.IntN(3)}
	width := d.upTo(3) + (kernel[1]-1)*k.Dilation[1]
	k.X = d.tensor(ins, 1, width)
	k.W = d.b.Param("big", []int{outs, ins, 1, kernel[1]}, d.ints(outs*ins*kernel[1], -3, 3))
	if d.IntN(2) == 0 {
		k.Bias = d.b.Param("b", []int{outs}, d.ints(outs, -9, 9))
	}
	cols := width + 2*k.Pad[1] - (kernel[1]-1)*k.Dilation[1]
	k.Out = d.of([]int{outs, 1, cols}, 1<<16, func(a *relation.Assignment) []int64 { return solve(a, &k) })
	d.b.Contract(k)
}

// bigGather draws a table of parameters that is longer than a row.
func (d *drawer) bigGather() {
	width := d.upTo(6)
	rows, n := 300/width+d.IntN(200), d.upTo(5)
	values := d.ints(rows*width, -9, 9)
	key := d.column(0, int64(rows)-1, n)
	var cols []relation.Tensor
	for j := range width {
		col := d.b.Column("col", []int{n}, func(a *relation.Assignment) []int64 {
			v := a.Eval(key)
			for i := range v {
				v[i] = values[int(v[i])*width+j]
			}
			return v
		})
		d.b.Range(col, fixedpoint.Interval{Lo: -9, Hi: 9})
		cols = append(cols, col)
	}
	d.b.Gather(key, cols, d.b.Param("big", []int{rows, width}, values))
}

// bigWeight draws a tensor of weights longer than a row, and what reads it beside its range: a product, a function, a matrix
// product on either side, or equal elements.
func (d *drawer) bigWeight() {
	shape := [][]int{{256}, {16, 16}, {8, 40}, {20, 17}, {4, 4, 32}}[d.IntN(5)]
	w := d.b.Weight("big", shape, d.ints(relation.Size(shape), -3, 3), fixedpoint.Interval{Lo: -3, Hi: 3})
	for range d.upTo(2) {
		switch d.IntN(7) {
		case 0:
			d.b.Mul("w·x", w, d.tensor(shape...))
		case 1:
			d.b.Mul("w·w", w, w)
		case 2:
			x := w.Reshape(relation.Size(shape)).Slice([]int{0}, []int{1}, []int{d.upTo(256)})
			square := d.b.Function("square", fixedpoint.Interval{Lo: -4, Hi: 4}, func(v int64) int64 { return v * v })
			y := d.b.Column("square", x.Shape, func(a *relation.Assignment) []int64 {
				v := a.Eval(x)
				for i := range v {
					v[i] *= v[i]
				}
				return v
			})
			d.b.Lookup(square, x, y)
		case 3:
			n, m := shape[0], relation.Size(shape[1:])
			x, y := d.tensor(2, n), w.Reshape(n, m)
			d.b.MatMul(x, y, d.of([]int{2, m}, 1<<16, func(a *relation.Assignment) []int64 {
				p, q, z := a.Eval(x), a.Eval(y), make([]int64, 2*m)
				for o := range z {
					for i := range n {
						z[o] += p[o/m*n+i] * q[i*m+o%m]
					}
				}
				return z
			}))
		case 4:
			n := relation.Size(shape[1:])
			x, y := w.Reshape(shape[0], n), d.tensor(n, 2)
			d.b.MatMul(x, y, d.of([]int{shape[0], 2}, 1<<16, func(a *relation.Assignment) []int64 {
				p, q, z := a.Eval(x), a.Eval(y), make([]int64, 2*shape[0])
				for o := range z {
					for i := range n {
						z[o] += p[o/2*n+i] * q[i*2+o%2]
					}
				}
				return z
			}))
		case 5:
			y := d.b.Column("=", shape, func(a *relation.Assignment) []int64 { return a.Eval(w) })
			d.b.Equals(y, w)
		case 6:
			q := d.b.Column("query", []int{2}, func(a *relation.Assignment) []int64 { v := a.Eval(w); return []int64{v[1], v[len(v)-1]} })
			d.b.Member(q, w.Reshape(relation.Size(shape)))
		}
	}
}

// foldedSystem draws a system with parameters that are longer than a row.
func foldedSystem(r *rand.Rand) (*relation.System, error) {
	d := &drawer{Rand: r, b: relation.NewBuilder()}
	for range 1 + d.IntN(2) {
		d.sources = append(d.sources, d.column(-4, 4, d.shape(1+d.IntN(3), 4)...))
	}
	big := []func(*drawer){(*drawer).bigContract, (*drawer).bigGather, (*drawer).bigWeight}
	for range 1 + d.IntN(3) {
		big[d.IntN(len(big))](d)
	}
	few := []func(*drawer){(*drawer).function, (*drawer).product, (*drawer).contract, (*drawer).gather, (*drawer).member, (*drawer).expose}
	for range d.IntN(3) {
		few[d.IntN(len(few))](d)
	}
	return d.b.Finish()
}

// Plans whose weights are folded say what the statements say, of honest integers, of all that differ in one, and of models that
// hold something where nothing is.
func TestFoldedPlansMeanTheirStatements(t *testing.T) {
	programs, folded, blocks, wrong, harmless, refused := *randomSystems, 0, 0, 0, 0, 0
	if testing.Short() {
		programs = min(programs, 10)
	}
	padding, strict, claims := 0, 0, map[flat.Claim]int{}
	for seed := range uint64(programs) {
		r := rand.New(rand.NewPCG(seed, 5))
		sys, err := foldedSystem(r)
		if errors.Is(err, relation.ErrRange) {
			refused++
			continue
		}
		require.NoError(t, err)
		c, err := New(sys)
		if errors.Is(err, ErrUnsupported) {
			refused++
			continue
		}
		require.NoError(t, err, "seed %d", seed)
		blocks += len(c.folded)
		if len(c.folded) > 0 {
			folded++
		}
		for _, f := range c.Plan.Folds {
			claims[f.Claim]++
		}
		again, err := flat.ParsePlan(c.Plan.AppendTo(nil))
		require.NoError(t, err)
		require.Equal(t, c.Plan, again)
		a := sys.Assign(nil)
		w, err := c.Witness(a, fr.Element{})
		require.NoError(t, err, "seed %d", seed)
		public := w.Public
		holds := func(v []fr.Element) bool { return flattest.Of(c.Plan, v, public, r).Holds() }
		require.True(t, flattest.Statements(sys, a, public), "seed %d", seed)
		require.True(t, holds(c.valuesOf(a)), "seed %d", seed)

		// The model and the witness together are the values.
		values, weights, err := c.Model()
		require.NoError(t, err)
		v := c.valuesOf(a)
		for i, k := range c.Plan.Rows {
			for j := i << c.Plan.Row; j < (i+1)<<c.Plan.Row; j++ {
				var x fr.Element
				if k == flat.Witness {
					x.SetInt64(w.Values[j])
				} else {
					x.SetInt64(values[j])
				}
				require.Equal(t, x, v[j], "seed %d", seed)
			}
		}
		for i := range weights {
			require.Equal(t, *new(fr.Element).SetInt64(int64(weights[i])), v[1<<c.Plan.Values+i])
		}

		var params []*relation.Block
		for i, b := range sys.Blocks {
			if c.folded[c.blocks[i]] {
				params = append(params, b)
			}
		}
		for n := range 16 {
			b := sys.Blocks[r.IntN(len(sys.Blocks))]
			if n%2 == 0 && len(params) > 0 {
				b = params[r.IntN(len(params))]
			}
			x := a.Of(b)
			i, by := r.IntN(len(x)), []int64{1, -1, 4, -16}[r.IntN(4)]
			x[i] += by
			expected := flattest.Statements(sys, a, public)
			require.Equal(t, expected, holds(c.changed(a)), "seed %d: %s[%d] by %d", seed, b.Name, i, by)
			if x[i] -= by; expected {
				harmless++
			} else {
				wrong++
			}
		}

		// Nothing that is no element of a block has a say, but in outputs that have to be zero.
		v, reads, own := c.valuesOf(a), c.reads(), map[int]bool{}
		for i, b := range sys.Blocks {
			for k := range b.Size() {
				own[c.blocks[i].address(k)] = true
			}
		}
		second := map[int]bool{}
		for i := range c.Plan.Boxes {
			if b := &c.Plan.Boxes[i]; b.Claim == flat.Second {
				flattest.Terms(b, nil, func(value, _, _ int, _ fr.Element) { second[value] = true })
			}
		}
		outputs := -1
		for i, x := range flattest.Random(r, c.Plan.Weights<<c.Plan.Row) {
			at := 1<<c.Plan.Values + i
			switch {
			case own[at]:
			case !reads[at] || !second[at]:
				v[at] = x
			default:
				outputs = at
			}
		}
		require.True(t, holds(v), "seed %d: weights beyond the blocks", seed)
		if outputs >= 0 {
			padding++
			v = c.valuesOf(a)
			v[outputs].SetOne()
			if !holds(v) {
				strict++
			}
		}
	}
	t.Logf("%d systems with folds, of %d blocks, claims %v; %d lies, %d harmless, %d refused; %d of %d outputs that there are not mind", folded, blocks, claims, wrong, harmless, refused, strict, padding)
	require.Greater(t, folded, programs/2)
	require.Greater(t, wrong, 3*programs)
	if programs >= 60 {
		require.GreaterOrEqual(t, len(claims), 5)
		require.Positive(t, strict)
	}
}

// changed is valuesOf for parameters that were changed: what is looked up in them is, too.
func (c *Compiled) changed(a *relation.Assignment) []fr.Element {
	wide := make([]int64, c.Plan.Weights<<c.Plan.Row)
	for i, b := range c.sys.Blocks {
		if s := c.blocks[i]; c.folded[s] {
			for k, x := range a.Of(b) {
				wide[s.address(k)-1<<c.Plan.Values] = x
			}
		}
	}
	was := c.wide
	c.wide = wide
	defer func() { c.wide = was }()
	return c.valuesOf(a)
}
