package ceremony

import (
	"bytes"
	"context"
	"math/bits"
	"os"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/consensys/gnark/backend/groth16/bn254/mpcsetup"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

// long skips tests of what no race can be in.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("hundreds of transcripts")
	}
}

// small is a circuit with two commitments, coefficients of all kinds, a wire that occurs
// nowhere and one that occurs on both sides.
type small struct {
	A, B   [2]frontend.Variable
	Unused frontend.Variable
	Sum    frontend.Variable `gnark:",public"`
	factor int
}

func (c *small) Define(api frontend.API) error {
	first, err := api.Compiler().(frontend.Committer).Commit(c.A[:]...)
	if err != nil {
		return err
	}
	second, err := api.Compiler().(frontend.Committer).Commit(c.B[:]...)
	if err != nil {
		return err
	}
	sum := frontend.Variable(0)
	for i := range c.A {
		v := api.Mul(api.Add(c.A[i], api.Mul(c.factor, first)), api.Sub(c.B[i], api.Mul("123456789012345678901234567890", second)))
		v = api.Add(v, api.Mul(c.A[i], c.A[i]))
		v = api.Sub(v, api.Mul(api.Mul(c.A[i], c.factor), second, -1), api.Mul(first, c.B[i], c.factor))
		api.AssertIsEqual(api.Mul(v, v), api.Mul(v, v, 1))
		sum = api.Add(sum, api.Mul(c.A[i], c.B[i]))
	}
	api.AssertIsEqual(sum, c.Sum)
	return nil
}

func compile(t testing.TB, factor int) *cs.R1CS {
	t.Helper()
	ccs, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder, &small{factor: factor})
	require.NoError(t, err)
	return ccs.(*cs.R1CS)
}

var beacon = bytes.Repeat([]byte{7}, 32)

// phase1 is a ceremony whose first phase is contributed to, but not closed.
func phase1(t testing.TB, r *cs.R1CS) *Transcript {
	t.Helper()
	c, err := New(r, "small")
	require.NoError(t, err)
	require.NoError(t, c.Contribute(ctx, "Ada", "first", nil, nil))
	require.NoError(t, c.Contribute(ctx, "Bob", "", []byte("dice"), nil))
	return c
}

// phase2 is one whose second phase is.
func phase2(t testing.TB, r *cs.R1CS) *Transcript {
	t.Helper()
	c := phase1(t, r)
	require.NoError(t, c.Beacon(ctx, "a public number", beacon, r, nil))
	require.NoError(t, c.Contribute(ctx, "Ada", "", nil, nil))
	require.NoError(t, c.Contribute(ctx, "Bob", "", nil, nil))
	return c
}

func finished(t testing.TB, r *cs.R1CS) *Transcript {
	t.Helper()
	c := phase2(t, r)
	require.NoError(t, c.Beacon(ctx, "another", beacon, nil, nil))
	return c
}

// again writes and reads a transcript.
func again(t testing.TB, c *Transcript) *Transcript {
	t.Helper()
	data := written(t, c)
	d, err := Read(bytes.NewReader(data), int64(len(data)))
	require.NoError(t, err)
	require.Equal(t, data, written(t, d))
	return d
}

func written(t testing.TB, c *Transcript) []byte {
	t.Helper()
	var buf bytes.Buffer
	n, err := c.WriteTo(&buf)
	require.NoError(t, err)
	require.Equal(t, int64(buf.Len()), n)
	return buf.Bytes()
}

// proves asserts that gnark's prover and verifier work with keys.
func proves(t testing.TB, r *cs.R1CS, v *Verified) (*g16.ProvingKey, *g16.VerifyingKey) {
	t.Helper()
	pk, vk, err := v.Keys()
	require.NoError(t, err)
	assignment := &small{Unused: 9, Sum: 2 * 6}
	for i := range assignment.A {
		assignment.A[i], assignment.B[i] = 2, 3
	}
	w, err := frontend.NewWitness(assignment, ecc.BN254.ScalarField())
	require.NoError(t, err)
	proof, err := g16.Prove(r, pk, w)
	require.NoError(t, err)
	public, err := w.Public()
	require.NoError(t, err)
	require.NoError(t, g16.Verify(proof, vk, public.Vector().(fr.Vector)))
	vector := public.Vector().(fr.Vector)
	vector[0].SetUint64(13)
	require.Error(t, g16.Verify(proof, vk, vector))
	return pk, vk
}

