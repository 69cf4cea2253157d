package gadget

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/stretchr/testify/require"
)

// cube is a small circuit.
type cube struct{ X, Y frontend.Variable }

func (c *cube) Define(api frontend.API) error {
	api.AssertIsEqual(api.Mul(c.X, c.X, c.X), c.Y)
	return nil
}

type loud struct{ X frontend.Variable }

func (c *loud) Define(api frontend.API) error {
	api.Println(c.X)
	api.AssertIsEqual(c.X, api.Mul(c.X, c.X))
	return nil
}

func storedCube(t testing.TB) []byte {
	s, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder[constraint.U64], &cube{})
	require.NoError(t, err)
	data, err := StoreSystem(s)
	require.NoError(t, err)
	restored, err := RestoreSystem(data)
	require.NoError(t, err)
	require.Equal(t, s.GetNbConstraints(), restored.GetNbConstraints())
	again, err := StoreSystem(restored)
	require.NoError(t, err)
	require.Equal(t, data, again)
	return data
}

// Whatever the bytes, restoring them neither panics nor takes memory they do not pay for.
func TestRestoreSystem(t *testing.T) {
	data := storedCube(t)
	for n := range data {
		_, err := RestoreSystem(data[:n])
		require.ErrorIs(t, err, ErrStored, "truncated to %d", n)
	}
	_, err := RestoreSystem(append(bytes.Clone(data), 0))
	require.ErrorIs(t, err, ErrStored)
	rng := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		evil := bytes.Clone(data)
		for range 1 + rng.IntN(4) {
			evil[rng.IntN(len(evil))] = byte(rng.IntN(256))
		}
		if s, err := RestoreSystem(evil); err != nil {
			require.ErrorIs(t, err, ErrStored)
			require.Nil(t, s)
		}
	}
	other := bytes.Clone(data)
	other[0]++
	_, err = RestoreSystem(other)
	require.ErrorContains(t, err, "version")

	s, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder[constraint.U64], &loud{})
	require.NoError(t, err)
	_, err = StoreSystem(s)
	require.ErrorIs(t, err, ErrStored, "logs are no part of it")
}

// What is restored names no blueprint and no data that are not there, whichever byte is another.
func TestRestoredInstructions(t *testing.T) {
	data := storedCube(t)
	evil := bytes.Clone(data)
	for i := range data {
		for b := range 256 {
			evil[i] = byte(b)
			s, err := RestoreSystem(evil)
			if err != nil {
				continue
			}
			system := s.(*cs.R1CS)
			for _, in := range system.Instructions {
				require.Less(t, int(in.BlueprintID), len(system.Blueprints), "byte %d is %d", i, b)
				require.Less(t, in.StartCallData, uint64(len(system.CallData)), "byte %d is %d", i, b)
			}
		}
		evil[i] = data[i]
	}
}

func FuzzRestoreSystem(f *testing.F) {
	f.Add(storedCube(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := RestoreSystem(data); err != nil {
			require.ErrorIs(t, err, ErrStored)
		}
	})
}
