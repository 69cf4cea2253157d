package flat_test

import (
	"context"
	"math/big"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/prover/hyperkzg"
	"github.com/nnark/nnark/verifier/flat"
)

// powers are powers of tau, whose tau the tests know.
type powers struct {
	tau fr.Element
	g1  []bn254.G1Affine
	g2  [2]bn254.G2Affine
}

var testPowers = sync.OnceValue(func() *powers {
	s := &powers{tau: fr.NewElement(77777)}
	s.tau.Exp(s.tau, big.NewInt(1<<40+9))
	x := make([]fr.Element, 1<<9)
	x[0].SetOne()
	for i := 1; i < len(x); i++ {
		x[i].Mul(&x[i-1], &s.tau)
	}
	_, _, g1, g2 := bn254.Generators()
	s.g1 = bn254.BatchScalarMultiplicationG1(&g1, x)
	s.g2[0] = g2
	s.g2[1].ScalarMultiplication(&g2, s.tau.BigInt(new(big.Int)))
	return s
})

// weigh returns what multiplies a term of a box at some challenges, but for slots.
func weigh(c *flat.Points, b *flat.Box, side int, coef fr.Element) fr.Element {
	switch {
	case b.Symbol == flat.Gamma:
		coef.Mul(&coef, &c.Gamma)
	case b.Symbol >= flat.Beta:
		coef.Mul(&coef, &c.Beta[b.Symbol-flat.Beta])
	}
	var w fr.Element
	switch b.Claim {
	case flat.First, flat.Second, flat.Output:
		w = flattest.Eq(c.Outputs.Coordinates(), side, b.Sides)
		coef.Mul(&coef, &w)
	case flat.Right:
		w = flattest.Eq(c.Columns.Coordinates(), side, b.Sides)
		coef.Mul(&coef, &w)
	}
	return coef
}

// slotsOf gives a claim's slots what boxes and masks say.
func slotsOf(p *flat.Plan, c *flat.Points, k flat.Claim, dim int, v []fr.Element) []fr.Element {
	out := make([]fr.Element, 1<<dim)
	for i := range p.Boxes {
		b := &p.Boxes[i]
		if b.Claim != k {
			continue
		}
		flattest.Terms(b, b.Factors, func(value, slot, side int, coef fr.Element) {
			w := weigh(c, b, side, coef)
			if value >= 0 {
				w.Mul(&w, &v[value])
			}
			out[slot].Add(&out[slot], &w)
		})
	}
	p.Masks().Slots(p, k, func(slot int, w *fr.Element, address int) {
		x := *w
		if address >= 0 {
			x.Mul(&x, &v[address])
		}
		out[slot].Add(&out[slot], &x)
	})
	return out
}

// scatter returns the coefficients of the values in all claims together.
func scatter(p *flat.Plan, c *flat.Points) []fr.Element {
	e := make([]fr.Element, 1<<p.Values)
	powers := c.Powers()
	for i := range p.Boxes {
		b := &p.Boxes[i]
		if b.Constant() || b.Fold != 0 {
			continue
		}
		flattest.Terms(b, b.Factors, func(value, slot, side int, coef fr.Element) {
			w := weigh(c, b, side, coef)
			if at := c.Slots(b.Claim); at != nil {
				x := flattest.Eq(at.Coordinates(), slot, -1)
				w.Mul(&w, &x)
			}
			e[value].Add(&e[value], w.Mul(&w, &powers[b.Claim]))
		})
	}
	p.FoldColumns(c, func(row int, k flat.Claim, columns []fr.Element) {
		for i := range columns {
			e[row<<p.Row+i].Mul(&columns[i], &powers[k])
		}
	})
	p.Masks().Apply(p, c, func(k flat.Claim, address int, w fr.Element) {
		e[address].Add(&e[address], w.Mul(&w, &powers[k]))
	})
	return e
}

// mask is g(x) = g_0 + Σ_i g_i(x_i).
type mask struct {
	constant fr.Element
	rounds   [][3]fr.Element
}

func (g *mask) at(i int, x *fr.Element) (y fr.Element) {
	for k := 2; k >= 0; k-- {
		y.Add(&y, &g.rounds[i][k]).Mul(&y, x)
	}
	return y
}

