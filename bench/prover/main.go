// Prover compares nnark's Groth16 and PLONK provers with gnark's on the same constraint
// systems, keys and witnesses, interleaved in one process.
//
//	go run ./bench/prover [-rounds 7] [-only lenet5,mlp]
//	NNARK_SIMD=avx2 go run ./bench/prover         # without AVX-512
//	NNARK_SIMD=generic go run ./bench/prover      # without the vector kernels
//
// Times are medians. "unbound" is what any circuit gets; "bound" has the committed weights'
// share of the sums computed beforehand (prover.Keys.Bind), as a vendor who proves more
// than once does. Under PLONK the fixed columns are computed once in any case.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/consensys/gnark/logger"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/prover/simd"
	"github.com/nnark/nnark/verifier"
)

func main() {
	logger.Disable() // gnark's, between our lines
	rounds := flag.Int("rounds", 7, "proofs of each kind")
	only := flag.String("only", "", "comma-separated names of the cases to run")
	flag.Parse()
	if err := run(*rounds, strings.Split(*only, ",")); err != nil {
		fmt.Fprintln(os.Stderr, "prover: error:", err)
		os.Exit(2)
	}
}

func run(rounds int, only []string) error {
	ctx := context.Background()
	fmt.Println("kernels:", simd.Level())
	row("circuit", "constraints", "gnark setup s", "setup s", "bind s", "gnark ms", "unbound ms", "ratio", "bound ms", "ratio")
	for _, c := range networks() {
		if only[0] != "" && !slices.Contains(only, c.name) {
			continue
		}
		if err := network(ctx, c, rounds); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for _, c := range plonkNetworks() {
		if only[0] != "" && !slices.Contains(only, c.name) {
			continue
		}
		if err := plonkNetwork(ctx, c, rounds); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	for _, c := range plainCircuits() {
		if only[0] != "" && !slices.Contains(only, c.name) {
			continue
		}
		if err := plain(ctx, c, rounds); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

// row prints one row of the table; "" is a figure that does not apply.
func row(cells ...string) {
	fmt.Printf("%-15s %11s %13s %8s %7s %9s %11s %6s %9s %6s\n", anys(cells)...)
}

func anys(cells []string) (out []any) {
	for _, c := range cells {
		out = append(out, c)
	}
	return out
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f", d.Seconds()) }
func ms(d time.Duration) string      { return fmt.Sprintf("%.0f", d.Seconds()*1000) }
func ratio(a, b time.Duration) string {
	return fmt.Sprintf("%.1f", a.Seconds()/b.Seconds())
}

// network measures one network with committed weights.
func network(ctx context.Context, n networkCase, rounds int) error {
	c, err := n.compile()
	if err != nil {
		return err
	}
	start := time.Now()
	keys, err := prover.UnsafeSetup(ctx, c, nil)
	if err != nil {
		return err
	}
	setup := time.Since(start)
	start = time.Now()
	bound, err := keys.Bind(ctx)
	if err != nil {
		return err
	}
	bind := time.Since(start)
	var gnark, free, tied []time.Duration
	for i := range rounds + 1 {
		x := n.input(c.Program, i)
		proof, took, err := keys.UnsafeProveWithGnark(x)
		if err != nil {
			return err
		}
		times := []time.Duration{took}
		for _, k := range []*prover.Keys{keys, bound} {
			start := time.Now()
			if proof, err = k.Prove(ctx, x, prover.Options{}); err != nil {
				return err
			}
			times = append(times, time.Since(start))
			if err := keys.VerifyWithGnark(proof); err != nil {
				return err
			}
		}
		if _, err := verifier.Verify(keys.VerifyingKey, proof); err != nil {
			return err
		}
		if i > 0 { // the first round warms up
			gnark, free, tied = append(gnark, times[0]), append(free, times[1]), append(tied, times[2])
		}
	}
	g, u, b := median(gnark), median(free), median(tied)
	row(n.name, fmt.Sprint(c.Constraints()), "", seconds(setup), seconds(bind), ms(g), ms(u), ratio(g, u), ms(b), ratio(g, b))
	return nil
}

func median(x []time.Duration) time.Duration {
	slices.Sort(x)
	return x[len(x)/2]
}
