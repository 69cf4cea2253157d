package prover

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/verifier"
)

// Keys in a folder come with their circuit; without it, or with another, it is compiled.
func TestCompileStored(t *testing.T) {
	for _, k := range []*Keys{committedKeys(), plonkKeys()} {
		dir := saved(t, k)
		path := filepath.Join(dir, CircuitFile)
		good, err := os.ReadFile(path)
		require.NoError(t, err)
		// What was read is used: a mark in it comes back.
		marked := func(data []byte, pin bool) *circuits.Compiled {
			require.NoError(t, os.WriteFile(path, data, 0o600))
			if pin {
				o, err := parseOpening(filepath.Join(dir, OpeningFile))
				require.NoError(t, err)
				sum := sha256.Sum256(data)
				o.Circuit = hex.EncodeToString(sum[:])
				text, err := json.Marshal(o)
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(dir, OpeningFile), append(text, '\n'), 0o600))
			}
			c, err := Compile(dir, k.compiled.Program)
			require.NoError(t, err)
			stored, err := c.StoreSystem()
			require.NoError(t, err)
			require.Equal(t, good, stored)
			return c
		}
		isRead := func(c *circuits.Compiled) bool { // names of inputs are not stored
			names := c.System.(*cs.R1CS).Public
			return names[len(names)-1] == ""
		}
		require.False(t, isRead(k.compiled))
		c := marked(good, false)
		require.True(t, isRead(c))
		loaded, err := Load(dir, c)
		require.NoError(t, err)
		in := [][]int64{make([]int64, len(leastInput(c.Program)[0]))}
		proof, err := loaded.Prove(context.Background(), in, Options{})
		require.NoError(t, err)
		_, err = verifier.Verify(k.VerifyingKey, proof)
		require.NoError(t, err)

		broken := bytes.Clone(good)
		broken[len(broken)/2] ^= 1
		require.False(t, isRead(marked(broken, false)), "damaged")
		require.False(t, isRead(marked(nil, false)), "empty")
		require.NoError(t, os.Remove(path))
		c, err = Compile(dir, k.compiled.Program)
		require.NoError(t, err)
		require.False(t, isRead(c), "none")
		version := bytes.Clone(good)
		version[32]++
		require.False(t, isRead(marked(version, true)), "another version")
		other := bytes.Clone(good)
		other[0] ^= 1
		require.False(t, isRead(marked(other, true)), "another program")
		require.True(t, isRead(marked(good, true)))
	}
	c, err := Compile(filepath.Join(t.TempDir(), "none"), committedKeys().compiled.Program)
	require.NoError(t, err)
	require.Equal(t, committedKeys().compiled.Constraints(), c.Constraints())
	require.NoFileExists(t, filepath.Join(saved(t, bakedKeys()), CircuitFile), "it would hold the weights")
}
