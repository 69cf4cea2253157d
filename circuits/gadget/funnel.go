package gadget

import (
	"errors"

	"github.com/consensys/gnark/frontend"
)

// challenge makes the one commitment of a proof and ties the statement to it. It is the
// only place of the project that calls Commit (under PLONK beginPlonk does its part).
//
// Groth16. The commitment D1 takes every secret input but the weights, which a first
// commitment D0 takes together with a random blinding wire. gnark derives z from D1, D0's
// challenge, and the hash function's own prefix: package verifier's StatementHash over
// the key and the whole statement S (context, inputs, outputs). The only public input is
//
//	E = Σ S_i·z^(i+1),
//
// which the verifier computes from S and z. So S is fixed before z, like everything
// committed; the circuit's own values s_i of the statement's elements are functions of
// secret inputs alone; and E = Σ s_i·z^(i+1) at that z means s = S but with probability
// len(S)/r. (A public input that is not hashed into z would make every projection
// forgeable; E is the one value that cannot be hashed, and it needs no binding, being
// computed by the verifier.)
//
// D0's mask, which gnark adds, is set to zero by the prover: D0 then equals the model's
// commitment in the verifying key, and hiding rests on the blinding wire. D0's challenge
// occurs in no constraint; it binds because z's hash contains it.
//
// PLONK. The statement's elements are public inputs, all of them committed with the
// secret inputs, the context as a hash of the key and the context (package verifier,
// PlonkPublic), so that z depends on the whole key, with it on the weights (plonk.go). The
// circuit says that the statement is that of the secret inputs.
//
// Cost under Groth16: one constraint an element of the statement, one for the blinding
// wire and gnark's one for each mask.
func (e *engine) challenge(c *Circuit, statement []frontend.Variable) error {
	if e.Plonk {
		e.bind(c, statement)
		return nil
	}
	api, ok := e.api.(frontend.Committer)
	if !ok {
		return errors.New("the builder cannot commit")
	}
	first := 0
	var err error
	rest := []frontend.Variable{}
	if e.committed {
		first = e.weights + 1
		blinding := e.secret[e.weights]
		e.constrain(blinding, 1, blinding) // else its base point would be infinity
		c0, err := api.Commit(e.secret[:first]...)
		if err != nil {
			return err
		}
		rest = append(rest, c0)
	}
	if e.z, err = api.Commit(append(rest, e.secret[first:]...)...); err != nil {
		return err
	}
	e.powers[1] = e.z
	e.fold(append([]frontend.Variable{e.secret[e.context]}, statement...), c.Public[0])
	return nil
}

// fold adds Σ s_i·z^(i+1) = total by Horner's rule.
func (e *engine) fold(s []frontend.Variable, total frontend.Variable) {
	acc := s[len(s)-1]
	for i := len(s) - 2; i >= 0; i-- {
		acc = e.api.Add(e.api.Mul(acc, e.z), s[i])
	}
	e.constrain(acc, e.z, total)
}
