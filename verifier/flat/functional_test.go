package flat_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/verifier/flat"
)

// randomPlan draws a plan with boxes of all claims.
func randomPlan(r *rand.Rand) *flat.Plan {
	p := &flat.Plan{Values: 9 + r.IntN(3), Row: 8, Products: 2 + r.IntN(5), Sums: 3 + r.IntN(4), Outputs: r.IntN(6), Zeros: r.IntN(6), Columns: r.IntN(4), Tables: r.IntN(3)}
	p.Rows = make([]flat.Kind, 1<<(p.Values-p.Row))
	for i := range p.Rows {
		if p.Rows[i] = flat.Kind(r.IntN(4)); i&(i-1) == 0 {
			p.Rows[i] = flat.Witness
		}
	}
	spaces := [3]int{p.Values, max(p.Products, p.Sums, p.Zeros), max(p.Outputs, p.Columns)}
	for tries := 0; len(p.Boxes) < 12 && tries < 4000; tries++ {
		b := flat.Box{Claim: flat.Claim(r.IntN(int(flat.Zero) + 1)), Coef: r.Int64N(9) - 4, Value: 256 + r.IntN(1<<p.Values-256), Slot: r.IntN(1 << r.IntN(spaces[1]+1)), Side: r.IntN(1 << r.IntN(spaces[2]+1))}
		if b.Claim == flat.Right {
			b.Symbol = flat.Symbol(r.IntN(int(flat.Beta) + p.Tables))
		}
		if r.IntN(3) == 0 {
			b.Value = -1
		}
		b.Sides = r.IntN(1 << r.IntN(spaces[2]+1))
		n := 1
		step := func(space int) int {
			return []int{0, 1, 1 << r.IntN(spaces[space]+1), 1 << r.IntN(spaces[space]+1), r.IntN(6)}[r.IntN(5)]
		}
		for range r.IntN(5) {
			l := flat.Loop{Size: 2 + r.IntN(3), Value: step(0), Slot: step(1), Side: step(2)}
			if b.Value < 0 {
				l.Value = 0
			}
			b.Loops = append(b.Loops, l)
			n *= l.Size
		}
		if r.IntN(4) == 0 {
			for range n {
				b.Factors = append(b.Factors, int64(r.Uint64())>>(63-r.IntN(3)*r.IntN(32)))
			}
		}
		p.Boxes = append(p.Boxes, b)
		if p.Check() != nil {
			p.Boxes = p.Boxes[:len(p.Boxes)-1]
		}
	}
	for range 2 {
		b := flat.Box{Claim: flat.Zero, Coef: -1, Value: -1, Slot: r.IntN(1 << p.Zeros), Loops: []flat.Loop{{Size: 2, Slot: 1 + r.IntN(3)}, {Size: 3, Slot: r.IntN(5)}}}
		p.Exposes = append(p.Exposes, b)
		if p.Check() != nil {
			p.Exposes = p.Exposes[:len(p.Exposes)-1]
		}
	}
	return p
}

// randomPoints draws all challenges of a plan.
func randomPoints(p *flat.Plan, r *rand.Rand) *flat.Points {
	sigma := flattest.Random(r, p.Rounds())
	at := flat.NewPoint(sigma)
	x := flattest.Random(r, 4)
	return &flat.Points{
		Beta: flattest.Random(r, p.Tables), Gamma: x[0], Columns: flat.NewPoint(flattest.Random(r, p.Columns)), Outputs: flat.NewPoint(flattest.Random(r, p.Outputs)), Zeros: flat.NewPoint(flattest.Random(r, p.Zeros)),
		Products: at.Low(p.Products), Sums: at.Low(p.Sums), Tau: flattest.Random(r, p.Products), Lambda: x[1], Theta: x[2], Sigma: sigma, Alpha: x[3],
	}
}

