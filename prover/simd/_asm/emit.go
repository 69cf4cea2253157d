package main

import (
	"fmt"
	"math/big"
	"strings"
)

// program collects assembly text in Go's syntax, in which the destination of an
// instruction comes last.
type program struct{ strings.Builder }

func (p *program) op(name string, operands ...string) {
	fmt.Fprintf(p, "\t%s %s\n", name, strings.Join(operands, ", "))
}

func (p *program) label(name string) { fmt.Fprintf(p, "%s:\n", name) }

func (p *program) comment(text string) { fmt.Fprintf(p, "\n\t// %s\n", text) }

// function opens a function with a comment and the size of its arguments.
func (p *program) function(name, doc string, args int) {
	fmt.Fprintf(p, "\n// %s\nTEXT ·%s(SB), NOSPLIT, $0-%d\n", doc, name, args)
}

// table defines read-only words.
func (p *program) table(name string, words ...uint64) {
	for i, w := range words {
		fmt.Fprintf(p, "DATA ·%s+%d(SB)/8, $0x%016x\n", name, 8*i, w)
	}
	fmt.Fprintf(p, "GLOBL ·%s(SB), NOPTR|RODATA, $%d\n", name, 8*len(words))
}

// z names a vector register of eight 64-bit lanes, y its lower half.
func z(i int) string { return fmt.Sprintf("Z%d", i) }
func y(i int) string { return fmt.Sprintf("Y%d", i) }

func imm(i int) string { return fmt.Sprintf("$%d", i) }

// at names memory at a displacement from a register.
func at(disp int, reg string) string { return fmt.Sprintf("%d(%s)", disp, reg) }

// word names word i of a table, broadcast to all lanes by the .BCST suffix.
func word(table string, i int) string { return fmt.Sprintf("·%s+%d(SB)", table, 8*i) }

// limbs splits x into n words of 52 bits.
func limbs(x *big.Int, n int) []uint64 {
	mask := new(big.Int).SetUint64(1<<52 - 1)
	out := make([]uint64, n)
	for i := range out {
		out[i] = new(big.Int).And(new(big.Int).Rsh(x, uint(52*i)), mask).Uint64()
	}
	return out
}
