package flat

import (
	"fmt"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Fold says how rows of weights, which are no values, come into the argument: as one row that
// is a combination of them all. A box of weights has addresses from 2^Values on. Some of its
// counters move columns within a row of weights, and bits of slots and sides that the fold
// names; the others move rows, and the other bits. So what it says is
//
//	Σ_column inner(column) · Σ_row outer(row) · W[row, column]
//
// and boxes that have the same inner weights, which those of a fold have, take one row of values,
// V[Row] = Σ_boxes Σ_row outer(row)·W[row], whose commitment everybody computes from those of the
// weights' rows.
type Fold struct {
	Row          int // of the values, of kind Virtual
	Claim        Claim
	Slots, Sides int // bits that columns move
}

// folded is a box of weights taken apart.
type folded struct{ inner, outer []part }

// foldBox takes a box of weights apart: groups of loops that move columns are inner ones. It returns the bits
// that they move; ok is false if a group moves columns and rows, or another the same bits.
func (p *Plan) foldBox(b *Box) (f folded, slotBits, sideBits int, ok bool) {
	for _, q := range b.parts() {
		switch {
		case q.lo[values] == q.hi[values] || q.lo[values] >= p.Row:
			f.outer = append(f.outer, q)
		case q.hi[values] > p.Row:
			return f, 0, 0, false
		default:
			f.inner = append(f.inner, q)
			slotBits |= 1<<q.hi[slots] - 1<<q.lo[slots]
			sideBits |= 1<<q.hi[sides] - 1<<q.lo[sides]
		}
	}
	for _, q := range f.outer {
		if (1<<q.hi[slots]-1<<q.lo[slots])&slotBits != 0 || (1<<q.hi[sides]-1<<q.lo[sides])&sideBits != 0 {
			return f, 0, 0, false
		}
	}
	return f, slotBits, sideBits, b.Factors == nil
}

// inner is what has to be the same in all boxes of a fold.
func (p *Plan) inner(b *Box, f folded, slotBits, sideBits int) []int {
	out := []int{int(b.Claim), slotBits, sideBits, b.Value & (1<<p.Row - 1), b.Slot & slotBits, b.Side & sideBits}
	for _, q := range f.inner {
		for _, l := range q.loops {
			out = append(out, l.Size, l.Value, l.Slot, l.Side)
		}
	}
	return out
}

// FoldOf returns the fold, but for its row, that a box of weights can belong to, and what has to be the
// same in all boxes of it; ok is false if there is none.
func (p *Plan) FoldOf(b *Box) (f Fold, same string, ok bool) {
	parts, slotBits, sideBits, ok := p.foldBox(b)
	return Fold{Claim: b.Claim, Slots: slotBits, Sides: sideBits}, fmt.Sprint(p.inner(b, parts, slotBits, sideBits)), ok
}

// Folded reports whether a box is of weights.
func (p *Plan) Folded(b *Box) bool { return b.Value >= 1<<p.Values }

// rowWork is how many products the weight of a row takes, about: it is put together from runs of bits.
const rowWork = 8

// checkFolds returns an error unless each fold has a row of its own, and its boxes are alike.
func (p *Plan) checkFolds(w *work) error {
	virtual := 0
	for _, k := range p.Rows {
		if k == Virtual {
			virtual++
		}
	}
	if virtual != len(p.Folds) {
		return fmt.Errorf("%d virtual rows for %d folds", virtual, len(p.Folds))
	}
	w.products += len(p.Folds) * p.Weights
	seen := map[int]bool{}
	for i, f := range p.Folds {
		if f.Row < 0 || f.Row >= len(p.Rows) || p.Rows[f.Row] != Virtual || seen[f.Row] || f.Claim >= numBoxed {
			return fmt.Errorf("fold %d at row %d", i, f.Row)
		}
		seen[f.Row] = true
	}
	first := make([][]int, len(p.Folds))
	for i := range p.Boxes {
		b := &p.Boxes[i]
		if !p.Folded(b) {
			if b.Fold != 0 {
				return fmt.Errorf("box %d of a fold has no weights", i)
			}
			continue
		}
		if b.Fold < 1 || b.Fold > len(p.Folds) {
			return fmt.Errorf("box %d of weights is of no fold", i)
		}
		f := p.Folds[b.Fold-1]
		parts, slotBits, sideBits, ok := p.foldBox(b)
		if !ok || b.Claim != f.Claim || slotBits != f.Slots || sideBits != f.Sides {
			return fmt.Errorf("box %d is not of fold %d", i, b.Fold-1)
		}
		rows := 1
		for _, q := range parts.outer {
			rows *= q.terms()
		}
		if w.products += rowWork*rows + 1<<p.Row; w.products > maxWork {
			return fmt.Errorf("more than %d products to evaluate", maxWork)
		}
		same := p.inner(b, parts, slotBits, sideBits)
		if first[b.Fold-1] == nil {
			first[b.Fold-1] = same
		}
		if !slices.Equal(same, first[b.Fold-1]) {
			return fmt.Errorf("box %d is not like the others of fold %d", i, b.Fold-1)
		}
	}
	for i := range first {
		if first[i] == nil {
			return fmt.Errorf("fold %d has no box", i)
		}
	}
	return nil
}

// FoldRows returns, for each fold, the weight of each row of weights.
func (p *Plan) FoldRows(c *Points) [][]fr.Element {
	out := make([][]fr.Element, len(p.Folds))
	for i := range out {
		out[i] = make([]fr.Element, p.Weights)
	}
	for i := range p.Boxes {
		b := &p.Boxes[i]
		if b.Fold == 0 {
			continue
		}
		f, to := &p.Folds[b.Fold-1], out[b.Fold-1]
		parts, _, _, _ := p.foldBox(b)
		var loops []Loop
		for _, q := range parts.outer {
			loops = append(loops, q.loops...)
		}
		scale := c.Scale(b)
		slotPoint, sidePoint := c.of(b.Claim)
		var walk func(depth, value, slot, side int)
		walk = func(depth, value, slot, side int) {
			if depth == len(loops) {
				w := scale
				if slotPoint != nil {
					x := slotPoint.weight(slot, f.Slots)
					w.Mul(&w, &x)
				}
				if sidePoint != nil {
					x := sidePoint.weight(side, f.Sides|^b.Sides)
					w.Mul(&w, &x)
				}
				row := (value - 1<<p.Values) >> p.Row
				to[row].Add(&to[row], &w)
				return
			}
			for range loops[depth].Size {
				walk(depth+1, value, slot, side)
				value, slot, side = value+loops[depth].Value, slot+loops[depth].Slot, side+loops[depth].Side
			}
		}
		walk(0, b.Value, b.Slot, b.Side)
	}
	return out
}

// folds calls f with a box of each fold and its inner parts.
func (p *Plan) folds(f func(fold *Fold, b *Box, inner []part, masks [numSpaces]int)) {
	seen := make([]bool, len(p.Folds))
	for i := range p.Boxes {
		b := &p.Boxes[i]
		if b.Fold == 0 || seen[b.Fold-1] {
			continue
		}
		seen[b.Fold-1] = true
		parts, _, _, _ := p.foldBox(b)
		fold := &p.Folds[b.Fold-1]
		f(fold, b, parts.inner, [numSpaces]int{1<<p.Row - 1, fold.Slots, fold.Sides})
	}
}

// FoldColumns returns, for each fold, its row and what its claim weighs each column.
func (p *Plan) FoldColumns(c *Points, yield func(row int, k Claim, weights []fr.Element)) {
	p.folds(func(fold *Fold, b *Box, inner []part, masks [numSpaces]int) {
		slotPoint, sidePoint := c.of(b.Claim)
		at := [numSpaces]*Point{nil, slotPoint, sidePoint}
		moved := [numSpaces]int{}
		for _, q := range inner {
			for s := range numSpaces {
				moved[s] |= 1<<q.hi[s] - 1<<q.lo[s]
			}
		}
		start := fr.One()
		for s, index := range b.starts() {
			if at[s] != nil {
				w := at[s].weight(index, moved[s]|^masks[s])
				start.Mul(&start, &w)
			}
		}
		out := make([]fr.Element, 1<<p.Row)
		var walk func(depth, column int, w fr.Element)
		walk = func(depth, column int, w fr.Element) {
			if depth == len(inner) {
				out[column].Add(&out[column], &w)
				return
			}
			inner[depth].each(at, func(value int, x *fr.Element) {
				y := w
				if x != nil {
					y.Mul(&y, x)
				}
				walk(depth+1, column+value, y)
			})
		}
		walk(0, b.Value&(1<<p.Row-1), start)
		yield(fold.Row, b.Claim, out)
	})
}

// each calls f for each value of the part's counters with how far it moves the value and what it weighs at
// the other points, nil for 1.
func (p *part) each(at [numSpaces]*Point, f func(value int, w *fr.Element)) {
	var walk func(depth int, by [numSpaces]int)
	walk = func(depth int, by [numSpaces]int) {
		if depth < len(p.loops) {
			for range p.loops[depth].Size {
				walk(depth+1, by)
				for s, step := range p.loops[depth].steps() {
					by[s] += step
				}
			}
			return
		}
		var w *fr.Element
		for s := slots; s < numSpaces; s++ {
			if at[s] == nil || p.lo[s] == p.hi[s] {
				continue
			}
			x := at[s].Table(p.lo[s], p.hi[s])[p.start[s]+by[s]>>p.lo[s]]
			if w == nil {
				w = &x
			} else {
				w.Mul(w, &x)
			}
		}
		f(by[values], w)
	}
	walk(0, [numSpaces]int{})
}
