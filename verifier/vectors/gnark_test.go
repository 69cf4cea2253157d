package vectors_test

import (
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/pedersen"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	"github.com/consensys/gnark/backend"
	groth16 "github.com/consensys/gnark/backend/groth16/bn254"
	plonk "github.com/consensys/gnark/backend/plonk/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/internal/answer"
	"github.com/nnark/nnark/verifier/vectors"
)

// gnark's own verifiers agree on every case that is about the equations: key
// and proof decode and are of one system, the proof names the key, and the
// statement is as long as the card says. What gnark does not know (contexts,
// expected inputs, refused keys, the digest of a PLONK model's weights) is left
// out of ours here.
func TestGnark(t *testing.T) {
	f, err := vectors.Load()
	require.NoError(t, err)
	verdicts := map[string]int{}
	for i := range f.Cases {
		c := &f.Cases[i]
		key, err := verifier.ParseVerifyingKey(f.Keys[c.Key])
		if err != nil || key.Flat != nil { // gnark has no such argument
			continue
		}
		p, err := answer.ParseProof(c.Proof)
		if err != nil || (p.Plonk != nil) != (key.Plonk != nil) || p.KeyDigest != sha256.Sum256(f.Keys[c.Key]) ||
			len(p.Statement) != key.Card.StatementSize() {
			continue
		}
		_, err = verifier.Verify(key, p, verifier.WithAnyContext())
		ours, _ := answer.Classify(err)
		if key.Groth16 != nil {
			err = gnarkGroth16(key, p)
		} else {
			err = gnarkPlonk(key, p)
		}
		require.Equal(t, ours == answer.Accepted, err == nil, "case %d, %s, %s: %s, gnark: %v", c.ID, c.Flaw, c.Name, ours, err)
		verdicts[key.Card.System.String()+" "+ours]++
	}
	for _, v := range []string{"groth16 accepted", "groth16 rejected", "plonk accepted", "plonk rejected"} {
		require.Greater(t, verdicts[v], 20, v)
	}
	t.Log(verdicts)
}

func gnarkGroth16(key *verifier.VerifyingKey, p *verifier.Proof) error {
	k, q := key.Groth16, p.Groth16
	vk := new(groth16.VerifyingKey)
	vk.G1.Alpha, vk.G1.K = k.Alpha, k.K
	vk.G2.Beta, vk.G2.Gamma, vk.G2.Delta = k.Beta, k.Gamma, k.Delta
	for _, sigma := range k.CommitmentSigmaNeg {
		vk.CommitmentKeys = append(vk.CommitmentKeys, pedersen.VerifyingKey{G: k.CommitmentG, GSigmaNeg: sigma})
	}
	if err := vk.Precompute(); err != nil {
		return err
	}
	stmt := verifier.StatementHash(p.KeyDigest, p.Statement)
	commitments, poks := []bn254.G1Affine{q.D}, []bn254.G1Affine{q.PoK}
	var challenges []fr.Element
	vk.PublicAndCommitmentCommitted = [][]int{nil}
	if w := k.Weights; w != nil {
		commitments, poks = []bn254.G1Affine{w.C, q.D}, []bn254.G1Affine{w.PoK, q.PoK}
		challenges = append(challenges, verifier.Challenge(stmt, &w.C))
		vk.PublicAndCommitmentCommitted = [][]int{nil, {2}} // the first challenge, after 1 and E
	}
	z := verifier.Challenge(stmt, &q.D, challenges...)
	var data []byte
	for _, x := range append(challenges, z) {
		data = append(data, x.Marshal()...)
	}
	fold, err := fr.Hash(data, []byte("G16-BSB22"), 1)
	if err != nil {
		return err
	}
	proof := &groth16.Proof{Ar: q.Ar, Bs: q.Bs, Krs: q.Krs, Commitments: commitments}
	if _, err := proof.CommitmentPok.Fold(poks, fold[0], ecc.MultiExpConfig{NbTasks: 1}); err != nil {
		return err
	}
	public := fr.Vector{verifier.FoldStatement(p.Statement, z)}
	return groth16.Verify(proof, vk, public, backend.WithVerifierHashToFieldFunction(verifier.NewChallengeHash(stmt)))
}

func gnarkPlonk(key *verifier.VerifyingKey, p *verifier.Proof) error {
	k, q := key.Plonk, p.Plonk
	vk := &plonk.VerifyingKey{
		Size: k.Size, NbPublicVariables: uint64(len(p.Statement)), CosetShift: fr.NewElement(5),
		S: k.S, Ql: k.Ql, Qr: k.Qr, Qm: k.Qm, Qo: k.Qo, Qk: k.Qk, Qcp: []kzg.Digest{k.Qcp},
		CommitmentConstraintIndexes: []uint64{k.CommitmentIndex},
		Kzg:                         kzg.VerifyingKey{G1: k.G1, G2: [2]bn254.G2Affine{k.G2, k.G2Tau}},
	}
	for i := range vk.Kzg.G2 {
		vk.Kzg.Lines[i] = bn254.PrecomputeLines(vk.Kzg.G2[i])
	}
	vk.Generator = k.Generator()
	vk.SizeInv.SetBigInt(new(big.Int).SetUint64(k.Size)).Inverse(&vk.SizeInv)
	proof := &plonk.Proof{
		LRO: q.LRO, Z: q.Z, H: q.H, Bsb22Commitments: []kzg.Digest{q.Commitment},
		BatchedProof:    kzg.BatchOpeningProof{H: q.Opening, ClaimedValues: q.Claims[:]},
		ZShiftedOpening: kzg.OpeningProof{H: q.ShiftedOpening, ClaimedValue: q.ShiftedZ},
	}
	return plonk.Verify(proof, vk, verifier.PlonkPublic(key.Digest(), p.Statement))
}
