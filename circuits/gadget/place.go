package gadget

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/circuits/relation"
)

// places decides in which row of a PLONK circuit each column is committed. A row of its own,
// -x + p = 0, makes the column a wire. Better is a row that is needed anyway and whose fourth
// term the column can be: the denominator X - x of a lookup, the difference m - x that a
// product takes, a linear statement. Then the column is no wire, and wherever else it occurs
// stands what this row says of it, X - d or m - e.
//
// A column may be committed in a row only if all other columns there are known without it. So
// columns are settled one after another: whenever a row has only one left that is not, that
// one is committed there; when no row has, the column in most rows gets a row of its own.
//
// Soundness: a row with a free term p says nothing of its other terms: it defines p. Since p
// is fixed by the commitment before the challenge, so is the integer that every other row
// uses in its place; it is the same in all of them because they take it from this row. A wire
// that stood for the column beside p would break this: [Plan.Check] refuses it.
type places struct {
	e *engine

	first   []int // number of each block's first column, -1 if it has none
	columns int

	factors [][2][]relation.Expr // of each product
	zeros   [][]int32            // sites of each linear statement

	sites        []site
	of           [][]int32 // the sites that need each column
	rows         []int     // of these those that could commit it, or compute it
	settled      []bool
	at           []int32 // the site that commits a column, or -1
	values       []*sum  // what stands for a column
	differences  map[string]int32
	denominators [][]int32 // sites of each lookup's queries
}

// site is a row that could commit one of its columns.
type site struct {
	kind   siteKind
	x      *relation.Expr
	b      *relation.Expr // the second expression of a query
	only   int            // the one column that can be committed here, or -1 for any
	open   int            // columns not settled
	left   int            // of which the exclusive or
	column int            // the column committed here, or -1
	wire   uint32         // that the row makes, or none
	busy   bool           // the row is being written
}

type siteKind uint8

const (
	query      siteKind = iota // X - Y·b - a
	zero                       // a linear statement
	difference                 // a factor of a product
	result                     // no row: the column that a product computes is known with its factors
)

func newPlaces(e *engine) *places {
	p := &places{e: e, differences: map[string]int32{}}
	p.first, p.columns = numbered(e.Plan)
	p.rows = make([]int, p.columns)
	p.of, p.settled, p.at, p.values = make([][]int32, p.columns), make([]bool, p.columns), make([]int32, p.columns), make([]*sum, p.columns)
	for i := range p.at {
		p.at[i] = -1
	}
	p.list()
	p.settle()
	return p
}

// numbered numbers the columns, block by block.
func numbered(p *Plan) (first []int, n int) {
	first = make([]int, len(p.Sys.Blocks))
	for i, b := range p.Sys.Blocks {
		first[i] = -1
		if b.Kind == relation.Column {
			first[i] = n
			n += b.Size()
		}
	}
	return first, n
}

