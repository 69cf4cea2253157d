package groth16

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"

	"github.com/nnark/nnark/prover/simd/msm"
)

// Matches reports, as [ErrCircuit], a proving key that does not go with a verifying key,
// whose points were checked, as far as pairings tell: α, β and δ are the same in both keys
// and in both groups, every commitment's second basis is the first times the verifying
// key's σ, and the bases of committed wires are what A and B say, where these say it. The
// rest of a proving key has no counterpart in a verifying key; that it belongs there is what
// a proof shows.
func (p *Prover) Matches(vk *g16.VerifyingKey) error {
	d1, d2 := p.a.last(), p.b2.last()
	if p.alpha != vk.G1.Alpha || p.beta2 != vk.G2.Beta || *d2 != vk.G2.Delta || *p.b1.last() != *d1 || *p.k.last() != *d1 {
		return fmt.Errorf("%w: proving and verifying key are of different setups", ErrCircuit)
	}
	_, _, gen1, gen2 := bn254.Generators()
	gen1.Neg(&gen1)
	for _, x := range []struct {
		in1 *bn254.G1Affine
		in2 *bn254.G2Affine
	}{{&p.beta, &p.beta2}, {d1, d2}} {
		same, err := bn254.PairingCheck([]bn254.G1Affine{*x.in1, gen1}, []bn254.G2Affine{gen2, *x.in2})
		if err != nil || !same {
			return fmt.Errorf("%w: the proving key's beta or delta differs between the groups", ErrCircuit)
		}
	}
	if len(vk.CommitmentKeys) != len(p.commitments) {
		return fmt.Errorf("%w: the verifying key has %d commitments, the circuit %d", ErrCircuit, len(vk.CommitmentKeys), len(p.commitments))
	}
	for i := range p.commitments {
		d, pok, err := p.randomCommitment(i)
		if err != nil {
			return err
		}
		key := &vk.CommitmentKeys[i]
		ok, err := bn254.PairingCheck([]bn254.G1Affine{d, pok}, []bn254.G2Affine{key.GSigmaNeg, key.G})
		if err != nil || !ok {
			return fmt.Errorf("%w: the bases of commitment %d are not those of the verifying key", ErrCircuit, i)
		}
	}
	if p.Bound() {
		return nil // its points are sums
	}
	return p.basisMatches(vk)
}

// basisMatches compares the bases of committed wires, (βA + αB + C)/γ, with the proving
// key's points for A and B, where C is known: it is zero for wires that are no constraint's
// result, and A for those that occur in w·1 = w alone, as blinding and mask do.
func (p *Prover) basisMatches(vk *g16.VerifyingKey) error {
	known, identity := p.knownResults()
	for i, c := range p.commitments {
		w, own := make([]fr.Element, p.wires), make([]fr.Element, p.wires)
		for _, wire := range c.PrivateCommitted {
			if !known[wire] {
				continue
			}
			if err := random64(&w[wire]); err != nil {
				return err
			}
			if identity[wire] {
				own[wire] = w[wire]
			}
		}
		var basis, a, result bn254.G1Affine
		var b bn254.G2Affine
		sum := p.commitment[i]
		err := msm.Run(context.Background(), msm.G1(&basis, sum.bases, sum.scalars(w)), msm.G2(&b, p.b2.bases, p.b2.scalars(w)),
			msm.G1(&a, p.a.bases, p.a.scalars(w)), msm.G1(&result, p.a.bases, p.a.scalars(own)))
		if err != nil {
			return err
		}
		basis.Neg(&basis)
		_, _, _, gen2 := bn254.Generators()
		ok, err := bn254.PairingCheck([]bn254.G1Affine{basis, a, vk.G1.Alpha, result}, []bn254.G2Affine{vk.G2.Gamma, vk.G2.Beta, b, gen2})
		if err != nil || !ok {
			return fmt.Errorf("%w: the basis of commitment %d is not that of the rest of the proving key", ErrCircuit, i)
		}
	}
	return nil
}

// knownResults tells the wires whose C is zero or A, and those for which it is A.
func (p *Prover) knownResults() (known, identity []bool) {
	left, result := make([]bool, p.wires), make([]bool, p.wires)
	known, identity = make([]bool, p.wires), make([]bool, p.wires)
	it := p.r1cs.GetR1CIterator()
	for r := it.Next(); r != nil; r = it.Next() {
		if len(r.O) == 1 && isIdentity(r, r.O[0].WireID()) {
			identity[r.O[0].WireID()] = true
			continue
		}
		for _, t := range r.L {
			left[t.WireID()] = true
		}
		for _, t := range r.O {
			result[t.WireID()] = true
		}
	}
	for w := range known {
		known[w] = !result[w] && !(identity[w] && left[w])
	}
	return known, identity
}

// random64 draws a number of 64 bits.
func random64(x *fr.Element) error {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return fmt.Errorf("groth16: randomness: %w", err)
	}
	x.SetBytes(b[:])
	return nil
}

// randomCommitment returns commitment i to values that the key's maker could not foresee,
// and its proof of knowledge. They belong together if and only if their bases do, but for a
// chance of 2^-64 each time that a key is read.
func (p *Prover) randomCommitment(i int) (d, pok bn254.G1Affine, err error) {
	w := make([]fr.Element, p.wires)
	for _, wire := range p.commitments[i].PrivateCommitted {
		if err := random64(&w[wire]); err != nil {
			return d, pok, err
		}
	}
	return p.commit(context.Background(), i, w)
}
