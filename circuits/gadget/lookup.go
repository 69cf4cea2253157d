package gadget

import (
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
// Cost: one constraint for a query of one column (or whose second is a constant), two
// for a function, one for a row, one for a table.
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
	x, y := e.pow(lookupPower(e.mostFractions()), 1), e.z
	for i, t := range e.Sys.Tables {
		e.lookupTable(i, t, x, y)
	}
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

func (e *engine) lookupTable(i int, t *relation.Table, x, y frontend.Variable) {
	var num, den []frontend.Variable
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
			num, den = append(num, 1), append(den, d)
		}
	}
	for k := range t.Len() {
		v := t.Domain.Lo + int64(k)
		d := e.api.Sub(x, v)
		if t.IsFunction() {
			d = e.api.Sub(d, e.api.Mul(y, t.At(v)))
		}
		num, den = append(num, e.api.Neg(e.secret[e.tables[i]+k])), append(den, d)
	}
	e.zero(e.sum(e.quotients(num, den)))
}