// sum adds g up over all ends of a beginning.
func (g *mask) sum(begin []fr.Element) fr.Element {
	one := fr.One()
	total := g.constant
	for i := range begin {
		y := g.at(i, &begin[i])
		total.Add(&total, &y)
	}
	for i := len(begin); i < len(g.rounds); i++ {
		total.Double(&total)
		y := g.at(i, &one)
		for range i - len(begin) {
			y.Double(&y)
		}
		total.Add(&total, &y)
	}
	return total
}

// prover proves by the protocol's text, and says what it is told to where a lie is set. It does not
// mind what is false.
type prover struct {
	plan     *flat.Plan
	key      *flat.Key
	values   []fr.Element // integers and the model's, then weights; masks and inverses are its own
	public   [][]int64
	blinders []fr.Element // of the model's rows, then of the weights'
	rand     *rand.Rand

	unmasked    bool // all masks and blinders zero
	lie         lies
	commitments func(rows []bn254.G1Affine) // what is said of witness rows instead
	seen        struct {
		points *flat.Points
		values []fr.Element
		claims [flat.NumClaims]fr.Element
		omega  []fr.Element
		row    []fr.Element // that is opened, without the mask
		end    fr.Element   // V(omega) as the verifier has it
	}
}

// lies change a message before it is said, or values before they are committed.
type lies struct {
	witness  func(p *prover) // before anything
	masks    func(v []fr.Element)
	inverses func(v []fr.Element)
	folds    func(c *flat.Points, v []fr.Element)                    // virtual rows
	sums     func(c *flat.Points, pr *flat.Proof, excess fr.Element) // of products
	first    func(round int, m *flat.Cubic, excess fr.Element)
	values   func(pr *flat.Proof)
	hiding   func(c *flat.Points, pr *flat.Proof, excess fr.Element)
	second   func(round int, m *flat.Quadratic, excess fr.Element)
	mask     func(pr *flat.Proof, excess fr.Element)
}

func newProver(plan *flat.Plan, values []fr.Element, public [][]int64, r *rand.Rand) *prover {
	p := &prover{plan: plan, values: values, public: public, rand: r, key: &flat.Key{Plan: plan}}
	for i, k := range plan.Rows {
		if k == flat.Model {
			s := flattest.Random(r, 1)[0]
			p.blinders = append(p.blinders, s)
			p.key.Model = append(p.key.Model, commit(p.row(values, i), s))
		}
	}
	for i := range plan.Weights {
		s := flattest.Random(r, 1)[0]
		p.blinders = append(p.blinders, s)
		p.key.Model = append(p.key.Model, commit(p.row(values, len(plan.Rows)+i), s))
	}
	return p
}

// virtual sets the virtual rows.
func virtual(p *flat.Plan, c *flat.Points, v []fr.Element) {
	for i, outer := range p.FoldRows(c) {
		to := v[p.Folds[i].Row<<p.Row : (p.Folds[i].Row+1)<<p.Row]
		clear(to)
		for r := range outer {
			for k := range to {
				x := times(outer[r], v[1<<p.Values+r<<p.Row+k])
				to[k].Add(&to[k], &x)
			}
		}
	}
}

func (p *prover) row(v []fr.Element, i int) []fr.Element { return v[i<<p.plan.Row : (i+1)<<p.plan.Row] }

func (p *prover) draw(n int) []fr.Element {
	if p.unmasked {
		return make([]fr.Element, n)
	}
	return flattest.Random(p.rand, n)
}

func (p *prover) rows(v []fr.Element, k flat.Kind) (out []bn254.G1Affine, s []fr.Element) {
	for i, kind := range p.plan.Rows {
		if kind == k {
			s = append(s, p.draw(1)...)
			out = append(out, commit(p.row(v, i), s[len(s)-1]))
		}
	}
	return out, s
}

func (p *prover) drawMasks(v []fr.Element) {
	m := p.plan.Masks()
	addresses := append(append([]int{m.Constant}, m.Pairs...), m.Sum[:]...)
	for _, r := range append(m.Rounds, m.Products[:]...) {
		addresses = append(addresses, r[:]...)
	}
	for i, x := range p.draw(len(addresses)) {
		v[addresses[i]] = x
	}
	for _, s := range m.Products {
		v[s[2]].Mul(&v[s[0]], &v[s[1]])
	}
}

