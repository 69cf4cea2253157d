package gadget

import (
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/std/permutation/poseidon2"

	native "github.com/nnark/nnark/verifier/poseidon2"
)

// digest returns the Poseidon2 sponge of package verifier/poseidon2, [native.Sum], over
// expressions and a salt. Under PLONK its rows are gnark's; the salt's own row follows them.
func (e *engine) digest(xs []frontend.Variable, salt frontend.Variable) (frontend.Variable, error) {
	api := e.api
	if e.Plonk {
		api = e.rows.API
		for i := range xs {
			xs[i] = e.rows.raw(xs[i])
		}
		defer e.rows.commit(salt)
	}
	xs = append(xs, salt)
	perm, err := poseidon2.NewPoseidon2FromParameters(api, native.Width, native.FullRounds, native.PartialRounds)
	if err != nil {
		return nil, err
	}
	state := make([]frontend.Variable, native.Width)
	for i := range state {
		state[i] = 0
	}
	rate := native.Width - 1
	state[rate] = len(xs)
	for from := 0; from < len(xs); from += rate {
		for i, x := range xs[from:min(from+rate, len(xs))] {
			state[i] = api.Add(state[i], x)
		}
		if err := perm.Permutation(state); err != nil {
			return nil, err
		}
	}
	return state[0], nil
}
