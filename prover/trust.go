package prover

import (
	"context"
	"fmt"

	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/ceremony"
	"github.com/nnark/nnark/verifier"
)

// FromCeremony verifies a ceremony for the compiled circuit, binds the program's weights to its
// keys and proves one input with them. It is the only thing that takes the mark of
// one-party keys off under Groth16: keys look the same whoever made them. What the
// transcript does not bear out is [ErrKeys].
func FromCeremony(ctx context.Context, c *circuits.Compiled, t *ceremony.Transcript, o ceremony.Options) (*Keys, error) {
	if err := checkMemory(extentOf(c).proveBytes()); err != nil {
		return nil, err
	}
	v, err := verifyCeremony(ctx, c, t, o)
	if err != nil {
		return nil, err
	}
	pk, vk, err := v.Keys()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrKeys)
	}
	return assemble(ctx, c, pk, vk, setupOf(v))
}

func verifyCeremony(ctx context.Context, c *circuits.Compiled, t *ceremony.Transcript, o ceremony.Options) (*ceremony.Verified, error) {
	if c.Program.Config.System != circuits.Groth16 {
		return nil, fmt.Errorf("a ceremony is for Groth16: %w", ErrSystem)
	}
	v, err := ceremony.Verify(ctx, t, c.System.(*cs.R1CS), o)
	if err != nil {
		return nil, fmt.Errorf("ceremony: %w: %w", err, ErrKeys)
	}
	return v, nil
}

// setupOf is what a card says of a ceremony.
func setupOf(v *ceremony.Verified) verifier.Setup {
	return verifier.Setup{Kind: verifier.Ceremony, Contributions: v.Contributions, Transcript: v.Hash}
}
