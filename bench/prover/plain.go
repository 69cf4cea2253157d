package main

import (
	"context"
	"fmt"
	"math/big"
	"time"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/hash_to_field"
	gnark "github.com/consensys/gnark/backend/groth16"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/consensys/gnark/backend/witness"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/consensys/gnark/std/rangecheck"

	"github.com/nnark/nnark/prover/groth16"
)

// plainCase is an ordinary gnark circuit: nothing in it is nnark's.
type plainCase struct {
	name                string
	circuit, assignment frontend.Circuit
}

func plainCircuits() []plainCase {
	layer, assigned := newInt8Layer(1024, 100)
	return []plainCase{
		{"int8-layer", layer, assigned},
		{"x^5-chain", &chain{}, &chain{X: 7}},
	}
}

// int8Layer is a matrix product the ordinary way: one private weight a wire, small signed
// values, outputs range-checked by gnark's std.
type int8Layer struct {
	X []frontend.Variable `gnark:",public"`
	W [][]frontend.Variable
}

func newInt8Layer(in, out int) (circuit, assigned *int8Layer) {
	circuit, assigned = new(int8Layer), new(int8Layer)
	for k := range in {
		circuit.X = append(circuit.X, nil)
		assigned.X = append(assigned.X, k*37%256)
	}
	for o := range out {
		circuit.W = append(circuit.W, make([]frontend.Variable, in))
		var row []frontend.Variable
		for k := range in {
			row = append(row, (o*31+k*17)%255-127)
		}
		assigned.W = append(assigned.W, row)
	}
	return circuit, assigned
}

func (c *int8Layer) Define(api frontend.API) error {
	check := rangecheck.New(api)
	for _, row := range c.W {
		terms := make([]frontend.Variable, len(row))
		for k := range row {
			terms[k] = api.Mul(row[k], c.X[k])
		}
		check.Check(api.Add(1<<25, terms[0], terms[1:]...), 26)
	}
	return nil
}

// chain is x^5 iterated: every wire is a full-size value, on both sides.
type chain struct {
	X frontend.Variable
	Y frontend.Variable `gnark:",public"`
}

const chainSteps = 40_000

func (c *chain) Define(api frontend.API) error {
	x := c.X
	for i := range chainSteps {
		x = api.Add(x, i)
		x2 := api.Mul(x, x)
		x = api.Mul(api.Mul(x2, x2), x)
	}
	api.AssertIsEqual(x, c.Y)
	return nil
}

// finish fills the chain's output.
func (c *chain) finish() {
	var x, t fr.Element
	x.SetUint64(7)
	for i := range chainSteps {
		x.Add(&x, t.SetUint64(uint64(i)))
		t.Square(&x)
		t.Square(&t)
		x.Mul(&t, &x)
	}
	c.Y = x.BigInt(new(big.Int))
}

// gnarkTranscript is gnark's own way to challenges.
type gnarkTranscript struct{ public fr.Vector }

func (t gnarkTranscript) Challenge(_ int, prehash []byte) (z fr.Element) {
	h := hash_to_field.New([]byte(constraint.CommitmentDst))
	h.Write(prehash)
	z.SetBytes(h.Sum(nil))
	return z
}

func (t gnarkTranscript) Public([]fr.Element) (fr.Vector, error) { return t.public, nil }

func plain(ctx context.Context, c plainCase, rounds int) error {
	if x, ok := c.assignment.(*chain); ok {
		x.finish()
	}
	ccs, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder, c.circuit, frontend.WithCompressThreshold(1<<16))
	if err != nil {
		return err
	}
	full, err := frontend.NewWitness(c.assignment, ecc.BN254.ScalarField())
	if err != nil {
		return err
	}
	start := time.Now()
	if _, _, err := gnark.Setup(ccs); err != nil {
		return err
	}
	slow := time.Since(start)
	start = time.Now()
	pk, vk, err := groth16.Setup(ctx, ccs.(*cs.R1CS), nil)
	if err != nil {
		return err
	}
	setup := time.Since(start)
	own, err := groth16.New(ccs.(*cs.R1CS), pk)
	if err != nil {
		return err
	}
	public, secret := split(full, ccs.GetNbPublicVariables()-1)
	var theirs, ours []time.Duration
	for i := range rounds + 1 {
		start := time.Now()
		if _, err := g16.Prove(ccs.(*cs.R1CS), pk, full); err != nil {
			return err
		}
		a := time.Since(start)
		start = time.Now()
		proof, err := own.Prove(ctx, secret, nil, gnarkTranscript{public}, nil)
		if err != nil {
			return err
		}
		b := time.Since(start)
		g, err := proof.Gnark()
		if err != nil {
			return err
		}
		if err := g16.Verify(g, vk, append(fr.Vector{}, public...)); err != nil {
			return err
		}
		if i > 0 {
			theirs, ours = append(theirs, a), append(ours, b)
		}
	}
	a, b := median(theirs), median(ours)
	row(c.name, fmt.Sprint(ccs.GetNbConstraints()), seconds(slow), seconds(setup), "", ms(a), ms(b), ratio(a, b), "", "")
	return nil
}

// split returns gnark's witness as public and secret values.
func split(full witness.Witness, public int) (fr.Vector, fr.Vector) {
	v := full.Vector().(fr.Vector)
	return v[:public:public], v[public:]
}