func TestCeremony(t *testing.T) {
	r := compile(t, 3)
	c, err := New(r, "small")
	require.NoError(t, err)
	steps := []func() error{
		func() error { return c.Contribute(ctx, "Ada", "first of all", nil, nil) },
		func() error { return c.Contribute(ctx, "Bob", "", []byte("1 6 3 2 4"), nil) },
		func() error { return c.Beacon(ctx, "a public number", beacon, r, nil) },
		func() error { return c.Contribute(ctx, "Ada", "", nil, nil) },
		func() error { return c.Contribute(ctx, "Cleo", "üben", nil, nil) },
		func() error { return c.Contribute(ctx, "Bob", "", nil, nil) },
		func() error { return c.Beacon(ctx, "another", beacon, nil, nil) },
	}
	phases := []int{1, 1, 1, 2, 2, 2, 2}
	seen := map[[32]byte]bool{c.Hash(): true}
	for i, step := range steps {
		c = again(t, c)
		require.Equal(t, phases[i], c.Phase())
		_, err := Verify(ctx, c, r, Options{})
		require.ErrorIs(t, err, ErrIncomplete)
		require.NoError(t, step(), i)
		require.False(t, seen[c.Hash()])
		seen[c.Hash()] = true
	}
	c = again(t, c)
	require.Zero(t, c.Phase())
	require.ErrorIs(t, c.Contribute(ctx, "Dan", "", nil, nil), ErrClosed)
	require.ErrorIs(t, c.Beacon(ctx, "x", beacon, nil, nil), ErrClosed)
	v, err := Verify(ctx, c, r, Options{})
	require.NoError(t, err)
	require.Equal(t, 2, v.Contributions)
	require.Equal(t, c.Hash(), v.Hash)
	require.Equal(t, "üben", c.Steps(2)[1].Statement)
	pk, vk := proves(t, r, v)
	require.NotEqual(t, pk.G1.Alpha, pk.G1.Beta)
	_, _, _, gen2 := bn254.Generators()
	require.Equal(t, gen2, vk.G2.Gamma)
	require.False(t, vk.CommitmentKeys[0].GSigmaNeg.Equal(&vk.CommitmentKeys[1].GSigmaNeg))
}

// gnark's ceremony makes the same points of the same powers.
func TestBeginAgainstGnark(t *testing.T) {
	r := compile(t, 3)
	c, err := newCircuit(r)
	require.NoError(t, err)
	p := phase1(t, r).powers
	q, err := c.points(ctx, p, nil)
	require.NoError(t, err)
	var commons mpcsetup.SrsCommons
	commons.G1.Tau, commons.G1.AlphaTau, commons.G1.BetaTau = p.tau1, p.alpha, p.beta
	commons.G2.Tau, commons.G2.Beta = p.tau2, p.beta2
	var theirs mpcsetup.Phase2
	evals := theirs.Initialize(r, &commons)
	pick := func(points []bn254.G1Affine, wires []int) (out []bn254.G1Affine) {
		for _, w := range wires {
			out = append(out, points[w])
		}
		return out
	}
	require.Equal(t, pick(evals.G1.A, c.occurring(left)), q.a)
	require.Equal(t, pick(evals.G1.B, c.occurring(right)), q.b1)
	for i, w := range c.occurring(right) {
		require.Equal(t, evals.G2.B[w], q.b2[i])
	}
	require.Equal(t, evals.G1.VKK, q.public)
	require.Equal(t, evals.G1.CKK, q.basis)
	require.Equal(t, theirs.Parameters.G1.PKK, q.private)
	z := append(slices.Clone(theirs.Parameters.G1.Z), bn254.G1Affine{})
	for i := range z { // in the order of reversed bits
		if j := int(bits.Reverse64(uint64(i)) >> (64 - c.power)); i < j {
			z[i], z[j] = z[j], z[i]
		}
	}
	require.Equal(t, z[:len(z)-1], q.z)
}

