package flat_test

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	compile "github.com/nnark/nnark/circuits/flat"
	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/verifier/flat"
)

// known is the n-th challenge of a label in a transcript in which it depends on nothing.
func known(label string, n int) (x fr.Element) {
	h := sha256.Sum256(binary.BigEndian.AppendUint64([]byte(label), uint64(n)))
	x.SetBytes(h[:])
	return x
}

func knownAll(label string, n int) []fr.Element {
	out := make([]fr.Element, n)
	for i := range out {
		out[i] = known(label, i)
	}
	return out
}

// frozen returns a transcript in which all challenges of a label are known, or only one of them.
func frozen(label string, only int) *flat.Transcript {
	n := 0
	return flat.Chosen(testSeed, func(l string) (x fr.Element, ok bool) {
		if l != label {
			return x, false
		}
		if label != "alpha" && label != "eta" {
			n++
		}
		if only >= 0 && n-1 != only {
			return x, false
		}
		return known(label, max(0, n-1)), true
	})
}

// forgery is a false proof by who knows the challenges of a label beforehand.
type forgery struct {
	label string
	only  int // number of the challenge known, -1 for all
	lie   lies
	plan  *flat.Plan // another than the network's
}

func falseProduct(p *prover) { add(&p.values[testNetwork().at("prod", 3)], 1) }

// shift adds to the values at two addresses so that their weighted sum stays.
func shift(v []fr.Element, a, b int, wa, wb fr.Element) {
	v[a].Add(&v[a], &wb)
	v[b].Sub(&v[b], &wa)
}

// line adds to a message a multiple of X - x, so that it has another sum but the same value at x.
func line(label string, round int, constant *fr.Element, excess fr.Element) {
	x, d := known(label, round), fr.One()
	d.Sub(&d, &x).Sub(&d, &x)
	x.Div(&x, &d)
	constant.Sub(constant, x.Mul(&x, &excess))
}

func forgeries() []forgery {
	n := testNetwork()
	pl := n.Plan
	return []forgery{
		{label: "beta", only: -1, lie: lies{witness: func(p *prover) { lieInTable(p, "lonely") }}},
		{label: "gamma", only: -1, lie: lies{witness: func(p *prover) {
			// (x - γ, f(x) + 1) looks like (x, f(x)).
			gamma := known("gamma", 0)
			p.values[n.at("fx", 0)].Sub(&p.values[n.at("fx", 0)], &gamma)
			add(&p.values[n.at("fy", 0)], 1)
			// The product that reads the integer too follows it.
			for i := range n.blocks["same"].Size() {
				if i%2 == 0 && i < 5 {
					var d fr.Element
					c := &p.values[n.at("same", i)]
					c.Sub(c, d.Mul(&gamma, &p.values[n.at("x", i)]))
				}
			}
		}}},
		{label: "epsilon", only: -1, plan: n.withoutRanges("col0", "col1"), lie: lies{witness: func(p *prover) {
			epsilon := knownAll("epsilon", pl.Columns)
			shift(p.values, n.at("col0", 1), n.at("col1", 1), flattest.Eq(epsilon, 0, -1), flattest.Eq(epsilon, 1, -1))
		}}},
		{label: "tau", only: -1, lie: lies{witness: func(p *prover) {
			tau := knownAll("tau", pl.Products)
			a, b := n.at("prod", 0), n.at("prod", 6)
			shift(p.values, a, b, flattest.Eq(tau, n.slot(flat.Product, a), -1), flattest.Eq(tau, n.slot(flat.Product, b), -1))
		}}},
		{label: "rho", only: -1, lie: lies{witness: func(p *prover) {
			rho := knownAll("rho", pl.Outputs)
			a, b := n.at("m", 1), n.at("m", 7)
			shift(p.values, a, b, flattest.Eq(rho, n.side(a), -1), flattest.Eq(rho, n.side(b), -1))
		}}},
		{label: "zeta", only: -1, lie: lies{witness: func(p *prover) {
			zeta := knownAll("zeta", pl.Zeros)
			a, b := n.at("z", 4), n.at("z", 5) // not those that member copies
			shift(p.values, a, b, flattest.Eq(zeta, n.slot(flat.Zero, a), -1), flattest.Eq(zeta, n.slot(flat.Zero, b), -1))
		}}},
		{label: "theta", only: -1, lie: lies{witness: falseProduct, sums: func(_ *flat.Points, pr *flat.Proof, excess fr.Element) {
			theta := known("theta", 0)
			pr.MaskSum.Add(&pr.MaskSum, excess.Div(&excess, &theta))
		}}},
		{label: "sigma", only: 0, lie: lies{witness: falseProduct, first: func(i int, m *flat.Cubic, excess fr.Element) {
			if i == 0 {
				line("sigma", i, &m[0], excess)
			}
		}}},
		{label: "sigma", only: pl.Rounds() - 1, lie: lies{witness: falseProduct, first: func(i int, m *flat.Cubic, excess fr.Element) {
			if i == pl.Rounds()-1 {
				line("sigma", i, &m[0], excess)
			}
		}}},
		{label: "alpha", only: -1, lie: lies{witness: falseProduct, hiding: func(c *flat.Points, pr *flat.Proof, excess fr.Element) {
			w := c.Powers()
			pr.Hiding.Sub(&pr.Hiding, excess.Div(&excess, &w[flat.Hiding]))
		}}},
		{label: "omega", only: 3, lie: lies{witness: falseProduct, second: func(i int, m *flat.Quadratic, excess fr.Element) {
			if i == 3 {
				line("omega", i, &m[0], excess)
			}
		}}},
		{label: "eta", only: -1, lie: lies{witness: falseProduct, mask: func(pr *flat.Proof, excess fr.Element) {
			eta := known("eta", 0)
			pr.MaskValue.Sub(&pr.MaskValue, excess.Div(&excess, &eta))
		}}},
	}
}

