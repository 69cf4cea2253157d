package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
)

// try takes one case through everything.
func try(ctx context.Context, dir string, float, prove bool) (r result) {
	c, err := load(dir)
	if err != nil {
		return result{err: err}
	}
	samples, err := c.inputs("samples.npz", "samples.json", "input.json")
	if err != nil {
		return result{err: err}
	}
	if float {
		return c.floats()
	}
	p, err := quantize.Graph(c.graph, samples, circuits.Config{})
	if err != nil {
		return result{err: err}
	}
	plan, err := p.Plan()
	if err != nil {
		return result{err: err}
	}
	r.constraints = plan.TotalCost()
	test, err := c.inputs("test.npz", "input.json")
	if err != nil {
		return result{err: err}
	}
	want, err := answers(c.dir, c.graph.Outputs)
	if err != nil {
		r.err = err
		return r
	}
	r.compare(len(p.Outputs), test, want, func(in []*model.Tensor) ([][]float64, error) {
		var x [][]float64
		for _, t := range in {
			x = append(x, t.Reals())
		}
		return p.RunReals(x)
	})
	if prove && r.err == nil {
		r.err = proven(ctx, p, test)
	}
	return r
}

// testCase is a network with the folder it came from.
type testCase struct {
	dir   string
	graph *model.Graph
	all   []model.Value // inputs that the files have
}

// load reads a network. If that is refused for inputs that decide shapes, all but the first
// are constants, as the case has them.
func load(dir string) (*testCase, error) {
	path := filepath.Join(dir, "network.onnx")
	samples := filepath.Join(dir, "input.json")
	for _, name := range []string{"samples.json", "samples.npz"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			samples = filepath.Join(dir, name)
		}
	}
	g, err := model.LoadONNXFor(path, samples)
	if err != nil {
		return nil, err
	}
	c := &testCase{dir, g, g.Inputs}
	if len(g.Unsupported()) == 0 || len(g.Inputs) < 2 {
		return c, nil
	}
	sample, err := c.inputs("input.json")
	if err != nil || len(sample) != 1 {
		return c, nil
	}
	var fixed []model.Option
	for i, in := range g.Inputs[1:] {
		fixed = append(fixed, model.WithConstant(in.Name, sample[0][i+1]))
	}
	if h, err := model.LoadONNX(path, fixed...); err == nil && len(h.Unsupported()) == 0 {
		c.graph = h
	}
	return c, nil
}

// inputs reads the first of the files that is there.
func (c *testCase) inputs(names ...string) ([][]*model.Tensor, error) {
	for _, name := range names {
		samples, err := model.LoadInputs(filepath.Join(c.dir, name), c.all)
		for i := range samples {
			samples[i] = samples[i][:len(c.graph.Inputs)] // the first ones
		}
		if !errors.Is(err, os.ErrNotExist) {
			return samples, err
		}
	}
	return nil, fmt.Errorf("none of %s: %w", strings.Join(names, ", "), os.ErrNotExist)
}

// answers returns what each output should be, flat, for all inputs one after the other.
func answers(dir string, outputs []model.Value) ([][]float64, error) {
	data, err := os.ReadFile(filepath.Join(dir, "ref.npz"))
	if errors.Is(err, os.ErrNotExist) {
		return jsonAnswers(filepath.Join(dir, "output.json"))
	}
	if err != nil {
		return nil, err
	}
	z, err := zip.NewReader(strings.NewReader(string(data)), int64(len(data)))
	if err != nil {
		return nil, err
	}
	var all [][]float64
	for i := range outputs {
		f, err := z.Open(fmt.Sprintf("o%d.npy", i))
		if err != nil {
			return nil, err
		}
		array, err := io.ReadAll(f)
		if err != nil {
			return nil, err
		}
		t, err := model.ParseNPY(array)
		if err != nil {
			return nil, err
		}
		all = append(all, t.Reals())
	}
	return all, nil
}

func jsonAnswers(path string) ([][]float64, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Out    []any `json:"out"`
		Output []any `json:"output_data"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, err
	}
	var all [][]float64
	for _, x := range append(file.Out, file.Output...) {
		all = append(all, flat(nil, x))
	}
	return all, nil
}

func flat(to []float64, x any) []float64 {
	switch x := x.(type) {
	case []any:
		for _, y := range x {
			to = flat(to, y)
		}
	case float64:
		to = append(to, x)
	case bool:
		if x {
			return append(to, 1)
		}
		to = append(to, 0)
	case string: // NaN and infinities
		to = append(to, math.NaN())
	}
	return to
}

// floats compares the float network with the answers.
func (c *testCase) floats() (r result) {
	g := c.graph
	var errs []error
	for _, e := range g.Unsupported() {
		errs = append(errs, e)
	}
	if r.err = errors.Join(errs...); r.err != nil {
		return r
	}
	test, err := c.inputs("test.npz", "input.json")
	if err != nil {
		return result{err: err}
	}
	want, err := answers(c.dir, c.graph.Outputs)
	if err != nil {
		return result{err: err}
	}
	r.compare(len(g.Outputs), test, want, func(in []*model.Tensor) (all [][]float64, err error) {
		out, err := g.Run(in)
		for _, t := range out {
			all = append(all, t.Reals())
		}
		return all, err
	})
	return r
}

// compare runs a network on the inputs. Inputs that it rejects count only as such.
func (r *result) compare(outputs int, test [][]*model.Tensor, want [][]float64, run func([]*model.Tensor) ([][]float64, error)) {
	if len(want) < outputs {
		r.err = fmt.Errorf("%d answers for %d outputs", len(want), outputs)
		return
	}
	num, den := make([]float64, outputs), make([]float64, outputs)
	r.inputs = len(test)
	for k, s := range test {
		out, err := run(s)
		if errors.Is(err, circuits.ErrInput) {
			r.rejected++
			continue
		}
		if err != nil {
			r.err = err
			return
		}
		for i, y := range out {
			if len(want[i]) != len(y)*len(test) {
				r.err = fmt.Errorf("output %d has %d elements, the answers %d for %d inputs", i, len(y), len(want[i]), len(test))
				return
			}
			for j, v := range y {
				w := want[i][k*len(y)+j]
				num[i], den[i] = num[i]+(v-w)*(v-w), den[i]+w*w
			}
		}
	}
	if r.rejected == len(test) {
		r.err = fmt.Errorf("all %d inputs are outside the declared range", len(test))
	}
	for i := range num {
		if e := math.Sqrt(num[i] / max(den[i], 1e-12)); !(e <= r.relative) {
			r.relative = e
		}
	}
}

// proven proves and verifies the first input that the program takes.
func proven(ctx context.Context, p *circuits.Program, test [][]*model.Tensor) error {
	c, err := circuits.Compile(p)
	if err != nil {
		return err
	}
	keys, err := prover.UnsafeSetup(ctx, c, nil)
	if err != nil {
		return err
	}
	for _, s := range test {
		var in [][]float64
		for _, t := range s {
			in = append(in, t.Reals())
		}
		q, err := p.QuantizeReals(in)
		if errors.Is(err, circuits.ErrInput) {
			continue
		}
		if err != nil {
			return err
		}
		_, err = keys.Prove(ctx, q, prover.Options{}) // which verifies
		return err
	}
	return nil
}
