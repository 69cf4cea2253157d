package verifier_test

import (
	"fmt"
	"math/big"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/backend"
	groth16 "github.com/consensys/gnark/backend/groth16/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/constraint/solver"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

// The test model: y_i = w_0*x_i + w_1*x_{i+1} for i = 0, 1, without the range
// checks that a real circuit has.
const (
	xBase, xLo = 256, 0
	yBase, yLo = 1024, -512
)

var weights = [2]int64{2, -1}

// testSetup is one party's for committed weights, and a safe one for baked ones.
func testSetup(s verifier.System, w verifier.WeightsMode) verifier.Setup {
	switch {
	case w == verifier.CommittedWeights:
		return verifier.Setup{}
	case s == verifier.Plonk:
		return verifier.Setup{Kind: verifier.ReferenceString}
	}
	return verifier.Setup{Kind: verifier.Ceremony, Contributions: 3, Transcript: [32]byte{5, 31: 6}}
}

func testCard(s verifier.System, w verifier.WeightsMode) verifier.Card {
	return verifier.Card{
		Name: "affine", System: s, Weights: w, Setup: testSetup(s, w), Architecture: [32]byte{1, 2, 3},
		Inputs:  []verifier.TensorCard{{Name: "x", Shape: []int{1, 3}, Exp: 8, Lo: xLo, Hi: xLo + xBase - 1, RealHi: 1}},
		Outputs: []verifier.TensorCard{{Name: "y", Shape: []int{2}, Exp: 8, Lo: yLo, Hi: yLo + yBase - 1}},
		Labels:  []string{"no", "yes"},
	}
}

// tensors returns the model's integers for input x.
func tensors(x [3]int64) (in, out []int64) {
	return x[:], []int64{weights[0]*x[0] + weights[1]*x[1], weights[0]*x[1] + weights[1]*x[2]}
}

// statementOf packs a context, an input and its output.
func statementOf(t testing.TB, card *verifier.Card, context uint64, x [3]int64) []fr.Element {
	in, out := tensors(x)
	a, err := verifier.Pack(&card.Inputs[0], in)
	require.NoError(t, err)
	b, err := verifier.Pack(&card.Outputs[0], out)
	require.NoError(t, err)
	s := append([]fr.Element{fr.NewElement(context)}, a...)
	return append(s, b...)
}

// circuit has the shape of nnark's circuits: one public input E, all
// integers secret, the weights in a first commitment, everything else in a
// second one that includes the first one's challenge.
type circuit struct {
	E       frontend.Variable `gnark:",public"`
	W       []frontend.Variable
	Blind   []frontend.Variable
	Context frontend.Variable
	X       [3]frontend.Variable
	Y       [2]frontend.Variable

	// constrainC0 puts the weights' challenge into a constraint, which nnark's
	// circuits do not need.
	constrainC0 bool
}

func (c *circuit) Define(api frontend.API) error {
	commit := api.(frontend.Committer).Commit
	w := []frontend.Variable{weights[0], weights[1]}
	funnel := []frontend.Variable{c.Context, c.X[0], c.X[1], c.X[2], c.Y[0], c.Y[1]}
	if len(c.W) > 0 {
		w = c.W
		api.Mul(c.Blind[0], c.Blind[0]) // a wire in no constraint has infinity as basis point
		challenge, err := commit(c.W[0], c.W[1], c.Blind[0])
		if err != nil {
			return err
		}
		funnel = append(funnel, challenge)
		if c.constrainC0 {
			api.Mul(challenge, challenge)
		}
	}
	z, err := commit(funnel...)
	if err != nil {
		return err
	}
	for i := range c.Y {
		api.AssertIsEqual(c.Y[i], api.Add(api.Mul(w[0], c.X[i]), api.Mul(w[1], c.X[i+1])))
	}
	e := frontend.Variable(0)
	for _, s := range []frontend.Variable{pack(api, c.Y[:], yBase, yLo), pack(api, c.X[:], xBase, xLo), c.Context} {
		e = api.Mul(z, api.Add(e, s))
	}
	api.AssertIsEqual(c.E, e)
	return nil
}

func pack(api frontend.API, q []frontend.Variable, base, lo int64) frontend.Variable {
	sum, power := frontend.Variable(0), big.NewInt(1)
	for _, x := range q {
		sum = api.Add(sum, api.Mul(api.Sub(x, lo), power))
		power = new(big.Int).Mul(power, big.NewInt(base))
	}
	return sum
}

// groth16Model is a compiled circuit with keys and, for committed weights, the
// weights bound into the verifying key.
type groth16Model struct {
	r1cs  *cs.R1CS
	pk    groth16.ProvingKey
	gnark groth16.VerifyingKey
	blind fr.Element
	key   *verifier.VerifyingKey
}

func newGroth16Model(t testing.TB, mode verifier.WeightsMode, constrainC0 bool) *groth16Model {
	m := new(groth16Model)
	c := &circuit{constrainC0: constrainC0}
	if mode == verifier.CommittedWeights {
		c.W, c.Blind = make([]frontend.Variable, 2), make([]frontend.Variable, 1)
	}
	compiled, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder, c)
	require.NoError(t, err)
	m.r1cs = compiled.(*cs.R1CS)
	require.NoError(t, groth16.Setup(m.r1cs, &m.pk, &m.gnark))
	m.key = &verifier.VerifyingKey{Card: testCard(verifier.Groth16, mode), Groth16: convertGroth16Key(&m.gnark)}
	if mode == verifier.CommittedWeights {
		m.blind.MustSetRandom()
		m.bindWeights(t)
	}
	require.NoError(t, m.key.Check())
	return m
}

