package verifier

import (
	"os"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// What is as large as can be is read; one more is malformed.
func TestLimits(t *testing.T) {
	data, err := os.ReadFile("testdata/groth16.key")
	require.NoError(t, err)
	vk, err := ParseVerifyingKey(data)
	require.NoError(t, err)
	for n, ok := range map[int]bool{maxLabels: true, maxLabels + 1: false} {
		c := vk.Card
		c.Labels = make([]string, n)
		for i := range c.Labels {
			c.Labels[i] = "a"
		}
		require.Equal(t, ok, c.check() == nil, "%d labels", n)
	}

	data, err = os.ReadFile("testdata/groth16.json")
	require.NoError(t, err)
	p, err := ParseProofJSON(data)
	require.NoError(t, err)
	for n, ok := range map[int]bool{maxElements: true, maxElements + 1: false} {
		q := *p
		q.Statement = make([]fr.Element, n)
		data, err := q.MarshalBinary()
		if err == nil {
			_, err = ParseProof(data)
		}
		require.Equal(t, ok, err == nil, "%d elements: %v", n, err)
	}
}
