package prover

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/groth16"
)

// ErrBind means that keys cannot be bound, as PLONK's, those of baked weights and those that
// are bound already, or are not bound.
var ErrBind = errors.New("nothing to bind")

// Bind returns keys that prove faster because everything that depends on the weights
// alone is computed once: their sums in every query and both commitment bases, and their
// products' bases folded into those of the inputs. It takes a second or so and pays from
// the first few proofs on.
//
// Bound keys are as secret as the weights: they hold unblinded sums over them.
func (k *Keys) Bind(ctx context.Context) (*Keys, error) {
	if k.plonk != nil || k.compiled.Flat != nil || !k.compiled.Committed() {
		return nil, fmt.Errorf("bind: keys without committed weights under Groth16: %w", ErrBind)
	}
	if err := k.hasProvingKey(); err != nil {
		return nil, err
	}
	size := extentOf(k.compiled)
	size.key *= 1.3
	if err := checkMemory(size.proveBytes()); err != nil {
		return nil, err
	}
	if k.groth16.Bound() {
		return nil, fmt.Errorf("keys are bound: %w", ErrBind)
	}
	wires, values := k.boundWires()
	bound, err := k.free.Bind(ctx, wires, values)
	if err != nil {
		return nil, err
	}
	return &Keys{VerifyingKey: k.VerifyingKey, compiled: k.compiled, groth16: bound, free: k.free, weights: k.weights}, nil
}

// boundWires lists what a committed model fixes: weights, blinding and the mask of their
// commitment.
func (k *Keys) boundWires() (wires []int, values []fr.Element) {
	info := k.compiled.System.GetCommitments().(constraint.Groth16Commitments)
	return info[0].PrivateCommitted, append(slices.Clone(k.weights), fr.Element{})
}

// BoundKeyFile is the name of a bound key in a key folder. It replaces the proving key for
// this model, and is as secret as the weights.
const BoundKeyFile = "bound.key"

// boundMagic starts a bound key's file; a digest of verifying key and weights, the key and
// the SHA-256 of all that follow.
const boundMagic = "nnark-bound-key-2\n\n\n" // as long as provingMagic

// SaveBound writes bound keys into a folder, readable by the owner alone, beside the
// verifying key and the opening, which [LoadBound] needs too. It fails with [ErrBind] for
// keys that are not bound.
func (k *Keys) SaveBound(dir string) error {
	if k.groth16 == nil {
		return fmt.Errorf("keys of another system than Groth16: %w", ErrBind)
	}
	if !k.groth16.Bound() {
		return fmt.Errorf("keys are not bound: %w", ErrBind)
	}
	return writeSummed(filepath.Join(dir, BoundKeyFile), 0o600, k.boundHead(), k.groth16.WriteKey)
}

// boundHead names the verifying key and the weights. The blinding among them makes the
// digest say nothing about the others.
func (k *Keys) boundHead() []byte {
	h := sha256.New()
	vk := k.VerifyingKey.Digest()
	h.Write(vk[:])
	for i := range k.weights {
		b := k.weights[i].Bytes()
		h.Write(b[:])
	}
	return h.Sum([]byte(boundMagic))
}

// LoadBound reads bound keys. Damaged files, those of another model and those under which
// proofs would not hide their input are [ErrKeys].
func LoadBound(dir string, c *circuits.Compiled) (*Keys, error) {
	k, err := loadVerifyingKey(dir, c)
	if err != nil {
		return nil, err
	}
	if k.VerifyingKey.Groth16 == nil || !c.Committed() {
		return nil, fmt.Errorf("%s: %w", BoundKeyFile, ErrBind)
	}
	blinding, err := readOpening(filepath.Join(dir, OpeningFile), c.Program.Architecture())
	if err != nil {
		return nil, err
	}
	k.weights = c.Plan.PackedWeights(blinding)
	wires, values := k.boundWires()
	err = readSummed(filepath.Join(dir, BoundKeyFile), k.boundHead(), func(r io.Reader) (err error) {
		if k.groth16, err = groth16.ReadKey(r, c.System.(*cs.R1CS), wires, values); err == nil {
			err = k.groth16.Matches(gnarkKey(k.VerifyingKey.Groth16))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", BoundKeyFile, err)
	}
	return k, nil
}
