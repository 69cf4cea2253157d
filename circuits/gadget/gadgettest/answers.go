package gadgettest

import (
	"cmp"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"

	"github.com/nnark/nnark/circuits/gadget"
)

// ErrSteps means that a search was longer than it may be.
var ErrSteps = errors.New("too many witnesses to search")

// Answers returns all values that the exposed tensors of an Embedded plan take, over all witnesses
// with the secret inputs that are known: integers, fractions, whatever the field has. What is
// searched is what the gadgets state, not what the relations mean: [gadget.Plan.Embed] is called
// with an API that writes down equations, products and lookup arguments. An argument says that each
// denominator of a query is a row's, as polynomials in the challenge; multiplicities follow. So a
// search chooses rows for queries and zeros for factors, and solves the linear equations in between.
//
// A tensor that the statements leave free has no value: that is an error, and so is a search of
// more steps than given, which are about the terms looked at.
func Answers(plan *gadget.Plan, known func(i int) (fr.Element, bool), steps int) ([]fr.Vector, error) {
	s := &search{value: map[int]form{}, steps: steps}
	for at := range points {
		r := &recorder{search: s, at: at}
		r.z.Exp(fr.NewElement(7), big.NewInt(int64(1000003*(at+1))))
		secret := make([]frontend.Variable, plan.Secrets())
		for i := range secret {
			secret[i] = variable(i)
			if v, ok := known(i); ok {
				secret[i] = form{c: v}
			}
		}
		r.products = len(secret)
		tensors, _, err := plan.Embed(r, secret)
		if err != nil {
			return nil, err
		}
		for len(r.deferred) > 0 {
			next := r.deferred[0]
			r.deferred = r.deferred[1:]
			if err := next(r); err != nil {
				return nil, err
			}
		}
		if at == 0 {
			for _, x := range slices.Concat(tensors...) {
				s.exposed = append(s.exposed, of(x))
			}
		}
	}
	var queries []query
	for i := range s.arguments {
		for k := range s.arguments[i].queries[0] {
			queries = append(queries, query{&s.arguments[i], k, s.arguments[i].queries[0][k]})
		}
	}
	for _, e := range s.equations {
		if !s.assume(e) {
			return nil, nil
		}
	}
	err := s.descend(s.factors, queries)
	return s.answers, err
}

// points is how many challenges the statements are written down at: two tell tuples apart, and as
// many as a projection has positions tell what it sums.
const points = 4

// form is an affine expression of unknowns. Negative ones are fractions.
type form struct {
	terms []term
	c     fr.Element
}

type term struct {
	unknown int
	k       fr.Element
}

func variable(i int) form { return form{terms: []term{{i, fr.One()}}} }

func of(v frontend.Variable) (f form) {
	if f, ok := v.(form); ok {
		return f
	}
	if _, err := f.c.SetInterface(v); err != nil {
		panic(err)
	}
	return f
}

// plus returns f + k·g.
func (f form) plus(g form, k fr.Element) (out form) {
	if k.IsZero() {
		return f
	}
	out.terms = slices.Clone(f.terms)
	out.c.Mul(&g.c, &k).Add(&out.c, &f.c)
	for _, t := range g.terms {
		t.k.Mul(&t.k, &k)
		at := slices.IndexFunc(out.terms, func(o term) bool { return o.unknown == t.unknown })
		if at < 0 {
			out.terms = append(out.terms, t)
		} else if out.terms[at].k.Add(&out.terms[at].k, &t.k); out.terms[at].k.IsZero() {
			out.terms = slices.Delete(out.terms, at, at+1)
		}
	}
	return out
}

func (f form) times(k fr.Element) form {
	return form{}.plus(f, k)
}

func (f form) constant() bool { return len(f.terms) == 0 }

// recorder is the API that writes down what is stated at one challenge.
type recorder struct {
	frontend.API // nil: gadgets use no other methods
	*search
	at, products, argument int // at which point; how many there were
	z                      fr.Element
	late                   bool // after the challenge
	fractions              [][2]form
	deferred               []func(frontend.API) error
	stored                 map[any]any
}

