package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// ptau is a powers-of-tau file in snarkjs's format, of secrets that everybody knows.
func ptau(power int) []byte {
	n := 1 << power
	tau, alpha, beta := make([]fr.Element, 2*n-1), make(fr.Vector, n), make(fr.Vector, n)
	x, a, b := fr.NewElement(1000003), fr.NewElement(77), fr.NewElement(99)
	tau[0].SetOne()
	for i := 1; i < len(tau); i++ {
		tau[i].Mul(&tau[i-1], &x)
	}
	alpha.ScalarMul(tau[:n], &a)
	beta.ScalarMul(tau[:n], &b)
	_, _, g1, g2 := bn254.Generators()
	words := func(all ...fp.Element) (out []byte) { // Montgomery form, little-endian
		for _, x := range all {
			for _, w := range x {
				out = binary.LittleEndian.AppendUint64(out, w)
			}
		}
		return out
	}
	in1 := func(s []fr.Element) (out []byte) {
		for _, p := range bn254.BatchScalarMultiplicationG1(&g1, s) {
			out = append(out, words(p.X, p.Y)...)
		}
		return out
	}
	in2 := func(s []fr.Element) (out []byte) {
		for _, p := range bn254.BatchScalarMultiplicationG2(&g2, s) {
			out = append(out, words(p.X.A0, p.X.A1, p.Y.A0, p.Y.A1)...)
		}
		return out
	}
	modulus := fp.Modulus().FillBytes(make([]byte, fp.Bytes))
	slices.Reverse(modulus)
	header := binary.LittleEndian.AppendUint32(nil, fp.Bytes)
	header = append(header, modulus...)
	header = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(header, uint32(power)), uint32(power))
	sections := [][]byte{header, in1(tau), in2(tau[:n]), in1(alpha), in1(beta), in2(beta[:1])}
	out := binary.LittleEndian.AppendUint32([]byte("ptau"), 1)
	out = binary.LittleEndian.AppendUint32(out, uint32(len(sections)))
	for i, s := range sections {
		out = binary.LittleEndian.AppendUint32(out, uint32(i+1))
		out = binary.LittleEndian.AppendUint64(out, uint64(len(s)))
		out = append(out, s...)
	}
	return out
}

// With a powers-of-tau file a ceremony begins with phase 2, and whose file it is has to be said.
func TestCeremonyFromPtau(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, writeInputs(dir))
	t.Chdir(dir)
	mustRun(t, "compile", "tiny_mlp.onnx", "--samples", "tiny_mlp.json", "-o", "m.nnark")
	file := ptau(9)
	require.NoError(t, os.WriteFile("9.ptau", file, 0o644))
	require.NoError(t, os.WriteFile("8.ptau", ptau(8), 0o644))
	file[len(file)/2]++
	require.NoError(t, os.WriteFile("bad.ptau", file, 0o644))
	for _, name := range []string{"8.ptau", "bad.ptau", "m.nnark"} {
		code, _, stderr := nnark(t, "ceremony", "init", "m.nnark", "-o", "0", "--ptau", name)
		require.Equal(t, exitFailed, code)
		require.Contains(t, stderr, "unusable powers-of-tau file", name)
		require.NoFileExists(t, "0")
	}
	mustRun(t, "ceremony", "init", "m.nnark", "-o", "0", "--ptau", "9.ptau")
	mustRun(t, "ceremony", "contribute", "0", "-o", "1", "--name", "vendor")
	mustRun(t, "ceremony", "contribute", "1", "-o", "2", "--name", "customer")
	mustRun(t, "ceremony", "beacon", "2", "-o", "3", "--source", "s", "--value", "000102030405060708090a0b0c0d0e0f")
	code, _, stderr := nnark(t, "ceremony", "verify", "3", "m.nnark")
	require.Equal(t, exitRejected, code)
	require.Contains(t, stderr, "phase 1 is not accepted")
	code, stdout, stderr := nnark(t, "ceremony", "init", "m.nnark", "-o", "again", "--ptau", "9.ptau", "--json")
	require.Zero(t, code, stderr)
	var r transcriptReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &r))
	mustRun(t, "ceremony", "verify", "3", "m.nnark", "--ptau-digest", r.PtauDigest)
	mustRun(t, "ceremony", "finalize", "3", "m.nnark", "-o", "keys", "--ptau-digest", r.PtauDigest)
	proveAndVerify(t, "keys", false)
	audit := []string{"--key", "keys/verifying.key", "--opening", "keys/model.opening", "--transcript", "3"}
	_, verdicts := audited(t, audit...)
	require.Equal(t, []string{"established", "not established", "not established", "not established", "not established"}, verdicts)
	_, verdicts = audited(t, append(audit, "--ptau-digest", r.PtauDigest)...)
	require.Equal(t, slices.Repeat([]string{"established"}, 5), verdicts)
}

// A damaged transcript is refused by whoever gets it, whatever they do with it.
func TestDamagedTranscript(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, writeInputs(dir))
	t.Chdir(dir)
	mustRun(t, "compile", "tiny_mlp.onnx", "--samples", "tiny_mlp.json", "-o", "m.nnark")
	mustRun(t, "ceremony", "init", "m.nnark", "-o", "0")
	data, err := os.ReadFile("0")
	require.NoError(t, err)
	for name, damaged := range map[string][]byte{
		"empty": {}, "half": data[:len(data)/2], "more": append(bytes.Clone(data), 0), "flipped": append(append(bytes.Clone(data[:5000]), data[5000]^1), data[5001:]...),
	} {
		require.NoError(t, os.WriteFile("damaged", damaged, 0o644))
		for _, args := range [][]string{
			{"contribute", "damaged", "-o", "x", "--name", "n"}, {"verify", "damaged", "m.nnark"}, {"finalize", "damaged", "m.nnark", "-o", "x"},
			{"beacon", "damaged", "-o", "x", "--source", "s", "--value", "000102030405060708090a0b0c0d0e0f", "--program", "m.nnark"},
		} {
			code, _, stderr := nnark(t, append([]string{"ceremony"}, args...)...)
			require.Equal(t, exitFailed, code, name)
			require.Contains(t, stderr, "not a ceremony's transcript", name)
			require.NoFileExists(t, "x")
		}
	}
}
