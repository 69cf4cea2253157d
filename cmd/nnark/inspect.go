package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// inspectReport is the JSON object of inspect.
type inspectReport struct {
	Model        string       `json:"model"`
	Estimate     bool         `json:"estimate"` // figures from noise, for lack of samples
	Inputs       []tensorInfo `json:"inputs"`
	Outputs      []tensorInfo `json:"outputs"`
	Layers       []layerInfo  `json:"layers"`
	System       string       `json:"system,omitempty"`
	Constraints  int          `json:"constraints,omitempty"`
	PublicInputs int          `json:"public_inputs,omitempty"`
	Parameters   int          `json:"parameters,omitempty"`
	costReport
	Unsupported []unsupported `json:"unsupported"`
	Problem     string        `json:"problem,omitempty"` // why there are no figures, if every node is supported
}

type tensorInfo struct {
	Name      string      `json:"name"`
	Shape     []int       `json:"shape"`
	Range     *[2]float64 `json:"range,omitempty"`     // of the reals an input may hold
	Saturates bool        `json:"saturates,omitempty"` // it takes any number, for the nearest in the range
}

type layerInfo struct {
	Name        string  `json:"name"`
	Op          string  `json:"op"` // ONNX operator, or that of the program
	Inputs      [][]int `json:"inputs"`
	Shape       []int   `json:"shape"` // of the output
	Strategy    string  `json:"strategy,omitempty"`
	Constraints *int    `json:"constraints,omitempty"` // estimate
}

type unsupported struct {
	Node  string `json:"node"`
	Op    string `json:"op"`
	Error string `json:"error"`
}

func inspect(c *command) (report, error) {
	samples := c.flags.String("samples", "", "calibrate an ONNX model on the inputs in `FILE` (default noise, for an estimate)")
	var cfg circuits.Config
	configFlags(c, &cfg)
	shapes, ranges, batch := shapeFlags(c), rangeFlags(c), batchFlag(c)
	if err := c.parse([]string{"MODEL.onnx or M.nnark"}); err != nil {
		return nil, err
	}
	path := c.args[0]
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	r := &inspectReport{Model: path, Unsupported: []unsupported{}}
	if bytes.HasPrefix(data, []byte("nnark-program-")) {
		for _, name := range c.given() {
			if name != "json" {
				return nil, usageError{c.verb, dashed(name) + " is for ONNX models"}
			}
		}
		p, err := loadProgram(path)
		if err != nil {
			return nil, err
		}
		return r, r.program(c, p, &planner{c: c})
	}
	g, err := loadNetwork(path, *samples, *shapes)
	if err != nil {
		return nil, err
	}
	r.graph(g)
	plan := &planner{c: c}
	p, err := r.quantize(c, g, *samples, cfg, append(append(*ranges, plan.options()...), quantize.Batch(*batch)))
	if err != nil {
		return nil, err
	}
	if p == nil {
		return r, nil
	}
	return r, r.program(c, p, plan)
}

// loadNetwork reads a network for the inputs of a file, if there is one.
func loadNetwork(path, samples string, shapes []model.Option) (*model.Graph, error) {
	if samples == "" {
		return model.LoadONNX(path, shapes...)
	}
	return model.LoadONNXFor(path, samples, shapes...)
}

// exitCode is that of a network that cannot be proven as it is.
func (r *inspectReport) exitCode() int {
	if len(r.Unsupported) > 0 || r.Problem != "" {
		return exitRejected
	}
	return exitOK
}

// graph lists a network's nodes.
func (r *inspectReport) graph(g *model.Graph) {
	for _, v := range g.Inputs {
		r.Inputs = append(r.Inputs, tensorInfo{Name: v.Name, Shape: v.Shape})
	}
	for _, v := range g.Outputs {
		r.Outputs = append(r.Outputs, tensorInfo{Name: v.Name, Shape: g.Shapes[v.Name]})
	}
	for _, n := range g.Nodes {
		l := layerInfo{Name: n.Name, Op: n.Op, Shape: g.Shapes[n.Outputs[0]]}
		for _, in := range n.Inputs {
			if g.Const[in] == nil && in != "" {
				l.Inputs = append(l.Inputs, g.Shapes[in])
			}
		}
		r.Layers = append(r.Layers, l)
	}
}

// quantize returns the program of a network, or nil if that is impossible and the report
// says why.
func (r *inspectReport) quantize(c *command, g *model.Graph, samples string, cfg circuits.Config, ranges []quantize.Option) (*circuits.Program, error) {
	if r.refuse(quantize.Check(g)) {
		return nil, nil
	}
	inputs := noise(g.Inputs)
	if r.Estimate = samples == ""; r.Estimate {
		if cfg.Bits == 0 {
			cfg.Bits = 7 // any width: noise does not show which is needed
		}
		cfg.Tolerance = 0
	} else {
		var err error
		if inputs, err = model.LoadInputs(samples, g.Inputs); err != nil {
			return nil, err
		}
	}
	p, err := stage(c, "quantize", func() (*circuits.Program, error) { return quantize.Graph(g, inputs, cfg, ranges...) })
	switch {
	case c.ctx.Err() != nil:
		return nil, err
	case r.refuse(err):
		return nil, nil
	case err != nil:
		r.Problem = err.Error()
		return nil, nil
	}
	return p, nil
}

// refuse lists the nodes that an error says cannot be proven, and reports whether there
// are any.
func (r *inspectReport) refuse(err error) bool {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range several.Unwrap() {
			r.refuse(e)
		}
	} else if e := (*model.Error)(nil); errors.As(err, &e) {
		r.Unsupported = append(r.Unsupported, unsupported{e.Node, e.Op, e.Err.Error()})
	}
	return len(r.Unsupported) > 0
}

