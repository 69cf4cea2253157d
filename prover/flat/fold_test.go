package flat_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	compile "github.com/nnark/nnark/circuits/flat"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	prove "github.com/nnark/nnark/prover/flat"
	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/statement"
)

// foldedNetwork is a system whose weights are longer than a row: two matrices of one inner size, a convolution,
// and a table of 700 rows, which is no power of two, from which tuples are gathered.
func foldedNetwork(t testing.TB) *network {
	r := rand.New(rand.NewPCG(5, 6))
	ints := func(n int) []int64 {
		out := make([]int64, n)
		for i := range out {
			out[i] = r.Int64N(3) - 1
		}
		return out
	}
	b := relation.NewBuilder()
	param := func(name string, values []int64, shape ...int) *relation.Block { return b.Param(name, shape, values) }
	within := func(x relation.Tensor, most int64) relation.Tensor {
		b.Range(x, fixedpoint.Interval{Lo: -most, Hi: most})
		return x
	}
	values := ints(72)
	for i := range values {
		values[i] = 2*(values[i]&1) - 1 // so that every weight matters
	}
	x := within(b.Column("x", []int{24, 1, 3}, func(*relation.Assignment) []int64 { return values }), 1)
	for i, outs := range []int{200, 130} {
		w := ints(outs * 24)
		out := b.Column("out", []int{outs, 1, 3}, func(a *relation.Assignment) []int64 {
			v, y := a.Eval(x), make([]int64, outs*3)
			for o := range outs {
				for k := range 24 {
					for p := range 3 {
						y[o*3+p] += w[o*24+k] * v[k*3+p]
					}
				}
			}
			return y
		})
		b.Contract(relation.Contract{X: x, W: param("w", w, outs, 24, 1, 1), Out: within(out, 24), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
		b.Expose(relation.Expose{Name: "out" + string(rune('0'+i)), T: out, Interval: fixedpoint.Interval{Lo: -24, Hi: 24}, Visibility: statement.Public})
	}
	kernel := ints(70 * 24 * 3)
	conv := b.Column("conv", []int{70, 1, 3}, func(a *relation.Assignment) []int64 {
		v, y := a.Eval(x), make([]int64, 210)
		for o := range 70 {
			for p := range 3 {
				for k := range 24 {
					for j := range 3 {
						if q := p + j - 1; q >= 0 && q < 3 {
							y[o*3+p] += kernel[(o*24+k)*3+j] * v[k*3+q]
						}
					}
				}
			}
		}
		return y
	})
	b.Contract(relation.Contract{X: x, W: param("kernel", kernel, 70, 24, 1, 3), Out: within(conv, 72), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Pad: [2]int{0, 1}})
	const rows, width = 700, 5
	table, keys := ints(rows*width), []int64{0, 699, 17, 512, 17}
	key := b.Column("key", []int{len(keys)}, func(*relation.Assignment) []int64 { return keys })
	var cols []relation.Tensor
	for j := range width {
		cols = append(cols, within(b.Column("col", []int{len(keys)}, func(*relation.Assignment) []int64 {
			out := make([]int64, len(keys))
			for i, k := range keys {
				out[i] = table[int(k)*width+j]
			}
			return out
		}), 1))
	}
	b.Gather(key, cols, param("table", table, rows, width))
	sys, err := b.Finish()
	require.NoError(t, err)
	c, err := compile.New(sys)
	require.NoError(t, err)
	w, err := c.Witness(sys.Assign(nil), fr.Element{})
	require.NoError(t, err)
	_, weights, err := c.Model()
	require.NoError(t, err)
	return &network{Compiled: c, values: w.Values, weights: weights, public: w.Public}
}

// Weights that are folded are bound as others are: a proof verifies with the commitments to those it was made
// with, and with no others.
func TestFolds(t *testing.T) {
	ctx, n := context.Background(), foldedNetwork(t)
	require.GreaterOrEqual(t, len(n.Plan.Folds), 3)
	require.GreaterOrEqual(t, n.Plan.Weights, 8)
	p, err := prove.New(ctx, n.Plan, powers().g1, n.values, n.weights, nil)
	require.NoError(t, err)
	proof, err := p.Prove(ctx, seed, n.values, n.public, nil)
	require.NoError(t, err)
	require.True(t, verify(t, p.Key(), seed, n.public, proof))

	// The key of other weights, one of each row.
	direct := n.Plan.Count(flat.Model)
	for r := range n.Plan.Weights {
		other := *p.Key()
		other.Model = slices.Clone(other.Model)
		q, err := prove.New(ctx, n.Plan, powers().g1, n.values, changed(n.weights, r<<n.Plan.Row+r, 1), p.Blinders())
		require.NoError(t, err)
		other.Model[direct+r] = q.Key().Model[direct+r]
		require.NotEqual(t, p.Key().Model[direct+r], other.Model[direct+r])
		require.False(t, verify(t, &other, seed, n.public, proof), "row %d", r)
	}
	// A model whose weights do not give the outputs has no proof; those of rows that nobody looks up do not matter.
	for _, w := range n.System().Blocks {
		if w.Kind != relation.Param {
			continue
		}
		size := w.Size()
		for _, at := range []int{0, 17*5 + 2, 18*5 + 2, size / 2, size - 1} {
			unread := w.Shape[0] == 700 && !slices.Contains([]int{0, 699, 17, 512}, at/5)
			q, err := prove.New(ctx, n.Plan, powers().g1, n.values, changed(n.weights, n.Address(w, at)-1<<n.Plan.Values, 1), p.Blinders())
			require.NoError(t, err)
			other, err := q.Prove(ctx, seed, n.values, n.public, nil)
			require.Equal(t, unread, err == nil && verify(t, q.Key(), seed, n.public, other), "%s %d", w.Name, at)
		}
	}
}

func changed(w []int32, at int, by int32) []int32 {
	w = slices.Clone(w)
	w[at] += by
	return w
}

// What a fold says is what its boxes say, term by term.
func TestFoldMeansItsBoxes(t *testing.T) {
	n := foldedNetwork(t)
	p := n.Plan
	r := rand.New(rand.NewPCG(7, 8))
	random := func(k int) []fr.Element {
		out := make([]fr.Element, k)
		for i := range out {
			out[i].SetUint64(r.Uint64())
			out[i].Inverse(&out[i])
		}
		return out
	}
	sigma := flat.NewPoint(random(p.Rounds()))
	c := &flat.Points{Beta: random(p.Tables), Gamma: random(1)[0], Columns: flat.NewPoint(random(p.Columns)), Outputs: flat.NewPoint(random(p.Outputs)),
		Zeros: flat.NewPoint(random(p.Zeros)), Products: sigma.Low(p.Products), Sums: sigma.Low(p.Sums), Sigma: sigma.Coordinates()}
	want, got := map[flat.Claim]fr.Element{}, map[flat.Claim]fr.Element{}
	for i := range p.Boxes {
		b := &p.Boxes[i]
		if b.Fold == 0 {
			continue
		}
		_, sides := c.Slots(b.Claim), c.Outputs
		if b.Claim == flat.Right {
			sides = c.Columns
		}
		scale, sum := c.Scale(b), want[b.Claim]
		var walk func(depth, value, slot, side int)
		walk = func(depth, value, slot, side int) {
			if depth < len(b.Loops) {
				for range b.Loops[depth].Size {
					walk(depth+1, value, slot, side)
					value, slot, side = value+b.Loops[depth].Value, slot+b.Loops[depth].Slot, side+b.Loops[depth].Side
				}
				return
			}
			w := scale
			x := c.Slots(b.Claim).Weight(slot)
			w.Mul(&w, &x)
			for bit := range sides.Dim() {
				if b.Sides>>bit&1 == 1 {
					x = sides.Table(bit, bit+1)[side>>bit&1]
					w.Mul(&w, &x)
				}
			}
			x.SetInt64(int64(n.weights[value-1<<p.Values]))
			sum.Add(&sum, w.Mul(&w, &x))
		}
		walk(0, b.Value, b.Slot, b.Side)
		want[b.Claim] = sum
	}
	outer := p.FoldRows(c)
	p.FoldColumns(c, func(row int, k flat.Claim, columns []fr.Element) {
		at := slices.IndexFunc(p.Folds, func(f flat.Fold) bool { return f.Row == row })
		sum := got[k]
		for r := range outer[at] {
			for j := range columns {
				var x fr.Element
				x.SetInt64(int64(n.weights[r<<p.Row+j]))
				x.Mul(&x, &outer[at][r]).Mul(&x, &columns[j])
				sum.Add(&sum, &x)
			}
		}
		got[k] = sum
	})
	require.Len(t, want, 2)
	require.Equal(t, want, got)
}

// A plan that folds what is not alike, or elsewhere, is refused.
func TestHostileFolds(t *testing.T) {
	again := func() *flat.Plan {
		p, err := flat.ParsePlan(foldedNetwork(t).Plan.AppendTo(nil))
		require.NoError(t, err)
		return p
	}
	require.NoError(t, again().Check())
	first := func(p *flat.Plan) *flat.Box {
		for i := range p.Boxes { // of a fold of several
			if k := p.Boxes[i].Fold; k > 0 && i > 0 && slices.ContainsFunc(p.Boxes[:i], func(b flat.Box) bool { return b.Fold == k }) {
				return &p.Boxes[i]
			}
		}
		panic("all folds have one box")
	}
	for name, change := range map[string]func(p *flat.Plan){
		"no row of its own":     func(p *flat.Plan) { p.Folds[0].Row = p.Folds[1].Row },
		"a row of values":       func(p *flat.Plan) { p.Folds[0].Row = 0 },
		"far away":              func(p *flat.Plan) { p.Folds[0].Row = len(p.Rows) },
		"before":                func(p *flat.Plan) { p.Folds[0].Row = -1 },
		"another claim":         func(p *flat.Plan) { p.Folds[0].Claim = flat.Left },
		"fewer slots":           func(p *flat.Plan) { p.Folds[0].Slots &= p.Folds[0].Slots - 1 },
		"more slots":            func(p *flat.Plan) { p.Folds[0].Slots |= p.Folds[0].Slots + 1 },
		"more sides":            func(p *flat.Plan) { p.Folds[0].Sides |= p.Folds[0].Sides + 1 },
		"no fold":               func(p *flat.Plan) { first(p).Fold = 0 },
		"no such fold":          func(p *flat.Plan) { first(p).Fold = len(p.Folds) + 1 },
		"another fold":          func(p *flat.Plan) { first(p).Fold = 1 + first(p).Fold%len(p.Folds) },
		"another column":        func(p *flat.Plan) { first(p).Value++ },
		"values of a fold":      func(p *flat.Plan) { first(p).Value -= 1 << p.Values },
		"rows that are missing": func(p *flat.Plan) { p.Weights-- },
		"rows below none":       func(p *flat.Plan) { p.Weights = -1 },
		"too many rows":         func(p *flat.Plan) { p.Weights = 1 << 30 },
		"factors":               func(p *flat.Plan) { b := first(p); b.Factors = make([]int64, b.Terms()) },
		"a fold without boxes":  func(p *flat.Plan) { p.Folds = append(p.Folds, flat.Fold{Row: 3}); p.Rows[3] = flat.Virtual },
	} {
		p := again()
		change(p)
		require.Error(t, p.Check(), name)
	}
}
