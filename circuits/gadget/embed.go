package gadget

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/std/multicommit"

	"github.com/nnark/nnark/circuits/relation"
)

// Embed states an Embedded plan's system in a circuit of somebody else's: secret are its
// secret inputs ([Plan.Secrets]), which have no other use. It returns the exposed tensors in
// the order of the system, one variable an integer (negative ones as field elements), and the
// Poseidon2 digest of packed weights and blinding (package verifier/poseidon2), nil if they
// are baked.
//
// Cost: that of the plan under Groth16, and about 37 constraints a packed weight for the
// digest; in PLONK circuits, where every term of a sum costs a gate, about 200 for the digest.
//
// Soundness: that of the package. All secret inputs, weights too, go into the commitment that
// the circuit's gadgets share (gnark's std/multicommit), and the checks at the challenge are
// made when it is known. What the caller says of the tensors returned needs no part in it: the
// tensors are functions of what is committed. The challenge is the root's power by the number
// of this callback, so that degrees, and the error with them, are as many times as large: a
// circuit of 16 gadgets that ask for challenges stays below 2^-205.
func (p *Plan) Embed(api frontend.API, secret []frontend.Variable) (tensors [][]frontend.Variable, weights frontend.Variable, err error) {
	switch {
	case !p.Embedded || p.Plonk:
		return nil, nil, fmt.Errorf("the plan is for a circuit of its own")
	case len(secret) != p.secrets:
		return nil, nil, fmt.Errorf("%d secret inputs, want %d", len(secret), p.secrets)
	case api.Compiler().Field().Cmp(fr.Modulus()) != 0:
		return nil, nil, fmt.Errorf("the circuit's field is not the scalar field of %v", bn254.ID)
	}
	e := newEngine(api, p, secret)
	e.before()
	for i := range p.exposes {
		tensors = append(tensors, e.tensor(p.exposes[i].T))
	}
	if p.committed {
		if weights, err = e.digest(append([]frontend.Variable{}, secret[:p.weights]...), secret[p.weights]); err != nil {
			return nil, nil, err
		}
	}
	// Gadgets of gnark's ask for the commitment in a deferred call: so none comes too late.
	api.Compiler().Defer(func(api frontend.API) error {
		multicommit.WithCommitment(api, func(_ frontend.API, z frontend.Variable) error {
			e.z = z
			e.powers[1] = z
			e.after()
			return nil
		}, secret...)
		return nil
	})
	return tensors, weights, nil
}

// isR1CS reports whether a circuit is being compiled to R1CS, whose constraints take sums for
// nothing. gnark's other builder and its test engine have other forms of a variable.
func isR1CS(api frontend.API, v frontend.Variable) bool {
	_, ok := api.Compiler().ToCanonicalVariable(v).(constraint.LinearExpression)
	return ok
}

// Secret returns the secret inputs of an Embedded plan for one inference; weights are
// [Plan.PackedWeights].
func (p *Plan) Secret(a *relation.Assignment, weights fr.Vector) (fr.Vector, error) {
	w, err := p.Witness(a, weights, fr.Element{}, nil)
	if err != nil {
		return nil, err
	}
	return w.Secret, nil
}
