package simd

import (
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bn254"
)

// AddG1 performs the additions of pairs, which are independent: an Out may be
// one of its own pair's operands, but no other pair may read or write it.
// Doublings, opposite points and points at infinity are allowed anywhere.
// It panics if an index is out of range.
func AddG1(dst, a, b []bn254.G1Affine, pairs []Pair) {
	if level != generic {
		addG1Vector(dst, a, b, pairs)
		return
	}
	addG1Generic(dst, a, b, pairs)
}

var scratchG1 = sync.Pool{New: func() any { return new(batchG1) }}

func addG1Generic(dst, a, b []bn254.G1Affine, pairs []Pair) {
	s := scratchG1.Get().(*batchG1)
	defer scratchG1.Put(s)
	for len(pairs) > 0 {
		n := min(len(pairs), batch)
		s.add(dst, a, b, pairs[:n])
		pairs = pairs[n:]
	}
}

// g1At returns a[i>>1], or its negative for an odd i.
func g1At(a []bn254.G1Affine, i uint32) bn254.G1Affine {
	p := a[i>>1]
	if i&1 == 1 {
		p.Y.Neg(&p.Y)
	}
	return p
}
