package flat

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/flat"
)

// boxes returns a record's terms as boxes, of numbers of elements or of their addresses.
func (r *record) boxes(address func(s *space, i int) int) []flat.Box {
	out := newRuns(r.scaled)
	sides := 0
	if r.sides != nil {
		sides = r.sides()
	}
	r.each(func(value, slot, side int, coef int64) {
		b := flat.Box{Claim: r.claim, Symbol: r.symbol, Coef: coef, Value: -1, Sides: sides}
		if r.value != nil {
			b.Value = address(r.value, value)
		}
		if r.slot != nil {
			b.Slot = address(r.slot, slot)
		}
		if r.side != nil {
			b.Side = address(r.side, side)
		}
		if r.scaled {
			b.Coef, b.Factors = 1, []int64{coef}
		}
		out.add(b)
	})
	boxes := out.finish()
	for i := range boxes {
		simplify(&boxes[i])
	}
	return boxes
}

// simplify takes equal factors for a coefficient.
func simplify(b *flat.Box) {
	for _, f := range b.Factors {
		if f != b.Factors[0] {
			return
		}
	}
	if b.Factors != nil {
		b.Coef, b.Factors = b.Factors[0], nil
	}
}

// cutAll chooses the digits of all spaces: where a loop of one space crosses a cut of another, it
// is cut there, if that is cheap.
func (c *compiler) cutAll() {
	type crossing struct {
		space *space
		step  int
		size  int
	}
	var loops [][]crossing
	for i := range c.records {
		r := &c.records[i]
		sides := r.sides
		r.sides = nil
		for _, b := range r.boxes(func(_ *space, i int) int { return i }) {
			for _, l := range b.Loops {
				var at []crossing
				for _, x := range []crossing{{r.value, l.Value, l.Size}, {r.slot, l.Slot, l.Size}, {r.side, l.Side, l.Size}} {
					if x.space != nil && x.step > 0 {
						at = append(at, x)
					}
				}
				loops = append(loops, at)
			}
		}
		r.sides = sides
	}
	for _, l := range loops {
		for _, x := range l {
			x.space.propose(x.step, x.size)
			x.space.propose(x.step*x.size, x.size)
		}
	}
	for changed := true; changed; {
		changed = false
		for _, l := range loops {
			for _, x := range l {
				for _, cut := range x.space.cuts {
					if cut <= x.step || cut >= x.step*x.size || cut%x.step != 0 || x.size%(cut/x.step) != 0 {
						continue
					}
					for _, y := range l {
						changed = y.space != x.space && y.space.propose(cut/x.step*y.step, x.size) || changed
					}
				}
			}
		}
	}
}

// lay gives all spaces their places and makes the plan.
func (c *compiler) lay() error {
	products, sums := flat.ReservedSlots()
	p := &flat.Plan{
		Products: max(2, place(c.products, products)), Sums: max(3, place(c.sums, sums)),
		Outputs: place(c.outputs, 0), Zeros: place(c.zeros, 0), Tables: len(c.tables), Columns: bits.Len(uint(max(1, c.columns) - 1)),
	}
	c.Plan = p
	for i := range c.records {
		c.local = append(c.local, c.records[i].boxes((*space).address))
	}
	if err := c.layRows(); err != nil {
		return err
	}
	for i := range c.records {
		p.Boxes = append(p.Boxes, c.local[i]...)
		for k := range c.local[i] {
			c.place(c.records[i].value, &p.Boxes[len(p.Boxes)-1-k])
		}
	}
	for _, s := range c.exposes {
		r := record{claim: flat.Zero, slot: s, each: func(yield func(value, slot, side int, coef int64)) {
			for i := range s.size {
				yield(0, i, 0, -1)
			}
		}}
		boxes := r.boxes((*space).address)
		if len(boxes) != 1 {
			return fmt.Errorf("a public tensor of %d integers in %d boxes: %w", s.size, len(boxes), ErrUnsupported)
		}
		p.Exposes = append(p.Exposes, boxes[0])
	}
	if err := p.Check(); err != nil {
		return fmt.Errorf("%w: %w", err, relation.ErrSize)
	}
	return nil
}

// place puts spaces one after the other, the largest first, and returns the logarithm of what
// holds them and some more at the end.
func place(spaces []*space, reserved int) int {
	order := slices.Clone(spaces)
	slices.SortStableFunc(order, func(s, t *space) int { return t.padded() - s.padded() })
	next := 0
	for _, s := range order {
		s.base = next
		next += s.padded()
	}
	return bits.Len(uint(max(1, next+reserved) - 1))
}
