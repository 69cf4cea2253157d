package prover

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
)

// TestPredict: the predicted size of a proving key is about that of its file, that of a proof is exact, and times are of
// a sensible order: how near they are no test shows that runs among others.
func TestPredict(t *testing.T) {
	for name, k := range map[string]*Keys{
		"Groth16": setup(t, smallProgram(t, 1, circuits.Config{})),
		"baked":   setup(t, smallProgram(t, 1, circuits.Config{Weights: circuits.Baked})),
		"PLONK":   plonkKeys(),
		"flat":    flatKeys(),
	} {
		info, err := os.Stat(filepath.Join(saved(t, k), ProvingKeyFile))
		require.NoError(t, err)
		c := Predict(k.compiled)
		require.InEpsilon(t, info.Size(), c.ProvingKeyBytes, 0.1, name)
		require.GreaterOrEqual(t, c.Domain, k.compiled.Constraints(), name)
		if k.compiled.Flat == nil { // of which inverses have addresses too
			require.Less(t, c.Domain, 2*k.compiled.Constraints(), name)
		}
		require.Less(t, c.Setup, 20*time.Second, name)
		require.Less(t, c.Prove, 20*time.Second, name)
		require.Greater(t, c.Setup, time.Millisecond, name)
		require.Greater(t, c.Prove, time.Millisecond, name)
		require.Greater(t, c.SetupBytes, c.ProvingKeyBytes, name)
		require.Greater(t, c.ProveBytes, c.ProvingKeyBytes, name)
		proof, err := k.Prove(t.Context(), leastInput(k.compiled.Program), Options{})
		require.NoError(t, err)
		require.Equal(t, proof.Size(), c.ProofBytes, name)
	}
}
