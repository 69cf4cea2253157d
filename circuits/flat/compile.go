package flat

import (
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/statement"
)

// ErrUnsupported means that the flat argument does not have what a program asks for.
var ErrUnsupported = errors.New("not in the flat argument")

// Compiled is a system of statements as a plan.
type Compiled struct {
	Plan *flat.Plan

	sys    *relation.System
	blocks []*space // of columns and parameters
	tables []table
	folded map[*space]bool // blocks of parameters that are no values

	wide []int64 // folded weights, if lookups read them
}

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

// record is a regular part of a claim: each yields terms by the numbers of elements.
type record struct {
	claim             flat.Claim
	symbol            flat.Symbol
	value, slot, side *space // nil for none
	sides             func() int
	each              func(yield func(value, slot, side int, coef int64))
	scaled            bool // the coefficients differ
}

// compiler lays a system out.
type compiler struct {
	*Compiled
	records   []record
	exposes   []*space
	inverses  []*space
	witnesses []*space // columns and counts
	models    []*space
	products  []*space
	sums      []*space
	outputs   []*space
	zeros     []*space
	columns   int // the most of a committed table

	local [][]flat.Box // of each record, with values' addresses from where their block begins
	folds map[string]int
}

// New compiles a system. The error wraps [ErrUnsupported] or [relation.ErrSize].
func New(sys *relation.System) (*Compiled, error) {
	c := &compiler{Compiled: &Compiled{sys: sys}}
	if err := c.compile(); err != nil {
		return nil, err
	}
	if err := c.lay(); err != nil {
		return nil, err
	}
	return c.Compiled, c.widen()
}

// compile makes spaces and records of all statements.
func (c *compiler) compile() error {
	sys := c.sys
	for _, b := range sys.Blocks {
		s := newSpace(b.Shape...)
		c.blocks = append(c.blocks, s)
		if b.Kind == relation.Param || b.Kind == relation.Weight {
			c.models = append(c.models, s)
		} else {
			c.witnesses = append(c.witnesses, s)
		}
	}
	c.lookups()
	for i := range sys.Gathers {
		c.gather(&sys.Gathers[i])
	}
	for i := range sys.Members {
		c.member(&sys.Members[i])
	}
	for _, p := range sys.Products {
		s := c.newSlots(&c.products, p.C.Shape...)
		c.tensor(flat.Left, flat.One, p.A, s)
		c.tensor(flat.Right, flat.One, p.B, s)
		c.tensor(flat.Product, flat.One, p.C, s)
	}
	for _, z := range sys.Zeros {
		c.tensor(flat.Zero, flat.One, z.T, c.newSlots(&c.zeros, z.T.Shape...))
	}
	for i := range sys.Contracts {
		c.contract(&sys.Contracts[i])
	}
	for i := range sys.MatMuls {
		c.matMul(&sys.MatMuls[i])
	}
	for _, e := range sys.Exposes {
		switch e.Visibility {
		case statement.Public:
			s := c.newSlots(&c.zeros, e.T.Shape...)
			c.tensor(flat.Zero, flat.One, e.T, s)
			c.exposes = append(c.exposes, s)
		case statement.Private:
		default:
			return fmt.Errorf("%s is shown as %v: %w", e.Name, e.Visibility, ErrUnsupported)
		}
	}
	c.cutAll()
	return nil
}

func (c *compiler) newSlots(to *[]*space, shape ...int) *space {
	s := newSpace(shape...)
	*to = append(*to, s)
	return s
}

// tensor adds a tensor's elements to a claim, each at its slot.
func (c *compiler) tensor(claim flat.Claim, symbol flat.Symbol, t relation.Tensor, s *space) {
	for _, p := range t.Parts() {
		c.part(claim, symbol, p, s, nil, func(yield func(element, slot, side int)) {
			for i := range s.size {
				yield(i, i, 0)
			}
		})
	}
}

// part adds elements of a tensor's part to a claim, at slots and sides.
func (c *compiler) part(claim flat.Claim, symbol flat.Symbol, p *relation.Part, slot, side *space, each func(yield func(element, slot, side int))) *record {
	r := record{claim: claim, symbol: symbol, slot: slot, side: side}
	if p.Block != nil {
		r.value = c.blocks[p.Block.ID]
	}
	r.each = func(yield func(value, slot, side int, coef int64)) {
		each(func(element, slot, side int) {
			if index, coef := p.Read(element); coef != 0 {
				yield(index, slot, side, coef)
			}
		})
	}
	first, any := int64(0), false
	r.each(func(_, _, _ int, coef int64) {
		r.scaled = r.scaled || any && coef != first
		first, any = coef, true
	})
	if !any {
		return nil
	}
	c.records = append(c.records, r)
	return &c.records[len(c.records)-1]
}

// constant adds a constant to a claim at every slot of a space.
func (c *compiler) constant(claim flat.Claim, symbol flat.Symbol, s *space, k int64) {
	c.records = append(c.records, record{claim: claim, symbol: symbol, slot: s, each: func(yield func(value, slot, side int, coef int64)) {
		for i := range s.size {
			yield(0, i, 0, k)
		}
	}})
}

