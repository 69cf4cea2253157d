//go:build cgo

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/python/native/message"
	"github.com/nnark/nnark/python/native/verify"
)

// heldProgram is a program with its circuit, compiled when it is first asked for.
type heldProgram struct {
	*circuits.Program
	compiled func() (*circuits.Compiled, error)
}

func newProgram(p *circuits.Program) *heldProgram {
	return &heldProgram{p, sync.OnceValues(func() (*circuits.Compiled, error) { return circuits.Compile(p) })}
}

// port describes an input or output.
type port struct {
	Name   string  `json:"name"`
	Shape  []int   `json:"shape"`
	Exp    int     `json:"exp"`
	RealLo float64 `json:"real_lo"`
	RealHi float64 `json:"real_hi"`
}

func ports(list []circuits.Port) (out []port) {
	for _, p := range list {
		shape := p.Shape
		if shape == nil {
			shape = []int{}
		}
		out = append(out, port{p.Name, shape, p.Exp, p.RealLo, p.RealHi})
	}
	return out
}

// info is what Python shows of a program; its file is a blob.
type info struct {
	Handle     uint64          `json:"handle"`
	Name       string          `json:"name"`
	Config     circuits.Config `json:"config"`
	Inputs     []port          `json:"inputs"`
	Outputs    []port          `json:"outputs"`
	Labels     []string        `json:"labels"`
	Parameters int             `json:"parameters"`
	Report     circuits.Report `json:"report"`
	// Constraints is an estimate by layer; Layers lists them in the program's order.
	Constraints int     `json:"constraints"`
	Layers      []layer `json:"layers"`
}

type layer struct {
	Name        string `json:"name"`
	Op          string `json:"op"`
	Constraints int    `json:"constraints"`
}

func programInfo(p *circuits.Program) (*message.Out, error) {
	data, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	plan, err := p.Plan()
	if err != nil {
		return nil, err
	}
	out := &info{
		Name: p.Name, Config: p.Config, Inputs: ports(p.Inputs), Outputs: ports(p.Outputs), Labels: p.Labels,
		Parameters: p.Parameters(), Report: p.Report, Constraints: plan.TotalCost(),
	}
	cost := plan.Cost()
	for _, n := range p.Nodes {
		out.Layers = append(out.Layers, layer{n.Name, circuits.Kind(n.Op), cost[n.Name]})
	}
	out.Handle = hold(newProgram(p))
	return &message.Out{Header: out, Blobs: [][]byte{data}}, nil
}

// compileRequest is compile's: the model and the samples are blobs.
type compileRequest struct {
	Name      string                `json:"name"`
	File      string                `json:"file"`    // the model's, for messages and for weights in files beside it
	Samples   string                `json:"samples"` // a name that ends in .npy, .npz or .json
	Weights   circuits.Weights      `json:"weights"`
	Input     circuits.Visibility   `json:"input"`
	Output    circuits.Visibility   `json:"output"`
	System    circuits.System       `json:"system"`
	Bits      int                   `json:"bits"`
	Tolerance float64               `json:"tolerance"`
	Labels    []string              `json:"labels"`
	Ranges    map[string][2]float64 `json:"ranges"` // of inputs
	Saturate  bool                  `json:"saturate"`
	Shapes    map[string][]int      `json:"shapes"`
	Dims      map[string]int        `json:"dims"`
}

// graph reads the model: a file, or the first blob. Axes that it leaves open are those of the
// samples, the second, if there are any.
func (r *compileRequest) graph(in *message.In) (*model.Graph, error) {
	var options []model.Option
	for name, shape := range r.Shapes {
		options = append(options, model.WithShape(name, shape...))
	}
	for name, n := range r.Dims {
		options = append(options, model.WithDim(name, n))
	}
	dir, err := os.MkdirTemp("", "nnark")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := r.File
	if file == "" {
		file = filepath.Join(dir, "model.onnx")
		if err := os.WriteFile(file, in.Blobs[0], 0o600); err != nil {
			return nil, err
		}
	}
	if len(in.Blobs) < 2 {
		return model.LoadONNX(file, options...)
	}
	samples := filepath.Join(dir, filepath.Base(r.Samples))
	if err := os.WriteFile(samples, in.Blobs[1], 0o600); err != nil {
		return nil, err
	}
	return model.LoadONNXFor(file, samples, options...)
}

