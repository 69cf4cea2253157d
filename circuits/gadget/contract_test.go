package gadget

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/backend/witness"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/constraint/solver"
	"github.com/consensys/gnark/frontend"
	fcs "github.com/consensys/gnark/frontend/cs"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/consensys/gnark/frontend/cs/scs"
	"github.com/consensys/gnark/logger"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/statement"
)

func init() { logger.Set(zerolog.Nop()) }

// build compiles a plan.
func build(t testing.TB, p *Plan) constraint.ConstraintSystem {
	t.Helper()
	var builder frontend.NewBuilder = scs.NewBuilder[constraint.U64]
	if !p.Plonk {
		builder = r1cs.NewBuilder[constraint.U64]
	}
	ccs, err := frontend.Compile(ecc.BN254.ScalarField(), builder, p.Circuit(), frontend.IgnoreUnconstrainedInputs())
	require.NoError(t, err)
	return ccs
}

// solve runs a circuit on a witness; the challenge is a hash of all of it. It returns the
// error of a violated constraint.
func solve(t testing.TB, p *Plan, ccs constraint.ConstraintSystem, w *Witness) error {
	t.Helper()
	return solveAt(t, p, ccs, w, hashOf(w))
}

// hashOf is a challenge that depends on everything.
func hashOf(w *Witness) (z fr.Element) {
	h := sha256.New()
	for _, part := range []fr.Vector{w.Statement, w.Secret} {
		for i := range part {
			b := part[i].Bytes()
			h.Write(b[:])
		}
	}
	z.SetBytes(h.Sum(nil))
	return z
}

// solveAt is solve at a challenge of the test's choice.
func solveAt(t testing.TB, p *Plan, ccs constraint.ConstraintSystem, w *Witness, z fr.Element) error {
	t.Helper()
	public := w.Statement
	if !p.Plonk {
		public = fr.Vector{verifier.FoldStatement(w.Statement, z)}
	}
	full, err := witness.New(ecc.BN254.ScalarField())
	require.NoError(t, err)
	values := make(chan any, len(public)+len(w.Secret))
	for _, part := range []fr.Vector{public, w.Secret} {
		for i := range part {
			values <- part[i]
		}
	}
	close(values)
	require.NoError(t, full.Fill(len(public), len(w.Secret), values))
	_, err = ccs.Solve(full, solver.WithNbTasks(1), solver.OverrideHint(solver.GetHintID(fcs.Bsb22CommitmentComputePlaceholder),
		func(_ *big.Int, _, out []*big.Int) error { z.BigInt(out[0]); return nil }))
	var unsatisfied *cs.UnsatisfiedConstraintError
	if err != nil && !errors.As(err, &unsatisfied) {
		t.Fatalf("the solver failed otherwise than by a violated constraint: %v", err)
	}
	return err
}

// geometry is a convolution's.
type geometry struct {
	ch, r, q, o, a, b     int
	stride, dilation, pad [2]int
	padEnd                [2]int
	bias                  bool
}

func (g *geometry) String() string { return fmt.Sprintf("%+v", *g) }

// outShape returns I and J.
func (g *geometry) outShape() (i, j int) {
	i = (g.r+g.pad[0]+g.padEnd[0]-g.dilation[0]*(g.a-1)-1)/g.stride[0] + 1
	j = (g.q+g.pad[1]+g.padEnd[1]-g.dilation[1]*(g.b-1)-1)/g.stride[1] + 1
	return i, j
}

func randomGeometry(rng *rand.Rand) *geometry {
	for {
		n := func(k int) int { return 1 + rng.IntN(k) }
		g := &geometry{ch: n(3), r: n(6), q: n(7), o: n(5), a: n(3), b: n(3),
			stride: [2]int{n(3), n(3)}, dilation: [2]int{n(2), n(2)}, pad: [2]int{rng.IntN(3), rng.IntN(3)},
			padEnd: [2]int{rng.IntN(3), rng.IntN(3)}, bias: rng.IntN(2) == 0}
		if g.r+g.pad[0]+g.padEnd[0] > g.dilation[0]*(g.a-1) && g.q+g.pad[1]+g.padEnd[1] > g.dilation[1]*(g.b-1) {
			return g
		}
	}
}

// contraction is a system of one contraction over range-checked columns, all private:
// the statement is the context alone, so that a false output can only be noticed by the
// contraction.
type contraction struct {
	sys  *relation.System
	y    []int64
	x, w []int64
}

