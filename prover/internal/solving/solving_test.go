package solving

import (
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/consensys/gnark/std/lookup/logderivlookup"
	"github.com/stretchr/testify/require"
)

type lookup struct {
	Look bool `gnark:"-"`
	X    frontend.Variable
}

func (c *lookup) Define(api frontend.API) error {
	if c.Look {
		t := logderivlookup.New(api)
		t.Insert(3)
		t.Insert(4)
		api.AssertIsEqual(t.Lookup(c.X)[0], 4)
	}
	api.AssertIsBoolean(c.X)
	return nil
}

// Two solvers of a circuit with a lookup table, whose entries gnark keeps in the circuit, must
// not meet.
func TestLock(t *testing.T) {
	for _, look := range []bool{false, true} {
		s, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder[constraint.U64], &lookup{Look: look})
		require.NoError(t, err)
		_, locks := Lock(s.(*cs.R1CS).Blueprints).(*sync.Mutex)
		require.Equal(t, look, locks)
	}
}
