package prover

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/flat"
	"github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/prover/plonk"
	"github.com/nnark/nnark/verifier"
)

var (
	// ErrKeys means that keys are damaged or do not belong to the program.
	ErrKeys = errors.New("keys do not fit")
	// ErrNoProvingKey means that bound keys were read from a file, which holds nothing but
	// what proves one model's answers: they cannot be saved, bound or given another model.
	ErrNoProvingKey = errors.New("keys without a proving key")
	// ErrSystem means that keys or a proof are of another proof system.
	ErrSystem = errors.New("another proof system")
	// ErrExists means that a folder holds other keys, which saving would destroy.
	ErrExists = errors.New("other keys are there")
	// ErrSelfCheck means that a finished proof did not verify; the proof is not returned.
	ErrSelfCheck = errors.New("proof failed its own check")
)

// Keys are a compiled network's proving and verifying keys. They are safe for
// concurrent use.
type Keys struct {
	VerifyingKey *verifier.VerifyingKey

	compiled *circuits.Compiled
	groth16  *groth16.Prover  // under Groth16: what proves, bound or not
	free     *groth16.Prover  // the same before it was bound; nil if it was read from a bound key's file
	plonk    *plonk.Prover    // under PLONK
	flat     *flat.Prover     // under Flat, with a model
	powers   []bn254.G1Affine // under Flat: of tau
	weights  fr.Vector        // packed weights and the blinding, empty if baked; under Flat the blinding alone
}

// hasProvingKey reports, as [ErrNoProvingKey], keys that were read from a bound key's file.
func (k *Keys) hasProvingKey() error {
	if k.free == nil && k.plonk == nil && k.powers == nil {
		return fmt.Errorf("bound keys were read from %s: load %s instead: %w", BoundKeyFile, ProvingKeyFile, ErrNoProvingKey)
	}
	return nil
}

// Progress is told what a long operation does and how far it is, from 0 to 1. It may be
// called from several goroutines, one call at a time. The stages are, of a proof, "witness", then
// under Groth16 "commit", "solve", "quotient", "sums", under PLONK "columns", "solve", "wires",
// "permutation", "quotient", "openings", under the flat argument "tables", "sums", "claims",
// "opening", then "check" and "done"; of keys "setup", "reference
// string", "Lagrange form"; of an audit also "ceremony".
type Progress func(stage string, done float64)

func (p Progress) report(stage string, done float64) {
	if p != nil {
		p(stage, done)
	}
}

// UnsafeSetup makes keys in this process. Whoever runs it could keep what it throws away
// and prove false statements: the keys are marked, for verifiers that refuse them. It
// suits development, and settings where the verifier runs it.
func UnsafeSetup(ctx context.Context, c *circuits.Compiled, p Progress) (*Keys, error) {
	k := &Keys{compiled: c, VerifyingKey: &verifier.VerifyingKey{Card: card(c)}}
	if err := checkMemory(extentOf(c).setupBytes()); err != nil {
		return nil, err
	}
	p.report("setup", 0)
	switch c.Program.Config.System {
	case circuits.Plonk:
		if err := k.setupPlonk(ctx, nil, "", p); err != nil {
			return nil, err
		}
		return k.finish()
	case circuits.Flat:
		if err := k.setupFlat(ctx, nil); err != nil {
			return nil, err
		}
		return k.finish()
	}
	pk, vk, err := groth16.Setup(ctx, c.System.(*cs.R1CS), func(done float64) { p.report("setup", done) })
	if err != nil {
		return nil, err
	}
	if err := k.setGroth16(pk, vk); err != nil {
		return nil, err
	}
	return k.finish()
}

// finish binds the program's weights with a fresh blinding and checks the verifying key.
func (k *Keys) finish() (*Keys, error) {
	if k.compiled.Committed() {
		var blinding fr.Element
		if _, err := blinding.SetRandom(); err != nil {
			return nil, fmt.Errorf("randomness: %w", err)
		}
		if err := k.commit(blinding); err != nil {
			return nil, err
		}
	}
	if err := k.VerifyingKey.Check(); err != nil {
		return nil, fmt.Errorf("verifying key: %w: %w", err, ErrKeys)
	}
	return k, nil
}

