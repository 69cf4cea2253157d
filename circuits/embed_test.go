package circuits

import (
	"crypto/sha256"
	"math/big"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/backend/groth16"
	"github.com/consensys/gnark/backend/plonk"
	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/constraint/solver"
	"github.com/consensys/gnark/frontend"
	fcs "github.com/consensys/gnark/frontend/cs"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/consensys/gnark/frontend/cs/scs"
	"github.com/consensys/gnark/std/rangecheck"
	"github.com/consensys/gnark/test"
	"github.com/consensys/gnark/test/unsafekzg"
	"github.com/stretchr/testify/require"
)

// around is somebody's circuit around a network: all its integers are public, and another
// gadget asks for a challenge as well.
type around struct {
	Inputs, Outputs []frontend.Variable `gnark:",public"`
	Weights         frontend.Variable   `gnark:",public"`
	Other           frontend.Variable
	Network         Gadget

	before bool // the other gadget comes first
}

func (c *around) Define(api frontend.API) error {
	other := func() { rangecheck.New(api).Check(c.Other, 10) }
	if c.before {
		other()
	}
	out, err := c.Network.Define(api)
	if err != nil {
		return err
	}
	if !c.before {
		other()
	}
	equal := func(public []frontend.Variable, tensors [][]frontend.Variable) {
		for _, t := range tensors {
			for _, x := range t {
				api.AssertIsEqual(public[0], x)
				public = public[1:]
			}
		}
	}
	equal(c.Inputs, out.Inputs)
	equal(c.Outputs, out.Outputs)
	if out.Weights != nil {
		api.AssertIsEqual(c.Weights, out.Weights)
	} else {
		api.AssertIsEqual(c.Weights, 0)
	}
	return nil
}

var testBlinding = fr.NewElement(77)

// newAround returns the circuit and, for an inference, its assignment.
func newAround(t testing.TB, p *Program, inputs [][]int64) (circuit, assignment *around) {
	t.Helper()
	empty, err := p.Gadget()
	require.NoError(t, err)
	filled, err := p.Gadget()
	require.NoError(t, err)
	values, err := p.Eval(inputs)
	require.NoError(t, err)
	require.NoError(t, filled.Assign(inputs, testBlinding))
	circuit, assignment = &around{Network: *empty}, &around{Network: *filled, Other: 1000, Weights: 0}
	for i := range p.Inputs {
		for _, v := range inputs[i] {
			assignment.Inputs = append(assignment.Inputs, v)
		}
	}
	for _, o := range p.Outputs {
		for _, v := range values[o.Value] {
			assignment.Outputs = append(assignment.Outputs, v)
		}
	}
	if p.Config.Weights == Committed && filled.plan.Committed() {
		d, err := filled.WeightsDigest(testBlinding)
		require.NoError(t, err)
		assignment.Weights = d
	}
	circuit.Inputs, circuit.Outputs = make([]frontend.Variable, len(assignment.Inputs)), make([]frontend.Variable, len(assignment.Outputs))
	return circuit, assignment
}

// compileAround compiles it under both of gnark's builders.
func compileAround(t testing.TB, c *around) map[string]constraint.ConstraintSystem {
	t.Helper()
	out := map[string]constraint.ConstraintSystem{}
	for name, b := range map[string]frontend.NewBuilder{"groth16": r1cs.NewBuilder[constraint.U64], "plonk": scs.NewBuilder[constraint.U64]} {
		s, err := frontend.Compile(ecc.BN254.ScalarField(), b, c, frontend.WithCompressThreshold(1<<17))
		require.NoError(t, err, name)
		out[name] = s
	}
	return out
}

// solveAround solves with a challenge that depends on all that is committed, as a proof's does.
func solveAround(s constraint.ConstraintSystem, a *around) error {
	w, err := frontend.NewWitness(a, ecc.BN254.ScalarField())
	if err != nil {
		return err
	}
	return s.IsSolved(w, solver.OverrideHint(solver.GetHintID(fcs.Bsb22CommitmentComputePlaceholder), func(_ *big.Int, in, out []*big.Int) error {
		h := sha256.New()
		for _, x := range in {
			h.Write(x.FillBytes(make([]byte, 32)))
		}
		out[0].SetBytes(h.Sum(nil))
		out[0].Mod(out[0], fr.Modulus())
		return nil
	}))
}

