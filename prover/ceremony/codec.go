package ceremony

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Points are written as their coordinates, 32 bytes big-endian each, the upper half of one in
// Fp² first; infinity is all zeros. Every value has one encoding.
const (
	g1Bytes = 2 * fp.Bytes
	g2Bytes = 4 * fp.Bytes
)

func putG1(b []byte, p *bn254.G1Affine) {
	fp.BigEndian.PutElement((*[fp.Bytes]byte)(b), p.X)
	fp.BigEndian.PutElement((*[fp.Bytes]byte)(b[fp.Bytes:]), p.Y)
}

func putG2(b []byte, p *bn254.G2Affine) {
	for i, x := range []fp.Element{p.X.A1, p.X.A0, p.Y.A1, p.Y.A0} {
		fp.BigEndian.PutElement((*[fp.Bytes]byte)(b[i*fp.Bytes:]), x)
	}
}

func getG1(b []byte, p *bn254.G1Affine) error {
	if err := p.X.SetBytesCanonical(b[:fp.Bytes]); err != nil {
		return err
	}
	return p.Y.SetBytesCanonical(b[fp.Bytes:])
}

func getG2(b []byte, p *bn254.G2Affine) error {
	for i, x := range []*fp.Element{&p.X.A1, &p.X.A0, &p.Y.A1, &p.Y.A0} {
		if err := x.SetBytesCanonical(b[i*fp.Bytes:][:fp.Bytes]); err != nil {
			return err
		}
	}
	return nil
}

// encoder builds what is hashed, and the records of a file.
type encoder struct{ buf bytes.Buffer }

func (e *encoder) raw(b []byte)    { e.buf.Write(b) }
func (e *encoder) byte(b byte)     { e.buf.WriteByte(b) }
func (e *encoder) uint32(x uint32) { e.raw(binary.BigEndian.AppendUint32(nil, x)) }

func (e *encoder) anchors(a *anchors) {
	var b [g2Bytes]byte
	for i := range a.g1 {
		putG1(b[:], &a.g1[i])
		e.raw(b[:g1Bytes])
	}
	for i := range a.g2 {
		putG2(b[:], &a.g2[i])
		e.raw(b[:])
	}
}

// writer writes a file's lists of points, keeps the hash of all and the first error.
type writer struct {
	w   io.Writer
	sum hash.Hash
	n   int64
	err error
}

func newWriter(w io.Writer) *writer { return &writer{w: w, sum: sha256.New()} }

func (w *writer) raw(b []byte) {
	if w.err == nil {
		w.sum.Write(b)
		var n int
		n, w.err = w.w.Write(b)
		w.n += int64(n)
	}
}

// listPart is the number of points that are encoded or decoded at once.
const listPart = 1024

func writeList[P any](w *writer, list []P, size int, put func([]byte, *P)) {
	w.raw(binary.BigEndian.AppendUint32(nil, uint32(len(list))))
	buf := make([]byte, listPart*size)
	for len(list) > 0 {
		part := list[:min(len(list), listPart)]
		for i := range part {
			put(buf[i*size:][:size], &part[i])
		}
		w.raw(buf[:len(part)*size])
		list = list[len(part):]
	}
}

// reader reads a file of known size. No more is allocated than what is left of it can fill.
type reader struct {
	r    io.Reader
	sum  hash.Hash
	left int64
	err  error
}

func newReader(r io.Reader, size int64) *reader { return &reader{r: r, sum: sha256.New(), left: size} }

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = malformed(format, args...)
	}
}

func (r *reader) into(b []byte) {
	if r.err == nil && int64(len(b)) > r.left {
		r.fail("truncated")
	}
	if r.err != nil {
		return
	}
	r.left -= int64(len(b))
	if _, err := io.ReadFull(r.r, b); err != nil {
		r.fail("truncated: %v", err)
		return
	}
	r.sum.Write(b)
}

func (r *reader) raw(n int) []byte {
	if int64(n) > r.left {
		r.fail("truncated")
		return nil
	}
	b := make([]byte, n)
	r.into(b)
	return b
}

func (r *reader) byte() byte {
	var b [1]byte
	r.into(b[:])
	return b[0]
}

func (r *reader) uint16() int {
	var b [2]byte
	r.into(b[:])
	return int(binary.BigEndian.Uint16(b[:]))
}

func (r *reader) hash() (h [32]byte) {
	r.into(h[:])
	return h
}

func (r *reader) text(most int) string {
	n := r.uint16()
	if n > most {
		r.fail("a text of %d bytes", n)
		return ""
	}
	return string(r.raw(n))
}

func (r *reader) element() (x fr.Element) {
	if b := r.hash(); r.err == nil && x.SetBytesCanonical(b[:]) != nil {
		r.fail("a number is not below the modulus")
	}
	return x
}

// anchors reads points that are no list's: finite, on the curve, in the subgroup.
func (r *reader) anchors(n1, n2 int) anchors {
	a := anchors{make([]bn254.G1Affine, n1), make([]bn254.G2Affine, n2)}
	for i := range a.g1 {
		if b := r.raw(g1Bytes); r.err == nil && (getG1(b, &a.g1[i]) != nil || a.g1[i].IsInfinity() || !a.g1[i].IsOnCurve()) {
			r.fail("a point of G1")
		}
	}
	for i := range a.g2 {
		if b := r.raw(g2Bytes); r.err == nil && (getG2(b, &a.g2[i]) != nil || a.g2[i].IsInfinity() || !a.g2[i].IsInSubGroup()) {
			r.fail("a point of G2")
		}
	}
	return a
}

// readList reads a list of n points, or of any number for a negative n. That they are on the
// curve is checked later.
func readList[P any](r *reader, n, size int, get func([]byte, *P) error) []P {
	var b [4]byte
	r.into(b[:])
	got := int64(binary.BigEndian.Uint32(b[:]))
	if n >= 0 && got != int64(n) {
		r.fail("a list of %d points, want %d", got, n)
	}
	if got*int64(size) > r.left {
		r.fail("truncated: a list of %d points", got)
	}
	if r.err != nil {
		return nil
	}
	list := make([]P, got)
	buf := make([]byte, listPart*size)
	for rest := list; len(rest) > 0 && r.err == nil; {
		part := rest[:min(len(rest), listPart)]
		r.into(buf[:len(part)*size])
		for i := range part {
			if r.err == nil && get(buf[i*size:][:size], &part[i]) != nil {
				r.fail("a coordinate is not below the modulus")
			}
		}
		rest = rest[len(part):]
	}
	return list
}
