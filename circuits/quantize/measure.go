package quantize

import (
	"math"

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

// measure fills the report: the program against the float network on the samples.
func measure(p *circuits.Program, c *calibration, names map[int]string) error {
	r := &p.Report
	r.Samples = len(c.samples)
	classifier := len(p.Outputs) == 1 && relation.Size(c.outputs[0][0].Shape) > 1 && classScores(c.outputs[0][0].Shape)
	var num, den, agree float64
	r.Mistaken = 0
	for k, s := range c.samples {
		var in [][]float32
		for _, t := range s {
			in = append(in, t.Floats())
		}
		out, err := p.Run(in)
		if err != nil {
			return err
		}
		for i, y := range out {
			want := c.outputs[k][i].Floats()
			if c.outputs[k][i].Float == nil { // labels and the like: right or wrong
				for j, v := range y {
					if v != float64(want[j]) {
						r.Mistaken++
						break
					}
				}
				continue
			}
			for j, v := range y {
				d := v - float64(want[j])
				num, den = num+d*d, den+float64(want[j])*float64(want[j])
			}
			if classifier && circuits.Argmax(y) == circuits.Argmax(want) {
				agree++
			}
		}
	}
	r.RelativeError = math.Sqrt(num / max(den, 1e-300))
	if classifier {
		r.Agreement = agree / float64(r.Samples)
	}
	return measureLayers(p, c, names)
}

// classScores reports whether a shape is one vector of scores.
func classScores(shape []int) bool {
	for _, d := range shape[:max(len(shape)-1, 0)] {
		if d != 1 {
			return false
		}
	}
	return len(shape) > 0
}

// measureLayers compares the values that stand for the float network's, on the first
// sample.
func measureLayers(p *circuits.Program, c *calibration, names map[int]string) error {
	var in [][]float32
	for _, t := range c.samples[0] {
		in = append(in, t.Floats())
	}
	q, err := p.Quantize(in)
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