// TestGadget: networks of all operators inside a circuit of somebody else's compute what Eval
// does, under both builders, and every secret input that lies is refused.
func TestGadget(t *testing.T) {
	t.Parallel()
	lies, most := 0, 12
	if long() {
		most = 1 << 20
	}
	for i, c := range cases() {
		t.Run(c.name, func(t *testing.T) {
			rng := seeded(t)
			cfg := Config{}
			if i%3 == 2 {
				cfg.Weights = Baked
			}
			p := c.program(t, cfg)
			k := &testCircuit{Compiled: &Compiled{Program: p}, t: t}
			inputs := k.randomInputs(rng)
			circuit, a := newAround(t, p, inputs)
			circuit.before = i%2 == 0
			for name, s := range compileAround(t, circuit) {
				require.NoError(t, solveAround(s, a), name)
				if i%4 == 0 {
					for _, x := range k.extremes() {
						_, b := newAround(t, p, x)
						require.NoError(t, solveAround(s, b), "%s: %v", name, x)
					}
				}
				for _, at := range rng.Perm(len(a.Network.Secret))[:min(most, len(a.Network.Secret))] {
					x := a.Network.Secret[at].(fr.Element)
					var d fr.Element
					d.SetInt64([]int64{1, -1, 256, 1 << 40}[rng.IntN(4)])
					a.Network.Secret[at] = *d.Add(&d, &x)
					err := solveAround(s, a)
					require.Error(t, err, "%s: secret %d of %d", name, at, len(a.Network.Secret))
					a.Network.Secret[at] = x
					lies++
				}
				for _, public := range [][]frontend.Variable{a.Inputs, a.Outputs} {
					at := rng.IntN(len(public))
					x := public[at].(int64)
					public[at] = x + 1
					require.Error(t, solveAround(s, a), "%s: a public integer", name)
					public[at] = x
				}
			}
		})
	}
	t.Logf("%d lies refused", lies)
}

// TestGadgetProves: gnark's own Groth16 and PLONK prove a circuit with a network in it, and
// its test engine runs it.
func TestGadgetProves(t *testing.T) {
	t.Parallel()
	p := cases()[0].program(t, Config{})
	k := &testCircuit{Compiled: &Compiled{Program: p}, t: t}
	circuit, a := newAround(t, p, k.randomInputs(seeded(t)))
	require.NoError(t, test.IsSolved(circuit, a, ecc.BN254.ScalarField()))
	full, err := frontend.NewWitness(a, ecc.BN254.ScalarField())
	require.NoError(t, err)
	public, err := full.Public()
	require.NoError(t, err)
	systems := compileAround(t, circuit)

	pk, vk, err := groth16.Setup(systems["groth16"])
	require.NoError(t, err)
	proof, err := groth16.Prove(systems["groth16"], pk, full)
	require.NoError(t, err)
	require.NoError(t, groth16.Verify(proof, vk, public))

	srs, lagrange, err := unsafekzg.NewSRS(systems["plonk"])
	require.NoError(t, err)
	ppk, pvk, err := plonk.Setup(systems["plonk"], srs, lagrange)
	require.NoError(t, err)
	pproof, err := plonk.Prove(systems["plonk"], ppk, full)
	require.NoError(t, err)
	require.NoError(t, plonk.Verify(pproof, pvk, public))
}

// TestGadgetErrors: what a gadget cannot do is an error, not a panic.
func TestGadgetErrors(t *testing.T) {
	var none Gadget
	_, err := none.Define(nil)
	require.ErrorIs(t, err, ErrProgram)
	require.ErrorIs(t, none.Assign(nil, fr.Element{}), ErrProgram)
	p := cases()[0].program(t, Config{Weights: Baked})
	g, err := p.Gadget()
	require.NoError(t, err)
	_, err = g.WeightsDigest(testBlinding)
	require.ErrorIs(t, err, ErrBaked)
	require.Error(t, g.Assign([][]int64{{1 << 50}}, fr.Element{}))
	c := &around{Network: *g}
	_, err = frontend.Compile(ecc.BLS12_381.ScalarField(), r1cs.NewBuilder[constraint.U64], c)
	require.ErrorContains(t, err, "field")
}

// TestGadgetCost: beside the weights' digest a network costs in another circuit what it costs in
// its own, and the statement less.
func TestGadgetCost(t *testing.T) {
	for _, c := range cases()[:6] {
		p := c.program(t, Config{Weights: Baked})
		own, err := Compile(p)
		require.NoError(t, err)
		k := &testCircuit{Compiled: own, t: t}
		circuit, _ := newAround(t, p, k.randomInputs(seeded(t)))
		s := compileAround(t, circuit)
		rangeCheck := 600 // the other gadget, and what compares the integers
		n := s["groth16"].GetNbConstraints() - len(circuit.Inputs) - len(circuit.Outputs)
		require.LessOrEqual(t, n, own.Constraints()+rangeCheck, c.name)
		t.Logf("%s: %d alone, %d embedded", c.name, own.Constraints(), n)
	}
}
