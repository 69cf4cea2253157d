package prover

import (
	"context"
	"math/big"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/verifier"
)

// The tests of this file make false statements into real proofs.

func iv(lo, hi int64) fixedpoint.Interval { return fixedpoint.Interval{Lo: lo, Hi: hi} }

// testProgram is a convolution of one channel (projected), its requantization and ReLU,
// which are an output, and a matrix product packed into a second output.
func testProgram(t testing.TB, seed uint64, cfg circuits.Config) *circuits.Program {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 3))
	draw := func(n int, most int64) circuits.Ints {
		out := make(circuits.Ints, n)
		for i := range out {
			out[i] = rng.Int64N(2*most+1) - most
		}
		return out
	}
	conv := &circuits.Conv{Group: 1, Kernel: [4]int{4, 1, 3, 3}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}, Exp: 4,
		Bound: iv(-2000, 2000), Spread: 4000, Weights: draw(36, 7), Bias: draw(4, 20)}
	dense := &circuits.MatMul{Rows: 3, Inner: 144, Exp: 4, Bound: iv(-200000, 200000), Weights: draw(432, 7), Bias: draw(3, 20)}
	p := &circuits.Program{Name: "test", Config: cfg,
		Inputs: []circuits.Port{{Name: "x", Shape: []int{1, 1, 8, 8}, Range: iv(0, 31), RealHi: 31}},
		Nodes: []circuits.Node{{Name: "conv", Op: conv, In: []int{0}}, {Name: "shift", Op: &circuits.Requantize{Shift: 2}, In: []int{1}},
			{Name: "relu", Op: &circuits.Function{Name: "Relu", OutExp: 2, Out: iv(0, 127)}, In: []int{2}},
			{Name: "line", Op: &circuits.Reshape{Shape: []int{1, 144}}, In: []int{3}}, {Name: "dense", Op: dense, In: []int{4}}},
		Outputs: []circuits.Port{{Name: "features", Value: 3, Shape: []int{1, 4, 6, 6}, Exp: 2, Range: iv(0, 127)},
			{Name: "scores", Value: 5, Shape: []int{1, 3}, Exp: 6, Range: iv(-1<<18, 1<<18-1)}}}
	require.NoError(t, p.Infer())
	return p
}

// smallProgram is one matrix product and a ReLU: PLONK's setup is slow.
func smallProgram(t testing.TB, seed int64, cfg circuits.Config) *circuits.Program {
	t.Helper()
	dense := &circuits.MatMul{Rows: 2, Inner: 3, Bound: iv(-900, 900), Weights: circuits.Ints{seed, -2, 3, 4, 5, -6}, Bias: circuits.Ints{7, -8}}
	p := &circuits.Program{Name: "small", Config: cfg,
		Inputs: []circuits.Port{{Name: "x", Shape: []int{1, 3}, Range: iv(0, 31), RealHi: 31}},
		Nodes: []circuits.Node{{Name: "dense", Op: dense, In: []int{0}}, {Name: "shift", Op: &circuits.Requantize{Shift: 3}, In: []int{1}},
			{Name: "relu", Op: &circuits.Function{Name: "Relu", OutExp: -3, Out: iv(0, 63)}, In: []int{2}}},
		Outputs: []circuits.Port{{Name: "y", Value: 3, Shape: []int{1, 2}, Exp: -3, Range: iv(0, 63)}}}
	require.NoError(t, p.Infer())
	return p
}

func testKeys(t testing.TB, seed uint64, cfg circuits.Config) *Keys {
	t.Helper()
	return setup(t, testProgram(t, seed, cfg))
}

func setup(t testing.TB, p *circuits.Program) *Keys {
	t.Helper()
	c, err := circuits.Compile(p)
	require.NoError(t, err)
	k, err := UnsafeSetup(context.Background(), c, nil)
	require.NoError(t, err)
	return k
}

// must is a testing.TB for what is made outside a test.
type must struct{ testing.TB }

func (must) Helper()                   {}
func (must) Errorf(f string, a ...any) { panic(f) }
func (must) FailNow()                  { panic("failed") }

var (
	committedKeys = sync.OnceValue(func() *Keys { return testKeys(must{}, 1, circuits.Config{}) })
	bakedKeys     = sync.OnceValue(func() *Keys { return testKeys(must{}, 1, circuits.Config{Weights: circuits.Baked}) })
	flatKeys      = sync.OnceValue(func() *Keys { return setup(must{}, smallProgram(must{}, 1, circuits.Config{System: circuits.Flat})) })
	plonkKeys     = sync.OnceValue(func() *Keys { return setup(must{}, smallProgram(must{}, 1, circuits.Config{System: circuits.Plonk})) })
)

func testInput(seed uint64) [][]int64 {
	rng := rand.New(rand.NewPCG(seed, 4))
	x := make([]int64, 64)
	for i := range x {
		x[i] = rng.Int64N(32)
	}
	return [][]int64{x}
}

// witness is the honest one.
func (k *Keys) witness(t testing.TB, seed uint64) *gadget.Witness {
	t.Helper()
	w, err := k.compiled.Witness(testInput(seed), k.weights, fr.NewElement(11), randomElement)
	require.NoError(t, err)
	return w
}