// commit sets the model's identity in the verifying key: under Groth16 the Pedersen
// commitment over the key's own basis to the packed weights, the blinding and gnark's
// mask, which is zero; under PLONK the selector Qr with weights and blinding; under the flat
// argument the rows of weights.
func (k *Keys) commit(blinding fr.Element) error {
	if k.compiled.Flat != nil {
		return k.commitFlat(blinding)
	}
	k.weights = k.compiled.Plan.PackedWeights(blinding)
	if k.plonk != nil {
		return k.hideWeights()
	}
	wires := k.free.Committed(0) // of weights, blinding and gnark's mask
	if len(wires) != len(k.weights)+1 {
		return fmt.Errorf("key commits to %d weights, program has %d: %w", len(wires)-2, len(k.weights)-1, ErrKeys)
	}
	if err := k.free.CheckHides(0, wires[len(wires)-2]); err != nil {
		return fmt.Errorf("%w: %w", err, ErrKeys)
	}
	c, pok, err := k.free.Commit(context.Background(), 0, append(slices.Clone(k.weights), fr.Element{}))
	if err != nil {
		return err
	}
	k.VerifyingKey.Groth16.Weights = &verifier.WeightCommitment{C: c, PoK: pok}
	return nil
}

// WithModel returns the keys of another program of the same architecture, bound with a
// fresh blinding. It fails with [ErrKeys] if the architecture, or a baked weight, differs,
// and with [ErrNoProvingKey] for keys of [LoadBound].
func (k *Keys) WithModel(p *circuits.Program) (*Keys, error) {
	if err := k.hasProvingKey(); err != nil {
		return nil, err
	}
	if p.SetupDigest() != k.compiled.Program.SetupDigest() {
		return nil, fmt.Errorf("program %q needs another setup: %w", p.Name, ErrKeys)
	}
	c, err := circuits.Compile(p)
	if err != nil {
		return nil, err
	}
	n := &Keys{compiled: c, groth16: k.free, free: k.free, VerifyingKey: &verifier.VerifyingKey{Card: card(c)}}
	n.VerifyingKey.Card.Setup = k.VerifyingKey.Card.Setup
	switch {
	case k.plonk != nil:
		n.setPlonk(k.plonk)
	case k.powers != nil:
		n.powers = k.powers
		n.VerifyingKey.Flat = &verifier.FlatKey{Plan: c.Flat.Plan, G2Tau: k.VerifyingKey.Flat.G2Tau}
	default:
		key := *k.VerifyingKey.Groth16
		n.VerifyingKey.Groth16 = &key // whose circuit is the same, too
	}
	return n.finish()
}

// setGroth16 takes gnark's keys.
func (k *Keys) setGroth16(pk *g16.ProvingKey, vk *g16.VerifyingKey) error {
	p, err := groth16.New(k.compiled.System.(*cs.R1CS), pk)
	if err != nil {
		return fmt.Errorf("%w: %w", err, ErrKeys)
	}
	k.groth16, k.free = p, p
	g := &verifier.Groth16Key{Alpha: vk.G1.Alpha, Beta: vk.G2.Beta, Gamma: vk.G2.Gamma, Delta: vk.G2.Delta, K: vk.G1.K}
	for _, c := range vk.CommitmentKeys {
		g.CommitmentG = c.G
		g.CommitmentSigmaNeg = append(g.CommitmentSigmaNeg, c.GSigmaNeg)
	}
	k.VerifyingKey.Groth16 = g
	return nil
}

// Compiled returns the network the keys are for.
func (k *Keys) Compiled() *circuits.Compiled { return k.compiled }

// card describes the program to verifiers, with keys of one party.
func card(c *circuits.Compiled) verifier.Card {
	p := c.Program
	out := verifier.Card{Name: p.Name, System: p.Config.System, Architecture: p.Architecture(), Labels: p.Labels}
	if !c.Committed() {
		out.Weights = verifier.BakedWeights
	}
	port := func(o *circuits.Port, v circuits.Visibility) verifier.TensorCard {
		t := verifier.TensorCard{Name: o.Name, Shape: o.Shape, Exp: o.Exp, Lo: o.Range.Lo, Hi: o.Range.Hi, RealLo: o.RealLo, RealHi: o.RealHi}
		switch v {
		case circuits.Private:
			t.Mode = verifier.Private
		case circuits.Digest:
			t.Mode = verifier.Digest
		}
		return t
	}
	for i := range p.Inputs {
		out.Inputs = append(out.Inputs, port(&p.Inputs[i], p.Config.Input))
	}
	for i := range p.Outputs {
		out.Outputs = append(out.Outputs, port(&p.Outputs[i], p.Config.Output))
	}
	return out
}
