package flat

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Transcript absorbs what was said and draws challenges from all of it: a chain of SHA-256
// hashes, each of the one before, the length of a label, the label and the data.
type Transcript struct {
	state  [32]byte
	chosen func(label string) (fr.Element, bool) // in tests only: challenges that depend on nothing
}

// NewTranscript starts with a seed, a hash of all that is known before the first message.
func NewTranscript(seed [32]byte) *Transcript {
	t := new(Transcript)
	t.absorb("nnark flat 1", seed[:])
	return t
}

func (t *Transcript) absorb(label string, data []byte) { t.state = t.hash(label, data) }

func (t *Transcript) hash(label string, data []byte) (out [32]byte) {
	h := sha256.New()
	h.Write(t.state[:])
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], uint64(len(label)))
	h.Write(n[:])
	h.Write([]byte(label))
	binary.BigEndian.PutUint64(n[:], uint64(len(data)))
	h.Write(n[:])
	h.Write(data)
	h.Sum(out[:0])
	return out
}

// Scalars absorbs field elements.
func (t *Transcript) Scalars(label string, x ...fr.Element) {
	data := make([]byte, 0, fr.Bytes*len(x))
	for i := range x {
		b := x[i].Bytes()
		data = append(data, b[:]...)
	}
	t.absorb(label, data)
}

// Points absorbs points.
func (t *Transcript) Points(label string, p ...bn254.G1Affine) {
	data := make([]byte, 0, bn254.SizeOfG1AffineUncompressed*len(p))
	for i := range p {
		b := p[i].RawBytes()
		data = append(data, b[:]...)
	}
	t.absorb(label, data)
}

// Challenge draws a field element: 512 bits modulo r, so that none is likelier than another by
// more than 2^-256.
func (t *Transcript) Challenge(label string) (x fr.Element) {
	if t.chosen != nil {
		if x, ok := t.chosen(label); ok {
			t.absorb(label, []byte{2})
			return x
		}
	}
	high, low := t.hash(label, []byte{0}), t.hash(label, []byte{1})
	t.absorb(label, []byte{2})
	return *x.SetBytes(append(high[:], low[:]...))
}

// Challenges draws n of them.
func (t *Transcript) Challenges(label string, n int) []fr.Element {
	out := make([]fr.Element, n)
	for i := range out {
		out[i] = t.Challenge(label)
	}
	return out
}