// The verifier's functional is the multilinear extension of the coefficients, its constants are
// those of the boxes, and both together are what slots weigh at the claims' points.
func TestFunctional(t *testing.T) {
	claims := map[flat.Claim]int{}
	for seed := range uint64(30) {
		r := rand.New(rand.NewPCG(seed, 8))
		p := randomPlan(r)
		require.NoError(t, p.Check())
		c := randomPoints(p, r)
		e, v := scatter(p, c), flattest.Random(r, 1<<p.Values)
		omega := flattest.Random(r, p.Values)
		require.Equal(t, extension(e, omega), p.Functional(c, flat.NewPoint(omega)), "seed %d", seed)

		var public [][]int64
		for i := range p.Exposes {
			x := make([]int64, p.Exposes[i].Terms())
			for k := range x {
				x[k] = int64(r.Uint64()) >> (r.IntN(2) * r.IntN(64))
			}
			public = append(public, x)
		}
		constants := p.Constants(c, public)
		powers := c.Powers()
		m := p.Masks()
		// What is masked: its value, and Hiding.
		var all, masked, hiding, x fr.Element
		masked.Add(&masked, &v[m.Constant])
		for i, a := range m.Rounds {
			w := c.Sigma[i]
			for k := range a {
				masked.Add(&masked, x.Mul(&w, &v[a[k]]))
				w.Mul(&w, &c.Sigma[i])
			}
		}
		for j, a := range m.Pairs {
			w := fr.NewElement(uint64(2*j + 1))
			hiding.Add(&hiding, w.Mul(&w, &v[a]))
		}
		all.Mul(&masked, &powers[flat.Masking])
		all.Add(&all, hiding.Mul(&hiding, &powers[flat.Hiding]))
		for k := range flat.Zero + 1 {
			dim, at := 0, []fr.Element{}
			if s := c.Slots(k); s != nil {
				dim, at = s.Dim(), s.Coordinates()
			}
			slots := slotsOf(p, c, k, dim, v)
			if k == flat.Zero {
				for i := range p.Exposes {
					flattest.Terms(&p.Exposes[i], public[i], func(_, slot, _ int, coef fr.Element) { slots[slot].Add(&slots[slot], &coef) })
				}
			}
			sum := extension(slots, at)
			sum.Sub(&sum, &constants[k])
			all.Add(&all, sum.Mul(&sum, &powers[k]))
		}
		require.Equal(t, dot(e, v), all, "seed %d", seed)
		for i := range p.Boxes {
			claims[p.Boxes[i].Claim]++
		}
	}
	require.Len(t, claims, int(flat.Zero)+1)
}

// A plan with one number changed, to an edge most often, is refused or can be evaluated like any other.
func TestChangedPlans(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 13))
	edges := func() int {
		k := r.IntN(64)
		return []int{-1, 0, 1, 2, 1 << k, 1<<k - 1, -1 << k, 1 << r.IntN(12), 1<<r.IntN(12) - 1, r.IntN(1 << 12)}[r.IntN(10)]
	}
	accepted, refused := 0, 0
	for range 40 {
		p := randomPlan(r)
		for range 25 {
			i := r.IntN(len(p.Boxes))
			b := p.Boxes[i]
			b.Loops = append([]flat.Loop{}, b.Loops...)
			fields := []*int{&b.Value, &b.Slot, &b.Side, &b.Sides, (*int)(&b.Symbol)}
			for k := range b.Loops {
				l := &b.Loops[k]
				fields = append(fields, &l.Size, &l.Value, &l.Slot, &l.Side)
			}
			*fields[r.IntN(len(fields))] = edges()
			if r.IntN(4) == 0 {
				b.Claim = flat.Claim(r.IntN(12))
			}
			other := *p
			other.Boxes = append([]flat.Box{}, p.Boxes...)
			other.Boxes[i] = b
			if other.Check() != nil {
				refused++
				continue
			}
			accepted++
			if b.Terms() > 1<<12 {
				continue
			}
			c, omega := randomPoints(&other, r), flattest.Random(r, other.Values)
			other.Exposes = nil
			other.Constants(c, nil)
			require.Equal(t, extension(scatter(&other, c), omega), other.Functional(c, flat.NewPoint(omega)), "%+v", b)
		}
	}
	require.Greater(t, accepted, 150)
	require.Greater(t, refused, 150)
}

// Integers that differ by more than 2^63, public ones or factors, are not taken for others.
func TestFarApart(t *testing.T) {
	p := &flat.Plan{Values: 9, Row: 8, Products: 4, Sums: 3, Zeros: 3, Rows: []flat.Kind{flat.Witness, flat.Witness}}
	p.Exposes = []flat.Box{{Claim: flat.Zero, Value: -1, Coef: -1, Loops: []flat.Loop{{Size: 3, Slot: 1}}}}
	require.NoError(t, p.Check())
	c := randomPoints(p, rand.New(rand.NewPCG(1, 14)))
	for _, x := range [][]int64{{1<<62 + 1, -1<<62 - 1, 0}, {math.MinInt64, math.MaxInt64, -1}, {0, math.MinInt64, 1}, {-2, math.MaxInt64, math.MinInt64}} {
		var want fr.Element
		for i := range x {
			w := flattest.Eq(c.Zeros.Coordinates(), i, -1)
			want.Sub(&want, w.Mul(&w, new(fr.Element).SetInt64(x[i])))
		}
		require.Equal(t, want, p.Constants(c, [][]int64{x})[flat.Zero], "%v", x)
	}
}