// withoutRanges is the plan with the integers of columns looked up in their ranges as constants.
func (n *network) withoutRanges(names ...string) *flat.Plan {
	p := *n.Plan
	p.Boxes = append([]flat.Box{}, n.Plan.Boxes...)
	for _, name := range names {
		at := n.at(name, 0)
		for i := range p.Boxes {
			b := &p.Boxes[i]
			if b.Claim != flat.Right || b.Symbol != flat.One || b.Value != at {
				continue
			}
			b.Loops = append([]flat.Loop{}, b.Loops...)
			flattest.Terms(b, nil, func(value, _, _ int, _ fr.Element) { b.Factors = append(b.Factors, n.ints[value]) })
			for k := range b.Loops {
				b.Loops[k].Value = 0
			}
			b.Value = -1
		}
	}
	return &p
}

// side returns which output an address is.
func (n *network) side(address int) (side int) {
	for i := range n.Plan.Boxes {
		if b := &n.Plan.Boxes[i]; b.Claim == flat.Output && !b.Constant() {
			flattest.Terms(b, nil, func(value, _, s int, _ fr.Element) {
				if value == address {
					side = s
				}
			})
		}
	}
	return side
}

// lieInTable lets a column have an integer that its table lacks, and the number of times that the
// table's first row is looked up make up for it.
func lieInTable(p *prover, name string) {
	n := testNetwork()
	x := n.at(name, 0)
	query := n.slotIn(flat.Right, x)
	for t := range n.Plan.Tables {
		var slots = map[int]bool{}
		for i := range n.Plan.Boxes {
			if b := &n.Plan.Boxes[i]; b.Symbol == flat.Beta+flat.Symbol(t) {
				flattest.Terms(b, nil, func(_, s, _ int, _ fr.Element) { slots[s] = true })
			}
		}
		if !slots[query] {
			continue
		}
		for i := range n.Plan.Boxes {
			b := &n.Plan.Boxes[i]
			if b.Claim != flat.Product || b.Constant() || !slots[b.Slot] {
				continue
			}
			// The row's constant is what the integer was, where its claims are all read at 0.
			beta := known("beta", t)
			row := n.constant(flat.Right, b.Slot)
			row.Add(&row, &beta)
			before, after := p.values[x], fr.NewElement(1000)
			p.values[x] = after
			before.Add(&before, &beta).Inverse(&before)
			after.Add(&after, &beta).Inverse(&after)
			after.Sub(&after, &before).Mul(&after, &row)
			p.values[b.Value].Add(&p.values[b.Value], &after)
			return
		}
	}
	panic("no table")
}

