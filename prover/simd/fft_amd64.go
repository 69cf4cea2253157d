//go:build amd64 && !purego

package simd

import "github.com/consensys/gnark-crypto/ecc/bn254/fr"

//go:noescape
func fftLoad(dst *uint64, src *fr.Element, n uint64)

//go:noescape
func fftStore(dst *fr.Element, src *uint64, n uint64)

//go:noescape
func fftMul(dst, table *uint64, step, n uint64)

//go:noescape
func fftMulPoly(dst, src *uint64, n uint64)

//go:noescape
func fftSub(dst, src *uint64, n uint64)

//go:noescape
func fftForwardHead(p, roots *uint64, n uint64)

//go:noescape
func fftForward(u, v, w *uint64, count, blocks uint64)

//go:noescape
func fftInverse(u, v, w *uint64, count, blocks uint64)

//go:noescape
func fftInverseReduce(u, v, w *uint64, count, blocks uint64)

//go:noescape
func fftInverseTail(p, roots *uint64, n uint64)

// l2Block is the number of elements up to which a block is transformed layer by
// layer; it stays in the L2 cache.
const l2Block = 1 << 13

// vectorPoly is a polynomial in vectors: 40 words for 8 consecutive elements,
// which are below bound·r. The words of an element v stand for v·2^256 mod r.
type vectorPoly struct {
	d     *Domain
	limbs []uint64
	bound int
}

func newVectorPoly(d *Domain, v []fr.Element) Poly {
	if d.level == avx2 {
		return newDoublesPoly(d, v)
	}
	p := &vectorPoly{d: d, limbs: alignedWords(d.n / lanes * elementWords), bound: 1}
	whole := len(v) / lanes
	if whole > 0 {
		fftLoad(&p.limbs[0], &v[0], uint64(whole))
	}
	if rest := v[whole*lanes:]; len(rest) > 0 {
		var last [lanes]fr.Element
		copy(last[:], rest)
		fftLoad(wordOf(p.limbs, whole*lanes), &last[0], 1)
	}
	return p
}

func (p *vectorPoly) Store(dst []fr.Element) {
	if len(dst) != p.d.n {
		panic("simd: destination differs from the domain in size")
	}
	p.narrow(4)
	parts(p.d.n, func(lo, hi int) { fftStore(&dst[lo], wordOf(p.limbs, lo), uint64(hi-lo)/lanes) })
}

// narrow brings the bound down to at most limit ≥ 2.
func (p *vectorPoly) narrow(limit int) {
	if p.bound > limit {
		one := fr.One()
		p.Scale(&one)
	}
}

func (p *vectorPoly) Scale(x *fr.Element) {
	factor := vectorTable([]fr.Element{*x, *x, *x, *x, *x, *x, *x, *x})
	parts(p.d.n, func(lo, hi int) { fftMul(wordOf(p.limbs, lo), &factor[0], 0, uint64(hi-lo)/lanes) })
	p.bound = 2
}

func (p *vectorPoly) MulTable(t *Table) {
	parts(p.d.n, func(lo, hi int) {
		fftMul(wordOf(p.limbs, lo), wordOf(t.limbs, lo), elementWords*8, uint64(hi-lo)/lanes)
	})
	p.bound = 2
}

func (p *vectorPoly) Mul(q Poly) {
	factors := q.(*vectorPoly).limbs
	parts(p.d.n, func(lo, hi int) {
		fftMulPoly(wordOf(p.limbs, lo), wordOf(factors, lo), uint64(hi-lo)/lanes)
	})
	p.bound = 2
}

func (p *vectorPoly) Sub(q Poly) {
	s := q.(*vectorPoly)
	s.narrow(2)
	p.narrow(2)
	parts(p.d.n, func(lo, hi int) { fftSub(wordOf(p.limbs, lo), wordOf(s.limbs, lo), uint64(hi-lo)/lanes) })
	p.bound = 4
}

func (p *vectorPoly) Inverse() {
	p.narrow(4)
	inverse(p.d.n, inverseVector{p.limbs, p.d.n, &p.d.inverse})
	p.bound = 4
}

// forwardBound is the bound of the results of a forward transform: 4 after the
// layers within vectors, and 2 more for each of up to 25 others.
const forwardBound = 54

