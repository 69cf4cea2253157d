package prover

import (
	"context"
	"fmt"
	"io"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/flat"
	"github.com/nnark/nnark/prover/internal/raw"
	"github.com/nnark/nnark/verifier"
)

// flatPowers is the number of powers of tau that the flat argument takes for a program.
func flatPowers(c *circuits.Compiled) uint64 { return 1 << c.Flat.Plan.Row }

// setupFlat takes powers of tau from a reference string, or draws them if srs is nil. That is all
// the setup there is.
func (k *Keys) setupFlat(ctx context.Context, srs *kzg.SRS) error {
	if srs == nil {
		canonical, _, err := newSRS(ctx, flatPowers(k.compiled))
		if err != nil {
			return err
		}
		srs = &canonical
	}
	if uint64(len(srs.Pk.G1)) < flatPowers(k.compiled) {
		return fmt.Errorf("SRS of %d points, the plan needs %d: %w", len(srs.Pk.G1), flatPowers(k.compiled), ErrKeys)
	}
	k.powers = srs.Pk.G1[:flatPowers(k.compiled)]
	k.VerifyingKey.Flat = &verifier.FlatKey{Plan: k.compiled.Flat.Plan, G2Tau: srs.Vk.G2[1]}
	return nil
}

// commitFlat commits to the rows of the program's weights.
func (k *Keys) commitFlat(blinding fr.Element) error {
	k.weights = fr.Vector{blinding}
	values, weights, err := k.compiled.Flat.Model()
	if err != nil {
		return err
	}
	p, err := flat.New(context.Background(), k.compiled.Flat.Plan, k.powers, values, weights, flat.Blinders(blinding, k.compiled.Flat.Plan))
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrKeys)
	}
	k.flat = p
	key := verifier.FlatKey{Plan: k.compiled.Flat.Plan, Model: p.Key().Model}
	if k.VerifyingKey.Flat != nil {
		key.G2Tau = k.VerifyingKey.Flat.G2Tau
	}
	k.VerifyingKey.Flat = &key
	return nil
}

func (k *Keys) proveFlat(ctx context.Context, values [][]int64, o Options) (*verifier.Proof, error) {
	w, err := k.compiled.FlatWitness(values, o.Context)
	if err != nil {
		return nil, err
	}
	stages := map[string]float64{"witness": 0.02, "tables": 0.25, "sums": 0.45, "claims": 0.6, "opening": 0.75}
	digest := k.VerifyingKey.Digest()
	proof, err := k.flat.Prove(ctx, verifier.StatementHash(digest, w.Statement), w.Values, w.Public, func(stage string) { o.Progress.report(stage, stages[stage]) })
	if err != nil {
		return nil, err
	}
	return &verifier.Proof{KeyDigest: digest, Statement: w.Statement, Flat: proof}, nil
}

// writeFlat writes the proving key: the powers of tau.
func (k *Keys) writeFlat(to io.Writer) error {
	w := &raw.Writer{W: to}
	raw.WritePoints(w, k.powers)
	return w.Err
}

// readFlat reads powers of tau, which are checked to be the verifying key's.
func (k *Keys) readFlat(from io.Reader) error {
	if err := k.samePlan(); err != nil {
		return err
	}
	powers := make([]bn254.G1Affine, flatPowers(k.compiled))
	r := &raw.Reader{R: from}
	if raw.ReadPoints(r, powers); r.Err != nil {
		return r.Err
	}
	_, _, g1, g2 := bn254.Generators()
	vk := kzgKey(g1, g2, k.VerifyingKey.Flat.G2Tau)
	if err := checkSRS(powers, &vk); err != nil {
		return err
	}
	k.powers = powers
	return nil
}

// samePlan compares the verifying key's plan with the program's.
func (k *Keys) samePlan() error {
	if string(k.VerifyingKey.Flat.Plan.AppendTo(nil)) != string(k.compiled.Flat.Plan.AppendTo(nil)) {
		return fmt.Errorf("%s has another plan than the program: %w", VerifyingKeyFile, ErrKeys)
	}
	return nil
}