func (r *recorder) Compiler() frontend.Compiler { return compiler{recorder: r} }

// compiler is what gadgets ask of the recorder beside arithmetic.
type compiler struct {
	frontend.Compiler // nil: gadgets use no other methods
	recorder          *recorder
}

func (compiler) Field() *big.Int { return fr.Modulus() }
func (c compiler) Defer(f func(frontend.API) error) {
	c.recorder.deferred = append(c.recorder.deferred, f)
}
func (c compiler) SetKeyValue(k, v any)  { c.recorder.stored = map[any]any{k: v} }
func (c compiler) GetKeyValue(k any) any { return c.recorder.stored[k] }
func (compiler) ToCanonicalVariable(frontend.Variable) frontend.CanonicalVariable {
	return constraint.Term{}
}

// Commit is where the challenge is drawn.
func (r *recorder) Commit(...frontend.Variable) (frontend.Variable, error) {
	r.late = true
	return form{c: r.z}, nil
}

func (r *recorder) Add(a, b frontend.Variable, more ...frontend.Variable) frontend.Variable {
	out := of(a).plus(of(b), fr.One())
	for _, v := range more {
		out = out.plus(of(v), fr.One())
	}
	return out
}

func (r *recorder) Neg(a frontend.Variable) frontend.Variable {
	var minus fr.Element
	minus.SetInt64(-1)
	return of(a).times(minus)
}

func (r *recorder) Sub(a, b frontend.Variable, more ...frontend.Variable) frontend.Variable {
	out := r.Add(a, r.Neg(b))
	for _, v := range more {
		out = r.Add(out, r.Neg(v))
	}
	return out
}

// Mul names a product of two unknowns by an unknown of its own, the same at all challenges if it is
// stated before them.
func (r *recorder) Mul(a, b frontend.Variable, more ...frontend.Variable) frontend.Variable {
	if len(more) > 0 {
		return r.Mul(r.Mul(a, b), more[0], more[1:]...)
	}
	x, y := of(a), of(b)
	switch {
	case x.constant():
		return y.times(x.c)
	case y.constant():
		return x.times(y.c)
	}
	r.products++
	p := variable(r.products)
	if r.late {
		p = variable(r.products + r.at<<32)
	}
	if r.late || r.at == 0 {
		r.factors = append(r.factors, [3]form{x, y, p})
	}
	return p
}

// DivUnchecked is called for the fractions of lookup arguments alone.
func (r *recorder) DivUnchecked(a, b frontend.Variable) frontend.Variable {
	r.fractions = append(r.fractions, [2]form{of(a), of(b)})
	return variable(-len(r.fractions))
}

// AssertIsEqual writes down an equation, or an argument: a sum of fractions that is zero. A query's
// numerator is 1, a row's a multiplicity.
func (r *recorder) AssertIsEqual(a, b frontend.Variable) {
	d := of(r.Sub(a, b))
	if len(d.terms) == 0 || d.terms[0].unknown >= 0 {
		if r.late || r.at == 0 {
			r.equations = append(r.equations, d)
		}
		return
	}
	if r.at == 0 {
		r.arguments = append(r.arguments, argument{at: map[fr.Element]int{}})
	}
	arg := &r.arguments[r.argument]
	r.argument++
	var queries, rows []form
	for _, t := range d.terms {
		if f := r.fractions[-t.unknown-1]; f[0].constant() {
			queries = append(queries, f[1])
		} else {
			rows = append(rows, f[1])
		}
	}
	arg.queries, arg.rows = append(arg.queries, queries), append(arg.rows, rows)
	if r.at == 0 {
		for j, row := range rows {
			if !row.constant() {
				panic("gadgettest: a row that depends on unknowns")
			}
			arg.at[row.c] = j
		}
	}
}

// argument holds denominators, by challenge.
type argument struct {
	queries, rows [][]form
	at            map[fr.Element]int // the rows by their denominators at the first challenge
}

type query struct {
	*argument
	k   int
	now form // the denominator at the first challenge, with what is settled
}

