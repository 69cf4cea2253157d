package gadget

import (
	"fmt"
	"math/big"

	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"

	"github.com/nnark/nnark/circuits/relation"
)

// Gathering is the relation.Gathers of one matrix of parameters, planned. Each row of the matrix
// is packed into one field element or a few, its parts.
//
// Cost: a constraint a part of each row, and one a part of each gathered row, with one more for
// its key where that is no constant. Under PLONK a row takes three gates.
//
// Soundness: row j's part p is the tuple (j, w) of a number that is the circuit's and of a packed
// weight. Each part has an argument of its own, as [engine.lookups] describes it, which says that the
// tuple of each key and its packed columns is one of this part's. (In one argument for all parts, of
// tuples (j·parts + p, w), a key between two rows would take parts of both.) So a key is the number of
// a row, with one packed row, whatever the weights are that somebody committed to, and the row has one
// set of columns: as in a contraction, these lie in intervals that
// other statements enforce, whose widths are the digits' bases. A row whose weights are not packed
// small integers can be read as columns in one way at most, or in none.
type Gathering struct {
	W     *relation.Block
	uses  []*relation.Gather
	part  []int      // of each column
	place []*big.Int // of each column in its part
	parts int
	first int // the first packed weight among the circuit's
	at    int // the first multiplicity among the secret inputs
}

// Node names the graph node whose matrix it is.
func (g *Gathering) Node() string { return g.uses[0].Node }

// Describe names the strategy, for inspection.
func (g *Gathering) Describe() string {
	if g.parts == 1 {
		return fmt.Sprintf("gathered from %d rows", g.rows())
	}
	return fmt.Sprintf("gathered from %d rows of %d elements", g.rows(), g.parts)
}

func (g *Gathering) rows() int     { return g.W.Shape[0] }
func (g *Gathering) elements() int { return g.rows() * g.parts }

// planGathers groups the statements by matrix and packs its columns.
func (p *Plan) planGathers() error {
	of := map[*relation.Block]*Gathering{}
	for i := range p.Sys.Gathers {
		s := &p.Sys.Gathers[i]
		g := of[s.W]
		if g == nil {
			g = &Gathering{W: s.W}
			of[s.W] = g
			p.Gatherings = append(p.Gatherings, g)
		}
		g.uses = append(g.uses, s)
	}
	for _, g := range p.Gatherings {
		limit := new(big.Int).Lsh(big.NewInt(1), 253)
		used := big.NewInt(1)
		for k := range g.W.Shape[1] {
			base := big.NewInt(1)
			for _, s := range g.uses {
				width, err := p.outputBase(s.Cols[k])
				if err != nil {
					return fmt.Errorf("%s: column %d: %w", s.Node, k, err)
				}
				if width.Cmp(base) > 0 {
					base = width
				}
			}
			next := new(big.Int).Mul(used, base)
			if k == 0 || next.Cmp(limit) > 0 {
				g.parts++
				used, next = big.NewInt(1), base
			}
			g.part, g.place = append(g.part, g.parts-1), append(g.place, used)
			used = next
		}
		g.first = p.weights
		if !p.Baked {
			p.weights += g.elements()
		}
	}
	return nil
}

// pack returns the packed parts of all rows, row by row.
func (g *Gathering) pack() []*big.Int {
	w, cols := g.W.Values(), g.W.Shape[1]
	out := make([]*big.Int, g.elements())
	var t big.Int
	for j := range g.rows() {
		for p := range g.parts {
			out[j*g.parts+p] = new(big.Int)
		}
		for k := range cols {
			sum := out[j*g.parts+g.part[k]]
			sum.Add(sum, t.Mul(g.place[k], big.NewInt(w[j*cols+k])))
		}
	}
	return out
}

// queries counts the gathered parts.
func (g *Gathering) queries() (n int) {
	for _, s := range g.uses {
		n += s.Key.Size() * g.parts
	}
	return n
}

