package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// verdict says what became of a mutant.
type verdict string

const (
	killed     verdict = "killed"
	invalid    verdict = "does not compile"
	equivalent verdict = "equivalent"
	survived   verdict = "survived"
)

// limit ends tests that a mutant made endless: that is noticing, too.
const limit = 5 * time.Minute

// runner compiles and tests the module with one file replaced.
type runner struct{ dir string }

func newRunner() *runner { return &runner{} }

// clean makes sure that the sources as they are pass the tests, else every mutant would
// seem killed.
func (r *runner) clean() error {
	seen := map[string]bool{}
	for _, t := range targets {
		for _, pkg := range t.tests {
			if seen[pkg] {
				continue
			}
			seen[pkg] = true
			if out, err := run1("", pkg); err != nil {
				return fmt.Errorf("%s fails without any mutant: %w\n%s", pkg, err, out)
			}
		}
	}
	return nil
}

// try tests one mutant.
func (r *runner) try(m mutant) (verdict, error) {
	if m.isEquivalent() {
		return equivalent, nil
	}
	dir, err := os.MkdirTemp("", "mutant")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	overlay, err := m.overlay(dir)
	if err != nil {
		return "", err
	}
	if out, err := command("build", "-overlay", overlay, "./"+filepath.Dir(m.file)); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return invalid, nil
		}
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	for _, pkg := range m.target.tests {
		_, err := run1(overlay, pkg)
		var exit *exec.ExitError
		switch {
		case errors.As(err, &exit) || errors.Is(err, context.DeadlineExceeded):
			return killed, nil
		case err != nil:
			return "", err
		}
	}
	return survived, nil
}

// overlay writes the mutated file and the overlay that puts it in place.
func (m mutant) overlay(dir string) (string, error) {
	src, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	changed := filepath.Join(dir, filepath.Base(m.file))
	if err := os.WriteFile(changed, m.apply(src), 0o600); err != nil {
		return "", err
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, data, 0o600)
}

func run1(overlay, pkg string) ([]byte, error) {
	args := []string{"test", "-failfast", "-vet=off"}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	return command(append(args, pkg)...)
}

func command(args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c := exec.CommandContext(ctx, "go", args...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return out.Bytes(), err
}
