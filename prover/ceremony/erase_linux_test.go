package ceremony

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/prover/internal/secret/secrettest"
)

// After a contribution nothing of its factors is left in memory, in either phase: not they,
// their inverses, their powers, nor the halves they were split into.
func TestContributeErases(t *testing.T) {
	defer func() { factors = nil }()
	r := compile(t, 3)
	for _, c := range []*Transcript{phase1(t, r), phase2(t, r)} {
		data := c
		found, err := secrettest.Least(5, func() (patterns []secrettest.Pattern) {
			factors = func(x []fr.Element) {
				var y fr.Element
				for i := range x {
					patterns = append(patterns, secrettest.Veil("factor", &x[i])...)
					y.Inverse(&x[i])
					patterns = append(patterns, secrettest.Veil("inverse", &y)...)
					y.Square(&x[i])
					patterns = append(patterns, secrettest.Veil("square", &y)...)
					y.Mul(&y, &x[0])
					patterns = append(patterns, secrettest.Veil("product", &y)...)
				}
				y = fr.Element{}
			}
			d := again(t, data)
			require.NoError(t, d.Contribute(ctx, "Dan", "", []byte("6 2 5"), nil))
			require.NotEmpty(t, patterns)
			return patterns
		})
		require.NoError(t, err)
		require.Empty(t, found)
	}
}
