package main

import (
	"io"
	"math/big"
	"os"
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

// proveAndVerify asserts that the keys in the folder keys serve m.nnark and are not
// one-party keys.
func proveAndVerify(t *testing.T) {
	t.Helper()
	mustRun(t, "prove", "m.nnark", "--keys", "keys", "--input", "tiny_mlp.json", "-o", "proof.json")
	code, stdout, stderr := nnark(t, "verify", "--key", "keys/verifying.key", "proof.json", "--refuse-unsafe")
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "accepted")
	require.NotContains(t, stderr, "one party")
}

func TestSetupFromCeremony(t *testing.T) {
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
	require.Contains(t, stdout, "the ceremony that the keys come from")
	require.Empty(t, stderr)
	proveAndVerify(t)

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
	require.NoError(t, writeInputs(dir))
	t.Chdir(dir)
	mustRun(t, "compile", "tiny_mlp.onnx", "--samples", "tiny_mlp.json", "-o", "m.nnark", "--system", "plonk", "--weights", "baked")
	srs, err := kzg.NewSRS(1<<13, big.NewInt(123456789))
	require.NoError(t, err)
	save(t, "universal.srs", srs)
	mustRun(t, "setup", "m.nnark", "-o", "keys", "--srs", "universal.srs")
	proveAndVerify(t)

	short, err := kzg.NewSRS(1<<5, big.NewInt(123456789))
	require.NoError(t, err)
	save(t, "short.srs", short)
	code, _, stderr := nnark(t, "setup", "m.nnark", "-o", "new", "--srs", "short.srs")
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "SRS of 32 points")
}