// frozen is a transcript whose challenges the prover knew before it chose the witness.
type frozen struct {
	challenges []fr.Element
	public     fr.Element
}

func (f *frozen) Challenge(i int, _ []byte) fr.Element     { return f.challenges[i] }
func (f *frozen) Public(c []fr.Element) (fr.Vector, error) { return fr.Vector{f.public}, nil }

// prove makes a proof of a witness by a transcript, without any check of it.
func (k *Keys) prove(t testing.TB, w *gadget.Witness, tr groth16.Transcript) (*verifier.Proof, error) {
	t.Helper()
	g, err := k.groth16.Prove(context.Background(), w.Secret, k.mask(), tr, nil)
	if err != nil {
		require.ErrorIs(t, err, groth16.ErrUnsatisfied)
		return nil, err
	}
	last := len(g.Commitments) - 1
	return &verifier.Proof{KeyDigest: k.VerifyingKey.Digest(), Statement: w.Statement,
		Groth16: &verifier.Groth16Proof{Ar: g.Ar, Bs: g.Bs, Krs: g.Krs, D: g.Commitments[last], PoK: g.PoKs[last]}}, nil
}

func (k *Keys) honestTranscript(s fr.Vector) *transcript {
	return &transcript{statement: s, stmt: verifier.StatementHash(k.VerifyingKey.Digest(), s)}
}

// rejected checks that both verifiers refuse a proof by its equations.
func (k *Keys) rejected(t testing.TB, p *verifier.Proof) {
	t.Helper()
	_, err := verifier.Verify(k.VerifyingKey, p, verifier.WithAnyContext())
	require.ErrorIs(t, err, verifier.ErrRejected)
	require.NotErrorIs(t, err, verifier.ErrContext)
	require.Error(t, k.VerifyWithGnark(p), "gnark's verifier")
}

// TestBothVerifiersAccept: gnark's verifier takes our proofs, and ours gnark's.
func TestBothVerifiersAccept(t *testing.T) {
	for _, k := range []*Keys{committedKeys(), bakedKeys()} {
		p, err := k.Prove(context.Background(), testInput(1), Options{Context: fr.NewElement(11)})
		require.NoError(t, err)
		st, err := verifier.Verify(k.VerifyingKey, p, verifier.WithContext(11), verifier.WithInput(0, testInput(1)[0]))
		require.NoError(t, err)
		values, err := k.compiled.Program.Eval(testInput(1))
		require.NoError(t, err)
		require.Equal(t, values[3], st.Outputs[0].Ints)
		require.Equal(t, values[5], st.Outputs[1].Ints)
		require.NoError(t, k.VerifyWithGnark(p))
		p, _, err = k.UnsafeProveWithGnark(testInput(1))
		require.NoError(t, err)
		_, err = verifier.Verify(k.VerifyingKey, p)
		require.NoError(t, err)
	}
}

// TestUnboundStatement takes an honest proof, with its challenge z, and looks for another
// statement with the same fold Σ s_i·z^(i+1): a changed input or output, made up for by
// the context, which may be any field element. It is the fold the proof was made for; only
// that z depends on the statement refuses it.
func TestUnboundStatement(t *testing.T) {
	for _, k := range []*Keys{committedKeys(), bakedKeys()} {
		w := k.witness(t, 2)
		p, err := k.prove(t, w, k.honestTranscript(w.Statement))
		require.NoError(t, err)
		require.NoError(t, k.VerifyWithGnark(p))
		stmt := verifier.StatementHash(k.VerifyingKey.Digest(), w.Statement)
		var previous []fr.Element
		if c := k.VerifyingKey.Groth16.Weights; c != nil {
			previous = append(previous, verifier.Challenge(stmt, &c.C))
		}
		z := verifier.Challenge(stmt, &p.Groth16.D, previous...)
		for i := 1; i < len(w.Statement); i++ {
			for _, d := range []int64{1, -1} {
				var delta, power fr.Element
				delta.SetInt64(d)
				s := append(fr.Vector{}, w.Statement...)
				s[i].Add(&s[i], &delta)
				power.Exp(z, big.NewInt(int64(i)))
				s[0].Sub(&s[0], power.Mul(&power, &delta))
				require.Equal(t, verifier.FoldStatement(w.Statement, z), verifier.FoldStatement(s, z), "the same public input")
				k.rejected(t, &verifier.Proof{KeyDigest: p.KeyDigest, Statement: s, Groth16: p.Groth16})
			}
		}
	}
}

// TestFrozenChallenge lets the prover know z before it commits. It then proves false
// statements, which shows what z's dependence on the commitment is for; a verifier, which
// derives z, refuses them.
func TestFrozenChallenge(t *testing.T) {
	for name, forge := range map[string]func(t *testing.T, l *liar) bool{
		"lookup":         forgeLookup,
		"packed product": forgeRemainder,
		"projection":     forgeProjection,
		"input":          forgeInput,
	} {
		t.Run(name, func(t *testing.T) {
			for _, k := range []*Keys{committedKeys(), bakedKeys()} {
				if name == "projection" && !k.compiled.Plan.Committed() {
					continue // constant weights are not projected
				}
				l := newLiar(t, k)
				require.True(t, forge(t, l), "the circuit refuses the lie even so: the test is at fault")
			}
		})
	}
}
