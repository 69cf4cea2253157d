package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
)

// compileReport is the JSON object of compile.
type compileReport struct {
	Program       string   `json:"program"`
	Name          string   `json:"name"`
	Constraints   int      `json:"constraints"`
	PublicInputs  int      `json:"public_inputs"` // field elements of the statement
	RelativeError float64  `json:"relative_error"`
	Integers      *float64 `json:"same_integers,omitempty"` // of outputs such as labels and indices: share of the elements that are the same
	Agreement     float64  `json:"agreement"`               // 0 if the network is no classifier
	Bits          int      `json:"bits"`
	Parameters    int      `json:"parameters"`
	Samples       int      `json:"samples"`
	HeldOut       int      `json:"held_out"` // of the samples, those from which no scale was chosen
	Batch         int      `json:"batch"`    // inputs of one proof

	OutputErrors []circuits.OutputError `json:"output_errors"` // absolute, on the samples held out, or on all if none are
	Warnings     []string               `json:"warnings"`      // what the samples are too poor for

	System  string           `json:"system"`
	Weights string           `json:"weights"`
	Input   string           `json:"input"`
	Output  string           `json:"output"`
	Layers  []circuits.Layer `json:"layers"`
	costReport
	Instead []alternative `json:"instead,omitempty"` // what other statements would cost
}

// alternative is the same network with its weights elsewhere.
type alternative struct {
	System      string `json:"system"`
	Weights     string `json:"weights"`
	Constraints int    `json:"constraints"`
}

// maxCompared bounds the constraints up to which a circuit with weights elsewhere is compiled, too.
const maxCompared = 1 << 17

// alternatives counts what the other place of the weights costs under Groth16.
func alternatives(c *circuits.Compiled) (list []alternative) {
	p := *c.Program
	p.Config.System, p.Config.Weights = circuits.Groth16, circuits.Committed+circuits.Baked-p.Config.Weights
	if n, err := p.Cost(); err != nil || n > maxCompared { // one that cannot be is none
		return nil
	}
	if c, err := circuits.Compile(&p); err == nil {
		list = append(list, alternative{p.Config.System.String(), p.Config.Weights.String(), c.Constraints()})
	}
	return list
}

func compile(c *command) (report, error) {
	samples := c.flags.String("samples", "", "calibrate on the inputs in `FILE`")
	out := c.flags.String("o", "", "write the program to `M.nnark`, which holds the weights")
	name := c.flags.String("name", "", "the model's `NAME` in keys (default the file's)")
	labels := c.flags.String("labels", "", "names of the classes, `a,b,c`")
	batch := batchFlag(c)
	var cfg circuits.Config
	configFlags(c, &cfg)
	shapes, ranges := shapeFlags(c), rangeFlags(c)
	if err := c.parse([]string{"MODEL.onnx"}, "samples", "o"); err != nil {
		return nil, err
	}
	if err := cfg.Check(); err != nil {
		return nil, usageError{c.verb, err.Error()}
	}
	g, err := model.LoadONNXFor(c.args[0], *samples, *shapes...)
	if err != nil {
		return nil, err
	}
	if err := quantize.Check(g); err != nil {
		return nil, err
	}
	inputs, err := model.LoadInputs(*samples, g.Inputs)
	if err != nil {
		return nil, err
	}
	plan := &planner{c: c}
	options := append(append(*ranges, plan.options()...), quantize.Batch(*batch))
	p, err := stage(c, "quantize", func() (*circuits.Program, error) { return quantize.Graph(g, inputs, cfg, options...) })
	if err != nil {
		return nil, err
	}
	if *name == "" {
		*name = baseName(c.args[0])
	}
	if err := describe(p, *name, *labels); err != nil {
		return nil, err
	}
	compiled, err := plan.compiled(p)
	if err != nil {
		return nil, err
	}
	data, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	r := newCompileReport(*out, compiled)
	if r.costReport, err = plan.report(compiled); err != nil {
		return nil, err
	}
	if r.Instead, err = stage(c, "compare", func() ([]alternative, error) { return alternatives(compiled), nil }); err != nil {
		return nil, err
	}
	return r, writeFile(*out, 0o600, data)
}

// configFlags adds the flags that fix a circuit.
func configFlags(c *command, cfg *circuits.Config) {
	choice(c, &cfg.Weights, "weights", circuits.Committed, circuits.Baked)
	choice(c, &cfg.Input, "input", circuits.Public, circuits.Private, circuits.Digest)
	choice(c, &cfg.Output, "output", circuits.Public, circuits.Digest)
	systemFlag(c, cfg)
	c.flags.IntVar(&cfg.Bits, "bits", 0, "fix the width of activations to `N` bits, 4 to 14 (default the least that is accurate)")
	c.flags.Float64Var(&cfg.Tolerance, "tolerance", 0, "accept a relative error `E` of the outputs (default 0.01, classifiers by their answers)")
}

