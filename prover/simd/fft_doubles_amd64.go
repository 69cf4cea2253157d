//go:build amd64 && !purego

package simd

import (
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

//go:noescape
func fftLoadDoubles(dst *uint64, src *fr.Element, apart, n uint64)

//go:noescape
func fftStoreDoubles(dst *fr.Element, src *uint64, apart, n uint64, flags *uint8)

//go:noescape
func fftMulDoubles(dst, table *uint64, step, n uint64)

//go:noescape
func fftMulPolyDoubles(dst, src *uint64, n uint64)

//go:noescape
func fftSubDoubles(dst, src *uint64, n uint64)

//go:noescape
func fftTransposeDoubles(p *uint64, n uint64)

//go:noescape
func fftPlainDoubles(u, v, w *uint64, count, blocks uint64)

//go:noescape
func fftForwardDoubles(u, v, w *uint64, count, blocks uint64)

//go:noescape
func fftForwardAcross(u, v, w *uint64, count, blocks uint64)

//go:noescape
func fftInverseDoubles(u, v, w *uint64, count, blocks uint64)

//go:noescape
func fftInverseAcross(u, v, w *uint64, count, blocks uint64)

// doublesBlock is the number of vectors up to which a block is transformed layer by layer.
const doublesBlock = 1 << 11

// doublesPoly is a polynomial in vectors of doubles: 20 words for the elements k, k+m, k+2m and
// k+3m, m a quarter of the polynomial. The words of an element v stand for v·2^256 mod r.
type doublesPoly struct {
	d     *Domain
	limbs []uint64
	m     int
}

func newDoublesPoly(d *Domain, v []fr.Element) Poly {
	m := d.n / doubleLanes
	p := &doublesPoly{d: d, limbs: alignedWords(m * doubleWords), m: m}
	whole := max(0, len(v)-3*m) // vectors all of whose elements are there
	if whole > 0 {
		parts(m, func(lo, hi int) {
			if hi = min(hi, whole); lo < hi {
				fftLoadDoubles(p.at(lo), &v[lo], uint64(m)*fr.Bytes, uint64(hi-lo))
			}
		})
	}
	for k := whole; k < m; k++ {
		var few [doubleLanes]fr.Element
		for l := range few {
			if i := k + l*m; i < len(v) {
				few[l] = v[i]
			}
		}
		fftLoadDoubles(p.at(k), &few[0], fr.Bytes, 1)
	}
	return p
}

func (p *doublesPoly) at(vector int) *uint64 { return &p.limbs[vector*doubleWords] }

func (p *doublesPoly) Store(dst []fr.Element) {
	if len(dst) != p.d.n {
		panic("simd: destination differs from the domain in size")
	}
	parts(p.m, func(lo, hi int) {
		var flags [256]uint8
		for ; lo < hi; lo += len(flags) {
			n := min(len(flags), hi-lo)
			fftStoreDoubles(&dst[lo], p.at(lo), uint64(p.m)*fr.Bytes, uint64(n), &flags[0])
			for k, f := range flags[:n] {
				for ; f != 0; f &= f - 1 {
					e := &dst[lo+k+bits.TrailingZeros8(f)*p.m]
					*e = reduceWords(*e, order)
				}
			}
		}
	})
}

func (p *doublesPoly) Scale(x *fr.Element) {
	factor := doublesTable([]fr.Element{*x, *x, *x, *x}, false)
	parts(p.m, func(lo, hi int) { fftMulDoubles(p.at(lo), &factor[0], 0, uint64(hi-lo)) })
}

func (p *doublesPoly) MulTable(t *Table) {
	parts(p.m, func(lo, hi int) {
		fftMulDoubles(p.at(lo), &t.limbs[lo*doubleWords], doubleWords*8, uint64(hi-lo))
	})
}

func (p *doublesPoly) Mul(q Poly) {
	factors := q.(*doublesPoly)
	parts(p.m, func(lo, hi int) { fftMulPolyDoubles(p.at(lo), factors.at(lo), uint64(hi-lo)) })
}

func (p *doublesPoly) Sub(q Poly) {
	s := q.(*doublesPoly)
	parts(p.m, func(lo, hi int) { fftSubDoubles(p.at(lo), s.at(lo), uint64(hi-lo)) })
}

func (p *doublesPoly) Inverse() {
	p.across(&p.d.inverse, true)
	inverse(p.m, doublesLayers{p, &p.d.inverse, fftInverseDoubles})
}

func (p *doublesPoly) Forward() {
	forward(p.m, doublesLayers{p, &p.d.forward, fftForwardDoubles})
	p.across(&p.d.forward, false)
}

// across takes the two outermost layers, in which the lanes meet: groups of four vectors are
// transposed, so that a vector has four consecutive elements of one quarter, and back.
func (p *doublesPoly) across(r *roots, inverse bool) {
	parts(p.m, func(lo, hi int) {
		const some = 64 // vectors, which stay in the L1 cache
		for ; lo < hi; lo += some {
			n := uint64(min(some, hi-lo)) / doubleLanes
			vector := func(i int) *uint64 { return p.at(lo + i) }
			first, second := r.limbs[1][lo/doubleLanes*doubleWords:], r.limbs[1][(p.m+lo)/doubleLanes*doubleWords:]
			both := r.limbs[0][lo/doubleLanes*doubleWords:]
			fftTransposeDoubles(p.at(lo), n)
			if inverse {
				fftInverseAcross(vector(0), vector(2), &first[0], n, 1)
				fftInverseAcross(vector(1), vector(3), &second[0], n, 1)
				fftInverseAcross(vector(0), vector(1), &both[0], n, 1)
				fftInverseAcross(vector(2), vector(3), &both[0], n, 1)
			} else {
				fftForwardAcross(vector(0), vector(1), &both[0], n, 1)
				fftForwardAcross(vector(2), vector(3), &both[0], n, 1)
				fftForwardAcross(vector(0), vector(2), &first[0], n, 1)
				fftForwardAcross(vector(1), vector(3), &second[0], n, 1)
			}
			fftTransposeDoubles(p.at(lo), n)
		}
	})
}

// doublesLayers takes butterflies of vectors.
type doublesLayers struct {
	p         *doublesPoly
	r         *roots
	butterfly func(u, v, w *uint64, count, blocks uint64)
}

// layers takes the butterflies [lo, hi), or all of several consecutive blocks.
func (b doublesLayers) layers(start, size, lo, hi, blocks int) {
	u, v := b.p.at(start+lo), b.p.at(start+size/2+lo)
	if size == 2 {
		fftPlainDoubles(u, v, u, 1, uint64(blocks))
		return
	}
	b.butterfly(u, v, &b.r.inner[5*(size/2+lo)], uint64(hi-lo), uint64(blocks))
}

func (b doublesLayers) layer(start, size, lo, hi int) { b.layers(start, size, lo, hi, 1) }

func (b doublesLayers) block(start, size int) {
	falling := b.r == &b.p.d.inverse
	if size > doublesBlock {
		if falling {
			b.layer(start, size, 0, size/2)
		}
		b.block(start, size/2)
		b.block(start+size/2, size/2)
		if !falling {
			b.layer(start, size, 0, size/2)
		}
		return
	}
	for s := 2; s <= size; s *= 2 {
		k := s
		if falling {
			k = 2 * size / s
		}
		b.layers(start, k, 0, k/2, size/k)
	}
}

// toDoubles replaces the layers: limbs has the two outermost as vectors, the smaller first, inner
// the others, root after root, those of blocks of 2m from 5m on.
func (r *roots) toDoubles() {
	n := len(r.layers)
	r.limbs = [][]uint64{doublesTable(r.layers[n-2], false), doublesTable(r.layers[n-1], false)}
	r.inner = make([]uint64, 5<<(n-2))
	var limbs [doubleWords]uint64
	for i, layer := range r.layers[:n-2] {
		for k := range layer {
			toCentred(limbs[:], &layer[k])
			for j := range 5 {
				r.inner[5*(1<<i+k)+j] = limbs[doubleLanes*j]
			}
		}
	}
	r.layers = nil
}

// doublesTable returns factors in the form the kernels take, v·2^255 mod r, centred: the lanes of
// vector k are consecutive elements, or, apart, k and those a quarter, a half and three after it.
func doublesTable(v []fr.Element, apart bool) []uint64 {
	m := len(v) / doubleLanes
	limbs := alignedWords(m * doubleWords)
	for k := range m {
		for l := range doubleLanes {
			i := doubleLanes*k + l
			if apart {
				i = k + l*m
			}
			toCentred(limbs[k*doubleWords+l:], &v[i])
		}
	}
	return limbs
}

// toCentred writes the limbs of v·2^255 mod r, at most r/2 in size.
func toCentred(x []uint64, v *fr.Element) {
	var e fr.Element
	e.Mul(v, &half)
	negative, borrow := subWords(order, e)
	if _, above := subWords(e, negative); above == 0 && borrow == 0 {
		toDoubles(x, negative)
		for i := range 5 {
			x[doubleLanes*i] ^= 1 << 63
		}
		return
	}
	toDoubles(x, e)
}

// half is 1/2.
var half = func() (h fr.Element) {
	h.SetUint64(2)
	return *h.Inverse(&h)
}()

// order holds the words of r.
var order = wordsOf(fr.Modulus())
