package prover

import (
	"context"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	"github.com/consensys/gnark/backend"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/prover/internal/secret"
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

// newSRS draws a secret tau and overwrites it. Knowing tau, the Lagrange form needs no
// transform: its scalars are L_i(tau) = (tau^n - 1)/n · ω^i/(tau - ω^i).
func newSRS(ctx context.Context, size uint64) (canonical, lagrange kzg.SRS, err error) {
	var secrets secret.List
	secret.Do(func() {
		defer secrets.Clear()
		canonical, lagrange, err = drawSRS(ctx, size, &secrets)
		if srsSecrets != nil {
			srsSecrets(secrets.All())
		}
	})
	return canonical, lagrange, err
}

func drawSRS(ctx context.Context, size uint64, secrets *secret.List) (canonical, lagrange kzg.SRS, err error) {
	powers := secrets.New(int(size) + blindingDegree)
	powers[0].SetOne()
	tau := &powers[1]
	if err = secret.Draw(tau); err != nil {
		return canonical, lagrange, err
	}
	for i := 2; i < len(powers); i++ {
		powers[i].Mul(&powers[i-1], tau)
	}
	domain := fft.NewDomain(size, fft.WithoutPrecompute())
	scalars, denominators := secrets.New(int(size)), secrets.New(int(size))
	root := fr.One()
	for i := range scalars {
		scalars[i] = root
		denominators[i].Sub(tau, &root)
		root.Mul(&root, &domain.Generator)
	}
	one := fr.One()
	factor := powers[size]
	factor.Sub(&factor, &one).Mul(&factor, &domain.CardinalityInv)
	inverses := secrets.Hold(fr.BatchInvert(denominators))
	for i := range inverses {
		scalars[i].Mul(&scalars[i], &inverses[i]).Mul(&scalars[i], &factor)
	}
	_, _, g1, g2 := bn254.Generators()
	vk := kzg.VerifyingKey{G1: g1, G2: [2]bn254.G2Affine{g2}}
	canonical.Pk.G1, lagrange.Pk.G1 = make([]bn254.G1Affine, len(powers)), make([]bn254.G1Affine, size)
	if err = msm.MulG1(ctx, canonical.Pk.G1, g1, powers, nil); err == nil {
		err = msm.MulG1(ctx, lagrange.Pk.G1, g1, scalars, nil)
	}
	if err == nil {
		err = msm.MulG2(ctx, vk.G2[1:], g2, powers[1:2], nil)
	}
	vk.Lines[0], vk.Lines[1] = bn254.PrecomputeLines(vk.G2[0]), bn254.PrecomputeLines(vk.G2[1])
	canonical.Vk, lagrange.Vk = vk, vk
	return canonical, lagrange, err
}

// srsSecrets, if not nil, is shown what newSRS is about to overwrite: for a test.
var srsSecrets func(all [][]fr.Element)

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
