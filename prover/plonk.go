package prover

import (
	"context"
	"fmt"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	"github.com/consensys/gnark/backend"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/prover/simd/msm"
	"github.com/nnark/nnark/verifier"
)

// setupPlonk makes PLONK keys from a universal SRS, or from one made here if srs is nil.
func (k *Keys) setupPlonk(ctx context.Context, srs *kzg.SRS, p Progress) error {
	spr := k.compiled.System.(*cs.SparseR1CS)
	size := ecc.NextPowerOfTwo(uint64(spr.GetNbConstraints() + spr.GetNbPublicVariables()))
	var canonical, lagrange kzg.SRS
	var err error
	if srs == nil {
		p.report("reference string", 0)
		canonical, lagrange, err = newSRS(ctx, size)
	} else {
		p.report("Lagrange basis", 0)
		canonical, lagrange, err = cutSRS(srs, size)
	}
	if err != nil {
		return err
	}
	p.report("setup", 0.6)
	pk, vk, err := gplonk.Setup(spr, canonical, lagrange)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	k.setPlonk(pk, vk)
	p.report("setup", 1)
	return nil
}

// blindingDegree is how many more powers of tau than rows gnark's PLONK needs.
const blindingDegree = 3

// cutSRS takes the powers of tau a circuit of so many rows needs, and their Lagrange form.
func cutSRS(srs *kzg.SRS, size uint64) (canonical, lagrange kzg.SRS, err error) {
	if uint64(len(srs.Pk.G1)) < size+blindingDegree {
		return canonical, lagrange, fmt.Errorf("SRS of %d points, the circuit needs %d: %w", len(srs.Pk.G1), size+blindingDegree, ErrKeys)
	}
	canonical = kzg.SRS{Pk: kzg.ProvingKey{G1: srs.Pk.G1[:size+blindingDegree]}, Vk: srs.Vk}
	points, err := kzg.ToLagrangeG1(srs.Pk.G1[:size])
	return canonical, kzg.SRS{Pk: kzg.ProvingKey{G1: points}, Vk: srs.Vk}, err
}

// newSRS draws a secret tau and forgets it. Knowing tau, the Lagrange form needs no
// transform: its scalars are L_i(tau) = (tau^n - 1)/n · ω^i/(tau - ω^i).
func newSRS(ctx context.Context, size uint64) (canonical, lagrange kzg.SRS, err error) {
	var tau fr.Element
	if _, err = tau.SetRandom(); err != nil {
		return canonical, lagrange, err
	}
	small, err := kzg.NewSRS(2, tau.BigInt(new(big.Int)))
	if err != nil {
		return canonical, lagrange, err
	}
	powers := make([]fr.Element, size+blindingDegree)
	powers[0].SetOne()
	for i := 1; i < len(powers); i++ {
		powers[i].Mul(&powers[i-1], &tau)
	}
	domain := fft.NewDomain(size, fft.WithoutPrecompute())
	roots, denominators := make([]fr.Element, size), make([]fr.Element, size)
	root := fr.One()
	for i := range roots {
		roots[i] = root
		denominators[i].Sub(&tau, &root)
		root.Mul(&root, &domain.Generator)
	}
	one := fr.One()
	factor := powers[size]
	factor.Sub(&factor, &one).Mul(&factor, &domain.CardinalityInv)
	for i, inv := range fr.BatchInvert(denominators) {
		roots[i].Mul(&roots[i], &inv).Mul(&roots[i], &factor)
	}
	canonical = kzg.SRS{Pk: kzg.ProvingKey{G1: make([]bn254.G1Affine, len(powers))}, Vk: small.Vk}
	lagrange = kzg.SRS{Pk: kzg.ProvingKey{G1: make([]bn254.G1Affine, size)}, Vk: small.Vk}
	none := func(int) {}
	if err = msm.MulG1(ctx, canonical.Pk.G1, small.Vk.G1, powers, none); err == nil {
		err = msm.MulG1(ctx, lagrange.Pk.G1, small.Vk.G1, roots, none)
	}
	return canonical, lagrange, err
}

// setPlonk takes gnark's keys.
func (k *Keys) setPlonk(pk *gplonk.ProvingKey, vk *gplonk.VerifyingKey) {
	k.plonk = pk
	k.VerifyingKey.Plonk = plonkKey(vk)
}

// plonkKey takes gnark's verifying key.
func plonkKey(vk *gplonk.VerifyingKey) *verifier.PlonkKey {
	return &verifier.PlonkKey{
		Size: vk.Size, S: vk.S, Ql: vk.Ql, Qr: vk.Qr, Qm: vk.Qm, Qo: vk.Qo, Qk: vk.Qk, Qcp: vk.Qcp[0],
		CommitmentIndex: vk.CommitmentConstraintIndexes[0],
		G1:              vk.Kzg.G1, G2: vk.Kzg.G2[0], G2Tau: vk.Kzg.G2[1],
	}
}

// checkPlonk compares a proving key with the verifying key and the size of the circuit.
func (k *Keys) checkPlonk() error {
	want, vk := *k.VerifyingKey.Plonk, k.plonk.Vk
	want.WeightsDigest = nil
	if len(vk.Qcp) != 1 || len(vk.CommitmentConstraintIndexes) != 1 || *plonkKey(vk) != want ||
		uint64(len(k.plonk.Kzg.G1)) != want.Size+3 || uint64(len(k.plonk.KzgLagrange.G1)) != want.Size {
		return fmt.Errorf("it does not go with the verifying key: %w", ErrKeys)
	}
	return nil
}

func (k *Keys) provePlonk(ctx context.Context, w *gadget.Witness, p Progress) (*verifier.Proof, error) {
	full, err := fill(w.Statement, w.Secret)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.report("prove", 0.1)
	proof, err := gplonk.Prove(k.compiled.System.(*cs.SparseR1CS), k.plonk, full, backend.WithStatisticalZeroKnowledge())
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return &verifier.Proof{KeyDigest: k.VerifyingKey.Digest(), Statement: w.Statement, Plonk: plonkProof(proof)}, nil
}

// plonkProof takes gnark's proof.
func plonkProof(p *gplonk.Proof) *verifier.PlonkProof {
	out := &verifier.PlonkProof{
		LRO: p.LRO, Z: p.Z, H: p.H, Commitment: p.Bsb22Commitments[0],
		Opening: p.BatchedProof.H, ShiftedOpening: p.ZShiftedOpening.H, ShiftedZ: p.ZShiftedOpening.ClaimedValue,
	}
	copy(out.Claims[:], p.BatchedProof.ClaimedValues)
	return out
}
