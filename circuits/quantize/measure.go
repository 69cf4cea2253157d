package quantize

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

// The default accuracy target.
const (
	defaultTolerance    = 0.01
	classifierTolerance = 0.02 // beside the agreement
	minAgreement        = 0.995
	classifierSample    = 50 // samples from which agreement decides
)

// integerOutputs returns how many outputs are integers.
func integerOutputs(c *calibration) (n int) {
	for _, t := range c.outputs[0] {
		if t.Float == nil {
			n++
		}
	}
	return n
}

// meetsTarget applies the configuration's accuracy target to the report.
func meetsTarget(p *circuits.Program) bool {
	r := &p.Report
	switch {
	case r.Mistaken > max(1, len(p.Outputs)*r.Samples/200):
		return false
	case p.Config.Tolerance > 0:
		return r.RelativeError <= p.Config.Tolerance
	case r.Agreement > 0 && r.Samples >= classifierSample:
		// One sample near a tie may go either way.
		wrong := math.Round((1 - r.Agreement) * float64(r.Samples))
		return (r.Agreement >= minAgreement || wrong <= 1 && r.RelativeError <= defaultTolerance/2) && r.RelativeError <= classifierTolerance
	}
	return r.RelativeError <= defaultTolerance
}

// measure fills the report: the program against the float network on the samples. The errors
// of single outputs are those of the samples that were held out.
func measure(p *circuits.Program, c *calibration, names map[int]string) error {
	var norms []float64
	for i, t := range c.outputs[0] {
		norms = append(norms, leastNorm*float64(c.probabilities(p.Outputs[i].Name, relation.Size(t.Shape))))
	}
	of := func(k []int) (*Evaluation, error) {
		var samples [][]*model.Tensor
		for _, i := range k {
			samples = append(samples, c.samples[i])
		}
		return Evaluate(context.Background(), p, Comparison{Samples: samples, Norms: norms,
			Want: func(i int) ([]*model.Tensor, error) { return c.outputs[k[i]], nil }})
	}
	all, held := make([]int, len(c.samples)), []int{}
	for k := range c.samples {
		all[k] = k
		if !c.fits(k) {
			held = append(held, k)
		}
	}
	e, err := of(all)
	if err != nil {
		return err
	}
	if len(e.Rejected) > 0 {
		r := e.Rejected[0]
		return fmt.Errorf("sample %d: %s", r.Sample, r.Reason)
	}
	r := &p.Report
	r.Samples, r.HeldOut, r.RelativeError, r.Mistaken, r.Integers, r.Outputs, r.Agreement = e.Samples, len(held), e.RelativeError, e.Mistaken, e.Integers, e.Outputs, 0
	if len(p.Outputs) == 1 && c.outputs[0][0].Float != nil {
		r.Agreement = e.Agreement
	}
	if len(held) > 0 {
		if e, err = of(held); err != nil {
			return err
		}
		r.Outputs = e.Outputs
	}
	r.Warnings = c.warnings
	return measureLayers(p, c, names)
}

// leastNorm is the square of how large a vector of probabilities is at least taken for: their
// error is held to 1 % of a half, not of themselves, who may all be tiny.
const leastNorm = 0.25

// probabilities returns how many vectors of probabilities an output is: one a softmax, one an
// element of a sigmoid, 0 if it is something else.
func (c *calibration) probabilities(name string, size int) int {
	for range len(c.graph.Nodes) {
		i := slices.IndexFunc(c.graph.Nodes, func(n *model.Node) bool { return slices.Contains(n.Outputs, name) })
		if i < 0 {
			return 0
		}
		switch n := c.graph.Nodes[i]; {
		case n.Op == "Sigmoid":
			return size
		case n.Op == "Softmax":
			shape := c.graph.Shapes[name]
			axis := -1
			if err := n.Attrs.Unpack("axis?", &axis); err != nil || axis < -len(shape) || axis >= len(shape) {
				return 0
			}
			return size / shape[(axis+len(shape))%len(shape)]
		case is(n, passes|whole):
			name = n.Inputs[0]
		default:
			return 0
		}
	}
	return 0
}

// measureLayers compares the values that stand for the float network's, on the first
// sample.
func measureLayers(p *circuits.Program, c *calibration, names map[int]string) error {
	var in [][]float64
	for _, t := range c.samples[0] {
		in = append(in, t.Reals())
	}
	q, err := p.QuantizeReals(in)
	if err != nil {
		return err
	}
	values, err := p.Eval(q)
	if err != nil {
		return err
	}
	want := map[string]*model.Tensor{}
	if err := c.graph.Trace(c.samples[0], func(name string, t *model.Tensor) { want[name] = t }); err != nil {
		return err
	}
	p.Report.Layers = nil
	for v := len(p.Inputs); v < len(p.Inputs)+len(p.Nodes); v++ {
		t := p.Type(v)
		if want[names[v]] == nil || relation.Size(want[names[v]].Shape) != t.Size() {
			continue
		}
		w := want[names[v]].Floats()
		var num, den float64
		for i, q := range values[v] {
			d := float64(q)*math.Ldexp(1, -t.Exp) - float64(w[i])
			num, den = num+d*d, den+float64(w[i])*float64(w[i])
		}
		n := p.Nodes[v-len(p.Inputs)]
		p.Report.Layers = append(p.Report.Layers, circuits.Layer{Name: names[v], Op: circuits.Kind(n.Op), Exp: t.Exp, Range: t.Range,
			RelativeError: math.Sqrt(num / max(den, 1e-300))})
	}
	return nil
}
