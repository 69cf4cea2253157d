package verifier_test

import (
	"math/big"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	"github.com/consensys/gnark/backend"
	plonk "github.com/consensys/gnark/backend/plonk/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/scs"
	"github.com/consensys/gnark/test/unsafekzg"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

// plonkCircuit is the test model with the statement as public inputs, all
// committed. Its weights are constants; that a key says they are hidden, and how it shows
// it, is nothing to a verifier of proofs.
type plonkCircuit struct {
	Context frontend.Variable `gnark:",public"`
	PackedX frontend.Variable `gnark:",public"`
	PackedY frontend.Variable `gnark:",public"`
	X       [3]frontend.Variable
	Y       [2]frontend.Variable
}

func (c *plonkCircuit) Define(api frontend.API) error {
	w := []frontend.Variable{weights[0], weights[1]}
	committed := []frontend.Variable{c.Context, c.PackedX, c.PackedY, c.X[0], c.X[1], c.X[2], c.Y[0], c.Y[1]}
	z, err := api.(frontend.Committer).Commit(committed...)
	if err != nil {
		return err
	}
	api.AssertIsDifferent(api.Mul(z, z), 0)
	for i := range c.Y {
		api.AssertIsEqual(c.Y[i], api.Add(api.Mul(w[0], c.X[i]), api.Mul(w[1], c.X[i+1])))
	}
	api.AssertIsEqual(c.PackedX, pack(api, c.X[:], xBase, xLo))
	api.AssertIsEqual(c.PackedY, pack(api, c.Y[:], yBase, yLo))
	return nil
}

// tau is the trapdoor of the tests' SRS.
var tau = *new(fr.Element).MustSetRandom()

type plonkModel struct {
	scs   *cs.SparseR1CS
	pk    *plonk.ProvingKey
	gnark *plonk.VerifyingKey
	key   *verifier.VerifyingKey
}

func newPlonkModel(t testing.TB, mode verifier.WeightsMode) *plonkModel {
	m := new(plonkModel)
	c := new(plonkCircuit)
	card := testCard(verifier.Plonk, mode)
	compiled, err := frontend.Compile(ecc.BN254.ScalarField(), scs.NewBuilder, c)
	require.NoError(t, err)
	m.scs = compiled.(*cs.SparseR1CS)
	srs, lagrange, err := unsafekzg.NewSRS(compiled, unsafekzg.WithToxicValue(tau.BigInt(new(big.Int))))
	require.NoError(t, err)
	m.pk, m.gnark, err = plonk.Setup(m.scs, *srs.(*kzg.SRS), *lagrange.(*kzg.SRS))
	require.NoError(t, err)
	m.key = &verifier.VerifyingKey{Card: card, Plonk: convertPlonkKey(m.gnark)}
	if mode == verifier.CommittedWeights {
		m.key.Plonk.Weights = &verifier.PlonkWeights{Quotient: m.gnark.Ql, Opening: m.gnark.Qo}
	}
	require.NoError(t, m.key.Check())
	return m
}

// convertPlonkKey takes from gnark's key what does not follow from the rest.
func convertPlonkKey(vk *plonk.VerifyingKey) *verifier.PlonkKey {
	return &verifier.PlonkKey{
		Size: vk.Size, S: vk.S, Ql: vk.Ql, Qr: vk.Qr, Qm: vk.Qm, Qo: vk.Qo, Qk: vk.Qk,
		Qcp: vk.Qcp[0], CommitmentIndex: vk.CommitmentConstraintIndexes[0],
		G1: vk.Kzg.G1, G2: vk.Kzg.G2[0], G2Tau: vk.Kzg.G2[1],
	}
}

func (m *plonkModel) prove(t testing.TB, context uint64, x [3]int64) *verifier.Proof {
	in, out := tensors(x)
	statement := statementOf(t, &m.key.Card, context, x)
	a := &plonkCircuit{Context: verifier.PlonkPublic(m.key.Digest(), statement)[0], PackedX: statement[1], PackedY: statement[2]}
	for i := range in {
		a.X[i] = in[i]
	}
	for i := range out {
		a.Y[i] = out[i]
	}
	witness, err := frontend.NewWitness(a, ecc.BN254.ScalarField())
	require.NoError(t, err)
	g, err := plonk.Prove(m.scs, m.pk, witness, backend.WithStatisticalZeroKnowledge())
	require.NoError(t, err)
	require.NoError(t, plonk.Verify(g, m.gnark, verifier.PlonkPublic(m.key.Digest(), statement)))
	p := &verifier.PlonkProof{
		LRO: g.LRO, Z: g.Z, H: g.H, Commitment: g.Bsb22Commitments[0],
		Opening: g.BatchedProof.H, ShiftedOpening: g.ZShiftedOpening.H, ShiftedZ: g.ZShiftedOpening.ClaimedValue,
	}
	require.Len(t, g.BatchedProof.ClaimedValues, copy(p.Claims[:], g.BatchedProof.ClaimedValues))
	return &verifier.Proof{KeyDigest: m.key.Digest(), Statement: statement, Plonk: p}
}

// public returns the public inputs that gnark's verifier takes.
func (m *plonkModel) public(p *verifier.Proof) []fr.Element {
	return verifier.PlonkPublic(m.key.Digest(), p.Statement)
}

// toGnark rebuilds gnark's proof from ours: nothing was lost.
func toGnark(p *verifier.PlonkProof) *plonk.Proof {
	return &plonk.Proof{
		LRO: p.LRO, Z: p.Z, H: p.H, Bsb22Commitments: []kzg.Digest{p.Commitment},
		BatchedProof:    kzg.BatchOpeningProof{H: p.Opening, ClaimedValues: append([]fr.Element{}, p.Claims[:]...)},
		ZShiftedOpening: kzg.OpeningProof{H: p.ShiftedOpening, ClaimedValue: p.ShiftedZ},
	}
}

var (
	committedPlonk = sync.OnceValue(func() *plonkModel { return newPlonkModel(must{}, verifier.CommittedWeights) })
	bakedPlonk     = sync.OnceValue(func() *plonkModel { return newPlonkModel(must{}, verifier.BakedWeights) })
	aPlonkProof    = sync.OnceValue(func() *verifier.Proof { return committedPlonk().prove(must{}, 0, [3]int64{7, 0, 255}) })
)

func TestPlonk(t *testing.T) {
	for name, m := range map[string]*plonkModel{"committed": committedPlonk(), "baked": bakedPlonk()} {
		t.Run(name, func(t *testing.T) {
			x := [3]int64{3, 200, 17}
			p := m.prove(t, 42, x)
			st, err := verifier.Verify(m.key, p, verifier.WithContext(42))
			require.NoError(t, err)
			in, out := tensors(x)
			require.Equal(t, in, st.Inputs[0].Ints)
			require.Equal(t, out, st.Outputs[0].Ints)
			require.Len(t, p.Plonk.Bytes(), verifier.PlonkProofSize)
			require.NoError(t, plonk.Verify(toGnark(clone(t, p).Plonk), m.gnark, m.public(p)))
		})
	}
}

// A proof is bound to the key it was made for: under a key with the same circuit and the
// same weights, but another card, it proves nothing, though it names that key.
func TestPlonkProofOfAnotherCard(t *testing.T) {
	for name, change := range map[string]func(k *verifier.VerifyingKey){
		"name":         func(k *verifier.VerifyingKey) { k.Card.Name = "another model" },
		"labels":       func(k *verifier.VerifyingKey) { k.Card.Labels = []string{"guilty", "innocent"} },
		"mark":         func(k *verifier.VerifyingKey) { k.Card.Setup.Kind ^= verifier.ReferenceString },
		"scale":        func(k *verifier.VerifyingKey) { k.Card.Outputs[0].Exp++ },
		"architecture": func(k *verifier.VerifyingKey) { k.Card.Architecture[0] ^= 1 },
		"input name":   func(k *verifier.VerifyingKey) { k.Card.Inputs[0].Name = "other" },
		"real range":   func(k *verifier.VerifyingKey) { k.Card.Inputs[0].RealHi *= 2 },
	} {
		t.Run(name, func(t *testing.T) {
			for _, m := range []*plonkModel{committedPlonk(), bakedPlonk()} {
				p := m.prove(t, 0, [3]int64{7, 0, 255})
				other := cloneKey(t, m.key)
				change(other)
				require.NoError(t, other.Check())
				require.NotEqual(t, m.key.Digest(), other.Digest())
				p.KeyDigest = other.Digest()
				_, err := verifier.Verify(other, p)
				require.ErrorIs(t, err, verifier.ErrRejected)
				_, err = verifier.VerifyBatch(other, []*verifier.Proof{p, p})
				require.Error(t, err)
			}
		})
	}
}

// Every field of a PLONK proof replaced by another valid value is refused, by
// gnark's verifier too.
func TestPlonkForgeries(t *testing.T) {
	m := committedPlonk()
	other := m.prove(t, 0, [3]int64{7, 0, 254})
	forgeries := map[string]func(p *verifier.Proof){
		"other statement": func(p *verifier.Proof) { p.Statement = other.Statement },
		"other input":     func(p *verifier.Proof) { p.Statement[1] = other.Statement[1] },
		"other output":    func(p *verifier.Proof) { p.Statement[2] = other.Statement[2] },
		"another proof":   func(p *verifier.Proof) { p.Plonk = other.Plonk },
		"Z(omega*zeta)":   func(p *verifier.Proof) { p.Plonk.ShiftedZ = other.Plonk.ShiftedZ },
		"openings swapped": func(p *verifier.Proof) {
			p.Plonk.Opening, p.Plonk.ShiftedOpening = p.Plonk.ShiftedOpening, p.Plonk.Opening
		},
		"H rotated": func(p *verifier.Proof) {
			p.Plonk.H[0], p.Plonk.H[1], p.Plonk.H[2] = p.Plonk.H[1], p.Plonk.H[2], p.Plonk.H[0]
		},
	}
	for i := range aPlonkProof().Plonk.Claims {
		forgeries["claim "+string(rune('0'+i))] = func(p *verifier.Proof) { p.Plonk.Claims[i] = other.Plonk.Claims[i] }
	}
	for name := range plonkPoints(&verifier.PlonkProof{}) {
		forgeries[name+" of another proof"] = func(p *verifier.Proof) { *plonkPoints(p.Plonk)[name] = *plonkPoints(other.Plonk)[name] }
		forgeries[name+" is the generator"] = func(p *verifier.Proof) { *plonkPoints(p.Plonk)[name] = generatorG1 }
	}
	for name, forge := range forgeries {
		t.Run(name, func(t *testing.T) {
			p := clone(t, aPlonkProof())
			forge(p)
			_, err := verifier.Verify(m.key, p)
			require.ErrorIs(t, err, verifier.ErrRejected)
			require.Error(t, plonk.Verify(toGnark(p.Plonk), m.gnark, m.public(p)))
		})
	}
	for name := range plonkPoints(&verifier.PlonkProof{}) {
		p := clone(t, aPlonkProof())
		plonkPoints(p.Plonk)[name].SetInfinity()
		_, err := verifier.Verify(m.key, p)
		require.ErrorIs(t, err, verifier.ErrMalformed, name)
	}
}

// Other weights are another selector, and a proof is of one selector alone: also of what
// belongs to it in the key, though proofs are verified without that.
func TestPlonkOtherWeights(t *testing.T) {
	for name, change := range map[string]func(k *verifier.PlonkKey){
		"selector": func(k *verifier.PlonkKey) { k.Qr.Add(&k.Qr, &k.G1) },
		"quotient": func(k *verifier.PlonkKey) { k.Weights.Quotient = k.G1 },
		"opening":  func(k *verifier.PlonkKey) { k.Weights.Opening = k.G1 },
	} {
		key := cloneKey(t, committedPlonk().key)
		change(key.Plonk)
		_, err := verifier.Verify(key, aPlonkProof())
		require.ErrorIs(t, err, verifier.ErrWrongModel, name)
		_, err = verifier.Verify(key, rekey(aPlonkProof(), key))
		require.ErrorIs(t, err, verifier.ErrRejected, name)
	}
}

// With the trapdoor, openings of false claims can be forged. What is left is
// the algebraic relation between the claims.
func TestPlonkRelationIsChecked(t *testing.T) {
	key := committedPlonk().key
	p := clone(t, aPlonkProof())
	p.Plonk.Opening = generatorG1
	verifier.ForgeOpening(t, key, p, tau)
	_, err := verifier.Verify(key, p)
	require.NoError(t, err, "the forged opening of true claims")
	for i := range 6 { // Qcp's claim is in the opening only
		p := clone(t, p)
		p.Plonk.Claims[i].SetUint64(99)
		verifier.ForgeOpening(t, key, p, tau)
		_, err := verifier.Verify(key, p)
		require.ErrorIs(t, err, verifier.ErrRejected, i)
	}
}

// Errors made with the trapdoor to cancel when openings are simply added up:
// those of one proof, those of two.
func TestPlonkCancellingErrors(t *testing.T) {
	m := committedPlonk()
	p, q := clone(t, aPlonkProof()), m.prove(t, 0, [3]int64{7, 0, 255})
	zetaP, omega := verifier.PlonkPoint(t, m.key, p)
	zetaQ, _ := verifier.PlonkPoint(t, m.key, q)
	var shiftedP fr.Element
	shiftedP.Mul(&zetaP, &omega)

	within := clone(t, p)
	cancel(&within.Plonk.Opening, &within.Plonk.ShiftedOpening, zetaP, shiftedP)
	_, err := verifier.Verify(m.key, within)
	require.ErrorIs(t, err, verifier.ErrRejected)

	cancel(&p.Plonk.Opening, &q.Plonk.Opening, zetaP, zetaQ)
	requireOffenders(t, m.key, []*verifier.Proof{p, q}, map[int]error{0: verifier.ErrRejected, 1: verifier.ErrRejected})
}

// cancel adds d*G to the quotient w at x and -d*(x-tau)/(y-tau)*G to that at y.
func cancel(w, v *bn254.G1Affine, x, y fr.Element) {
	x.Sub(&x, &tau)
	y.Sub(&y, &tau).Div(&x, &y).Neg(&y)
	var moved bn254.G1Affine
	moved.ScalarMultiplication(&generatorG1, y.BigInt(new(big.Int)))
	w.Add(w, &generatorG1)
	v.Add(v, &moved)
}

func plonkPoints(p *verifier.PlonkProof) map[string]*bn254.G1Affine {
	return map[string]*bn254.G1Affine{
		"L": &p.LRO[0], "R": &p.LRO[1], "O": &p.LRO[2], "Z": &p.Z, "H0": &p.H[0], "H1": &p.H[1], "H2": &p.H[2],
		"commitment": &p.Commitment, "opening": &p.Opening, "shifted opening": &p.ShiftedOpening,
	}
}

func BenchmarkVerifyPlonk(b *testing.B) {
	m, p := committedPlonk(), aPlonkProof()
	for b.Loop() {
		if _, err := verifier.Verify(m.key, p); err != nil {
			b.Fatal(err)
		}
	}
}

// gnark's verifier on the same proof.
func BenchmarkVerifyPlonkGnark(b *testing.B) {
	m, p := committedPlonk(), aPlonkProof()
	g := toGnark(p.Plonk)
	for b.Loop() {
		if err := plonk.Verify(g, m.gnark, m.public(p)); err != nil {
			b.Fatal(err)
		}
	}
}
