package opening

import (
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"golang.org/x/crypto/sha3"
)

// InputHash returns what a contract's request for an answer names (InferenceConsumer of package
// solidity): Keccak-256 of a statement's input elements, 32 bytes each: verifier.Pack of public
// inputs, the digests of digest inputs.
func InputHash(elements []fr.Element) (hash [32]byte) {
	h := sha3.NewLegacyKeccak256()
	for i := range elements {
		b := elements[i].Bytes()
		h.Write(b[:])
	}
	h.Sum(hash[:0])
	return hash
}
