// Command flat prints a vector file as lines of fields separated by tabs, for
// programs that do not read JSON:
//
//	id verdict kind key proof context any refuse input ints expect output index opened salt
//
// Key, proof, context, expect (the pinned key's digest) and salt are hexadecimal, any and refuse 0 or 1, input (real
// numbers) and ints the expected numbers of the first input separated by
// commas; output (0 or 1), index and opened, integers, are of the first opening; "-"
// stands for an empty kind, no bytes, no context, no expected input and no opening, "()"
// for no numbers. A case that expects something of a second input, or has two
// openings, is left out.
//
//	go run ./verifier/vectors/flat [FILE]
package main

import (
	"bufio"
	"cmp"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/nnark/nnark/verifier/vectors"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("flat: ")
	f, err := load(os.Args[1:])
	if err != nil {
		log.Fatal(err)
	}
	w := bufio.NewWriter(os.Stdout)
	for i := range f.Cases {
		c := &f.Cases[i]
		o := &c.Options
		if len(o.ExpectInput) > 1 || len(o.ExpectInts) > 1 || len(o.Openings) > 1 {
			continue
		}
		output, index, opened, salt := "0", "0", "-", "-"
		for _, p := range o.Openings {
			output, index, opened, salt = bit(p.Output), fmt.Sprint(p.Index), numbers([][]int64{append([]int64{}, p.Ints...)}), hex(p.Salt)
		}
		fmt.Fprintln(w, strings.Join([]string{
			fmt.Sprint(c.ID), strings.ReplaceAll(c.Verdict, " ", "_"), cmp.Or(strings.ReplaceAll(c.Kind, " ", "_"), "-"),
			hex(f.Keys[c.Key]), hex(c.Proof), hex(o.Context), bit(o.AnyContext), bit(o.RefuseUnsafe),
			numbers(o.ExpectInput), numbers(o.ExpectInts),
			hex(o.ExpectKey), output, index, opened, salt,
		}, "\t"))
	}
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
}

func load(args []string) (*vectors.File, error) {
	if len(args) == 0 {
		return vectors.Load()
	}
	in, err := os.Open(args[0])
	if err != nil {
		return nil, err
	}
	defer in.Close()
	return vectors.Read(in)
}

func hex(b []byte) string { return cmp.Or(fmt.Sprintf("%x", b), "-") }

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

func numbers[T any](lists [][]T) string {
	if len(lists) == 0 || lists[0] == nil {
		return "-"
	}
	var out []string
	for _, x := range lists[0] {
		out = append(out, fmt.Sprint(x))
	}
	return cmp.Or(strings.Join(out, ","), "()")
}
