package flat

import (
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/internal/secret"
	"github.com/nnark/nnark/verifier/flat"
)

// drawMasks draws all that is random.
func (t *attempt) drawMasks() error {
	m := t.masks
	t.mask = make(fr.Vector, 1<<t.plan.Row)
	t.blind = map[flat.Kind][]fr.Element{flat.Model: t.blinders}
	for _, k := range []flat.Kind{flat.Witness, flat.Inverse} {
		t.blind[k] = make([]fr.Element, t.plan.Count(k))
		if err := draw(t.blind[k]); err != nil {
			return err
		}
	}
	if err := draw(t.mask); err != nil {
		return err
	}
	for _, a := range addressesOf(m) {
		if err := secret.Draw(&t.values[a]); err != nil {
			return err
		}
	}
	for _, s := range m.Products {
		t.values[s[2]].Mul(&t.values[s[0]], &t.values[s[1]])
	}
	return secret.Draw(&t.hide)
}

// addressesOf are those of all masks.
func addressesOf(m *flat.Masks) []int {
	addresses := append(append([]int{m.Constant}, m.Pairs...), m.Sum[:]...)
	for _, r := range m.Rounds {
		addresses = append(addresses, r[:]...)
	}
	for _, s := range m.Products {
		addresses = append(addresses, s[:]...)
	}
	return addresses
}

// maskSum is the sum of the mask g = g_0 + Σ_i g_i(x_i) over all points.
func (t *attempt) maskSum() (sum fr.Element) {
	sum.Double(&t.values[t.masks.Constant])
	for i := range t.masks.Rounds {
		x := t.maskOver(i)
		sum.Add(&sum, &x)
	}
	return times2(sum, t.plan.Rounds()-1)
}

// maskOver is g_i(0) + g_i(1).
func (t *attempt) maskOver(i int) (sum fr.Element) {
	for _, a := range t.masks.Rounds[i] {
		sum.Add(&sum, &t.values[a])
	}
	return sum
}

func times2(x fr.Element, times int) fr.Element {
	for range times {
		x.Double(&x)
	}
	return x
}

// maskRound is a round's message of theta·g.
func (t *attempt) maskRound(round int) (m flat.Cubic) {
	left := t.plan.Rounds() - 1 - round
	known, open := t.values[t.masks.Constant], fr.Element{}
	for i, r := range t.masks.Rounds {
		switch {
		case i < round:
			x := t.points.Sigma[i]
			power := x
			for _, a := range r {
				var y fr.Element
				known.Add(&known, y.Mul(&t.values[a], &power))
				power.Mul(&power, &x)
			}
		case i > round:
			x := t.maskOver(i)
			open.Add(&open, &x)
		}
	}
	m[0] = times2(known, left)
	if left > 0 {
		open = times2(open, left-1)
		m[0].Add(&m[0], &open)
	}
	m[1] = times2(t.values[t.masks.Rounds[round][1]], left)
	m[2] = times2(t.values[t.masks.Rounds[round][2]], left)
	for k := range m {
		m[k].Mul(&m[k], &t.points.Theta)
	}
	return m
}
