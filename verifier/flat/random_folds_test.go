package flat_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/verifier/flat"
)

// randomFolds draws a plan with folds of all claims, and boxes of values between.
func randomFolds(r *rand.Rand) *flat.Plan {
	p := randomPlan(r)
	p.Boxes = p.Boxes[:min(len(p.Boxes), 3)]
	p.Values, p.Weights = 11, 1+r.IntN(8)
	p.Rows = make([]flat.Kind, 8)
	p.Rows[0], p.Rows[1], p.Rows[2], p.Rows[4] = flat.Witness, flat.Witness, flat.Witness, flat.Witness
	if p.Exposes = nil; p.Check() != nil {
		p.Boxes = nil
	}
	keys := map[string]int{}
	free := []int{3, 5, 6, 7}
	slotBits, sideBits := max(p.Products, p.Sums, p.Zeros), max(p.Outputs, p.Columns)
	bit := func(n int) int { return []int{0, 1 << r.IntN(n+1), r.IntN(5)}[r.IntN(3)] }
	for tries := 0; len(p.Boxes) < 14 && tries < 3000; tries++ {
		b := flat.Box{Claim: flat.Claim(r.IntN(int(flat.Zero) + 1)), Coef: r.Int64N(9) - 4, Value: 1<<p.Values + r.IntN(p.Weights<<p.Row), Slot: r.IntN(1 << r.IntN(slotBits+1)), Side: r.IntN(1 << r.IntN(sideBits+1)), Sides: r.IntN(1 << sideBits)}
		if r.IntN(3) > 0 {
			b.Sides = 1<<r.IntN(sideBits+1) - 1
		}
		for range r.IntN(4) {
			b.Loops = append(b.Loops, flat.Loop{Size: 2 + r.IntN(3), Value: bit(p.Row), Slot: bit(slotBits), Side: bit(sideBits)})
		}
		if n := len(p.Boxes); n > 0 && r.IntN(3) > 0 { // like another, in other rows
			b = p.Boxes[r.IntN(n)]
			b.Loops = slices.Clone(b.Loops)
			switch r.IntN(4) {
			case 0:
				b.Value += (r.IntN(5) - 2) << p.Row
			case 1:
				b.Slot ^= 1 << r.IntN(slotBits)
			case 2:
				b.Sides ^= 1 << r.IntN(sideBits+1)
			}
			b.Coef, b.Fold = r.Int64N(9)-4, 0
		}
		if b.Symbol = 0; b.Claim == flat.Right {
			b.Symbol = flat.Symbol(r.IntN(int(flat.Beta) + p.Tables))
		}
		for range r.IntN(3) {
			b.Loops = append(b.Loops, flat.Loop{Size: 2 + r.IntN(2), Value: r.IntN(3) << p.Row, Slot: bit(slotBits), Side: bit(sideBits)})
		}
		if b.Value < 1<<p.Values || b.Terms() > 1<<10 {
			continue
		}
		f, same, ok := p.FoldOf(&b)
		if _, known := keys[same]; !ok || !known && len(keys) == len(free) {
			continue
		}
		was := *p
		if _, known := keys[same]; !known {
			f.Row = free[len(keys)]
			p.Rows = slices.Clone(p.Rows)
			p.Folds, p.Rows[f.Row] = append(p.Folds, f), flat.Virtual
			b.Fold = len(p.Folds)
		} else {
			b.Fold = keys[same]
		}
		p.Boxes = append(p.Boxes, b)
		if p.Check() != nil {
			*p = was
			continue
		}
		keys[same] = b.Fold
	}
	return p
}

