package verifier

import (
	"encoding/binary"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// encoder appends fields in their only encoding: big-endian integers, scalars
// of 32 bytes below r, compressed points, strings after a 16-bit length.
type encoder struct{ buf []byte }

func (e *encoder) raw(b ...byte)   { e.buf = append(e.buf, b...) }
func (e *encoder) uint16(x uint16) { e.buf = binary.BigEndian.AppendUint16(e.buf, x) }
func (e *encoder) uint32(x uint32) { e.buf = binary.BigEndian.AppendUint32(e.buf, x) }
func (e *encoder) uint64(x uint64) { e.buf = binary.BigEndian.AppendUint64(e.buf, x) }

func (e *encoder) text(s string) {
	e.uint16(uint16(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *encoder) scalars(s ...fr.Element) {
	for i := range s {
		b := s[i].Bytes()
		e.raw(b[:]...)
	}
}

func (e *encoder) g1(points ...bn254.G1Affine) {
	for i := range points {
		b := points[i].Bytes()
		e.raw(b[:]...)
	}
}

func (e *encoder) g2(points ...bn254.G2Affine) {
	for i := range points {
		b := points[i].Bytes()
		e.raw(b[:]...)
	}
}

// decoder reads what encoder wrote. The first failure sticks: later reads
// return zero values, and err says what was wrong. Nothing is allocated from a
// count before the bytes it stands for are known to be there.
type decoder struct {
	rest []byte
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = malformed(format, args...)
	}
}

// take returns the next n bytes, or nil.
func (d *decoder) take(n int) []byte {
	if d.err != nil {
		return nil
	}
	if n < 0 || n > len(d.rest) {
		d.fail("%d bytes expected, %d left", n, len(d.rest))
		return nil
	}
	b := d.rest[:n]
	d.rest = d.rest[n:]
	return b
}

// end fails unless every byte was read.
func (d *decoder) end() error {
	if len(d.rest) != 0 {
		d.fail("%d trailing bytes", len(d.rest))
	}
	return d.err
}

func (d *decoder) magic(want string) {
	if b := d.take(len(want)); b != nil && string(b) != want {
		d.fail("does not begin with %q", want)
	}
}

func (d *decoder) uint8() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uint16() uint16 {
	if b := d.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (d *decoder) uint32() uint32 {
	if b := d.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) uint64() uint64 {
	if b := d.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (d *decoder) text() string { return string(d.take(int(d.uint16()))) }

func (d *decoder) hash() (h [32]byte) {
	copy(h[:], d.take(len(h)))
	return h
}

// count checks that n items of at least size bytes each can follow.
func (d *decoder) count(n, size int) int {
	if d.err != nil {
		return 0
	}
	if n < 0 || n > len(d.rest)/size {
		d.fail("%d items announced, %d bytes left", n, len(d.rest))
		return 0
	}
	return n
}

func (d *decoder) scalar() (x fr.Element) {
	if b := d.take(fr.Bytes); b != nil {
		if err := x.SetBytesCanonical(b); err != nil {
			d.fail("scalar not below r")
		}
	}
	return x
}

func (d *decoder) scalars(n int) []fr.Element {
	out := make([]fr.Element, d.count(n, fr.Bytes))
	for i := range out {
		out[i] = d.scalar()
	}
	return out
}

// g1 reads a compressed point of G1 other than infinity.
func (d *decoder) g1() bn254.G1Affine {
	p := d.g1OrInfinity()
	if d.err == nil && p.IsInfinity() {
		d.fail("point at infinity")
	}
	return p
}

// g1OrInfinity reads a compressed point of G1. gnark-crypto checks that the
// coordinate is canonical and the point on the curve, whose order is prime; an
// uncompressed encoding does not fit the 32 bytes it is given.
func (d *decoder) g1OrInfinity() (p bn254.G1Affine) {
	if b := d.take(bn254.SizeOfG1AffineCompressed); b != nil {
		if _, err := p.SetBytes(b); err != nil {
			d.fail("G1 point: %v", err)
		}
	}
	return p
}

// g2 reads a compressed point of the subgroup G2 other than infinity.
func (d *decoder) g2() (p bn254.G2Affine) {
	if b := d.take(bn254.SizeOfG2AffineCompressed); b != nil {
		if _, err := p.SetBytes(b); err != nil {
			d.fail("G2 point: %v", err)
		} else if p.IsInfinity() {
			d.fail("point at infinity")
		}
	}
	return p
}