// list lists the sites.
func (p *places) list() {
	sys := p.e.Sys
	for i, s := range sys.Products {
		f := [2][]relation.Expr{s.A.Exprs(), s.B.Exprs()}
		p.factors = append(p.factors, f)
		for _, t := range f {
			for k := range t {
				if key := p.key(&t[k]); key != "" {
					if _, ok := p.differences[key]; !ok {
						p.differences[key] = p.site(site{kind: difference, x: &t[k]}, t[k].Terms)
					}
				}
			}
		}
		if b := s.C.Block(); b != nil && p.e.computed[b.ID] == i {
			for k := range f[0] {
				p.site(site{kind: result}, f[0][k].Terms, f[1][k].Terms, []relation.Term{{Block: b, Index: k, Coef: 1}})
			}
		}
	}
	for _, s := range sys.Zeros {
		var at []int32
		exprs := s.T.Exprs()
		for k := range exprs {
			at = append(at, p.site(site{kind: zero, x: &exprs[k]}, exprs[k].Terms))
		}
		p.zeros = append(p.zeros, at)
	}
	for i := range sys.Lookups {
		l := &sys.Lookups[i]
		a := l.Cols[0].Exprs()
		at := make([]int32, len(a))
		var b []relation.Expr
		if l.Table.IsFunction() {
			b = l.Cols[1].Exprs()
		}
		for k := range a {
			s := site{kind: query, x: &a[k]}
			if b != nil {
				s.b = &b[k]
			}
			_, elsewhere := p.differences[p.key(&a[k])] // then its denominator follows from the difference
			switch {
			case elsewhere:
				at[k] = p.site(s)
			case s.b == nil || len(s.b.Terms) == 0:
				at[k] = p.site(s, a[k].Terms)
			case len(a[k].Terms) != 1 || p.column(&a[k].Terms[0]) < 0 || p.has(s.b, p.column(&a[k].Terms[0])):
				at[k] = p.site(s)
			default:
				at[k] = p.functionSite(s)
			}
		}
		p.denominators = append(p.denominators, at)
	}
}

// key names what an expression of two columns or more is up to its constant.
func (p *places) key(x *relation.Expr) string {
	if len(x.Terms) < 2 {
		return ""
	}
	b := make([]byte, 0, 16*len(x.Terms))
	for _, m := range x.Terms {
		b = binary.LittleEndian.AppendUint32(b, uint32(m.Block.ID))
		b = binary.LittleEndian.AppendUint32(b, uint32(m.Index))
		b = binary.LittleEndian.AppendUint64(b, uint64(m.Coef))
	}
	return string(b)
}

// column returns the number of a term's column, -1 if it has none.
func (p *places) column(m *relation.Term) int {
	if f := p.first[m.Block.ID]; f >= 0 && m.Coef != 0 {
		return f + m.Index
	}
	return -1
}

// site adds a site that could commit a column of these terms and returns its number.
func (p *places) site(s site, terms ...[]relation.Term) int32 {
	var columns []int
	for _, t := range terms {
		for i := range t {
			if c := p.column(&t[i]); c >= 0 {
				columns = append(columns, c)
			}
		}
	}
	slices.Sort(columns)
	columns = slices.Compact(columns)
	s.open, s.column, s.only, s.wire = len(columns), -1, -1, none
	for _, c := range columns {
		s.left ^= c
		p.of[c] = append(p.of[c], int32(len(p.sites)))
		p.rows[c]++
	}
	p.sites = append(p.sites, s)
	return int32(len(p.sites) - 1)
}

// functionSite adds the site of a query (x, b) that could commit x, when the columns of b are
// known: its row has Y·b.
func (p *places) functionSite(s site) int32 {
	at := p.site(s, s.x.Terms, s.b.Terms)
	p.sites[at].only = p.column(&s.x.Terms[0])
	for i := range s.b.Terms {
		if c := p.column(&s.b.Terms[i]); c >= 0 {
			p.rows[c]--
		}
	}
	return at
}

func (p *places) has(x *relation.Expr, c int) bool {
	return slices.ContainsFunc(x.Terms, func(m relation.Term) bool { return p.column(&m) == c })
}

