package verifier

import (
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/poseidon2"
)

// Parameters of the Poseidon2 permutation that digests of private tensors and, under
// PLONK, of committed weights use ([Poseidon2], BN254 scalar field, x^5).
//
// [Poseidon2]: https://eprint.iacr.org/2023/323
const (
	Poseidon2Width         = 16
	Poseidon2FullRounds    = 8
	Poseidon2PartialRounds = 57
)

// Poseidon2 is a Poseidon2 sponge of rate 15 over field elements; the capacity starts as
// their number, so that inputs of different lengths have unrelated digests. The last
// element is a random salt wherever the others could be guessed.
func Poseidon2(xs []fr.Element) (fr.Element, error) {
	perm := poseidon2.NewPermutation(Poseidon2Width, Poseidon2FullRounds, Poseidon2PartialRounds)
	state := make([]fr.Element, Poseidon2Width)
	rate := Poseidon2Width - 1
	state[rate].SetUint64(uint64(len(xs)))
	for from := 0; from < len(xs); from += rate {
		for i, x := range xs[from:min(from+rate, len(xs))] {
			state[i].Add(&state[i], &x)
		}
		if err := perm.Permutation(state); err != nil {
			return fr.Element{}, err
		}
	}
	return state[0], nil
}
