package gadget

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/statement"
)

// TestExponents checks what the Freivalds argument rests on: the monomials of the output
// positions, z^(step·row + column), are pairwise different, and no exponent is negative.
func TestExponents(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 300 {
		g := randomGeometry(rng)
		i, j := g.outShape()
		out := relation.Const([]int{g.o, i, j}, 0)
		for cols := 1; cols <= min(j, 4); cols++ {
			c := &Contraction{Contract: &relation.Contract{X: relation.Const([]int{g.ch, g.r, g.q}, 0), Out: out,
				W: &relation.Block{Shape: []int{g.o, g.ch, g.a, g.b}}, Stride: g.stride, Dilation: g.dilation, Pad: g.pad},
				cols: cols, rows: 1, base: big.NewInt(4)}
			p := newProjection(&engine{}, c)
			seen := map[int]bool{}
			for row := range i {
				for k := range p.cols {
					col := g.stride[1]*cols*k + p.colOff
					require.Less(t, col, p.step, g)
					e := p.step*(g.stride[0]*row+p.rowOff) + col
					require.False(t, seen[e], "%s: two positions at exponent %d", g, e)
					seen[e] = true
				}
			}
			for a := range g.a {
				require.GreaterOrEqual(t, p.rowOff-c.row(0, a), 0, g)
				for b := range g.b {
					for m := range cols {
						d := p.colOff - c.col(m, b)
						require.True(t, d >= 0 && d < p.step, "%s: column factor β^%d", g, d)
					}
				}
			}
		}
	}
}

// TestPowers evaluates z^k for grids of exponents inside a circuit.
func TestPowers(t *testing.T) {
	ccs, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder[constraint.U64], &powersCircuit{})
	require.NoError(t, err)
	w, err := frontend.NewWitness(&powersCircuit{Z: 3}, ecc.BN254.ScalarField())
	require.NoError(t, err)
	require.NoError(t, ccs.IsSolved(w))
}

type powersCircuit struct{ Z frontend.Variable }

func (c *powersCircuit) Define(api frontend.API) error {
	for _, step := range []int{1, 2, 8, 16} {
		e := &engine{Plan: &Plan{Config: Config{Plonk: true}}, api: api, z: c.Z, powers: map[int]frontend.Variable{}}
		for _, k := range []int{0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 64, 100, 257} {
			if step == 1 && k&(k-1) != 0 {
				continue // the lookup argument asks for powers of two only
			}
			want := new(big.Int).Exp(big.NewInt(3), big.NewInt(int64(k)), fr.Modulus())
			api.AssertIsEqual(e.pow(k, step), want)
		}
	}
	return nil
}

// TestPackedDigitsAtTheEdge: two outputs in [0,3] need base 4. In base 3, (3, 0) and (0, 1)
// would be one packed element.
func TestPackedDigitsAtTheEdge(t *testing.T) {
	edge := fixedpoint.Interval{Lo: 0, Hi: 3}
	b := relation.NewBuilder()
	x := b.Column("x", []int{1, 1, 1}, func(*relation.Assignment) []int64 { return []int64{1} })
	y := b.Column("y", []int{2, 1, 1}, func(*relation.Assignment) []int64 { return []int64{3, 0} })
	p := b.Column("p", []int{1, 2}, func(*relation.Assignment) []int64 { return []int64{3, 0} })
	q := b.Column("q", []int{1, 2}, func(*relation.Assignment) []int64 { return []int64{3, 0} })
	for _, c := range []relation.Tensor{x, y, p, q} {
		b.Range(c, edge)
	}
	b.Contract(relation.Contract{X: x, Out: y, W: b.Param("w", []int{2, 1, 1, 1}, []int64{3, 0}), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
	b.MatMul(x.Reshape(1, 1), q, p)
	b.Expose(relation.Expose{Name: "y", T: y, Interval: edge, Visibility: statement.Private})
	sys, err := b.Finish()
	require.NoError(t, err)
	for _, projected := range []bool{false, true} {
		plan := replan(t, sys, Config{}, func(c *Contraction) { c.projected = projected; c.rows, c.cols = 2, 1 })
		plan.MatMuls[0].rows, plan.MatMuls[0].cols, plan.MatMuls[0].projected = 1, 2, projected
		ccs := build(t, plan)
		w := assign(t, plan)
		require.NoError(t, solve(t, plan, ccs, w))
		for _, block := range []int{1, 2} {
			lie := &Witness{append(fr.Vector{}, w.Secret...), w.Statement}
			lie.Secret[plan.blocks[block]].SetInt64(0)
			lie.Secret[plan.blocks[block]+1].SetInt64(1)
			one := fr.One()
			three, got := &lie.Secret[plan.tables[0]+3], &lie.Secret[plan.tables[0]+1]
			three.Sub(three, &one)
			got.Add(got, &one)
			require.Error(t, solve(t, plan, ccs, lie), "projected %v, block %d", projected, block)
		}
	}
}
