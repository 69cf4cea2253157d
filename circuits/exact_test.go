package circuits

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// exactly interprets the statements of a system with big integers, where nothing wraps.
type exactly struct {
	t testing.TB
	*relation.System
	*relation.Assignment
	checked int // elements of statements
}

// expr returns an expression's value.
func (x *exactly) expr(e *relation.Expr) *big.Int {
	sum := big.NewInt(e.Const)
	for _, m := range e.Terms {
		var p big.Int
		sum.Add(sum, p.Mul(big.NewInt(m.Coef), big.NewInt(x.Of(m.Block)[m.Index])))
	}
	return sum
}

// tensor returns a tensor's integers, which are those that Eval computes and lie Within
// the intervals that the system proves.
func (x *exactly) tensor(t relation.Tensor) []*big.Int {
	x.t.Helper()
	exprs, native := t.Exprs(), x.Eval(t)
	out := make([]*big.Int, len(exprs))
	for i := range exprs {
		out[i] = x.expr(&exprs[i])
		require.Zero(x.t, out[i].Cmp(big.NewInt(native[i])), "Eval gives %d, exactly it is %v", native[i], out[i])
		if r, ok := x.Interval(&exprs[i]); ok {
			require.True(x.t, r.Contains(native[i]), "%d outside %v", native[i], r)
		}
	}
	x.checked += len(out)
	return out
}

// block returns parameters, or zeros for none.
func block(b *relation.Block, n int) []int64 {
	if b == nil {
		return make([]int64, n)
	}
	return b.Values()
}

// holds checks every statement over the integers.
func (x *exactly) holds() {
	x.t.Helper()
	for _, l := range x.Lookups {
		rows := map[string]bool{}
		for v := l.Table.Domain.Lo; v <= l.Table.Domain.Hi; v++ {
			row := big.NewInt(v).String()
			if l.Table.IsFunction() {
				row += " " + big.NewInt(l.Table.At(v)).String()
			}
			rows[row] = true
		}
		first := x.tensor(l.Cols[0])
		var second []*big.Int
		if l.Table.IsFunction() {
			second = x.tensor(l.Cols[1])
		}
		for i, v := range first {
			row := v.String()
			if second != nil {
				row += " " + second[i].String()
			}
			require.True(x.t, rows[row], "%s: (%s) is no row of %s", l.Node, row, l.Table.Name)
		}
	}
	for _, z := range x.Zeros {
		for _, v := range x.tensor(z.T) {
			require.Zero(x.t, v.Sign(), z.Node)
		}
	}
	for _, p := range x.Products {
		a, b, c := x.tensor(p.A), x.tensor(p.B), x.tensor(p.C)
		for i := range a {
			require.Zero(x.t, new(big.Int).Mul(a[i], b[i]).Cmp(c[i]), "%s: %v·%v is not %v", p.Node, a[i], b[i], c[i])
		}
	}
	for i := range x.Contracts {
		x.contract(&x.Contracts[i])
	}
	for _, m := range x.MatMuls {
		x.matMul(&m)
	}
	for _, g := range x.Gathers {
		w, n := g.W.Values(), g.W.Shape[1]
		keys := x.tensor(g.Key)
		for k, c := range g.Cols {
			for i, v := range x.tensor(c) {
				j := keys[i].Int64()
				require.True(x.t, keys[i].IsInt64() && j >= 0 && j < int64(g.W.Shape[0]), "%s: row %v", g.Node, keys[i])
				require.Equal(x.t, w[int(j)*n+k], v.Int64(), "%s: column %d", g.Node, k)
			}
		}
	}
	for _, m := range x.Members {
		rows := map[string]bool{}
		for _, v := range x.tensor(m.Rows) {
			rows[v.String()] = true
		}
		for _, v := range x.tensor(m.Query) {
			require.True(x.t, rows[v.String()], "%s: %v is no member", m.Node, v)
		}
	}
	for _, e := range x.Exposes {
		for _, v := range x.tensor(e.T) {
			require.True(x.t, v.IsInt64() && e.Interval.Contains(v.Int64()), "%s: %v outside %v", e.Name, v, e.Interval)
		}
	}
	require.NoError(x.t, x.Err())
}

