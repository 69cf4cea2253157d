// Command mutants breaks the sources on purpose, one small change at a time, and runs the
// tests: a change that no test notices is a hole in the tests, or a check that does nothing.
//
//	go run ./bench/mutants             every mutant (an hour on two cores)
//	go run ./bench/mutants -sample 12  some of them, others each time unless -seed is given
//	go run ./bench/mutants -only gadget/lookup -list
//
// Mutants come from two sources: rules.go changes the syntax tree wherever a rule matches (a
// statement not made, a check that never refuses, a bound moved by one), curated.go lists
// changes that a cheating prover would wish for. The tree is never touched: mutants are
// compiled through an overlay. Each survivor must be proved equivalent in equivalent.go;
// any other survivor makes the command fail.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"time"

	"github.com/schollz/progressbar/v3"
)

func main() {
	sample := flag.Int("sample", 0, "try only this many mutants, drawn at random; 0 means all")
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()), "of the sample")
	only := flag.String("only", "", "try only mutants whose name matches this regular expression")
	list := flag.Bool("list", false, "list the mutants and stop")
	flag.Parse()
	if err := run(*sample, *seed, *only, *list); err != nil {
		fmt.Fprintln(os.Stderr, "mutants: error:", err)
		os.Exit(1)
	}
}

func run(sample int, seed uint64, only string, list bool) error {
	name, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	all, err := mutants()
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(m mutant) bool { return !name.MatchString(m.String()) })
	if sample > 0 && sample < len(all) {
		slices.SortStableFunc(all, func(a, b mutant) int { return bytes.Compare(a.draw(seed), b.draw(seed)) })
		all = all[:sample]
		fmt.Printf("a sample of %d mutants, -seed %d\n", sample, seed)
	}
	if list {
		for _, m := range all {
			fmt.Println(m)
		}
		fmt.Printf("%d mutants\n", len(all))
		return nil
	}
	r := newRunner()
	if err := r.clean(); err != nil {
		return err
	}
	return r.runAll(all)
}

// runAll tries the mutants one after the other: tests use all cores.
func (r *runner) runAll(all []mutant) error {
	bar := progressbar.Default(int64(len(all)))
	count := map[verdict]int{}
	var survivors []mutant
	for _, m := range all {
		v, err := r.try(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m, err)
		}
		count[v]++
		if v == survived {
			survivors = append(survivors, m)
			fmt.Fprintf(os.Stderr, "\nsurvived: %s\n", m)
		}
		_ = bar.Add(1) // a progress bar that cannot draw is no reason to stop
	}
	fmt.Printf("\n%d mutants: %d killed, %d do not compile, %d equivalent, %d survived\n",
		len(all), count[killed], count[invalid], count[equivalent], count[survived])
	for _, m := range survivors {
		fmt.Println("survived:", m)
	}
	if len(survivors) > 0 {
		return fmt.Errorf("%d mutants survived", len(survivors))
	}
	if count[killed] == 0 {
		return fmt.Errorf("no mutant was tried")
	}
	return nil
}
