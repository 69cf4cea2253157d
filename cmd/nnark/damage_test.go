package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/prover"
)

// nnark runs a command line in this process and returns its exit code and what it printed.
func nnark(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = dispatch(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func mustRun(t *testing.T, args ...string) {
	t.Helper()
	code, _, stderr := nnark(t, args...)
	require.Zero(t, code, stderr)
}

// made is a folder with the program, the keys and a proof of the small network.
func made(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, writeInputs(dir))
	t.Chdir(dir)
	mustRun(t, "compile", "tiny.onnx", "--samples", "tiny.json", "-o", "tiny.nnark")
	mustRun(t, "setup", "tiny.nnark", "-o", "keys")
	mustRun(t, "prove", "tiny.nnark", "--keys", "keys", "--input", "tiny.json", "-o", "proof.json")
	return dir
}

// A flipped bit in a file that is read makes the verb fail, with an error and a hint, and
// write nothing.
func TestFlippedBits(t *testing.T) {
	made(t)
	verify := []string{"verify", "--key", "keys/verifying.key", "proof.json", "--expect-input", "tiny.json"}
	prove := []string{"prove", "tiny.nnark", "--keys", "keys", "--input", "tiny.json", "-o", "new.json"}
	for _, c := range []struct {
		file  string
		from  int // first byte to change, from the end if negative
		to    int // bytes at the end that stay
		every int // bytes between changes
		args  []string
	}{
		{"proof.json", 0, 0, 3, verify},
		{"keys/verifying.key", 0, 0, 3, verify},
		{"keys/proving.key", 0, 0, 20011, prove},
		{"keys/model.opening", -149, 68, 1, prove}, // the blinding; behind it, which circuit need not be compiled
		{"tiny.nnark", 0, 0, 41, prove},
	} {
		t.Run(filepath.Base(c.file), func(t *testing.T) {
			good, err := os.ReadFile(c.file)
			require.NoError(t, err)
			for i := (c.from + len(good)) % len(good); i < len(good)-c.to; i += c.every {
				bad := bytes.Clone(good)
				bad[i] ^= 1 << (i % 5) // the bit above only changes the case of letters
				require.NoError(t, os.WriteFile(c.file, bad, 0o600))
				code, stdout, stderr := nnark(t, c.args...)
				require.Contains(t, []int{exitRejected, exitFailed}, code, "byte %d", i)
				require.Empty(t, stdout, "byte %d", i)
				require.Contains(t, stderr, "nnark: error: ", "byte %d", i)
				require.Contains(t, stderr, "nnark: hint: ", "byte %d", i)
				require.NoFileExists(t, "new.json")
			}
			require.NoError(t, os.WriteFile(c.file, good, 0o600))
			code, _, stderr := nnark(t, c.args...)
			require.Zero(t, code, stderr)
			_ = os.Remove("new.json")
		})
	}
}

// A file cut short anywhere fails too.
func TestTruncated(t *testing.T) {
	made(t)
	verify := []string{"verify", "--key", "keys/verifying.key", "proof.json"}
	prove := []string{"prove", "tiny.nnark", "--keys", "keys", "--input", "tiny.json", "-o", "new.json"}
	for file, args := range map[string][]string{
		"proof.json": verify, "keys/verifying.key": verify, "keys/proving.key": prove,
		"keys/model.opening": prove, "tiny.nnark": prove, "tiny.json": prove,
		"tiny.onnx": {"compile", "tiny.onnx", "--samples", "named.json", "-o", "new.json"},
	} {
		good, err := os.ReadFile(file)
		require.NoError(t, err)
		for k := range 20 {
			require.NoError(t, os.WriteFile(file, good[:len(good)*k/20], 0o600))
			code, _, stderr := nnark(t, args...)
			require.Contains(t, []int{exitRejected, exitFailed}, code, "%s: %d/20", file, k)
			require.Contains(t, stderr, "nnark: hint: ")
			require.NoFileExists(t, "new.json")
		}
		require.NoError(t, os.WriteFile(file, good, 0o600))
	}
}

// Standard output that cannot be written is an error.
func TestUnwritableStdout(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("no /dev/full: ", err)
	}
	defer full.Close()
	for _, args := range [][]string{{"version"}, {"version", "--json"}} {
		var stderr bytes.Buffer
		require.Equal(t, exitFailed, dispatch(t.Context(), args, full, &stderr))
		require.Contains(t, stderr.String(), "no space left")
	}
}

// WriteFile and saveKeys leave nothing when the disk is full.
func TestWriteFails(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "out")
	require.NoError(t, writeFile(name, 0o644, []byte("before")))
	err := prover.WriteFile(name, 0o644, func(w io.Writer) error {
		_, err := w.Write(bytes.Repeat([]byte("x"), 1<<21))
		require.NoError(t, err)
		return io.ErrShortWrite
	})
	require.ErrorIs(t, err, io.ErrShortWrite)
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.Equal(t, "before", string(data))
	require.Equal(t, []string{"out"}, files(t, dir))
}

// files lists the files under a folder.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && path != dir {
			names = append(names, strings.TrimPrefix(path, dir+string(filepath.Separator)))
		}
		return err
	}))
	return names
}