// The points before any contribution are what the secrets make of the wires' polynomials.
func TestBeginAgainstScalars(t *testing.T) {
	r := compile(t, 3)
	c, err := newCircuit(r)
	require.NoError(t, err)
	tau, alpha, beta := fr.NewElement(1234567), fr.NewElement(222), fr.NewElement(31337)
	p, err := newPowers(1<<c.power).update(ctx, []fr.Element{tau, alpha, beta}, nil)
	require.NoError(t, err)
	require.NoError(t, p.check(ctx))
	q, err := c.points(ctx, p, nil)
	require.NoError(t, err)
	require.NoError(t, q.check(ctx, p))
	require.NoError(t, c.check(ctx, p, q))

	// Polynomials by their values at the roots of unity, at τ.
	value := func(s, w int) (v fr.Element) {
		rho := make([]fr.Element, c.Count)
		rho[w].SetOne()
		f := c.interpolate(s, rho)
		for i := len(f) - 1; i >= 0; i-- {
			v.Mul(&v, &tau).Add(&v, &f[i])
		}
		return v
	}
	_, _, gen1, gen2 := bn254.Generators()
	k := func(w int) (sum fr.Element) {
		u, v := value(left, w), value(right, w)
		u.Mul(&u, &beta)
		v.Mul(&v, &alpha)
		sum = value(result, w)
		sum.Add(&sum, &u).Add(&sum, &v)
		return sum
	}
	check := func(points []bn254.G1Affine, wires []int, f func(int) fr.Element) {
		t.Helper()
		require.Len(t, points, len(wires))
		scalars := make([]fr.Element, len(wires))
		for i, w := range wires {
			scalars[i] = f(w)
		}
		require.Equal(t, bn254.BatchScalarMultiplicationG1(&gen1, scalars), points)
	}
	check(q.a, c.occurring(left), func(w int) fr.Element { return value(left, w) })
	check(q.b1, c.occurring(right), func(w int) fr.Element { return value(right, w) })
	check(q.public, c.Public, k)
	check(q.private, c.Private, k)
	check(q.basis[0], c.Committed[0], k)
	check(q.basis[1], c.Committed[1], k)
	var scalars []fr.Element
	for _, w := range c.occurring(right) {
		scalars = append(scalars, value(right, w))
	}
	require.Equal(t, bn254.BatchScalarMultiplicationG2(&gen2, scalars), q.b2)
}

func ptauFile(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/pot7.ptau")
	require.NoError(t, err)
	return data
}

// A file that snarkjs made serves as phase 1, for circuits smaller than it.
func TestPtau(t *testing.T) {
	r := compile(t, 3)
	c, err := NewFromPtau(ctx, r, "small", bytes.NewReader(ptauFile(t)), nil)
	require.NoError(t, err)
	c = again(t, c)
	require.Equal(t, 2, c.Phase())
	require.Less(t, c.power, 7)
	require.NoError(t, c.Contribute(ctx, "Ada", "", nil, nil))
	require.NoError(t, c.Contribute(ctx, "Bob", "", nil, nil))
	require.NoError(t, c.Beacon(ctx, "a public number", beacon, nil, nil))
	c = again(t, c)
	digest, ok := c.Imported()
	require.True(t, ok)
	for _, accepted := range [][][32]byte{nil, {{1}}} {
		_, err = Verify(ctx, c, r, Options{Phase1: accepted})
		require.ErrorIs(t, err, ErrPhase1)
	}
	v, err := Verify(ctx, c, r, Options{Phase1: [][32]byte{{1}, digest}})
	require.NoError(t, err)
	proves(t, r, v)
}
