//go:build amd64 && !purego

package simd

import (
	"fmt"
	"math/big"
	"math/bits"
	"sync"
	"unsafe"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
)

//go:noescape
func addPass1(a, b *bn254.G1Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8)

//go:noescape
func addPass2(dst, a, b *bn254.G1Affine, pairs *Pair, n uint64, scratch *uint64)

//go:noescape
func addPass1G2(a, b *bn254.G2Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8)

//go:noescape
func addPass2G2(dst, a, b *bn254.G2Affine, pairs *Pair, n uint64, scratch *uint64)

// maxPairs sets each of the maxima to the greatest indices of n pairs, so many apart.
//
//go:noescape
func maxPairs(maxima *[pairsMaxed]Pair, pairs *Pair, n uint64)

const (
	pairsMaxed   = 16 // that three vectors hold
	lanes        = 8
	elementWords = 5 * lanes
	maxVectors   = 256
)

// vectorCode is the assembly for a group. The layout of its scratch space, in
// words, is a head and an entry for each vector. Pass 1 leaves a product in the
// first element of the head, where pass 2 takes its inverse.
type vectorCode[P any] struct {
	lanes       int
	vectors     int // that share an inversion
	head, entry int
	pass1       func(a, b *P, pairs *Pair, n uint64, scratch *uint64, masks *uint8)
	invert      func(product []uint64)
	pass2       func(dst, a, b *P, pairs *Pair, n uint64, scratch *uint64, flags *uint8)
	reduce      func(p *P) // what pass 2 has flagged: its coordinates modulo p
	generic     func(dst, a, b []P, pairs []Pair)
	pool        sync.Pool // of *vectorAdder[P]
}

var (
	codeG1 = map[string]*vectorCode[bn254.G1Affine]{
		ifma: {
			lanes: lanes, vectors: 256, head: 4 * elementWords, entry: 2 * elementWords,
			pass1: addPass1, invert: invertLanes, generic: addG1Generic,
			pass2: func(dst, a, b *bn254.G1Affine, pairs *Pair, n uint64, scratch *uint64, _ *uint8) {
				addPass2(dst, a, b, pairs, n, scratch)
			},
		},
		avx2: {
			lanes: doubleLanes, vectors: 256, head: 8 * doubleWords, entry: 2 * doubleWords,
			pass1: addPass1Doubles, invert: invertDoubles, generic: addG1Generic,
			pass2: addPass2Doubles, reduce: reduceG1,
		},
	}
	codeG2 = map[string]*vectorCode[bn254.G2Affine]{
		ifma: {
			lanes: lanes, vectors: 64, head: 16 * elementWords, entry: 4 * elementWords,
			pass1: addPass1G2, invert: invertLanes, generic: addG2Generic,
			pass2: func(dst, a, b *bn254.G2Affine, pairs *Pair, n uint64, scratch *uint64, _ *uint8) {
				addPass2G2(dst, a, b, pairs, n, scratch)
			},
		},
		avx2: {
			lanes: doubleLanes, vectors: 128, head: 17 * doubleWords, entry: 4 * doubleWords,
			pass1: addPass1G2Doubles, invert: invertDoubles, generic: addG2Generic,
			pass2: addPass2G2Doubles, reduce: reduceG2,
		},
	}
)

func addG1Vector(dst, a, b []bn254.G1Affine, pairs []Pair) { codeG1[level].add(dst, a, b, pairs) }
func addG2Vector(dst, a, b []bn254.G2Affine, pairs []Pair) { codeG2[level].add(dst, a, b, pairs) }

// vectorAdder is the scratch space for one batch.
type vectorAdder[P any] struct {
	scratch []uint64
	masks   [maxVectors]uint8 // the lanes pass 1 leaves to the generic code
	flags   [maxVectors]uint8 // the lanes whose sums pass 2 could not bring below p
	padded  [maxVectors * lanes]Pair
	special []Pair
	sums    []P
}

// add performs any number of additions.
func (c *vectorCode[P]) add(dst, a, b []P, pairs []Pair) {
	if len(pairs) < c.lanes {
		c.generic(dst, a, b, pairs)
		return
	}
	checkPairs(len(dst), len(a), len(b), pairs)
	s, _ := c.pool.Get().(*vectorAdder[P])
	if s == nil {
		s = &vectorAdder[P]{scratch: alignedWords(c.head + c.vectors*c.entry)}
	}
	defer c.pool.Put(s)
	for full := c.vectors * c.lanes; len(pairs) >= full; pairs = pairs[full:] {
		c.addBatch(s, dst, a, b, pairs[:full])
	}
	if len(pairs)%c.lanes != 0 {
		// Fill the last vector with copies of its last addition, which read the
		// same points and write the same sum.
		n := copy(s.padded[:], pairs)
		for ; n%c.lanes != 0; n++ {
			s.padded[n] = pairs[len(pairs)-1]
		}
		pairs = s.padded[:n]
	}
	if len(pairs) > 0 {
		c.addBatch(s, dst, a, b, pairs)
	}
}

