package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The demo under PLONK proves with keys made in the first run and kept for the second.
func TestDemoPlonk(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	for _, setup := range []string{"setup", "done in an earlier run"} {
		code, stdout, stderr := nnark(t, "demo", "--system", "plonk", "--model", "mlp")
		require.Zero(t, code, stderr)
		require.NotContains(t, stderr, "not kept")
		require.Contains(t, stdout, setup)
		require.Contains(t, stdout, "plonk")
		require.Contains(t, stdout, "576 bytes")
		require.Contains(t, stdout, "accepted")
	}
}
