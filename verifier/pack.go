package verifier

import (
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier/statement"
)

// packing is how the tensor's integers share field elements.
func (t *TensorCard) packing() statement.Packing { return statement.Packing{Lo: t.Lo, Hi: t.Hi} }

// Pack encodes the integers q of a public tensor as field elements, by
// [statement.Packing]. It fails unless q has t.Size() integers, all in [Lo, Hi].
func Pack(t *TensorCard, q []int64) ([]fr.Element, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if len(q) != t.Size() {
		return nil, malformed("tensor %q: %d integers, %d expected", t.Name, len(q), t.Size())
	}
	out, err := t.packing().Pack(q)
	if err != nil {
		return nil, malformed("tensor %q: %v", t.Name, err)
	}
	return out, nil
}

// Unpack is the inverse of [Pack]. It fails when the number of elements is not
// that of the tensor, or when an element is not below B^(digits it holds):
// every tensor has one encoding.
func Unpack(t *TensorCard, e []fr.Element) ([]int64, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	q, err := t.packing().Unpack(t.Size(), e)
	if err != nil {
		return nil, malformed("tensor %q: %v", t.Name, err)
	}
	return q, nil
}
