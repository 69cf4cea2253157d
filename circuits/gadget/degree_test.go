package gadget

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// rangeChecks returns a system of n range checks in a table of so many rows.
func rangeChecks(t *testing.T, n int, rows int64) *relation.System {
	t.Helper()
	b := relation.NewBuilder()
	b.Range(b.Column("x", []int{n}, nil), fixedpoint.Interval{Lo: 0, Hi: rows - 1})
	sys, err := b.Finish()
	require.NoError(t, err)
	return sys
}

// TestDegreeOfLookups: more queries and rows than the stated error allows do not plan.
func TestDegreeOfLookups(t *testing.T) {
	const most = 1 << 21 // 2·N·2^22 = 2^44, and one element of the statement
	for _, c := range []struct {
		queries int
		rows    int64
		ok      bool
	}{{1, 256, true}, {most - 1<<20, 1<<20 - 1, true}, {most - 1<<20, 1 << 20, false}, {most - 256, 255, true}, {most - 256, 256, false}} {
		_, err := New(rangeChecks(t, c.queries, c.rows), Config{})
		if c.ok {
			require.NoError(t, err, "%+v", c)
		} else {
			require.ErrorIs(t, err, relation.ErrSize, "%+v", c)
		}
	}
}

// TestDegreeOfProjections: an identity's degree is the number of its rows times the step,
// once for each group of packed rows.
func TestDegreeOfProjections(t *testing.T) {
	unit := [2]int{1, 1}
	conv := func(o, r, q, rows int) *Contraction {
		return &Contraction{projected: true, rows: rows, cols: 1, Contract: &relation.Contract{X: relation.Const([]int{1, r, q}, 0),
			Out: relation.Const([]int{o, r, q}, 0), W: &relation.Block{Shape: []int{o, 1, 1, 1}}, Stride: unit, Dilation: unit}}
	}
	matrices := func(m, n int) *MatrixProduct {
		return &MatrixProduct{projected: true, rows: 1, cols: 1, MatMul: &relation.MatMul{A: relation.Const([]int{m, 5}, 0),
			B: relation.Const([]int{5, n}, 0), Out: relation.Const([]int{m, n}, 0)}}
	}
	plan := func(c *Contraction, m *MatrixProduct) *Plan {
		p := &Plan{Sys: &relation.System{}}
		if c != nil {
			p.Contracts = append(p.Contracts, c)
		}
		if m != nil {
			p.MatMuls = append(p.MatMuls, m)
		}
		return p
	}
	lookups := big.NewInt(1 + 0) // the context alone
	for _, c := range []struct {
		plan *Plan
		want int64
	}{
		{plan(conv(1, 5, 7, 1), nil), 5 * 8},
		{plan(conv(6, 5, 8, 2), nil), 3 * 5 * 8},
		{plan(nil, matrices(5, 7)), 5 * 8},
		{plan(nil, matrices(9, 8)), 9 * 16},
		{plan(conv(2, 3, 3, 1), matrices(2, 2)), 2*3*4 + 2*4},
	} {
		require.Equal(t, new(big.Int).Add(lookups, big.NewInt(c.want)), c.plan.degree())
		require.NoError(t, c.plan.checkDegree())
	}
	unprojected := plan(conv(1, 1<<20, 1<<20, 1), matrices(1<<20, 1<<20))
	unprojected.Contracts[0].projected, unprojected.MatMuls[0].projected = false, false
	require.NoError(t, unprojected.checkDegree())
	for name, p := range map[string]*Plan{
		"columns":           plan(conv(16, 1<<20, 1<<20, 1), nil),
		"groups":            plan(conv(1<<24, 1<<10, 1<<11, 1), nil),
		"matrices":          plan(nil, matrices(1<<20, 1<<20)),
		"rows":              plan(nil, matrices(1<<21, 1)),
		"more than 64 bits": plan(conv(1<<26, 1<<26, 1<<26, 1), nil),
	} {
		require.ErrorIs(t, p.checkDegree(), relation.ErrSize, name)
	}
}

// TestGridHoldsTheExponents: every power of z that a projection asks for lies in the grid
// that its degree is counted by.
func TestGridHoldsTheExponents(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for range 300 {
		g := randomGeometry(rng)
		i, j := g.outShape()
		for cols := 1; cols <= min(j, 4); cols++ {
			c := &Contraction{Contract: &relation.Contract{X: relation.Const([]int{g.ch, g.r, g.q}, 0), Out: relation.Const([]int{g.o, i, j}, 0),
				W: &relation.Block{Shape: []int{g.o, g.ch, g.a, g.b}}, Stride: g.stride, Dilation: g.dilation, Pad: g.pad}, cols: cols, rows: 1, base: big.NewInt(4)}
			step, rows := c.grid()
			p := newProjection(nil, c)
			inside := func(row, col int) {
				require.True(t, row < rows && col < step, "%s: row %d of %d, column %d of %d", g, row, rows, col, step)
			}
			for a := range g.a {
				for b := range g.b {
					for m := range cols { // inputs with their tap's factor
						inside(g.r-1+p.rowOff-c.row(0, a), 0)
						inside(0, g.q-1+p.colOff-c.col(m, b))
					}
				}
			}
			inside(g.stride[0]*(i-1)+p.rowOff, g.stride[1]*cols*(p.cols-1)+p.colOff) // outputs
		}
	}
}

// TestLongGridsAreNotProjected: powers of z that would cost more than anything they save
// are not asked for.
func TestLongGridsAreNotProjected(t *testing.T) {
	b := relation.NewBuilder()
	x, y := b.Column("x", []int{40, 1, 4}, nil), b.Column("y", []int{80, 1, 9}, nil)
	b.Range(x, fixedpoint.Interval{Lo: 0, Hi: 3})
	b.Range(y, fixedpoint.Interval{Lo: 0, Hi: 3})
	b.Contract(relation.Contract{X: x, Out: y, W: b.Param("w", []int{80, 40, 1, 1}, make([]int64, 3200)), Stride: [2]int{1, 1 << 22}, Dilation: [2]int{1, 1}})
	sys, err := b.Finish()
	require.NoError(t, err)
	p, err := New(sys, Config{})
	require.NoError(t, err)
	require.False(t, p.Contracts[0].projected)
	require.True(t, short(1<<20, 1<<20))
	require.False(t, short(1<<21, 1))
	require.False(t, short(1, 1<<20+1))
}
