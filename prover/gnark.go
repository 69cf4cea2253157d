package prover

import (
	"context"
	"fmt"
	"math/big"
	"math/bits"
	"time"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/pedersen"
	"github.com/consensys/gnark/backend"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	"github.com/consensys/gnark/backend/witness"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/constraint/solver"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/prover/plonk"
	"github.com/nnark/nnark/verifier"
)

// VerifyWithGnark checks a proof with gnark's own verifier: a second opinion that shares no
// code with package verifier beyond hashing the statement.
func (k *Keys) VerifyWithGnark(p *verifier.Proof) error {
	key := k.VerifyingKey.Groth16
	if k.VerifyingKey.Plonk != nil && p != nil && p.Plonk != nil {
		return gplonk.Verify(gnarkPlonkProof(p.Plonk), k.gnarkPlonkKey(), verifier.PlonkPublic(k.VerifyingKey.Digest(), p.Statement))
	}
	if key == nil || p == nil || p.Groth16 == nil {
		return fmt.Errorf("gnark's verifier: %w", ErrSystem)
	}
	vk := gnarkKey(key)
	info := k.compiled.System.GetCommitments().(constraint.Groth16Commitments)
	vk.PublicAndCommitmentCommitted = info.GetPublicAndCommitmentCommitted(info.CommitmentIndexes(), k.compiled.System.GetNbPublicVariables())
	if err := vk.Precompute(); err != nil {
		return err
	}
	stmt := verifier.StatementHash(k.VerifyingKey.Digest(), p.Statement)
	proof, z, err := k.gnarkProof(stmt, p.Groth16)
	if err != nil {
		return err
	}
	public := fr.Vector{verifier.FoldStatement(p.Statement, z)}
	return g16.Verify(proof, vk, public, backend.WithVerifierHashToFieldFunction(verifier.NewChallengeHash(stmt)))
}

// gnarkKey puts a verifying key in gnark's form, but for what gnark precomputes.
func gnarkKey(key *verifier.Groth16Key) *g16.VerifyingKey {
	vk := new(g16.VerifyingKey)
	vk.G1.Alpha, vk.G1.K = key.Alpha, key.K
	vk.G2.Beta, vk.G2.Gamma, vk.G2.Delta = key.Beta, key.Gamma, key.Delta
	for _, sigma := range key.CommitmentSigmaNeg {
		vk.CommitmentKeys = append(vk.CommitmentKeys, pedersen.VerifyingKey{G: key.CommitmentG, GSigmaNeg: sigma})
	}
	return vk
}

// gnarkProof puts a proof in gnark's form, with the model's commitment and the proofs of
// knowledge folded, and returns the challenge z beside it.
func (k *Keys) gnarkProof(stmt [32]byte, p *verifier.Groth16Proof) (proof *g16.Proof, z fr.Element, err error) {
	commitments, poks := []bn254.G1Affine{p.D}, []bn254.G1Affine{p.PoK}
	var challenges []fr.Element
	if w := k.VerifyingKey.Groth16.Weights; w != nil {
		commitments, poks = []bn254.G1Affine{w.C, p.D}, []bn254.G1Affine{w.PoK, p.PoK}
		challenges = append(challenges, verifier.Challenge(stmt, &w.C))
	}
	z = verifier.Challenge(stmt, &p.D, challenges...)
	fold, err := foldChallenge(append(challenges, z))
	if err != nil {
		return nil, z, err
	}
	proof = &g16.Proof{Ar: p.Ar, Bs: p.Bs, Krs: p.Krs, Commitments: commitments}
	_, err = proof.CommitmentPok.Fold(poks, fold, ecc.MultiExpConfig{NbTasks: 1})
	return proof, z, err
}

// foldChallenge is gnark's coefficient for folding proofs of knowledge.
func foldChallenge(challenges []fr.Element) (fr.Element, error) {
	var data []byte
	for i := range challenges {
		data = append(data, challenges[i].Marshal()...)
	}
	h, err := fr.Hash(data, []byte("G16-BSB22"), 1)
	if err != nil {
		return fr.Element{}, err
	}
	return h[0], nil
}

// ForGnark returns keys that gnark's own prover can use, which are the receiver unless they are
// PLONK's with a domain that is no power of two: then new ones, of a reference string made
// here.
func (k *Keys) ForGnark(ctx context.Context) (*Keys, error) {
	if k.VerifyingKey.Plonk == nil || bits.OnesCount64(k.VerifyingKey.Plonk.Size) == 1 {
		return k, nil
	}
	canonical, lagrange, err := newSRS(ctx, ecc.NextPowerOfTwo(k.VerifyingKey.Plonk.Size))
	if err != nil {
		return nil, err
	}
	spr := k.compiled.System.(*cs.SparseR1CS)
	p, err := plonk.Setup(ctx, spr, k.compiled.Plan.WeightRows(spr), canonical, lagrange)
	if err != nil {
		return nil, err
	}
	twin := &Keys{compiled: k.compiled, VerifyingKey: &verifier.VerifyingKey{Card: card(k.compiled)}}
	twin.setPlonk(p)
	return twin.finish()
}

