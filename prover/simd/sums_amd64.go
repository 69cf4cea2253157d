//go:build amd64 && !purego

package simd

import "github.com/consensys/gnark-crypto/ecc/bn254/fr"

//go:noescape
func sumsAdd(acc *uint64, w *int32, n uint64, x *[2][5]uint64)

//go:noescape
func sumsDot(acc *[11][8]uint64, w *int32, n uint64, table *uint64)

// sumsLimbs is the number of accumulators of a sum, whose limbs count 2^52 times their
// predecessors, and maxSums how often less than 2^53 can be added to each.
const sumsLimbs, maxSums = 6, 2000

// vectorSums are sums eight by eight: six accumulators of eight lanes.
type vectorSums struct {
	n      int
	acc    []uint64
	added  int       // since the accumulators were carried
	ragged []wideSum // what was added to some of eight
}

func newVectorSums(n int) vectorSums {
	return vectorSums{n: n, acc: alignedWords((n + 7) / 8 * sumsLimbs * 8)}
}

func (s *vectorSums) add(at int, w []int32, x *fr.Element) {
	if at < 0 || at+len(w) > s.n {
		panic("simd: more factors than sums")
	}
	if len(w) >= 8 && at%8 == 0 {
		if s.added++; s.added > maxSums {
			s.carry()
		}
		var minus fr.Element
		minus.Neg(x)
		both := [2][5]uint64{limbsOf(*x), limbsOf(minus)}
		groups := len(w) / 8
		sumsAdd(&s.acc[at*sumsLimbs], &w[0], uint64(groups), &both)
		at, w = at+8*groups, w[8*groups:]
	}
	if len(w) > 0 && s.ragged == nil {
		s.ragged = make([]wideSum, s.n)
	}
	for k := range w {
		s.ragged[at+k].add(x, w[k])
	}
}

// carry leaves 52 bits in all accumulators but the last of each sum.
func (s *vectorSums) carry() {
	for at := 0; at < len(s.acc); at += sumsLimbs * 8 {
		group := s.acc[at : at+sumsLimbs*8]
		for k := range (sumsLimbs - 1) * 8 {
			group[k+8] += group[k] >> 52
			group[k] &= limbMask
		}
	}
	s.added = 1
}

func (s *vectorSums) value(k int) fr.Element {
	sum := fromAccumulators(s.acc[k/8*sumsLimbs*8+k%8:])
	x := sum.reduced()
	if s.ragged != nil {
		y := s.ragged[k].value()
		x.Add(&x, &y)
	}
	return x
}

// fromAccumulators returns the integer of accumulators eight apart.
func fromAccumulators(a []uint64) wide {
	var l [sumsLimbs]uint64
	for i := range l {
		l[i] += a[8*i]
		if i+1 < len(l) {
			l[i], l[i+1] = l[i]&limbMask, l[i]>>52
		}
	}
	return wide{l[0] | l[1]<<52, l[1]>>12 | l[2]<<40, l[2]>>24 | l[3]<<28, l[3]>>36 | l[4]<<16, l[4]>>48 | l[5]<<4}
}

func vectorFactors(v []fr.Element) []uint64 {
	out := alignedWords(len(v) / lanes * elementWords)
	for k := range v[:len(v)&^7] {
		toLimbs(out[k/lanes*elementWords+k%lanes:], v[k])
	}
	return out
}

// dot adds the products of whole vectors.
func (f *Factors) dot(sum *wideSum, at int, w []int32) {
	for len(w) > 0 {
		n := min(len(w), 8*maxSums)
		var acc [11][8]uint64
		sumsDot(&acc, &w[0], uint64(n/8), &f.vector[at*5])
		for lane := range 8 {
			var plus, minus [sumsLimbs * 8]uint64
			for i := range sumsLimbs {
				plus[8*i] = acc[i][lane]
			}
			for i := range 5 {
				minus[8*(i+1)] = acc[sumsLimbs+i][lane] // counts 2^52 times
			}
			p, m := fromAccumulators(plus[:]), fromAccumulators(minus[:])
			sum[0].plus(&p)
			sum[1].plus(&m)
		}
		at, w = at+n, w[n:]
	}
}
