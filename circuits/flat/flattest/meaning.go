// Package flattest evaluates plans of the flat argument by their meaning, and the statements that they
// are made of, so that tests can compare them.
package flattest

import (
	"math/rand/v2"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/statement"
)

// Meaning is what a plan says, term by term, of values and random challenges.
type Meaning struct {
	plan                 *flat.Plan
	beta, columns, rho   []fr.Element
	gamma                fr.Element
	slots                [flat.Zero + 1][]fr.Element
	Unequal, Nonzero     int // slots of products and zeros that do not hold
	SumsDiffer, TablesDo bool
}

// Random draws field elements.
func Random(r *rand.Rand, n int) []fr.Element {
	out := make([]fr.Element, n)
	for i := range out {
		var b [40]byte
		for k := range b {
			b[k] = byte(r.Uint32())
		}
		out[i].SetBytes(b[:])
	}
	return out
}

// Eq is what the bits of an index weigh at a point, of those in mask.
func Eq(point []fr.Element, index, mask int) fr.Element {
	w, one := fr.One(), fr.One()
	for k := range point {
		bit := len(point) - 1 - k
		f := point[k]
		switch {
		case mask>>bit&1 == 0:
			continue
		case index>>bit&1 == 0:
			f.Sub(&one, &f)
		}
		w.Mul(&w, &f)
	}
	return w
}

// Terms calls f for each term of a box, with value -1 where it has none.
func Terms(b *flat.Box, factors []int64, f func(value, slot, side int, coef fr.Element)) {
	for n := range b.Terms() {
		value, slot, side, rest := b.Value, b.Slot, b.Side, n
		for i := len(b.Loops) - 1; i >= 0; i-- {
			d := rest % b.Loops[i].Size
			rest /= b.Loops[i].Size
			value, slot, side = value+d*b.Loops[i].Value, slot+d*b.Loops[i].Slot, side+d*b.Loops[i].Side
		}
		var coef, k fr.Element
		coef.SetInt64(b.Coef)
		if factors != nil {
			coef.Mul(&coef, k.SetInt64(factors[n]))
		}
		if b.Value < 0 {
			value = -1
		}
		f(value, slot, side, coef)
	}
}

// Of evaluates a plan. Inverses are computed: they are 0 where there are none.
func Of(p *flat.Plan, values []fr.Element, public [][]int64, r *rand.Rand) *Meaning {
	m := &Meaning{plan: p, beta: Random(r, p.Tables), columns: Random(r, p.Columns), rho: Random(r, p.Outputs), gamma: Random(r, 1)[0]}
	for k := range m.slots {
		n := 1
		switch flat.Claim(k) {
		case flat.Left, flat.Right, flat.Product:
			n = 1 << p.Products
		case flat.First, flat.Second:
			n = 1 << p.Sums
		case flat.Zero:
			n = 1 << p.Zeros
		}
		m.slots[k] = make([]fr.Element, n)
	}
	type inverse struct{ address, slot int }
	type side struct {
		claim       flat.Claim
		index, mask int
	}
	sides := map[side]fr.Element{}
	weight := func(claim flat.Claim, point []fr.Element, index, mask int) fr.Element {
		at := side{claim, index, mask}
		w, ok := sides[at]
		if !ok {
			w = Eq(point, index, mask)
			sides[at] = w
		}
		return w
	}
	var inverses []inverse
	add := func(b *flat.Box, factors []int64) {
		Terms(b, factors, func(value, slot, side int, coef fr.Element) {
			switch {
			case b.Symbol == flat.Gamma:
				coef.Mul(&coef, &m.gamma)
			case b.Symbol >= flat.Beta:
				coef.Mul(&coef, &m.beta[b.Symbol-flat.Beta])
			}
			var w fr.Element
			switch b.Claim {
			case flat.First, flat.Second, flat.Output:
				w = weight(b.Claim, m.rho, side, b.Sides)
				coef.Mul(&coef, &w)
			case flat.Right:
				w = weight(b.Claim, m.columns, side, b.Sides)
				coef.Mul(&coef, &w)
			}
			if value >= 0 {
				coef.Mul(&coef, &values[value])
			}
			m.slots[b.Claim][slot].Add(&m.slots[b.Claim][slot], &coef)
		})
	}
	isInverse := func(b *flat.Box) bool { return b.Value >= 0 && !p.Folded(b) && p.Rows[b.Value>>p.Row] == flat.Inverse }
	for i := range p.Boxes {
		b := &p.Boxes[i]
		if isInverse(b) {
			if b.Claim == flat.Left {
				Terms(b, b.Factors, func(value, slot, _ int, _ fr.Element) { inverses = append(inverses, inverse{value, slot}) })
			}
			continue
		}
		add(b, b.Factors)
	}
	for i := range p.Exposes {
		add(&p.Exposes[i], public[i])
	}
	inverted := make([]fr.Element, len(inverses))
	for i, h := range inverses {
		inverted[i] = m.slots[flat.Right][h.slot]
	}
	inverted = fr.BatchInvert(inverted)
	for i, h := range inverses {
		values[h.address].Mul(&m.slots[flat.Product][h.slot], &inverted[i])
	}
	for i := range p.Boxes {
		if isInverse(&p.Boxes[i]) {
			add(&p.Boxes[i], p.Boxes[i].Factors)
		}
	}
	for s := range m.slots[flat.Left] {
		var d fr.Element
		if d.Mul(&m.slots[flat.Left][s], &m.slots[flat.Right][s]); d != m.slots[flat.Product][s] {
			m.Unequal++
		}
	}
	for s := range m.slots[flat.Zero] {
		if !m.slots[flat.Zero][s].IsZero() {
			m.Nonzero++
		}
	}
	var sum fr.Element
	for s := range m.slots[flat.First] {
		var d fr.Element
		sum.Add(&sum, d.Mul(&m.slots[flat.First][s], &m.slots[flat.Second][s]))
	}
	m.SumsDiffer = sum != m.slots[flat.Output][0]
	m.TablesDo = !m.slots[flat.Tables][0].IsZero()
	return m
}

