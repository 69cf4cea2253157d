package flat

import (
	"math/big"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Weights are small integers and too many to be kept as field elements. An integer in the lowest limb of an
// element, as it is, is a factor for Montgomery's product if the other has one more R = 2^256:
//
//	(x·R²)·w / R = (x·w)·R

// montgomery is R as a field element.
var montgomery, power192 = powerOfTwo(256), powerOfTwo(192)

func powerOfTwo(n uint) (x fr.Element) {
	return *x.SetBigInt(new(big.Int).Lsh(big.NewInt(1), n))
}

// addTimes adds x·w to sum, for an x that was multiplied by [montgomery].
func addTimes(sum, x *fr.Element, w int32) {
	var y fr.Element
	switch {
	case w > 0:
		y[0] = uint64(w)
		sum.Add(sum, y.Mul(&y, x))
	case w < 0:
		y[0] = uint64(-int64(w))
		sum.Sub(sum, y.Mul(&y, x))
	}
}

// wide is a sum of multiples of elements, as an integer of 320 bits: of fewer than 2^32 multiples by 32 bits
// each, it does not wrap.
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
	h3 += c
	s[0], c = bits.Add64(s[0], l0, 0)
	s[1], c = bits.Add64(s[1], l1, c)
	s[2], c = bits.Add64(s[2], l2, c)
	s[3], c = bits.Add64(s[3], l3, c)
	s[4] += h3 + c
}

// reduced returns the element whose limbs are the sum's remainder.
func (s *wide) reduced() fr.Element {
	out := fr.Element{s[0], s[1], s[2]}
	third, fourth := fr.Element{s[3]}, fr.Element{s[4]}
	third.Mul(&third, &power192)
	fourth.Mul(&fourth, &montgomery)
	return *out.Add(&out, &third).Add(&out, &fourth)
}

// wideSum is a sum of multiples by integers: what is added and what is subtracted.
type wideSum struct{ plus, minus wide }

func (s *wideSum) add(x *fr.Element, w int32) {
	switch {
	case w > 0:
		s.plus.add(x, uint64(w))
	case w < 0:
		s.minus.add(x, uint64(-int64(w)))
	}
}

func (s *wideSum) value() fr.Element {
	plus, minus := s.plus.reduced(), s.minus.reduced()
	return *plus.Sub(&plus, &minus)
}

// addWeights adds a run of a box of weights, which begins at one of them, to the slots.
func addWeights(out fr.Vector, weights []int32, at int, b *weighted, r *run) {
	var scale fr.Element
	scale.Mul(&b.scale, &montgomery)
	side, steps := 0, 0
	if b.table != nil {
		side, steps = r.side>>b.shift&(len(b.table)-1), r.step.Side>>b.shift
	}
	if steps == 0 {
		if b.table != nil {
			scale.Mul(&scale, &b.table[side])
		}
		for i := range r.n {
			addTimes(&out[r.slot+i*r.step.Slot], &scale, weights[at+i*r.step.Value])
		}
		return
	}
	if r.step.Slot == 0 {
		var sum wideSum
		for i := range r.n {
			sum.add(&b.table[side+i*steps], weights[at+i*r.step.Value])
		}
		x := sum.value()
		out[r.slot].Add(&out[r.slot], x.Mul(&x, &b.scale))
		return
	}
	for i := range r.n {
		var x fr.Element
		x.Mul(&scale, &b.table[side+i*steps])
		addTimes(&out[r.slot+i*r.step.Slot], &x, weights[at+i*r.step.Value])
	}
}

// fold computes the virtual rows.
func (t *attempt) fold() {
	row := t.plan.Row
	for i, outer := range t.plan.FoldRows(t.points) {
		to := t.values[t.plan.Folds[i].Row<<row : (t.plan.Folds[i].Row+1)<<row]
		inChunks(len(to), func(lo, hi int, _ *fr.Vector) {
			sums := make([]wideSum, hi-lo)
			for r := range outer {
				if outer[r].IsZero() {
					continue
				}
				for k, w := range t.weights[r<<row+lo : r<<row+hi] {
					sums[k].add(&outer[r], w)
				}
			}
			for k := range sums {
				to[lo+k] = sums[k].value()
			}
		})
	}
}
