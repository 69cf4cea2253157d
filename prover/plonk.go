package prover

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/prover/internal/raw"
	"github.com/nnark/nnark/prover/plonk"
	"github.com/nnark/nnark/verifier"
)

// setupPlonk makes PLONK keys from a universal SRS, or from one made here if srs is nil. Its
// Lagrange form may come from a cache ([SRSOptions]).
func (k *Keys) setupPlonk(ctx context.Context, srs *kzg.SRS, cache string, p Progress) error {
	spr := k.compiled.System.(*cs.SparseR1CS)
	size := plonkSize(k.compiled)
	var canonical, lagrange kzg.SRS
	var err error
	if srs == nil {
		p.report("reference string", 0)
		canonical, lagrange, err = newSRS(ctx, size)
	} else {
		canonical, lagrange, err = cutSRS(ctx, srs, size, cache, p)
	}
	if err != nil {
		return err
	}
	p.report("setup", 0.6)
	made, err := plonk.Setup(ctx, spr, k.compiled.Plan.WeightRows(spr), canonical, lagrange)
	if err != nil {
		return err
	}
	k.setPlonk(made)
	p.report("setup", 1)
	return nil
}

// plonkSize is the number of rows of a circuit's domain.
func plonkSize(c *circuits.Compiled) uint64 {
	return uint64(plonk.Size(c.System.GetNbConstraints() + c.System.GetNbPublicVariables()))
}

// setPlonk takes new keys.
func (k *Keys) setPlonk(p *plonk.Prover) {
	k.plonk, k.VerifyingKey.Plonk = p, plonkKey(p.Key().Vk)
}

// plonkKey takes gnark's verifying key.
func plonkKey(vk *gplonk.VerifyingKey) *verifier.PlonkKey {
	return &verifier.PlonkKey{
		Size: vk.Size, S: vk.S, Ql: vk.Ql, Qr: vk.Qr, Qm: vk.Qm, Qo: vk.Qo, Qk: vk.Qk, Qcp: vk.Qcp[0],
		CommitmentIndex: vk.CommitmentConstraintIndexes[0],
		G1:              vk.Kzg.G1, G2: vk.Kzg.G2[0], G2Tau: vk.Kzg.G2[1],
	}
}

// hideWeights makes the key of the program's weights.
func (k *Keys) hideWeights() error {
	p, s, err := k.plonk.Hide(context.Background(), k.weights)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrKeys)
	}
	k.setPlonk(p)
	k.VerifyingKey.Plonk.Weights = &verifier.PlonkWeights{Quotient: s.Quotient, Opening: s.Opening}
	return nil
}

// support returns what shows that a key of private weights is its circuit's.
func support(k *verifier.PlonkKey) *plonk.Support {
	if k.Weights == nil {
		return nil
	}
	return &plonk.Support{Quotient: k.Weights.Quotient, Opening: k.Weights.Opening}
}

// gnarkPlonkKey puts the verifying key in gnark's form: all of it but the weights in Qr
// follows from the circuit and the reference string.
func (k *Keys) gnarkPlonkKey() *gplonk.VerifyingKey {
	key, domain := k.VerifyingKey.Plonk, plonk.NewDomain(int(k.VerifyingKey.Plonk.Size))
	return &gplonk.VerifyingKey{
		Size: key.Size, SizeInv: domain.CardinalityInv, Generator: domain.Generator, CosetShift: domain.FrMultiplicativeGen,
		NbPublicVariables: uint64(k.compiled.System.GetNbPublicVariables()),
		S:                 key.S, Ql: key.Ql, Qr: key.Qr, Qm: key.Qm, Qo: key.Qo, Qk: key.Qk, Qcp: []kzg.Digest{key.Qcp},
		CommitmentConstraintIndexes: []uint64{key.CommitmentIndex},
		Kzg:                         kzgKey(key.G1, key.G2, key.G2Tau),
	}
}

// writePlonk writes the proving key: what is not in the verifying key is the reference string
// of the circuit's size, powers of τ and their Lagrange form.
func (k *Keys) writePlonk(to io.Writer) error {
	w := &raw.Writer{W: to}
	pk := k.plonk.Key()
	raw.WritePoints(w, pk.Kzg.G1)
	raw.WritePoints(w, pk.KzgLagrange.G1)
	return w.Err
}

// readPlonk reads a reference string of the circuit's size, in both bases, which is checked to
// be the verifying key's: proofs hide as PLONK's do, and nothing else is in a proving key.
func (k *Keys) readPlonk(from io.Reader) error {
	size := plonkSize(k.compiled)
	if k.VerifyingKey.Plonk.Size != size {
		return fmt.Errorf("verifying key for %d gates, the circuit has %d: %w", k.VerifyingKey.Plonk.Size, size, ErrKeys)
	}
	pk := &gplonk.ProvingKey{Vk: k.gnarkPlonkKey()}
	r := &raw.Reader{R: from}
	pk.Kzg.G1, pk.KzgLagrange.G1 = make([]bn254.G1Affine, size+blindingDegree), make([]bn254.G1Affine, size)
	raw.ReadPoints(r, pk.Kzg.G1)
	raw.ReadPoints(r, pk.KzgLagrange.G1)
	if r.Err != nil {
		return r.Err
	}
	if err := checkSRS(pk.Kzg.G1, &pk.Vk.Kzg); err != nil {
		return err
	}
	if err := checkLagrange(pk.Kzg.G1, pk.KzgLagrange.G1); err != nil {
		return err
	}
	spr := k.compiled.System.(*cs.SparseR1CS)
	var err error
	k.plonk, err = plonk.New(context.Background(), spr, k.compiled.Plan.WeightRows(spr), pk, support(k.VerifyingKey.Plonk))
	return err // readSummed makes it ErrKeys
}

func (k *Keys) provePlonk(ctx context.Context, w *gadget.Witness, p Progress) (*verifier.Proof, error) {
	stages := map[string]float64{"columns": 0.02, "solve": 0.1, "wires": 0.15, "permutation": 0.25, "quotient": 0.4, "openings": 0.7}
	digest := k.VerifyingKey.Digest()
	proof, err := k.plonk.Prove(ctx, verifier.PlonkPublic(digest, w.Statement), w.Secret, func(stage string) { p.report(stage, stages[stage]) })
	if err != nil {
		return nil, err
	}
	return &verifier.Proof{KeyDigest: digest, Statement: w.Statement, Plonk: plonkProof(proof)}, nil
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

// gnarkPlonkProof puts a proof in gnark's form.
func gnarkPlonkProof(p *verifier.PlonkProof) *gplonk.Proof {
	return &gplonk.Proof{
		LRO: p.LRO, Z: p.Z, H: p.H, Bsb22Commitments: []kzg.Digest{p.Commitment},
		BatchedProof:    kzg.BatchOpeningProof{H: p.Opening, ClaimedValues: slices.Clone(p.Claims[:])},
		ZShiftedOpening: kzg.OpeningProof{H: p.ShiftedOpening, ClaimedValue: p.ShiftedZ},
	}
}
