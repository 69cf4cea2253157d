package verifier

import (
	"crypto/sha256"
	"hash"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// StatementHash binds a statement to its key: SHA-256(keyDigest || s_0 || ...),
// the elements as 32 bytes, big-endian.
func StatementHash(keyDigest [32]byte, s []fr.Element) (stmt [32]byte) {
	h := sha256.New()
	h.Write(keyDigest[:])
	for i := range s {
		b := s[i].Bytes()
		h.Write(b[:])
	}
	h.Sum(stmt[:0])
	return stmt
}

// Challenge derives a commitment's challenge in a Groth16 proof:
// SHA-256(stmt || X || Y || previous...) mod r, where (X, Y) are the
// commitment's coordinates and previous are the challenges that the circuit
// commits to beside it.
func Challenge(stmt [32]byte, commitment *bn254.G1Affine, previous ...fr.Element) (z fr.Element) {
	h := NewChallengeHash(stmt)
	point := commitment.RawBytes()
	h.Write(point[:])
	for i := range previous {
		b := previous[i].Bytes()
		h.Write(b[:])
	}
	z.SetBytes(h.Sum(nil))
	return z
}

// plonkTag separates the hash in [PlonkPublic] from all others.
const plonkTag = "nnark plonk context 1"

// PlonkPublic returns the public inputs of a PLONK proof: the statement, its first element,
// the context, replaced by
//
//	SHA-256("nnark plonk context 1" || keyDigest || context) mod r.
//
// The circuit commits to this input and to nothing else of the context, so that a proof's
// challenges depend on the whole verifying key: its card, its circuit and its weights. A
// proof made under one key proves nothing under another one of the same circuit.
func PlonkPublic(keyDigest [32]byte, s []fr.Element) []fr.Element {
	out := append([]fr.Element{}, s...)
	if len(s) == 0 {
		return out
	}
	h := sha256.New()
	h.Write([]byte(plonkTag))
	h.Write(keyDigest[:])
	b := s[0].Bytes()
	h.Write(b[:])
	out[0].SetBytes(h.Sum(nil))
	return out
}

// NewChallengeHash returns the hash behind [Challenge], SHA-256(stmt || data),
// in the form that gnark's Groth16 provers and verifiers take as their
// hash-to-field function. Not for concurrent use.
func NewChallengeHash(stmt [32]byte) hash.Hash {
	h := &challengeHash{Hash: sha256.New(), stmt: stmt}
	h.Reset()
	return h
}

type challengeHash struct {
	hash.Hash
	stmt [32]byte
}

func (h *challengeHash) Reset() {
	h.Hash.Reset()
	h.Write(h.stmt[:])
}

// FoldStatement returns sum over i of s_i * z^(i+1), the only public input of
// a Groth16 circuit.
func FoldStatement(s []fr.Element, z fr.Element) (e fr.Element) {
	for i := len(s) - 1; i >= 0; i-- {
		e.Add(&e, &s[i]).Mul(&e, &z)
	}
	return e
}

// coefficients is a stream of 128-bit numbers for random linear combinations:
// the first half of SHA-256(seed || counter).
type coefficients struct{ block [40]byte }

func newCoefficients(seed [32]byte) *coefficients {
	c := new(coefficients)
	copy(c.block[:], seed[:])
	return c
}

func (c *coefficients) next() (x fr.Element) {
	sum := sha256.Sum256(c.block[:])
	for i := len(c.block) - 1; i >= len(c.block)-8; i-- {
		if c.block[i]++; c.block[i] != 0 {
			break
		}
	}
	x.SetBytes(sum[:16])
	return x
}
