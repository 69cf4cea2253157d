package circuits

import (
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/circuits/relation"
)

// The lies of this file change several columns together, so that all equations but one
// stay satisfied.

// caseNamed returns the case of that name, compiled.
func caseNamed(t *testing.T, name string, cfg Config) *testCircuit {
	t.Helper()
	list := cases()
	i := slices.IndexFunc(list, func(c opCase) bool { return c.name == name })
	require.GreaterOrEqual(t, i, 0, name)
	return compile(t, list[i].program(t, cfg))
}

// addTo adds integers to secret inputs.
func addTo(w *gadget.Witness, at int, v int64) {
	var e fr.Element
	w.Secret[at].Add(&w.Secret[at], e.SetInt64(v))
}

// TestRemainderLies moves a quotient by ∓1 and its remainder by ±2^s.
func TestRemainderLies(t *testing.T) {
	var n tally
	for _, name := range []string{"dense layer", "conv pool relu", "dense clip", "dense softmax", "requantize twice", "residual"} {
		k := caseNamed(t, name, Config{})
		rng := seeded(t)
		inputs := k.randomInputs(rng)
		w := k.honest(inputs)
		for at, nd := range k.Program.Nodes {
			r, ok := nd.Op.(*Requantize)
			if !ok || !k.hasColumn(nd.Name+"/remainder") {
				continue // its remainder is an expression: TestLyingLayers moves that
			}
			first, size := k.column(nd.Name + "/remainder")
			for range 8 {
				i, d := rng.IntN(size), int64(1-2*rng.IntN(2))
				values, ok := lyingEval(k.Program, inputs, at, func(x []int64) { x[i] += d })
				if !ok {
					n.untold++
					continue
				}
				lie, ok := k.lyingWitness(values, w)
				require.True(t, ok)
				addTo(lie, first+i, -d<<r.Shift)
				k.refuses(&n, lie, w, "%s: quotient %d moved by %d, its remainder by %d", nd.Name, i, d, -d<<r.Shift)
			}
		}
	}
	n.report(t, 80)
}

// enforcedBase is the base a contraction packs its outputs in: the number of values in
// the widest interval that the statements enforce.
func (k *testCircuit) enforcedBase(c *relation.Contract) int64 {
	var width int64
	exprs := c.Out.Exprs()
	for i := range exprs {
		r, ok := k.Plan.Sys.Interval(&exprs[i])
		require.True(k.t, ok)
		width = max(width, r.Hi-r.Lo)
	}
	return width + 1
}

// TestBorrowBetweenPackedRows changes two accumulators so that their packed sum is the
// same: y_o by base, y_{o+1} by -1.
func TestBorrowBetweenPackedRows(t *testing.T) {
	var n tally
	for name, suffix := range map[string]string{
		"dense layer": "/remainder", "dense clip": "/remainder", "matmul rows": "MatMul[0]/out", "conv": "Conv[0]/out", "conv of one row": "Conv[0]/out", "conv pool relu": "/remainder",
	} {
		for _, cfg := range []Config{{}, {Weights: Baked}} {
			k := caseNamed(t, name, cfg)
			w := k.honest(k.randomInputs(seeded(t)))
			require.NoError(t, k.solve(w))
			c := k.Plan.Sys.Contracts[0]
			base := k.enforcedBase(&c)
			first, size := k.column(suffix)
			rows := c.Out.Shape[0]
			step := size / rows // positions between two channels
			if name == "matmul rows" {
				step = 1 // channels are last
			}
			for _, d := range []int64{base, -base, base - 1, 1 - base, 2, -2, 3, -3} { // in a smaller base too
				for p := range min(step, 3) {
					lie := clone(w)
					addTo(lie, first+p, d)
					addTo(lie, first+p+step, 1)
					if d > 0 {
						addTo(lie, first+p+step, -2)
					}
					k.refuses(&n, lie, w, "%s: borrowed %d at %d", name, d, p)
				}
			}
		}
	}
	n.report(t, 300)
}

// TestOneHotOfOtherIntegers writes an index as integers that are not a one among zeros, with
// the same sum and the same sum of numbered columns.
func TestOneHotOfOtherIntegers(t *testing.T) {
	var lies tally
	for _, name := range []string{"onehot", "onehot chooses a row"} {
		k := caseNamed(t, name, Config{})
		w := k.honest(k.randomInputs(seeded(t)))
		first, size := k.column("OneHot[0]/out")
		n := int(k.Program.Inputs[0].Range.Width()) + 1
		for row := 0; row < size; row += n {
			for at := range n - 2 {
				for _, d := range []int64{1, -1, 5} {
					lie := clone(w)
					addTo(lie, first+row+at, d)
					addTo(lie, first+row+at+1, -2*d)
					addTo(lie, first+row+at+2, d)
					k.refuses(&lies, lie, w, "row %d, from %d on by %d", row/n, at, d)
				}
			}
		}
	}
	lies.report(t, 70)
}

