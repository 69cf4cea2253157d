package simd

import (
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Sums are sums of multiples of field elements by integers of 32 bits, which are added as integers
// and reduced at the end: at most 2^31 multiples each.
type Sums struct {
	wide   []wideSum
	vector vectorSums
}

// NewSums returns n sums of nothing.
func NewSums(n int) *Sums {
	if level == ifma {
		return &Sums{vector: newVectorSums(n)}
	}
	return &Sums{wide: make([]wideSum, n)}
}

// Add adds w[k]·x to sum at+k. It panics if there are fewer sums.
func (s *Sums) Add(at int, w []int32, x *fr.Element) {
	if s.wide == nil {
		s.vector.add(at, w, x)
		return
	}
	for k := range w {
		s.wide[at+k].add(x, w[k])
	}
}

// Value returns sum k.
func (s *Sums) Value(k int) fr.Element {
	if s.wide == nil {
		return s.vector.value(k)
	}
	return s.wide[k].value()
}

// Factors are field elements of which weighted sums are asked for.
type Factors struct {
	v      []fr.Element
	vector []uint64 // five limbs of 52 bits of each eight
}

// NewFactors returns the elements, of which it keeps v.
func NewFactors(v []fr.Element) *Factors {
	f := &Factors{v: v}
	if level == ifma {
		f.vector = vectorFactors(v)
	}
	return f
}

// Dot returns Σ_k w[k]·v[at+k]. It panics if there are fewer elements.
func (f *Factors) Dot(at int, w []int32) fr.Element {
	v := f.v[at : at+len(w)]
	var sum wideSum
	if f.vector != nil && at%8 == 0 {
		n := len(w) &^ 7
		f.dot(&sum, at, w[:n])
		v, w = v[n:], w[n:]
	}
	for k := range w {
		sum.add(&v[k], w[k])
	}
	return sum.value()
}

// wide is a sum of multiples of elements, as an integer of 320 bits.
type wide [5]uint64

// add adds w times an element's limbs.
func (s *wide) add(x *fr.Element, w uint64) {
	h0, l0 := bits.Mul64(x[0], w)
	h1, l1 := bits.Mul64(x[1], w)
	h2, l2 := bits.Mul64(x[2], w)
	h3, l3 := bits.Mul64(x[3], w)
	l1, c := bits.Add64(l1, h0, 0)
	l2, c = bits.Add64(l2, h1, c)
	l3, c = bits.Add64(l3, h2, c)
	s.plus(&wide{l0, l1, l2, l3, h3 + c})
}

func (s *wide) plus(x *wide) {
	var c uint64
	s[0], c = bits.Add64(s[0], x[0], 0)
	s[1], c = bits.Add64(s[1], x[1], c)
	s[2], c = bits.Add64(s[2], x[2], c)
	s[3], c = bits.Add64(s[3], x[3], c)
	s[4] += x[4] + c
}

// reduced returns the element whose limbs are the sum's remainder.
func (s *wide) reduced() fr.Element {
	out := fr.Element{s[0], s[1], s[2]}
	third, fourth := fr.Element{s[3]}, fr.Element{s[4]}
	third.Mul(&third, &power192)
	fourth.Mul(&fourth, &power256)
	return *out.Add(&out, &third).Add(&out, &fourth)
}

// The element with limbs v stands for v/2^256: these stand for 2^192 and 2^256, and times the
// element with limb s, whose product stands for s·2^192/2^256, give the limbs s·2^192.
var power192, power256 = powerOfTwo(192), powerOfTwo(256)

func powerOfTwo(n int) (x fr.Element) {
	x.SetOne()
	for range n {
		x.Double(&x)
	}
	return x
}

// wideSum is a sum of multiples by integers: what is added and what is subtracted.
type wideSum [2]wide

func (s *wideSum) add(x *fr.Element, w int32) {
	sign := uint32(w) >> 31
	s[sign].add(x, uint64((int64(w)^-int64(sign))+int64(sign)))
}

func (s *wideSum) value() fr.Element {
	plus, minus := s[0].reduced(), s[1].reduced()
	return *plus.Sub(&plus, &minus)
}