// convertGroth16Key takes from gnark's key what a proof system of ours needs.
func convertGroth16Key(vk *groth16.VerifyingKey) *verifier.Groth16Key {
	k := &verifier.Groth16Key{
		Alpha: vk.G1.Alpha, Beta: vk.G2.Beta, Gamma: vk.G2.Gamma, Delta: vk.G2.Delta,
		K: vk.G1.K, CommitmentG: vk.CommitmentKeys[0].G,
	}
	for _, c := range vk.CommitmentKeys {
		k.CommitmentSigmaNeg = append(k.CommitmentSigmaNeg, c.GSigmaNeg)
	}
	return k
}

// bindWeights commits to the weights under a blinding factor. The mask that
// gnark adds to every commitment is 0 for this one, in every proof, so that
// each proof's first commitment is the key's.
func (m *groth16Model) bindWeights(t testing.TB) {
	values := []fr.Element{signed(weights[0]), signed(weights[1]), m.blind, {}}
	c, err := m.pk.CommitmentKeys[0].Commit(values)
	require.NoError(t, err)
	pok, err := m.pk.CommitmentKeys[0].ProveKnowledge(values)
	require.NoError(t, err)
	m.key.Groth16.Weights = &verifier.WeightCommitment{C: c, PoK: pok}
}

// prove makes a proof with gnark's prover. E depends on the challenge z, which
// depends on the commitment D to the witness, so D comes first:
//
//  1. Choose the mask of D and commit to all secret values and the mask.
//  2. Hash key, statement and D to z; E = sum s_i*z^(i+1).
//  3. Prove with public input E, gnark's mask hint replaced by the chosen masks
//     and its challenge hash by ours.
//  4. Keep PoK of D only; gnark's proof folds it with the weights'.
func (m *groth16Model) prove(t testing.TB, context uint64, x [3]int64) *verifier.Proof {
	p, _, _ := m.proveBoth(t, context, x)
	return p
}

