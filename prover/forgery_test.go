package prover

import (
	"context"
	"errors"
	"math/big"
	"math/bits"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/circuits/relation"
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
	p, err := k.prepare()
	require.NoError(t, err)
	g, err := p.Prove(context.Background(), w.Secret, k.mask(), tr, nil)
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

// liar is a prover that knows its challenge.
type liar struct {
	*Keys
	z      fr.Element
	w      *gadget.Witness
	blocks map[string]int // first secret input of each column block
	tables []int
}

func newLiar(t *testing.T, k *Keys) *liar {
	l := &liar{Keys: k, z: fr.NewElement(0xdecade), w: k.witness(t, 3), blocks: map[string]int{}}
	plan := k.compiled.Plan
	n := 0
	if plan.Committed() {
		n = plan.Weights() + 1
	}
	for _, b := range plan.Sys.Blocks {
		if b.Kind == relation.Column {
			l.blocks[b.Name] = n
			n += b.Size()
		}
	}
	for _, tab := range plan.Sys.Tables {
		l.tables = append(l.tables, n)
		n += tab.Len()
	}
	return l
}

func (l *liar) add(block string, i int, v fr.Element) {
	x := &l.w.Secret[l.blocks[block]+i]
	x.Add(x, &v)
}

// balance makes every table's sum vanish at the known challenge, whatever the queries are,
// by the multiplicity of the first row.
func (l *liar) balance() {
	plan := l.compiled.Plan
	most := 0
	for _, t := range plan.Sys.Tables {
		n := t.Len()
		for _, q := range plan.Sys.Lookups {
			if q.Table == t {
				n += q.Cols[0].Size()
			}
		}
		most = max(most, n)
	}
	x := l.z
	for range bits.Len(uint(most)) {
		x.Square(&x)
	}
	pole := func(a, b fr.Element) (d fr.Element) { return *d.Sub(&x, a.Add(&a, b.Mul(&b, &l.z))) }
	for i, t := range plan.Sys.Tables {
		var sum fr.Element
		for _, q := range plan.Sys.Lookups {
			if q.Table != t {
				continue
			}
			as := q.Cols[0].Exprs()
			var bs []relation.Expr
			if t.IsFunction() {
				bs = q.Cols[1].Exprs()
			}
			for k := range as {
				var b fr.Element
				if bs != nil {
					b = l.expr(&bs[k])
				}
				d := pole(l.expr(&as[k]), b)
				sum.Add(&sum, d.Inverse(&d))
			}
		}
		var first fr.Element
		for k := range t.Len() {
			var a, b fr.Element
			a.SetInt64(t.Domain.Lo + int64(k))
			if t.IsFunction() {
				b.SetInt64(t.At(t.Domain.Lo + int64(k)))
			}
			d := pole(a, b)
			if k == 0 {
				first = d
			}
			d.Inverse(&d)
			sum.Sub(&sum, d.Mul(&d, &l.w.Secret[l.tables[i]+k]))
		}
		m := &l.w.Secret[l.tables[i]]
		m.Add(m, sum.Mul(&sum, &first))
	}
}

func (l *liar) expr(e *relation.Expr) (v fr.Element) {
	v.SetInt64(e.Const)
	for _, m := range e.Terms {
		var c fr.Element
		x := l.w.Secret[l.blocks[m.Block.Name]+m.Index]
		v.Add(&v, x.Mul(&x, c.SetInt64(m.Coef)))
	}
	return v
}

// claim adds to output or input element i of the statement's tensors.
func (l *liar) claim(element int, v fr.Element) {
	x := &l.w.Statement[element]
	x.Add(x, &v)
}

// succeeds proves the lie under the known challenge and has verifiers refuse it. It is
// false if the circuit refuses it.
func (l *liar) succeeds(t *testing.T) bool {
	t.Helper()
	tr := &frozen{challenges: []fr.Element{l.z}, public: verifier.FoldStatement(l.w.Statement, l.z)}
	if l.compiled.Plan.Committed() {
		tr.challenges = []fr.Element{fr.NewElement(5), l.z}
	}
	p, err := l.prove(t, l.w, tr)
	if err != nil {
		return false
	}
	_, err = l.compiled.Program.Eval(testInput(3)) // the statement is another one
	require.NoError(t, err)
	require.NotEqual(t, l.witness(t, 3).Statement[1:], l.w.Statement[1:])
	l.rejected(t, p)
	_, err = l.prove(t, l.w, l.honestTranscript(l.w.Statement))
	require.ErrorIs(t, err, groth16.ErrUnsatisfied, "with the true challenge the circuit refuses")
	return true
}

func one() fr.Element { return fr.One() }

func times(k int64, x fr.Element) (v fr.Element) {
	v.SetInt64(k)
	return *v.Mul(&v, &x)
}

// The statement: context, 64 inputs of 5 bits in 2 elements, 144 features of 7 bits in 4,
// the scores in one. Feature 0 is the lowest digit of element 3. A lie about features ends
// there: the scores are made to follow by hand.
const features, scores = 3, 7

// follow moves the scores as feature 0 moves them, by weight·d each.
func (l *liar) follow(d fr.Element) {
	dense := l.compiled.Program.Nodes[4].Op.(*circuits.MatMul)
	place := one()
	for o := range dense.Rows {
		v := times(dense.Weights[o*dense.Inner], d)
		l.claim(scores, *v.Mul(&v, &place))
		place = times(1<<19, place)
	}
}

// forgeLookup claims another value of the function.
func forgeLookup(t *testing.T, l *liar) bool {
	l.add("relu/out", 0, one())
	l.claim(features, one())
	l.follow(one())
	l.balance()
	return l.succeeds(t)
}

// forgeRemainder moves a quotient by one and its remainder by 2^s: the packed sums of
// accumulators stay.
func forgeRemainder(t *testing.T, l *liar) bool {
	l.add("shift/out", 0, one())
	l.add("shift/remainder", 0, times(-4, one()))
	l.add("relu/out", 0, one())
	l.claim(features, one())
	l.follow(one())
	l.balance()
	return l.succeeds(t)
}

// forgeProjection moves two accumulators so that their weighted sum at z stays.
func forgeProjection(t *testing.T, l *liar) bool {
	for _, c := range l.compiled.Plan.Contracts[:1] {
		require.True(t, strings.HasPrefix(c.Describe(), "projection"), c.Describe())
	}
	honest := l.w
	for distance := 1; distance < 6; distance++ { // columns to an element: 1 to 5
		for stage := distance; stage <= 2*distance; stage++ {
			l.w = &gadget.Witness{Secret: append(fr.Vector{}, honest.Secret...), Statement: append(fr.Vector{}, honest.Statement...)}
			var back fr.Element
			back.Exp(l.z, big.NewInt(int64(stage)))
			back.Inverse(&back).Neg(&back)
			l.add("shift/remainder", 0, one())
			l.add("shift/remainder", distance, back)
			l.add("relu/out", 0, one()) // something to lie about
			l.claim(features, one())
			l.follow(one())
			l.balance()
			if l.succeeds(t) {
				return true
			}
		}
	}
	return false
}

// forgeInput claims another input for the same outputs.
func forgeInput(t *testing.T, l *liar) bool {
	d := one()
	l.claim(1, d)
	var power fr.Element
	power.Exp(l.z, big.NewInt(1))
	power.Neg(&power)
	l.claim(0, power)
	return l.succeeds(t)
}

// TestOtherWeightsUnderOneCommitment changes a weight by one: the prover refuses to use
// it, and a proof that commits to it is not accepted under the model's commitment.
func TestOtherWeightsUnderOneCommitment(t *testing.T) {
	k := committedKeys()
	n := len(k.weights) - 1
	for _, i := range []int{0, n / 2, n - 1, n} {
		changed := &Keys{VerifyingKey: k.VerifyingKey, compiled: k.compiled, groth16: k.groth16, prepare: k.prepare}
		changed.weights = append(fr.Vector{}, k.weights...)
		one := fr.One()
		changed.weights[i].Add(&changed.weights[i], &one)
		w := k.witness(t, 4)
		copy(w.Secret, changed.weights)
		_, err := changed.proveWitness(context.Background(), w, nil)
		require.Error(t, err)
		if !errors.Is(err, groth16.ErrUnsatisfied) {
			require.ErrorIs(t, err, ErrKeys)
		}
	}
	// A model of the same architecture, proven honestly with its own weights.
	other, err := k.WithModel(testProgram(t, 2, circuits.Config{}))
	require.NoError(t, err)
	w := other.witness(t, 4)
	p, err := other.prove(t, w, k.honestTranscript(w.Statement)) // for the first model's key
	require.NoError(t, err)
	p.KeyDigest = k.VerifyingKey.Digest()
	k.rejected(t, p)
	p, err = other.prove(t, w, other.honestTranscript(w.Statement))
	require.NoError(t, err)
	_, err = verifier.Verify(other.VerifyingKey, p, verifier.WithAnyContext())
	require.NoError(t, err)
	_, err = verifier.Verify(k.VerifyingKey, p, verifier.WithAnyContext())
	require.ErrorIs(t, err, verifier.ErrWrongModel)
	p.KeyDigest = k.VerifyingKey.Digest()
	k.rejected(t, p)
}

// TestReplays presents an honest proof for another context, input or output.
func TestReplays(t *testing.T) {
	for _, k := range []*Keys{committedKeys(), bakedKeys()} {
		p, err := k.Prove(context.Background(), testInput(5), Options{Context: fr.NewElement(7)})
		require.NoError(t, err)
		_, err = verifier.Verify(k.VerifyingKey, p, verifier.WithContext(8))
		require.ErrorIs(t, err, verifier.ErrContext)
		for i := range p.Statement {
			for _, d := range []int64{1, -1, 1 << 19} {
				q := &verifier.Proof{KeyDigest: p.KeyDigest, Statement: append([]fr.Element{}, p.Statement...), Groth16: p.Groth16}
				q.Statement[i].Add(&q.Statement[i], new(fr.Element).SetInt64(d))
				k.rejected(t, q)
			}
		}
		other := k.witness(t, 6).Statement
		other[0] = p.Statement[0]
		k.rejected(t, &verifier.Proof{KeyDigest: p.KeyDigest, Statement: other, Groth16: p.Groth16})
	}
}

// TestPlonkProofs: honest proofs verify; other statements and another model do not.
func TestPlonkProofs(t *testing.T) {
	k := plonkKeys()
	ctx, in := context.Background(), [][]int64{{3, 31, 0}}
	p, err := k.Prove(ctx, in, Options{Context: fr.NewElement(7)})
	require.NoError(t, err)
	_, err = verifier.Verify(k.VerifyingKey, p, verifier.WithContext(7), verifier.WithInput(0, in[0]))
	require.NoError(t, err)
	for i := range p.Statement {
		q := &verifier.Proof{KeyDigest: p.KeyDigest, Statement: append([]fr.Element{}, p.Statement...), Plonk: p.Plonk}
		one := fr.One()
		q.Statement[i].Add(&q.Statement[i], &one)
		_, err := verifier.Verify(k.VerifyingKey, q, verifier.WithAnyContext())
		require.ErrorIs(t, err, verifier.ErrRejected, "element %d", i)
	}
	other, err := k.WithModel(smallProgram(t, 2, circuits.Config{System: circuits.Plonk}))
	require.NoError(t, err)
	q, err := other.Prove(ctx, in, Options{})
	require.NoError(t, err)
	_, err = verifier.Verify(k.VerifyingKey, q)
	require.ErrorIs(t, err, verifier.ErrWrongModel)
	q.KeyDigest = k.VerifyingKey.Digest()
	_, err = verifier.Verify(k.VerifyingKey, q)
	require.ErrorIs(t, err, verifier.ErrRejected, "the weights are others")
}

// TestProofsDiffer: two proofs of one inference share nothing but the statement.
func TestProofsDiffer(t *testing.T) {
	k := committedKeys()
	seen := map[[verifier.Groth16ProofSize]byte]bool{}
	points := map[string]bool{}
	for range 4 {
		p, err := k.Prove(context.Background(), testInput(1), Options{})
		require.NoError(t, err)
		b := [verifier.Groth16ProofSize]byte(p.Groth16.Bytes())
		require.False(t, seen[b])
		seen[b] = true
		d := p.Groth16.D.String()
		require.False(t, points[d], "the commitment hides nothing")
		points[d] = true
	}
}

// TestProveConcurrently makes proofs from one Keys in several goroutines; run it with
// -race.
func TestProveConcurrently(t *testing.T) {
	for _, k := range []*Keys{committedKeys(), bakedKeys()} {
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				in := testInput(uint64(100 + i))
				p, err := k.Prove(context.Background(), in, Options{Context: fr.NewElement(uint64(i))})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := verifier.Verify(k.VerifyingKey, p, verifier.WithContext(uint64(i)), verifier.WithInput(0, in[0])); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
	}
}

// TestInputErrors: what cannot be proven is refused before any work.
func TestInputErrors(t *testing.T) {
	k := committedKeys()
	bad := testInput(1)
	bad[0][5] = 32
	for _, in := range [][][]int64{nil, {}, {bad[0][:63]}, bad, {testInput(1)[0], testInput(1)[0]}} {
		_, err := k.Prove(context.Background(), in, Options{})
		require.ErrorIs(t, err, circuits.ErrInput)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := k.Prove(ctx, testInput(1), Options{})
	require.ErrorIs(t, err, context.Canceled)
}
