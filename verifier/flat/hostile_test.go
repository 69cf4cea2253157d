package flat

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// inTime fails if something takes long.
func inTime(t *testing.T, f func()) {
	done := make(chan struct{})
	go func() { defer close(done); f() }()
	select {
	case <-done:
	case <-time.After(20 * time.Second):
		t.Fatal("it takes long, or for ever")
	}
}

// foldedPlain is a plan of weights, with two folds of one claim.
func foldedPlain() *Plan {
	p := plain(12, 8)
	p.Sums, p.Outputs, p.Weights = 6, 5, 4
	p.Rows[5], p.Rows[7] = Virtual, Virtual
	p.Folds = []Fold{{Row: 5, Claim: Second, Slots: 7, Sides: 24}, {Row: 7, Claim: Second, Slots: 15}}
	p.Boxes = []Box{
		{Claim: Second, Coef: 1, Value: 1 << 12, Sides: 31, Fold: 1, Loops: []Loop{{4, 1 << 8, 0, 1}, {4, 8, 0, 8}, {8, 1, 1, 0}}},
		{Claim: Second, Coef: -3, Value: 1<<12 + 1<<8, Slot: 16, Side: 4, Sides: 28, Fold: 1, Loops: []Loop{{4, 8, 0, 8}, {8, 1, 1, 0}}},
		{Claim: Second, Coef: 1, Value: 1<<12 + 1<<9, Slot: 16, Fold: 2, Loops: []Loop{{2, 1 << 8, 0, 0}, {16, 1, 1, 0}}},
	}
	return p
}

// Steps whose multiples wrap around are refused, and at once.
func TestCheckStepsThatWrap(t *testing.T) {
	require.NoError(t, foldedPlain().Check())
	for _, size := range []int{1 << 26, 1 << 25, 1<<26 - 1, 1 << 14} {
		for bit := 30; bit < 62; bit++ {
			for _, start := range []int{1 << 12, 1 << 9} {
				for _, by := range []int{0, 1, -1} {
					p := foldedPlain()
					b := Box{Claim: Second, Coef: 1, Value: start, Fold: 1, Loops: []Loop{{size, 1<<bit + by, 0, 0}}}
					p.Boxes = append(p.Boxes, b)
					inTime(t, func() { require.Error(t, p.Check(), "%+v", b) })
				}
			}
		}
	}
}

// As many rows of weights as wrap around are refused, and at once.
func TestCheckManyWeights(t *testing.T) {
	for _, n := range []int{-1, maxWeights + 1, 1 << 40, 1<<48 - 1, 1 << 55, 1<<63 - 1, -1 << 63} {
		p := foldedPlain()
		p.Weights = n
		p.Boxes[0].Value = 1 << 39
		inTime(t, func() { require.Error(t, p.Check()) })
	}
}

// Values of a row that is none are of no box but a fold's.
func TestCheckVirtualRows(t *testing.T) {
	for name, b := range map[string]Box{
		"the first value":  {Claim: Left, Value: 5 << 8},
		"the last":         {Claim: Zero, Value: 6<<8 - 1},
		"reached":          {Claim: Left, Value: 3 << 8, Loops: []Loop{{3, 1 << 8, 0, 0}}},
		"on the way":       {Claim: Left, Value: 3 << 8, Loops: []Loop{{2, 3 << 8, 0, 0}}},
		"of another claim": {Claim: Second, Value: 7<<8 + 3, Loops: []Loop{{4, 2, 1, 0}}},
	} {
		p := foldedPlain()
		p.Boxes = append(p.Boxes, b)
		require.Error(t, p.Check(), name)
		p.Boxes[len(p.Boxes)-1].Value += 1 << 11 // where all rows are values
		require.NoError(t, p.Check(), name)
	}
}

// Each fold has a box, and each virtual row a fold.
func TestCheckFoldsAreUsed(t *testing.T) {
	p := foldedPlain()
	p.Rows[9] = Virtual
	require.Error(t, p.Check(), "a row without a fold")
	p.Folds = append(p.Folds, Fold{Row: 9, Claim: Second, Slots: 7})
	require.Error(t, p.Check(), "a fold without a box")
	b := p.Boxes[1]
	b.Fold, b.Loops, b.Sides = 3, b.Loops[1:], 31
	p.Boxes = append(p.Boxes, b)
	require.NoError(t, p.Check())
}

// Public tensors and constants are of no fold.
func TestCheckFoldsOfConstants(t *testing.T) {
	p := foldedPlain()
	p.Exposes = []Box{{Claim: Zero, Value: -1, Coef: -1, Fold: 1}}
	require.Error(t, p.Check())
	p = foldedPlain()
	p.Boxes = append(p.Boxes, Box{Claim: Second, Value: -1, Coef: 1, Fold: 1})
	require.Error(t, p.Check())
}

// What folds cost is counted, the weights of all rows in all folds too.
func TestCheckBoundsFolds(t *testing.T) {
	p := plain(18, 8)
	p.Weights = maxWeights
	for r := range p.Rows {
		if r&(r-1) != 0 {
			p.Rows[r] = Virtual
			p.Folds = append(p.Folds, Fold{Row: r, Claim: Second, Slots: 1})
			p.Boxes = append(p.Boxes, Box{Claim: Second, Coef: 1, Value: 1<<18 + r&15, Fold: len(p.Folds), Loops: []Loop{{2, 1 << 4, 1, 0}}})
		}
	}
	require.Error(t, p.Check())
	p.Weights = 16
	require.NoError(t, p.Check())
	p = foldedPlain()
	p.Weights = maxWeights
	b := p.Boxes[2]
	b.Loops = append([]Loop{{1 << 12, 2 << 8, 0, 0}, {1 << 9, 0, 0, 0}}, b.Loops[1:]...)
	p.Boxes = append(p.Boxes, b)
	require.Error(t, p.Check())
	p.Boxes[3].Loops[1].Size = 2
	require.NoError(t, p.Check())
}

