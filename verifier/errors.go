package verifier

import (
	"errors"
	"fmt"
)

// The three verdicts other than acceptance. Every error of this package is one
// of them, to be told apart with errors.Is.
var (
	// ErrMalformed: bytes, a key or a structure that no honest party produces.
	ErrMalformed = errors.New("malformed")
	// ErrWrongModel: the proof names another verifying key.
	ErrWrongModel = errors.New("proof of another model")
	// ErrRejected: well formed, and not accepted.
	ErrRejected = errors.New("rejected")
)

// Kinds of [ErrRejected] that follow from what the caller asked for.
var (
	// ErrContext: the statement's context is not the expected one.
	ErrContext = fmt.Errorf("%w: other context", ErrRejected)
	// ErrInput: the statement's input is not the expected one.
	ErrInput = fmt.Errorf("%w: other input", ErrRejected)
	// ErrOtherKey: the verifying key is not the one whose digest the caller pinned.
	ErrOtherKey = fmt.Errorf("%w: other verifying key than the expected one", ErrRejected)
	// ErrOpening: a digest of the statement is not that of the values and the salt given.
	ErrOpening = fmt.Errorf("%w: a digest does not open", ErrRejected)
	// ErrUnsafeKey: the key comes from a one-party setup and the caller refuses those.
	ErrUnsafeKey = fmt.Errorf("%w: key of a one-party setup", ErrRejected)
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}

func rejected(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrRejected}, args...)...)
}

func inputError(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrInput}, args...)...)
}
