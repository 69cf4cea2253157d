package circuits

import (
	"errors"
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
)

var (
	// ErrProgram means that a program or a program file contradicts itself.
	ErrProgram = errors.New("malformed program")
	// ErrBound means that integers could leave the range the program declares for them.
	ErrBound = errors.New("values exceed their declared range")
	// ErrInput means that an input does not fit the model: its size, or a value outside the
	// declared range.
	ErrInput = errors.New("input does not fit the model")
	// ErrOutside is the [ErrInput] of reals outside the declared range.
	ErrOutside = fmt.Errorf("outside the declared range: %w", ErrInput)
	// ErrTarget means that no quantization that was tried met the accuracy target.
	ErrTarget = errors.New("accuracy target not met")
	// ErrBaked means that weights are part of the circuit.
	ErrBaked = errors.New("the weights are baked into the circuit")
	// ErrRange means that the range of an integer in the circuit is not excluded from
	// overflow.
	ErrRange = relation.ErrRange
	// ErrSize means that a program is larger than what a proof can hold.
	ErrSize = relation.ErrSize
)