// Holds reports whether the values satisfy the plan, but for a chance of 2^-200.
func (m *Meaning) Holds() bool {
	return m.Unequal == 0 && m.Nonzero == 0 && !m.SumsDiffer && !m.TablesDo
}

// Statements evaluates the statements of a system over the integers; public are the integers of
// public tensors.
func Statements(s *relation.System, a *relation.Assignment, public [][]int64) bool {
	for _, l := range s.Lookups {
		x := a.Eval(l.Cols[0])
		var y []int64
		if l.Table.IsFunction() {
			y = a.Eval(l.Cols[1])
		}
		for i := range x {
			if x[i] < l.Table.Domain.Lo || x[i] > l.Table.Domain.Hi {
				return false
			}
			if l.Table.IsFunction() && y[i] != l.Table.At(x[i]) {
				return false
			}
		}
	}
	for _, p := range s.Products {
		x, y, z := a.Eval(p.A), a.Eval(p.B), a.Eval(p.C)
		for i := range x {
			if x[i]*y[i] != z[i] {
				return false
			}
		}
	}
	for _, z := range s.Zeros {
		for _, x := range a.Eval(z.T) {
			if x != 0 {
				return false
			}
		}
	}
	for i := range s.Contracts {
		if !contractHolds(&s.Contracts[i], a) {
			return false
		}
	}
	for _, m := range s.MatMuls {
		x, y, out := a.Eval(m.A), a.Eval(m.B), a.Eval(m.Out)
		inner, cols := m.A.Shape[1], m.B.Shape[1]
		for o := range out {
			sum := int64(0)
			for k := range inner {
				sum += x[o/cols*inner+k] * y[k*cols+o%cols]
			}
			if sum != out[o] {
				return false
			}
		}
	}
	for _, g := range s.Gathers {
		w := a.Of(g.W)
		for i, key := range a.Eval(g.Key) {
			if key < 0 || key >= int64(g.W.Shape[0]) {
				return false
			}
			for j, col := range g.Cols {
				if a.Eval(col)[i] != w[int(key)*len(g.Cols)+j] {
					return false
				}
			}
		}
	}
	for _, m := range s.Members {
		rows := map[int64]bool{}
		for _, x := range a.Eval(m.Rows) {
			rows[x] = true
		}
		for _, x := range a.Eval(m.Query) {
			if !rows[x] {
				return false
			}
		}
	}
	n := 0
	for _, e := range s.Exposes {
		if e.Visibility != statement.Public {
			continue
		}
		for i, x := range a.Eval(e.T) {
			if x != public[n][i] {
				return false
			}
		}
		n++
	}
	return true
}

func contractHolds(c *relation.Contract, a *relation.Assignment) bool {
	x, w, out := a.Eval(c.X), a.Of(c.W), a.Eval(c.Out)
	for o := range c.Out.Shape[0] {
		for i := range c.Out.Shape[1] {
			for j := range c.Out.Shape[2] {
				sum := int64(0)
				if c.Bias != nil {
					sum = a.Of(c.Bias)[o]
				}
				for ch := range c.X.Shape[0] {
					for p := range c.W.Shape[2] {
						for q := range c.W.Shape[3] {
							y, z := i*c.Stride[0]+p*c.Dilation[0]-c.Pad[0], j*c.Stride[1]+q*c.Dilation[1]-c.Pad[1]
							if y >= 0 && y < c.X.Shape[1] && z >= 0 && z < c.X.Shape[2] {
								sum += x[(ch*c.X.Shape[1]+y)*c.X.Shape[2]+z] * w[((o*c.X.Shape[0]+ch)*c.W.Shape[2]+p)*c.W.Shape[3]+q]
							}
						}
					}
				}
				if out[(o*c.Out.Shape[1]+i)*c.Out.Shape[2]+j] != sum {
					return false
				}
			}
		}
	}
	return true
}
