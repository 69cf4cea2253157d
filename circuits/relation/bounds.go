package relation

import (
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/fixedpoint"
)

// unbounded marks an element no statement has bounded yet.
var unbounded = fixedpoint.Interval{Lo: math.MinInt64, Hi: math.MaxInt64}

// maxPasses ends the derivation of bounds; any intermediate state is sound.
const maxPasses = 16

// fact is what a lookup or a zero says: every expression lies in the interval.
type fact struct {
	node  string
	exprs []Expr
	in    fixedpoint.Interval
}

// bound derives Bounds from the statements: a lookup gives the interval of an expression;
// where all its terms but one are bounded and that one's coefficient is ±1, the term is
// bounded too (another coefficient would leave fractions of the field). It repeats until
// nothing changes.
//
// Soundness: Bounds holds for every witness that satisfies the statements, honest or not:
// each column is congruent modulo r to exactly one integer of its interval. For a lookup
// says that an expression is congruent to an integer of the table's; where all other terms
// are congruent to integers of theirs, so is ±x to the difference, an integer of the
// interval derived. That step adds and multiplies congruences, which is right whatever their
// sizes; two such integers of one column, from two statements, are equal because both are
// below 2^62, far below r/2. That the statements then hold for these integers themselves,
// not only modulo r, is what [System.checkExpressions] makes sure of.
//
// Bounds of Deferred and Param blocks stay unbounded: nothing may rest on them. It returns
// the expressions of lookups, zeros and products.
func (s *System) bound(known *expansions) (facts []fact, products [][3][]Expr, err error) {
	s.Bounds = make([][]fixedpoint.Interval, len(s.Blocks))
	for i, b := range s.Blocks {
		if b.Kind != Param { // of which there are many, and few are ever bounded
			s.Bounds[i] = allUnbounded(b.Size())
		}
	}
	if err = known.extend(s); err != nil {
		return nil, nil, err
	}
	if facts, err = s.facts(known); err != nil {
		return nil, nil, err
	}
	products = known.products
	for pass, changed := 0, true; changed && pass < maxPasses; pass++ {
		changed = false
		for _, f := range facts {
			for i := range f.exprs {
				changed = s.refine(&f.exprs[i], f.in) || changed
			}
		}
		changed = s.refineMembers(known) || changed
		for _, p := range products {
			for i := range p[0] {
				x, okX := s.Interval(&p[0][i])
				y, okY := s.Interval(&p[1][i])
				if z, ok := mulInterval(x, y); okX && okY && ok {
					changed = s.refine(&p[2][i], z) || changed
				}
			}
		}
	}
	return facts, products, nil
}

// boundRest bounds the elements of accumulators that no statement bounds yet, and reports
// whether there are any.
func (b *Builder) boundRest() (any bool) {
	for _, k := range b.honest {
		var rest []int
		for i, in := range b.sys.Bounds[k.t.Block().ID] {
			if in == unbounded {
				rest = append(rest, i)
			}
		}
		if len(rest) > 0 {
			b.node, any = k.name, true
			b.NonNegative(k.t.Gather([]int{len(rest)}, rest).PlusConst(-k.in.Lo), k.in.Hi-k.in.Lo)
		}
	}
	return any
}

// boundWithin checks what [Builder.Within] says and the bounds do not, and reports whether there is
// any. The rest is looked at again: checks may lengthen tables.
func (b *Builder) boundWithin() (any bool) {
	all := b.within
	b.within = nil
	for _, r := range all {
		var open, closed []int
		exprs, _ := r.t.exprs()
		for i := range exprs {
			if in, ok := b.sys.Interval(&exprs[i]); ok && in.Lo >= 0 {
				closed = append(closed, i)
			} else {
				open = append(open, i)
			}
		}
		of := func(index []int) atLeast { return atLeast{r.t.Gather([]int{len(index)}, index), r.bound, r.name} }
		if len(open) > 0 {
			b.atLeast, any = append(b.atLeast, of(open)), true
		}
		if len(closed) > 0 {
			b.within = append(b.within, of(closed))
		}
	}
	return any
}

// expansions holds the expressions of a system's statements, of which there are more from
// one derivation of bounds to the next.
type expansions struct {
	lookups  [][][]Expr // by column
	zeros    [][]Expr
	products [][3][]Expr
	keys     [][]Expr    // of Gathers
	members  [][2][]Expr // queries and rows
}

// extend expands the statements that are new.
func (e *expansions) extend(s *System) error {
	for _, l := range s.Lookups[len(e.lookups):] {
		cols := make([][]Expr, len(l.Cols))
		for k, col := range l.Cols {
			var err error
			if cols[k], err = expand(l.Node, col); err != nil {
				return err
			}
		}
		e.lookups = append(e.lookups, cols)
	}
	for _, z := range s.Zeros[len(e.zeros):] {
		exprs, err := expand(z.Node, z.T)
		if err != nil {
			return err
		}
		e.zeros = append(e.zeros, exprs)
	}
	for _, p := range s.Products[len(e.products):] {
		var exprs [3][]Expr
		for k, t := range [3]Tensor{p.A, p.B, p.C} {
			var err error
			if exprs[k], err = expand(p.Node, t); err != nil {
				return err
			}
		}
		e.products = append(e.products, exprs)
	}
	for _, g := range s.Gathers[len(e.keys):] {
		exprs, err := expand(g.Node, g.Key)
		if err != nil {
			return err
		}
		e.keys = append(e.keys, exprs)
	}
	for _, m := range s.Members[len(e.members):] {
		query, err := expand(m.Node, m.Query)
		if err != nil {
			return err
		}
		rows, err := expand(m.Node, m.Rows)
		if err != nil {
			return err
		}
		e.members = append(e.members, [2][]Expr{query, rows})
	}
	return nil
}

