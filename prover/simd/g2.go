package simd

import (
	"sync"

	"github.com/consensys/gnark-crypto/ecc/bn254"
)

// AddG2 is [AddG1] in the second group.
func AddG2(dst, a, b []bn254.G2Affine, pairs []Pair) {
	if level != generic {
		addG2Vector(dst, a, b, pairs)
		return
	}
	addG2Generic(dst, a, b, pairs)
}

var scratchG2 = sync.Pool{New: func() any { return new(batchG2) }}

func addG2Generic(dst, a, b []bn254.G2Affine, pairs []Pair) {
	s := scratchG2.Get().(*batchG2)
	defer scratchG2.Put(s)
	for len(pairs) > 0 {
		n := min(len(pairs), batch)
		s.add(dst, a, b, pairs[:n])
		pairs = pairs[n:]
	}
}

// g2At returns a[i>>1], or its negative for an odd i.
func g2At(a []bn254.G2Affine, i uint32) bn254.G2Affine {
	p := a[i>>1]
	if i&1 == 1 {
		p.Y.Neg(&p.Y)
	}
	return p
}
