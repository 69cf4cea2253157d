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

// Recorded is a transcript that tells each challenge.
func Recorded(seed [32]byte, record func(label string, x fr.Element)) *Transcript {
	t := NewTranscript(seed)
	t.chosen = func(label string) (x fr.Element, ok bool) {
		now := Transcript{state: t.state}
		record(label, now.Challenge(label))
		return x, false
	}
	return t
}

// VerifyWith is [Key.Verify] with a transcript.
func (k *Key) VerifyWith(t *Transcript, public [][]int64, pr *Proof) (left, right bn254.G1Affine, err error) {
	return k.verify(t, public, pr)
}