// TestSmallerMax claims, for every window in turn, each element that is not the largest,
// and one more than the largest.
func TestSmallerMax(t *testing.T) {
	var n tally
	for _, name := range []string{"maxpool", "maxpool overlapping padded", "maxpool with gaps", "maxpool dilated", "conv pool relu", "maxpool of sums"} {
		k := caseNamed(t, name, Config{})
		inputs := k.randomInputs(seeded(t))
		w := k.honest(inputs)
		at := slices.IndexFunc(k.Program.Nodes, func(nd Node) bool { return Kind(nd.Op) == "MaxPool" })
		pool := k.Program.Nodes[at].Op.(*MaxPool)
		honest, err := k.Program.Eval(inputs)
		require.NoError(t, err)
		x, y := honest[k.Program.Nodes[at].In[0]], honest[len(inputs)+at]
		h, width := pool.in.Shape[2], pool.in.Shape[3]
		per := pool.Shape[0] * pool.Shape[1]
		for o := range y {
			claims := []int64{y[o] + 1, pool.in.Range.Hi, pool.in.Range.Lo, pool.in.Range.Lo - 1}
			pool.Taps(h, width, o%per/pool.Shape[1], o%pool.Shape[1], func(r, q int) {
				claims = append(claims, x[(o/per*h+r)*width+q])
			})
			for _, v := range claims {
				values, ok := lyingEval(k.Program, inputs, at, func(out []int64) { out[o] = v })
				if v == y[o] {
					continue
				}
				if !ok {
					n.untold++
					continue
				}
				lie, ok := k.lyingWitness(values, w)
				if !ok {
					n.untold++
				} else if !equal(lie.Secret, w.Secret) {
					k.refuses(&n, lie, w, "%s: window %d has maximum %d, claimed %d", name, o, y[o], v)
				}
			}
		}
	}
	n.report(t, 900)
}

// TestExcessLies splits the difference of Clip's input and output otherwise.
func TestExcessLies(t *testing.T) {
	var n tally
	for name, inputs := range map[string][][]int64{
		"clip both sides": {{-100, 100, 0, 30, -21}},
		"clip of a part":  {{-100, 100, 0, 30, -21}, {50, -50, 0, 7, -1}},
	} {
		k := caseNamed(t, name, Config{})
		w := k.honest(inputs)
		require.NoError(t, k.solve(w))
		above, size := k.column("/above")
		below, _ := k.column("/below")
		out, _ := k.column("Clip[0]/out")
		for i := range size {
			q, _ := smallInt(&w.Secret[out+i])
			for _, d := range []int64{1, -1, 2, 70, -70, -80, 50, 30 - q, -20 - q} { // 70 and -80 undo clipping, the last two reach an end
				if d == 0 {
					continue
				}
				both := clone(w) // in = out + above - below with both
				addTo(both, above+i, d)
				addTo(both, below+i, d)
				k.refuses(&n, both, w, "%s: excess %d on both sides of element %d", name, d, i)
				up := clone(w)
				addTo(up, out+i, d)
				addTo(up, above+i, -d)
				k.refuses(&n, up, w, "%s: output %d moved by %d against above", name, i, d)
				down := clone(w)
				addTo(down, out+i, d)
				addTo(down, below+i, d)
				k.refuses(&n, down, w, "%s: output %d moved by %d with below", name, i, d)
			}
		}
	}
	n.report(t, 300)
}

