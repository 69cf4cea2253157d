package wasi

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"

	"github.com/nnark/nnark/verifier/internal/answer"
	"github.com/nnark/nnark/verifier/vectors"
)

// program is the command, compiled once.
type program struct {
	runtime wazero.Runtime
	module  wazero.CompiledModule
}

func load(t *testing.T) *program {
	ctx := context.Background()
	code, err := os.ReadFile("nnark-wasi.wasm")
	require.NoError(t, err, "build it with build.sh")
	p := &program{runtime: wazero.NewRuntime(ctx)}
	t.Cleanup(func() { require.NoError(t, p.runtime.Close(ctx)) })
	_, err = wasi_snapshot_preview1.Instantiate(ctx, p.runtime)
	require.NoError(t, err)
	p.module, err = p.runtime.CompileModule(ctx, code)
	require.NoError(t, err)
	return p
}

// run returns the lines that the command prints and its exit status. The
// command gets no files, no environment and no clock.
func (p *program) run(t *testing.T, input []byte) (lines []string, status uint32) {
	var out, diagnostics bytes.Buffer
	config := wazero.NewModuleConfig().WithName("").WithStdin(bytes.NewReader(input)).WithStdout(&out).WithStderr(&diagnostics)
	_, err := p.runtime.InstantiateModule(context.Background(), p.module, config)
	var exit *sys.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else {
		require.NoError(t, err)
	}
	t.Logf("%s", diagnostics.Bytes())
	for s := bufio.NewScanner(&out); s.Scan(); {
		lines = append(lines, s.Text())
	}
	return lines, status
}

func request(t *testing.T, f *vectors.File, c *vectors.Case) []byte {
	line, err := json.Marshal(f.Request(c))
	require.NoError(t, err)
	return append(line, '\n')
}

// Every vector gets its verdict, and every answer is to the byte that of the
// same code outside WebAssembly.
func TestVectors(t *testing.T) {
	f, err := vectors.Load()
	require.NoError(t, err)
	check(t, f)
}

// maxMutations keeps the test short: Node runs them all, much faster.
const maxMutations = 2000

// NNARK_MUTATIONS names a file made by verifier/vectors/mutate.
func TestMutations(t *testing.T) {
	name := os.Getenv("NNARK_MUTATIONS")
	if name == "" {
		t.Skip("NNARK_MUTATIONS names no file")
	}
	in, err := os.Open(name)
	require.NoError(t, err)
	defer in.Close()
	f, err := vectors.Read(in)
	require.NoError(t, err)
	f.Cases = f.Cases[:min(len(f.Cases), maxMutations)]
	check(t, f)
}

func check(t *testing.T, f *vectors.File) {
	var input bytes.Buffer
	for i := range f.Cases {
		input.Write(request(t, f, &f.Cases[i]))
	}
	lines, status := load(t).run(t, input.Bytes())
	require.EqualValues(t, 1, status) // some are not accepted
	require.Len(t, lines, len(f.Cases))
	var server answer.Server
	for i, line := range lines {
		c := &f.Cases[i]
		var got answer.Answer
		require.NoError(t, json.Unmarshal([]byte(line), &got))
		require.Equal(t, []string{c.Verdict, c.Kind}, []string{got.Verdict, got.Kind}, "case %d, %s, %s: %s", c.ID, c.Flaw, c.Name, got.Reason)
		require.Equal(t, string(server.Serve(request(t, f, c)).JSON()), line)
	}
}

func TestExitStatus(t *testing.T) {
	f, err := vectors.Load()
	require.NoError(t, err)
	requests := map[string][]byte{}
	for i := range f.Cases {
		if c := &f.Cases[i]; requests[c.Verdict] == nil {
			requests[c.Verdict] = request(t, f, c)
		}
	}
	good, bad := requests[answer.Accepted], requests[answer.Rejected]
	p := load(t)
	for _, c := range []struct {
		name   string
		input  string
		status uint32
		answer string // part of the last one
	}{
		{"accepted", string(good), 0, `{"verdict":"accepted"`},
		{"without line feed", strings.TrimSpace(string(good)), 0, `{"verdict":"accepted"`},
		{"rejected", string(bad), 1, `{"verdict":"rejected"`},
		{"accepted and rejected", string(good) + string(bad), 1, `{"verdict":"rejected"`},
		{"rejected and accepted", string(bad) + string(good), 1, `{"verdict":"accepted"`},
		{"malformed", string(requests[answer.Malformed]), 1, `{"verdict":"malformed"`},
		{"wrong model", string(requests[answer.WrongModel]), 1, `{"verdict":"wrong model"`},
		{"key only", string(good[:bytes.Index(good, []byte(`,"proof"`))]) + "}", 0, `"card":`},
		{"no request", "", 2, ""},
		{"bad request", string(good) + "{}x", 2, `{"error":`},
		{"null is no proof", nullProof(good), 2, `{"error":`},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines, status := p.run(t, []byte(c.input))
			require.Equal(t, c.status, status)
			if c.answer != "" {
				require.Contains(t, lines[len(lines)-1], c.answer)
			}
		})
	}
}

// nullProof returns a request in which the proof is null.
func nullProof(request []byte) string {
	return regexp.MustCompile(`"proof":"[0-9a-f]*"`).ReplaceAllString(string(request), `"proof":null`)
}