const yLo, yHi = -600, 600 // 27 taps of 7·3, and a bias

func newContraction(t testing.TB, g *geometry, rng *rand.Rand) *contraction {
	t.Helper()
	draw := func(n int, most int64) []int64 {
		out := make([]int64, n)
		for i := range out {
			out[i] = rng.Int64N(2*most+1) - most
		}
		return out
	}
	c := &contraction{x: draw(g.ch*g.r*g.q, 7), w: draw(g.o*g.ch*g.a*g.b, 3)}
	bias := draw(g.o, 15)
	i, j := g.outShape()
	for o := range g.o {
		for p := range i * j {
			var sum int64
			if g.bias {
				sum = bias[o]
			}
			for k := range g.ch * g.a * g.b {
				ch, a, b := k/(g.a*g.b), k/g.b%g.a, k%g.b
				r, q := p/j*g.stride[0]+a*g.dilation[0]-g.pad[0], p%j*g.stride[1]+b*g.dilation[1]-g.pad[1]
				if r >= 0 && r < g.r && q >= 0 && q < g.q {
					sum += c.w[o*g.ch*g.a*g.b+k] * c.x[(ch*g.r+r)*g.q+q]
				}
			}
			c.y = append(c.y, sum)
		}
	}
	b := relation.NewBuilder()
	x := b.Column("x", []int{g.ch, g.r, g.q}, func(*relation.Assignment) []int64 { return c.x })
	y := b.Column("y", []int{g.o, i, j}, func(*relation.Assignment) []int64 { return c.y })
	b.Range(x, fixedpoint.Interval{Lo: -16, Hi: 15})
	b.Range(y, fixedpoint.Interval{Lo: yLo, Hi: yHi})
	k := relation.Contract{X: x, Out: y, W: b.Param("w", []int{g.o, g.ch, g.a, g.b}, c.w),
		Stride: g.stride, Dilation: g.dilation, Pad: g.pad}
	if g.bias {
		k.Bias = b.Param("bias", []int{g.o}, bias)
	}
	b.Contract(k)
	b.Expose(relation.Expose{Name: "x", T: x, Interval: fixedpoint.Interval{Lo: -16, Hi: 15}, Visibility: statement.Private})
	b.Expose(relation.Expose{Name: "y", T: y, Interval: fixedpoint.Interval{Lo: yLo, Hi: yHi}, Visibility: statement.Private})
	var err error
	c.sys, err = b.Finish()
	require.NoError(t, err)
	return c
}

// replan plans with a strategy of the test's choice.
func replan(t testing.TB, sys *relation.System, cfg Config, choose func(*Contraction)) *Plan {
	t.Helper()
	p, err := New(sys, cfg)
	require.NoError(t, err)
	p.weights, p.tables, p.salts = 0, nil, nil
	for _, c := range p.Contracts {
		choose(c)
		c.first = p.weights
		if !cfg.Baked {
			p.weights += c.elements()
		}
	}
	p.layout()
	return p
}

// assign makes the honest witness.
func assign(t testing.TB, p *Plan) *Witness {
	t.Helper()
	w, err := p.Witness(p.Sys.Assign(nil), p.PackedWeights(fr.NewElement(99)), fr.NewElement(5), func() (fr.Element, error) { return fr.NewElement(7), nil })
	require.NoError(t, err)
	return w
}

// setColumn replaces an integer of a range-checked column block and repairs the
// multiplicities of its table.
func setColumn(p *Plan, w *Witness, block, i int, lo, from, to int64) {
	w.Secret[p.blocks[block]+i].SetInt64(to)
	one := fr.One()
	m := &w.Secret[p.tables[block]+int(from-lo)]
	m.Sub(m, &one)
	m = &w.Secret[p.tables[block]+int(to-lo)]
	m.Add(m, &one)
}

// strategies are all ways to constrain a contraction with up to cols columns an element.
func strategies(cols int) map[string]func(*Contraction) {
	out := map[string]func(*Contraction){
		"packed": func(c *Contraction) { c.projected, c.twoStage, c.late, c.cols = false, false, false, 1 },
		"one row": func(c *Contraction) {
			c.projected, c.twoStage, c.late, c.cols, c.rows = false, false, false, 1, 1
		},
		"late": func(c *Contraction) { c.projected, c.twoStage, c.late, c.cols = true, false, true, 1 },
	}
	for n := 1; n <= cols; n++ {
		for _, two := range []bool{false, true} {
			out[fmt.Sprintf("projected %d %v", n, two)] = func(c *Contraction) {
				c.projected, c.twoStage, c.late, c.cols = true, two, false, n
				c.rows = min(c.Out.Shape[0], digitsPerElement(c.base)/n)
			}
		}
	}
	return out
}