// count adds up how often each part of each row is gathered.
func (g *Gathering) count(a *relation.Assignment, add func(i int)) error {
	w, cols := g.W.Values(), g.W.Shape[1]
	for _, s := range g.uses {
		keys := a.Eval(s.Key)
		for k, c := range s.Cols {
			for i, v := range a.Eval(c) {
				if j := keys[i]; j < 0 || j >= int64(g.rows()) || w[int(j)*cols+k] != v {
					return fmt.Errorf("%s: %d is not column %d of row %d: %w", s.Node, v, k, j, relation.ErrRange)
				}
			}
		}
		for _, j := range keys {
			for p := range g.parts {
				add(int(j)*g.parts + p)
			}
		}
	}
	return nil
}

// sums is one log-derivative argument: what is asked for, and the rows there are, as X - a - Y·b.
type sums struct {
	queries, rows, counts []frontend.Variable
}

// gathering returns the arguments of a matrix, one for each part of its rows.
func (e *engine) gathering(g *Gathering) []sums {
	x, y := e.points()
	all := make([]sums, g.parts)
	for _, u := range g.uses {
		keys := e.tensor(u.Key)
		packed := make([][]frontend.Variable, len(keys)*g.parts)
		for k, c := range u.Cols {
			for i, v := range e.tensor(c) {
				at := i*g.parts + g.part[k]
				packed[at] = append(packed[at], e.api.Mul(v, g.place[k]))
			}
		}
		for i, key := range keys {
			at := e.api.Sub(x, e.api.Mul(key, y))
			for p := range all {
				all[p].queries = append(all[p].queries, e.api.Sub(at, e.sum(packed[i*g.parts+p])))
			}
		}
	}
	var baked []*big.Int
	if e.Baked {
		baked = g.pack()
	}
	for i := range g.elements() {
		var w frontend.Variable
		switch {
		case e.Baked:
			w = baked[i]
		case e.Plonk:
			w = e.weight(g.first+i, false)
		default:
			w = e.secret[g.first+i]
		}
		s := &all[i%g.parts]
		s.rows = append(s.rows, e.api.Sub(e.api.Sub(x, e.api.Mul(y, i/g.parts)), w))
		s.counts = append(s.counts, e.secret[g.at+i])
	}
	return all
}

// member returns the argument of relation.Member i.
func (e *engine) member(i int) (s sums) {
	x, _ := e.points()
	m := &e.Sys.Members[i]
	for _, q := range e.tensor(m.Query) {
		s.queries = append(s.queries, e.api.Sub(x, q))
	}
	for k, r := range e.tensor(m.Rows) {
		s.rows = append(s.rows, e.api.Sub(x, r))
		s.counts = append(s.counts, e.secret[e.members[i]+k])
	}
	return s
}

// balance states Σ 1/query = Σ count/row.
func (e *engine) balance(s sums) {
	if e.Plonk {
		wire := func(v frontend.Variable) uint32 { return e.rows.wire(e.rows.sum(v)) }
		var den, rows, zeros []uint32
		for _, q := range s.queries {
			den = append(den, wire(q))
		}
		for _, r := range s.rows {
			rows, zeros = append(rows, wire(r)), append(zeros, constraint.CoeffIdZero)
		}
		e.balancePlonk(den, rows, zeros, s.counts)
		return
	}
	num := make([]frontend.Variable, 0, len(s.queries)+len(s.rows))
	for range s.queries {
		num = append(num, 1)
	}
	for _, c := range s.counts {
		num = append(num, e.api.Neg(c))
	}
	e.zero(e.sum(e.quotients(num, append(s.queries, s.rows...))))
}

// countMembers adds up which rows the queries of a relation.Member equal.
func countMembers(a *relation.Assignment, m *relation.Member, add func(i int)) error {
	at := map[int64]int{}
	for i, v := range a.Eval(m.Rows) {
		if _, twice := at[v]; !twice {
			at[v] = i
		}
	}
	for _, v := range a.Eval(m.Query) {
		i, ok := at[v]
		if !ok {
			return fmt.Errorf("%s: %d is not among the values it is to be one of: %w", m.Node, v, relation.ErrRange)
		}
		add(i)
	}
	return nil
}
