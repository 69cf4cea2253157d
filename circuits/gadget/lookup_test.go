package gadget

import (
	"math/big"
	"math/bits"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/statement"
)

// TestLookupPowers tries false lookups that powers of one challenge too close to each
// other would accept, whatever the challenge is:
//
//	X = Y:        1/(X - 3Y) = -1/2 · 1/X
//	X = z, Y = z²: 1/(X + Y) = 1/X - 1/(X + 1)
//
// with rows (0, 0) and (-1, 0) of a ReLU: max(0, 0) = 3 and max(0, 0) = -1.
func TestLookupPowers(t *testing.T) {
	b := relation.NewBuilder()
	x := b.Column("x", []int{1}, func(*relation.Assignment) []int64 { return []int64{0} })
	y := b.Column("y", []int{1}, func(*relation.Assignment) []int64 { return []int64{0} })
	b.Lookup(b.Function("relu", fixedpoint.Interval{Lo: -4, Hi: 4}, func(x int64) int64 { return max(x, 0) }), x, y)
	b.Expose(relation.Expose{Name: "y", T: y, Interval: fixedpoint.Interval{Lo: -4, Hi: 4}, Visibility: statement.Private})
	sys, err := b.Finish()
	require.NoError(t, err)
	for _, cfg := range []Config{{}, {Plonk: true}} {
		p, err := New(sys, cfg)
		require.NoError(t, err)
		ccs := build(t, p)
		w := assign(t, p)
		require.NoError(t, solve(t, p, ccs, w))
		lie := func(value int64, rows map[int]fr.Element) {
			v := &Witness{append(fr.Vector{}, w.Secret...), w.Statement}
			v.Secret[p.blocks[1]].SetInt64(value)
			for row, m := range rows {
				v.Secret[p.tables[0]+row+4] = m
			}
			require.Error(t, solve(t, p, ccs, v), "max(0, 0) = %d", value)
		}
		one, minusOne, minusHalf := fr.One(), fr.One(), fr.NewElement(2)
		minusOne.Neg(&one)
		minusHalf.Inverse(&minusHalf).Neg(&minusHalf)
		lie(3, map[int]fr.Element{0: minusHalf})
		lie(-1, map[int]fr.Element{0: one, -1: minusOne})
	}
}

// TestLookupVariables pins the two variables of the argument: a prover that knows z before
// it counts can make any query a row, but only for X = z^(2^k) with 2^k above the number
// of fractions, and Y = z.
func TestLookupVariables(t *testing.T) {
	for _, n := range []int{1, 3, 4, 40, 300} {
		b := relation.NewBuilder()
		values := make([]int64, n)
		x := b.Column("x", []int{n}, func(*relation.Assignment) []int64 { return values })
		y := b.Column("y", []int{n}, func(*relation.Assignment) []int64 { return values })
		b.Lookup(b.Function("relu", fixedpoint.Interval{Lo: -4, Hi: 4}, func(x int64) int64 { return max(x, 0) }), x, y)
		sys, err := b.Finish()
		require.NoError(t, err)
		for _, cfg := range []Config{{}, {Plonk: true}} {
			p, err := New(sys, cfg)
			require.NoError(t, err)
			ccs := build(t, p)
			z := fr.NewElement(1234567)
			accepted := map[int]bool{}
			for k := range 14 {
				var power, lie, honest, row, one fr.Element
				power.Exp(z, big.NewInt(1<<k))
				one.SetOne()
				inverse := func(v, f int64) (d fr.Element) {
					var q fr.Element
					d.Sub(&power, q.SetInt64(v)).Sub(&d, q.Mul(q.SetInt64(f), &z))
					return *d.Inverse(&d)
				}
				w := assign(t, p)
				w.Secret[p.blocks[1]].SetInt64(3) // max(0, 0) = 3
				lie, honest, row = inverse(0, 3), inverse(0, 0), inverse(2, 2)
				zeros := &w.Secret[p.tables[0]+4]
				zeros.Sub(zeros, &one)
				w.Secret[p.tables[0]+6].Div(&lie, &row) // 1/(X - 3Y) = m/(X - 2 - 2Y) at this z
				require.False(t, lie == honest)
				accepted[k] = solveAt(t, p, ccs, w, z) == nil
			}
			k := bits.Len(uint(n + 9))
			for i := range 14 {
				require.Equal(t, i == k, accepted[i], "%d fractions, X = z^(2^%d)", n+9, i)
			}
		}
	}
}

// TestMultiplicitiesOfNonRows counts a query that is no row at every row in turn.
func TestMultiplicitiesOfNonRows(t *testing.T) {
	b := relation.NewBuilder()
	x := b.Column("x", []int{3}, func(*relation.Assignment) []int64 { return []int64{1, 2, 2} })
	b.Range(x, fixedpoint.Interval{Lo: 0, Hi: 3})
	b.Expose(relation.Expose{Name: "x", T: x, Interval: fixedpoint.Interval{Lo: 0, Hi: 3}, Visibility: statement.Private})
	sys, err := b.Finish()
	require.NoError(t, err)
	p, err := New(sys, Config{})
	require.NoError(t, err)
	ccs := build(t, p)
	w := assign(t, p)
	require.NoError(t, solve(t, p, ccs, w))
	for _, value := range []int64{4, -1, 1 << 40} {
		for row := range 4 {
			v := &Witness{append(fr.Vector{}, w.Secret...), w.Statement}
			v.Secret[p.blocks[0]].SetInt64(value)
			one := fr.One()
			honest, m := &v.Secret[p.tables[0]+1], &v.Secret[p.tables[0]+row]
			honest.Sub(honest, &one)
			m.Add(m, &one)
			require.Error(t, solve(t, p, ccs, v), "%d counted as %d", value, row)
		}
	}
}
