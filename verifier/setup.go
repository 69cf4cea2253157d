package verifier

import "fmt"

// Setup says who made a key's proof system part, and so who could forge proofs. It is the
// word of whoever wrote the key: a ceremony's can be checked with its transcript, by an
// audit (package prover).
type Setup struct {
	Kind SetupKind
	// Contributions is the number of parties to a ceremony, at least 2, of whom one honest one
	// is enough; 0 for other kinds.
	Contributions int
	// Transcript is the hash of a ceremony's steps; zero for other kinds.
	Transcript [32]byte
}

// SetupKind is a way to make a key.
type SetupKind uint8

const (
	// OneParty knew the setup's trapdoors, and could forge proofs; or nothing shows that
	// nobody did.
	OneParty SetupKind = iota
	// Ceremony made a Groth16 key.
	Ceremony
	// ReferenceString, a universal one that whoever set the key up trusts, made a key of PLONK or
	// the flat argument.
	ReferenceString
)

var setupNames = [...]string{"one party", "ceremony", "reference string"}

func (k SetupKind) String() string {
	if int(k) < len(setupNames) {
		return setupNames[k]
	}
	return fmt.Sprintf("unknown(%d)", uint8(k))
}

// Unsafe reports whether one party could forge proofs.
func (s *Setup) Unsafe() bool { return s.Kind == OneParty }

func (s *Setup) String() string {
	if s.Kind == Ceremony {
		return fmt.Sprintf("ceremony of %d, transcript %x", s.Contributions, s.Transcript)
	}
	return s.Kind.String()
}

// maxContributions bounds the parties of a ceremony.
const maxContributions = 1 << 16

// check reports a setup that the system does not have.
func (s *Setup) check(system System) error {
	if int(s.Kind) >= len(setupNames) || s.Kind == Ceremony && system != Groth16 || s.Kind == ReferenceString && system == Groth16 {
		return malformed("card: %v for %v", s.Kind, system)
	}
	none := s.Contributions == 0 && s.Transcript == [32]byte{}
	full := s.Contributions >= 2 && s.Contributions <= maxContributions && s.Transcript != [32]byte{}
	if s.Kind == Ceremony && !full || s.Kind != Ceremony && !none {
		return malformed("card: %v of %d parties", s.Kind, s.Contributions)
	}
	return nil
}

func (s *Setup) encode(e *encoder) {
	e.raw(byte(s.Kind))
	if s.Kind == Ceremony {
		e.uint32(uint32(s.Contributions))
		e.raw(s.Transcript[:]...)
	}
}

func decodeSetup(d *decoder) (s Setup) {
	s.Kind = SetupKind(d.uint8())
	if s.Kind == Ceremony {
		s.Contributions = int(d.uint32())
		s.Transcript = d.hash()
	}
	return s
}
