package gadget

import (
	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"

	"github.com/nnark/nnark/circuits/relation"
)

// lookups adds the lookup argument of every table (log-derivative, [Haböck22]): with
// multiplicities m_t counted before the challenge,
//
//	Σ_queries 1/(X - q) = Σ_rows m_t/(X - t),
//
// where a tuple (a, b) stands for a + Y·b. Each table has its own sum: a tag added to the
// tuple would not keep tables apart, because the queried expressions are unbounded until
// this very check bounds them.
//
// Cost under Groth16: one constraint for a query of one column (or whose second is a
// constant), two for a function, one for a row, one for a table. Under PLONK see
// lookupTablePlonk.
//
// Soundness: as functions of (X, Y) the two sides are equal only if every query is a row:
// a pole on the left at X = a + Y·b needs one on the right, and their number is far below
// r, so no multiplicities cancel. Multiplied out, the difference is a polynomial of degree
// below N = (queries + rows) in each variable. Y = z, X = z^(2^k), 2^k > N, keeps its
// monomials distinct, so a false statement survives with probability < N·2^k/r over z, and
// z depends on every query and multiplicity (funnel.go). At another N·2^k of the z at most,
// a denominator is zero.
//
// [Haböck22]: https://eprint.iacr.org/2022/1530
func (e *engine) lookups() {
	for i, t := range e.Sys.Tables {
		if e.Plonk {
			e.lookupTablePlonk(i, t)
		} else {
			e.lookupTable(i, t)
		}
	}
	for _, g := range e.Gatherings {
		for _, part := range e.gathering(g) {
			e.balance(part)
		}
	}
	for i := range e.Sys.Members {
		e.balance(e.member(i))
	}
}

// points returns X and Y.
func (e *engine) points() (x, y frontend.Variable) {
	return e.pow(lookupPower(e.mostFractions()), 1), e.z
}

// queries counts the queries of table i.
func (p *Plan) queries(i int) (n int) {
	for _, l := range p.Sys.Lookups {
		if l.Table == p.Sys.Tables[i] {
			n += l.Cols[0].Size()
		}
	}
	return n
}

func (e *engine) lookupTable(i int, t *relation.Table) {
	x, y := e.points()
	var all sums
	for _, l := range e.Sys.Lookups {
		if l.Table != t {
			continue
		}
		a := e.tensor(l.Cols[0])
		var b []frontend.Variable
		if t.IsFunction() {
			b = e.tensor(l.Cols[1])
		}
		for k := range a {
			d := e.api.Sub(x, a[k])
			if b != nil {
				d = e.api.Sub(d, e.api.Mul(b[k], y))
			}
			all.queries = append(all.queries, d)
		}
	}
	for k := range t.Len() {
		v := t.Domain.Lo + int64(k)
		d := e.api.Sub(x, v)
		if t.IsFunction() {
			d = e.api.Sub(d, e.api.Mul(y, t.At(v)))
		}
		all.rows, all.counts = append(all.rows, d), append(all.counts, e.secret[e.tables[i]+k])
	}
	e.balance(all)
}

// lookupPoint returns X - Y·b for a query (a, b), whose denominator is this less a; for a
// query of one column, of which b is nil, X.
func (e *engine) lookupPoint(b *relation.Expr) frontend.Variable {
	x, y := e.points()
	if b == nil {
		return x
	}
	at := e.api.Sub(x, e.api.Mul(e.expr(b), y))
	if len(b.Terms) == 0 {
		return of1(e.rows.wire(e.rows.sum(at))) // once for all queries
	}
	return at
}

// lookupTablePlonk is lookupTable, with denominators where columns have their places.
func (e *engine) lookupTablePlonk(i int, t *relation.Table) {
	x, y := e.points()
	var den []uint32
	for at, l := range e.Sys.Lookups {
		if l.Table == t {
			for _, s := range e.places.denominators[at] {
				den = append(den, e.places.write(s))
			}
		}
	}
	points, values, counts := make([]uint32, t.Len()), make([]uint32, t.Len()), make([]frontend.Variable, t.Len())
	for k := range points {
		v := t.Domain.Lo + int64(k)
		at := e.rows.sum(x)
		if t.IsFunction() {
			at = e.rows.sum(e.api.Sub(x, e.api.Mul(y, t.At(v))))
		}
		points[k], values[k], counts[k] = e.rows.wire(at), e.rows.coefficient(integer(v)), e.secret[e.tables[i]+k]
	}
	e.balancePlonk(den, points, values, counts)
}

// balancePlonk states a sum with two queries to a fraction: h = 1/d1 + 1/d2 is what h·d1 = w and
// w·d2 = d1 + d2 say. A row is h·(point - value) = m, which commits m; values are coefficients.
//
// Cost: three rows for two queries and their denominators', two for a row.
//
// Soundness: denominators depend on the challenge. So neither is zero but with the
// probability that [engine.lookups] counts, and then h is the one that it should be.
func (e *engine) balancePlonk(den, points, values []uint32, counts []frontend.Variable) {
	var data []uint32
	for k := 0; k < len(den); k += 2 {
		if k+1 < len(den) {
			data = append(data, den[k], den[k+1], none)
		} else {
			data = append(data, den[k], none, none)
		}
	}
	for k, point := range points {
		data = append(data, point, e.rows.of(counts[k]), values[k])
	}
	h := e.fractions(data)
	total := make([]frontend.Variable, 0, len(h))
	for k := 0; k < len(den); k += 2 {
		q := of1(h[k/2])
		total = append(total, q)
		if k+1 == len(den) {
			e.constrain(q, of1(den[k]), 1)
			continue
		}
		w := e.api.Mul(q, of1(den[k]))
		e.write(row{a: e.rows.wire(e.rows.sum(w)), b: den[k+1], c: den[k], qM: constraint.CoeffIdOne, qR: constraint.CoeffIdMinusOne, qO: constraint.CoeffIdMinusOne, p: none, w: none})
	}
	for k, point := range points {
		q := h[(len(den)+1)/2+k]
		total = append(total, e.api.Neg(of1(q)))
		e.write(row{
			a: q, b: point, qM: constraint.CoeffIdMinusOne, qL: values[k],
			p: e.rows.of(counts[k]), w: none,
		})
	}
	e.zero(e.sum(total))
}