// constants adds a constant of its own to each slot.
func (c *compiler) constants(claim flat.Claim, symbol flat.Symbol, s *space, k func(i int) int64) {
	c.records = append(c.records, record{claim: claim, symbol: symbol, slot: s, scaled: true, each: func(yield func(value, slot, side int, coef int64)) {
		for i := range s.size {
			yield(0, i, 0, k(i))
		}
	}})
}

// all adds a multiple of a space's values to a claim, at equal slots.
func (c *compiler) all(claim flat.Claim, value, slot *space, coef int64) {
	c.records = append(c.records, record{claim: claim, value: value, slot: slot, each: func(yield func(value, slot, side int, coef int64)) {
		for i := range value.size {
			yield(i, i, 0, coef)
		}
	}})
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

// contract adds Out - Bias = Σ X·W. The first factors weigh by the outputs' places, the second by
// their channels.
func (c *compiler) contract(k *relation.Contract) {
	channels, height, width := k.X.Shape[0], k.X.Shape[1], k.X.Shape[2]
	outs, rows, cols := k.Out.Shape[0], k.Out.Shape[1], k.Out.Shape[2]
	kernel := [2]int{k.W.Shape[2], k.W.Shape[3]}
	s := c.newSlots(&c.sums, channels, kernel[0], kernel[1])
	o := c.newSlots(&c.outputs, outs, rows, cols)
	second := func() int { return o.bitsFrom(rows * cols) }
	first := func() int { return c.allOutputs() &^ second() }

	for _, p := range k.X.Parts() {
		r := c.part(flat.First, flat.One, p, s, o, func(yield func(element, slot, side int)) {
			for slot := range s.size {
				channel, a, b := slot/(kernel[0]*kernel[1]), slot/kernel[1]%kernel[0], slot%kernel[1]
				for i := range rows {
					y := i*k.Stride[0] + a*k.Dilation[0] - k.Pad[0]
					if y < 0 || y >= height {
						continue
					}
					for j := range cols {
						if x := j*k.Stride[1] + b*k.Dilation[1] - k.Pad[1]; x >= 0 && x < width {
							yield((channel*height+y)*width+x, slot, i*cols+j)
						}
					}
				}
			}
		})
		if r != nil {
			r.sides = first
		}
	}
	w := c.blocks[k.W.ID]
	c.records = append(c.records, record{claim: flat.Second, value: w, slot: s, side: o, sides: second,
		each: func(yield func(value, slot, side int, coef int64)) {
			all := rounded(outs, s.size) // those from outs on are zeros, as are their weights
			if !w.holds(all*s.size) || !o.holds(all*rows*cols) {
				all = outs
			}
			for out := range all {
				for slot := range s.size {
					yield(out*s.size+slot, slot, out*rows*cols, 1)
				}
			}
		}})
	c.output(k.Out, o)
	if k.Bias != nil {
		c.records = append(c.records, record{claim: flat.Output, value: c.blocks[k.Bias.ID], side: o, sides: c.allOutputs,
			each: func(yield func(value, slot, side int, coef int64)) {
				for i := range o.size {
					yield(i/(rows*cols), 0, i, -1)
				}
			}})
	}
}

// matMul adds Out = A·B.
func (c *compiler) matMul(m *relation.MatMul) {
	rows, inner, cols := m.A.Shape[0], m.A.Shape[1], m.B.Shape[1]
	s := c.newSlots(&c.sums, inner)
	o := c.newSlots(&c.outputs, rows, cols)
	first := func() int { return c.allOutputs() &^ second(o, cols) }
	for _, p := range m.A.Parts() {
		r := c.part(flat.First, flat.One, p, s, o, func(yield func(element, slot, side int)) {
			for k := range inner {
				for i := range rows {
					yield(i*inner+k, k, i*cols)
				}
			}
		})
		if r != nil {
			r.sides = first
		}
	}
	for _, p := range m.B.Parts() {
		r := c.part(flat.Second, flat.One, p, s, o, func(yield func(element, slot, side int)) {
			for k := range inner {
				for j := range cols {
					yield(k*cols+j, k, j)
				}
			}
		})
		if r != nil {
			r.sides = func() int { return second(o, cols) }
		}
	}
	c.output(m.Out, o)
}

// second returns the bits of a product's columns: those below a row's.
func second(o *space, cols int) int { return (o.padded() - 1) &^ o.bitsFrom(cols) }

// output adds a tensor to the outputs of sums.
func (c *compiler) output(t relation.Tensor, o *space) {
	for _, p := range t.Parts() {
		r := c.part(flat.Output, flat.One, p, nil, o, func(yield func(element, slot, side int)) {
			for i := range o.size {
				yield(i, 0, i)
			}
		})
		if r != nil {
			r.sides = c.allOutputs
		}
	}
}

func (c *compiler) allOutputs() int { return 1<<c.Plan.Outputs - 1 }

// boxes returns a record's terms as boxes, of numbers of elements or of their addresses.
func (r *record) boxes(address func(s *space, i int) int) []flat.Box {
	out := newRuns(r.scaled)
	r.each(func(value, slot, side int, coef int64) {
		b := flat.Box{Claim: r.claim, Symbol: r.symbol, Coef: coef, Value: -1}
		if r.value != nil {
			b.Value = address(r.value, value)
		}
		if r.slot != nil {
			b.Slot = address(r.slot, slot)
		}
		if r.side != nil {
			b.Side = address(r.side, side)
		}
		if r.sides != nil {
			b.Sides = r.sides()
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
