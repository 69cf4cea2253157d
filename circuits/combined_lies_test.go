package circuits

import (
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/circuits/relation"
)

// combinations is how many combined lies each case tells in each mode: enough, with the
// single ones, for 100,000 in the long run.
func combinations() int {
	switch {
	case long():
		return 600
	case testing.Short():
		return 10
	}
	return 12
}

// TestCombinedLies changes several secret inputs at once, so that some of the statements
// still hold: terms of one expression that make up for each other, shifted by fractions of
// the field, products whose factors trade, a whole block of another inference, random sets.
func TestCombinedLies(t *testing.T) {
	t.Parallel()
	var all tally
	for _, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			rng := seeded(t)
			var n tally
			for _, cfg := range lieModes {
				k := compile(t, c.program(t, cfg))
				k.t = t
				l := newConspiracy(k, rng)
				for range combinations() {
					l.tell(&n)
				}
			}
			require.Greater(t, n.refused, n.tried/2, "most of %d lies are lies", n.tried)
			all.add(n)
		})
	}
	t.Logf("%d combined lies: %d refused, %d true or free", all.tried, all.refused, all.free)
	if long() {
		require.Greater(t, all.tried, 100_000)
	}
}

// conspiracy tells combined lies about one circuit.
type conspiracy struct {
	*testCircuit
	rng       *rand.Rand
	w, stale  *gadget.Witness
	exprs     []relation.Expr // of two or more terms, from all statements
	products  []relation.Product
	strategic []func(lie *gadget.Witness) string
}

func newConspiracy(k *testCircuit, rng *rand.Rand) *conspiracy {
	l := &conspiracy{testCircuit: k, rng: rng, w: k.honest(k.randomInputs(rng)), stale: k.honest(k.randomInputs(rng))}
	sys := k.Plan.Sys
	tensors := []relation.Tensor{}
	for _, x := range sys.Lookups {
		tensors = append(tensors, x.Cols...)
	}
	for _, x := range sys.Zeros {
		tensors = append(tensors, x.T)
	}
	for _, x := range sys.Products {
		tensors = append(tensors, x.A, x.B, x.C)
	}
	for _, x := range sys.Exposes {
		tensors = append(tensors, x.T)
	}
	for _, x := range tensors {
		for _, e := range x.Exprs() {
			if len(e.Terms) > 1 && l.isColumn(e.Terms[0]) && l.isColumn(e.Terms[1]) {
				l.exprs = append(l.exprs, e)
			}
		}
	}
	l.products = sys.Products
	l.strategic = []func(*gadget.Witness) string{l.scatter, l.transplant, l.rotate}
	if len(l.exprs) > 0 {
		l.strategic = append(l.strategic, l.compensate, l.compensate)
	}
	if len(l.products) > 0 {
		l.strategic = append(l.strategic, l.trade)
	}
	return l
}

func (l *conspiracy) isColumn(m relation.Term) bool {
	return m.Block.Kind == relation.Column && l.blocks[m.Block.ID] >= 0
}

// tell tells one lie.
func (l *conspiracy) tell(n *tally) {
	l.t.Helper()
	lie := clone(l.w)
	what := l.strategic[l.rng.IntN(len(l.strategic))](lie)
	if !equal(lie.Secret, l.w.Secret) {
		l.refuses(n, lie, l.w, "%s", what)
	}
}

// at returns the secret input of a term.
func (l *conspiracy) at(lie *gadget.Witness, m relation.Term) *fr.Element {
	return &lie.Secret[l.blocks[m.Block.ID]+m.Index]
}

// amount is what a liar moves a value by: small, a power of two, a fraction of the field
// (the modulus shifted down), or anything.
func (l *conspiracy) amount() (d fr.Element) {
	switch l.rng.IntN(4) {
	case 0:
		d.SetInt64(1 + l.rng.Int64N(3))
	case 1:
		d.SetInt64(1 << l.rng.IntN(40))
	case 2:
		d.SetInt64(1 << (1 + l.rng.IntN(20))).Inverse(&d)
	default:
		d.SetUint64(l.rng.Uint64())
		d.Square(&d).Square(&d)
	}
	if l.rng.IntN(2) == 0 {
		d.Neg(&d)
	}
	return d
}

// compensate moves two terms of one expression so that its value stays.
func (l *conspiracy) compensate(lie *gadget.Witness) string {
	e := l.exprs[l.rng.IntN(len(l.exprs))]
	i := l.rng.IntN(len(e.Terms))
	j := (i + 1 + l.rng.IntN(len(e.Terms)-1)) % len(e.Terms)
	a, b := e.Terms[i], e.Terms[j]
	if !l.isColumn(a) || !l.isColumn(b) {
		return l.scatter(lie)
	}
	var ca, cb, d fr.Element
	ca.SetInt64(a.Coef)
	cb.SetInt64(b.Coef)
	d = l.amount()
	x, y := l.at(lie, a), l.at(lie, b)
	x.Add(x, &d)
	d.Mul(&d, &ca).Div(&d, &cb)
	y.Sub(y, &d)
	return "compensated between " + a.Block.Name + " and " + b.Block.Name
}

// trade multiplies one factor of a product and divides the other.
func (l *conspiracy) trade(lie *gadget.Witness) string {
	p := l.products[l.rng.IntN(len(l.products))]
	as, bs := p.A.Exprs(), p.B.Exprs()
	i := l.rng.IntN(len(as))
	if len(as[i].Terms) == 0 || len(bs[i].Terms) == 0 || !l.isColumn(as[i].Terms[0]) || !l.isColumn(bs[i].Terms[0]) {
		return l.scatter(lie)
	}
	x, y := l.at(lie, as[i].Terms[0]), l.at(lie, bs[i].Terms[0])
	k := l.amount()
	x.Mul(x, &k)
	y.Div(y, &k)
	return "factors traded in " + p.Node
}

// scatter changes a few secret inputs by anything.
func (l *conspiracy) scatter(lie *gadget.Witness) string {
	for range 2 + l.rng.IntN(4) {
		i := l.rng.IntN(len(lie.Secret))
		values := l.values(l.w.Secret, l.stale.Secret, i, l.rng)
		lie.Secret[i] = values[l.rng.IntN(len(values))]
	}
	return "scattered changes"
}

// transplant takes a run of secret inputs from another inference.
func (l *conspiracy) transplant(lie *gadget.Witness) string {
	from := l.rng.IntN(len(lie.Secret))
	n := min(1+l.rng.IntN(64), len(lie.Secret)-from)
	copy(lie.Secret[from:][:n], l.stale.Secret[from:])
	return "a run from another inference"
}

// rotate moves a run of secret inputs by one place.
func (l *conspiracy) rotate(lie *gadget.Witness) string {
	from := l.rng.IntN(len(lie.Secret))
	run := lie.Secret[from:][:min(2+l.rng.IntN(16), len(lie.Secret)-from)]
	first := run[0]
	copy(run, run[1:])
	run[len(run)-1] = first
	return "a run rotated"
}
