package prover

import (
	"context"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/prover/internal/secret/secrettest"
)

// After a reference string was made, nothing of tau is left in memory.
func TestSRSErases(t *testing.T) {
	defer func() { srsSecrets = nil }()
	found, err := secrettest.Least(5, func() (patterns []secrettest.Pattern) {
		srsSecrets = func(all [][]fr.Element) {
			for i, name := range []string{"power", "Lagrange scalar", "denominator", "inverse"} {
				for j := 2; j < len(all[i]); j += 7 {
					patterns = append(patterns, secrettest.Veil(name, &all[i][j])...)
				}
			}
			patterns = append(patterns, secrettest.Veil("tau", &all[0][1])...)
		}
		_, _, err := newSRS(context.Background(), 256)
		require.NoError(t, err)
		require.Greater(t, len(patterns), 200)
		return patterns
	})
	require.NoError(t, err)
	require.Empty(t, found)
}
