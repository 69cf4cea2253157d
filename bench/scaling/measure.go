package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"time"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/backend/groth16"
	"github.com/consensys/gnark/backend/witness"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	own "github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/testdata"
	"github.com/nnark/nnark/verifier"
)

// measure does one measurement in this process and prints its points.
func measure(what string, size, rounds int, dir string) error {
	debug.SetGCPercent(25) // as the command nnark has it; gnark's figures too
	steps := map[string]func(size, rounds int, dir string) ([]point, error){
		"gnark chain setup": gnarkSetup, "gnark chain prove": gnarkProve,
		"nnark chain setup": chainSetup, "nnark chain prove": chainProve,
		"network setup": networkSetup, "network prove": networkProve,
		"inputs": manyInputs,
	}
	f, ok := steps[what]
	if !ok {
		return fmt.Errorf("unknown measurement %q", what)
	}
	points, err := f(size, rounds, dir)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(points)
}

// peak returns the most memory this process has had, 0 where the system does not say.
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

// median runs f once to warm up and then so many times.
func median(rounds int, f func() error) (float64, error) {
	var times []float64
	for i := range rounds + 1 {
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		if i > 0 {
			times = append(times, time.Since(start).Seconds())
		}
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// chain is x -> (x + i)^5 iterated, 3 constraints a step.
type chain struct {
	Steps int `gnark:"-"`
	X     frontend.Variable
	Y     frontend.Variable `gnark:",public"`
}

func (c *chain) Define(api frontend.API) error {
	x := c.X
	for i := range c.Steps {
		x = api.Add(x, i)
		x2 := api.Mul(x, x)
		x = api.Mul(api.Mul(x2, x2), x)
	}
	api.AssertIsEqual(x, c.Y)
	return nil
}

// compileChain compiles a chain of not more than 2^bits constraints, with its witness.
func compileChain(bits int) (*cs.R1CS, witness.Witness, error) {
	c := &chain{Steps: (1<<bits - 1) / 3}
	s, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder[constraint.U64], c)
	if err != nil {
		return nil, nil, err
	}
	var x, t fr.Element
	x.SetUint64(7)
	for i := range c.Steps {
		x.Add(&x, t.SetUint64(uint64(i)))
		t.Square(&x)
		t.Square(&t)
		x.Mul(&t, &x)
	}
	w, err := frontend.NewWitness(&chain{X: 7, Y: x.BigInt(new(big.Int))}, ecc.BN254.ScalarField())
	return s.(*cs.R1CS), w, err
}

func writeTo(path string, write func(*bufio.Writer) error) (int64, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return 0, err
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func gnarkSetup(bits, _ int, dir string) ([]point, error) {
	s, _, err := compileChain(bits)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	pk, _, err := groth16.Setup(s)
	if err != nil {
		return nil, err
	}
	p := point{"gnark chain setup", s.GetNbConstraints(), time.Since(start).Seconds(), peak(), 0}
	p.KeyBytes, err = writeTo(filepath.Join(dir, "pk"), func(w *bufio.Writer) error { _, err := pk.WriteRawTo(w); return err })
	return []point{p}, err
}

func gnarkProve(bits, rounds int, dir string) ([]point, error) {
	s, w, err := compileChain(bits)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(dir, "pk"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	pk := groth16.NewProvingKey(ecc.BN254)
	if _, err := pk.UnsafeReadFrom(bufio.NewReaderSize(f, 1<<20)); err != nil {
		return nil, err
	}
	took, err := median(rounds, func() error { _, err := groth16.Prove(s, pk, w); return err })
	return []point{{"gnark chain prove", s.GetNbConstraints(), took, peak(), 0}}, err
}

func chainSetup(bits, _ int, dir string) ([]point, error) {
	s, _, err := compileChain(bits)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	pk, _, err := own.Setup(context.Background(), s, nil)
	if err != nil {
		return nil, err
	}
	p := point{"nnark chain setup", s.GetNbConstraints(), time.Since(start).Seconds(), 0, 0}
	k, err := own.New(s, pk)
	if err != nil {
		return nil, err
	}
	p.KeyBytes, err = writeTo(filepath.Join(dir, "pk"), func(w *bufio.Writer) error { return k.WriteKey(w) })
	p.PeakBytes = peak()
	return []point{p}, err
}

func chainProve(bits, rounds int, dir string) ([]point, error) {
	s, w, err := compileChain(bits)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(filepath.Join(dir, "pk"))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	k, err := own.ReadKey(bufio.NewReaderSize(f, 1<<20), s, nil, nil)
	if err != nil {
		return nil, err
	}
	v := w.Vector().(fr.Vector)
	took, err := median(rounds, func() error {
		_, err := k.Prove(context.Background(), v[1:], nil, public{v[:1]}, nil)
		return err
	})
	return []point{{"nnark chain prove", s.GetNbConstraints(), took, peak(), 0}}, err
}

// public is the transcript of circuits without commitments.
type public struct{ inputs fr.Vector }

func (public) Challenge(int, []byte) fr.Element         { return fr.Element{} }
func (p public) Public([]fr.Element) (fr.Vector, error) { return p.inputs, nil }

// network is two dense layers with a ReLU between, of about 2^bits constraints.
func network(bits int) (*circuits.Program, [][]int64, error) {
	const in, perNeuron = 64, 24 // constraints, measured
	width := max(4, 1<<bits/perNeuron)
	r := rand.New(rand.NewPCG(3, uint64(bits)))
	g := &model.Graph{File: "dense", Opset: 13, Const: map[string]*model.Tensor{}, Shapes: map[string][]int{}}
	g.Inputs = []model.Value{{Name: "x", Shape: []int{1, in}, Type: model.Float32}}
	g.Shapes["x"] = []int{1, in}
	add := func(op, out string, n int, in ...string) {
		g.Nodes = append(g.Nodes, &model.Node{Name: out, Op: op, Inputs: in, Outputs: []string{out}, Opset: 13, Attrs: model.Attrs{}})
		g.Shapes[out] = []int{1, n}
	}
	weights := func(name string, k, n int) {
		w := &model.Tensor{Shape: []int{k, n}}
		for range k * n {
			w.Float = append(w.Float, float32(r.NormFloat64()/math.Sqrt(float64(k))))
		}
		g.Const[name], g.Shapes[name] = w, w.Shape
	}
	weights("w1", in, width)
	weights("w2", width, 10)
	add("MatMul", "h", width, "x", "w1")
	add("Relu", "a", width, "h")
	add("MatMul", "y", 10, "a", "w2")
	g.Outputs = []model.Value{{Name: "y", Shape: []int{1, 10}, Type: model.Float32}}
	var samples [][]*model.Tensor
	for range 8 {
		x := &model.Tensor{Shape: []int{1, in}}
		for range in {
			x.Float = append(x.Float, r.Float32())
		}
		samples = append(samples, []*model.Tensor{x})
	}
	p, err := quantize.Graph(g, samples, circuits.Config{Bits: 7})
	if err != nil {
		return nil, nil, err
	}
	ints, err := p.Quantize([][]float32{samples[0][0].Float})
	return p, ints, err
}

func networkSetup(bits, _ int, dir string) ([]point, error) {
	p, _, err := network(bits)
	if err != nil {
		return nil, err
	}
	c, err := circuits.Compile(p)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	k, err := prover.UnsafeSetup(context.Background(), c, nil)
	if err != nil {
		return nil, err
	}
	out := point{Curve: "network setup", Constraints: c.Constraints(), Seconds: time.Since(start).Seconds()}
	if err := k.Save(dir); err != nil {
		return nil, err
	}
	out.PeakBytes = peak()
	b, err := k.Bind(context.Background())
	if err != nil {
		return nil, err
	}
	if err := b.SaveBound(dir); err != nil {
		return nil, err
	}
	info, err := os.Stat(filepath.Join(dir, prover.ProvingKeyFile))
	if err != nil {
		return nil, err
	}
	out.KeyBytes = info.Size()
	return []point{out}, nil
}

// networkProve measures a bound proof first, whose memory is then the peak.
func networkProve(bits, rounds int, dir string) (points []point, err error) {
	p, in, err := network(bits)
	if err != nil {
		return nil, err
	}
	for _, kind := range []struct {
		name, file string
		load       func(string, *circuits.Compiled) (*prover.Keys, error)
		prove      func(*prover.Keys) error
	}{
		{"network bound", prover.BoundKeyFile, prover.LoadBound, func(k *prover.Keys) error { return proof(k, in) }},
		{"network unbound", prover.ProvingKeyFile, prover.Load, func(k *prover.Keys) error { return proof(k, in) }},
		{"network gnark", prover.ProvingKeyFile, prover.Load, nil},
	} {
		c, err := prover.Compile(dir, p)
		if err != nil {
			return nil, err
		}
		k, err := kind.load(dir, c)
		if err != nil {
			return nil, err
		}
		out := point{Curve: kind.name, Constraints: c.Constraints()}
		if kind.prove == nil {
			out.Seconds, err = gnarkMedian(k, in, rounds)
		} else {
			out.Seconds, err = median(rounds, func() error { return kind.prove(k) })
			out.PeakBytes = peak() // of the first two: an unbound proof takes more than a bound one
		}
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(filepath.Join(dir, kind.file))
		if err != nil {
			return nil, err
		}
		out.KeyBytes = info.Size()
		points = append(points, out)
	}
	return points, nil
}

func proof(k *prover.Keys, in [][]int64) error {
	_, err := k.Prove(context.Background(), in, prover.Options{})
	return err
}

// gnarkMedian is the time of gnark's prover, of keys and witness that are there.
func gnarkMedian(k *prover.Keys, in [][]int64, rounds int) (float64, error) {
	var times []float64
	for range rounds {
		_, took, err := k.UnsafeProveWithGnark(in)
		if err != nil {
			return 0, err
		}
		times = append(times, took.Seconds())
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}

// gnarkInputs is the most inputs that gnark proves here: one after the other, they take as long
// each.
const gnarkInputs = 30

// manyInputs proves n images with the test data's MLP in one run.
func manyInputs(n, _ int, _ string) (points []point, err error) {
	g, err := model.ParseONNX("mlp.onnx", testdata.MLP())
	if err != nil {
		return nil, err
	}
	var samples [][]*model.Tensor
	for _, pixels := range testdata.Calibration() {
		samples = append(samples, []*model.Tensor{{Shape: g.Inputs[0].Shape, Float: testdata.Scaled(pixels)}})
	}
	p, err := quantize.Graph(g, samples, circuits.Config{Bits: 7})
	if err != nil {
		return nil, err
	}
	c, err := circuits.Compile(p)
	if err != nil {
		return nil, err
	}
	k, err := prover.UnsafeSetup(context.Background(), c, nil)
	if err != nil {
		return nil, err
	}
	b, err := k.Bind(context.Background())
	if err != nil {
		return nil, err
	}
	var inputs [][][]int64
	for i := range n {
		in, err := p.Quantize([][]float32{samples[i%len(samples)][0].Float})
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, in)
	}
	if err := proof(b, inputs[0]); err != nil {
		return nil, err
	}
	start := time.Now()
	err = b.ProveMany(context.Background(), prover.Many{
		Count: n,
		Input: func(i int) ([][]int64, prover.Options, error) { return inputs[i], prover.Options{}, nil },
		Done:  func(int, *verifier.Proof) error { return nil },
	})
	if err != nil {
		return nil, err
	}
	points = append(points, point{"inputs nnark", n, time.Since(start).Seconds(), peak(), 0})
	if n > gnarkInputs {
		return points, nil
	}
	var total time.Duration
	for _, in := range inputs {
		_, took, err := k.UnsafeProveWithGnark(in)
		if err != nil {
			return nil, err
		}
		total += took
	}
	return append(points, point{"inputs gnark", n, total.Seconds(), 0, 0}), nil
}
