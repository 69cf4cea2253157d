package model

import (
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrMalformed reports a file that breaks the rules of its format, or holds
	// values no network can have (NaN, infinity).
	ErrMalformed = errors.New("malformed")
	// ErrUnsupported reports a valid file that needs something this package does
	// not have.
	ErrUnsupported = errors.New("unsupported")
	// ErrShape reports an input whose shape the file leaves open; WithShape and WithDim give
	// it. It wraps ErrUnsupported.
	ErrShape = fmt.Errorf("%w without a fixed shape", ErrUnsupported)
)

// Error is a fault of a model file. Err wraps ErrMalformed or ErrUnsupported.
type Error struct {
	File string // as given to LoadONNX or ParseONNX
	Node string // empty if the fault is not in a node
	Op   string
	Err  error
}

// Error prints the place, then the fault:
//
//	mnist.onnx: node "conv1" (Conv): dilations [2 2]: unsupported
func (e *Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	if e.Node != "" {
		fmt.Fprintf(&b, "node %q (%s): ", e.Node, e.Op)
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// InputError is a fault of an input: a file given to LoadInputs, or tensors given
// to Graph.Run. Err wraps ErrMalformed, ErrUnsupported, or an error of the file
// system.
type InputError struct {
	File  string // empty for tensors given to Graph.Run
	Input string // name of the model's input; empty if the fault is in no single one
	Err   error
}

// Error prints the place, then the fault:
//
//	digits.json: input "image": 783 values, want a multiple of 784 [1 1 28 28]: malformed
func (e *InputError) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File + ": ")
	}
	if e.Input != "" {
		fmt.Fprintf(&b, "input %q: ", e.Input)
	}
	b.WriteString(e.Err.Error())
	return b.String()
}

// Unwrap returns Err.
func (e *InputError) Unwrap() error { return e.Err }

func malformed(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrMalformed)
}

func unsupported(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrUnsupported)
}
