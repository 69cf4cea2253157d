package simd

import "github.com/consensys/gnark-crypto/ecc/bn254/fr"

// genericPoly is a polynomial without vectors.
type genericPoly struct {
	d *Domain
	v fr.Vector
}

func (p *genericPoly) Inverse() { inverse(p.d.n, inverseGeneric{p.v, &p.d.inverse}) }
func (p *genericPoly) Forward() { forward(p.d.n, forwardGeneric{p.v, &p.d.forward}) }

func (p *genericPoly) Mul(q Poly) {
	w := q.(*genericPoly).v
	parts(p.d.n, func(lo, hi int) { v := p.v[lo:hi]; v.Mul(v, w[lo:hi]) })
}

func (p *genericPoly) Sub(q Poly) {
	w := q.(*genericPoly).v
	parts(p.d.n, func(lo, hi int) { v := p.v[lo:hi]; v.Sub(v, w[lo:hi]) })
}

func (p *genericPoly) MulTable(t *Table) {
	parts(p.d.n, func(lo, hi int) { v := p.v[lo:hi]; v.Mul(v, t.elements[lo:hi]) })
}

func (p *genericPoly) Scale(x *fr.Element) {
	parts(p.d.n, func(lo, hi int) { v := p.v[lo:hi]; v.ScalarMul(v, x) })
}

func (p *genericPoly) Store(dst []fr.Element) {
	if len(dst) != p.d.n {
		panic("simd: destination differs from the domain in size")
	}
	copy(dst, p.v)
}

// inverseGeneric takes butterflies (u, v) = (u + v, (u - v)·w).
type inverseGeneric struct {
	v fr.Vector
	r *roots
}

func (b inverseGeneric) layer(start, size, lo, hi int) {
	u, v := b.v[start+lo:start+hi], b.v[start+size/2+lo:start+size/2+hi]
	for i := range u {
		fr.Butterfly(&u[i], &v[i])
	}
	v.Mul(v, b.r.layers[layerOf(size)][lo:hi])
}

func (b inverseGeneric) block(start, size int) {
	if size > 1 {
		b.layer(start, size, 0, size/2)
		b.block(start, size/2)
		b.block(start+size/2, size/2)
	}
}

// forwardGeneric takes butterflies (u, v) = (u + v·w, u - v·w).
type forwardGeneric struct {
	v fr.Vector
	r *roots
}

func (b forwardGeneric) layer(start, size, lo, hi int) {
	u, v := b.v[start+lo:start+hi], b.v[start+size/2+lo:start+size/2+hi]
	v.Mul(v, b.r.layers[layerOf(size)][lo:hi])
	for i := range u {
		fr.Butterfly(&u[i], &v[i])
	}
}

func (b forwardGeneric) block(start, size int) {
	if size > 1 {
		b.block(start, size/2)
		b.block(start+size/2, size/2)
		b.layer(start, size, 0, size/2)
	}
}
