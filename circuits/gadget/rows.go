package gadget

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"
)

// rows is the frontend.API of sums. Of gnark's own, which it contains, only what takes no
// variables is used, and the digest's permutation (digest.go), for which [rows.raw] makes
// gnark's variables.
type rows struct {
	frontend.API
	blueprint, fraction constraint.BlueprintID

	n            int                     // rows so far, gnark's too
	coefficients map[fr.Element]uint32   // gnark's numbers of coefficients
	made         map[string]uint32       // wires of short sums
	one          uint32                  // a wire of value 1, or none
	selectors    func(uint32) fr.Element // the weights, if the selectors are to contain them
	used         map[uint32]bool         // weights that have their row
	committed    map[uint32]int          // the row of each committed value
}

func newRows(api frontend.API) *rows {
	return &rows{
		API: api, blueprint: api.Compiler().AddBlueprint(&rowBlueprint{}), fraction: api.Compiler().AddBlueprint(&fractionBlueprint{}),
		coefficients: map[fr.Element]uint32{}, made: map[string]uint32{}, one: none, used: map[uint32]bool{}, committed: map[uint32]int{},
	}
}

// of returns the wire of one of gnark's variables.
func (r *rows) of(v frontend.Variable) uint32 {
	t := r.Compiler().ToCanonicalVariable(v).(constraint.Term)
	if t.CID != constraint.CoeffIdOne {
		panic("gadget: a variable with a coefficient")
	}
	return t.VID
}

// raw returns a variable as one of gnark's.
func (r *rows) raw(v frontend.Variable) frontend.Variable {
	s := r.sum(v)
	if c, ok := s.constant(); ok {
		return c.BigInt(new(big.Int))
	}
	return r.Compiler().InternalVariable(r.wire(s))
}

// coefficient returns gnark's number of a coefficient.
func (r *rows) coefficient(k fr.Element) uint32 {
	id, ok := r.coefficients[k]
	if !ok {
		id = r.Compiler().ToCanonicalVariable(k.BigInt(new(big.Int))).(constraint.Term).CID
		r.coefficients[k] = id
	}
	return id
}

// sum returns any variable as a sum.
func (r *rows) sum(v frontend.Variable) *sum {
	one := fr.One()
	switch x := v.(type) {
	case *sum:
		return x
	case hidden:
		return &sum{terms: []term{{r.unit(), one, x.secret}}}
	}
	if frontend.IsCanonical(v) {
		return &sum{terms: []term{{r.of(v), one, none}}}
	}
	s := new(sum)
	if _, err := s.c.SetInterface(v); err != nil {
		panic("gadget: " + err.Error())
	}
	return s
}

// of1 is a wire as a sum.
func of1(wire uint32) *sum { return &sum{terms: []term{{wire, fr.One(), none}}} }

// unit returns a wire of value 1: one row for all.
func (r *rows) unit() uint32 {
	if r.one == none {
		r.one = r.write(row{c: fresh, qO: r.coefficient(fr.NewElement(1)), qC: constraint.CoeffIdMinusOne, p: none, w: none})
	}
	return r.one
}

// Add implements frontend.API.
func (r *rows) Add(a, b frontend.Variable, more ...frontend.Variable) frontend.Variable {
	out := new(sum)
	for _, v := range append([]frontend.Variable{a, b}, more...) {
		s := r.sum(v)
		out.terms = append(out.terms, s.terms...)
		out.c.Add(&out.c, &s.c)
	}
	return out.normalize()
}

// Neg implements frontend.API.
func (r *rows) Neg(a frontend.Variable) frontend.Variable {
	k := fr.NewElement(1)
	k.Neg(&k)
	return r.sum(a).scaled(&k)
}

// Sub implements frontend.API.
func (r *rows) Sub(a, b frontend.Variable, more ...frontend.Variable) frontend.Variable {
	rest := make([]frontend.Variable, len(more))
	for i := range more {
		rest[i] = r.Neg(more[i])
	}
	return r.Add(a, r.Neg(b), rest...)
}

// Mul implements frontend.API. A hidden weight times a variable costs one row, when the sum
// it is a term of is made.
func (r *rows) Mul(a, b frontend.Variable, more ...frontend.Variable) frontend.Variable {
	out := r.mul(a, b)
	for _, v := range more {
		out = r.mul(out, v)
	}
	return out
}

func (r *rows) mul(a, b frontend.Variable) *sum {
	if w, ok := b.(hidden); ok {
		a, b = w, a
	}
	y := r.sum(b)
	if k, ok := y.constant(); ok {
		return r.sum(a).scaled(&k)
	}
	if w, ok := a.(hidden); ok {
		t := r.single(y)
		if !t.c.IsZero() {
			t = of1(r.wire(y))
		}
		t.terms[0].weight = w.secret
		return t
	}
	x := r.sum(a)
	if k, ok := x.constant(); ok {
		return y.scaled(&k)
	}
	return of1(r.product(x, y, new(sum), fresh))
}

// single returns s, or if it has other than one term the wire that it is.
func (r *rows) single(s *sum) *sum {
	if len(s.terms) == 1 && s.terms[0].weight == none {
		return &sum{terms: []term{s.terms[0]}, c: s.c}
	}
	return of1(r.wire(s))
}

