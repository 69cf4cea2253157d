package groth16

import (
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/consensys/gnark/std/rangecheck"
	"github.com/stretchr/testify/require"
)

// testCase is a compiled circuit with a satisfying assignment.
type testCase struct {
	r1cs   *cs.R1CS
	public fr.Vector // nil if it depends on the challenges
	secret fr.Vector
}

func compile(t testing.TB, circuit frontend.Circuit) *cs.R1CS {
	t.Helper()
	ccs, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder, circuit)
	require.NoError(t, err)
	return ccs.(*cs.R1CS)
}

func newCase(t testing.TB, circuit, assignment frontend.Circuit) testCase {
	t.Helper()
	c := compile(t, circuit)
	w, err := frontend.NewWitness(assignment, ecc.BN254.ScalarField())
	require.NoError(t, err)
	v := w.Vector().(fr.Vector)
	n := c.GetNbPublicVariables() - 1
	return testCase{c, v[:n], v[n:]}
}

// chain is x ↦ x⁵ iterated: every wire is full size, nothing is committed.
type chain struct {
	X frontend.Variable
	Y frontend.Variable `gnark:",public"`
	n int
}

func (c *chain) Define(api frontend.API) error {
	x := c.X
	for range c.n {
		x2 := api.Mul(x, x)
		x = api.Mul(api.Mul(x2, x2), x)
	}
	api.AssertIsEqual(x, c.Y)
	return nil
}

func chainCase(t testing.TB, n int) testCase {
	x := fr.NewElement(3)
	y, e := x, fr.Element{}
	for range n {
		e.Square(&y).Square(&e)
		y.Mul(&y, &e)
	}
	return newCase(t, &chain{n: n}, &chain{X: x, Y: y})
}

// plain is a layer with a weight per wire, signed values and gnark's own range
// check of the outputs, whose commitment is to internal wires.
type plain struct {
	W [][]frontend.Variable
	X []frontend.Variable `gnark:",public"`
	Y []frontend.Variable
}

func newPlain(in, out int) *plain {
	p := &plain{W: make([][]frontend.Variable, out), X: make([]frontend.Variable, in), Y: make([]frontend.Variable, out)}
	for i := range p.W {
		p.W[i] = make([]frontend.Variable, in)
	}
	return p
}

func (p *plain) Define(api frontend.API) error {
	check := rangecheck.New(api)
	for i, row := range p.W {
		sum := frontend.Variable(0)
		for j, w := range row {
			sum = api.Add(sum, api.Mul(w, p.X[j]))
		}
		api.AssertIsEqual(sum, p.Y[i])
		check.Check(api.Add(p.Y[i], 1<<27), 28)
	}
	return nil
}

func plainCase(t testing.TB, in, out int) testCase {
	r := rand.New(rand.NewPCG(1, 2))
	a := newPlain(in, out)
	x := make([]int, in)
	for j := range x {
		x[j] = r.IntN(256) - 128
		a.X[j] = x[j]
	}
	for i := range a.W {
		sum := 0
		for j := range a.W[i] {
			w := r.IntN(255) - 127
			a.W[i][j] = w
			sum += w * x[j]
		}
		a.Y[i] = sum
	}
	return newCase(t, newPlain(in, out), a)
}

// packed is a layer as nnark's circuits make it. All secrets are inputs; the
// packed weights and their blinding are in the first commitment, everything
// else in the second, and the public input depends on the last challenge z:
//
//	Y_i = Σ_j W_ij·X_j      a packed row of products
//	Σ 1/(z-X_j) = Σ M_t/(z-t)   a lookup, every X_j in [0, table)
//	E = z·X_0
type packed struct {
	E        frontend.Variable `gnark:",public"`
	W        [][]frontend.Variable
	Blinding frontend.Variable
	X, Y     []frontend.Variable
	M        []frontend.Variable

	simple bool // E = X_0 instead, which gnark's prover can handle
}

const packedTable = 256

func newPacked(in, rows int) *packed {
	p := &packed{W: make([][]frontend.Variable, rows), X: make([]frontend.Variable, in),
		Y: make([]frontend.Variable, rows), M: make([]frontend.Variable, packedTable)}
	for i := range p.W {
		p.W[i] = make([]frontend.Variable, in)
	}
	return p
}