// settle gives each column its place.
func (p *places) settle() {
	fixed := make([]bool, p.columns) // computed by products
	for id, c := range p.e.computed {
		if c >= 0 {
			for k := range p.e.Sys.Blocks[id].Size() {
				fixed[p.first[id]+k] = true
			}
		}
	}
	var queue []int32
	done := func(c int) {
		p.settled[c] = true
		for _, i := range p.of[c] {
			s := &p.sites[i]
			s.open--
			s.left ^= c
			if s.open == 1 {
				queue = append(queue, i)
			}
		}
	}
	run := func() {
		for len(queue) > 0 {
			i := queue[0]
			queue = queue[1:]
			s := &p.sites[i]
			if s.open != 1 || fixed[s.left] != (s.kind == result) || s.only >= 0 && s.only != s.left {
				continue
			}
			if s.kind != result {
				p.at[s.left], s.column = i, s.left
			}
			done(s.left)
		}
	}
	// Range checks before functions, for there a column stands alone; and before these what no row
	// could commit.
	for i := range p.sites {
		if s := &p.sites[i]; s.open == 1 && s.only < 0 {
			queue = append(queue, int32(i))
		}
	}
	for c := range p.columns {
		if p.rows[c] == 0 && !fixed[c] {
			done(c)
		}
	}
	for i := range p.sites {
		if s := &p.sites[i]; s.open == 1 && s.only >= 0 {
			queue = append(queue, int32(i))
		}
	}
	run()
	order := make([]int, p.columns)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.rows[b], p.rows[a]) })
	for _, c := range order {
		if !p.settled[c] && !fixed[c] {
			done(c)
			run()
		}
	}
}

// value returns what stands for a column: its wire, or what the row says that commits it.
func (p *places) value(b *relation.Block, i int) *sum {
	c := p.first[b.ID] + i
	if p.values[c] != nil {
		return p.values[c]
	}
	e := p.e
	switch f := p.e.computed[b.ID]; {
	case f >= 0:
		x, y := &p.factors[f][0][i], &p.factors[f][1][i]
		p.values[c] = e.rows.sum(e.api.Mul(e.expr(x), e.expr(y)))
	case p.at[c] < 0:
		p.values[c] = of1(e.rows.commit(e.secret[e.blocks[b.ID]+i]))
	default:
		p.write(p.at[c])
	}
	return p.values[c]
}

// write writes a site's row, once, and returns the wire it makes.
func (p *places) write(at int32) uint32 {
	s, e := &p.sites[at], p.e
	if s.wire != none {
		return s.wire
	}
	if s.column >= 0 && p.values[s.column] != nil { // a statement that makes no wire
		return none
	}
	if s.busy { // settle excludes it; else this would not end
		panic("gadget: columns that stand for each other")
	}
	s.busy = true
	x := *s.x
	if s.kind == difference {
		x.Const = 0
	}
	rest, column := p.without(&x, s.column)
	if s.kind == query && column == nil {
		rest = e.rows.sum(e.expr(&x))
	}
	var last *sum
	switch s.kind {
	case zero:
		last = e.rows.zero(rest, column)
	case difference:
		s.wire, last = e.rows.define(rest, column)
	case query:
		rest = e.rows.sum(e.api.Sub(e.lookupPoint(s.b), rest))
		if column != nil {
			column.k.Neg(&column.k)
		}
		s.wire, last = e.rows.define(rest, column)
	}
	if column != nil { // last + k·column = wire
		var to, over fr.Element
		if s.wire != none {
			to.SetOne()
		}
		over.Inverse(&column.k)
		v := e.rows.sum(e.api.Sub(&sum{terms: []term{{s.wire, to, none}}}, last)).scaled(&over)
		if len(v.terms) > 2 && p.rows[s.column] > 2 { // in many rows a wire is cheaper
			v = of1(e.rows.wire(v))
		}
		p.values[s.column] = v
	}
	return s.wire
}

// without returns an expression without column c, and what c's place is in a row with it: of
// c = -1 all, and nil.
func (p *places) without(x *relation.Expr, c int) (*sum, *placed) {
	if c < 0 {
		return p.e.rows.sum(p.e.linearly(x)), nil
	}
	rest := &relation.Expr{Const: x.Const}
	var at *placed
	for _, m := range x.Terms {
		if p.column(&m) != c {
			rest.Terms = append(rest.Terms, m)
			continue
		}
		at = &placed{secret: p.e.rows.of(p.e.secret[p.e.blocks[m.Block.ID]+m.Index])}
		at.k.SetInt64(m.Coef)
	}
	return p.e.rows.sum(p.e.linearly(rest)), at
}
