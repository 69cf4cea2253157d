package gadget

import (
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/statement"
)

// TestMatrixProducts states random products of two committed matrices in every packing,
// with and without projection: the honest witness is accepted, other outputs and other
// operands in their ranges are not.
func TestMatrixProducts(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	tried := 0
	for range 8 {
		m, inner, n := 1+rng.IntN(4), 1+rng.IntN(4), 1+rng.IntN(4)
		a, b, y := make([]int64, m*inner), make([]int64, inner*n), make([]int64, m*n)
		for i := range a {
			a[i] = 1 + rng.Int64N(7)
		}
		for i := range b {
			b[i] = rng.Int64N(7) - 7
		}
		for i := range y {
			for k := range inner {
				y[i] += a[i/n*inner+k] * b[k*n+i%n]
			}
		}
		build := relation.NewBuilder()
		column := func(name string, shape []int, v []int64) relation.Tensor {
			x := build.Column(name, shape, func(*relation.Assignment) []int64 { return v })
			build.Range(x, fixedpoint.Interval{Lo: yLo, Hi: yHi})
			return x
		}
		ta, tb, ty := column("a", []int{m, inner}, a), column("b", []int{inner, n}, b), column("y", []int{m, n}, y)
		build.MatMul(ta, tb, ty)
		build.Expose(relation.Expose{Name: "y", T: ty, Interval: fixedpoint.Interval{Lo: yLo, Hi: yHi}, Visibility: statement.Private})
		sys, err := build.Finish()
		require.NoError(t, err)
		for _, cfg := range []Config{{}, {Plonk: true}} {
			for rows := 1; rows <= m; rows++ {
				for _, projected := range []bool{false, true} {
					p, err := New(sys, cfg)
					require.NoError(t, err)
					k := p.MatMuls[0]
					k.rows, k.cols, k.projected = rows, 1+rng.IntN(n), projected
					tried += lieAboutProduct(t, p, rng, [][]int64{a, b, y})
				}
			}
		}
	}
	t.Logf("%d lies", tried)
}

// lieAboutProduct changes one element of each matrix, keeping it in its range.
func lieAboutProduct(t *testing.T, p *Plan, rng *rand.Rand, matrices [][]int64) (tried int) {
	t.Helper()
	ccs := build(t, p)
	w := assign(t, p)
	require.NoError(t, solve(t, p, ccs, w), "%s", p.MatMuls[0].Describe())
	one := fr.One()
	for block, values := range matrices {
		for range 3 {
			i := rng.IntN(len(values))
			to := values[i] + 1 - 2*rng.Int64N(2)
			lie := &Witness{append(fr.Vector{}, w.Secret...), w.Statement}
			lie.Secret[p.blocks[block]+i].SetInt64(to)
			from := &lie.Secret[p.tables[0]+int(values[i]-yLo)]
			from.Sub(from, &one)
			now := &lie.Secret[p.tables[0]+int(to-yLo)]
			now.Add(now, &one)
			require.Error(t, solve(t, p, ccs, lie), "%s: matrix %d, element %d", p.MatMuls[0].Describe(), block, i)
			tried++
		}
	}
	return tried
}