func (x *exactly) contract(c *relation.Contract) {
	in, out, w := x.tensor(c.X), x.tensor(c.Out), c.W.Values()
	bias := block(c.Bias, c.Out.Shape[0])
	for i, got := range out {
		at := index(i, c.Out.Shape)
		sum := big.NewInt(bias[at[0]])
		for k, v := range w[at[0]*len(w)/c.W.Shape[0]:][:len(w)/c.W.Shape[0]] {
			tap := index(k, c.W.Shape[1:])
			r, q := at[1]*c.Stride[0]+tap[1]*c.Dilation[0]-c.Pad[0], at[2]*c.Stride[1]+tap[2]*c.Dilation[1]-c.Pad[1]
			if r >= 0 && r < c.X.Shape[1] && q >= 0 && q < c.X.Shape[2] {
				sum.Add(sum, new(big.Int).Mul(big.NewInt(v), in[(tap[0]*c.X.Shape[1]+r)*c.X.Shape[2]+q]))
			}
		}
		require.Zero(x.t, sum.Cmp(got), "%s: output %d is %v, exactly %v", c.Node, i, got, sum)
	}
}

func (x *exactly) matMul(m *relation.MatMul) {
	a, b, out := x.tensor(m.A), x.tensor(m.B), x.tensor(m.Out)
	inner, cols := m.A.Shape[1], m.B.Shape[1]
	for i, got := range out {
		sum := new(big.Int)
		for k := range inner {
			sum.Add(sum, new(big.Int).Mul(a[i/cols*inner+k], b[k*cols+i%cols]))
		}
		require.Zero(x.t, sum.Cmp(got), "%s: output %d is %v, exactly %v", m.Node, i, got, sum)
	}
}

// checkBounded checks that every expression of every statement has a proven interval below
// 2^62, but for the columns that a test of zero multiplies up.
func (x *exactly) checkBounded() {
	x.t.Helper()
	most := fixedpoint.Interval{Lo: -1 << 62, Hi: 1 << 62}
	check := func(node string, ts ...relation.Tensor) {
		for _, t := range ts {
			if b := t.Block(); b != nil && b.Kind == relation.Deferred {
				continue
			}
			exprs := t.Exprs()
			for i := range exprs {
				r, ok := x.Interval(&exprs[i])
				require.True(x.t, ok && most.Covers(r), "%s: %v", node, r)
			}
		}
	}
	for _, l := range x.Lookups {
		check(l.Node, l.Cols...)
	}
	for _, z := range x.Zeros {
		check(z.Node, z.T)
	}
	for _, c := range x.Contracts {
		check(c.Node, c.X, c.Out)
	}
	for _, m := range x.MatMuls {
		check(m.Node, m.A, m.B, m.Out)
	}
	for _, g := range x.Gathers {
		check(g.Node, append(g.Cols, g.Key)...)
	}
	for _, m := range x.Members {
		check(m.Node, m.Query, m.Rows)
	}
	for _, e := range x.Exposes {
		check(e.Name, e.T)
	}
}

// TestStatementsHoldExactly: the statements of every case hold over the integers.
func TestStatementsHoldExactly(t *testing.T) {
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			p := c.program(t, Config{})
			sys, err := p.System()
			require.NoError(t, err)
			k := &testCircuit{Compiled: &Compiled{Program: p}, t: t}
			for _, inputs := range append(k.extremes(), k.randomInputs(seeded(t))) {
				values, err := p.Eval(inputs)
				require.NoError(t, err)
				x := &exactly{t: t, System: sys, Assignment: sys.Assign(values)}
				x.checkBounded()
				x.holds()
				require.Positive(t, x.checked)
			}
		})
	}
}