// Boxes of one fold that differ in what columns weigh are refused, whatever else they share.
func TestCheckFoldsAlike(t *testing.T) {
	for name, change := range map[string]func(b *Box){
		"another column":    func(b *Box) { b.Value += 128 },
		"another side":      func(b *Box) { b.Side += 8 },
		"another slot":      func(b *Box) { b.Slot++ },
		"one step less":     func(b *Box) { b.Loops[0].Size-- },
		"steps of two":      func(b *Box) { b.Loops[0].Value = 16 },
		"steps of one":      func(b *Box) { b.Loops[1].Slot = 2 },
		"steps of sides":    func(b *Box) { b.Loops[0].Side = 16; b.Loops[0].Size = 2 },
		"exchanged":         func(b *Box) { b.Loops[0].Value, b.Loops[1].Value = 1, 4 },
		"columns only":      func(b *Box) { b.Loops[1].Slot = 0 },
		"slots only":        func(b *Box) { b.Loops[1].Value = 0 },
		"rows with columns": func(b *Box) { b.Loops[0].Value = 64 },
		"another claim":     func(b *Box) { b.Claim = First },
		"factors":           func(b *Box) { b.Factors = slices.Repeat([]int64{1}, 32) },
		"bits of columns":   func(b *Box) { b.Loops = append(b.Loops, Loop{2, 1 << 8, 4, 0}) },
		"sides of columns":  func(b *Box) { b.Loops = append(b.Loops, Loop{2, 1 << 8, 0, 16}) },
	} {
		p := foldedPlain()
		b := &p.Boxes[1]
		change(b)
		require.Error(t, p.Check(), name)
	}
	for name, change := range map[string]func(b *Box){
		"another row":      func(b *Box) { b.Value += 1 << 8 },
		"coefficient":      func(b *Box) { b.Coef = 7 },
		"rows' slot":       func(b *Box) { b.Slot = 32 },
		"rows' side":       func(b *Box) { b.Side = 1; b.Sides = 25 },
		"weighing nothing": func(b *Box) { b.Sides = 24 },
		"rows":             func(b *Box) { b.Sides = 30; b.Loops = append(b.Loops, Loop{2, 1 << 8, 16, 2}) },
		"slots of no rows": func(b *Box) { b.Slot = 0; b.Loops = append(b.Loops, Loop{3, 0, 8, 0}) },
	} {
		p := foldedPlain()
		b := &p.Boxes[1]
		change(b)
		require.NoError(t, p.Check(), name)
	}
}

// Starts that differ where columns move on, without a carry: of slots, sides and columns.
func TestCheckStartsAlike(t *testing.T) {
	again := func() *Plan {
		p := foldedPlain()
		for i := range 2 {
			loops := p.Boxes[i].Loops
			loops[len(loops)-2] = Loop{3, 8, 0, 8}
			loops[len(loops)-1] = Loop{6, 1, 1, 0}
		}
		return p
	}
	require.NoError(t, again().Check())
	for name, change := range map[string]func(b *Box){
		"side":   func(b *Box) { b.Side += 8 },
		"slot":   func(b *Box) { b.Slot += 2 },
		"column": func(b *Box) { b.Value += 8 },
	} {
		p := again()
		change(&p.Boxes[1])
		require.ErrorContains(t, p.Check(), "not like the others", name)
		change(&p.Boxes[0])
		require.NoError(t, p.Check(), name)
	}
}

// Steps and sizes that differ though they move the same bits.
func TestCheckStepsAlike(t *testing.T) {
	for name, c := range map[string][2][]Loop{
		"sides":  {{{2, 8, 0, 8}, {2, 16, 0, 16}, {8, 1, 1, 0}}, {{2, 8, 0, 16}, {2, 16, 0, 8}, {8, 1, 1, 0}}},
		"slots":  {{{4, 8, 0, 8}, {2, 1, 1, 0}, {2, 2, 2, 0}, {2, 4, 4, 0}}, {{4, 8, 0, 8}, {2, 1, 1, 0}, {2, 2, 4, 0}, {2, 4, 2, 0}}},
		"values": {{{4, 8, 0, 8}, {2, 1, 1, 0}, {2, 2, 2, 0}, {2, 4, 4, 0}}, {{4, 8, 0, 8}, {2, 1, 1, 0}, {2, 4, 2, 0}, {2, 2, 4, 0}}},
		"sizes":  {{{4, 8, 0, 8}, {7, 1, 1, 0}}, {{4, 8, 0, 8}, {5, 1, 1, 0}}},
	} {
		p := foldedPlain()
		p.Boxes = p.Boxes[:3]
		p.Boxes[0].Loops, p.Boxes[1].Loops = c[0], c[1]
		require.ErrorContains(t, p.Check(), "not like the others", name)
		p.Boxes[0].Loops = c[1]
		require.NoError(t, p.Check(), name)
		p.Boxes[0].Loops, p.Boxes[1].Loops = c[0], c[0]
		require.NoError(t, p.Check(), name)
	}
}