// facts lists what the lookups and zeros say.
func (s *System) facts(known *expansions) ([]fact, error) {
	var facts []fact
	for i, l := range s.Lookups {
		for k := range l.Cols {
			in, ok := l.Table.column(k)
			if ok && k == 0 && l.Table.IsFunction() && l.Cols[1].IsConst() {
				in, ok = l.Table.preimage(l.Cols[1].cst)
			}
			if !ok {
				return nil, fmt.Errorf("%s: table %s has values beyond 2^62, or not %d: %w", l.Node, l.Table.Name, l.Cols[len(l.Cols)-1].cst, ErrRange)
			}
			facts = append(facts, fact{l.Node, known.lookups[i][k], in})
		}
	}
	for i, z := range s.Zeros {
		facts = append(facts, fact{z.Node, known.zeros[i], fixedpoint.Interval{}})
	}
	return append(facts, s.keys(known)...), nil
}

// expand is [Tensor.Exprs] for a statement of a node.
func expand(node string, t Tensor) ([]Expr, error) {
	exprs, ok := t.exprs()
	if !ok {
		return nil, fmt.Errorf("%s: a coefficient of a statement over %v reaches 2^62: %w", node, t.Shape, ErrRange)
	}
	return exprs, nil
}

func (s *System) checkBounds() error {
	for i, b := range s.Blocks {
		if b.Kind != Column && b.Kind != Weight {
			continue
		}
		tested := slices.Contains(s.unbounded, b)
		for k, in := range s.Bounds[i] {
			if in == unbounded && !tested {
				return fmt.Errorf("%s: no statement bounds element %d: %w", b.Name, k, ErrRange)
			}
			if in.IsEmpty() {
				return fmt.Errorf("%s: the statements leave no value for element %d: %w", b.Name, k, ErrRange)
			}
		}
	}
	return nil
}

// refine narrows the elements of e, given that e lies in the interval.
func (s *System) refine(e *Expr, in fixedpoint.Interval) (changed bool) {
	open := -1 // the only unbounded term
	for i, m := range e.Terms {
		if s.boundOf(&m) != unbounded {
			continue
		}
		if open >= 0 {
			return false
		}
		open = i
	}
	if open >= 0 {
		return s.refineTerm(e, open, in)
	}
	if len(e.Terms) <= 4 { // narrowing what is bounded already pays for short ones only
		for i := range e.Terms {
			changed = s.refineTerm(e, i, in) || changed
		}
	}
	return changed
}

// refineTerm narrows term i of e by what the others leave of the interval.
func (s *System) refineTerm(e *Expr, i int, in fixedpoint.Interval) (changed bool) {
	m := e.Terms[i]
	if m.Coef != 1 && m.Coef != -1 {
		return false
	}
	r, ok := s.interval(e, i)
	if !ok {
		return false
	}
	lo, hi := in.Lo-r.Hi, in.Hi-r.Lo // m.Coef·x ∈ [lo,hi]; all four are inside the limit
	if m.Coef < 0 {
		lo, hi = -hi, -lo
	}
	x := s.boundOf(&m)
	n := fixedpoint.Interval{Lo: max(lo, x.Lo), Hi: min(hi, x.Hi)}
	if n == x || !inside(n.Lo) || !inside(n.Hi) {
		return false
	}
	if s.Bounds[m.Block.ID] == nil {
		s.Bounds[m.Block.ID] = allUnbounded(m.Block.Size())
	}
	s.Bounds[m.Block.ID][m.Index] = n
	return true
}

// boundOf is the interval of a term's element.
func (s *System) boundOf(m *Term) fixedpoint.Interval {
	if b := s.Bounds[m.Block.ID]; b != nil {
		return b[m.Index]
	}
	return unbounded
}

func allUnbounded(n int) []fixedpoint.Interval {
	b := make([]fixedpoint.Interval, n)
	for k := range b {
		b[k] = unbounded
	}
	return b
}

// Interval returns the interval of an expression; ok is false if a term is unbounded or
// the absolute values of the constant and the terms could add up to 2^62. So no sum of some
// of them, in whatever order, reaches that.
func (s *System) Interval(e *Expr) (r fixedpoint.Interval, ok bool) { return s.interval(e, -1) }

// interval is [System.Interval] of e without term skip.
func (s *System) interval(e *Expr, skip int) (r fixedpoint.Interval, ok bool) {
	r = fixedpoint.Point(e.Const)
	total := magnitude(e.Const)
	for i := range e.Terms {
		if i == skip {
			continue
		}
		m := &e.Terms[i]
		x := s.boundOf(m)
		if x == unbounded {
			return r, false
		}
		a, okA := times(m.Coef, x.Lo)
		b, okB := times(m.Coef, x.Hi)
		if total += max(magnitude(a), magnitude(b)); !okA || !okB || total >= limit {
			return r, false
		}
		r.Lo, r.Hi = r.Lo+min(a, b), r.Hi+max(a, b)
	}
	return r, total < limit
}

func mulInterval(x, y fixedpoint.Interval) (r fixedpoint.Interval, ok bool) {
	r = fixedpoint.Interval{Lo: math.MaxInt64, Hi: math.MinInt64}
	for _, a := range [2]int64{x.Lo, x.Hi} {
		for _, b := range [2]int64{y.Lo, y.Hi} {
			p, ok := times(a, b)
			if !ok {
				return r, false
			}
			r.Lo, r.Hi = min(r.Lo, p), max(r.Hi, p)
		}
	}
	return r, true
}
