package main

import (
	"crypto/sha256"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// mutant is one change of one file.
type mutant struct {
	file   string // from the module's root
	line   int
	what   string // the rule, or the curated change's reason
	from   string // the source text it replaces, at offset
	to     string
	offset int
	target *target
}

func (m mutant) String() string {
	first, _, _ := strings.Cut(m.from, "\n")
	return fmt.Sprintf("%s:%d: %s: %s", m.file, m.line, m.what, strings.TrimSpace(first))
}

// draw is the mutant's lot for a sample: what it changes decides, so that changes elsewhere
// leave the sample as it was.
func (m mutant) draw(seed uint64) []byte {
	lot := sha256.Sum256(fmt.Append(nil, seed, m.file, m.what, m.from, m.to))
	return lot[:]
}

// apply returns the file's text with the change made.
func (m mutant) apply(src []byte) []byte {
	return slices.Concat(src[:m.offset], []byte(m.to), src[m.offset+len(m.from):])
}

// target is a folder whose files are mutated, and the packages whose tests must notice, the
// quickest first.
type target struct {
	dir   string
	skip  []string // files that hold no check
	rules []rule
	tests []string
}

// targets lists what soundness and secrecy rest on.
var targets = []target{
	{dir: "circuits/relation", rules: []rule{dropStatement, neverRefuse},
		tests: []string{"./circuits/relation", "./circuits/gadget", "./circuits"}},
	{dir: "circuits/gadget", skip: []string{"cost.go"}, rules: []rule{dropStatement, neverRefuse},
		tests: []string{"./circuits/gadget", "./circuits", "./prover"}},
	{dir: "circuits", rules: []rule{dropStatement}, skip: []string{"lower_linear.go"},
		tests: []string{"./circuits"}},
	{dir: "prover", rules: []rule{neverRefuse}, skip: []string{"memory.go"},
		tests: []string{"./prover"}},
	{dir: "prover/groth16", rules: []rule{neverRefuse},
		tests: []string{"./prover/groth16", "./prover"}},
	{dir: "prover/ceremony", rules: []rule{neverRefuse},
		tests: []string{"./prover/ceremony"}},
	{dir: "prover/plonk", rules: []rule{neverRefuse},
		tests: []string{"./prover/plonk", "./prover"}},
	{dir: "circuits/flat", rules: []rule{neverRefuse},
		tests: []string{"./circuits/flat", "./verifier/flat"}},
	{dir: "verifier/flat", rules: []rule{neverRefuse, boundary},
		tests: []string{"./verifier/flat", "./prover/flat"}},
	{dir: "verifier/hyperkzg", rules: []rule{neverRefuse},
		tests: []string{"./verifier/hyperkzg", "./prover/hyperkzg"}},
	{dir: "verifier/opening", rules: []rule{neverRefuse},
		tests: []string{"./verifier/opening", "./verifier/vectors"}},
	{dir: "verifier/statement", rules: []rule{neverRefuse, boundary},
		tests: []string{"./verifier/statement", "./verifier", "./circuits/gadget"}},
	{dir: "verifier", rules: []rule{neverRefuse, boundary},
		tests: []string{"./verifier", "./verifier/vectors"}},
}

// mutants returns all mutants in the order of the targets.
func mutants() ([]mutant, error) {
	var out []mutant
	for i := range targets {
		t := &targets[i]
		files, err := filepath.Glob(filepath.Join(t.dir, "*.go"))
		if err != nil {
			return nil, err
		}
		found := 0
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || slices.Contains(t.skip, filepath.Base(file)) {
				continue
			}
			ms, err := t.inFile(file)
			if err != nil {
				return nil, err
			}
			found += len(ms)
			out = append(out, ms...)
		}
		if found == 0 {
			return nil, fmt.Errorf("no mutants in %s: run it from the module's root", t.dir)
		}
	}
	chosen, err := curatedMutants()
	return append(out, chosen...), err
}

// inFile applies the target's rules to one file.
func (t *target) inFile(file string) ([]mutant, error) {
	src, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	fset := token.NewFileSet()
	tree, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var out []mutant
	ast.Inspect(tree, func(n ast.Node) bool {
		if n == nil {
			return false
		}
		for _, r := range t.rules {
			old, to, ok := r.change(n, func(n ast.Node) string { return string(src[n.Pos()-1 : n.End()-1]) })
			if !ok {
				continue
			}
			at := fset.Position(old.Pos())
			out = append(out, mutant{file: file, line: at.Line, what: r.name, from: string(src[at.Offset : at.Offset+int(old.End()-old.Pos())]),
				to: to, offset: at.Offset, target: t})
		}
		return true
	})
	return out, nil
}
