package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover/groth16"
)

// save writes what has gnark's encoding.
func save(t *testing.T, name string, v io.WriterTo) {
	t.Helper()
	f, err := os.Create(name)
	require.NoError(t, err)
	_, err = v.WriteTo(f)
	require.NoError(t, err)
	require.NoError(t, f.Close())
}

// proveAndVerify asserts that the keys in a folder serve m.nnark, and whether they are
// marked as one party's.
func proveAndVerify(t *testing.T, keys string, marked bool) {
	t.Helper()
	mustRun(t, "prove", "m.nnark", "--keys", keys, "--input", "tiny_mlp.json", "-o", "proof.json")
	args := []string{"verify", "--key", keys + "/verifying.key", "proof.json"}
	code, stdout, stderr := nnark(t, args...)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "accepted")
	require.Equal(t, marked, strings.Contains(stderr, "one party"))
	code, _, stderr = nnark(t, append(args, "--refuse-unsafe")...)
	require.Equal(t, marked, code == exitRejected, stderr)
}

func TestSetupFromFiles(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, writeInputs(dir))
	t.Chdir(dir)
	mustRun(t, "compile", "tiny_mlp.onnx", "--samples", "tiny_mlp.json", "-o", "m.nnark")
	p, err := loadProgram("m.nnark")
	require.NoError(t, err)
	c, err := circuits.Compile(p)
	require.NoError(t, err)
	pk, vk, err := groth16.Setup(t.Context(), c.System.(*cs.R1CS), nil)
	require.NoError(t, err)
	save(t, "ceremony.pk", pk)
	save(t, "ceremony.vk", vk)

	code, stdout, stderr := nnark(t, "setup", "m.nnark", "-o", "keys", "--proving-key", "ceremony.pk", "--verifying-key", "ceremony.vk")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "nothing shows who did")
	require.Contains(t, stderr, "marked as one party's")
	proveAndVerify(t, "keys", true)

	for _, args := range [][]string{
		{"--proving-key", "ceremony.pk"},
		{"--proving-key", "ceremony.vk", "--verifying-key", "ceremony.pk"},
		{"--proving-key", "tiny.json", "--verifying-key", "ceremony.vk"},
		{"--proving-key", "none", "--verifying-key", "ceremony.vk"},
		{"--srs", "ceremony.pk"},
	} {
		code, _, stderr := nnark(t, append([]string{"setup", "m.nnark", "-o", "new"}, args...)...)
		require.Equal(t, exitFailed, code, args)
		require.Contains(t, stderr, "nnark: hint: ", args)
		require.NoDirExists(t, "new")
	}
}

func TestSetupFromSRS(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", dir+"/cache")
	require.NoError(t, writeInputs(dir))
	t.Chdir(dir)
	mustRun(t, "compile", "tiny_mlp.onnx", "--samples", "tiny_mlp.json", "-o", "m.nnark", "--system", "plonk", "--weights", "baked")
	srs, err := kzg.NewSRS(1<<13, big.NewInt(123456789))
	require.NoError(t, err)
	save(t, "universal.srs", srs)
	mustRun(t, "setup", "m.nnark", "-o", "keys", "--srs", "universal.srs")
	proveAndVerify(t, "keys", true)

	// The digest that a ceremony's publisher would name.
	point := srs.Vk.G2[1].RawBytes()
	digest := fmt.Sprintf("%x", sha256.Sum256(point[:]))
	mustRun(t, "setup", "m.nnark", "-o", "pinned", "--srs", "universal.srs", "--srs-digest", digest)
	proveAndVerify(t, "pinned", false)
	code, verdicts := audited(t, "--key", "pinned/verifying.key", "--srs", "universal.srs", "--srs-digest", digest)
	require.Equal(t, exitOK, code)
	require.Len(t, verdicts, 5)
	for _, wrong := range []string{strings.Repeat("0", 64), digest[:62], "digest"} {
		code, _, stderr := nnark(t, "setup", "m.nnark", "-o", "new", "--srs", "universal.srs", "--srs-digest", wrong)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "nnark: hint: ")
		require.NoDirExists(t, "new")
	}

	// A powers-of-tau file is a reference string too.
	require.NoError(t, os.WriteFile("13.ptau", ptau(13), 0o644))
	require.NoError(t, os.WriteFile("9.ptau", ptau(9), 0o644))
	mustRun(t, "setup", "m.nnark", "-o", "ptau", "--srs", "13.ptau")
	proveAndVerify(t, "ptau", true)
	code, _, stderr := nnark(t, "setup", "m.nnark", "-o", "new", "--srs", "9.ptau")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "1023 powers of tau")

	short, err := kzg.NewSRS(1<<5, big.NewInt(123456789))
	require.NoError(t, err)
	save(t, "short.srs", short)
	code, _, stderr = nnark(t, "setup", "m.nnark", "-o", "new", "--srs", "short.srs")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "SRS: 32 points")
}
