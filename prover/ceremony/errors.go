package ceremony

import (
	"errors"
	"fmt"
)

var (
	// ErrTranscript means that bytes are not a transcript: of another format, truncated,
	// damaged, or with something behind it.
	ErrTranscript = errors.New("not a ceremony's transcript")
	// ErrInvalid means that a transcript is false: a step or a point is not what came
	// before makes it.
	ErrInvalid = errors.New("false transcript")
	// ErrIncomplete means that contributions or a beacon are missing.
	ErrIncomplete = errors.New("the ceremony is not complete")
	// ErrCircuit means that a transcript is for another circuit, or none can be made for it.
	ErrCircuit = errors.New("another circuit")
	// ErrPhase1 means that phase 1 was imported, and is none that the caller accepts.
	ErrPhase1 = errors.New("phase 1 is not accepted")
	// ErrClosed means that the ceremony is over.
	ErrClosed = errors.New("the ceremony is closed")
	// ErrText means that a name, a statement or a beacon's value may not stand in a step.
	ErrText = errors.New("bad text")
	// ErrPtau means that a file does not hold the powers of tau that are needed.
	ErrPtau = errors.New("unusable powers-of-tau file")
)

func invalid(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrInvalid)...)
}

func malformed(format string, args ...any) error {
	return fmt.Errorf(format+": %w", append(args, ErrTranscript)...)
}
