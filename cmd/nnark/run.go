package main

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// runReport is the JSON object of run.
type runReport struct {
	answer
	Float         [][]float64 `json:"float,omitempty"`          // with --onnx
	RelativeError *float64    `json:"relative_error,omitempty"` // with --onnx: L2, of all outputs
}

func run(c *command) (report, error) {
	input := c.flags.String("input", "", "the input in `FILE`")
	onnx := c.flags.String("onnx", "", "show what `MODEL.onnx` says beside it")
	shapes := shapeFlags(c)
	if err := c.parse([]string{"M.nnark"}, "input"); err != nil {
		return nil, err
	}
	p, err := loadProgram(c.args[0])
	if err != nil {
		return nil, err
	}
	in, err := programInput(*input, p)
	if err != nil {
		return nil, err
	}
	outputs, err := stage(c, "run", func() ([][]float64, error) { return p.RunReals(reals(in)) })
	if err != nil {
		return nil, fmt.Errorf("%s: %w", *input, err)
	}
	r := &runReport{answer: newAnswer(outputNames(p), outputs, p.Labels, programBatch(p))}
	if *onnx == "" {
		return r, nil
	}
	return r, r.compare(*onnx, *input, *shapes, max(p.Batch, 1))
}

func outputNames(p *circuits.Program) []string {
	var names []string
	for _, o := range p.Outputs {
		names = append(names, o.Name)
	}
	return names
}

// programBatch is how many inputs a program answers at once, by its shapes.
func programBatch(p *circuits.Program) int {
	var shapes [][]int
	for _, o := range slices.Concat(p.Inputs, p.Outputs) {
		shapes = append(shapes, o.Shape)
	}
	return batchOf(shapes)
}

// compare runs the float network on the same inputs, one after the other.
func (r *runReport) compare(path, input string, shapes []model.Option, batch int) error {
	g, err := model.LoadONNXFor(path, input, shapes...)
	if err != nil {
		return err
	}
	samples, err := model.LoadInputs(input, g.Inputs)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(samples) != batch {
		return fmt.Errorf("%s: %d inputs, want %d: %w", path, len(samples), batch, errSamples)
	}
	for i, in := range samples {
		out, err := g.Run(in)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		var like [][]float64
		for _, all := range r.Outputs {
			n := len(all) / batch
			like = append(like, all[i*n:(i+1)*n])
		}
		one, err := widen(out, like)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if r.Float == nil {
			r.Float = make([][]float64, len(one))
		}
		for k := range one {
			r.Float[k] = append(r.Float[k], one[k]...)
		}
	}
	e := relativeError(r.Outputs, r.Float)
	r.RelativeError = &e
	return nil
}

// widen returns float outputs in the form of like; another form is an error.
func widen(tensors []*model.Tensor, like [][]float64) ([][]float64, error) {
	var out [][]float64
	for i, t := range tensors {
		if len(tensors) != len(like) || t.Len() != len(like[i]) {
			return nil, fmt.Errorf("not the network the program was made from: %w", circuits.ErrInput)
		}
		out = append(out, t.Reals())
	}
	return out, nil
}

// relativeError is |got - want| / |want|, over all elements.
func relativeError(got, want [][]float64) float64 {
	var num, den float64
	for i := range want {
		for k, v := range want[i] {
			d := got[i][k] - v
			num, den = num+d*d, den+v*v
		}
	}
	return math.Sqrt(num / max(den, math.SmallestNonzeroFloat64))
}

func (r *runReport) text(w io.Writer) {
	r.answer.text(w, "float", r.Float)
	if r.RelativeError != nil {
		row(w, "relative error", percent(*r.RelativeError))
	}
}
