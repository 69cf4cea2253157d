package quantize

import (
	"math"
	"slices"

	"github.com/nnark/nnark/model"
)

// The columns of a table are ages, incomes and rates: no one scale serves them all. Where
// the features of an input differ much, the network first centres each and brings it to a
// common size, by a power of two, which costs nothing; what that changes is taken back by the
// constants that follow, or by weights. Centres and powers come from the samples, not from
// the network.

const (
	maxFeatures    = 4096
	unequal        = 16 // times the least spread that the largest value may be on one scale
	featureHeadway = 46 // bits that an input and its powers of two may take together
)

// oneSize ends the name of an input's features brought to one size.
const oneSize = "/of one size"

// feature is what the samples show of one column.
type feature struct {
	lo, hi float64
	power  int // 2^power times the distance from the centre is about 1
	centre float64
}

// scaledFeatures returns the graph with nodes that bring the features of its inputs to one
// size.
func scaledFeatures(g *model.Graph, samples [][]*model.Tensor) *model.Graph {
	s := &decomposer{Graph: withoutNodes(g)}
	var first []*model.Node
	renamed := map[string]string{}
	for i, in := range g.Inputs {
		features := unequalFeatures(in, samples, i)
		if features == nil || comparedOnly(g, in.Name) {
			continue
		}
		nodes, out := s.toOneSize(in.Name, features)
		first = append(first, nodes...)
		renamed[in.Name] = out
	}
	if first == nil {
		return g
	}
	s.Nodes = first
	for _, n := range g.Nodes {
		m := *n
		m.Inputs = slices.Clone(n.Inputs)
		for k, name := range m.Inputs {
			if to, ok := renamed[name]; ok {
				m.Inputs[k] = to
			}
		}
		s.Nodes = append(s.Nodes, &m)
	}
	return s.Graph
}

// unequalFeatures returns the columns of an input of one row, nil if one scale does for all.
func unequalFeatures(in model.Value, samples [][]*model.Tensor, index int) []feature {
	n := len(in.Shape)
	if n == 0 || n > 2 || !in.Type.IsFloat() || n == 2 && in.Shape[0] != 1 || in.Shape[n-1] < 2 || in.Shape[n-1] > maxFeatures || len(samples) < 2 {
		return nil
	}
	fs := make([]feature, in.Shape[n-1])
	for k := range fs {
		fs[k] = feature{lo: math.Inf(1), hi: math.Inf(-1)}
		for _, s := range samples[:min(len(samples), maxSamples)] {
			v := float64(s[index].Float[k])
			fs[k].lo, fs[k].hi = min(fs[k].lo, v), max(fs[k].hi, v)
		}
	}
	least, most := math.Inf(1), 0.
	for _, f := range fs {
		if spread := f.hi - f.lo; spread > 0 {
			least = min(least, spread)
		}
		most = max(most, math.Abs(f.lo), math.Abs(f.hi))
	}
	if most == 0 || math.IsInf(least, 1) || most < unequal*least {
		return nil
	}
	for k := range fs {
		f := &fs[k]
		spread := f.hi - f.lo
		if spread == 0 {
			spread = max(least, math.Abs(f.hi)) // a constant: any size does
		}
		_, e := math.Frexp(spread / 2)
		f.power = -e
		f.centre = math.Ldexp(math.Round(math.Ldexp((f.lo+f.hi)/2, 2-e)), e-2) // to a quarter of the size
	}
	return fs
}

// comparedOnly reports whether a value does nothing but be compared with constants, picked
// from or renamed before that: comparisons want it as it is.
func comparedOnly(g *model.Graph, name string) bool {
	return leadsOnlyTo(g, name, func(n *model.Node) bool { return is(n, compares) }, func(n *model.Node) bool { return is(n, passes) }, 0)
}

// leadsOnlyTo reports whether a value has consumers, and all of them are ends or lead on to
// such ones only.
func leadsOnlyTo(g *model.Graph, name string, end, through func(*model.Node) bool, depth int) bool {
	used := false
	for _, n := range g.Nodes {
		if !slices.Contains(n.Inputs, name) {
			continue
		}
		used = true
		switch {
		case end(n):
		case through(n) && depth <= 16:
			for _, out := range n.Outputs {
				if out != "" && !leadsOnlyTo(g, out, end, through, depth+1) {
					return false
				}
			}
		default:
			return false
		}
	}
	return used
}

// toOneSize returns nodes that compute ((x - centre)·2^power)·2^-power + centre, and the name
// of their output.
func (g *decomposer) toOneSize(x string, fs []feature) ([]*model.Node, string) {
	n := len(fs)
	list := func(name string, value func(f feature) float64) string {
		t := &model.Tensor{Shape: []int{n}, Float: make([]float32, n)}
		for k, f := range fs {
			t.Float[k] = float32(value(f))
		}
		name = x + "/" + name
		g.Const[name], g.Shapes[name] = t, t.Shape
		return name
	}
	var nodes []*model.Node
	add := func(op, what, in, c string) string {
		out := x + "/" + what
		g.Shapes[out] = g.Shapes[x]
		nodes = append(nodes, &model.Node{Name: out, Op: op, Inputs: []string{in, c}, Outputs: []string{out}, Attrs: model.Attrs{}, Opset: 13})
		return out
	}
	y := add("Sub", "centred", x, list(literalPrefix+"centres", func(f feature) float64 { return f.centre }))
	y = add("Mul", oneSize[1:], y, list(literalPrefix+"powers", func(f feature) float64 { return math.Ldexp(1, f.power) }))
	y = add("Mul", "size", y, list("sizes", func(f feature) float64 { return math.Ldexp(1, -f.power) }))
	y = add("Add", "place", y, list("centres", func(f feature) float64 { return f.centre }))
	return nodes, y
}

// featureExp returns the exponent at which an input of features of different sizes holds the
// smallest of them with so many bits, and false if the input is not such a one.
func (l *lowerer) featureExp(name string, largest float64, bits int) (e int, ok bool) {
	powers := l.g.Const[name+"/"+literalPrefix+"powers"]
	if powers == nil {
		return 0, false
	}
	least, most := math.MaxInt, math.MinInt
	for _, v := range powers.Float {
		_, k := math.Frexp(float64(v))
		least, most = min(least, k-1), max(most, k-1)
	}
	_, size := math.Frexp(largest)
	return min(most+bits, featureHeadway-(most-least)-size), true
}
