package verifier_test

import (
	"math/big"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/backend"
	groth16 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

func TestGroth16(t *testing.T) {
	require.True(t, committedModel().key.Groth16.K[2].IsInfinity())
	require.False(t, constrainedC0().key.Groth16.K[2].IsInfinity())
	for name, m := range map[string]*groth16Model{
		"committed": committedModel(), "baked": bakedModel(), "constrained challenge of the weights": constrainedC0(),
	} {
		t.Run(name, func(t *testing.T) {
			x := [3]int64{3, 200, 17}
			p, gnarkProof, public := m.proveBoth(t, 42, x)
			st, err := verifier.Verify(m.key, p, verifier.WithContext(42))
			require.NoError(t, err)
			in, out := tensors(x)
			require.Equal(t, fr.NewElement(42), st.Context)
			require.Equal(t, in, st.Inputs[0].Ints)
			require.Equal(t, out, st.Outputs[0].Ints)
			require.Equal(t, []float64{-194. / 256, 383. / 256}, st.Outputs[0].Floats())
			require.Len(t, p.Groth16.Bytes(), verifier.Groth16ProofSize)

			hash := verifier.NewChallengeHash(verifier.StatementHash(p.KeyDigest, p.Statement))
			require.NoError(t, groth16.Verify(gnarkProof, &m.gnark, public, backend.WithVerifierHashToFieldFunction(hash)))
		})
	}
}

// A proof is not unique: (k*Ar, Bs/k) proves the same statement.
func TestGroth16Rerandomised(t *testing.T) {
	m, p := committedModel(), clone(t, aProof())
	k := fr.NewElement(7)
	var inverse fr.Element
	inverse.Inverse(&k)
	p.Groth16.Ar.ScalarMultiplication(&p.Groth16.Ar, k.BigInt(new(big.Int)))
	p.Groth16.Bs.ScalarMultiplication(&p.Groth16.Bs, inverse.BigInt(new(big.Int)))
	_, err := verifier.Verify(m.key, p)
	require.NoError(t, err)
}

func TestGroth16Forgeries(t *testing.T) {
	m := committedModel()
	other := m.prove(t, 0, [3]int64{7, 0, 254})
	same := m.prove(t, 0, [3]int64{7, 0, 255})
	require.NotEqual(t, aProof().Groth16.D, same.Groth16.D, "the commitment is masked afresh")
	for name, forge := range map[string]func(p *verifier.Proof){
		"Ar of another proof":     func(p *verifier.Proof) { p.Groth16.Ar = same.Groth16.Ar },
		"Bs of another proof":     func(p *verifier.Proof) { p.Groth16.Bs = same.Groth16.Bs },
		"Krs of another proof":    func(p *verifier.Proof) { p.Groth16.Krs = same.Groth16.Krs },
		"D of another proof":      func(p *verifier.Proof) { p.Groth16.D = same.Groth16.D },
		"D, PoK of another proof": func(p *verifier.Proof) { p.Groth16.D, p.Groth16.PoK = same.Groth16.D, same.Groth16.PoK },
		"PoK of another proof":    func(p *verifier.Proof) { p.Groth16.PoK = same.Groth16.PoK },
		"PoK is the generator":    func(p *verifier.Proof) { p.Groth16.PoK = generatorG1 },
		"weights' PoK":            func(p *verifier.Proof) { p.Groth16.PoK = m.key.Groth16.Weights.PoK },
		"weights' commitment":     func(p *verifier.Proof) { p.Groth16.D = m.key.Groth16.Weights.C },
		"weights' commitment and PoK": func(p *verifier.Proof) {
			p.Groth16.D, p.Groth16.PoK = m.key.Groth16.Weights.C, m.key.Groth16.Weights.PoK
		},
		"Ar and Krs swapped":         func(p *verifier.Proof) { p.Groth16.Ar, p.Groth16.Krs = p.Groth16.Krs, p.Groth16.Ar },
		"D and PoK swapped":          func(p *verifier.Proof) { p.Groth16.D, p.Groth16.PoK = p.Groth16.PoK, p.Groth16.D },
		"Ar negated":                 func(p *verifier.Proof) { p.Groth16.Ar.Neg(&p.Groth16.Ar) },
		"PoK negated":                func(p *verifier.Proof) { p.Groth16.PoK.Neg(&p.Groth16.PoK) },
		"other statement":            func(p *verifier.Proof) { p.Statement = other.Statement },
		"other output":               func(p *verifier.Proof) { p.Statement[2] = other.Statement[2] },
		"other input":                func(p *verifier.Proof) { p.Statement[1] = other.Statement[1] },
		"proof of another statement": func(p *verifier.Proof) { p.Groth16 = other.Groth16 },
		// Moves value between Krs and D, which only the proof of knowledge forbids.
		"D shifted into Krs": func(p *verifier.Proof) {
			p.Groth16.D.Add(&p.Groth16.D, &generatorG1)
			p.Groth16.PoK.Add(&p.Groth16.PoK, &generatorG1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := clone(t, aProof())
			forge(p)
			st, err := verifier.Verify(m.key, p)
			require.ErrorIs(t, err, verifier.ErrRejected)
			require.Nil(t, st)
		})
	}
}

// The proof of knowledge alone is wrong: the Groth16 equation still holds.
func TestGroth16ProofOfKnowledgeIsChecked(t *testing.T) {
	for name, m := range map[string]*groth16Model{"committed": committedModel(), "baked": bakedModel()} {
		t.Run(name, func(t *testing.T) {
			p := m.prove(t, 0, [3]int64{1, 2, 3})
			p.Groth16.PoK.Double(&p.Groth16.PoK)
			_, err := verifier.Verify(m.key, p)
			require.ErrorIs(t, err, verifier.ErrRejected)
		})
	}
}

// Hand-made proofs do not pass the decoder; their points are checked too.
func TestGroth16InvalidPoints(t *testing.T) {
	m := committedModel()
	var offCurve bn254.G1Affine
	offCurve.X.SetOne()
	offCurve.Y.SetOne()
	for name, forge := range map[string]func(p *verifier.Groth16Proof){
		"Ar infinity":   func(p *verifier.Groth16Proof) { p.Ar.SetInfinity() },
		"Bs infinity":   func(p *verifier.Groth16Proof) { p.Bs.SetInfinity() },
		"Krs infinity":  func(p *verifier.Groth16Proof) { p.Krs.SetInfinity() },
		"D infinity":    func(p *verifier.Groth16Proof) { p.D.SetInfinity() },
		"PoK infinity":  func(p *verifier.Groth16Proof) { p.PoK.SetInfinity() },
		"all infinity":  func(p *verifier.Groth16Proof) { *p = verifier.Groth16Proof{} },
		"D off curve":   func(p *verifier.Groth16Proof) { p.D = offCurve },
		"Bs not in G2":  func(p *verifier.Groth16Proof) { p.Bs = pointNotInG2() },
		"PoK off curve": func(p *verifier.Groth16Proof) { p.PoK = offCurve },
	} {
		t.Run(name, func(t *testing.T) {
			p := clone(t, aProof())
			forge(p.Groth16)
			_, err := verifier.Verify(m.key, p)
			require.ErrorIs(t, err, verifier.ErrMalformed)
		})
	}
}

// pointNotInG2 is on the twist, outside the subgroup.
func pointNotInG2() (p bn254.G2Affine) {
	var u bn254.E2
	u.A0.SetUint64(5)
	q := bn254.GeneratePointNotInG2(u)
	p.FromJacobian(&q)
	return p
}

func BenchmarkVerifyGroth16(b *testing.B) {
	m, p := committedModel(), aProof()
	for b.Loop() {
		if _, err := verifier.Verify(m.key, p); err != nil {
			b.Fatal(err)
		}
	}
}

// gnark's verifier on the same proof.
func BenchmarkVerifyGroth16Gnark(b *testing.B) {
	m := committedModel()
	p, g, public := m.proveBoth(b, 0, [3]int64{1, 2, 3})
	hash := verifier.NewChallengeHash(verifier.StatementHash(p.KeyDigest, p.Statement))
	for b.Loop() {
		if err := groth16.Verify(g, &m.gnark, public, backend.WithVerifierHashToFieldFunction(hash)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseProof(b *testing.B) {
	data, err := aProof().MarshalBinary()
	require.NoError(b, err)
	for b.Loop() {
		if _, err := verifier.ParseProof(data); err != nil {
			b.Fatal(err)
		}
	}
}
