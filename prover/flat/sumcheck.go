package flat

import (
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier/flat"
)

// halves returns the halves of a vector that the next coordinate tells apart.
func halves(v fr.Vector) (low, high fr.Vector) { return v[:len(v)/2], v[len(v)/2:] }

// fold binds the highest bit to x: low + x·(high - low). What is on the way stays in the cache, as
// writing to memory takes longer than the subtraction that a round's message made already.
func fold(x *fr.Element, vs ...*fr.Vector) {
	for _, v := range vs {
		low, high := halves(*v)
		inChunks(len(low), func(lo, hi int, scratch [2]fr.Vector) {
			d := scratch[0]
			d.Sub(high[lo:hi], low[lo:hi])
			d.ScalarMul(d, x)
			add(low[lo:hi], low[lo:hi], d)
		})
		*v = low
	}
}

// inner returns Σ f·g at 0 and the coefficient of X² of its sum over the next coordinate.
func inner(f, g fr.Vector) (at0, square fr.Element) {
	f0, f1 := halves(f)
	g0, g1 := halves(g)
	sum := total(len(f0), 2, func(lo, hi int, sum []fr.Element, scratch [2]fr.Vector) {
		x := dot(f0[lo:hi], g0[lo:hi])
		sum[0].Add(&sum[0], &x)
		f, g := scratch[0], scratch[1]
		f.Sub(f1[lo:hi], f0[lo:hi])
		g.Sub(g1[lo:hi], g0[lo:hi])
		x = f.InnerProduct(g)
		sum[1].Add(&sum[1], &x)
	})
	return sum[0], sum[1]
}

// products is the part of the first sumcheck that proves Σ_x eq(tau,x)·(a·b - c)(x) = 0. Of eq the
// bound coordinates are a factor, and the next is a linear polynomial:
//
//	s(X) = factor·eq(tau_i, X)·t(X), t of degree 2
type products struct {
	tau     []fr.Element // the coordinates that are left
	eq      fr.Vector    // weights of all after the next
	factor  fr.Element
	claim   fr.Element // what s sums to
	a, b, c *fr.Vector
	wait    int // rounds before it begins
	at0, t2 fr.Element
	t1      fr.Element
}

func newProducts(tau []fr.Element, a, b, c *fr.Vector, wait int) *products {
	p := &products{tau: tau, eq: newVector(1 << (len(tau) - 1)), a: a, b: b, c: c, wait: wait}
	p.factor.SetOne()
	expand(p.eq, tau[1:], &p.factor)
	halve(&p.factor, wait)
	return p
}

// add adds the round's polynomial to a message.
func (p *products) add(m *flat.Cubic, round int) {
	if round < p.wait {
		return // it sums to zero
	}
	a0, a1 := halves(*p.a)
	b0, b1 := halves(*p.b)
	c0, _ := halves(*p.c)
	sum := total(len(a0), 2, func(lo, hi int, sum []fr.Element, scratch [2]fr.Vector) {
		w, b := scratch[0], scratch[1]
		w.Mul(a0[lo:hi], b0[lo:hi])
		w.Sub(w, c0[lo:hi])
		x := w.InnerProduct(p.eq[lo:hi])
		sum[0].Add(&sum[0], &x)
		w.Sub(a1[lo:hi], a0[lo:hi])
		b.Sub(b1[lo:hi], b0[lo:hi])
		w.Mul(w, b)
		x = w.InnerProduct(p.eq[lo:hi])
		sum[1].Add(&sum[1], &x)
	})
	p.at0, p.t2 = sum[0], sum[1]
	// claim = factor·((1-tau)·t(0) + tau·t(1)) gives t(1), and that t1.
	var t, one, x, at1 fr.Element
	one.SetOne()
	t = p.tau[0]
	at1.Mul(&p.factor, &t)
	if at1.IsZero() { // t(1) does not matter then to s, nor to the claim
		p.t1.SetZero()
	} else {
		at1.Inverse(&at1)
		at1.Mul(&at1, &p.claim)
		x.Inverse(&t)
		var rest fr.Element
		rest.Sub(&one, &t).Mul(&rest, &p.at0).Mul(&rest, &x)
		at1.Sub(&at1, &rest)
		p.t1.Sub(&at1, &p.at0).Sub(&p.t1, &p.t2)
	}
	e0, e1 := p.line()
	// s = (e0 + e1·X)·(t0 + t1·X + t2·X²)
	m[0].Add(&m[0], x.Mul(&e0, &p.at0))
	m[1].Add(&m[1], x.Mul(&e0, &p.t2))
	m[1].Add(&m[1], x.Mul(&e1, &p.t1))
	m[2].Add(&m[2], x.Mul(&e1, &p.t2))
}

// line returns factor·eq(tau_i, X) = e0 + e1·X.
func (p *products) line() (e0, e1 fr.Element) {
	one := fr.One()
	e0.Sub(&one, &p.tau[0])
	e1.Sub(&p.tau[0], &e0)
	e0.Mul(&e0, &p.factor)
	e1.Mul(&e1, &p.factor)
	return e0, e1
}

// bind binds the next coordinate to x.
func (p *products) bind(x *fr.Element, round int) {
	if round < p.wait {
		return
	}
	e0, e1 := p.line()
	p.factor.Mul(&e1, x).Add(&p.factor, &e0)
	p.claim.Mul(&p.t2, x).Add(&p.claim, &p.t1).Mul(&p.claim, x).Add(&p.claim, &p.at0).Mul(&p.claim, &p.factor)
	fold(x, p.a, p.b, p.c)
	p.tau = p.tau[1:]
	if len(p.eq) > 1 {
		low, high := halves(p.eq)
		inChunks(len(low), func(lo, hi int, _ [2]fr.Vector) { add(low[lo:hi], low[lo:hi], high[lo:hi]) })
		p.eq = low
	}
}

// sums is the part that proves lambda·Σ first·second = lambda·output.
type sums struct {
	lambda, output *fr.Element
	first, second  *fr.Vector
	wait           int
}

func (s *sums) add(m *flat.Cubic, round int) {
	if round < s.wait {
		x := *s.output
		halve(&x, round+1)
		m[0].Add(&m[0], x.Mul(&x, s.lambda))
		return
	}
	at0, square := inner(*s.first, *s.second)
	for k, x := range [2]fr.Element{at0, square} {
		halve(&x, s.wait)
		m[k].Add(&m[k], x.Mul(&x, s.lambda))
	}
}

func (s *sums) bind(x *fr.Element, round int) {
	if round >= s.wait {
		fold(x, s.first, s.second)
	}
}

func halve(x *fr.Element, times int) {
	for range times {
		x.Halve()
	}
}
