package verifier

import (
	"crypto/rand"
	"fmt"
)

// BatchError says which proofs of a batch are not accepted, and why.
type BatchError struct {
	Indexes []int   // increasing
	Errs    []error // Errs[i] is what Verify says of proof Indexes[i]
}

func (e *BatchError) Error() string {
	return fmt.Sprintf("%d proofs of the batch not accepted; proof %d: %v", len(e.Indexes), e.Indexes[0], e.Errs[0])
}

// Unwrap returns the verdicts of all proofs that are not accepted.
func (e *BatchError) Unwrap() []error { return e.Errs }

// VerifyBatch checks many proofs of one key at once, by one random linear
// combination of their equations: a Groth16 proof then costs one Miller loop,
// a PLONK proof none, and the batch one final exponentiation. The options hold
// for every proof. It returns all statements or, when some proofs are not
// accepted, a [*BatchError] that names exactly those, found one by one. An
// empty batch is accepted.
//
// A batch with an unacceptable proof passes with probability at most 2^-127.
func VerifyBatch(vk *VerifyingKey, proofs []*Proof, opts ...Option) ([]*Statement, error) {
	key, err := vk.prepare()
	if err != nil {
		return nil, err
	}
	statements := make([]*Statement, len(proofs))
	c := newConfig(opts)
	for i, p := range proofs {
		if statements[i], err = vk.open(key, p, c); err != nil {
			return nil, findOffenders(vk, proofs, opts)
		}
	}
	if len(proofs) == 0 {
		return statements, nil
	}
	var seed [32]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return nil, fmt.Errorf("no randomness: %w", err)
	}
	if key.system.check(key.digest, proofs, newCoefficients(seed)) != nil {
		return nil, findOffenders(vk, proofs, opts)
	}
	return statements, nil
}

func findOffenders(vk *VerifyingKey, proofs []*Proof, opts []Option) error {
	e := new(BatchError)
	for i, p := range proofs {
		if _, err := Verify(vk, p, opts...); err != nil {
			e.Indexes = append(e.Indexes, i)
			e.Errs = append(e.Errs, err)
		}
	}
	if len(e.Indexes) == 0 {
		return rejected("the batch does not hold")
	}
	return e
}
