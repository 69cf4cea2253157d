package flat

import (
	"fmt"
	"slices"
)

// Kind says when a row of values is committed.
type Kind uint8

const (
	Unused  Kind = iota // zeros
	Witness             // before the first challenge
	Inverse             // after the challenges of the tables
	Model               // once for all proofs: in the key
	Virtual             // not at all: a combination of rows of weights
	numKinds
)

// Plan is what is proven, in the form of linear functionals of 2^Values committed values: the
// relations of a network's integers and nothing of its weights. All sizes are powers of two,
// given by their logarithms.
type Plan struct {
	Values   int // values
	Row      int // values of a row, which one commitment holds
	Products int // slots of the products a·b = c
	Sums     int // slots of the products that are added up
	Outputs  int // of the sums
	Zeros    int // of what is zero
	Columns  int // of the tables whose rows are committed values
	Tables   int // the number of tables, not a logarithm

	Rows    []Kind
	Boxes   []Box
	Exposes []Box // of the public tensors in the statement's order: where each integer is subtracted

	Weights int // rows of weights that are no values
	Folds   []Fold
}

// split returns the parts of the boxes, which follow from the plan and take long to find.
func (p *Plan) split() [][]part {
	all := make([][]part, len(p.Boxes))
	for i := range p.Boxes {
		all[i] = p.Boxes[i].parts()
	}
	return all
}

// Limits of a plan. They bound the time and the memory of whoever reads one.
const (
	MaxValues  = 26
	MinRow     = 8
	MaxRow     = 20
	maxAddress = 35 // bits of an address, of weights too; 2^MaxValues steps of as many bits do not wrap
	maxTables  = 1 << 12
	maxLoops   = 10
	maxRows    = 1 << 10
	maxWork    = 1 << 24 // products that evaluating all boxes takes, and entries of the tables for it
	maxFactors = 1 << 22
	maxWeights = 1 << 14 // rows of weights
	maxSteps   = 1 << 26 // of looking for masks among the addresses of boxes
)

// Rounds returns the number of rounds of the first sumcheck.
func (p *Plan) Rounds() int { return max(p.Products, p.Sums) }

// Masks returns where the plan's masks are.
func (p *Plan) Masks() *Masks { return MasksOf(p.Values, p.Rounds()) }

// ReservedSlots returns how many slots at the end of the products' space and of the sums' no box
// may use.
func ReservedSlots() (products, sums int) { return productMasks, sumMasks }

// Check returns an error unless the plan is one that an honest compiler could make: addresses
// inside their spaces, no box on a mask, and a bounded time to evaluate it.
func (p *Plan) Check() error {
	switch {
	case p.Row < MinRow || p.Row > MaxRow || p.Values <= p.Row || p.Values > MaxValues:
		return fmt.Errorf("2^%d values in rows of 2^%d", p.Values, p.Row)
	case p.Products < 2 || p.Products > MaxValues || p.Sums < 3 || p.Sums > MaxValues:
		return fmt.Errorf("2^%d products and 2^%d terms of sums", p.Products, p.Sums)
	case p.Outputs < 0 || p.Outputs > MaxValues || p.Zeros < 0 || p.Zeros > MaxValues || p.Columns < 0 || p.Columns > MaxValues:
		return fmt.Errorf("2^%d outputs, 2^%d zeros, 2^%d columns", p.Outputs, p.Zeros, p.Columns)
	case p.Tables < 0 || p.Tables > maxTables:
		return fmt.Errorf("%d tables", p.Tables)
	case len(p.Rows) != 1<<(p.Values-p.Row) || len(p.Rows) > maxRows:
		return fmt.Errorf("%d rows", len(p.Rows))
	case p.Weights < 0 || p.Weights > maxWeights:
		return fmt.Errorf("%d rows of weights", p.Weights)
	case !p.Masks().Fit(p.Row):
		return fmt.Errorf("rows of 2^%d do not hold the masks", p.Row)
	}
	for i, k := range p.Rows {
		if k >= numKinds || i&(i-1) == 0 && k != Witness {
			return fmt.Errorf("row %d is of kind %d", i, k)
		}
	}
	w := work{tables: map[table]bool{}}
	for i := range p.Boxes {
		if err := p.checkBox(&p.Boxes[i], &w); err != nil {
			return fmt.Errorf("box %d: %w", i, err)
		}
	}
	for i, b := range p.Exposes {
		if b.Claim != Zero || !b.Constant() || b.Coef != -1 || b.Factors != nil || b.Fold != 0 {
			return fmt.Errorf("public tensor %d is no box of constants", i)
		}
		if err := p.checkBox(&b, &w); err != nil {
			return fmt.Errorf("public tensor %d: %w", i, err)
		}
		b.Factors = []int64{} // a statement's integers
		if err := w.add(&b); err != nil {
			return err
		}
	}
	return p.checkFolds(&w)
}