// noiseSamples is enough for scales; their accuracy is not asked for.
const noiseSamples = 4

// noise returns inputs of uniform noise in [0, 1), always the same.
func noise(inputs []model.Value) (samples [][]*model.Tensor) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range noiseSamples {
		var sample []*model.Tensor
		for _, in := range inputs {
			t := &model.Tensor{Shape: in.Shape}
			n := circuits.Type{Shape: in.Shape}.Size()
			if !in.Type.IsFloat() {
				t.Int = make([]int64, n)
			} else {
				t.Float = make([]float32, n)
			}
			for i := range t.Float {
				t.Float[i] = rng.Float32()
			}
			sample = append(sample, t)
		}
		samples = append(samples, sample)
	}
	return samples
}

// program describes a program: its layers, and what they cost.
func (r *inspectReport) program(c *command, p *circuits.Program, plan *planner) error {
	compiled, err := plan.compiled(p)
	if err != nil {
		return err
	}
	r.Inputs, r.Outputs, r.Layers = nil, nil, nil
	var types []circuits.Type
	for _, in := range p.Inputs {
		info := tensorInfo{in.Name, in.Shape, &[2]float64{in.RealLo, in.RealHi}, in.Saturates()}
		if info.Saturates {
			*info.Range = [2]float64{fixedpoint.Real(in.Range.Lo, in.Exp), fixedpoint.Real(in.Range.Hi, in.Exp)}
		}
		r.Inputs = append(r.Inputs, info)
		types = append(types, circuits.Type{Shape: in.Shape, Exp: in.Exp, Range: in.Range})
	}
	for _, out := range p.Outputs {
		r.Outputs = append(r.Outputs, tensorInfo{Name: out.Name, Shape: out.Shape})
	}
	strategy, cost := costs(compiled)
	r.System = p.Config.System.String()
	for _, n := range p.Nodes {
		var in []circuits.Type
		l := layerInfo{Name: n.Name, Op: strings.TrimPrefix(fmt.Sprintf("%T", n.Op), "*circuits."), Strategy: strategy[n.Name]}
		for _, v := range n.In {
			in, l.Inputs = append(in, types[v]), append(l.Inputs, types[v].Shape)
		}
		t, err := n.Op.Infer(in)
		if err != nil {
			return err
		}
		k := cost[n.Name]
		delete(cost, n.Name)
		types, l.Shape, l.Constraints = append(types, t), t.Shape, &k
		r.Layers = append(r.Layers, l)
	}
	rest := 0
	for _, k := range cost {
		rest += k
	}
	r.Layers = append(r.Layers, layerInfo{Op: "tables, statement", Constraints: &rest})
	r.Constraints, r.PublicInputs, r.Parameters = compiled.Constraints(), compiled.StatementSize(), p.Parameters()
	r.costReport, err = plan.report(compiled)
	return err
}

// costs returns how each node's sums are proven and what each node costs.
func costs(c *circuits.Compiled) (strategy map[string]string, cost map[string]int) {
	strategy = map[string]string{}
	if c.Flat != nil {
		return strategy, c.Flat.Cost()
	}
	for _, x := range c.Plan.Contracts {
		strategy[x.Node] = x.Describe()
	}
	for _, x := range c.Plan.MatMuls {
		strategy[x.Node] = x.Describe()
	}
	for _, x := range c.Plan.Gatherings { // an ensemble of trees has several
		if strategy[x.Node()] != "" {
			strategy[x.Node()] += ", "
		}
		strategy[x.Node()] += x.Describe()
	}
	return strategy, c.Plan.Cost()
}

func (r *inspectReport) text(w io.Writer) {
	row(w, "model", r.Model)
	for _, t := range r.Inputs {
		row(w, "input "+t.Name, t)
	}
	for _, t := range r.Outputs {
		row(w, "output "+t.Name, t)
	}
	if r.Constraints > 0 {
		row(w, "parameters", count(r.Parameters))
		row(w, unitOf(r.System), fmt.Sprintf("%s, padded to %s", count(r.Constraints), count(r.Domain)))
		row(w, "public inputs", fmt.Sprintf("%d field elements", r.PublicInputs))
		r.costReport.text(w)
	}
	if r.Estimate && r.Constraints > 0 {
		row(w, "from noise", "an estimate: samples (--samples FILE) may ask for up to twice as much")
	}
	if r.Problem != "" {
		row(w, "problem", r.Problem)
	}
	row(w)
	row(w, "layer", "operator", "output", unitOf(r.System), "strategy")
	for _, l := range r.Layers {
		constraints := ""
		if l.Constraints != nil {
			constraints = count(*l.Constraints)
		}
		row(w, l.Name, l.Op, dims(l.Shape), constraints, l.Strategy)
	}
	if len(r.Unsupported) > 0 {
		row(w)
		row(w, "cannot be proven", "operator", "reason")
	}
	for _, u := range r.Unsupported {
		row(w, u.Node, u.Op, u.Error)
	}
}

// String implements fmt.Stringer.
func (t tensorInfo) String() string {
	s := dims(t.Shape)
	switch {
	case t.Range != nil && t.Saturates:
		s += fmt.Sprintf(", any number, taken for the nearest from %.4g to %.4g", t.Range[0], t.Range[1])
	case t.Range != nil:
		s += fmt.Sprintf(", %.4g to %.4g", t.Range[0], t.Range[1])
	}
	return s
}
