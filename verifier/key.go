package verifier

import (
	"crypto/sha256"
	"sync/atomic"
)

const keyMagic = "nnark-vk-2"

// VerifyingKey is what a customer holds: the model card and one proof system's
// key, the one that the card says, the others nil. It is safe for
// concurrent use as long as nobody changes it. Do not copy it by value.
type VerifyingKey struct {
	Card    Card
	Groth16 *Groth16Key
	Plonk   *PlonkKey
	Flat    *FlatKey

	// cache holds what Verify precomputed, under the digest it belongs to.
	cache atomic.Pointer[preparedKey]
}

// preparedKey is a checked key with its precomputations.
type preparedKey struct {
	digest [32]byte
	system proofSystem
}

// proofSystem is a checked key ready to verify.
type proofSystem interface {
	// check reports whether every proof holds for its statement, drawing from c
	// the coefficients that fold all equations into one. The proofs' structure
	// was checked. The error wraps ErrMalformed or ErrRejected.
	check(keyDigest [32]byte, proofs []*Proof, c *coefficients) error
}

// MarshalBinary returns the only encoding of the key. It fails for a card that
// breaks its rules or a key that does not go with it; use [VerifyingKey.Check]
// for the points.
func (vk *VerifyingKey) MarshalBinary() ([]byte, error) {
	if err := vk.checkStructure(); err != nil {
		return nil, err
	}
	var e encoder
	e.raw([]byte(keyMagic)...)
	vk.Card.encode(&e)
	switch vk.Card.System {
	case Groth16:
		vk.Groth16.encode(&e)
	case Plonk:
		vk.Plonk.encode(&e)
	case Flat:
		vk.Flat.encode(&e)
	}
	return e.buf, nil
}

// ParseVerifyingKey decodes a key and checks it (see [VerifyingKey.Check]).
// Every error is [ErrMalformed]. A key that parses is well formed, not
// trustworthy: compare [VerifyingKey.Digest] with the one you were given.
func ParseVerifyingKey(data []byte) (*VerifyingKey, error) {
	d := decoder{rest: data}
	d.magic(keyMagic)
	vk := &VerifyingKey{Card: decodeCard(&d)}
	if d.err == nil {
		switch vk.Card.System {
		case Groth16:
			vk.Groth16 = decodeGroth16Key(&d, vk.Card.Weights)
		case Plonk:
			vk.Plonk = decodePlonkKey(&d, vk.Card.Weights)
		case Flat:
			vk.Flat = decodeFlatKey(&d)
		}
	}
	if err := d.end(); err != nil {
		return nil, err
	}
	if err := vk.Check(); err != nil {
		return nil, err
	}
	return vk, nil
}

// ParsePinned is [ParseVerifyingKey] for a key whose digest the caller knows. Bytes of
// another digest are not looked at: the error is [ErrOtherKey].
func ParsePinned(data []byte, digest [32]byte) (*VerifyingKey, error) {
	if sha256.Sum256(data) != digest {
		return nil, ErrOtherKey
	}
	return ParseVerifyingKey(data)
}

// Digest returns SHA-256 of the key's encoding: the identity that proofs name
// and that customers pin. It is the zero digest for a key that cannot be encoded.
func (vk *VerifyingKey) Digest() [32]byte {
	data, err := vk.MarshalBinary()
	if err != nil {
		return [32]byte{}
	}
	return sha256.Sum256(data)
}

// Check reports, as [ErrMalformed], a key under which forging is trivial or
// verifying impossible: a card that breaks its rules; points off the curve,
// outside the subgroup or at infinity; degenerate setups (gamma = delta, delta
// a generator, a Pedersen key of sigma = 1 or used twice, an SRS of tau = 1);
// a weight commitment without proof of knowledge. It cannot tell who knows the
// setup's trapdoors.
func (vk *VerifyingKey) Check() error {
	data, err := vk.MarshalBinary()
	if err == nil {
		_, err = vk.precompute(sha256.Sum256(data))
	}
	return err
}

func (vk *VerifyingKey) checkStructure() error {
	if vk == nil {
		return malformed("no verifying key")
	}
	if err := vk.Card.check(); err != nil {
		return err
	}
	if (vk.Groth16 != nil) != (vk.Card.System == Groth16) || (vk.Plonk != nil) != (vk.Card.System == Plonk) || (vk.Flat != nil) != (vk.Card.System == Flat) {
		return malformed("verifying key: not exactly the card's system, %v", vk.Card.System)
	}
	switch vk.Card.System {
	case Groth16:
		return vk.Groth16.checkStructure(vk.Card.Weights)
	case Plonk:
		return vk.Plonk.checkStructure(&vk.Card)
	}
	return vk.Flat.checkStructure(&vk.Card)
}

// prepare returns the precomputations, from the cache if the key is still the
// one they belong to.
func (vk *VerifyingKey) prepare() (*preparedKey, error) {
	data, err := vk.MarshalBinary()
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(data)
	if p := vk.cache.Load(); p != nil && p.digest == digest {
		return p, nil
	}
	return vk.precompute(digest)
}

// precompute checks the key and fills the cache.
func (vk *VerifyingKey) precompute(digest [32]byte) (*preparedKey, error) {
	var err error
	p := &preparedKey{digest: digest}
	switch vk.Card.System {
	case Groth16:
		p.system, err = prepareGroth16(vk.Groth16)
	case Plonk:
		p.system, err = preparePlonk(vk.Plonk, &vk.Card)
	case Flat:
		p.system, err = prepareFlat(vk.Flat, &vk.Card)
	}
	if err != nil {
		return nil, err
	}
	vk.cache.Store(p)
	return p, nil
}
