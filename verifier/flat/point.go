package flat

import "github.com/consensys/gnark-crypto/ecc/bn254/fr"

// Point is a point of a hypercube's space, its first coordinate that of the highest bit, with
// tables of what its bits weigh. It is not for concurrent use.
type Point struct {
	x      []fr.Element
	tables map[[2]int][]fr.Element
}

// NewPoint returns a point of these coordinates.
func NewPoint(x []fr.Element) *Point { return &Point{x: x, tables: map[[2]int][]fr.Element{}} }

// Dim returns the number of coordinates.
func (p *Point) Dim() int { return len(p.x) }

// Coordinates returns the coordinates.
func (p *Point) Coordinates() []fr.Element { return p.x }

// Low returns the point of the last n coordinates, those of the lowest bits.
func (p *Point) Low(n int) *Point { return NewPoint(p.x[len(p.x)-n:]) }

// Table returns for each number of hi-lo bits what an index that has it in bits [lo, hi) weighs
// by these bits: the product of x over its ones and 1-x over its zeros.
func (p *Point) Table(lo, hi int) []fr.Element {
	if t := p.tables[[2]int{lo, hi}]; t != nil {
		return t
	}
	t := Expand(p.x[len(p.x)-hi : len(p.x)-lo])
	p.tables[[2]int{lo, hi}] = t
	return t
}

// Expand returns the weights of all indices in the multilinear extension at x.
func Expand(x []fr.Element) []fr.Element {
	t := make([]fr.Element, 1<<len(x))
	t[0].SetOne()
	for k := range x {
		for i := 1<<k - 1; i >= 0; i-- {
			t[2*i+1].Mul(&t[i], &x[k])
			t[2*i].Sub(&t[i], &t[2*i+1])
		}
	}
	return t
}

// fewBits is how many bits a table of weights may have that is made for speed alone.
const fewBits = 12

// weight is what an index weighs by its bits that are not in without.
func (p *Point) weight(index, without int) fr.Element {
	w, one := fr.One(), fr.One()
	for bit := len(p.x) - 1; bit >= 0; bit-- {
		if without>>bit&1 == 1 {
			continue
		}
		lo := bit // of a run of bits that weigh
		for lo > 0 && bit-lo < fewBits-1 && without>>(lo-1)&1 == 0 {
			lo--
		}
		if bit > lo {
			w.Mul(&w, &p.Table(lo, bit+1)[index>>lo&(1<<(bit+1-lo)-1)])
			bit = lo
			continue
		}
		f := p.x[len(p.x)-1-bit]
		if index>>bit&1 == 0 {
			f.Sub(&one, &f)
		}
		w.Mul(&w, &f)
	}
	return w
}

// Weight is what an index weighs in the multilinear extension at the point.
func (p *Point) Weight(index int) fr.Element { return p.weight(index, 0) }

// equal is the multilinear extension of equality at two points of one dimension.
func equal(p, q []fr.Element) fr.Element {
	e, one := fr.One(), fr.One()
	for i := range p {
		// 1 - p - q + 2pq
		var f fr.Element
		f.Mul(&p[i], &q[i]).Double(&f).Sub(&f, &p[i]).Sub(&f, &q[i]).Add(&f, &one)
		e.Mul(&e, &f)
	}
	return e
}
