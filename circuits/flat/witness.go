package flat

import (
	"fmt"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/statement"
)

// Witness is one inference as the argument takes it.
type Witness struct {
	Values    []int64   // at the plan's addresses
	Public    [][]int64 // of the public tensors
	Statement fr.Vector // context, public tensors
}

// count returns the address of how often a row is looked up.
func (t *table) count(row int) int {
	for _, s := range t.counts {
		if row < s.size {
			return s.address(row)
		}
		row -= s.size
	}
	panic("flat: no such row")
}

// System returns the statements.
func (c *Compiled) System() *relation.System { return c.sys }

// Size returns the number of integers that are committed to.
func (c *Compiled) Size() (n int) {
	for _, s := range c.blocks {
		n += s.size
	}
	for i := range c.tables {
		n += c.tables[i].rows
	}
	return n
}

// Cost estimates what a system costs before it is laid out: an address for each integer and each lookup, two for a
// table's row, one for a product.
func Cost(sys *relation.System) (n int) {
	for _, b := range sys.Blocks {
		if b.Kind == relation.Column || b.Kind == relation.Deferred {
			n += b.Size()
		}
	}
	for _, t := range sys.Tables {
		n += 2 * t.Len()
	}
	for _, l := range sys.Lookups {
		n += l.Cols[0].Size()
	}
	for _, g := range sys.Gathers {
		n += g.Key.Size() + 2*g.W.Shape[0]
	}
	for _, m := range sys.Members {
		n += m.Query.Size() + 2*m.Rows.Size()
	}
	for _, p := range sys.Products {
		n += p.C.Size()
	}
	return n
}

// Cost returns how many integers of each node are committed to, and under no name those of inputs
// and tables.
func (c *Compiled) Cost() map[string]int {
	cost := map[string]int{}
	for i, b := range c.sys.Blocks {
		cost[b.Node] += c.blocks[i].size
	}
	for i := range c.tables {
		cost[""] += c.tables[i].rows
	}
	return cost
}

// StatementSize returns the number of elements of the statement.
func (c *Compiled) StatementSize() int {
	n := 1
	for _, e := range c.sys.Exposes {
		if e.Visibility == statement.Public {
			n += packing(&e).Elements(e.T.Size())
		}
	}
	return n
}

func packing(e *relation.Expose) statement.Packing {
	return statement.Packing{Lo: e.Interval.Lo, Hi: e.Interval.Hi}
}

// Model returns the integers of the parameters at the plan's addresses, zero elsewhere: those that are values,
// and those that are folded, which are behind them.
func (c *Compiled) Model() (values []int64, weights []int32, err error) {
	values, weights = make([]int64, 1<<c.Plan.Values), make([]int32, c.Plan.Weights<<c.Plan.Row)
	for i, b := range c.sys.Blocks {
		s := c.blocks[i]
		switch {
		case b.Kind != relation.Param && b.Kind != relation.Weight:
		case c.folded[s]:
			for k, x := range b.Values() {
				if int64(int32(x)) != x {
					return nil, nil, fmt.Errorf("%s: weight %d is %d: %w", b.Name, k, x, relation.ErrRange)
				}
				weights[s.address(k)-1<<c.Plan.Values] = int32(x)
			}
		default:
			s.put(values, b.Values())
		}
	}
	return values, weights, nil
}

func (s *space) put(v, x []int64) {
	for k := range x {
		v[s.address(k)] = x[k]
	}
}

