package ceremony

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/pedersen"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/consensys/gnark/constraint"
)

// Keys returns the ceremony's keys, laid out as those of gnark's groth16.Setup.
func (v *Verified) Keys() (*g16.ProvingKey, *g16.VerifyingKey, error) {
	t, p, c := v.transcript, v.transcript.points, v.circuit
	_, _, _, gen2 := bn254.Generators()
	pk, vk := new(g16.ProvingKey), new(g16.VerifyingKey)
	pk.Domain = *fft.NewDomain(1 << c.power)
	pk.G1.Alpha, pk.G1.Beta, pk.G1.Delta = t.powers.alpha[0], t.powers.beta[0], p.delta[0]
	pk.G2.Beta, pk.G2.Delta = t.powers.beta2, p.delta2
	pk.InfinityA, pk.G1.A = finite(c, left, p.a, (*bn254.G1Affine).IsInfinity)
	pk.InfinityB, pk.G1.B = finite(c, right, p.b1, (*bn254.G1Affine).IsInfinity)
	_, pk.G2.B = finite(c, right, p.b2, (*bn254.G2Affine).IsInfinity)
	pk.NbInfinityA, pk.NbInfinityB = uint64(c.Count-len(pk.G1.A)), uint64(c.Count-len(pk.G1.B))
	pk.G1.K = slices.Clone(p.private)
	z := append(slices.Clone(p.z), bn254.G1Affine{})
	shift := bits.LeadingZeros64(uint64(len(z))) + 1
	for i := range z { // the order of the quotient's coefficients
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			z[i], z[j] = z[j], z[i]
		}
	}
	pk.G1.Z = z[:len(z)-1]

	vk.G1.Alpha, vk.G1.Beta, vk.G1.Delta = pk.G1.Alpha, pk.G1.Beta, pk.G1.Delta
	vk.G2.Beta, vk.G2.Delta, vk.G2.Gamma = pk.G2.Beta, pk.G2.Delta, gen2
	vk.G1.K = slices.Clone(p.public)
	info := c.r1cs.CommitmentInfo.(constraint.Groth16Commitments)
	vk.PublicAndCommitmentCommitted = info.GetPublicAndCommitmentCommitted(info.CommitmentIndexes(), c.r1cs.GetNbPublicVariables())
	for i := range p.basis {
		var minus bn254.G2Affine
		minus.Neg(&p.sigma2[i])
		pk.CommitmentKeys = append(pk.CommitmentKeys, pedersen.ProvingKey{Basis: slices.Clone(p.basis[i]), BasisExpSigma: slices.Clone(p.basisSigma[i])})
		vk.CommitmentKeys = append(vk.CommitmentKeys, pedersen.VerifyingKey{G: gen2, GSigmaNeg: minus})
	}
	if err := vk.Precompute(); err != nil {
		return nil, nil, fmt.Errorf("keys: %w", err)
	}
	return pk, vk, nil
}

// finite returns the points that are not infinity of those of the wires on a side, and which
// of all wires have none.
func finite[P any](c *circuit, side int, points []P, isInfinity func(*P) bool) (infinity []bool, kept []P) {
	infinity = slices.Repeat([]bool{true}, c.Count)
	for i, w := range c.occurring(side) {
		if !isInfinity(&points[i]) {
			infinity[w] = false
			kept = append(kept, points[i])
		}
	}
	return infinity, kept
}
