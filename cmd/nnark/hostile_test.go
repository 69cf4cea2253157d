package main

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

// A pinned key is the one, or nothing is looked at.
func TestExpectKey(t *testing.T) {
	made(t)
	mustRun(t, "prove", "tiny.nnark", "--keys", "keys", "--input", "tiny.json", "-o", "proof.json")
	data, err := os.ReadFile("keys/verifying.key")
	require.NoError(t, err)
	key, err := verifier.ParseVerifyingKey(data)
	require.NoError(t, err)
	digest := key.Digest()
	pin := hex.EncodeToString(digest[:])
	for _, good := range []string{pin, "0x" + pin, strings.ToUpper(pin)} {
		mustRun(t, "verify", "--key", "keys/verifying.key", "proof.json", "--expect-key", good)
	}
	require.NoError(t, os.WriteFile("no.key", data[1:], 0o644))
	for _, path := range []string{"keys/verifying.key", "no.key"} {
		other := strings.Repeat("0", 64)
		if path == "no.key" {
			other = pin
		}
		code, stdout, stderr := nnark(t, "verify", "--key", path, "proof.json", "--expect-key", other)
		require.Equal(t, exitRejected, code, stderr)
		require.Empty(t, stdout)
		require.Contains(t, stderr, "other verifying key than the expected one")
	}
	for _, bad := range []string{"", pin[1:], pin + "00", "digest"} {
		code, _, stderr := nnark(t, "verify", "--key", "keys/verifying.key", "proof.json", "--expect-key", bad)
		require.Equal(t, exitFailed, code, stderr)
	}
}

// Names in files do not steer the terminal, in text, errors, warnings or JSON.
func TestTerminalEscapes(t *testing.T) {
	made(t)
	mustRun(t, "prove", "tiny.nnark", "--keys", "keys", "--input", "tiny.json", "-o", "proof.json")
	const hostile = "\x1b[2J\u009b1m\u202e\u2028\a\x7f\U000e0041\nname"
	require.NoError(t, os.WriteFile("hostile.onnx", namedModel(hostile, hostile), 0o644))
	for _, args := range [][]string{
		{"compile", "tiny.onnx", "--samples", "tiny.json", "-o", "hostile.nnark", "--name", hostile, "--labels", hostile + ",b,c,d"},
		{"inspect", "hostile.onnx"},
		{"compile", "hostile.onnx", "--samples", "tiny.json", "-o", "no.nnark"},
		{"run", hostile, "--input", "tiny.json"},
		{"verify", "--key", hostile, "proof.json"},
		{"setup", "tiny.nnark", "-o", "hostile/" + hostile, "--proving-key", hostile, "--verifying-key", hostile},
		{"prove", "tiny.nnark", "--keys", hostile, "--input", hostile, "-o", "no.json"},
		{"nonsense" + hostile},
	} {
		for _, more := range [][]string{nil, {"--json"}} {
			_, stdout, stderr := nnark(t, append(args, more...)...)
			require.NotEmpty(t, stdout+stderr)
			for _, r := range stdout + stderr {
				require.False(t, r != '\n' && unicode.In(r, unicode.C, unicode.Zl, unicode.Zp), "%U in the output of %q", r, args)
			}
		}
	}
	require.Equal(t, `a\u001b[2J\u009b\u202e\udb40\udc41é`, printable("a\x1b[2J\u009b\u202e\U000e0041é"))
}
