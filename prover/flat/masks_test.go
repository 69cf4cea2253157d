package flat

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier/flat"
)

// All that hides is drawn for each attempt: the masks at their addresses and nowhere else, the row, and
// a blinder for each commitment.
func TestDrawMasks(t *testing.T) {
	plan := &flat.Plan{Values: 11, Row: 8, Products: 5, Sums: 4, Rows: []flat.Kind{1, 1, 1, 2, 1, 3, 2, 2}}
	require.NoError(t, plan.Check())
	seen := map[fr.Element]bool{{}: true}
	fresh := func(x fr.Element) {
		require.False(t, seen[x])
		seen[x] = true
	}
	for range 2 {
		a := &attempt{Prover: &Prover{plan: plan, masks: plan.Masks(), blinders: make([]fr.Element, 1)}, values: make(fr.Vector, 1<<plan.Values)}
		require.NoError(t, a.drawMasks())
		m, n := plan.Masks(), 0
		addresses := append(append([]int{m.Constant}, m.Pairs...), m.Sum[:]...)
		for _, r := range append(m.Rounds, m.Products[:]...) {
			addresses = append(addresses, r[:]...)
		}
		for _, at := range addresses {
			fresh(a.values[at])
		}
		for _, x := range a.values {
			if !x.IsZero() {
				n++
			}
		}
		require.Equal(t, len(addresses), n)
		for _, s := range m.Products {
			var c fr.Element
			require.Equal(t, *c.Mul(&a.values[s[0]], &a.values[s[1]]), a.values[s[2]])
		}
		require.Len(t, a.mask, 1<<plan.Row)
		for _, x := range a.mask {
			fresh(x)
		}
		fresh(a.hide)
		for kind, count := range map[flat.Kind]int{flat.Witness: 4, flat.Inverse: 3} {
			require.Len(t, a.blind[kind], count)
			for _, x := range a.blind[kind] {
				fresh(x)
			}
		}
	}
}
