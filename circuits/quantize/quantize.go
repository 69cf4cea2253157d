package quantize

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

// widths decide how precise a program is.
type widths struct {
	bits      int // of activations, beside the sign
	shift     int // of accumulators to activations: what weights' precision follows from
	inputBits int // of the network's inputs, the sign included
}

// tried lists the widths Graph tries, cheapest first.
var tried = []widths{
	{7, 8, 7}, {7, 9, 7}, {7, 10, 8}, {8, 9, 8}, {8, 10, 8}, {9, 10, 9}, {10, 11, 10}, {11, 12, 11}, {12, 13, 12}, {13, 14, 13}, {14, 15, 14},
	{4, 8, 4}, {5, 8, 5}, {6, 8, 6}, // only if asked for
}

// The default accuracy target.
const (
	defaultTolerance    = 0.01
	classifierTolerance = 0.02 // beside the agreement
	minAgreement        = 0.995
	classifierSample    = 50 // samples from which agreement decides
)

// Check returns an error for every node of the graph that cannot be proven, joined, or
// nil. The errors are *model.Error and wrap model.ErrUnsupported.
func Check(g *model.Graph) error {
	var errs []error
	seen := map[string]bool{}
	for _, e := range g.Unsupported() {
		seen[e.Node] = true
		errs = append(errs, e)
	}
	for _, n := range decomposed(g).Nodes {
		if _, ok := lowerings[n.Op]; !ok && !seen[n.Name] {
			errs = append(errs, &model.Error{File: g.File, Node: n.Name, Op: n.Op,
				Err: fmt.Errorf("no circuit for this operator: %w", model.ErrUnsupported)})
		}
	}
	return errors.Join(errs...)
}

// Operators returns the ONNX operators that have a circuit, sorted; those that package model
// replaces by their definitions come on top.
func Operators() []string {
	all := slices.Concat(slices.Collect(maps.Keys(lowerings)), slices.Collect(maps.Keys(decompositions)))
	all = slices.DeleteFunc(all, func(op string) bool { return slices.Contains(recognisedOnly, op) })
	slices.Sort(all)
	return slices.Compact(all)
}

// recognisedOnly lists the functions that groups of nodes are recognised as: no file has them.
var recognisedOnly = []string{"GeluTanh", "Silu"}

// Graph turns a float network into a program of integers whose accuracy over the
// samples meets the configuration's target, with the narrowest widths that do. samples
// are lists of input tensors, as model.LoadInputs returns them; a few hundred are plenty.
//
// Errors: those of [Check]; *model.Error for nodes whose attributes or shapes cannot be
// proven, all of them; [ErrTarget] if no width meets the target.
func Graph(g *model.Graph, samples [][]*model.Tensor, cfg circuits.Config) (*circuits.Program, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	if err := Check(g); err != nil {
		return nil, err
	}
	if len(samples) == 0 {
		return nil, fmt.Errorf("no samples to choose scales from: %w", circuits.ErrInput)
	}
	g, c, err := calibrated(absorbed(merged(scaledFeatures(decomposed(g), samples))), samples)
	if err != nil {
		return nil, err
	}
	var last error
	best := math.Inf(1)
	for _, w := range tried {
		if cfg.Bits != 0 && w.bits != cfg.Bits || cfg.Bits == 0 && w.bits < 7 {
			continue
		}
		p, err := quantizeAt(g, c, cfg, w)
		if err == nil && (meetsTarget(p) || cfg.Bits != 0 && cfg.Tolerance == 0) {
			p, err = cheapest(g, c, cfg, p, w)
			if err == nil {
				return p, nil
			}
		}
		if err != nil {
			if last == nil || errors.Is(last, circuits.ErrBound) {
				last = err
			}
			if !errors.Is(err, circuits.ErrBound) {
				return nil, err
			}
			continue // too wide for a table or an int64: other widths may fit
		}
		best = min(best, p.Report.RelativeError)
		last = fmt.Errorf("best relative error %.3g, agreement %.4g, %d of %d labels wrong, with %d bits: %w", best, p.Report.Agreement, p.Report.Mistaken,
			p.Report.Samples*integerOutputs(c), p.Report.Bits, circuits.ErrTarget)
	}
	if last == nil {
		last = fmt.Errorf("no width of %d bits is tried: %w", cfg.Bits, circuits.ErrMalformed)
	}
	return nil, last
}

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

// quantizeAt lowers the graph at one width and measures it.
func quantizeAt(g *model.Graph, c *calibration, cfg circuits.Config, w widths) (*circuits.Program, error) {
	l, err := lowered(g, c, cfg, w, circuits.MaxTable)
	if err != nil {
		return nil, err
	}
	l.p.Report.Bits = w.bits
	return l.p, measure(l.p, c, l.names)
}

func lowered(g *model.Graph, c *calibration, cfg circuits.Config, w widths, clipAt int64) (*lowerer, error) {
	l := newLowerer(g, c, w, clipAt)
	if err := l.lower(cfg); err != nil {
		return nil, err
	}
	if err := l.p.Bind(); err != nil {
		return nil, fmt.Errorf("%s: %w", g.File, err)
	}
	return l, nil
}

// cheapest lowers the graph at the widths of p again, with each bound on the domains that
// tables cover (wider ones are saturated by Clip), and returns the program that costs
// least. All of them compute the same integers.
func cheapest(g *model.Graph, c *calibration, cfg circuits.Config, p *circuits.Program, w widths) (*circuits.Program, error) {
	l, err := lowered(g, c, cfg, w, circuits.MaxTable)
	if err != nil {
		return nil, err
	}
	domains := append(l.domains, 0)
	slices.Sort(domains)
	domains = slices.Compact(domains)
	if skip := len(domains) - maxBounds; skip > 0 { // the small domains are surely tables
		domains = append(domains[:1], domains[1+skip:]...)
	}
	best, least := (*circuits.Program)(nil), math.MaxInt
	var failed error
	for _, at := range domains {
		l, err := lowered(g, c, cfg, w, at)
		if err != nil {
			return nil, err
		}
		plan, err := l.p.Plan()
		if err != nil {
			failed = err
			continue
		}
		if cost := plan.TotalCost(); cost < least {
			best, least = l.p, cost
		}
	}
	if best == nil {
		return nil, fmt.Errorf("%s: %w: %w", g.File, failed, circuits.ErrBound)
	}
	best.Report = p.Report
	return best, nil
}

// maxBounds is how many bounds cheapest tries at most.
const maxBounds = 8

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
	q, err := p.Quantise(in)
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