func (p *packed) Define(api frontend.API) error {
	api.AssertIsEqual(api.Mul(p.Blinding, p.Blinding), api.Mul(p.Blinding, p.Blinding))
	weights := []frontend.Variable{p.Blinding}
	for _, row := range p.W {
		weights = append(weights, row...)
	}
	committer := api.(frontend.Committer)
	first, err := committer.Commit(weights...)
	if err != nil {
		return err
	}
	rest := append(append(append([]frontend.Variable{first}, p.X...), p.Y...), p.M...)
	z, err := committer.Commit(rest...)
	if err != nil {
		return err
	}
	for i, row := range p.W {
		sum := frontend.Variable(0)
		for j, w := range row {
			sum = api.Add(sum, api.Mul(p.X[j], w))
		}
		api.AssertIsEqual(sum, p.Y[i])
	}
	queries, table := frontend.Variable(0), frontend.Variable(0)
	for _, x := range p.X {
		queries = api.Add(queries, api.Inverse(api.Sub(z, x)))
	}
	for v, m := range p.M {
		table = api.Add(table, api.Mul(m, api.Inverse(api.Sub(z, v))))
	}
	api.AssertIsEqual(queries, table)
	if p.simple {
		z = 1
	}
	api.AssertIsEqual(p.E, api.Mul(z, p.X[0]))
	return nil
}

// packedCase returns the case, with the wires of the weights and blinding.
func packedCase(t testing.TB, in, rows int, input uint64) (c testCase, bound []int) {
	c, bound = anyPackedCase(t, in, rows, input, false)
	c.public = nil
	return c, bound
}

func anyPackedCase(t testing.TB, in, rows int, input uint64, simple bool) (c testCase, bound []int) {
	r := rand.New(rand.NewPCG(1, 2))
	ri := rand.New(rand.NewPCG(3, input))
	a := newPacked(in, rows)
	a.Blinding = randomElement(r)
	x := make([]fr.Element, in)
	count := make([]int, packedTable)
	for j := range x {
		v := ri.IntN(packedTable / 2)
		count[v]++
		x[j].SetInt64(int64(v))
		a.X[j] = v
	}
	for v := range count {
		a.M[v] = count[v]
	}
	for i := range a.W {
		var sum, p fr.Element
		for j := range a.W[i] {
			w := randomElement(r)
			a.W[i][j] = w
			sum.Add(&sum, p.Mul(&w, &x[j]))
		}
		a.Y[i] = sum
	}
	a.E = x[0]
	circuit := newPacked(in, rows)
	circuit.simple = simple
	c = newCase(t, circuit, a)
	for w := range in*rows + 1 {
		bound = append(bound, c.r1cs.GetNbPublicVariables()+w)
	}
	return c, bound
}

func randomElement(r *rand.Rand) (s fr.Element) {
	for i := range s {
		s[i] = r.Uint64()
	}
	s[3] >>= 3
	return s
}

// linear multiplies by W twice in a row, on either side, and by a constant.
type linear struct {
	W, V, X, U frontend.Variable
	Y          frontend.Variable `gnark:",public"`
}

func (c *linear) Define(api frontend.API) error {
	p := api.Mul(c.W, c.X)                       // folds into X
	q := api.Mul(api.Add(p, c.X, 3), c.V)        // folds into p, X and ONE
	s := api.Mul(api.Sub(q, p), api.Add(c.W, 1)) // folds into q and p
	square := api.Mul(s, s)                      // does not fold
	api.AssertIsEqual(api.Add(square, api.Mul(q, c.U), api.Mul(c.W, c.V)), c.Y)
	return nil
}

func linearCase(t testing.TB) testCase {
	w, v, x, u := 3, 5, -7, 11
	p := w * x
	q := (p + x + 3) * v
	s := (q - p) * (w + 1)
	return newCase(t, &linear{}, &linear{W: w, V: v, X: x, U: u, Y: s*s + q*u + w*v})
}