// UnsafeProveWithGnark proves with gnark's own prover and returns how long it took, without the
// witness: the yardstick of the benchmarks. Under Groth16 its proofs are not hiding, because gnark's
// masks have to be known beforehand and are zero here: for measurements and tests only. Under
// PLONK the keys have to be those of [Keys.ForGnark].
func (k *Keys) UnsafeProveWithGnark(inputs [][]int64) (*verifier.Proof, time.Duration, error) {
	if err := k.hasProvingKey(); err != nil {
		return nil, 0, err
	}
	if k.compiled.Flat != nil {
		return nil, 0, fmt.Errorf("gnark's prover: %w", ErrSystem)
	}
	w, err := k.compiled.Witness(inputs, k.weights, fr.Element{}, randomElement)
	if err != nil {
		return nil, 0, err
	}
	if k.plonk != nil {
		return k.provePlonkWithGnark(w)
	}
	stmt := verifier.StatementHash(k.VerifyingKey.Digest(), w.Statement)
	public, err := k.publicInput(stmt, w.Statement, w.Secret)
	if err != nil {
		return nil, 0, err
	}
	full, err := fill(fr.Vector{public}, w.Secret)
	if err != nil {
		return nil, 0, err
	}
	mask, err := maskHint()
	if err != nil {
		return nil, 0, err
	}
	pk := k.free.GnarkKey()
	start := time.Now()
	proof, err := g16.Prove(k.compiled.System.(*cs.R1CS), pk, full,
		backend.WithProverHashToFieldFunction(verifier.NewChallengeHash(stmt)),
		backend.WithSolverOptions(solver.OverrideHint(mask, zeroMask)))
	took := time.Since(start)
	if err != nil {
		return nil, took, err
	}
	return k.fromGnark(stmt, w.Statement, proof), took, nil
}

func (k *Keys) provePlonkWithGnark(w *gadget.Witness) (*verifier.Proof, time.Duration, error) {
	if bits.OnesCount64(k.VerifyingKey.Plonk.Size) != 1 {
		return nil, 0, fmt.Errorf("gnark's prover on %d rows: %w", k.VerifyingKey.Plonk.Size, ErrSystem)
	}
	digest := k.VerifyingKey.Digest()
	full, err := fill(verifier.PlonkPublic(digest, w.Statement), w.Secret)
	if err != nil {
		return nil, 0, err
	}
	system, err := k.compiled.SystemOf(k.weights) // gnark takes weights from the circuit's selectors
	if err != nil {
		return nil, 0, err
	}
	start := time.Now()
	proof, err := gplonk.Prove(system.(*cs.SparseR1CS), k.plonk.Key(), full, backend.WithStatisticalZeroKnowledge())
	took := time.Since(start)
	if err != nil {
		return nil, took, err
	}
	return &verifier.Proof{KeyDigest: digest, Statement: w.Statement, Plonk: plonkProof(proof)}, took, nil
}

// publicInput computes the statement's fold for commitments with masks of zero.
func (k *Keys) publicInput(stmt [32]byte, statement, secret fr.Vector) (fr.Element, error) {
	info := k.compiled.System.GetCommitments().(constraint.Groth16Commitments)
	var challenges []fr.Element
	first := k.compiled.System.GetNbPublicVariables()
	for i, c := range info {
		values := make([]fr.Element, len(c.PrivateCommitted))
		for j, wire := range c.PrivateCommitted[:len(values)-1] { // the last is the mask
			values[j] = secret[wire-first]
		}
		d, _, err := k.free.Commit(context.Background(), i, values)
		if err != nil {
			return fr.Element{}, err
		}
		challenges = append(challenges, verifier.Challenge(stmt, &d, challenges...))
	}
	return verifier.FoldStatement(statement, challenges[len(challenges)-1]), nil
}

// fromGnark takes gnark's proof; PoK = (folded - PoK0)/coefficient.
func (k *Keys) fromGnark(stmt [32]byte, statement fr.Vector, p *g16.Proof) *verifier.Proof {
	out := &verifier.Groth16Proof{Ar: p.Ar, Bs: p.Bs, Krs: p.Krs, D: p.Commitments[len(p.Commitments)-1], PoK: p.CommitmentPok}
	if w := k.VerifyingKey.Groth16.Weights; w != nil {
		c0 := verifier.Challenge(stmt, &w.C)
		if coefficient, err := foldChallenge([]fr.Element{c0, verifier.Challenge(stmt, &out.D, c0)}); err == nil {
			coefficient.Inverse(&coefficient)
			out.PoK.Sub(&out.PoK, &w.PoK)
			out.PoK.ScalarMultiplication(&out.PoK, coefficient.BigInt(new(big.Int)))
		}
	}
	return &verifier.Proof{KeyDigest: k.VerifyingKey.Digest(), Statement: statement, Groth16: out}
}

// fill makes gnark's witness of public and secret inputs.
func fill(public, secret fr.Vector) (witness.Witness, error) {
	full, err := witness.New(ecc.BN254.ScalarField())
	if err != nil {
		return nil, err
	}
	values := make(chan any, 64)
	go func() {
		defer close(values)
		for _, part := range []fr.Vector{public, secret} {
			for i := range part {
				values <- part[i]
			}
		}
	}()
	return full, full.Fill(len(public), len(secret), values)
}

// maskHint finds gnark's hint that draws masks.
func maskHint() (solver.HintID, error) {
	for _, h := range solver.GetRegisteredHints() {
		if solver.GetHintName(h) == "github.com/consensys/gnark/internal/hints.Randomize" {
			return solver.GetHintID(h), nil
		}
	}
	return 0, fmt.Errorf("this gnark draws its masks otherwise: %w", ErrKeys)
}

func zeroMask(_ *big.Int, _, out []*big.Int) error {
	out[0].SetUint64(0)
	return nil
}