// proveBoth also returns gnark's own proof and its public witness.
func (m *groth16Model) proveBoth(t testing.TB, context uint64, x [3]int64) (*verifier.Proof, *groth16.Proof, fr.Vector) {
	in, out := tensors(x)
	statement := statementOf(t, &m.key.Card, context, x)
	last := len(m.pk.CommitmentKeys) - 1

	var mask fr.Element
	mask.MustSetRandom()
	values := []fr.Element{fr.NewElement(context)} // in the order of the wires; the mask is last
	for _, q := range append(append([]int64{}, in...), out...) {
		values = append(values, signed(q))
	}
	values = append(values, mask)
	d, err := m.pk.CommitmentKeys[last].Commit(values)
	require.NoError(t, err)
	pok, err := m.pk.CommitmentKeys[last].ProveKnowledge(values)
	require.NoError(t, err)

	digest := m.key.Digest()
	stmt := verifier.StatementHash(digest, statement)
	var previous []fr.Element
	masks := []fr.Element{mask}
	assignment := &circuit{Context: context}
	if w := m.key.Groth16.Weights; w != nil {
		previous = append(previous, verifier.Challenge(stmt, &w.C))
		masks = []fr.Element{{}, mask}
		assignment.W, assignment.Blind = []frontend.Variable{weights[0], weights[1]}, []frontend.Variable{m.blind}
	}
	z := verifier.Challenge(stmt, &d, previous...)
	e := verifier.FoldStatement(statement, z)
	assignment.E = e
	for i := range in {
		assignment.X[i] = in[i]
	}
	for i := range out {
		assignment.Y[i] = out[i]
	}
	witness, err := frontend.NewWitness(assignment, ecc.BN254.ScalarField())
	require.NoError(t, err)
	g, err := groth16.Prove(m.r1cs, &m.pk, witness,
		backend.WithProverHashToFieldFunction(verifier.NewChallengeHash(stmt)),
		backend.WithSolverOptions(withMasks(t, masks)...))
	require.NoError(t, err)
	require.Equal(t, d, g.Commitments[last])
	return &verifier.Proof{
		KeyDigest: digest, Statement: statement,
		Groth16: &verifier.Groth16Proof{Ar: g.Ar, Bs: g.Bs, Krs: g.Krs, D: d, PoK: pok},
	}, g, fr.Vector{e}
}

// withMasks replaces gnark's random masks. The hint does not say for which
// commitment it is called, so one worker solves, which takes them in order.
func withMasks(t testing.TB, masks []fr.Element) []solver.Option {
	const name = "github.com/consensys/gnark/internal/hints.Randomize"
	next := 0
	for _, hint := range solver.GetRegisteredHints() {
		if solver.GetHintName(hint) == name {
			return []solver.Option{solver.WithNbTasks(1), solver.OverrideHint(solver.GetHintID(hint),
				func(_ *big.Int, _, outputs []*big.Int) error {
					if next >= len(masks) {
						return fmt.Errorf("mask %d of %d", next+1, len(masks))
					}
					masks[next].BigInt(outputs[0])
					next++
					return nil
				})}
		}
	}
	t.Fatalf("no hint %s", name)
	return nil
}

func signed(x int64) (e fr.Element) { return *e.SetInt64(x) }

// models are made once for all tests.
var (
	committedModel = sync.OnceValue(func() *groth16Model { return newGroth16Model(must{}, verifier.CommittedWeights, false) })
	bakedModel     = sync.OnceValue(func() *groth16Model { return newGroth16Model(must{}, verifier.BakedWeights, false) })
	constrainedC0  = sync.OnceValue(func() *groth16Model { return newGroth16Model(must{}, verifier.CommittedWeights, true) })
	aProof         = sync.OnceValue(func() *verifier.Proof { return committedModel().prove(must{}, 0, [3]int64{7, 0, 255}) })
)

// must is a testing.TB for what is made outside a test.
type must struct{ testing.TB }

func (must) Helper()                           {}
func (must) Errorf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (must) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }
func (must) FailNow()                          { panic("failed") }

// clone returns a deep copy.
func clone(t testing.TB, p *verifier.Proof) *verifier.Proof {
	b, err := p.MarshalBinary()
	require.NoError(t, err)
	q, err := verifier.ParseProof(b)
	require.NoError(t, err)
	return q
}

func cloneKey(t testing.TB, vk *verifier.VerifyingKey) *verifier.VerifyingKey {
	b, err := vk.MarshalBinary()
	require.NoError(t, err)
	k, err := verifier.ParseVerifyingKey(b)
	require.NoError(t, err)
	return k
}

var _, _, generatorG1, generatorG2 = bn254.Generators()
