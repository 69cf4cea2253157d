package verifier

import (
	"math/big"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// PlonkKey is the verifying key of PLONK over KZG with one commitment of
// witness values (BSB22): gnark's key, without what follows from the rest.
type PlonkKey struct {
	Size               uint64            // rows of the circuit, 2^k or 3·2^k
	S                  [3]bn254.G1Affine // permutation polynomials
	Ql, Qr, Qm, Qo, Qk bn254.G1Affine    // selectors; infinity for a zero polynomial
	Qcp                bn254.G1Affine    // selector of the committed values
	CommitmentIndex    uint64            // row of the commitment's challenge, after the public inputs
	G1                 bn254.G1Affine    // of the SRS
	G2, G2Tau          bn254.G2Affine    // of the SRS: G2 and tau*G2
	Weights            *PlonkWeights     // nil for baked weights
}

// PlonkWeights belongs to a key of private weights, whose Qr hides them: it shows, to who
// has the program without its weights, that Qr is the circuit's but for weights (package
// prover, Audit). Proofs are verified without it; that the key's digest covers it and Qr
// is why weights are fixed before any proof.
type PlonkWeights struct{ Quotient, Opening bn254.G1Affine }

// PlonkProof is gnark's proof with one commitment.
type PlonkProof struct {
	LRO            [3]bn254.G1Affine // wires
	Z              bn254.G1Affine    // grand product
	H              [3]bn254.G1Affine // quotient
	Commitment     bn254.G1Affine    // BSB22
	Opening        bn254.G1Affine    // of the batch at zeta
	ShiftedOpening bn254.G1Affine    // of Z at omega*zeta
	Claims         [7]fr.Element     // at zeta: linearised polynomial, L, R, O, S1, S2, Qcp
	ShiftedZ       fr.Element        // Z(omega*zeta)
}

// PlonkProofSize is the length of an encoded PLONK proof.
const PlonkProofSize = 10*bn254.SizeOfG1AffineCompressed + 8*fr.Bytes

// Bytes returns the proof's encoding, the fields in order, points compressed.
func (p *PlonkProof) Bytes() []byte {
	var e encoder
	p.encode(&e)
	return e.buf
}

func (p *PlonkProof) points() []*bn254.G1Affine {
	return []*bn254.G1Affine{&p.LRO[0], &p.LRO[1], &p.LRO[2], &p.Z, &p.H[0], &p.H[1], &p.H[2],
		&p.Commitment, &p.Opening, &p.ShiftedOpening}
}

func (p *PlonkProof) encode(e *encoder) {
	for _, q := range p.points() {
		e.g1(*q)
	}
	e.scalars(p.Claims[:]...)
	e.scalars(p.ShiftedZ)
}

func decodePlonkProof(d *decoder) *PlonkProof {
	p := new(PlonkProof)
	for _, q := range p.points() {
		*q = d.g1()
	}
	for i := range p.Claims {
		p.Claims[i] = d.scalar()
	}
	p.ShiftedZ = d.scalar()
	return p
}

func (k *PlonkKey) checkStructure(c *Card) error {
	public := uint64(c.StatementSize())
	switch {
	case !validSize(k.Size):
		return malformed("verifying key: %d rows", k.Size)
	case public >= k.Size || k.CommitmentIndex >= k.Size-public:
		return malformed("verifying key: row %d of the commitment", k.CommitmentIndex)
	case (k.Weights != nil) != (c.Weights == CommittedWeights):
		return malformed("verifying key: not a PLONK key of %v weights", c.Weights)
	}
	return nil
}

// validSize reports whether provers use so many rows: 2^k, or from 96 on 3·2^k, k at most 28.
func validSize(n uint64) bool {
	if n%3 == 0 && n >= 96 {
		n /= 3
	}
	return bits.OnesCount64(n) == 1 && n <= 1<<28
}

// Generator returns ω = 5^((r-1)/Size), whose powers are the points of the rows: 5 generates the
// field's group, and 9·2^28 divides r - 1. For powers of two it is gnark's choice.
func (k *PlonkKey) Generator() (w fr.Element) {
	e := new(big.Int).Sub(fr.Modulus(), big.NewInt(1))
	return *w.Exp(fr.NewElement(cosetShift), e.Div(e, new(big.Int).SetUint64(k.Size)))
}

func (k *PlonkKey) encode(e *encoder) {
	e.uint64(k.Size)
	e.uint64(k.CommitmentIndex)
	e.g1(k.S[:]...)
	e.g1(k.Ql, k.Qr, k.Qm, k.Qo, k.Qk, k.Qcp, k.G1)
	e.g2(k.G2, k.G2Tau)
	if w := k.Weights; w != nil {
		e.g1(w.Quotient, w.Opening)
	}
}

func decodePlonkKey(d *decoder, w WeightsMode) *PlonkKey {
	k := &PlonkKey{Size: d.uint64(), CommitmentIndex: d.uint64()}
	for i := range k.S {
		k.S[i] = d.g1()
	}
	for _, q := range []*bn254.G1Affine{&k.Ql, &k.Qr, &k.Qm, &k.Qo, &k.Qk} {
		*q = d.g1OrInfinity()
	}
	k.Qcp, k.G1 = d.g1(), d.g1()
	k.G2, k.G2Tau = d.g2(), d.g2()
	if w == CommittedWeights {
		k.Weights = &PlonkWeights{d.g1(), d.g1()}
	}
	return k
}

// check reports points that no honest setup produces.
func (k *PlonkKey) check() error {
	g1 := append(k.S[:3:3], k.Qcp, k.G1)
	for _, q := range []bn254.G1Affine{k.Ql, k.Qr, k.Qm, k.Qo, k.Qk} {
		if !q.IsInfinity() {
			g1 = append(g1, q)
		}
	}
	if w := k.Weights; w != nil {
		g1 = append(g1, k.Qr, w.Quotient, w.Opening)
	}
	if !validG1(g1...) {
		return malformed("verifying key: G1 point at infinity or off the curve")
	}
	if !validG2(k.G2, k.G2Tau) {
		return malformed("verifying key: G2 point at infinity or outside the subgroup")
	}
	if equalUpToSign(&k.G2, &k.G2Tau) {
		return malformed("verifying key: degenerate SRS")
	}
	return nil
}
