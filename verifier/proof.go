package verifier

import (
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier/flat"
)

const proofMagic = "nnark-proof-1"

// Proof is a statement and a proof of it. Exactly one of Groth16, Plonk and Flat is
// set. Nothing about a Proof is trusted before [Verify] accepted it.
type Proof struct {
	KeyDigest [32]byte     // of the verifying key it was made for
	Statement []fr.Element // context, inputs, outputs; see [Card.StatementSize]
	Groth16   *Groth16Proof
	Plonk     *PlonkProof
	Flat      *flat.Proof
}

// system returns the proof's system, or an error unless there is exactly one.
func (p *Proof) system() (System, error) {
	if p == nil {
		return 0, malformed("no proof")
	}
	var found []System
	for s, ok := range [...]bool{Groth16: p.Groth16 != nil, Plonk: p.Plonk != nil, Flat: p.Flat != nil} {
		if ok {
			found = append(found, System(s))
		}
	}
	switch {
	case len(found) != 1:
		return 0, malformed("proof: not exactly one proof system")
	case len(p.Statement) > maxElements:
		return 0, malformed("proof: statement of %d elements", len(p.Statement))
	}
	return found[0], nil
}

// encodePoints appends the proof without its statement.
func (p *Proof) encodePoints(e *encoder) {
	switch {
	case p.Groth16 != nil:
		p.Groth16.encode(e)
	case p.Plonk != nil:
		p.Plonk.encode(e)
	default:
		e.buf = p.Flat.AppendTo(e.buf)
	}
}

func (p *Proof) decodePoints(d *decoder, s System) {
	switch s {
	case Groth16:
		p.Groth16 = decodeGroth16Proof(d)
	case Plonk:
		p.Plonk = decodePlonkProof(d)
	case Flat:
		p.Flat = decodeFlatProof(d)
	default:
		d.fail("proof system %v", s)
	}
}

// Size returns the number of bytes of the proof without its statement.
func (p *Proof) Size() int {
	if _, err := p.system(); err != nil {
		return 0
	}
	var e encoder
	p.encodePoints(&e)
	return len(e.buf)
}

// MarshalBinary returns the only binary encoding of the proof: "nnark-proof-1",
// the system, the key's digest, the statement after a 32-bit count, and the
// proof: of fixed length, or under [Flat] of the length that it says.
func (p *Proof) MarshalBinary() ([]byte, error) {
	s, err := p.system()
	if err != nil {
		return nil, err
	}
	var e encoder
	e.raw([]byte(proofMagic)...)
	e.raw(byte(s))
	e.raw(p.KeyDigest[:]...)
	e.uint32(uint32(len(p.Statement)))
	e.scalars(p.Statement...)
	p.encodePoints(&e)
	return e.buf, nil
}

// ParseProof decodes what [Proof.MarshalBinary] wrote. Every error is [ErrMalformed].
func ParseProof(data []byte) (*Proof, error) {
	d := decoder{rest: data}
	d.magic(proofMagic)
	s := System(d.uint8())
	p := &Proof{KeyDigest: d.hash()}
	n := d.uint32()
	if n > maxElements {
		d.fail("proof: statement of %d elements", n)
	}
	p.Statement = d.scalars(int(n))
	p.decodePoints(&d, s)
	if err := d.end(); err != nil {
		return nil, err
	}
	return p, nil
}
