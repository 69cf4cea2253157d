package prover

import (
	"context"
	"fmt"

	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits"
)

// Ceremony is what a ceremony's verified transcript says of a circuit's keys.
type Ceremony struct {
	ProvingKey    *g16.ProvingKey
	VerifyingKey  *g16.VerifyingKey
	Contributions int // by different parties, all verified
}

// Evidence recomputes Groth16 keys for a circuit from a ceremony's transcript, of which it
// verified every step, or fails. It is the only thing that takes the mark of one-party keys
// off: files with keys look the same whoever made them.
type Evidence func(ctx context.Context, circuit *cs.R1CS) (*Ceremony, error)

// minContributions is the number of parties of which one is enough to be honest.
const minContributions = 2

// FromCeremony binds the program's weights to the keys of a ceremony and proves one input
// with them. A ceremony of one party is [ErrKeys].
func FromCeremony(ctx context.Context, c *circuits.Compiled, e Evidence) (*Keys, error) {
	made, err := checkCeremony(ctx, c, e)
	if err != nil {
		return nil, err
	}
	return assemble(ctx, c, made.ProvingKey, made.VerifyingKey, false)
}

func checkCeremony(ctx context.Context, c *circuits.Compiled, e Evidence) (*Ceremony, error) {
	if c.Program.Config.System != circuits.Groth16 {
		return nil, fmt.Errorf("a ceremony is for Groth16: %w", ErrSystem)
	}
	made, err := e(ctx, c.System.(*cs.R1CS))
	if err != nil {
		return nil, fmt.Errorf("ceremony: %w: %w", err, ErrKeys)
	}
	if made.Contributions < minContributions {
		return nil, fmt.Errorf("ceremony with %d contributions, want %d of different parties: %w", made.Contributions, minContributions, ErrKeys)
	}
	return made, nil
}
