package main

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/consensys/gnark/logger"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/python/native/message"
	"github.com/nnark/nnark/python/native/verify"
	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
	"github.com/nnark/nnark/verifier/solidity/plonk"
)

func init() { logger.Disable() } // gnark's, which would write to Python's standard output

var service = &message.Service{
	Kind: kind,
	Operations: map[string]message.Operation{
		"compile": compile, "program": program, "run": run, "unsupported": unsupported,
		"setup": setup, "load": load, "save": save, "bind": bind, "prove": prove, "solidity": export, "free": free,
		"key": verify.Operations["key"], "verify": verify.Operations["verify"],
	},
}

// kind names an error, the more special first.
func kind(err error) string {
	for _, k := range []struct {
		err  error
		kind string
	}{
		{circuits.ErrTarget, "accuracy"}, {circuits.ErrBound, "range"}, {circuits.ErrRange, "range"}, {circuits.ErrSize, "size"},
		{circuits.ErrInput, "input"}, {circuits.ErrProgram, "malformed"}, {prover.ErrExists, "exists"}, {prover.ErrKeys, "keys"},
		{prover.ErrNoProvingKey, "keys"}, {prover.ErrBind, "keys"}, {model.ErrUnsupported, "unsupported"}, {model.ErrMalformed, "malformed"},
		{os.ErrNotExist, "not_found"},
	} {
		if errors.Is(err, k.err) {
			return k.kind
		}
	}
	return verify.Kind(err)
}

// handles are the programs and keys that Python holds.
var handles = struct {
	sync.Mutex
	next    uint64
	objects map[uint64]any
}{objects: map[uint64]any{}}

func hold(x any) uint64 {
	handles.Lock()
	defer handles.Unlock()
	handles.next++
	handles.objects[handles.next] = x
	return handles.next
}

// held returns an object by its handle.
func held[T any](h uint64) (x T, err error) {
	handles.Lock()
	defer handles.Unlock()
	x, ok := handles.objects[h].(T)
	if !ok {
		return x, fmt.Errorf("no object %d of this kind: %w", h, message.ErrMessage)
	}
	return x, nil
}

func free(_ context.Context, in *message.In, _ message.Progress) (*message.Out, error) {
	var r struct{ Handle uint64 }
	if err := in.Decode(&r, 0); err != nil {
		return nil, err
	}
	handles.Lock()
	defer handles.Unlock()
	delete(handles.objects, r.Handle)
	return &message.Out{}, nil
}

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
	Name      string              `json:"name"`
	File      string              `json:"file"`    // the model's, for messages and for weights in files beside it
	Samples   string              `json:"samples"` // a name that ends in .npy, .npz or .json
	Weights   circuits.Weights    `json:"weights"`
	Input     circuits.Visibility `json:"input"`
	Output    circuits.Visibility `json:"output"`
	System    circuits.System     `json:"system"`
	Bits      int                 `json:"bits"`
	Tolerance float64             `json:"tolerance"`
	Labels    []string            `json:"labels"`
	Shapes    map[string][]int    `json:"shapes"`
	Dims      map[string]int      `json:"dims"`
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
	})
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
		values = append(values, model.Value{Name: in.Name, Shape: in.Shape, Type: model.Float32})
	}
	samples, err := model.ParseInputs(file, data, values)
	if err != nil {
		return nil, err
	}
	if len(samples) != 1 {
		return nil, fmt.Errorf("%d inputs, want one: %w", len(samples), circuits.ErrInput)
	}
	var x [][]float32
	for _, t := range samples[0] {
		x = append(x, t.Float)
	}
	return p.Quantize(x)
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
	if err := in.Decode(&r, 1); err != nil {
		return nil, err
	}
	p, err := held[*heldProgram](r.Handle)
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

// keysInfo answers with keys: a handle, and the verifying key's file as a blob.
func keysInfo(k *prover.Keys) (*message.Out, error) {
	data, err := k.VerifyingKey.MarshalBinary()
	if err != nil {
		return nil, err
	}
	return &message.Out{Header: map[string]any{
		"handle": hold(k), "key": verify.Describe(k.VerifyingKey), "constraints": k.Compiled().Constraints(),
	}, Blobs: [][]byte{data}}, nil
}