// batchFlag adds the flag that says how many inputs one proof is of.
func batchFlag(c *command) *int {
	n := 1
	c.flags.Func("batch", "make one proof show the answers of `N` inputs (default 1)", func(s string) (err error) {
		if n, err = strconv.Atoi(s); err != nil || n < 1 {
			return fmt.Errorf("want a number from 1")
		}
		return nil
	})
	return &n
}

// choice adds a flag that takes one of some words, the first of which is the default.
func choice[T fmt.Stringer](c *command, into *T, name string, values ...T) {
	var words []string
	for _, v := range values {
		words = append(words, v.String())
	}
	list := strings.Join(words, "|")
	c.flags.Func(name, fmt.Sprintf("`%s` (default %s)", list, words[0]), func(s string) error {
		i := slices.Index(words, s)
		if i < 0 {
			return fmt.Errorf("want %s", list)
		}
		*into = values[i]
		return nil
	})
}

// maxText bounds names and labels in a model's card, in bytes.
const maxText = 256

// describe names a program and, if there is a list of labels, the scores of its output.
func describe(p *circuits.Program, name, labels string) error {
	p.Name = name
	if labels != "" {
		p.Labels = strings.Split(labels, ",")
		_, row := p.Row()
		out := &row[0]
		if scores := (circuits.Type{Shape: out.Shape}).Size(); len(p.Outputs) != 1 || scores != len(p.Labels) {
			return usageError{"compile", fmt.Sprintf("%d labels for %d outputs, the first of shape %v", len(p.Labels), len(p.Outputs), out.Shape)}
		}
	}
	for _, s := range append(p.Labels, name) {
		unprintable := strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
		if s == "" || len(s) > maxText || unprintable || !utf8.ValidString(s) {
			return usageError{"compile", fmt.Sprintf("name or label %q, want 1 to %d bytes of printable text", s, maxText)}
		}
	}
	return nil
}

func newCompileReport(path string, c *circuits.Compiled) *compileReport {
	p := c.Program
	return &compileReport{
		Program: path, Name: p.Name,
		Constraints: c.Constraints(), PublicInputs: c.StatementSize(),
		RelativeError: p.Report.RelativeError, Integers: p.Report.Integers, Agreement: p.Report.Agreement,
		Bits: p.Report.Bits, Parameters: p.Parameters(), Samples: p.Report.Samples, HeldOut: p.Report.HeldOut, Batch: max(p.Batch, 1), OutputErrors: p.Report.Outputs, Warnings: append([]string{}, p.Report.Warnings...),
		System: p.Config.System.String(), Weights: p.Config.Weights.String(),
		Input: p.Config.Input.String(), Output: p.Config.Output.String(),
		Layers: p.Report.Layers,
	}
}

// costRow says how large what is proven is.
func costRow(w io.Writer, system string, n int) {
	row(w, unitOf(system), count(n))
}

// integersRow says how many elements of integer outputs, of which the relative error says nothing, are
// the same.
func integersRow(w io.Writer, share *float64, samples int) {
	if share != nil {
		row(w, "same integers", fmt.Sprintf("%s of the labels and indices of %d samples", percent(*share), samples))
	}
}

func (r *compileReport) text(w io.Writer) {
	row(w, "program", r.Program)
	row(w, "name", r.Name)
	row(w, "statement", fmt.Sprintf("%s weights, %s input, %s output, %s", r.Weights, r.Input, r.Output, r.System))
	if r.Batch > 1 {
		row(w, "inputs of a proof", count(r.Batch))
	}
	row(w, "parameters", count(r.Parameters))
	costRow(w, r.System, r.Constraints)
	for _, a := range r.Instead {
		row(w, "  instead", fmt.Sprintf("%s with %s weights under %s", count(a.Constraints), a.Weights, a.System))
	}
	row(w, "public inputs", fmt.Sprintf("%d field elements", r.PublicInputs))
	row(w, "activations", fmt.Sprintf("%d bits", r.Bits))
	if r.RelativeError > 0 || r.Integers == nil {
		row(w, "relative error", fmt.Sprintf("%s on %d samples", percent(r.RelativeError), r.Samples))
	}
	integersRow(w, r.Integers, r.Samples)
	if r.Agreement > 0 {
		row(w, "same answer", fmt.Sprintf("%s of the samples", percent(r.Agreement)))
	}
	for _, text := range r.Warnings {
		row(w, "warning", text)
	}
	errorRows(w, r.OutputErrors)
	if r.HeldOut > 0 {
		row(w, fmt.Sprintf("  on %s samples from which no scale was chosen", count(r.HeldOut)))
	}
	r.costReport.text(w)
	row(w)
	row(w, "layer", "operator", "error on the first sample")
	for _, l := range r.Layers {
		row(w, l.Name, l.Op, percent(l.RelativeError))
	}
}