// Witness returns the values of one inference: the columns' and how often each table's row is
// looked up. The error wraps [relation.ErrRange] if an integer is in no row of its table, too
// large, or outside its exposed interval.
func (c *Compiled) Witness(a *relation.Assignment, context fr.Element) (*Witness, error) {
	w := &Witness{Values: make([]int64, 1<<c.Plan.Values), Statement: fr.Vector{context}}
	for i, b := range c.sys.Blocks {
		if !c.folded[c.blocks[i]] {
			c.blocks[i].put(w.Values, a.Of(b))
		}
	}
	if err := c.lookUp(w.Values); err != nil {
		return nil, err
	}
	for _, e := range c.sys.Exposes {
		if e.Visibility != statement.Public {
			continue
		}
		x := a.Eval(e.T)
		packed, err := packing(&e).Pack(x)
		if err != nil {
			return nil, fmt.Errorf("%s: %w: %w", e.Name, err, relation.ErrRange)
		}
		w.Public = append(w.Public, x)
		w.Statement = append(w.Statement, packed...)
	}
	return w, a.Err()
}

// lookUp counts how often each row is looked up, from the other values.
func (c *Compiled) lookUp(v []int64) error {
	x := c.lookedUp(v)
	for i := range c.tables {
		t := &c.tables[i]
		for k := range t.queries {
			q := &t.queries[k]
			row := q.row(x)
			for i := range q.slots.size {
				r := row(x[q.slots.address(i)])
				if r < 0 {
					return fmt.Errorf("%s: integer %d of a lookup is in no row of its table: %w", q.node, i, relation.ErrRange)
				}
				v[t.count(r)]++
			}
		}
	}
	return nil
}

// widen keeps folded weights that lookups read.
func (c *Compiled) widen() error {
	reads := func(b flat.Box) bool { return b.Claim == flat.Right && b.Symbol == flat.One && b.Fold != 0 }
	if !slices.ContainsFunc(c.Plan.Boxes, reads) {
		return nil
	}
	_, w, err := c.Model()
	c.wide = make([]int64, len(w))
	for i := range w {
		c.wide[i] = int64(w[i])
	}
	return err
}

// lookedUp returns what the first columns of lookups and tables are, by slot: what the boxes of the claim Right
// that no challenge multiplies say of them.
func (c *Compiled) lookedUp(v []int64) []int64 {
	out := make([]int64, 1<<c.Plan.Products)
	for i := range c.Plan.Boxes {
		b := &c.Plan.Boxes[i]
		switch {
		case b.Claim != flat.Right || b.Symbol != flat.One:
		case b.Fold != 0:
			w := *b
			w.Value -= len(v)
			addBox(out, c.wide, &w)
		default:
			addBox(out, v, b)
		}
	}
	return out
}

// addBox adds a box's terms to their slots.
func addBox(out, v []int64, b *flat.Box) {
	n := 0
	var loop func(depth, value, slot int)
	loop = func(depth, value, slot int) {
		if depth < len(b.Loops) {
			l := &b.Loops[depth]
			if depth < len(b.Loops)-1 || b.Factors != nil || b.Constant() {
				for range l.Size {
					loop(depth+1, value, slot)
					value, slot = value+l.Value, slot+l.Slot
				}
				return
			}
			for range l.Size {
				out[slot] += b.Coef * v[value]
				value, slot = value+l.Value, slot+l.Slot
			}
			return
		}
		x := b.Coef
		if b.Factors != nil {
			x *= b.Factors[n]
			n++
		}
		if !b.Constant() {
			x *= v[value]
		}
		out[slot] += x
	}
	loop(0, b.Value, b.Slot)
}

// row returns the function from a value to its row, -1 for none. x is what [Compiled.lookedUp] returned.
func (q *query) row(x []int64) func(value int64) int {
	if q.among == nil {
		return func(value int64) int {
			if value < q.lo || value-q.lo >= int64(q.rows) {
				return -1
			}
			return int(value - q.lo)
		}
	}
	at := map[int64]int{}
	for i := range q.among.size {
		at[x[q.among.address(i)]] = i
	}
	return func(value int64) int {
		if row, ok := at[value]; ok {
			return row
		}
		return -1
	}
}

// Address returns where an element of a block is among the values, in the rows that a model's maker
// opens to an auditor, say.
func (c *Compiled) Address(b *relation.Block, element int) int {
	return c.blocks[b.ID].address(element)
}
