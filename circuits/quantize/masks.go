package quantize

import (
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/model"
)

// Attention excludes scores from a softmax by a mask: -1e9, the least float32 or -∞ is put
// in their place or added to them, by constants or by what is computed of an input. Their
// size says nothing but "not this one" and would take all precision from the others, so the
// network is calibrated with masks just large enough.

const (
	masked     = 1000 // scores so far below the largest are masked: their exponential is 0
	maskGap    = 10   // so far below every score that counts, the exponential rounds to 0
	maskChange = 1e-4 // most that smaller masks may change in the float network's outputs
)

// dropMasks forgets the scores of a softmax below a limit: they are masked.
func (v *observed) dropMasks(below float64) {
	if !(v.lo < below) {
		return
	}
	v.kept = slices.DeleteFunc(v.kept, func(x float32) bool { return float64(x) < below })
	v.lo, v.masks = v.hi, true
	for _, x := range v.kept {
		v.lo = min(v.lo, float64(x))
	}
}

// calibrated calibrates the graph, with the masks before its softmaxes made smaller where
// the outputs on the samples show that this is what they are.
func calibrated(g *model.Graph, samples [][]*model.Tensor) (*model.Graph, *calibration, error) {
	c, err := calibrate(g, samples)
	if err != nil {
		return nil, nil, err
	}
	least := map[string]float64{} // score that counts, of each softmax
	size := 0.
	for _, n := range g.Nodes {
		if v := c.values[n.Inputs[0]]; n.Op == "Softmax" && v != nil {
			v.dropMasks(v.hi - masked)
			least[n.Inputs[0]] = v.lo
			size = max(size, 2*powerBelow(2*(v.hi-v.lo)+4*maskGap))
		}
	}
	if small := withSmallMasks(g, least, size); small != nil {
		d, err := calibrate(small, samples)
		if err != nil {
			return nil, nil, err
		}
		if sameOutputs(c.outputs, d.outputs) {
			d.outputs = c.outputs
			for name, lo := range least {
				d.values[name].dropMasks(lo)
			}
			g, c = small, d
		}
	}
	return g, c, c.finite(g)
}

// withSmallMasks returns the graph with constants of at least masked in size, of nodes that
// lead to the given scores and nowhere else, reduced to size, or nil if there are none.
func withSmallMasks(g *model.Graph, scores map[string]float64, size float64) *model.Graph {
	s := withoutNodes(g)
	s.Nodes = slices.Clone(g.Nodes)
	found := false
	leads, elsewhere := map[string]bool{}, map[string]bool{} // values that scores, or others, are made of
	for name := range scores {
		leads[name] = true
	}
	for _, o := range g.Outputs {
		elsewhere[o.Name] = true
	}
	for i, n := range slices.Backward(s.Nodes) {
		out := n.Outputs[0]
		if _, ok := scores[n.Inputs[0]]; ok && n.Op == "Softmax" {
			continue
		}
		inside := leads[out] && !elsewhere[out] && is(n, masks)
		m := *n
		m.Inputs = slices.Clone(n.Inputs)
		for k, name := range n.Inputs {
			if !inside {
				elsewhere[name] = true
			} else if leads[name] = true; large(g.Const[name]) {
				found = true
				m.Inputs[k] = fmt.Sprintf("%s/input %d", n.Name, k)
				s.Const[m.Inputs[k]], s.Shapes[m.Inputs[k]] = reduced(g.Const[name], size), g.Const[name].Shape
			}
		}
		s.Nodes[i] = &m
	}
	if !found {
		return nil
	}
	return s
}

// large reports whether a constant has elements of the size of masks.
func large(t *model.Tensor) bool {
	return t != nil && slices.ContainsFunc(t.Float, func(v float32) bool { return math.Abs(float64(v)) >= masked })
}

// reduced returns a tensor whose elements of at least masked in size have the given one.
func reduced(t *model.Tensor, size float64) *model.Tensor {
	r := &model.Tensor{Shape: t.Shape, Float: slices.Clone(t.Float)}
	for i, v := range t.Float {
		if math.Abs(float64(v)) >= masked {
			r.Float[i] = float32(math.Copysign(size, float64(v)))
		}
	}
	return r
}

// sameOutputs reports whether two runs agree on all samples.
func sameOutputs(a, b [][]*model.Tensor) bool {
	for i := range a {
		for k := range a[i] {
			y := b[i][k].Floats()
			for j, v := range a[i][k].Floats() {
				if !(math.Abs(float64(v-y[j])) <= maskChange*max(1, math.Abs(float64(v)))) {
					return false
				}
			}
		}
	}
	return true
}

// finite returns an error for the first node that computes a NaN or an infinity on some
// sample. Within a group that is one function, 1/(1 + exp(-x)) for instance, an infinity does no harm.
func (c *calibration) finite(g *model.Graph) error {
	for _, n := range c.nodes {
		for _, name := range n.Outputs {
			if v := c.values[name]; v != nil && !(v.hi-v.lo < math.Inf(1)) {
				return &model.Error{File: g.File, Node: n.Name, Op: n.Op,
					Err: fmt.Errorf("output %q lies in [%g, %g] on the samples, which is not finite: %w", name, v.lo, v.hi, model.ErrUnsupported)}
			}
		}
	}
	return nil
}