func (p *vectorPoly) Forward() {
	p.narrow(4)
	forward(p.d.n, forwardVector{p.limbs, &p.d.forward})
	p.bound = forwardBound
}

// inverseVector takes butterflies (u, v) = (u + v, (u - v)·w).
type inverseVector struct {
	limbs []uint64
	n     int
	r     *roots
}

// layers takes the butterflies [lo, hi), or all of several consecutive blocks.
//
// Elements are below 4r before the first layer. The bound of sums doubles in each
// layer and may reach 64r, so every fifth layer from the fourth on reduces them.
func (b inverseVector) layers(start, size, lo, hi, blocks int) {
	u, v := wordOf(b.limbs, start+lo), wordOf(b.limbs, start+size/2+lo)
	w := wordOf(b.r.limbs[layerOf(size)], lo)
	if (layerOf(b.n)-layerOf(size))%5 == 3 {
		fftInverseReduce(u, v, w, uint64(hi-lo)/lanes, uint64(blocks))
	} else {
		fftInverse(u, v, w, uint64(hi-lo)/lanes, uint64(blocks))
	}
}

func (b inverseVector) layer(start, size, lo, hi int) { b.layers(start, size, lo, hi, 1) }

func (b inverseVector) block(start, size int) {
	if size > l2Block {
		b.layer(start, size, 0, size/2)
		b.block(start, size/2)
		b.block(start+size/2, size/2)
		return
	}
	for s := size; s > lanes; s /= 2 {
		b.layers(start, s, 0, s/2, size/s)
	}
	fftInverseTail(wordOf(b.limbs, start), &b.r.inner[0], uint64(size)/lanes)
}

// forwardVector takes butterflies (u, v) = (u + v·w, u - v·w).
type forwardVector struct {
	limbs []uint64
	r     *roots
}

func (b forwardVector) layers(start, size, lo, hi, blocks int) {
	u, v := wordOf(b.limbs, start+lo), wordOf(b.limbs, start+size/2+lo)
	fftForward(u, v, wordOf(b.r.limbs[layerOf(size)], lo), uint64(hi-lo)/lanes, uint64(blocks))
}

func (b forwardVector) layer(start, size, lo, hi int) { b.layers(start, size, lo, hi, 1) }

func (b forwardVector) block(start, size int) {
	if size > l2Block {
		b.block(start, size/2)
		b.block(start+size/2, size/2)
		b.layer(start, size, 0, size/2)
		return
	}
	fftForwardHead(wordOf(b.limbs, start), &b.r.inner[0], uint64(size)/lanes)
	for s := 2 * lanes; s <= size; s *= 2 {
		b.layers(start, s, 0, s/2, size/s)
	}
}

// vectorTable returns factors as the polynomials of the domain lie.
func (d *Domain) vectorTable(v []fr.Element) []uint64 {
	if d.level == avx2 {
		return doublesTable(v, true)
	}
	return vectorTable(v)
}

// toVectors replaces the layers by vectors.
func (d *Domain) toVectors(r *roots) {
	if d.level == avx2 {
		r.toDoubles()
		return
	}
	r.limbs = make([][]uint64, len(r.layers))
	for i := 3; i < len(r.layers); i++ {
		r.limbs[i] = vectorTable(r.layers[i])
	}
	inner := make([]fr.Element, 2*lanes)
	for l := range lanes {
		inner[l].SetOne()
		inner[lanes+l].SetOne()
		if l&4 != 0 {
			inner[l] = r.layers[2][l&3]
		}
		if l&2 != 0 {
			inner[lanes+l] = r.layers[1][l&1]
		}
	}
	r.inner = vectorTable(inner)
	r.layers = nil
}

// vectorTable returns factors in the form the kernels take: v·2^260 mod r in
// vectors of limbs.
func vectorTable(v []fr.Element) []uint64 {
	limbs := alignedWords(len(v) / lanes * elementWords)
	factor := fr.NewElement(16)
	for i := range v {
		var e fr.Element
		e.Mul(&v[i], &factor)
		toLimbs(limbs[i/lanes*elementWords+i%lanes:], e)
	}
	return limbs
}

// wordOf returns the place of an element, the first of a vector.
func wordOf(limbs []uint64, element int) *uint64 { return &limbs[element/lanes*elementWords] }
