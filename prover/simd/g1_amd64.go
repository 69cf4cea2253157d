//go:build amd64 && !purego

package simd

import (
	"fmt"
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

const (
	lanes       = 8
	vectorBatch = 1024 // additions that share an inversion
	vectors     = vectorBatch / lanes

	// The layout of the scratch space, in words; see _asm/points.go.
	elementWords = 5 * lanes
	headWords    = 4 * elementWords
	entryWords   = 2 * elementWords
	scratchWords = headWords + vectors*entryWords + elementWords
)

// vectorG1 is the scratch space of the vector code.
type vectorG1 struct {
	space  [scratchWords + 8]uint64
	masks  [vectors]uint8
	padded [vectorBatch]Pair

	special []Pair
	sums    []bn254.G1Affine
}

var scratchVector = sync.Pool{New: func() any { return new(vectorG1) }}

func addG1(dst, a, b []bn254.G1Affine, pairs []Pair) {
	if len(pairs) < lanes {
		addG1Generic(dst, a, b, pairs)
		return
	}
	checkPairs(len(dst), len(a), len(b), pairs)
	s := scratchVector.Get().(*vectorG1)
	defer scratchVector.Put(s)
	for len(pairs) >= vectorBatch {
		s.add(dst, a, b, pairs[:vectorBatch])
		pairs = pairs[vectorBatch:]
	}
	if len(pairs)%lanes != 0 {
		// Fill the last vector with copies of its last addition, which read the
		// same points and write the same sum.
		n := copy(s.padded[:], pairs)
		for ; n%lanes != 0; n++ {
			s.padded[n] = pairs[len(pairs)-1]
		}
		pairs = s.padded[:n]
	}
	if len(pairs) > 0 {
		s.add(dst, a, b, pairs)
	}
}

// checkPairs panics if an index is out of range, which the assembly would not
// notice.
func checkPairs(dst, a, b int, pairs []Pair) {
	var maxOut, maxA, maxB uint32
	for i := range pairs {
		p := &pairs[i]
		maxOut, maxA, maxB = max(maxOut, p.Out), max(maxA, p.A>>1), max(maxB, p.B>>1)
	}
	if int(maxOut) >= dst || int(maxA) >= a || int(maxB) >= b {
		panic(fmt.Sprintf("simd: index out of range: %d of %d, %d of %d or %d of %d", maxOut, dst, maxA, a, maxB, b))
	}
}

// add performs whole vectors of additions, at most vectorBatch.
func (s *vectorG1) add(dst, a, b []bn254.G1Affine, pairs []Pair) {
	n := len(pairs) / lanes
	scratch := s.aligned()
	addPass1(&a[0], &b[0], &pairs[0], uint64(n), &scratch[0], &s.masks[0])
	product := scratch[headWords+n*entryWords:][:elementWords]
	invertLanes(scratch[:elementWords], product)

	// The sums of points at infinity and of points with equal abscissas are
	// computed apart, and before pass 2 may overwrite the operands.
	s.special = s.special[:0]
	for v, m := range s.masks[:n] {
		for ; m != 0; m &= m - 1 {
			s.special = append(s.special, pairs[v*lanes+bits.TrailingZeros8(m)])
		}
	}
	if len(s.special) > 0 {
		s.addSpecial(a, b)
	}
	addPass2(&dst[0], &a[0], &b[0], &pairs[0], uint64(n), &scratch[0])
	for i := range s.special {
		dst[s.special[i].Out] = s.sums[i]
	}
}

func (s *vectorG1) addSpecial(a, b []bn254.G1Affine) {
	s.sums = append(s.sums[:0], make([]bn254.G1Affine, len(s.special))...)
	g := scratchG1.Get().(*batchG1)
	defer scratchG1.Put(g)
	var local [batch]Pair
	for lo := 0; lo < len(s.special); lo += batch {
		part := local[:copy(local[:], s.special[lo:])]
		for i := range part {
			part[i].Out = uint32(lo + i)
		}
		g.add(s.sums, a, b, part)
	}
}

// aligned returns the scratch space from its first 64-byte boundary on.
func (s *vectorG1) aligned() []uint64 {
	skip := -uintptr(unsafe.Pointer(&s.space)) % 64 / 8
	return s.space[skip:][:scratchWords]
}

// invertLanes sets the eight elements of inv to 2^258·2^260/x mod p for the
// elements x < 2p of product, all in limbs of 52 bits, transposed.
func invertLanes(inv, product []uint64) {
	var x, prefix [lanes]fp.Element
	acc := fp.One()
	for l := range x {
		x[l] = fromLimbs(product[l:])
		prefix[l] = acc
		acc.Mul(&acc, &x[l])
	}
	acc.Inverse(&acc)
	acc.Mul(&acc, &inverseScale)
	for l := lanes - 1; l >= 0; l-- {
		var y fp.Element
		y.Mul(&acc, &prefix[l])
		acc.Mul(&acc, &x[l])
		toLimbs(inv[l:], y)
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
	x[0] = e[0] & limbMask
	x[lanes] = (e[0]>>52 | e[1]<<12) & limbMask
	x[2*lanes] = (e[1]>>40 | e[2]<<24) & limbMask
	x[3*lanes] = (e[2]>>28 | e[3]<<36) & limbMask
	x[4*lanes] = e[3] >> 16
}

// modulus holds the words of p.
var modulus = func() (w [4]uint64) {
	p := fp.Modulus()
	for i, word := range p.Bits() {
		w[i] = uint64(word)
	}
	return w
}()
