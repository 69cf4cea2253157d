// Package statement holds what the makers and the verifiers of statements share: the words for
// what a proof shows, how integers are packed into field elements, and with package
// verifier/poseidon2 how they are digested. It imports nothing but field arithmetic.
package statement

import (
	"fmt"
	"slices"
	"strconv"
)

// System is a proof system, over BN254.
type System uint8

// The proof systems.
const (
	Groth16 System = iota
	Plonk
	Flat
)

// Weights says where a model's weights are.
type Weights uint8

const (
	// Committed weights are private: the verifying key holds a hiding commitment, which
	// identifies the model.
	Committed Weights = iota
	// Baked weights are constants of the circuit: the key itself identifies the model.
	Baked
)

// Visibility says how much of a tensor a statement shows.
type Visibility uint8

const (
	// Public tensors are in the statement, packed.
	Public Visibility = iota
	// Private tensors are not in the statement. For inputs only.
	Private
	// Digest tensors are in the statement as one salted Poseidon2 digest.
	Digest
)

var (
	systems      = []string{"groth16", "plonk", "flat"}
	weights      = []string{"committed", "baked"}
	visibilities = []string{"public", "private", "digest"}
)

// Known reports whether there is such a system.
func (s System) Known() bool { return int(s) < len(systems) }

// Known reports whether there is such a place.
func (w Weights) Known() bool { return int(w) < len(weights) }

// Known reports whether there is such a visibility.
func (v Visibility) Known() bool { return int(v) < len(visibilities) }

func (s System) String() string     { return name(systems, int(s)) }
func (w Weights) String() string    { return name(weights, int(w)) }
func (v Visibility) String() string { return name(visibilities, int(v)) }

func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "unknown(" + strconv.Itoa(i) + ")"
}

// The texts of a program file: the name, or nothing for the first of each kind, the default.

// MarshalText implements encoding.TextMarshaler.
func (s System) MarshalText() ([]byte, error) { return text(systems, int(s)) }

// MarshalText implements encoding.TextMarshaler.
func (w Weights) MarshalText() ([]byte, error) { return text(weights, int(w)) }

// MarshalText implements encoding.TextMarshaler.
func (v Visibility) MarshalText() ([]byte, error) { return text(visibilities, int(v)) }

func text(names []string, i int) ([]byte, error) {
	switch {
	case i == 0:
		return []byte{}, nil
	case i < len(names):
		return []byte(names[i]), nil
	}
	return nil, fmt.Errorf("no word for %s", name(names, i))
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *System) UnmarshalText(b []byte) error { return parse(s, systems, b) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *Weights) UnmarshalText(b []byte) error { return parse(w, weights, b) }

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Visibility) UnmarshalText(b []byte) error { return parse(v, visibilities, b) }

func parse[T ~uint8](into *T, names []string, b []byte) error {
	i := slices.Index(names, string(b))
	if len(b) == 0 {
		i = 0
	}
	if i < 0 {
		return fmt.Errorf("%q is none of %q", b, names)
	}
	*into = T(i)
	return nil
}
