package flat

import "github.com/consensys/gnark-crypto/ecc/bn254/fr"

// Points holds the challenges at which the claims' functionals are taken.
type Points struct {
	Beta  []fr.Element // one a table
	Gamma fr.Element

	Columns  *Point // of the columns of committed tables
	Outputs  *Point // rho: of the outputs of sums
	Zeros    *Point
	Products *Point // the last coordinates of sigma
	Sums     *Point // as many as the sums have
	Tau      []fr.Element
	Lambda   fr.Element
	Theta    fr.Element
	Sigma    []fr.Element // of the first sumcheck
	Alpha    fr.Element
}

// of returns a claim's points of slots and sides.
func (c *Points) of(k Claim) (slots, sides *Point) {
	switch k {
	case Left, Product:
		return c.Products, nil
	case Right:
		return c.Products, c.Columns
	case First, Second:
		return c.Sums, c.Outputs
	case Output:
		return nil, c.Outputs
	case Zero:
		return c.Zeros, nil
	}
	return nil, nil
}

// Scale returns what multiplies all of a box: its coefficient and its challenge.
func (c *Points) Scale(b *Box) (w fr.Element) {
	w.SetInt64(b.Coef)
	switch {
	case b.Symbol == Gamma:
		w.Mul(&w, &c.Gamma)
	case b.Symbol >= Beta:
		w.Mul(&w, &c.Beta[b.Symbol-Beta])
	}
	return w
}

// Powers returns the powers of alpha that combine the claims.
func (c *Points) Powers() (w [numClaims]fr.Element) {
	w[0].SetOne()
	for k := 1; k < len(w); k++ {
		w[k].Mul(&w[k-1], &c.Alpha)
	}
	return w
}

// Constants returns the part of each claim that no value has a share in, with the public
// integers of a statement.
func (p *Plan) Constants(c *Points, public [][]int64) (sum [numClaims]fr.Element) {
	return p.constants(c, public, p.split())
}

func (p *Plan) constants(c *Points, public [][]int64, split [][]part) (sum [numClaims]fr.Element) {
	e := evaluator{}
	add := func(b *Box, parts []part) {
		slots, sides := c.of(b.Claim)
		w, scale := e.eval(b, parts, [numSpaces]*Point{nil, slots, sides}), c.Scale(b)
		w.Mul(&w, &scale)
		sum[b.Claim].Add(&sum[b.Claim], &w)
	}
	for i := range p.Boxes {
		if p.Boxes[i].Constant() {
			add(&p.Boxes[i], split[i])
		}
	}
	for i, b := range p.Exposes {
		b.Factors = public[i]
		add(&b, b.parts())
	}
	p.Masks().Slots(p, Second, func(slot int, w *fr.Element, address int) {
		if address < 0 {
			at := c.Sums.Weight(slot)
			sum[Second].Add(&sum[Second], at.Mul(&at, w))
		}
	})
	return sum
}

// Functional evaluates at omega the multilinear extension of the coefficients that all claims
// together give the values.
func (p *Plan) Functional(c *Points, omega *Point) fr.Element {
	return p.functional(c, omega, p.split())
}

func (p *Plan) functional(c *Points, omega *Point, split [][]part) (sum fr.Element) {
	powers, e := c.Powers(), evaluator{}
	for i := range p.Boxes {
		b := &p.Boxes[i]
		if b.Constant() || b.Fold != 0 {
			continue
		}
		slots, sides := c.of(b.Claim)
		w, scale := e.eval(b, split[i], [numSpaces]*Point{omega, slots, sides}), c.Scale(b)
		w.Mul(&w, &scale).Mul(&w, &powers[b.Claim])
		sum.Add(&sum, &w)
	}
	column := omega.Low(p.Row)
	p.folds(func(f *Fold, b *Box, inner []part, masks [numSpaces]int) {
		slots, sides := c.of(b.Claim)
		w := e.evalBits(b, inner, [numSpaces]*Point{column, slots, sides}, masks)
		row := omega.Table(p.Row, p.Values)[f.Row]
		w.Mul(&w, &row).Mul(&w, &powers[b.Claim])
		sum.Add(&sum, &w)
	})
	p.Masks().Apply(p, c, func(k Claim, address int, w fr.Element) {
		at := omega.Weight(address)
		w.Mul(&w, &at).Mul(&w, &powers[k])
		sum.Add(&sum, &w)
	})
	return sum
}

// Sided is a box with the bits of its sides, [lo, hi), that its loops move.
type Sided struct {
	*Box
	lo, hi int
}

// ByClaim returns the boxes of each claim that has some.
func (p *Plan) ByClaim() [][]Sided {
	out := make([][]Sided, numBoxed)
	for i := range p.Boxes {
		b := Sided{Box: &p.Boxes[i]}
		b.lo, b.hi = movedBits(b.parts(), sides)
		out[b.Claim] = append(out[b.Claim], b)
	}
	return out
}

// Sides returns what the sides of a box weigh, with its coefficient and challenge: the weight
// of side i that the loops reach is scale·table[i>>shift&(len(table)-1)], or scale if there is no table.
func (c *Points) Sides(b Sided) (scale fr.Element, table []fr.Element, shift int) {
	scale = c.Scale(b.Box)
	_, point := c.of(b.Claim)
	if point == nil {
		return scale, nil, 0
	}
	w := point.weight(b.Side, 1<<b.hi-1<<b.lo|^b.Box.Sides)
	scale.Mul(&scale, &w)
	if b.lo == b.hi {
		return scale, nil, 0
	}
	return scale, point.Table(b.lo, b.hi), b.lo
}

// Slots returns the point of a claim's slots, nil if it has none.
func (c *Points) Slots(k Claim) *Point {
	slots, _ := c.of(k)
	return slots
}