// TestSoftmaxLies computes with a wrong largest element, a wrong exponential, a wrong sum
// or a wrong logarithm, and everything else as that demands.
func TestSoftmaxLies(t *testing.T) {
	var n tally
	for _, name := range []string{"softmax", "logsoftmax", "dense softmax", "means of rows"} {
		k := caseNamed(t, name, Config{})
		inputs := k.randomInputs(seeded(t))
		w := k.honest(inputs)
		at := len(k.Program.Nodes) - 1
		honest, err := k.Program.Eval(inputs)
		require.NoError(t, err)
		x := honest[k.Program.Nodes[at].In[0]]
		tryWith := func(what string, moved int64, alter func(*Exponential, *LogSoftmax)) {
			liar := caseNamed(t, name, Config{})
			var e *Exponential
			log := new(LogSoftmax)
			switch op := liar.Program.Nodes[at].Op.(type) {
			case *Softmax:
				e = &op.Exponential
			case *SoftmaxMatMul:
				e = &op.Exponential
			case *LogSoftmax:
				e, log = &op.Exponential, op
			}
			alter(e, log)
			values, err := liar.Program.Eval(inputs)
			require.NoError(t, err)
			lie, ok := liar.lyingWitness(values, w)
			require.True(t, ok)
			first, size := k.column("/max")
			for i := range size {
				addTo(lie, first+i, moved)
			}
			require.False(t, equal(lie.Secret, w.Secret), what)
			k.refuses(&n, lie, w, "%s: %s", name, what)
		}
		shifted := func(d int64) func(*Exponential, *LogSoftmax) {
			return func(e *Exponential, _ *LogSoftmax) {
				table, domain := e.exp.table(), e.exp.domain
				e.exp.table = func() []int64 {
					out := slices.Clone(table)
					for i := range out {
						out[i] = table[min(max(int64(i)+d, 0), domain.Hi-domain.Lo)]
					}
					return out
				}
			}
		}
		tryWith("largest one more", 1, shifted(-1))
		tryWith("largest one less", -1, shifted(1))
		tryWith("largest 40 more", 40, shifted(-40))
		for _, d := range []int64{1, -1, 100} {
			tryWith("one Exponential off", 0, func(e *Exponential, _ *LogSoftmax) {
				table, domain := slices.Clone(e.exp.table()), e.exp.domain
				table[x[0]-slices.Max(x[:e.n])-domain.Lo] += d
				e.exp.table = func() []int64 { return table }
			})
			if name == "logsoftmax" {
				tryWith("the logarithm off", 0, func(_ *Exponential, s *LogSoftmax) {
					table := slices.Clone(s.log.table())
					for i := range table {
						table[i] += d
					}
					s.log.table = func() []int64 { return table }
				})
			}
		}
	}
	n.report(t, 40)
}

// TestQuotientAliases takes for a softmax output other solutions of num = q·den + rem
// modulo the field: with q the exact field quotient, the remainder is zero.
func TestQuotientAliases(t *testing.T) {
	var n tally
	k := caseNamed(t, "softmax", Config{})
	w := k.honest([][]int64{{5, -20, 60, 11, 0, 0, 0, 1}})
	require.NoError(t, k.solve(w))
	out, size := k.column("Softmax[0]/out")
	product, _ := k.column("/quotient·denominator")
	exp, _ := k.column("/exp")
	for i := range size {
		var den, num, q fr.Element
		for j := range 4 {
			den.Add(&den, &w.Secret[exp+i/4*4+j])
		}
		num.SetInt64(1 << 7)
		num.Mul(&num, &w.Secret[exp+i])
		for _, offset := range []int64{0, 1, -1} {
			q.SetInt64(offset)
			q.Add(&q, &num)
			q.Div(&q, &den)
			lie := clone(w)
			lie.Secret[out+i] = q
			lie.Secret[product+i].Mul(&q, &den)
			if q == w.Secret[out+i] {
				continue
			}
			k.refuses(&n, lie, w, "output %d is the field quotient %v", i, &q)
		}
	}
	n.report(t, 40)
}

// TestInputsPastTheirRange evaluates honestly an input one base beyond its range: packed,
// it looks like another input.
func TestInputsPastTheirRange(t *testing.T) {
	t.Parallel()
	var n tally
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			for _, cfg := range []Config{{}, {System: Plonk}} {
				k := compile(t, c.program(t, cfg))
				k.t = t
				inputs := k.randomInputs(seeded(t))
				w := k.honest(inputs)
				r := k.Program.Inputs[0].Range
				base := r.Hi - r.Lo + 1
				for _, d := range []int64{base, -base} {
					wild := slices.Clone(inputs)
					wild[0] = slices.Clone(inputs[0])
					wild[0][0] += d
					if len(wild[0]) > 1 && d > 0 && wild[0][1] > r.Lo {
						wild[0][1]-- // the same packed element, digits Within range
					}
					values, ok := lyingEval(k.Program, wild, -1, nil)
					if !ok {
						n.untold++
						continue
					}
					lie, ok := k.lyingWitness(values, w)
					if !ok {
						n.untold++
						continue
					}
					k.refuses(&n, lie, w, "input moved by %d", d)
					kept := clone(lie)
					kept.Statement = w.Statement // the range check's neighbours do not help
					k.refuses(&n, kept, w, "input moved by %d, statement kept", d)
				}
			}
		})
	}
	n.report(t, 1000)
}
