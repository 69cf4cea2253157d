package verifier

import "crypto/sha256"

// SRSDigest identifies the universal reference string of a PLONK key: the SHA-256 of
// [tau]G2, uncompressed (x.A1, x.A0, y.A1, y.A0, 32 bytes each). All else in a reference
// string follows from this point, so the digest is the same for every size and encoding of
// one ceremony's result, and whoever holds a verifying key can compare it with that of a
// ceremony they trust.
func (k *PlonkKey) SRSDigest() [32]byte {
	raw := k.G2Tau.RawBytes()
	return sha256.Sum256(raw[:])
}