// product adds the row x·y = o, or with out = fresh x·y = o + the wire that it returns.
func (r *rows) product(x, y, o *sum, out uint32) uint32 {
	x, y = r.single(x), r.single(y)
	a, b := &x.terms[0], &y.terms[0]
	w := row{a: a.wire, b: b.wire, p: none, w: none}
	w.qM = r.coefficient(product(&a.k, &b.k))
	w.qL = r.coefficient(product(&a.k, &y.c))
	w.qR = r.coefficient(product(&b.k, &x.c))
	k := product(&x.c, &y.c)
	switch {
	case out == fresh:
		w.c, w.qO = fresh, constraint.CoeffIdMinusOne
	case len(o.terms) > 0:
		o = r.single(o)
		t := o.terms[0]
		w.c, w.qO = t.wire, r.coefficient(*t.k.Neg(&t.k))
	}
	k.Sub(&k, &o.c)
	w.qC = r.coefficient(k)
	return r.write(w)
}

func integer(v int64) (x fr.Element) {
	x.SetInt64(v)
	return x
}

func product(a, b *fr.Element) (c fr.Element) {
	c.Mul(a, b)
	return c
}

// write adds a row and returns the wire it makes, if it makes one.
func (r *rows) write(w row) uint32 {
	r.n++
	if w.p != none {
		if _, ok := r.committed[w.p]; ok {
			panic("gadget: a value committed twice")
		}
		r.committed[w.p] = r.n - 1
	}
	if w.w != none {
		if r.used[w.w] {
			panic("gadget: a weight with two rows")
		}
		r.used[w.w] = true
		if r.selectors != nil {
			w.qR, w.w = r.coefficient(r.selectors(w.w)), none
		}
	}
	if made := r.Compiler().AddInstruction(r.blueprint, w.calldata()); len(made) > 0 {
		return made[0]
	}
	return none
}

// placed is a committed value in a row: k·(secret input).
type placed struct {
	secret uint32
	k      fr.Element
}

// wire returns a wire that is s. Cost: one row for a term or two, one more for each other.
func (r *rows) wire(s *sum) uint32 {
	one := fr.One()
	if len(s.terms) == 1 && s.terms[0].weight == none && s.terms[0].k == one && s.c.IsZero() {
		return s.terms[0].wire
	}
	key, short := s.key()
	if wire, ok := r.made[key]; ok && short {
		return wire
	}
	wire, _ := r.define(s, nil)
	if short {
		r.made[key] = wire
	}
	return wire
}

// define adds rows that make the wire s, or s + p; it returns the wire and the sum that
// stands in the last of these rows.
func (r *rows) define(s *sum, p *placed) (uint32, *sum) {
	last := r.reduce(s, 2, p == nil)
	return r.last(last, p, fresh), last
}

// zero adds rows that state s = 0, or s + p = 0; it returns the sum that stands in the last
// of them.
func (r *rows) zero(s *sum, p *placed) *sum {
	last := r.reduce(s, 3, p == nil)
	r.last(last, p, none)
	return last
}

// reduce adds rows until s has at most so many terms, of which one with a weight if that is
// allowed.
func (r *rows) reduce(s *sum, slots int, weighted bool) *sum {
	at := s.known()
	known, weights := s.terms[:at], s.terms[at:]
	allowed := 0
	if weighted {
		allowed = 1
	}
	one := fr.One()
	for len(known)+len(weights) > slots || len(weights) > allowed {
		w := &sum{}
		if len(known) > 0 {
			w.terms, known = append(w.terms, known[0]), known[1:]
		}
		if len(weights) > 0 {
			w.terms, weights = append(w.terms, weights[0]), weights[1:]
		} else {
			w.terms, known = append(w.terms, known[0]), known[1:]
		}
		known = append([]term{{r.last(w, nil, fresh), one, none}}, known...)
	}
	return &sum{terms: append(known[:len(known):len(known)], weights...), c: s.c}
}

// last adds one row: s + p = 0, or with out = fresh s + p = the wire it returns. A weight's
// selector and that of committed values are the weight and 1, so all others are divided by
// the coefficient of that term.
func (r *rows) last(s *sum, p *placed, out uint32) uint32 {
	w := row{p: none, w: none}
	over := fr.One()
	if p != nil {
		w.p = p.secret
		over.Inverse(&p.k)
	}
	var known []term
	for _, t := range s.terms {
		if t.weight == none {
			known = append(known, t)
			continue
		}
		w.b, w.w = t.wire, t.weight
		over.Inverse(&t.k)
	}
	slots := []struct{ wire, q *uint32 }{{&w.a, &w.qL}, {&w.b, &w.qR}, {&w.c, &w.qO}}
	if w.w != none {
		slots = []struct{ wire, q *uint32 }{{&w.a, &w.qL}, {&w.c, &w.qO}}
	}
	for i, t := range known {
		*slots[i].wire, *slots[i].q = t.wire, r.coefficient(product(&t.k, &over))
	}
	w.qC = r.coefficient(product(&s.c, &over))
	if out == fresh {
		var minus fr.Element
		w.c, w.qO = fresh, r.coefficient(*minus.Neg(&over))
	}
	return r.write(w)
}

// AssertIsEqual implements frontend.API.
func (r *rows) AssertIsEqual(a, b frontend.Variable) { r.zero(r.sum(r.Sub(a, b)), nil) }
