// Engine measures the flat argument: for each network what it commits to, and how long each stage
// of a proof takes.
//
//	go run ./bench/engine [-rounds 5] [-only lenet5,transformer] [PROGRAM.nnark ...]
//	NNARK_SIMD=generic go run ./bench/engine      # without the vector kernels
//
// Programs in files are those of nnark compile --system flat; their inputs are random integers of
// the declared ranges. Times are medians; "an input" is a proof's time divided by the inputs that it is of. Memory is the most that the process had during setup and
// proofs, where the system counts it anew (Linux).
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/prover/simd"
	"github.com/nnark/nnark/testdata"
	"github.com/nnark/nnark/verifier"
)

func main() {
	rounds := flag.Int("rounds", 5, "proofs of each network")
	only := flag.String("only", "", "comma-separated names of the networks to run")
	flag.Parse()
	if err := run(*rounds, strings.Split(*only, ","), flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "engine: error:", err)
		os.Exit(2)
	}
}

// network is a named program.
type network struct {
	name    string
	program func() (*circuits.Program, error)
}

func networks(files []string) []network {
	var out []network
	digits := func(name string, data []byte, opts ...quantize.Option) {
		out = append(out, network{name, func() (*circuits.Program, error) {
			g, err := model.ParseONNX(name, data)
			if err != nil {
				return nil, err
			}
			var samples [][]*model.Tensor
			for _, x := range testdata.Calibration() {
				samples = append(samples, []*model.Tensor{{Shape: g.Inputs[0].Shape, Float: testdata.Scaled(x)}})
			}
			return quantize.Graph(g, samples, circuits.Config{System: circuits.Flat}, opts...)
		}})
	}
	digits("lenet5", testdata.LeNet5())
	digits("lenet5 x64", testdata.LeNet5(), quantize.Batch(64))
	digits("lenet5 x100", testdata.LeNet5(), quantize.Batch(100))
	digits("mlp", testdata.MLP())
	for _, a := range testdata.Architectures() {
		if a.Samples == nil {
			digits(a.Name, a.ONNX)
		}
	}
	out = append(out, network{"gpt", gpt})
	for _, file := range files {
		out = append(out, network{filepath.Base(file), func() (*circuits.Program, error) {
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			return circuits.ParseProgram(data)
		}})
	}
	return out
}

func gpt() (*circuits.Program, error) {
	g, err := model.ParseONNX("gpt", testdata.GPT())
	if err != nil {
		return nil, err
	}
	text := testdata.Text()
	var samples [][]*model.Tensor
	for _, s := range text.Samples {
		tokens, err := text.Tokens(s)
		if err != nil {
			return nil, err
		}
		samples = append(samples, []*model.Tensor{{Shape: g.Inputs[0].Shape, Int: tokens}})
	}
	return quantize.Graph(g, samples, circuits.Config{System: circuits.Flat})
}

// stages are those of a proof, as package prover reports them.
var stages = []string{"witness", "tables", "sums", "claims", "opening", "check"}

func run(rounds int, only, files []string) error {
	fmt.Println("kernels:", simd.Level())
	fmt.Printf("%-20s %10s %7s %7s %9s %8s", "network", "integers", "values", "boxes", "key kB", "setup")
	for _, s := range stages {
		fmt.Printf(" %8s", s)
	}
	fmt.Printf(" %9s %9s %8s %8s %8s\n", "prove ms", "an input", "proof B", "verify", "MB")
	for _, n := range networks(files) {
		if only[0] != "" && !slices.Contains(only, n.name) {
			continue
		}
		if err := measure(n, rounds); err != nil {
			return fmt.Errorf("%s: %w", n.name, err)
		}
	}
	return nil
}

func measure(n network, rounds int) error {
	ctx := context.Background()
	p, err := n.program()
	if err != nil {
		return err
	}
	c, err := circuits.Compile(p)
	if err != nil {
		return err
	}
	if c.Flat == nil {
		return fmt.Errorf("a program for %s", p.Config.System)
	}
	forgetPeak()
	start := time.Now()
	keys, err := prover.UnsafeSetup(ctx, c, nil)
	if err != nil {
		return err
	}
	setup := time.Since(start)
	vk, err := keys.VerifyingKey.MarshalBinary()
	if err != nil {
		return err
	}
	took := map[string][]time.Duration{}
	var proving, verifying []time.Duration
	size := 0
	for i := range rounds + 1 {
		stage, begun := "", time.Now()
		start := time.Now()
		proof, err := keys.Prove(ctx, input(p, i), prover.Options{Progress: func(next string, _ float64) {
			if next != stage && i > 0 {
				took[stage] = append(took[stage], time.Since(begun))
			}
			if next != stage {
				stage, begun = next, time.Now()
			}
		}})
		if err != nil {
			return err
		}
		prove := time.Since(start)
		start = time.Now()
		if _, err := verifier.Verify(keys.VerifyingKey, proof); err != nil {
			return err
		}
		if size = proof.Size(); i > 0 { // the first round warms up
			proving, verifying = append(proving, prove), append(verifying, time.Since(start))
		}
	}
	plan := c.Flat.Plan
	fmt.Printf("%-20s %10d %7s %7d %9.1f %8s", n.name, c.Constraints(), fmt.Sprintf("2^%d", plan.Values), len(plan.Boxes), float64(len(vk))/1e3, ms(setup))
	for _, s := range stages {
		fmt.Printf(" %8s", ms(median(took[s])))
	}
	prove := median(proving)
	fmt.Printf(" %9s %9s %8d %8s %8d\n", ms(prove), ms(prove/time.Duration(max(p.Batch, 1))), size, ms(median(verifying)), peak()>>20)
	return nil
}

// input draws integers of the declared ranges.
func input(p *circuits.Program, seed int) [][]int64 {
	rng := rand.New(rand.NewPCG(uint64(seed), 1))
	var out [][]int64
	for _, in := range p.Inputs {
		x := make([]int64, circuits.Type{Shape: in.Shape}.Size())
		for i := range x {
			x[i] = in.Range.Lo + rng.Int64N(in.Range.Hi-in.Range.Lo+1)
		}
		out = append(out, x)
	}
	return out
}

func median(d []time.Duration) time.Duration {
	slices.Sort(d)
	if len(d) == 0 {
		return 0
	}
	return d[len(d)/2]
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()*1000) }

// forgetPeak makes the system count the process's memory anew.
func forgetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peak returns the most memory that the process had, 0 where the system does not say.
func peak() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(status) {
		if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "VmHWM:" {
			kib, _ := strconv.ParseInt(string(f[1]), 10, 64)
			return kib << 10
		}
	}
	return 0
}
