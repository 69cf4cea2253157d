package relation

import (
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/fixedpoint"
)

// unbounded marks an element no statement has bounded yet.
var unbounded = fixedpoint.Interval{Lo: math.MinInt64, Hi: math.MaxInt64}

// maxInteger bounds every integer of a proof: far below r/2 ≈ 2^253 and below what an
// int64 holds, so that neither the field nor the native arithmetic wraps.
const maxInteger = 1 << 62

// maxPasses ends the derivation of bounds; any intermediate state is sound.
const maxPasses = 16

// bound derives Bounds from the statements: a lookup gives the interval of an expression;
// where all its terms but one are bounded and that one's coefficient is ±1, the term is
// bounded too (another coefficient would leave fractions of the field). It repeats until
// nothing changes.
//
// Soundness: Bounds holds for every witness that satisfies the statements, honest or not.
// What is derived, and from what, is an implication over the integers because every
// interval involved is below 2^62.
//
// Bounds of Deferred and Param blocks stay unbounded: nothing may rest on them.
func (s *System) bound() error {
	s.Bounds = make([][]fixedpoint.Interval, len(s.Blocks))
	for i, b := range s.Blocks {
		s.Bounds[i] = make([]fixedpoint.Interval, b.Size())
		for k := range s.Bounds[i] {
			s.Bounds[i][k] = unbounded
		}
	}
	type fact struct {
		exprs []Expr
		in    fixedpoint.Interval
	}
	var facts []fact
	for _, l := range s.Lookups {
		for k, col := range l.Cols {
			in := l.Table.column(k)
			if k == 0 && l.Table.IsFunction() && l.Cols[1].IsConst() {
				hull, ok := l.Table.preimage(l.Cols[1].cst)
				if !ok {
					return fmt.Errorf("table %s never takes the value %d: %w", l.Table.Name, l.Cols[1].cst, ErrRange)
				}
				in = hull
			}
			facts = append(facts, fact{col.Exprs(), in})
		}
	}
	for _, z := range s.Zeros {
		facts = append(facts, fact{z.T.Exprs(), fixedpoint.Interval{}})
	}
	products := make([][3][]Expr, len(s.Products))
	for i, p := range s.Products {
		products[i] = [3][]Expr{p.A.Exprs(), p.B.Exprs(), p.C.Exprs()}
	}
	for pass, changed := 0, true; changed && pass < maxPasses; pass++ {
		changed = false
		for _, f := range facts {
			for i := range f.exprs {
				changed = s.refine(&f.exprs[i], f.in) || changed
			}
		}
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
	return nil
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

func (s *System) checkBounds() error {
	for i, b := range s.Blocks {
		if b.Kind != Column || slices.Contains(s.unbounded, b) {
			continue
		}
		for k, in := range s.Bounds[i] {
			if in == unbounded {
				return fmt.Errorf("%s: no statement bounds element %d: %w", b.Name, k, ErrRange)
			}
		}
	}
	return nil
}

// refine narrows the elements of e, given that e lies in the interval.
func (s *System) refine(e *Expr, in fixedpoint.Interval) (changed bool) {
	open := -1 // the only unbounded term
	for i, m := range e.Terms {
		if s.Bounds[m.Block.ID][m.Index] != unbounded {
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
	lo, hi := in.Lo-r.Hi, in.Hi-r.Lo // m.Coef·x ∈ [lo,hi]
	if m.Coef < 0 {
		lo, hi = -hi, -lo
	}
	x := &s.Bounds[m.Block.ID][m.Index]
	n := fixedpoint.Interval{Lo: max(lo, x.Lo), Hi: min(hi, x.Hi)}
	if n == *x || n.Lo <= -maxInteger || n.Hi >= maxInteger {
		return false
	}
	*x = n
	return true
}

// Interval returns the interval of an expression; ok is false if a term is unbounded or
// the interval reaches 2^62.
func (s *System) Interval(e *Expr) (r fixedpoint.Interval, ok bool) { return s.interval(e, -1) }

// interval is [System.Interval] of e without term skip.
func (s *System) interval(e *Expr, skip int) (r fixedpoint.Interval, ok bool) {
	lo, hi := float64(e.Const), float64(e.Const)
	r = fixedpoint.Interval{Lo: e.Const, Hi: e.Const}
	for i, m := range e.Terms {
		x := s.Bounds[m.Block.ID][m.Index]
		if i == skip {
			continue
		}
		if x == unbounded {
			return r, false
		}
		a, b := x.Lo, x.Hi
		if m.Coef < 0 {
			a, b = b, a
		}
		lo, hi = lo+float64(m.Coef)*float64(a), hi+float64(m.Coef)*float64(b)
		if lo < -maxInteger || hi > maxInteger {
			return r, false
		}
		r.Lo, r.Hi = r.Lo+m.Coef*a, r.Hi+m.Coef*b
	}
	return r, true
}

func mulInterval(x, y fixedpoint.Interval) (r fixedpoint.Interval, ok bool) {
	r = fixedpoint.Interval{Lo: math.MaxInt64, Hi: math.MinInt64}
	for _, a := range [2]int64{x.Lo, x.Hi} {
		for _, b := range [2]int64{y.Lo, y.Hi} {
			if math.Abs(float64(a))*math.Abs(float64(b)) >= maxInteger {
				return r, false
			}
			r.Lo, r.Hi = min(r.Lo, a*b), max(r.Hi, a*b)
		}
	}
	return r, true
}
