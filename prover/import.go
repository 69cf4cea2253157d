package prover

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/verifier"
)

// Import takes Groth16 keys that others made for the compiled circuit (gnark's mpcsetup
// on Compiled.System; gnark's encoding, raw or compressed), binds the program's weights and
// proves one input, which shows that the keys belong together. Nothing in the files shows
// who made them, so the keys are marked as one-party keys; those of a ceremony whose
// transcript was verified come from [FromCeremony].
func Import(c *circuits.Compiled, provingKey, verifyingKey io.Reader) (k *Keys, err error) {
	if c.Program.Config.System != circuits.Groth16 {
		return nil, fmt.Errorf("program is for %s: %w", c.Program.Config.System, ErrKeys)
	}
	if err := checkMemory(extentOf(c).proveBytes()); err != nil {
		return nil, err
	}
	defer recoverDecoder(&err)
	pk, err := groth16.ReadProvingKey(bufio.NewReader(provingKey), c.System.(*cs.R1CS))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrKeys)
	}
	vk, err := groth16.ReadVerifyingKey(bufio.NewReader(verifyingKey), c.System.(*cs.R1CS))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrKeys)
	}
	return assemble(context.Background(), c, pk, vk, verifier.Setup{})
}

// assemble makes keys of gnark's and tries them out.
func assemble(ctx context.Context, c *circuits.Compiled, pk *g16.ProvingKey, vk *g16.VerifyingKey, setup verifier.Setup) (*Keys, error) {
	k := &Keys{compiled: c, VerifyingKey: &verifier.VerifyingKey{Card: card(c)}}
	k.VerifyingKey.Card.Setup = setup
	for i := range vk.CommitmentKeys { // a verifying key of ours has one
		if vk.CommitmentKeys[i].G != vk.CommitmentKeys[0].G {
			return nil, fmt.Errorf("verifying key: commitments in different bases: %w", ErrKeys)
		}
	}
	if err := k.setGroth16(pk, vk); err != nil {
		return nil, err
	}
	if _, err := k.finish(); err != nil { // checks the verifying key's points
		return nil, err
	}
	if err := k.free.Matches(gnarkKey(k.VerifyingKey.Groth16)); err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrKeys)
	}
	if _, err := k.Prove(ctx, leastInput(c.Program), Options{}); err != nil {
		return nil, fmt.Errorf("proving and verifying key do not belong together: %w: %w", err, ErrKeys)
	}
	return k, nil
}

// leastInput is an input in range.
func leastInput(p *circuits.Program) [][]int64 {
	in := make([][]int64, len(p.Inputs))
	for i, port := range p.Inputs {
		n := 1
		for _, d := range port.Shape {
			n *= d
		}
		in[i] = slices.Repeat([]int64{port.Range.Lo}, n)
	}
	return in
}

// SRSOptions are for [ImportSRS].
type SRSOptions struct {
	// Accepted lists digests (verifier.PlonkKey.SRSDigest) of reference strings that the caller
	// trusts, from a source they trust.
	Accepted [][32]byte
	// Cache is a folder that keeps Lagrange forms, by a string's digest and their size, for the
	// next import; "" keeps none. What is found there is checked against the string.
	Cache    string
	Progress Progress
}

// ImportSRS makes keys of PLONK or the flat argument from a universal reference string: gnark-crypto's kzg.SRS
// encoding for BN254, or a powers-of-tau file of snarkjs's format, at least as large as the
// circuit. That it is one, by its form, is checked with pairings; who knows its secret no
// file shows. So the keys are marked as one-party keys unless its digest is accepted. A
// string with a digest that is not on the list, if there is one, is [ErrKeys].
func ImportSRS(ctx context.Context, c *circuits.Compiled, file io.ReaderAt, o SRSOptions) (k *Keys, err error) {
	if c.Program.Config.System == circuits.Groth16 {
		return nil, fmt.Errorf("program is for %s, which takes no reference string: %w", c.Program.Config.System, ErrKeys)
	}
	defer recoverDecoder(&err)
	o.Progress.report("reference string", 0)
	srs, err := readSRS(file, srsSize(c))
	if err != nil {
		return nil, fmt.Errorf("SRS: %w: %w", err, ErrKeys)
	}
	k = &Keys{compiled: c, VerifyingKey: &verifier.VerifyingKey{Card: card(c)}}
	unknown, err := unknownSRS(srs, o.Accepted)
	if err != nil {
		return nil, err
	}
	if !unknown {
		k.VerifyingKey.Card.Setup.Kind = verifier.ReferenceString
	}
	if c.Flat != nil {
		err = k.setupFlat(ctx, srs)
	} else {
		err = k.setupPlonk(ctx, srs, o.Cache, o.Progress)
	}
	if err != nil {
		return nil, err
	}
	return k.finish()
}

// srsSize is the number of powers of tau that keys of a circuit take.
func srsSize(c *circuits.Compiled) uint64 {
	if c.Flat != nil {
		return flatPowers(c)
	}
	return plonkSize(c) + blindingDegree
}

// unknownSRS reports whether nobody vouches for a reference string.
func unknownSRS(srs *kzg.SRS, accepted [][32]byte) (bool, error) {
	digest := (&verifier.PlonkKey{G2Tau: srs.Vk.G2[1]}).SRSDigest()
	if len(accepted) > 0 && !slices.Contains(accepted, digest) {
		return true, fmt.Errorf("SRS: its digest is %s, which is not accepted: %w", hex.EncodeToString(digest[:]), ErrKeys)
	}
	return len(accepted) == 0, nil
}

// recoverDecoder turns the panics of gnark's decoders on absurd lengths into an error.
func recoverDecoder(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("decoding: %v: %w", r, ErrKeys)
	}
}
