// Scaling measures how time, memory and key size grow with a circuit, and time with the number
// of inputs, beside gnark's own Groth16 prover, and draws the curves:
//
//	go run ./bench/scaling [-from 10] [-to 20] [-rounds 3] [-o bench/scaling]
//
// Two families of circuits bound what an application sees. A chain of x^5 has full-size values
// on every wire, the worst case. A network of two dense layers has small values and committed
// weights, what nnark is made for; its constraint system, keys and witness are the same for both
// provers. Each measurement of memory is a process of its own, whose peak the system counts.
package main

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/consensys/gnark/logger"

	"github.com/nnark/nnark/prover/simd"
)

// point is one measurement.
type point struct {
	Curve       string  // what was measured
	Constraints int     // of the circuit; for many inputs their number
	Seconds     float64 // of setup or proof; 0 if it is no time
	PeakBytes   int64   // of the process
	KeyBytes    int64   // of the proving key's file
}

func main() {
	logger.Disable()
	from := flag.Int("from", 10, "smallest circuit: 2^N constraints")
	to := flag.Int("to", 20, "largest circuit: 2^N constraints")
	rounds := flag.Int("rounds", 3, "proofs of each kind, of which the median counts")
	inputs := flag.Int("inputs", 1000, "most inputs of one run")
	out := flag.String("o", "bench/scaling", "folder for scaling.csv and the pictures")
	child := flag.String("child", "", "internal: measure one thing")
	size := flag.Int("size", 0, "internal: its size")
	dir := flag.String("dir", "", "internal: the folder for its keys")
	flag.Parse()
	if err := run(*from, *to, *rounds, *inputs, *out, *child, *size, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "scaling: error:", err)
		os.Exit(2)
	}
}

func run(from, to, rounds, inputs int, out, child string, size int, dir string) error {
	if child != "" {
		return measure(child, size, rounds, dir)
	}
	file := filepath.Join(out, "scaling.csv")
	if from < 4 || to > 24 || from > to || rounds < 1 {
		return errors.New("-from and -to are 4 to 24, in this order, -rounds at least 1")
	}
	var points []point
	fmt.Println("kernels:", simd.Level())
	fmt.Printf("%-22s %12s %10s %10s %10s\n", "", "constraints", "seconds", "peak MB", "key MB")
	for bits := from; bits <= to; bits++ {
		for _, what := range []string{"gnark chain", "nnark chain", "network"} {
			p, err := inChild(what, bits, rounds)
			if err != nil {
				return fmt.Errorf("%s of 2^%d: %w", what, bits, err)
			}
			points = append(points, p...)
		}
	}
	for n := 1; n <= inputs; n *= 10 {
		p, err := inChild("inputs", n, rounds)
		if err != nil {
			return fmt.Errorf("%d inputs: %w", n, err)
		}
		points = append(points, p...)
	}
	if err := save(file, points); err != nil {
		return err
	}
	return draw(out)
}

// draw makes the pictures, with a module of its own that has the plotting library.
func draw(dir string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	c := exec.Command("go", "run", "-C", "bench/scaling/plot", ".", dir)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	return c.Run()
}

// inChild measures in processes of their own: keys first, then proofs with the keys read from
// their file.
func inChild(what string, size, rounds int) (points []point, err error) {
	dir, err := os.MkdirTemp("", "nnark-scaling-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	steps := []string{what}
	if what != "inputs" {
		steps = []string{what + " setup", what + " prove"}
	}
	for _, step := range steps {
		c := exec.Command(os.Args[0], "-child", step, "-size", strconv.Itoa(size), "-rounds", strconv.Itoa(rounds), "-dir", dir)
		c.Stderr = os.Stderr
		text, err := c.Output()
		if err != nil {
			return nil, err
		}
		var p []point
		if err := json.Unmarshal(text, &p); err != nil {
			return nil, err
		}
		for _, p := range p {
			fmt.Printf("%-22s %12d %10.4f %10.1f %10.1f\n", p.Curve, p.Constraints, p.Seconds, float64(p.PeakBytes)/1e6, float64(p.KeyBytes)/1e6)
		}
		points = append(points, p...)
	}
	return points, nil
}

func save(path string, points []point) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	rows := [][]string{{simd.Level(), "constraints", "seconds", "peak_bytes", "key_bytes"}}
	for _, p := range points {
		rows = append(rows, []string{p.Curve, strconv.Itoa(p.Constraints), strconv.FormatFloat(p.Seconds, 'g', 4, 64), strconv.FormatInt(p.PeakBytes, 10), strconv.FormatInt(p.KeyBytes, 10)})
	}
	return errors.Join(csv.NewWriter(f).WriteAll(rows), f.Close())
}