// slotIn is a slot where a lookup reads an address by itself.
func (n *network) slotIn(claim flat.Claim, address int) int {
	tables := map[int]bool{}
	for i := range n.Plan.Boxes {
		if b := &n.Plan.Boxes[i]; b.Symbol >= flat.Beta {
			flattest.Terms(b, nil, func(_, s, _ int, _ fr.Element) { tables[s] = true })
		}
	}
	slot := -1
	for i := range n.Plan.Boxes {
		if b := &n.Plan.Boxes[i]; b.Claim == claim && b.Symbol == flat.One && !b.Constant() {
			flattest.Terms(b, nil, func(value, s, _ int, _ fr.Element) {
				if value == address && tables[s] {
					slot = s
				}
			})
		}
	}
	return slot
}

// constant is what a slot has of constants without a challenge.
func (n *network) constant(claim flat.Claim, slot int) (sum fr.Element) {
	for i := range n.Plan.Boxes {
		if b := &n.Plan.Boxes[i]; b.Claim == claim && b.Symbol == flat.One && b.Constant() {
			flattest.Terms(b, b.Factors, func(_, s, _ int, coef fr.Element) {
				if s == slot {
					sum.Add(&sum, &coef)
				}
			})
		}
	}
	return sum
}

// Whoever knows a challenge before saying what it tests proves something false. With the verifier's
// own transcript, in which it follows from what was said, the same lie is found out.
func TestFrozenChallenges(t *testing.T) {
	for _, f := range forgeries() {
		t.Run(f.label, func(t *testing.T) {
			n := *testNetwork()
			if f.plan != nil {
				n.Compiled = &compile.Compiled{Plan: f.plan}
			}
			p := n.prover(6)
			p.lie = f.lie
			pr := p.prove(t, frozen(f.label, f.only))
			left, right, err := p.key.VerifyWith(frozen(f.label, f.only), p.public, pr)
			require.NoError(t, err)
			require.True(t, accepts(t, left, right, err), "a forgery that fails where it should not")
			require.False(t, verify(t, p.key, testSeed, p.public, pr))

			p = n.prover(6)
			p.lie = f.lie
			require.False(t, verify(t, p.key, testSeed, p.public, p.prove(t, flat.NewTranscript(testSeed))))
		})
	}
}

// Where a key is no part of the seed, it can be chosen after the proof: a model that makes it true.
func TestKeyNotInSeed(t *testing.T) {
	p := testNetwork().prover(7)
	n := p.plan
	row := 0
	for n.Rows[row] != flat.Model {
		row++
	}
	p.lie.witness = falseProduct
	p.lie.mask = func(_ *flat.Proof, excess fr.Element) {
		// One more of the model's last weight, which may be used nowhere.
		at := (row+1)<<n.Row - 1
		w := flattest.Eq(p.seen.omega, at, -1)
		excess.Div(&excess, &w)
		w = flattest.Eq(p.seen.omega[n.Values-n.Row:], at, 1<<n.Row-1)
		p.seen.row[1<<n.Row-1].Add(&p.seen.row[1<<n.Row-1], scaled(excess, flattest.Eq(p.seen.omega[:n.Values-n.Row], row, -1)))
		more := make([]fr.Element, 1<<n.Row)
		more[1<<n.Row-1] = excess
		c := commit(more, fr.Element{})
		p.key.Model = append([]bn254.G1Affine{}, p.key.Model...)
		p.key.Model[0].Add(&p.key.Model[0], &c)
	}
	honest := p.key.Model[0]
	pr := p.prove(t, flat.NewTranscript(testSeed))
	require.NotEqual(t, honest, p.key.Model[0])
	require.True(t, verify(t, p.key, testSeed, p.public, pr), "the seed does not depend on the key")
	seed := sha256.Sum256(append(testSeed[:], p.key.Model[0].Marshal()...))
	require.False(t, verify(t, p.key, seed, p.public, pr))
	p.lie.mask = nil
	require.False(t, verify(t, p.key, seed, p.public, p.prove(t, flat.NewTranscript(seed))))
}

func scaled(x, by fr.Element) *fr.Element { return x.Mul(&x, &by) }
