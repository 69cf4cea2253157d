package flat

import (
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/flat"
)

// table is one list of rows with all lookups in it.
type table struct {
	rows    int
	queries []query
	counts  []*space // how often each row is looked up, of one part of the rows after another
}

// query is one statement's lookups, each of a row: that of a value's distance from lo or, of a table of elements, of
// an equal one.
type query struct {
	node  string
	slots *space
	lo    int64
	rows  int    // from lo on, without those that are repeated
	among *space // slots of the elements, nil for others
}

// query adds slots that are looked up in the last table: their inverses and what is known of
// them without the columns.
func (c *compiler) query(q query, shape []int) *space {
	s := c.newSlots(&c.products, shape...)
	h := c.newSlots(&c.inverses, shape...)
	t := &c.tables[len(c.tables)-1]
	q.slots = s
	t.queries = append(t.queries, q)
	c.all(flat.Left, h, s, 1)
	c.constant(flat.Right, flat.Beta+flat.Symbol(len(c.tables)-1), s, 1)
	c.constant(flat.Product, flat.One, s, 1)
	c.all(flat.Tables, h, nil, 1)
	return s
}

// table adds a table of n rows, and of more slots that nobody can look up: nothing is their product.
func (c *compiler) table(n, slots int) *space {
	c.tables = append(c.tables, table{})
	return c.rows(n, slots)
}

// rows adds rows to the last table.
func (c *compiler) rows(n, slots int) *space {
	s, counts, h := c.newSlots(&c.products, slots), c.newSlots(&c.witnesses, n), c.newSlots(&c.inverses, slots)
	t := &c.tables[len(c.tables)-1]
	t.rows, t.counts = t.rows+n, append(t.counts, counts)
	c.all(flat.Left, h, s, 1)
	c.constant(flat.Right, flat.Beta+flat.Symbol(len(c.tables)-1), s, 1)
	c.all(flat.Product, counts, s, 1)
	c.all(flat.Tables, h, nil, -1)
	return s
}

// padded returns the next power of two.
func padded(n int) int { return 1 << bits.Len(uint(n-1)) }

// chunks divides n rows of constants into powers of two, which cost a verifier least and waste no addresses. The
// last may be more than what is left: rows that repeat the last one are never looked up, and their inverses zero.
func chunks(n int) (out []int) {
	for n > 0 {
		k := padded(n)
		if k-n > k/8 {
			k /= 2
		}
		out = append(out, k)
		n -= k
	}
	return out
}

// rounded is the next power of two where n tuples of a width are many and n is far from a product of twos: a fold
// needs loops that end with a row of weights.
func rounded(n, width int) int {
	if odd := n >> bits.TrailingZeros(uint(n)); odd > 8 && n*width >= 1<<flat.MinRow {
		return padded(n)
	}
	return n
}

// lookups adds the tables of constants.
func (c *compiler) lookups() {
	for _, t := range c.sys.Tables {
		used := slices.ContainsFunc(c.sys.Lookups, func(l relation.Lookup) bool { return l.Table == t })
		if !used {
			continue
		}
		c.tables = append(c.tables, table{})
		from := t.Domain.Lo
		for _, n := range chunks(t.Len()) {
			first := from
			row := func(i int) int64 { return min(first+int64(i), t.Domain.Hi) }
			s := c.rows(n, n)
			c.constants(flat.Right, flat.One, s, row)
			if t.IsFunction() {
				c.constants(flat.Right, flat.Gamma, s, func(i int) int64 { return t.At(row(i)) })
			}
			from += int64(n)
		}
		for _, l := range c.sys.Lookups {
			if l.Table != t {
				continue
			}
			q := c.query(query{node: l.Node, lo: t.Domain.Lo, rows: t.Len()}, l.Cols[0].Shape)
			for k, col := range l.Cols {
				c.tensor(flat.Right, []flat.Symbol{flat.One, flat.Gamma}[k], col, q)
			}
		}
	}
}

// gather adds a table whose rows are parameters: the tuple of a row is its number and its values.
func (c *compiler) gather(g *relation.Gather) {
	n, width := g.W.Shape[0], len(g.Cols)
	c.columns = max(c.columns, width)
	side := &space{size: width}
	s := c.table(n, rounded(n, width))
	c.constants(flat.Right, flat.One, s, func(i int) int64 { return int64(i) })
	w := c.blocks[g.W.ID]
	c.records = append(c.records, record{claim: flat.Right, symbol: flat.Gamma, value: w, slot: s, side: side, sides: c.allColumns,
		each: func(yield func(value, slot, side int, coef int64)) {
			rows := s.size
			if !w.holds(rows * width) {
				rows = n
			}
			for i := range rows {
				for j := range width {
					yield(i*width+j, i, j, 1)
				}
			}
		}})
	q := c.query(query{node: g.Node, rows: n}, g.Key.Shape)
	c.tensor(flat.Right, flat.One, g.Key, q)
	for j, col := range g.Cols {
		for _, p := range col.Parts() {
			r := c.part(flat.Right, flat.Gamma, p, q, side, func(yield func(element, slot, side int)) {
				for i := range q.size {
					yield(i, i, j)
				}
			})
			if r != nil {
				r.sides = c.allColumns
			}
		}
	}
}

func (c *compiler) allColumns() int { return 1<<c.Plan.Columns - 1 }

// member adds a table whose rows are elements.
func (c *compiler) member(m *relation.Member) {
	s := c.table(m.Rows.Size(), m.Rows.Size())
	c.tensor(flat.Right, flat.One, m.Rows, s)
	q := c.query(query{node: m.Node, among: s}, m.Query.Shape)
	c.tensor(flat.Right, flat.One, m.Query, q)
}
