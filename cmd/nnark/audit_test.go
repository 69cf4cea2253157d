package main

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// audited runs the verb in the test's folder and returns the exit code and what it says of
// the five claims.
func audited(t *testing.T, args ...string) (code int, verdicts []string) {
	t.Helper()
	code, stdout, stderr := nnark(t, append([]string{"audit", "m.nnark", "--json", "--inputs", "1"}, args...)...)
	var r auditReport
	require.NoError(t, json.Unmarshal([]byte(stdout), &r), stderr)
	for _, f := range r.Findings {
		verdicts = append(verdicts, string(f.Verdict))
	}
	require.Equal(t, code == exitOK, r.Accepted)
	return code, verdicts
}

// A Groth16 key of one party is not accepted, and the reason is said.
func TestAuditOneParty(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, writeInputs(dir))
	t.Chdir(dir)
	mustRun(t, "compile", "tiny_mlp.onnx", "--samples", "tiny_mlp.json", "-o", "m.nnark")
	mustRun(t, "setup", "m.nnark", "-o", "keys")
	code, verdicts := audited(t, "--key", "keys/verifying.key", "--opening", "keys/model.opening", "--keys", "keys")
	require.Equal(t, exitRejected, code)
	require.Equal(t, []string{"established", "refuted", "not established", "not established", "established"}, verdicts)

	code, stdout, _ := nnark(t, "audit", "m.nnark", "--key", "keys/verifying.key")
	require.Equal(t, exitRejected, code)
	require.Contains(t, stdout, "one party")
	require.Contains(t, stdout, "not accepted")

	for _, args := range [][]string{
		{},
		{"--key", "none"},
		{"--key", "m.nnark"},
		{"--key", "keys/verifying.key", "--opening", "none"},
		{"--key", "keys/verifying.key", "--opening", "keys/model.opening", "--keys", "none"},
		{"--key", "keys/verifying.key", "--inputs", "0"},
	} {
		code, _, stderr := nnark(t, append([]string{"audit", "m.nnark"}, args...)...)
		require.Equal(t, exitFailed, code, args)
		require.Contains(t, stderr, "nnark: hint: ", args)
	}
}