type search struct {
	equations []form
	factors   [][3]form // a·b = c
	arguments []argument
	exposed   []form

	value   map[int]form // of unknowns that are settled
	settled []int        // in this order
	steps   int
	answers []fr.Vector
}

// reduce puts in what is settled.
func (s *search) reduce(f form) form {
	for {
		at := slices.IndexFunc(f.terms, func(t term) bool { _, ok := s.value[t.unknown]; return ok })
		if at < 0 {
			return f
		}
		t := f.terms[at]
		s.steps -= len(f.terms) * (1 + len(s.value[t.unknown].terms))
		f = form{slices.Delete(slices.Clone(f.terms), at, at+1), f.c}.plus(s.value[t.unknown], t.k)
	}
}

// assume settles an unknown so that f = 0, and reports whether that can be.
func (s *search) assume(f form) bool {
	f = s.reduce(f)
	if f.constant() {
		return f.c.IsZero()
	}
	t := f.terms[0]
	var k fr.Element
	k.Inverse(&t.k).Neg(&k)
	s.value[t.unknown] = form{f.terms[1:], f.c}.times(k)
	s.settled = append(s.settled, t.unknown)
	return true
}

func (s *search) undo(to int) {
	for _, i := range s.settled[to:] {
		delete(s.value, i)
	}
	s.settled = s.settled[:to]
}

// descend finds the answers with what is settled so far.
func (s *search) descend(factors [][3]form, queries []query) error {
	if s.steps -= len(factors) + len(queries); s.steps < 0 { // and what reduce does
		return ErrSteps
	}
	mark := len(s.settled)
	defer func() { s.undo(mark) }()
	factors, ok := s.propagate(factors)
	if !ok {
		return nil
	}
	var open []query
	for _, q := range queries {
		q.now = s.reduce(q.now)
		if !q.now.constant() {
			open = append(open, q)
			continue
		}
		j, ok := q.at[q.now.c]
		if !ok || s.reduce(q.queries[1][q.k]).c != q.rows[1][j].c {
			return nil
		}
	}
	answer, determined := make(fr.Vector, len(s.exposed)), true
	for i, x := range s.exposed {
		x = s.reduce(x)
		answer[i], determined = x.c, determined && x.constant()
	}
	if determined && slices.ContainsFunc(s.answers, func(a fr.Vector) bool { return slices.Equal(a, answer) }) {
		return nil // nothing new
	}
	for _, f := range factors {
		if c := s.reduce(f[2]); !c.constant() || !c.c.IsZero() {
			continue
		}
		for _, x := range f[:2] {
			here := len(s.settled)
			if s.assume(x) {
				if err := s.descend(factors, open); err != nil {
					return err
				}
			}
			s.undo(here)
		}
		return nil
	}
	if len(open) == 0 {
		if !determined {
			return fmt.Errorf("free: %v", answer)
		}
		s.answers = append(s.answers, answer)
		return nil
	}
	q := slices.MinFunc(open, func(a, b query) int {
		return cmp.Or(cmp.Compare(len(a.at), len(b.at)), cmp.Compare(len(a.now.terms), len(b.now.terms)))
	})
	var minus fr.Element
	minus.SetInt64(-1)
	for j := range q.rows[0] {
		here, possible := len(s.settled), true
		for run := range q.rows {
			possible = possible && s.assume(q.queries[run][q.k].plus(q.rows[run][j], minus))
		}
		if possible {
			if err := s.descend(factors, open); err != nil {
				return err
			}
		}
		s.undo(here)
	}
	return nil
}

// propagate settles products of which a factor is known, and returns the others.
func (s *search) propagate(factors [][3]form) (open [][3]form, ok bool) {
	for {
		open = nil
		for _, f := range factors {
			a, b := s.reduce(f[0]), s.reduce(f[1])
			if !a.constant() && b.constant() {
				a, b = b, a
			}
			if !a.constant() {
				open = append(open, [3]form{a, b, f[2]})
			} else if !s.assume(f[2].plus(b, *a.c.Neg(&a.c))) {
				return nil, false
			}
		}
		if len(open) == len(factors) {
			return open, true
		}
		factors = open
	}
}
