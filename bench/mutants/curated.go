package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// change is a mutant that no rule finds: text that must stand exactly once in a target's
// files, wherever it moves.
type change struct {
	dir      string // of the target
	from, to string
	why      string // what a prover would gain, or what would leak
}

// curatedMutants finds the changes in the sources. A change whose text is gone or no
// longer unique is an error: the list must follow the code.
func curatedMutants() ([]mutant, error) {
	var out []mutant
	for _, c := range curated {
		m, err := c.find()
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func (c *change) find() (found mutant, err error) {
	var t *target
	for i := range targets {
		if targets[i].dir == c.dir {
			t = &targets[i]
		}
	}
	if t == nil {
		return found, fmt.Errorf("%s is no target", c.dir)
	}
	matches := 0
	err = filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != c.dir:
			return fs.SkipDir
		case !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		n := bytes.Count(src, []byte(c.from))
		matches += n
		if n > 0 {
			at := bytes.Index(src, []byte(c.from))
			found = mutant{file: path, line: 1 + bytes.Count(src[:at], []byte("\n")), what: c.why, from: c.from, to: c.to, offset: at, target: t}
		}
		return nil
	})
	if err == nil && matches != 1 {
		err = fmt.Errorf("%q stands %d times in %s, want once: bring curated.go up to date", c.from, matches, c.dir)
	}
	return found, err
}

var curated = []change{
	{"circuits/gadget", "return 1 << bits.Len(uint(h)), g", "return 1 << bits.Len(uint(h)) / 2, g", "powers of a matrix product's rows and columns meet"},
	{"circuits/gadget", "p.step = 1 << bits.Len(uint(degree))", "p.step = 1 << bits.Len(uint(degree)) / 2", "powers of a convolution's rows and columns meet"},
	{"circuits/gadget", "func lookupPower(n int) int { return 1 << bits.Len(uint(n)) }", "func lookupPower(n int) int { return 4 + 0*bits.Len(uint(n)) }", "the lookup's two variables are related"},
	{"circuits/gadget", "return e.pow(lookupPower(e.mostFractions()), 1), e.z", "return e.z, e.z", "the lookup's two variables are one"},
	{"circuits/gadget", "rows := min(o, capacity/cols)", "rows := min(o, (capacity+1)/cols)", "packed outputs pass the modulus"},
	{"circuits/gadget", "cols := min(m.B.Shape[1], capacity/rows)", "cols := min(m.B.Shape[1], (capacity+1)/rows)", "packed products pass the modulus"},
	{"circuits/gadget", "best := &Contraction{Contract: c, rows: min(o, capacity), cols: 1, base: base}", "best := &Contraction{Contract: c, rows: min(o, capacity+1), cols: 1, base: base}", "packed outputs pass the modulus"},
	{"circuits/gadget", "width = max(width, r.Hi-r.Lo)", "if i == 0 {\n\t\t\twidth = max(width, r.Hi-r.Lo)\n\t\t}", "the packing's base is the first output's"},
	{"circuits/gadget", "return new(big.Int).Add(big.NewInt(width), big.NewInt(1)), nil", "return big.NewInt(width), nil", "the packing's base is one too small"},
	{"verifier/statement", "limit := uint256{0, 0, 0, 1 << 61}", "limit := uint256{0, 0, 0, 1 << 63}", "packed values pass the modulus"},
	{"circuits/gadget", "at := e.api.Sub(x, e.api.Mul(e.expr(b), y))", "at := e.api.Sub(x, e.api.Mul(0, y))", "under PLONK a function's value is not looked up"},
	{"circuits/gadget", "at = e.rows.sum(e.api.Sub(x, e.api.Mul(y, t.At(v))))", "_ = y", "under PLONK a table's rows have no values"},
	{"circuits/gadget", "e.order = slices.Concat(c.Public, c.Secret[first:])", "e.order = slices.Concat(c.Public[1:], c.Secret[first:])", "under PLONK the challenge does not depend on the key"},
	{"circuits/gadget", "before = before && m.Block.ID < b.ID", "_ = m", "under PLONK a column that a product takes counts as what the product gives"},
	{"circuits/gadget", "p.at[s.left], s.column = i, s.left", "p.at[s.left], s.column = i, -1", "under PLONK a column's row does not commit it"},
	{"prover/plonk", "write(row)\n\t}\n\tfor _, x", "_ = row\n\t}\n\tfor _, x", "a proof of support does not depend on the rows of weights"},
	{"prover/plonk", "for _, x := range []*bn254.G1Affine{&p.circuit.Qr, qr, quotient} {", "for _, x := range []*bn254.G1Affine{&p.circuit.Qr, qr} {\n\t\t_ = quotient", "the quotient of a proof of support may be chosen after its point"},
	{"prover/plonk", "over.Mul(&over, t.Sub(s, &p.cosets.roots[row]))", "t.Sub(s, &p.cosets.roots[row])", "weights may be on no row"},
	{"circuits/gadget", "d = e.api.Sub(d, e.api.Mul(b[k], y))", "_ = b", "a function's value is not looked up"},
	{"circuits/gadget", "append(all.rows, d), append(all.counts, e.secret[e.tables[i]+k])", "append(all.rows, d), append(all.counts, e.secret[e.tables[i]+k/2*2])", "multiplicities of two rows are one"},
	{"circuits/relation", "b.Range(low, fixedpoint.Interval{Lo: 0, Hi: 1<<width - 1})", "_ = low", "the lowest digit of a range check is free"},
	{"circuits/relation", "if m.Coef != 1 && m.Coef != -1 {", "if m.Coef == 0 {", "bounds derived through fractions of the field"},
	{"circuits/relation", "const limit = 1 << 62", "const limit = 1<<63 - 1", "intervals reach what wraps"},
	{"circuits/relation", "return t.Domain, 0, true", "return fixedpoint.Interval{Lo: t.Domain.Lo - 1, Hi: t.Domain.Hi}, 0, true", "a range check hosted one row past its table"},
	{"circuits/relation", "rem := num.Minus(p).Times(2).Plus(den)", "rem := num.Minus(p).Times(2)", "quotients rounded down, not to nearest"},
}
