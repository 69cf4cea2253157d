package relation

import (
	"fmt"
	"slices"

	"github.com/nnark/nnark/fixedpoint"
)

// checkExpressions fails unless every expression of every statement has an interval inside
// the limit, with the node's name.
//
// Soundness: a statement is checked modulo r. Put for each column the one integer of its
// interval that it is congruent to. Then both sides of a lookup or a zero are integers below
// 2^62, of a product a·b = c below 2^124, and of a contraction or a product of matrices sums
// of at most 2^26 products of 64-bit integers, below 2^153: two such integers that are
// congruent modulo r > 2^253 are equal. So every statement holds over the integers, and
// exactly the integers that Eval computes satisfy it. In particular no 2^s·q + r can reach
// its table by another q.
//
// Two kinds of block have no interval. The columns that a test of zero multiplies up
// (Builder.Max) are only ever factors of each other and of a product that is zero: over a
// field, that is zero only if one of the first factors is, and those have intervals. A
// Deferred block is no more than a name for what a contraction of bounded integers gives.
func (s *System) checkExpressions(facts []fact, products [][3][]Expr) error {
	for _, f := range facts {
		if err := s.inside(f.node, f.exprs); err != nil {
			return err
		}
	}
	for i, p := range s.Products {
		for k, t := range [3]Tensor{p.A, p.B, p.C} {
			if slices.Contains(s.unbounded, t.Block()) && s.testsZero(p.C) {
				continue
			}
			if err := s.inside(p.Node, products[i][k]); err != nil {
				return err
			}
		}
	}
	for _, c := range s.Contracts {
		if err := s.allInside(c.Node, c.X, c.Out); err != nil {
			return err
		}
	}
	for _, m := range s.MatMuls {
		if err := s.allInside(m.Node, m.A, m.B, m.Out); err != nil {
			return err
		}
	}
	for _, g := range s.Gathers {
		if err := s.allInside(g.Node, g.Cols...); err != nil {
			return err
		}
	}
	for _, m := range s.Members {
		if err := s.allInside(m.Node, m.Query, m.Rows); err != nil {
			return err
		}
	}
	for _, e := range s.Exposes {
		if !inside(e.Interval.Lo) || !inside(e.Interval.Hi) || e.Interval.IsEmpty() {
			return fmt.Errorf("%s: exposed in %v: %w", e.Name, e.Interval, ErrRange)
		}
		if err := s.allInside(e.Name, e.T); err != nil {
			return err
		}
	}
	return nil
}

// testsZero reports whether a product's result is zero, or a column that only such
// products use.
func (s *System) testsZero(c Tensor) bool {
	return c.IsConst() && c.cst == 0 || slices.Contains(s.unbounded, c.Block())
}

func (s *System) allInside(node string, ts ...Tensor) error {
	for _, t := range ts {
		if b := t.Block(); b != nil && b.Kind == Deferred {
			continue
		}
		exprs, err := expand(node, t)
		if err != nil {
			return err
		}
		if err := s.inside(node, exprs); err != nil {
			return err
		}
	}
	return nil
}

func (s *System) inside(node string, exprs []Expr) error {
	for i := range exprs {
		if _, ok := s.Interval(&exprs[i]); !ok {
			return fmt.Errorf("%s: element %d of a statement could reach 2^62, or rests on an unbounded column: %w", node, i, ErrRange)
		}
	}
	return nil
}

// MaxRows bounds the rows of a table.
const MaxRows = 1 << 20

// maxElements bounds the elements of all blocks, tables and statements together: beyond
// it no circuit fits the domain of a proof, 2^28.
const maxElements = 1 << 28

// validDomain returns an error if a table over the domain would be too long, or its values
// too large.
func validDomain(name string, d fixedpoint.Interval) error {
	switch {
	case d.IsEmpty() || !inside(d.Lo) || !inside(d.Hi):
		return fmt.Errorf("table %s over %v: %w", name, d, ErrRange)
	case d.Width() >= MaxRows:
		return fmt.Errorf("table %s over %v has more than 2^20 rows: %w", name, d, ErrSize)
	}
	return nil
}