// checkPairs panics if an index is out of range, which the assembly would not
// notice.
func checkPairs(dst, a, b int, pairs []Pair) {
	var most Pair
	if level == ifma && len(pairs) >= pairsMaxed {
		n := len(pairs) / pairsMaxed
		var maxima [pairsMaxed]Pair
		maxPairs(&maxima, &pairs[0], uint64(n))
		most = maxOf(maxima[:], most)
		pairs = pairs[n*pairsMaxed:]
	}
	most = maxOf(pairs, most)
	if int(most.Out) >= dst || int(most.A>>1) >= a || int(most.B>>1) >= b {
		panic(fmt.Sprintf("simd: index out of range: %d of %d, %d of %d or %d of %d", most.Out, dst, most.A>>1, a, most.B>>1, b))
	}
}

// maxOf returns the greatest of each index of the pairs and most.
func maxOf(pairs []Pair, most Pair) Pair {
	for i := range pairs {
		p := &pairs[i]
		most = Pair{max(most.A, p.A), max(most.B, p.B), max(most.Out, p.Out)}
	}
	return most
}

// addBatch performs whole vectors of additions, with one inversion.
func (c *vectorCode[P]) addBatch(s *vectorAdder[P], dst, a, b []P, pairs []Pair) {
	n := len(pairs) / c.lanes
	c.pass1(&a[0], &b[0], &pairs[0], uint64(n), &s.scratch[0], &s.masks[0])
	c.invert(s.scratch)

	// The sums of points at infinity and of points with equal abscissas are
	// computed apart, and before pass 2 may overwrite the operands.
	s.special = s.special[:0]
	for v, m := range s.masks[:n] {
		for ; m != 0; m &= m - 1 {
			s.special = append(s.special, pairs[v*c.lanes+bits.TrailingZeros8(m)])
		}
	}
	out := make([]uint32, len(s.special))
	for i := range s.special {
		out[i], s.special[i].Out = s.special[i].Out, uint32(i)
	}
	s.sums = append(s.sums[:0], make([]P, len(s.special))...)
	c.generic(s.sums, a, b, s.special)

	c.pass2(&dst[0], &a[0], &b[0], &pairs[0], uint64(n), &s.scratch[0], &s.flags[0])
	if c.reduce != nil {
		for v, m := range s.flags[:n] {
			for ; m != 0; m &= m - 1 {
				c.reduce(&dst[pairs[v*c.lanes+bits.TrailingZeros8(m)].Out])
			}
		}
	}
	for i := range s.sums {
		dst[out[i]] = s.sums[i]
	}
}

// invertLanes replaces eight elements v < 2p, in limbs of 52 bits, transposed, by
// 2^258·2^260/v mod p.
func invertLanes(v []uint64) {
	var x, prefix [lanes]fp.Element
	acc := fp.One()
	for l := range x {
		x[l] = fromLimbs(v[l:])
		prefix[l] = acc
		acc.Mul(&acc, &x[l])
	}
	acc.Inverse(&acc)
	acc.Mul(&acc, &inverseScale)
	for l := lanes - 1; l >= 0; l-- {
		var y fp.Element
		y.Mul(&acc, &prefix[l])
		acc.Mul(&acc, &x[l])
		toLimbs(v[l:], y)
	}
}

// inverseScale is 2^6. An element with words w is w/2^256, so its inverse has
// words 2^512/w.
var inverseScale = fp.NewElement(1 << 6)

const limbMask = 1<<52 - 1

// fromLimbs returns the element with words x[0] + x[8]·2^52 + …, reduced.
func fromLimbs(x []uint64) fp.Element {
	l0, l1, l2, l3, l4 := x[0], x[lanes], x[2*lanes], x[3*lanes], x[4*lanes]
	e := fp.Element{l0 | l1<<52, l1>>12 | l2<<40, l2>>24 | l3<<28, l3>>36 | l4<<16}
	var r fp.Element
	var borrow uint64
	for i := range e {
		r[i], borrow = bits.Sub64(e[i], modulus[i], borrow)
	}
	if borrow == 0 {
		return r
	}
	return e
}

// toLimbs is the inverse of fromLimbs.
func toLimbs(x []uint64, e [4]uint64) {
	for i, limb := range limbsOf(e) {
		x[i*lanes] = limb
	}
}

// limbsOf returns the limbs of 52 bits of four words.
func limbsOf(e [4]uint64) [5]uint64 {
	return [5]uint64{e[0] & limbMask, (e[0]>>52 | e[1]<<12) & limbMask, (e[1]>>40 | e[2]<<24) & limbMask, (e[2]>>28 | e[3]<<36) & limbMask, e[3] >> 16}
}

// modulus holds the words of p.
var modulus = wordsOf(fp.Modulus())

func wordsOf(x *big.Int) (w [4]uint64) {
	for i, word := range x.Bits() {
		w[i] = uint64(word)
	}
	return w
}

// alignedWords returns n words that begin on a 64-byte boundary.
func alignedWords(n int) []uint64 {
	space := make([]uint64, n+7)
	skip := int(-uintptr(unsafe.Pointer(&space[0])) % 64 / 8)
	return space[skip : skip+n : skip+n]
}
