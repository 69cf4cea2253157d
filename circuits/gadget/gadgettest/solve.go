// Package gadgettest solves circuits in tests, for honest and for lying witnesses.
//
// Real proofs are not needed to refuse a lie: the solver runs with gnark's challenge hint
// replaced by a hash of the claimed statement and of all committed values, as a proof's
// challenges are, so a liar cannot choose values after seeing the challenge.
package gadgettest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/backend/witness"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/constraint/solver"
	fcs "github.com/consensys/gnark/frontend/cs"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/verifier"
)

// Mask is what gnark's masks of commitments are fixed to.
const Mask = 12345

// Unsatisfied is the error of a constraint that a witness violates.
type Unsatisfied = cs.UnsatisfiedConstraintError

// Solve runs a plan's constraint system on a witness. It returns an error of type
// *[Unsatisfied] for a violated constraint; any other error is a fault of the test.
func Solve(plan *gadget.Plan, system constraint.ConstraintSystem, w *gadget.Witness) error {
	_, err := Solution(plan, system, w)
	return err
}

// Solution is [Solve] that returns the values of all wires, as gnark's solver does.
func Solution(plan *gadget.Plan, system constraint.ConstraintSystem, w *gadget.Witness) (any, error) {
	public := w.Statement
	var want []*big.Int
	if !plan.Plonk {
		var err error
		if want, err = challenges(system, w); err != nil {
			return nil, err
		}
		var z fr.Element
		public = fr.Vector{verifier.FoldStatement(w.Statement, *z.SetBigInt(want[len(want)-1]))}
	}
	full, err := assigned(public, w.Secret)
	if err != nil {
		return nil, err
	}
	return system.Solve(full, solver.WithNbTasks(1),
		solver.OverrideHint(solver.GetHintID(fcs.Bsb22CommitmentComputePlaceholder), func(_ *big.Int, in, out []*big.Int) error {
			out[0].Set(challenge(w.Statement, in))
			if i := int(in[0].Int64()); want != nil && want[i].Cmp(out[0]) != 0 {
				return errors.New("the challenge differs from the one computed before")
			}
			return nil
		}),
		solver.OverrideHint(randomizeID, func(_ *big.Int, _, out []*big.Int) error {
			out[0].SetInt64(Mask)
			return nil
		}))
}

// randomizeID is the hint that draws gnark's masks.
var randomizeID = func() solver.HintID {
	all := solver.GetRegisteredHints()
	i := slices.IndexFunc(all, func(h solver.Hint) bool { return strings.HasSuffix(solver.GetHintName(h), "internal/hints.Randomize") })
	if i < 0 {
		panic("gnark has no hint that draws masks")
	}
	return solver.GetHintID(all[i])
}()

// assigned fills a witness with public and secret values.
func assigned(public, secret fr.Vector) (witness.Witness, error) {
	full, err := witness.New(ecc.BN254.ScalarField())
	if err != nil {
		return nil, err
	}
	values := make(chan any, 16)
	go func() {
		defer close(values)
		for _, part := range []fr.Vector{public, secret} {
			for i := range part {
				values <- part[i]
			}
		}
	}()
	return full, full.Fill(len(public), len(secret), values)
}

// challenge hashes a claimed statement and everything a commitment takes.
func challenge(statement fr.Vector, in []*big.Int) *big.Int {
	h := sha256.New()
	for i := range statement {
		b := statement[i].Bytes()
		h.Write(b[:])
	}
	var buf [fr.Bytes]byte
	for _, x := range in {
		h.Write(x.FillBytes(buf[:]))
	}
	return new(big.Int).Mod(new(big.Int).SetBytes(h.Sum(nil)), fr.Modulus())
}

// challenges computes a Groth16 circuit's challenges before the solver does.
func challenges(system constraint.ConstraintSystem, w *gadget.Witness) ([]*big.Int, error) {
	value := map[int]*big.Int{} // of challenge wires
	var out []*big.Int
	first := system.GetNbPublicVariables()
	for i, c := range system.GetCommitments().(constraint.Groth16Commitments) {
		hashed := []*big.Int{big.NewInt(int64(i))}
		for _, wire := range c.PublicAndCommitmentCommitted {
			if value[wire] == nil {
				return nil, fmt.Errorf("commitment %d hashes wire %d: only challenges are hashed beside secrets", i, wire)
			}
			hashed = append(hashed, value[wire])
		}
		for _, wire := range c.PrivateCommitted {
			x := big.NewInt(Mask)
			if wire-first < len(w.Secret) {
				x = w.Secret[wire-first].BigInt(new(big.Int))
			}
			hashed = append(hashed, x)
		}
		z := challenge(w.Statement, hashed)
		value[c.CommitmentIndex] = z
		out = append(out, z)
	}
	return out, nil
}