// foldsMean reports what the boxes of folds give each weight, term by term, and what the folds do.
func foldsMean(t *testing.T, p *flat.Plan, c *flat.Points, name string) {
	boxes, folds := make([][]fr.Element, len(p.Folds)), make([][]fr.Element, len(p.Folds))
	for i := range p.Folds {
		boxes[i], folds[i] = make([]fr.Element, p.Weights<<p.Row), make([]fr.Element, p.Weights<<p.Row)
	}
	for i := range p.Boxes {
		b := &p.Boxes[i]
		if b.Fold == 0 {
			continue
		}
		require.Equal(t, b.Claim, p.Folds[b.Fold-1].Claim)
		flattest.Terms(b, b.Factors, func(value, slot, side int, coef fr.Element) {
			w := weigh(c, b, side, coef)
			if at := c.Slots(b.Claim); at != nil {
				x := flattest.Eq(at.Coordinates(), slot, -1)
				w.Mul(&w, &x)
			}
			x := &boxes[b.Fold-1][value-1<<p.Values]
			x.Add(x, &w)
		})
	}
	outer, seen := p.FoldRows(c), 0
	p.FoldColumns(c, func(row int, k flat.Claim, columns []fr.Element) {
		i := slices.IndexFunc(p.Folds, func(f flat.Fold) bool { return f.Row == row })
		require.Equal(t, p.Folds[i].Claim, k)
		require.Len(t, columns, 1<<p.Row)
		for r := range outer[i] {
			for k := range columns {
				folds[i][r<<p.Row+k] = times(outer[i][r], columns[k])
			}
		}
		seen++
	})
	require.Equal(t, len(p.Folds), seen)
	require.True(t, slices.EqualFunc(boxes, folds, slices.Equal[[]fr.Element]), name)
}

// What boxes say of weights is, for every weight, what its row's share in a virtual row and its column's weight there say;
// and the verifier's functional is the multilinear extension of these weights and of the values'.
func TestRandomFolds(t *testing.T) {
	claims, several := map[flat.Claim]int{}, 0
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 15))
		p := randomFolds(r)
		require.NoError(t, p.Check())
		c, omega := randomPoints(p, r), flattest.Random(r, p.Values)
		name := fmt.Sprintf("seed %d", seed)
		foldsMean(t, p, c, name)
		require.Equal(t, extension(scatter(p, c), omega), p.Functional(c, flat.NewPoint(omega)), name)
		boxes := map[int]int{}
		for i := range p.Boxes {
			if k := p.Boxes[i].Fold; k > 0 {
				claims[p.Boxes[i].Claim]++
				boxes[k]++
			}
		}
		for _, n := range boxes {
			several += min(n-1, 1)
		}
	}
	t.Log(claims, several)
	require.Len(t, claims, int(flat.Zero)+1)
	require.Greater(t, several, 100)
}

// A plan with folds in which numbers are changed is refused or means the same in both ways.
func TestChangedFolds(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 16))
	accepted, refused := 0, 0
	for range 60 {
		p := randomFolds(r)
		if len(p.Folds) == 0 {
			continue
		}
		for range 40 {
			other := *p
			other.Boxes, other.Folds = slices.Clone(p.Boxes), slices.Clone(p.Folds)
			i := r.IntN(len(p.Boxes))
			b, f := &other.Boxes[i], &other.Folds[r.IntN(len(p.Folds))]
			b.Loops = slices.Clone(b.Loops)
			fields := []*int{&b.Value, &b.Slot, &b.Side, &b.Sides, &b.Fold, &f.Slots, &f.Sides, &f.Row, &other.Weights}
			for k := range b.Loops {
				l := &b.Loops[k]
				fields = append(fields, &l.Size, &l.Value, &l.Slot, &l.Side)
			}
			for range 1 + r.IntN(2) {
				x := fields[r.IntN(len(fields))]
				*x = []int{*x + 1, *x - 1, *x ^ 1<<r.IntN(13), *x + 1<<p.Row, 0, 1 << r.IntN(12), *x * 2}[r.IntN(7)]
			}
			if other.Check() != nil {
				refused++
				continue
			}
			accepted++
			c, omega := randomPoints(&other, r), flattest.Random(r, other.Values)
			foldsMean(t, &other, c, fmt.Sprintf("%+v", b))
			require.Equal(t, extension(scatter(&other, c), omega), other.Functional(c, flat.NewPoint(omega)), "%+v", b)
		}
	}
	t.Log(accepted, refused)
	require.Greater(t, accepted, 300)
	require.Greater(t, refused, 300)
}
