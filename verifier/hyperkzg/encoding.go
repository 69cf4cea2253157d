package hyperkzg

import (
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// maxCoordinates bounds what [Decode] is asked for.
const maxCoordinates = 64

// Size is the length of the encoding of a proof for c coordinates.
func Size(c int) int {
	return (c+1)*bn254.SizeOfG1AffineCompressed + (2*c+1)*fr.Bytes
}

// each calls scalar and point for what a proof's encoding has, in its order.
func (p *Proof) each(scalar func(*fr.Element), point func(*bn254.G1Affine)) {
	for i := range p.Folds {
		point(&p.Folds[i])
	}
	for i := range p.Plus {
		scalar(&p.Plus[i])
	}
	for i := range p.Minus {
		scalar(&p.Minus[i])
	}
	scalar(&p.Square)
	point(&p.Quotient)
	point(&p.Opening)
}

// AppendTo appends the proof's encoding: Folds, Plus, Minus, Square, Quotient, Opening, without
// their numbers; scalars big-endian, points compressed as gnark-crypto does.
func (p *Proof) AppendTo(b []byte) []byte {
	scalar := func(x *fr.Element) {
		s := x.Bytes()
		b = append(b, s[:]...)
	}
	point := func(g *bn254.G1Affine) {
		s := g.Bytes()
		b = append(b, s[:]...)
	}
	p.each(scalar, point)
	return b
}

// Decode reads from the beginning of data what [Proof.AppendTo] writes for c coordinates, and
// nothing else: a proof has one encoding. It returns the rest of data, or [ErrMalformed].
func Decode(data []byte, c int) (p *Proof, rest []byte, err error) {
	if c < 1 || c > maxCoordinates {
		return nil, nil, malformed("%d coordinates", c)
	}
	if len(data) < Size(c) {
		return nil, nil, malformed("%d bytes expected, %d left", Size(c), len(data))
	}
	rest = data[Size(c):]
	scalar := func(x *fr.Element) {
		if e := x.SetBytesCanonical(data[:fr.Bytes]); e != nil && err == nil {
			err = malformed("scalar not below the field's order")
		}
		data = data[fr.Bytes:]
	}
	point := func(g *bn254.G1Affine) { // SetBytes refuses coordinates not below the order, and other points than the curve's
		if _, e := g.SetBytes(data[:bn254.SizeOfG1AffineCompressed]); e != nil && err == nil {
			err = malformed("point: %v", e)
		}
		data = data[bn254.SizeOfG1AffineCompressed:]
	}
	p = &Proof{Folds: make([]bn254.G1Affine, c-1), Plus: make([]fr.Element, c), Minus: make([]fr.Element, c)}
	p.each(scalar, point)
	if err != nil {
		return nil, nil, err
	}
	return p, rest, nil
}
