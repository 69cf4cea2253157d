package relation

import "github.com/nnark/nnark/fixedpoint"

// Gather says: for every i, the tuple (Cols[0][i], Cols[1][i], …) is row Key[i] of W, and Key[i]
// one of W's rows. Other statements must bound Cols; this one bounds Key.
type Gather struct {
	Node string
	Key  Tensor
	Cols []Tensor // one a column of W
	W    *Block   // of parameters, [rows, columns]
}

// Member says: every element of Query is an element of Rows.
type Member struct {
	Node        string
	Query, Rows Tensor
}

// Gather adds a [Gather] statement.
func (b *Builder) Gather(key Tensor, cols []Tensor, w *Block) {
	b.grow(key.Size() * (1 + len(cols)))
	b.sys.Gathers = append(b.sys.Gathers, Gather{b.node, key, cols, w})
}

// Member adds a [Member] statement.
func (b *Builder) Member(query, rows Tensor) {
	b.grow(query.Size() + rows.Size())
	b.sys.Members = append(b.sys.Members, Member{b.node, query, rows})
}

// keys lists what the Gathers say of their keys.
func (s *System) keys(known *expansions) (facts []fact) {
	for i, g := range s.Gathers {
		facts = append(facts, fact{g.Node, known.keys[i], fixedpoint.Interval{Lo: 0, Hi: int64(g.W.Shape[0]) - 1}})
	}
	return facts
}

// refineMembers narrows the queries to what their rows can be.
func (s *System) refineMembers(known *expansions) (changed bool) {
	for _, m := range known.members {
		var all fixedpoint.Interval
		bounded := true
		for i := range m[1] {
			r, ok := s.Interval(&m[1][i])
			if bounded = bounded && ok; i == 0 {
				all = r
			}
			all = all.Union(r)
		}
		if !bounded {
			continue
		}
		for i := range m[0] {
			changed = s.refine(&m[0][i], all) || changed
		}
	}
	return changed
}
