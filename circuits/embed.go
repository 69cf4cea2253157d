package circuits

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/frontend"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/verifier/poseidon2"
)

// Gadget is a network inside a gnark circuit of one's own, Groth16's or PLONK's, over BN254:
// a field of the circuit's struct, made by [Program.Gadget] for compiling and filled by
// [Gadget.Assign] for proving.
//
//	type circuit struct {
//		Weights frontend.Variable `gnark:",public"` // the model's identity
//		Network circuits.Gadget
//	}
//
//	func (c *circuit) Define(api frontend.API) error {
//		out, err := c.Network.Define(api)
//		…
//		api.AssertIsEqual(c.Weights, out.Weights)
//		…
//	}
//
// The program's configuration matters by its weights alone. Baked ones are constants of the
// circuit, whose keys identify the model then. Committed ones are secret inputs, which the
// circuit around has to tie to the model: [Tensors.Weights] is a digest of them, to be
// compared with a public input that verifiers know, or with anything that fixes it. If
// nothing does, the proof is of *some* weights of the architecture.
type Gadget struct {
	Secret []frontend.Variable // all of the network's integers, with the weights

	program *Program
	plan    *gadget.Plan
}

// Tensors are a network's inputs and outputs as integers in the order of the program's ports:
// element i of a tensor stands for the real number i·2^-Exp of its port, negative ones for
// field elements above half. Each lies in its port's range, which the gadget enforces.
type Tensors struct {
	Inputs, Outputs [][]frontend.Variable
	Weights         frontend.Variable // digest of weights and blinding, nil if they are baked
}

// Gadget returns the program as a part of a circuit. Errors are those of [Compile].
func (p *Program) Gadget() (*Gadget, error) {
	sys, err := p.system(true)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	plan, err := gadget.New(sys, gadget.Config{Baked: p.Config.Weights == Baked, Embedded: true})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	return &Gadget{Secret: make([]frontend.Variable, plan.Secrets()), program: p, plan: plan}, nil
}

// Define states the network in the circuit. It may be called once for each Gadget.
//
// Cost: that of the network under Groth16 (nnark inspect), and for committed weights their
// digest, about 37 constraints for each packed weight ([gadget.Plan.Weights]). LeNet-5 takes
// 25,398 constraints with baked weights, 227,993 with private ones (bench/constraints.csv).
//
// Soundness: what is proved is that the outputs are the network's answer to the inputs, all
// of them secret; the circuit around says what else is true of them. The gadget commits to all
// it has, in the commitment that gadgets of a circuit share (gnark's std/multicommit), whose
// error is below 2^-205. gnark's Groth16 needs a verifier that knows of commitments, as
// gnark's is.
func (g *Gadget) Define(api frontend.API) (*Tensors, error) {
	if g.plan == nil {
		return nil, fmt.Errorf("a gadget that Program.Gadget did not make: %w", ErrProgram)
	}
	tensors, weights, err := g.plan.Embed(api, g.Secret)
	if err != nil {
		return nil, err
	}
	n := len(g.program.Inputs)
	return &Tensors{Inputs: tensors[:n], Outputs: tensors[n:], Weights: weights}, nil
}

// Assign runs the network on quantized inputs and fills the gadget's secret inputs for a
// proof. The blinding, which makes the weights' digest say nothing about them, is drawn once
// for a model and kept; baked weights have none.
func (g *Gadget) Assign(inputs [][]int64, blinding fr.Element) error {
	if g.plan == nil {
		return fmt.Errorf("a gadget that Program.Gadget did not make: %w", ErrProgram)
	}
	values, err := g.program.Eval(inputs)
	if err != nil {
		return err
	}
	secret, err := g.plan.Secret(g.plan.Sys.Assign(values), g.plan.PackedWeights(blinding))
	if err != nil {
		return err
	}
	for i := range secret {
		g.Secret[i] = secret[i]
	}
	return nil
}

// WeightsDigest returns what [Tensors.Weights] is for the program's weights. It hides them
// behind the blinding.
func (g *Gadget) WeightsDigest(blinding fr.Element) (fr.Element, error) {
	if g.plan == nil || !g.plan.Committed() {
		return fr.Element{}, fmt.Errorf("no digest: %w", ErrBaked)
	}
	return poseidon2.Sum(g.plan.PackedWeights(blinding))
}
