package prover

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/prover/plonk"
)

// allocated returns the bytes that a call allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// An error under either system says which constraint fails, and no value.
func TestUnsatisfiedSaysNoValues(t *testing.T) {
	digits := regexp.MustCompile(`[0-9]{7,}`)
	for _, k := range []*Keys{setup(t, smallProgram(t, 1, circuits.Config{})), plonkKeys()} {
		w, err := k.compiled.Witness([][]int64{{1, 2, 3}}, k.weights, fr.Element{}, randomElement)
		require.NoError(t, err)
		for i := range w.Secret {
			w.Secret[i] = fr.NewElement(123456789)
		}
		_, err = k.proveWitness(context.Background(), w, nil)
		require.True(t, errors.Is(err, groth16.ErrUnsatisfied) || errors.Is(err, plonk.ErrUnsatisfied), err)
		require.False(t, digits.MatchString(fmt.Sprint(err)), err)
	}
}

// TestLoadBoundOfOtherKinds: only committed weights under Groth16 have bound keys.
func TestLoadBoundOfOtherKinds(t *testing.T) {
	for name, k := range map[string]*Keys{"plonk": plonkKeys(), "baked": bakedKeys()} {
		dir := t.TempDir()
		require.NoError(t, k.Save(dir))
		_, err := LoadBound(dir, k.compiled)
		require.ErrorIs(t, err, ErrBind, name)
	}
}
