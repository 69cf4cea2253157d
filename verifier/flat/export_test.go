package flat

import (
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

const (
	Masking   = masking
	Hiding    = hiding
	NumClaims = numClaims
)

// Chosen is a transcript some of whose challenges are chosen.
func Chosen(seed [32]byte, chosen func(label string) (fr.Element, bool)) *Transcript {
	t := NewTranscript(seed)
	t.chosen = chosen
	return t
}

// VerifyWith is [Key.Verify] with a transcript.
func (k *Key) VerifyWith(t *Transcript, public [][]int64, pr *Proof) (left, right bn254.G1Affine, err error) {
	return k.verify(t, public, pr)
}
