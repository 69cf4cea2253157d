//go:build unix

package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// child is nnark in a process of its own; ready ends when it has printed a line.
type child struct {
	*exec.Cmd
	ready  chan struct{}
	stderr strings.Builder
	done   chan struct{}
}

func start(t *testing.T, args ...string) *child {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	// The name tells testscript.Main to run the command, not the tests.
	c := &child{Cmd: &exec.Cmd{Path: self, Args: append([]string{"nnark"}, args...)}, ready: make(chan struct{}), done: make(chan struct{})}
	pipe, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	go func() {
		defer close(c.done)
		for i, s := 0, bufio.NewScanner(pipe); s.Scan(); i++ {
			c.stderr.WriteString(s.Text() + "\n")
			if i == 0 {
				close(c.ready)
			}
		}
	}()
	return c
}

// end waits for the child and returns its exit code, -1 if a signal ended it.
func (c *child) end(t *testing.T) int {
	t.Helper()
	<-c.done
	err := c.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return c.ProcessState.ExitCode()
}

// larger makes the program of a network whose setup takes a while.
func larger(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, writeInputs(dir))
	t.Chdir(dir)
	blank := make([]float32, 784)
	for i := range blank {
		blank[i] = float32(i%29) / 28
	}
	require.NoError(t, os.WriteFile("image.npy", npy(blank, 1, 1, 28, 28), 0o644))
	mustRun(t, "compile", "lenet5.onnx", "--samples", "image.npy", "-o", "m.nnark")
}

func TestInterruptedSetup(t *testing.T) {
	larger(t)
	before := files(t, ".")
	c := start(t, "setup", "m.nnark", "-o", "keys")
	<-c.ready // the warning, just before the work
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.Equal(t, exitInterrupted, c.end(t), c.stderr.String())
	require.Contains(t, c.stderr.String(), "nnark: error: interrupted\nnnark: hint: nothing was written\n")
	require.Equal(t, before, files(t, "."))
}

func TestInterruptedProve(t *testing.T) {
	larger(t)
	mustRun(t, "setup", "m.nnark", "-o", "keys")
	before := files(t, ".")
	args := []string{"prove", "m.nnark", "--keys", "keys", "--input", "image.npy", "-o", "proof.json"}
	interrupted := false
	for wait := 20 * time.Millisecond; wait < 200*time.Millisecond; wait += 60 * time.Millisecond {
		c := start(t, args...)
		time.Sleep(wait)
		require.NoError(t, c.Process.Signal(os.Interrupt))
		switch code := c.end(t); code {
		case exitInterrupted:
			interrupted = true
			require.Equal(t, before, files(t, "."))
		case exitOK: // it was faster
			mustRun(t, "verify", "--key", "keys/verifying.key", "proof.json", "--expect-input", "image.npy")
			require.NoError(t, os.Remove("proof.json"))
		default: // the signal came before the process listened
			require.Equal(t, -1, code, c.stderr.String())
			require.Equal(t, before, files(t, "."))
		}
	}
	require.True(t, interrupted, "no proof took long enough")
}

// What kill -9 leaves is complete, or does not load.
func TestKilled(t *testing.T) {
	larger(t)
	prove := []string{"prove", "m.nnark", "--keys", "keys", "--input", "image.npy", "-o", "proof.json"}
	for wait := 100 * time.Millisecond; wait < 2*time.Second; wait += 300 * time.Millisecond {
		c := start(t, "setup", "m.nnark", "-o", "keys", "--force")
		<-c.ready
		time.Sleep(wait)
		require.NoError(t, c.Process.Signal(syscall.SIGKILL))
		killed := c.end(t) != exitOK
		code, _, stderr := nnark(t, prove...)
		if code == exitOK {
			mustRun(t, "verify", "--key", "keys/verifying.key", "proof.json", "--expect-input", "image.npy")
			break
		}
		require.True(t, killed, stderr)
		require.NoFileExists(t, "proof.json")
	}
	mustRun(t, "setup", "m.nnark", "-o", "keys", "--force")
	for _, wait := range []time.Duration{50, 150, 250} {
		_ = os.Remove("proof.json")
		c := start(t, prove...)
		time.Sleep(wait * time.Millisecond)
		_ = c.Process.Signal(syscall.SIGKILL)
		c.end(t)
		if _, err := os.Stat("proof.json"); err == nil {
			mustRun(t, "verify", "--key", "keys/verifying.key", "proof.json")
		}
	}
}

func TestInterruptedCeremony(t *testing.T) {
	larger(t)
	mustRun(t, "ceremony", "init", "m.nnark", "-o", "0.ceremony")
	before := files(t, ".")
	c := start(t, "ceremony", "contribute", "0.ceremony", "-o", "1.ceremony", "--name", "vendor")
	time.Sleep(400 * time.Millisecond) // a contribution takes longer
	require.NoError(t, c.Process.Signal(os.Interrupt))
	require.Equal(t, exitInterrupted, c.end(t), c.stderr.String())
	require.Equal(t, before, files(t, "."))
}

// A run that is interrupted, or killed, keeps its proofs, and the next one goes on with them.
func TestInterruptedMany(t *testing.T) {
	larger(t)
	mustRun(t, "setup", "m.nnark", "-o", "keys")
	const images = 12
	var all []float32
	for i := range images * 784 {
		all = append(all, float32(i%(29+i/784))/60)
	}
	require.NoError(t, os.WriteFile("images.npy", npy(all, images, 1, 28, 28), 0o644))
	args := []string{"prove", "m.nnark", "--keys", "keys", "--input", "images.npy", "-o", "proofs/"}
	proofs := func() map[string]string { // contents by name
		all := map[string]string{}
		names, _ := proofFiles("proofs") // none at first
		for _, name := range names {
			data, err := os.ReadFile(filepath.Join("proofs", name))
			require.NoError(t, err)
			all[name] = string(data)
		}
		return all
	}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGKILL} {
		before := len(proofs())
		c := start(t, args...)
		require.Eventually(t, func() bool { return len(proofs()) >= before+3 }, time.Minute, time.Millisecond)
		require.NoError(t, c.Process.Signal(signal))
		code := c.end(t)
		if signal == os.Interrupt {
			require.Equal(t, exitInterrupted, code, c.stderr.String())
			require.Contains(t, c.stderr.String(), "nnark: hint: finished proofs are in the folder: run it again to go on\n")
		}
	}
	kept := proofs()
	require.GreaterOrEqual(t, len(kept), 6)
	require.Less(t, len(kept), images)
	mustRun(t, args...)
	after := proofs()
	require.Len(t, after, images)
	for name, content := range kept {
		require.Equal(t, content, after[name], "%s was made again", name)
	}
	mustRun(t, "verify", "--key", "keys/verifying.key", "proofs", "--expect-input", "images.npy")
}
