package groth16

import (
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/consensys/gnark/frontend/cs/scs"
	"github.com/stretchr/testify/require"
)

// TestLayoutRefuses: constraint systems of another kind, or that contradict themselves, have
// no wires.
func TestLayoutRefuses(t *testing.T) {
	other, err := frontend.Compile(ecc.BN254.ScalarField(), scs.NewBuilder, newPlain(2, 2))
	require.NoError(t, err)
	_, err = WiresOf((*cs.R1CS)(other.(*cs.SparseR1CS)))
	require.ErrorIs(t, err, ErrCircuit)
	named := *(*cs.R1CS)(other.(*cs.SparseR1CS))
	named.Type = constraint.SystemR1CS
	_, err = WiresOf(&named)
	require.ErrorIs(t, err, ErrCircuit, "PLONK's commitments")

	bare, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder, &chain{}, frontend.IgnoreUnconstrainedInputs())
	require.NoError(t, err)
	bare.(*cs.R1CS).Instructions, bare.(*cs.R1CS).NbConstraints = nil, 0
	_, err = WiresOf(bare.(*cs.R1CS))
	require.ErrorIs(t, err, ErrCircuit, "no constraints")

	for name, change := range map[string]func(c *constraint.Groth16Commitment, wires int){
		"wires out of order": func(c *constraint.Groth16Commitment, _ int) { slices.Reverse(c.PrivateCommitted) },
		"a negative wire":    func(c *constraint.Groth16Commitment, _ int) { c.PrivateCommitted[0] = -1 },
		"no such wire": func(c *constraint.Groth16Commitment, wires int) {
			c.PrivateCommitted[len(c.PrivateCommitted)-1] = wires
		},
		"a wire twice":        func(c *constraint.Groth16Commitment, _ int) { c.PrivateCommitted[1] = c.PrivateCommitted[0] },
		"a public wire":       func(c *constraint.Groth16Commitment, _ int) { c.PrivateCommitted[0] = 0 },
		"a negative position": func(c *constraint.Groth16Commitment, _ int) { c.CommitmentIndex = -1 },
	} {
		k, _ := packedCase(t, 4, 2, 0)
		commitments := k.r1cs.CommitmentInfo.(constraint.Groth16Commitments)
		change(&commitments[1], k.r1cs.GetNbInternalVariables()+k.r1cs.GetNbPublicVariables()+k.r1cs.GetNbSecretVariables())
		_, err := WiresOf(k.r1cs)
		require.ErrorIs(t, err, ErrCircuit, name)
	}
}

// usesMask is a circuit with one more constraint, over a wire that Define does not know.
type usesMask struct {
	*packed
	wire int // -1: without
}

func (c *usesMask) Define(api frontend.API) error {
	if err := c.packed.Define(api); err != nil {
		return err
	}
	if c.wire < 0 {
		return nil
	}
	one := api.Compiler().ToCanonicalVariable(api.Add(c.Blinding, 0)).(constraint.LinearExpression)[0]
	mask := one
	mask.VID = uint32(c.wire)
	r := constraint.R1C{L: constraint.LinearExpression{mask}, R: constraint.LinearExpression{mask}, O: constraint.LinearExpression{one}}
	var data []uint32
	blueprint := &constraint.BlueprintGenericR1C{}
	blueprint.CompressR1C(&r, &data)
	api.Compiler().AddInstruction(api.Compiler().AddBlueprint(blueprint), data)
	return nil
}

// TestMasksAreUsedNowhere: a mask in a constraint of the circuit's own would hide nothing, for
// the proof then says something of it.
func TestMasksAreUsedNowhere(t *testing.T) {
	plain := compile(t, &usesMask{newPacked(4, 2), -1})
	pk, _ := setupFor(t, testCase{r1cs: plain})
	p, err := New(plain, pk)
	require.NoError(t, err)
	for _, wire := range p.Masks() {
		used := compile(t, &usesMask{newPacked(4, 2), wire})
		pk, _ := setupFor(t, testCase{r1cs: used})
		_, err := New(used, pk)
		require.ErrorIs(t, err, ErrCircuit)
		require.ErrorContains(t, err, "is used")
	}
}
