package prover

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	"github.com/consensys/gnark/backend"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	"github.com/consensys/gnark/backend/witness"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/verifier"
)

// setupPlonk makes PLONK keys from a universal SRS, or from one made here if srs is nil.
func (k *Keys) setupPlonk(ctx context.Context, srs *kzg.SRS, p Progress) error {
	spr := k.compiled.System.(*cs.SparseR1CS)
	size := ecc.NextPowerOfTwo(uint64(spr.GetNbConstraints() + spr.GetNbPublicVariables()))
	if srs == nil {
		var err error
		if srs, err = newSRS(size + 3); err != nil {
			return err
		}
	}
	if uint64(len(srs.Pk.G1)) < size+3 {
		return fmt.Errorf("SRS of %d points, the circuit needs %d: %w", len(srs.Pk.G1), size+3, ErrKeys)
	}
	canonical := kzg.SRS{Pk: kzg.ProvingKey{G1: srs.Pk.G1[:size+3]}, Vk: srs.Vk}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.report("Lagrange basis", 0.3)
	lagrange, err := kzg.ToLagrangeG1(srs.Pk.G1[:size])
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	p.report("setup", 0.6)
	pk, vk, err := gplonk.Setup(spr, canonical, kzg.SRS{Pk: kzg.ProvingKey{G1: lagrange}, Vk: srs.Vk})
	if err != nil {
		return err
	}
	k.setPlonk(pk, vk)
	p.report("setup", 1)
	return nil
}

// newSRS draws a secret, raises it, and forgets it.
func newSRS(size uint64) (*kzg.SRS, error) {
	tau, err := rand.Int(rand.Reader, fr.Modulus())
	if err != nil {
		return nil, err
	}
	defer tau.Set(new(big.Int))
	return kzg.NewSRS(size, tau)
}

// setPlonk takes gnark's keys.
func (k *Keys) setPlonk(pk *gplonk.ProvingKey, vk *gplonk.VerifyingKey) {
	k.plonk = pk
	k.VerifyingKey.Plonk = &verifier.PlonkKey{
		Size: vk.Size, S: vk.S, Ql: vk.Ql, Qr: vk.Qr, Qm: vk.Qm, Qo: vk.Qo, Qk: vk.Qk, Qcp: vk.Qcp[0],
		CommitmentIndex: vk.CommitmentConstraintIndexes[0],
		G1:              vk.Kzg.G1, G2: vk.Kzg.G2[0], G2Tau: vk.Kzg.G2[1],
	}
}

func (k *Keys) provePlonk(ctx context.Context, w *gadget.Witness, p Progress) (*verifier.Proof, error) {
	full, err := witness.New(ecc.BN254.ScalarField())
	if err != nil {
		return nil, err
	}
	values := make(chan any, 64)
	go func() {
		defer close(values)
		for _, part := range []fr.Vector{w.Statement, w.Secret} {
			for i := range part {
				values <- part[i]
			}
		}
	}()
	if err := full.Fill(len(w.Statement), len(w.Secret), values); err != nil {
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
