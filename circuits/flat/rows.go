package flat

import (
	"fmt"
	"maps"
	"math"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/flat"
)

// layRows gives blocks their addresses and rows their kinds, with the fewest values that hold all.
// Blocks of parameters as long as a row or longer are no values if they can be folded and are narrow, and no bias.
func (c *compiler) layRows() error {
	for dim := flat.MinRow + 1; dim <= flat.MaxValues; dim++ {
		row := rowLength(dim, c.Plan.Rounds())
		if !c.layRowsOf(dim, row) {
			continue
		}
		folded := len(c.folded)
		if dim >= largePlan && (!c.layRowsOf(dim, row+1) || len(c.folded) < folded) {
			c.layRowsOf(dim, row)
		}
		return nil
	}
	return fmt.Errorf("more than 2^%d values: %w", flat.MaxValues, relation.ErrSize)
}

// layRowsOf lays rows of a length, and reports whether they hold all.
func (c *compiler) layRowsOf(dim, row int) bool {
	c.Plan.Values, c.Plan.Row = dim, row
	c.fold()
	total := len(c.Plan.Folds) << row
	for _, group := range [][]*space{c.witnesses, c.inverses, c.models} {
		for _, s := range group {
			if !c.folded[s] {
				total += s.padded()
			}
		}
	}
	return total < 1<<dim && c.tryRows()
}

// maxFolds is how many folds a block may take; each is a row of values.
const maxFolds = 3

// fold chooses what is folded, and gives it its place behind the values.
func (c *compiler) fold() {
	p := c.Plan
	p.Weights, p.Folds = 0, nil
	c.folded, c.folds = map[*space]bool{}, map[string]int{}
	for _, s := range c.models {
		if s.padded() < 1<<p.Row || !c.narrow(s) {
			continue
		}
		mine, ok := map[string]flat.Fold{}, true
		for i := range c.records {
			if c.records[i].value != s {
				continue
			}
			ok = ok && c.records[i].claim != flat.Output // a bias is as wide as a sum
			for k := range c.local[i] {
				f, same, can := p.FoldOf(&c.local[i][k])
				mine[same], ok = f, ok && can
			}
		}
		if !ok || len(mine) > maxFolds {
			continue
		}
		for _, same := range slices.Sorted(maps.Keys(mine)) {
			if _, known := c.folds[same]; !known {
				c.folds[same] = len(p.Folds)
				p.Folds = append(p.Folds, mine[same])
			}
		}
		c.folded[s], s.base = true, 1<<p.Values+p.Weights<<p.Row
		p.Weights += s.padded() >> p.Row
	}
}

// narrow reports whether no statement lets a block's parameters be wider than folded ones are, 32 bits. It must not
// depend on what they are.
func (c *compiler) narrow(s *space) bool {
	id := slices.Index(c.blocks, s)
	return c.sys.Blocks[id].Kind == relation.Param || !slices.ContainsFunc(c.sys.Bounds[id], func(r fixedpoint.Interval) bool {
		return r.Lo < math.MinInt32 || r.Hi > math.MaxInt32
	})
}

// place moves a box of a block's values to where the block is.
func (c *compiler) place(s *space, b *flat.Box) {
	if s == nil {
		return
	}
	if c.folded[s] {
		_, same, _ := c.Plan.FoldOf(b)
		b.Fold = 1 + c.folds[same]
	}
	b.Value += s.base
}

// largePlan is the dimension from which rows are twice as long, if as much is folded then.
const largePlan = 20

// rowLength chooses the values of a row: a proof holds a point for each row, and opening one takes
// as long as committing to three. In a large plan rows twice as long make the shorter proof in the same time.
func rowLength(dim, rounds int) int {
	row := min(max(flat.MinRow, 3*dim/4-1), flat.MaxRow-1, dim-1)
	for !flat.MasksOf(dim, rounds).Fit(row) {
		row++
	}
	return row
}

// heap holds free aligned ranges of addresses by the logarithm of their sizes.
type heap [flat.MaxValues + 1][]int

// take returns a range of 2^k addresses from the smallest that holds one.
func (h *heap) take(k int) (base int, ok bool) {
	for n := k; n < len(h); n++ {
		if len(h[n]) == 0 {
			continue
		}
		base = h[n][0]
		h[n] = h[n][1:]
		for n > k {
			n--
			h.put(base+1<<n, n)
		}
		return base, true
	}
	return 0, false
}

func (h *heap) put(base, k int) {
	at, _ := slices.BinarySearch(h[k], base)
	h[k] = slices.Insert(h[k], at, base)
}

// tryRows reports whether the blocks fit the plan's values.
func (c *compiler) tryRows() bool {
	p := c.Plan
	rows := 1 << (p.Values - p.Row)
	p.Rows = make([]flat.Kind, rows)
	var free heap // whole rows
	var own [flat.Virtual + 1]heap
	p.Rows[0] = flat.Witness
	for r := 1; r < rows; r *= 2 {
		p.Rows[r] = flat.Witness // with two masks at its beginning
		for k := 1; k < p.Row; k++ {
			own[flat.Witness].put(r<<p.Row+1<<k, k)
		}
		for left := r + 1; left < 2*r; {
			k := bits.TrailingZeros(uint(left))
			free.put(left<<p.Row, p.Row+k)
			left += 1 << k
		}
	}
	type piece struct {
		s    *space
		kind flat.Kind
	}
	var pieces []piece
	for kind, group := range map[flat.Kind][]*space{flat.Witness: c.witnesses, flat.Inverse: c.inverses, flat.Model: c.models} {
		for _, s := range group {
			if !c.folded[s] {
				pieces = append(pieces, piece{s, kind})
			}
		}
	}
	var virtual []*space
	for range p.Folds {
		virtual = append(virtual, &space{size: 1 << p.Row})
		pieces = append(pieces, piece{virtual[len(virtual)-1], flat.Virtual})
	}
	slices.SortStableFunc(pieces, func(a, b piece) int {
		if a.kind != b.kind && a.s.padded() == b.s.padded() {
			return int(a.kind) - int(b.kind)
		}
		return b.s.padded() - a.s.padded()
	})
	for _, piece := range pieces {
		k := bits.TrailingZeros(uint(piece.s.padded()))
		base, ok := own[piece.kind].take(k)
		if !ok {
			size := max(k, p.Row)
			if base, ok = free.take(size); !ok {
				return false
			}
			for r := base >> p.Row; r < (base+1<<size)>>p.Row; r++ {
				p.Rows[r] = piece.kind
			}
			for n := k; n < size; n++ {
				own[piece.kind].put(base+1<<n, n)
			}
		}
		piece.s.base = base
	}
	for i, s := range virtual {
		p.Folds[i].Row = s.base >> p.Row
	}
	return true
}
