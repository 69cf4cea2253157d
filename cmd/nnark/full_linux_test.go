package main

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// On a full disk a verb fails and leaves nothing, or what was there before.
func TestFullDisk(t *testing.T) {
	dir := made(t)
	small := filepath.Join(dir, "small")
	require.NoError(t, os.Mkdir(small, 0o755))
	if err := syscall.Mount("tmpfs", small, "tmpfs", 0, "size=100k"); err != nil {
		t.Skip("a small file system cannot be mounted: ", err)
	}
	defer syscall.Unmount(small, 0)

	code, _, stderr := nnark(t, "setup", "tiny.nnark", "-o", "small/keys") // 290 kB
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "no space left on device")
	require.Contains(t, stderr, "nnark: hint: free some disk space")
	require.Equal(t, []string{"keys"}, files(t, small))

	mustRun(t, "prove", "tiny.nnark", "--keys", "keys", "--input", "tiny.json", "-o", "small/proof.json")
	before, err := os.ReadFile("small/proof.json")
	require.NoError(t, err)
	fill(t, filepath.Join(small, "filler"))
	for _, args := range [][]string{
		{"prove", "tiny.nnark", "--keys", "keys", "--input", "tiny.json", "-o", "small/proof.json"},
		{"compile", "tiny.onnx", "--samples", "tiny.json", "-o", "small/tiny.nnark"},
	} {
		code, stdout, stderr := nnark(t, args...)
		require.Equal(t, exitFailed, code)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "no space left on device")
	}
	require.Equal(t, []string{"filler", "keys", "proof.json"}, files(t, small))
	after, err := os.ReadFile("small/proof.json")
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// fill writes a file until the disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	require.NoError(t, err)
	defer f.Close()
	for err == nil {
		_, err = f.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
}