func compile(_ context.Context, in *message.In, p message.Progress) (*message.Out, error) {
	var r compileRequest
	if err := in.Decode(&r, 2); err != nil {
		return nil, err
	}
	p("import", 0)
	g, err := r.graph(in)
	if err != nil {
		return nil, err
	}
	if err := quantize.Check(g); err != nil {
		return nil, err
	}
	samples, err := model.ParseInputs(r.Samples, in.Blobs[1], g.Inputs)
	if err != nil {
		return nil, err
	}
	p("quantize", 0.1)
	q, err := quantize.Graph(g, samples, circuits.Config{
		Weights: r.Weights, Input: r.Input, Output: r.Output, System: r.System, Bits: r.Bits, Tolerance: r.Tolerance,
	}, r.options()...)
	if err != nil {
		return nil, err
	}
	if r.Name != "" {
		q.Name = r.Name
	}
	q.Labels = r.Labels
	p("plan", 0.9)
	return programInfo(q)
}

// options are those of quantizing.
func (r *compileRequest) options() (list []quantize.Option) {
	for name, x := range r.Ranges {
		list = append(list, quantize.InputRange(name, x[0], x[1]))
	}
	if r.Saturate {
		list = append(list, quantize.Saturate())
	}
	return list
}

// unsupported lists the nodes of a model that cannot be proven.
func unsupported(_ context.Context, in *message.In, _ message.Progress) (*message.Out, error) {
	var r compileRequest
	if err := in.Decode(&r, 1); err != nil {
		return nil, err
	}
	g, err := r.graph(in)
	if err != nil {
		return nil, err
	}
	text := ""
	if err := quantize.Check(g); err != nil {
		text = err.Error()
	}
	return &message.Out{Header: map[string]string{"problem": text}}, nil
}

func program(_ context.Context, in *message.In, _ message.Progress) (*message.Out, error) {
	if err := in.Decode(&struct{}{}, 1); err != nil {
		return nil, err
	}
	p, err := circuits.ParseProgram(in.Blobs[0])
	if err != nil {
		return nil, err
	}
	return programInfo(p)
}

// inputs quantizes the arrays in a blob for a program.
func inputs(p *circuits.Program, file string, data []byte) ([][]int64, error) {
	var values []model.Value
	for _, in := range p.Inputs {
		values = append(values, model.Value{Name: in.Name, Shape: in.Shape}) // numbers as they are
	}
	samples, err := model.ParseInputs(file, data, values)
	if err != nil {
		return nil, err
	}
	if len(samples) != 1 {
		return nil, fmt.Errorf("%d inputs, want one: %w", len(samples), circuits.ErrInput)
	}
	var x [][]float64
	for _, t := range samples[0] {
		x = append(x, t.Reals())
	}
	return p.QuantizeReals(x)
}

// inputRequest is of calls with an input.
type inputRequest struct {
	Handle  uint64 `json:"handle"`
	Input   string `json:"input"` // a file's name, as of samples
	Context string `json:"context"`
}

// run computes the program's answer; the outputs' integers are the blobs.
func run(_ context.Context, in *message.In, _ message.Progress) (*message.Out, error) {
	var r inputRequest
	p, err := heldBy[*heldProgram](in, &r, &r.Handle, 1)
	if err != nil {
		return nil, err
	}
	x, err := inputs(p.Program, r.Input, in.Blobs[0])
	if err != nil {
		return nil, err
	}
	values, err := p.Eval(x)
	if err != nil {
		return nil, err
	}
	out := &message.Out{Header: ports(p.Outputs)}
	for _, o := range p.Outputs {
		out.Blobs = append(out.Blobs, verify.Ints(values[o.Value]))
	}
	return out, nil
}
