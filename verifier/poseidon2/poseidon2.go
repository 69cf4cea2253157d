// Package poseidon2 computes the digests of private tensors and, under PLONK, of committed
// weights. It stands apart from package verifier so that programs that do not open digests
// need not link it.
//
// A statement's digest of a tensor is Sum(elements..., salt): the tensor packed by
// verifier.Pack, and the random salt that hides it, which the prover keeps.
package poseidon2

import (
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/poseidon2"
)

// Parameters of the permutation ([Poseidon2], BN254 scalar field, x^5).
//
// [Poseidon2]: https://eprint.iacr.org/2023/323
const (
	Width         = 16
	FullRounds    = 8
	PartialRounds = 57
)

// Sum is a Poseidon2 sponge of rate 15 over field elements; the capacity starts as
// their number, so that inputs of different lengths have unrelated digests. The last
// element is a random salt wherever the others could be guessed.
func Sum(xs []fr.Element) (fr.Element, error) {
	perm := poseidon2.NewPermutation(Width, FullRounds, PartialRounds)
	state := make([]fr.Element, Width)
	rate := Width - 1
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