// work counts what checking and evaluating a plan takes.
type work struct {
	products int            // of table entries, and entries of tables
	steps    int            // of looking for masks
	tables   map[table]bool // that are counted
}

// table is a table of a point's bits.
type table struct {
	claim         Claim
	space, lo, hi int
}

// add counts a box.
func (w *work) add(b *Box) error {
	w.products++
	for _, p := range b.parts() {
		w.products += p.terms()
		for s := range numSpaces {
			if s == values && b.Fold != 0 {
				continue // rows are not weighed by tables, and columns by those that are counted
			}
			if t := (table{b.Claim, s, p.lo[s], p.hi[s]}); t.lo < t.hi && !w.tables[t] {
				w.tables[t] = true
				w.products += 1 << (t.hi - t.lo)
			}
		}
	}
	if w.products > maxWork {
		return fmt.Errorf("more than %d products to evaluate", maxWork)
	}
	return nil
}

// spaces returns the sizes of a claim's slots and sides; 1 for none.
func (p *Plan) spaces(c Claim) (slots, sides int) {
	switch c {
	case Left, Product:
		return 1<<p.Products - productMasks, 1
	case Right:
		return 1<<p.Products - productMasks, 1 << p.Columns
	case First, Second:
		return 1<<p.Sums - sumMasks, 1 << p.Outputs
	case Output:
		return 1, 1 << p.Outputs
	case Zero:
		return 1 << p.Zeros, 1
	}
	return 1, 1
}

func (p *Plan) checkBox(b *Box, w *work) error {
	if b.Claim >= numBoxed || len(b.Loops) > maxLoops || b.Value < -1 || b.Slot < 0 || b.Side < 0 || max(b.Slot, b.Side) >= 1<<MaxValues || b.Value >= 1<<maxAddress {
		return fmt.Errorf("claim %d, %d loops from %d, %d, %d", b.Claim, len(b.Loops), b.Value, b.Slot, b.Side)
	}
	if b.Symbol < 0 || b.Symbol >= Beta+Symbol(p.Tables) || b.Symbol != One && b.Claim != Right {
		return fmt.Errorf("challenge %d", b.Symbol)
	}
	ends, terms := [numSpaces]int{b.Value, b.Slot, b.Side}, 1
	for _, l := range b.Loops {
		if l.Size < 2 || l.Size > 1<<MaxValues || l.Value < 0 || l.Slot < 0 || l.Side < 0 ||
			max(l.Slot, l.Side) >= 1<<MaxValues || l.Value >= 1<<maxAddress || b.Constant() && l.Value != 0 {
			return fmt.Errorf("loop %+v", l)
		}
		if terms *= l.Size; terms > 1<<MaxValues {
			return fmt.Errorf("more than 2^%d terms", MaxValues)
		}
		for s, step := range l.steps() {
			ends[s] += step * (l.Size - 1)
		}
	}
	slotSpace, sideSpace := p.spaces(b.Claim)
	last := 1 << p.Values
	if p.Folded(b) {
		last += p.Weights << p.Row
	}
	if ends[values] >= last || ends[slots] >= slotSpace || ends[sides] >= sideSpace {
		return fmt.Errorf("addresses up to %v", ends)
	}
	if b.Factors != nil && len(b.Factors) != terms {
		return fmt.Errorf("%d factors for %d terms", len(b.Factors), terms)
	}
	if b.Sides < 0 || b.Sides >= sideSpace {
		return fmt.Errorf("side bits %x", b.Sides)
	}
	if lo, hi := movedBits(b.parts(), sides); (1<<hi-1<<lo)&^b.Sides != 0 {
		return fmt.Errorf("side bits %d to %d of %x are moved", lo, hi, b.Sides)
	}
	if err := w.add(b); err != nil || b.Constant() || p.Folded(b) {
		return err
	}
	if b.Value < 1<<p.Row {
		return fmt.Errorf("values from %d, in the row of the masks", b.Value)
	}
	if r := b.Value >> p.Row; slices.Contains(p.Rows[r:ends[values]>>p.Row+1], Virtual) {
		return fmt.Errorf("values from row %d to %d, of which one is virtual", r, ends[values]>>p.Row)
	}
	for i := p.Row; i < p.Values; i++ {
		if b.contains(1<<i, &w.steps) || b.contains(1<<i^1, &w.steps) {
			return fmt.Errorf("a value is the mask %d, or it takes long to see that none is", 1<<i)
		}
	}
	return nil
}

// ModelRows returns the number of rows that a key holds: those of values, then those of weights.
func (p *Plan) ModelRows() int { return p.Count(Model) + p.Weights }

// Count returns the number of rows of a kind.
func (p *Plan) Count(k Kind) (n int) {
	for _, r := range p.Rows {
		if r == k {
			n++
		}
	}
	return n
}
