package quantize

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/gadget/gadgettest"
)

// proves solves a program's circuit for inputs at both ends of the declared ranges and for
// random ones.
func proves(t *testing.T, p *circuits.Program, rng *rand.Rand) {
	t.Helper()
	c, err := circuits.Compile(p)
	require.NoError(t, err)
	for _, draw := range []func(circuits.Port) int64{
		func(in circuits.Port) int64 { return in.Range.Lo },
		func(in circuits.Port) int64 { return in.Range.Hi },
		func(in circuits.Port) int64 { return in.Range.Lo + rng.Int64N(in.Range.Hi-in.Range.Lo+1) },
	} {
		var inputs [][]int64
		for _, in := range p.Inputs {
			x := make([]int64, size(in.Shape))
			for i := range x {
				x[i] = draw(in)
			}
			inputs = append(inputs, x)
		}
		w, err := c.Witness(inputs, c.Plan.PackedWeights(fr.NewElement(4242)), fr.NewElement(7), func() (fr.Element, error) { return fr.NewElement(17), nil })
		require.NoError(t, err)
		require.NoError(t, gadgettest.Solve(c.Plan, c.System, w), "no proof of %v", inputs)
	}
}

// seeded returns a random source that a test's name fixes.
func seeded(t testing.TB) *rand.Rand {
	sum := sha256.Sum256([]byte(t.Name()))
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:]), 1))
}
