package main

import (
	"os/exec"
	"strings"
	"testing"
)

// Imports point one way: fixedpoint <- model <- circuits/quantize -> circuits <- prover <- cmd,
// bench, and verifier <- circuits (whose digests it shares), prover: what proves knows programs,
// not the networks they were made of. Package verifier's own test holds what it may import.
func TestImports(t *testing.T) {
	const module = "github.com/nnark/nnark/"
	for pkg, forbidden := range map[string][]string{
		"fixedpoint":        {"."}, // the standard library only
		"model":             {"github.com/consensys/", module + "circuits", module + "prover", module + "verifier", module + "cmd", module + "bench"},
		"circuits":          {module + "model", module + "circuits/quantize", module + "prover", module + "cmd", module + "bench", module + "testdata"},
		"circuits/quantize": {module + "prover", module + "verifier/solidity", module + "cmd", module + "bench", module + "testdata"},
		"prover":            {module + "model", module + "circuits/quantize", module + "cmd", module + "bench", module + "testdata"},
		"verifier":          {"github.com/consensys/gnark/", module + "model", module + "circuits", module + "prover"},
	} {
		out, err := exec.Command("go", "list", "-deps", module+pkg).Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		for _, dep := range strings.Fields(string(out)) {
			host, _, _ := strings.Cut(dep, "/")
			for _, f := range forbidden {
				if f == "." && strings.Contains(host, ".") && dep != module+pkg || f != "." && strings.HasPrefix(dep, f) {
					t.Errorf("%s imports %s", pkg, dep)
				}
			}
		}
	}
}
