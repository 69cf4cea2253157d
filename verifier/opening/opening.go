// Package opening opens the digests of statements: whoever has a tensor's values and the salt
// of its digest can check that a proof is about these values.
//
// A digest is Sum(Pack(values)..., salt): the packed tensor (verifier.Pack) and the salt,
// hashed by package poseidon2. Without the salt it says nothing about the values.
package opening

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/poseidon2"
)

// Digest returns the digest of a tensor's integers under a salt. It fails with
// verifier.ErrMalformed unless there are t.Size() integers in [t.Lo, t.Hi].
func Digest(t *verifier.TensorCard, ints []int64, salt fr.Element) (fr.Element, error) {
	packed, err := verifier.Pack(t, ints)
	if err != nil {
		return fr.Element{}, err
	}
	return poseidon2.Sum(append(packed, salt))
}

// Input accepts only proofs whose i-th input is a digest of these integers under the salt;
// other proofs fail with verifier.ErrOpening.
func Input(i int, ints []int64, salt fr.Element) verifier.Option {
	return verifier.WithCheck(func(s *verifier.Statement) error { return check("input", s.Inputs, i, ints, salt) })
}

// Output is [Input] for the i-th output.
func Output(i int, ints []int64, salt fr.Element) verifier.Option {
	return verifier.WithCheck(func(s *verifier.Statement) error { return check("output", s.Outputs, i, ints, salt) })
}

func check(kind string, tensors []verifier.Tensor, i int, ints []int64, salt fr.Element) error {
	if i < 0 || i >= len(tensors) {
		return fmt.Errorf("%w: the model has no %s %d", verifier.ErrOpening, kind, i)
	}
	t := &tensors[i]
	if t.Digest == nil {
		return fmt.Errorf("%w: %s %q is %v, not a digest", verifier.ErrOpening, kind, t.Card.Name, t.Card.Mode)
	}
	d, err := Digest(t.Card, ints, salt)
	if err != nil {
		return fmt.Errorf("%w: %v", verifier.ErrOpening, err)
	}
	if d != *t.Digest {
		return fmt.Errorf("%w: %s %q has other values or another salt", verifier.ErrOpening, kind, t.Card.Name)
	}
	return nil
}