func (p *prover) prove(t testing.TB, tr *flat.Transcript) *flat.Proof {
	pl, m := p.plan, p.plan.Masks()
	pr := new(flat.Proof)
	if p.lie.witness != nil {
		p.lie.witness(p)
	}
	v := append([]fr.Element{}, p.values...)
	p.drawMasks(v)
	if p.lie.masks != nil {
		p.lie.masks(v)
	}
	blind := map[flat.Kind][]fr.Element{flat.Model: p.blinders}
	pr.Witness, blind[flat.Witness] = p.rows(v, flat.Witness)
	if p.commitments != nil {
		p.commitments(pr.Witness)
	}
	mu, hide := p.draw(1<<pl.Row), p.draw(1)[0]
	pr.Mask = commit(mu, hide)
	c := pl.Begin(tr, pr)

	b, cs := slotsOf(pl, c, flat.Right, pl.Products, v), slotsOf(pl, c, flat.Product, pl.Products, v)
	for i := range pl.Boxes {
		if box := &pl.Boxes[i]; box.Claim == flat.Left && !box.Constant() && box.Fold == 0 && pl.Rows[box.Value>>pl.Row] == flat.Inverse {
			flattest.Terms(box, nil, func(value, slot, _ int, _ fr.Element) { v[value].Div(&cs[slot], &b[slot]) })
		}
	}
	p.seen.values = v
	if p.lie.inverses != nil {
		p.lie.inverses(v)
	}
	a := slotsOf(pl, c, flat.Left, pl.Products, v)
	pr.Inverses, blind[flat.Inverse] = p.rows(v, flat.Inverse)
	pl.Middle(tr, c, pr)

	first, second := slotsOf(pl, c, flat.First, pl.Sums, v), slotsOf(pl, c, flat.Second, pl.Sums, v)
	pr.Output = slotsOf(pl, c, flat.Output, 0, v)[0]
	g := &mask{constant: v[m.Constant]}
	for _, r := range m.Rounds {
		g.rounds = append(g.rounds, [3]fr.Element{v[r[0]], v[r[1]], v[r[2]]})
	}
	pr.MaskSum = g.sum(nil)
	if p.lie.sums != nil {
		p.lie.sums(c, pr, dot3(flat.Expand(c.Tau), a, b, cs))
	}
	pl.Sum(tr, c, pr)
	claim := pl.FirstClaim(c, pr)
	tau := flat.Expand(c.Tau)
	points := []fr.Element{fr.NewElement(0), fr.NewElement(1), fr.NewElement(1), fr.NewElement(2)}
	points[2].Neg(&points[2])
	for i := range pl.Rounds() {
		// The sum of what is left at each of four points.
		var y [4]fr.Element
		for k := range y {
			x := &points[k]
			part := func(size int, now, bound func() fr.Element) {
				wait := pl.Rounds() - size
				s := bound()
				if i < wait {
					s = now()
					wait = i + 1
				}
				for range wait {
					s.Halve()
				}
				y[k].Add(&y[k], &s)
			}
			part(pl.Products, func() fr.Element { return dot3(tau, a, b, cs) },
				func() fr.Element { return dot3(bind(tau, x), bind(a, x), bind(b, x), bind(cs, x)) })
			part(pl.Sums, func() fr.Element { return times(dot(first, second), c.Lambda) },
				func() fr.Element { return times(dot(bind(first, x), bind(second, x)), c.Lambda) })
			s := g.sum(append(append([]fr.Element{}, c.Sigma...), *x))
			y[k].Add(&y[k], s.Mul(&s, &c.Theta))
		}
		msg, sum := cubic(y)
		if p.lie.first != nil {
			p.lie.first(i, &msg, excessOf(sum, claim))
		}
		pr.First = append(pr.First, msg)
		tr.Scalars("first sumcheck", msg[:]...)
		x := tr.Challenge("sigma")
		claim = msg.At(&claim, &x)
		c.Sigma = append(c.Sigma, x)
		if i >= pl.Rounds()-pl.Products {
			tau, a, b, cs = bind(tau, &x), bind(a, &x), bind(b, &x), bind(cs, &x)
		}
		if i >= pl.Rounds()-pl.Sums {
			first, second = bind(first, &x), bind(second, &x)
		}
	}
	pr.Values = [5]fr.Element{a[0], b[0], cs[0], first[0], second[0]}
	if p.lie.values != nil {
		p.lie.values(pr)
	}
	for j, at := range m.Pairs {
		k := fr.NewElement(uint64(2*j + 1))
		pr.Hiding.Add(&pr.Hiding, k.Mul(&k, &v[at]))
	}
	if p.lie.hiding != nil {
		// What the claims would be, of a copy of everything.
		now, points := *tr, *c
		y, err := pl.Claims(&now, &points, claim, pr, p.public)
		require.NoError(t, err)
		w := points.Powers()
		virtual(pl, &points, v)
		p.lie.hiding(&points, pr, excessOf(dot(scatter(pl, &points), v), dot(y[:], w[:])))
	}
	y, err := pl.Claims(tr, c, claim, pr, p.public)
	require.NoError(t, err)
	p.seen.points, p.seen.claims = c, y
	w := c.Powers()
	claim = dot(y[:], w[:])
	virtual(pl, c, v)
	if p.lie.folds != nil {
		p.lie.folds(c, v)
	}
	e, folded := scatter(pl, c), append([]fr.Element{}, v[:1<<pl.Values]...)
	var row []fr.Element
	var omega []fr.Element
	for i := range pl.Values {
		if i == pl.Values-pl.Row {
			row = append([]fr.Element{}, folded...)
		}
		h := len(e) / 2
		var q flat.Quadratic
		var sum fr.Element
		q[0] = dot(e[:h], folded[:h])
		sum = dot(e, folded)
		for k := range h {
			var de, dv fr.Element
			de.Sub(&e[k+h], &e[k])
			dv.Sub(&folded[k+h], &folded[k])
			q[1].Add(&q[1], de.Mul(&de, &dv))
		}
		if p.lie.second != nil {
			p.lie.second(i, &q, excessOf(sum, claim))
		}
		pr.Second = append(pr.Second, q)
		tr.Scalars("second sumcheck", q[:]...)
		x := tr.Challenge("omega")
		claim = q.At(&claim, &x)
		omega = append(omega, x)
		e, folded = bind(e, &x), bind(folded, &x)
	}
	p.seen.omega, p.seen.row = omega, row
	p.seen.end.Div(&claim, &e[0])
	low := omega[pl.Values-pl.Row:]
	pr.MaskValue = extension(mu, low)
	if p.lie.mask != nil {
		p.lie.mask(pr, excessOf(folded[0], p.seen.end))
	}
	eta := pl.Eta(tr, pr)
	pr.Blinding.Mul(&eta, &hide)
	next := map[flat.Kind]int{}
	for i, kind := range pl.Rows {
		w := flattest.Eq(omega[:pl.Values-pl.Row], i, -1)
		switch kind {
		case flat.Unused:
		case flat.Virtual:
			fold := slices.IndexFunc(pl.Folds, func(f flat.Fold) bool { return f.Row == i })
			s := dot(pl.FoldRows(c)[fold], p.blinders[pl.Count(flat.Model):])
			pr.Blinding.Add(&pr.Blinding, w.Mul(&w, &s))
		default:
			pr.Blinding.Add(&pr.Blinding, w.Mul(&w, &blind[kind][next[kind]]))
			next[kind]++
		}
	}
	tr.Scalars("blinding", pr.Blinding)
	for i := range row {
		var x fr.Element
		row[i].Add(&row[i], x.Mul(&eta, &mu[i]))
	}
	all, err := p.key.Combine(c, flat.NewPoint(omega), &eta, pr)
	require.NoError(t, err)
	_, opening, err := hyperkzg.Open(context.Background(), testPowers().g1, all, row, low, tr)
	require.NoError(t, err)
	pr.Opening = *opening
	return pr
}

// accepts is what a caller does with the verifier's answer.
func accepts(t testing.TB, left, right bn254.G1Affine, err error) bool {
	if err != nil {
		return false
	}
	right.Neg(&right)
	ok, err := bn254.PairingCheck([]bn254.G1Affine{left, right}, testPowers().g2[:])
	require.NoError(t, err)
	return ok
}

func verify(t testing.TB, k *flat.Key, seed [32]byte, public [][]int64, pr *flat.Proof) bool {
	left, right, err := k.Verify(seed, public, pr)
	return accepts(t, left, right, err)
}
