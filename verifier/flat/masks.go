package flat

import "github.com/consensys/gnark-crypto/ecc/bn254/fr"

// Masks says where the random values are that hide the others. It follows from the sizes alone,
// whatever a plan says.
//
// The second sumcheck is masked by Pairs, the addresses 2^i and 2^i xor 1: the coefficients 1, 3,
// 5, … of the claim [hiding] make its messages depend on them in every way they can depend on
// anything (TestMasksHideEverything). All other masks lie in the first row, of which no box may
// take a value.
type Masks struct {
	Pairs    []int     // two for each coordinate of the values
	Products [2][3]int // a, b and c = a·b of two slots
	Sum      [3]int    // u, v, z of the slots (u,v), (-u,v) and (z,1)
	Constant int       // of the polynomial that masks the first sumcheck
	Rounds   [][3]int  // its coefficients of X, X², X³ in each coordinate
}

// maskSlots is how many slots at the end of their space are masks.
const (
	productMasks = 2
	sumMasks     = 4 // of which one is empty
)

// MasksOf returns the masks of 2^dim values whose first sumcheck has some rounds.
func MasksOf(dim, rounds int) *Masks {
	m := new(Masks)
	taken := map[int]bool{}
	for i := range dim {
		m.Pairs = append(m.Pairs, 1<<i, 1<<i^1)
		taken[1<<i], taken[1<<i^1] = true, true
	}
	at := 0
	next := func() int {
		for taken[at] {
			at++
		}
		at++
		return at - 1
	}
	for i := range m.Products {
		m.Products[i] = [3]int{next(), next(), next()}
	}
	m.Sum = [3]int{next(), next(), next()}
	m.Constant = next()
	for range rounds {
		m.Rounds = append(m.Rounds, [3]int{next(), next(), next()})
	}
	return m
}

// Fit reports whether the masks but for the pairs lie in a first row of 2^row values.
func (m *Masks) Fit(row int) bool {
	last := m.Constant
	if n := len(m.Rounds); n > 0 {
		last = m.Rounds[n-1][2]
	}
	return last < 1<<row
}

// Slots calls f for each masking slot of a claim: the slot, a factor, and the address of the value,
// -1 for a constant.
func (m *Masks) Slots(p *Plan, k Claim, f func(slot int, w *fr.Element, address int)) {
	one := fr.One()
	var minus fr.Element
	minus.Neg(&one)
	end := 1<<p.Sums - sumMasks
	switch k {
	case Left, Right, Product:
		for i, a := range m.Products {
			f(1<<p.Products-productMasks+i, &one, a[k])
		}
	case First:
		f(end, &one, m.Sum[0])
		f(end+1, &minus, m.Sum[0])
		f(end+2, &one, m.Sum[2])
	case Second:
		f(end, &one, m.Sum[1])
		f(end+1, &one, m.Sum[1])
		f(end+2, &one, -1)
	case Output:
		f(0, &one, m.Sum[2])
	}
}

// Apply calls f with the address and the coefficient of each mask in each claim that has masks,
// but for the powers of alpha.
func (m *Masks) Apply(p *Plan, c *Points, f func(k Claim, address int, w fr.Element)) {
	for k := range numBoxed {
		slots, _ := c.of(k)
		m.Slots(p, k, func(slot int, w *fr.Element, address int) {
			if address < 0 {
				return
			}
			x := *w
			if slots != nil {
				at := slots.Weight(slot)
				x.Mul(&x, &at)
			}
			f(k, address, x)
		})
	}
	f(masking, m.Constant, fr.One())
	for i, x := range c.Sigma {
		w := x
		for _, a := range m.Rounds[i] {
			f(masking, a, w)
			w.Mul(&w, &x)
		}
	}
	for j, a := range m.Pairs {
		f(hiding, a, fr.NewElement(uint64(2*j+1)))
	}
}
