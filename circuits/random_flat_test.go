package circuits

import (
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/flat"
	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/circuits/relation"
)

// TestRandomPlans compiles random programs for the flat argument: honest integers satisfy the plan, and
// others if and only if they satisfy the statements.
func TestRandomPlans(t *testing.T) {
	var k tallied
	k.Each(t, func(t *testing.T, rng *rand.Rand) {
		p := drawProgram(t, rng)
		t.Cleanup(func() {
			if t.Failed() {
				t.Log(DescribeProgram(p))
			}
		})
		for _, v := range []*Visibility{&p.Config.Input, &p.Config.Output} { // plans have no digests
			if *v == Digest {
				*v = Public
			}
		}
		sys, err := p.System()
		require.NoError(t, err)
		c, err := flat.New(sys)
		require.NoError(t, err)
		x := (&testCircuit{Compiled: &Compiled{Program: p}}).randomInputs(rng)
		values, err := p.Eval(x)
		require.NoError(t, err)
		a := sys.Assign(values)
		honest, err := c.Witness(a, fr.Element{})
		require.NoError(t, err)
		public := honest.Public
		holds := func() bool {
			w, err := c.Witness(a, fr.Element{})
			if err != nil {
				require.ErrorIs(t, err, relation.ErrRange)
				return false
			}
			_, weights, err := c.Model()
			require.NoError(t, err)
			v := make([]fr.Element, len(w.Values)+len(weights))
			for i := range v {
				if i < len(w.Values) {
					v[i].SetInt64(w.Values[i])
				} else {
					v[i].SetInt64(int64(weights[i-len(w.Values)]))
				}
			}
			return flattest.Of(c.Plan, v, public, rng).Holds()
		}
		require.True(t, flattest.Statements(sys, a, public))
		require.True(t, holds())
		for range 4 {
			b := sys.Blocks[rng.IntN(len(sys.Blocks))]
			v := a.Of(b)
			if len(v) == 0 {
				continue
			}
			i, by := rng.IntN(len(v)), OneOf[int64](rng, 1, -1, 3, -64)
			v[i] += by
			require.Equal(t, flattest.Statements(sys, a, public), holds(), "%s[%d] by %d", b.Name, i, by)
			v[i] -= by
		}
		k.Lock()
		defer k.Unlock()
		k.proven++
	})
}
