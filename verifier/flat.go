package verifier

import (
	"errors"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/hyperkzg"
)

// FlatKey is the verifying key of the flat argument (package verifier/flat).
type FlatKey struct {
	Plan  *flat.Plan
	Model []bn254.G1Affine // hiding commitments to the rows of the weights
	G2Tau bn254.G2Affine   // of the powers of tau
}

// SRSDigest is [PlonkKey.SRSDigest]: both systems take the same reference strings.
func (k *FlatKey) SRSDigest() [32]byte { return (&PlonkKey{G2Tau: k.G2Tau}).SRSDigest() }

func (k *FlatKey) encode(e *encoder) {
	plan := k.Plan.AppendTo(nil)
	e.uint32(uint32(len(plan)))
	e.raw(plan...)
	e.uint32(uint32(len(k.Model)))
	e.g1(k.Model...)
	e.g2(k.G2Tau)
}

func decodeFlatKey(d *decoder) *FlatKey {
	k := new(FlatKey)
	data := d.take(d.count(int(d.uint32()), 1))
	if d.err != nil {
		return nil
	}
	var err error
	if k.Plan, err = flat.ParsePlan(data); err != nil {
		d.fail("plan: %v", err)
		return nil
	}
	k.Model = make([]bn254.G1Affine, d.count(int(d.uint32()), bn254.SizeOfG1AffineCompressed))
	for i := range k.Model {
		k.Model[i] = d.g1OrInfinity()
	}
	k.G2Tau = d.g2()
	return k
}

// checkStructure compares the key with the card.
func (k *FlatKey) checkStructure(c *Card) error {
	if k.Plan == nil || len(k.Model) != k.Plan.ModelRows() {
		return malformed("verifying key: no plan, or one of other weights")
	}
	if c.Weights != CommittedWeights {
		return malformed("verifying key: no flat key of %v weights", c.Weights)
	}
	var sizes []int
	for _, t := range slices.Concat(c.Inputs, c.Outputs) {
		switch t.Mode {
		case Public:
			sizes = append(sizes, t.Size())
		case Digest:
			return malformed("verifying key: no flat key of digests")
		}
	}
	if len(sizes) != len(k.Plan.Exposes) {
		return malformed("verifying key: a plan of %d public tensors", len(k.Plan.Exposes))
	}
	for i := range sizes {
		if n := k.Plan.Exposes[i].Terms(); n != sizes[i] {
			return malformed("verifying key: a plan of %d integers for public tensor %d", n, i)
		}
	}
	return nil
}

// flatVerifier is a checked key.
type flatVerifier struct {
	key   flat.Key
	card  Card
	lines [2]fixedLines // of G2, tau*G2
}

func prepareFlat(k *FlatKey, c *Card) (*flatVerifier, error) {
	if err := k.Plan.Check(); err != nil {
		return nil, malformed("plan: %v", err)
	}
	for i := range k.Model {
		if !k.Model[i].IsOnCurve() {
			return nil, malformed("verifying key: G1 point off the curve")
		}
	}
	_, _, _, g2 := bn254.Generators()
	if !validG2(k.G2Tau) || equalUpToSign(&k.G2Tau, &g2) {
		return nil, malformed("verifying key: degenerate powers of tau")
	}
	v := &flatVerifier{key: flat.Key{Plan: k.Plan, Model: k.Model}, card: *c}
	v.key.Prepare()
	v.lines = [2]fixedLines{bn254.PrecomputeLines(g2), bn254.PrecomputeLines(k.G2Tau)}
	return v, nil
}

// check folds the proofs' pairing equations, e(left, G2) = e(right, tau*G2), into one.
func (v *flatVerifier) check(keyDigest [32]byte, proofs []*Proof, c *coefficients) error {
	var left, right linearCombination
	rho := fr.One()
	for i, p := range proofs {
		if i > 0 {
			rho = c.next()
		}
		st, err := v.card.decode(p.Statement)
		if err != nil {
			return err
		}
		var public [][]int64
		for _, t := range slices.Concat(st.Inputs, st.Outputs) {
			if t.Card.Mode == Public {
				public = append(public, t.Ints)
			}
		}
		l, r, err := v.key.Verify(StatementHash(keyDigest, p.Statement), public, p.Flat)
		if err != nil {
			return flatError(err)
		}
		left.add(l, rho)
		right.add(r, rho)
	}
	r := right.sum()
	r.Neg(&r)
	f, err := millerLoopFixed([]bn254.G1Affine{left.sum(), r}, v.lines[:])
	if err != nil {
		return rejected("%v", err)
	}
	if e := bn254.FinalExponentiation(&f); !e.IsOne() {
		return rejected("the pairing equation does not hold")
	}
	return nil
}

func decodeFlatProof(d *decoder) *flat.Proof {
	if d.err != nil {
		return nil
	}
	p, rest, err := flat.Decode(d.rest)
	if err != nil {
		d.fail("proof: %v", err)
		return nil
	}
	d.rest = rest
	return p
}

// flatError is a verdict of this package for one of package flat.
func flatError(err error) error {
	if errors.Is(err, flat.ErrMalformed) || errors.Is(err, hyperkzg.ErrMalformed) {
		return malformed("%v", err)
	}
	return rejected("%v", err)
}