// TestContractions states random convolutions in every strategy: the honest witness is
// accepted, and no other output or input in its range, with all else consistent.
func TestContractions(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	tried := 0
	for range 12 {
		g := randomGeometry(rng)
		c := newContraction(t, g, rng)
		_, j := g.outShape()
		for name, choose := range strategies(min(3, j)) {
			for _, cfg := range []Config{{}, {Baked: true}, {Plonk: true}} {
				if cfg.Baked && strings.HasPrefix(name, "late") {
					continue // with constants there is nothing to apply the factors to
				}
				p := replan(t, c.sys, cfg, choose)
				ccs := build(t, p)
				w := assign(t, p)
				require.NoError(t, solve(t, p, ccs, w), "%s, %s, %+v", g, name, cfg)
				for range 3 {
					tried++
					lie := &Witness{append(fr.Vector{}, w.Secret...), w.Statement}
					i := rng.IntN(len(c.y))
					to := c.y[i] + 1 - 2*rng.Int64N(2)
					setColumn(p, lie, 1, i, yLo, c.y[i], to)
					require.Error(t, solve(t, p, ccs, lie), "%s, %s, %+v: output %d", g, name, cfg, i)

					lie = &Witness{append(fr.Vector{}, w.Secret...), w.Statement}
					i, k := rng.IntN(len(c.y)), rng.IntN(len(c.y))
					if c.y[i] != c.y[k] { // outputs swapped: multiplicities stay
						lie.Secret[p.blocks[1]+i].SetInt64(c.y[k])
						lie.Secret[p.blocks[1]+k].SetInt64(c.y[i])
						require.Error(t, solve(t, p, ccs, lie), "%s, %s, %+v: outputs %d and %d swapped", g, name, cfg, i, k)
					}
				}
				if p.Committed() {
					require.Len(t, p.PackedWeights(fr.Element{}), p.Weights()+1)
				}
			}
		}
	}
	t.Logf("%d lies", tried)
}

// TestInputsOfContractions changes an input that some output depends on.
func TestInputsOfContractions(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	g := &geometry{ch: 2, r: 5, q: 5, o: 3, a: 3, b: 2, stride: [2]int{1, 1}, dilation: [2]int{1, 1}, pad: [2]int{1, 0}, bias: true}
	c := newContraction(t, g, rng)
	for i := range c.w {
		c.w[i] = int64(i%3) + 1 // no zero
	}
	c = rebuild(t, g, c)
	for name, choose := range strategies(3) {
		p := replan(t, c.sys, Config{}, choose)
		ccs := build(t, p)
		w := assign(t, p)
		require.NoError(t, solve(t, p, ccs, w), name)
		for i, v := range c.x {
			to := v + 1
			if to > 15 {
				to = v - 1
			}
			lie := &Witness{append(fr.Vector{}, w.Secret...), w.Statement}
			setColumn(p, lie, 0, i, -16, v, to)
			require.Error(t, solve(t, p, ccs, lie), "%s: input %d", name, i)
		}
	}
}

// rebuild states the contraction again for changed weights.
func rebuild(t testing.TB, g *geometry, c *contraction) *contraction {
	t.Helper()
	i, j := g.outShape()
	bias := c.sys.Contracts[0].Bias.Values()
	for n := range c.y {
		o, p := n/(i*j), n%(i*j)
		c.y[n] = bias[o]
		for k := range g.ch * g.a * g.b {
			ch, a, b := k/(g.a*g.b), k/g.b%g.a, k%g.b
			r, q := p/j*g.stride[0]+a*g.dilation[0]-g.pad[0], p%j*g.stride[1]+b*g.dilation[1]-g.pad[1]
			if r >= 0 && r < g.r && q >= 0 && q < g.q {
				c.y[n] += c.w[o*g.ch*g.a*g.b+k] * c.x[(ch*g.r+r)*g.q+q]
			}
		}
	}
	return c
}
