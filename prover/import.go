package prover

import (
	"bufio"
	"context"
	"fmt"
	"io"

	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/verifier"
)

// Import takes Groth16 keys that a ceremony made for the compiled circuit (gnark's mpcsetup
// on Compiled.System; gnark's encoding, raw or compressed) and binds the program's weights.
// The keys are not marked as one-party keys: the caller vouches for the ceremony, two or
// more contributions to which must have been verified.
func Import(c *circuits.Compiled, provingKey, verifyingKey io.Reader) (k *Keys, err error) {
	if c.Program.Config.System != circuits.Groth16 {
		return nil, fmt.Errorf("program is for %s: %w", c.Program.Config.System, ErrKeys)
	}
	defer recoverDecoder(&err)
	pk, vk := new(g16.ProvingKey), new(g16.VerifyingKey)
	if _, err := pk.ReadFrom(bufio.NewReader(provingKey)); err != nil {
		return nil, fmt.Errorf("proving key: %w: %w", err, ErrKeys)
	}
	if _, err := vk.ReadFrom(bufio.NewReader(verifyingKey)); err != nil {
		return nil, fmt.Errorf("verifying key: %w: %w", err, ErrKeys)
	}
	k = &Keys{compiled: c, VerifyingKey: &verifier.VerifyingKey{Card: card(c)}}
	k.setGroth16(pk, vk)
	if _, err := k.prepare(); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrKeys)
	}
	return k.finish()
}

// ImportSRS makes PLONK keys from a universal reference string (gnark-crypto's kzg.SRS
// encoding for BN254), for instance of a public powers-of-tau ceremony.
func ImportSRS(ctx context.Context, c *circuits.Compiled, r io.Reader, p Progress) (k *Keys, err error) {
	if c.Program.Config.System != circuits.Plonk {
		return nil, fmt.Errorf("program is not for PLONK: %w", ErrKeys)
	}
	defer recoverDecoder(&err)
	srs := new(kzg.SRS)
	if _, err := srs.ReadFrom(bufio.NewReader(r)); err != nil {
		return nil, fmt.Errorf("SRS: %w: %w", err, ErrKeys)
	}
	k = &Keys{compiled: c, VerifyingKey: &verifier.VerifyingKey{Card: card(c)}}
	if err := k.setupPlonk(ctx, srs, p); err != nil {
		return nil, err
	}
	return k.finish()
}

// recoverDecoder turns the panics of gnark's decoders on absurd lengths into an error.
func recoverDecoder(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("decoding: %v: %w", r, ErrKeys)
	}
}