func setup(ctx context.Context, in *message.In, p message.Progress) (*message.Out, error) {
	var r struct {
		Handle    uint64 `json:"handle"`
		SRS       string `json:"srs"`
		SRSDigest string `json:"srs_digest"`
	}
	if err := in.Decode(&r, 0); err != nil {
		return nil, err
	}
	q, err := held[*heldProgram](r.Handle)
	if err != nil {
		return nil, err
	}
	p("compile", 0)
	c, err := q.compiled()
	if err != nil {
		return nil, err
	}
	if r.SRS == "" {
		k, err := prover.UnsafeSetup(ctx, c, prover.Progress(p))
		if err != nil {
			return nil, err
		}
		return keysInfo(k)
	}
	o := prover.SRSOptions{Progress: prover.Progress(p)}
	if r.SRSDigest != "" {
		d, err := hex.DecodeString(r.SRSDigest)
		if err != nil || len(d) != 32 {
			return nil, fmt.Errorf("srs_digest is not 64 hexadecimal digits: %w", message.ErrMessage)
		}
		o.Accepted = [][32]byte{[32]byte(d)}
	}
	f, err := os.Open(r.SRS)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	k, err := prover.ImportSRS(ctx, c, f, o)
	if err != nil {
		return nil, err
	}
	return keysInfo(k)
}

// folder is of calls about keys in one.
type folder struct {
	Handle    uint64 `json:"handle"`
	Folder    string `json:"folder"`
	Overwrite bool   `json:"overwrite"`
}

func load(_ context.Context, in *message.In, p message.Progress) (*message.Out, error) {
	var r folder
	if err := in.Decode(&r, 0); err != nil {
		return nil, err
	}
	q, err := held[*heldProgram](r.Handle)
	if err != nil {
		return nil, err
	}
	p("compile", 0)
	c, err := q.compiled()
	if err != nil {
		return nil, err
	}
	p("load", 0.3)
	read := prover.Load
	if _, err := os.Stat(filepath.Join(r.Folder, prover.BoundKeyFile)); err == nil {
		read = prover.LoadBound
	}
	k, err := read(r.Folder, c)
	if err != nil {
		return nil, err
	}
	return keysInfo(k)
}

func save(_ context.Context, in *message.In, _ message.Progress) (*message.Out, error) {
	var r folder
	if err := in.Decode(&r, 0); err != nil {
		return nil, err
	}
	k, err := held[*prover.Keys](r.Handle)
	if err != nil {
		return nil, err
	}
	write := k.Save
	if r.Overwrite {
		write = k.Overwrite
	}
	return &message.Out{}, write(r.Folder)
}

func bind(ctx context.Context, in *message.In, p message.Progress) (*message.Out, error) {
	var r struct{ Handle uint64 }
	if err := in.Decode(&r, 0); err != nil {
		return nil, err
	}
	k, err := held[*prover.Keys](r.Handle)
	if err != nil {
		return nil, err
	}
	p("bind", 0)
	b, err := k.Bind(ctx)
	if err != nil {
		return nil, err
	}
	return keysInfo(b)
}

// prove answers with the proof's JSON.
func prove(ctx context.Context, in *message.In, p message.Progress) (*message.Out, error) {
	var r inputRequest
	if err := in.Decode(&r, 1); err != nil {
		return nil, err
	}
	k, err := held[*prover.Keys](r.Handle)
	if err != nil {
		return nil, err
	}
	x, err := inputs(k.Compiled().Program, r.Input, in.Blobs[0])
	if err != nil {
		return nil, err
	}
	o := prover.Options{Progress: prover.Progress(p)}
	if r.Context != "" {
		if o.Context, err = verify.Context(r.Context); err != nil {
			return nil, err
		}
	}
	proof, err := k.Prove(ctx, x, o)
	if err != nil {
		return nil, err
	}
	data, err := json.Marshal(proof)
	return &message.Out{Blobs: [][]byte{data}}, err
}

// export answers with the Solidity source of a key's verifier.
func export(_ context.Context, in *message.In, _ message.Progress) (*message.Out, error) {
	var r struct{ Name string }
	if err := in.Decode(&r, 1); err != nil {
		return nil, err
	}
	vk, err := verifier.ParseVerifyingKey(in.Blobs[0])
	if err != nil {
		return nil, err
	}
	write := solidity.Export
	if vk.Plonk != nil {
		write = plonk.Export
	}
	var out bytes.Buffer
	err = write(&out, vk, solidity.Options{Name: r.Name})
	return &message.Out{Blobs: [][]byte{out.Bytes()}}, err
}
