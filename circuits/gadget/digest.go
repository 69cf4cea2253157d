package gadget

import (
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/std/permutation/poseidon2"

	native "github.com/nnark/nnark/verifier/poseidon2"
)

// digest returns the Poseidon2 sponge of package verifier/poseidon2, [native.Sum], over
// expressions.
func (e *engine) digest(xs []frontend.Variable) (frontend.Variable, error) {
	perm, err := poseidon2.NewPoseidon2FromParameters(e.api, native.Width, native.FullRounds, native.PartialRounds)
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
			state[i] = e.api.Add(state[i], x)
		}
		if err := perm.Permutation(state); err != nil {
			return nil, err
		}
	}
	return state[0], nil
}
