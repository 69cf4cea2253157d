package quantize

import (
	"maps"
	"math"
	"slices"
	"sync"

	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// Exporters spell activations out: x·½·(1 + erf(x/√2)) is Gelu. A group of elementwise
// nodes that together are a function of one value, and a function there is a table for, is
// lowered as that table, one lookup instead of a product and a requantization a node.

// composed returns the functions that are recognised.
func composed() []string {
	names := slices.Collect(maps.Keys(registry))
	names = slices.DeleteFunc(names, func(op string) bool { return registry[op].traits&grouped == 0 })
	slices.Sort(names)
	return names
}

// maxGroup bounds the nodes of a group.
const maxGroup = 16

// group is a set of nodes that computes a function of the value x.
type group struct {
	x     string
	nodes []*model.Node // the last one's output is the function's
	name  string        // in package fixedpoint
}

// recognised returns the nodes of a graph with each group that is a function of the list
// replaced by one node that names it.
func recognised(g *model.Graph) []*model.Node {
	r := &recogniser{Graph: g, index: map[string]int{}, uses: map[string]int{}}
	for i, n := range g.Nodes {
		for _, name := range n.Outputs {
			r.index[name] = i
		}
		for _, name := range n.Inputs {
			r.uses[name]++
		}
	}
	for _, o := range g.Outputs {
		r.uses[o.Name]++
	}
	replaced := map[*model.Node]*model.Node{}
	taken := map[*model.Node]bool{}
	for i := len(g.Nodes) - 1; i >= 0; i-- { // the widest groups first
		n := g.Nodes[i]
		if taken[n] || !r.mayJoin(n) {
			continue
		}
		if k := r.grow(n, taken); k != nil {
			replaced[n] = &model.Node{Name: n.Name, Op: k.name, Inputs: []string{k.x}, Outputs: n.Outputs, Opset: n.Opset}
			for _, m := range k.nodes {
				taken[m] = true
			}
		}
	}
	var nodes []*model.Node
	for _, n := range g.Nodes {
		if m := replaced[n]; m != nil {
			nodes = append(nodes, m)
		} else if !taken[n] {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

type recogniser struct {
	*model.Graph
	index map[string]int // of the node that makes a value
	uses  map[string]int
}

// mayJoin reports whether a node is elementwise with operands that are single constants or
// of the output's size.
func (r *recogniser) mayJoin(n *model.Node) bool {
	if !is(n, joins) || r.Shapes[n.Outputs[0]] == nil {
		return false
	}
	for _, name := range n.Inputs {
		if c := r.Const[name]; c != nil && c.Len() != 1 ||
			c == nil && name != "" && !slices.Equal(r.Shapes[name], r.Shapes[n.Outputs[0]]) {
			return false
		}
	}
	return true
}

// grow extends a group backwards from its last node, the latest node first, and returns the
// largest one that is a known function.
func (r *recogniser) grow(last *model.Node, taken map[*model.Node]bool) (best *group) {
	nodes := []*model.Node{last}
	frontier := r.values(nil, last)
	for {
		if len(frontier) == 1 && len(nodes) > 1 && r.closed(nodes) {
			k := &group{x: frontier[0], nodes: slices.Clone(nodes)}
			slices.Reverse(k.nodes)
			if k.name = k.match(r.Graph); k.name != "" {
				best = k
			}
		}
		latest, at := -1, 0
		for k, name := range frontier {
			if i, ok := r.index[name]; ok && i > latest {
				latest, at = i, k
			}
		}
		if latest < 0 || len(nodes) == maxGroup {
			return best
		}
		n := r.Nodes[latest]
		if taken[n] || !r.mayJoin(n) {
			return best
		}
		nodes = append(nodes, n)
		frontier = r.values(slices.Delete(frontier, at, at+1), n)
	}
}

// values adds a node's operands that are not constant to a list without repetition.
func (r *recogniser) values(list []string, n *model.Node) []string {
	for _, name := range n.Inputs {
		if name != "" && r.Const[name] == nil && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

// closed reports whether nothing outside uses what the nodes compute, the first one's
// output excepted.
func (r *recogniser) closed(nodes []*model.Node) bool {
	inside := map[string]int{}
	for _, n := range nodes {
		for _, name := range n.Inputs {
			inside[name]++
		}
	}
	return !slices.ContainsFunc(nodes[1:], func(n *model.Node) bool { return inside[n.Outputs[0]] != r.uses[n.Outputs[0]] })
}

const (
	matchLimit = 8    // functions are compared on [-matchLimit, matchLimit]
	matchStep  = 4    // in steps of 2^-matchStep
	matchError = 1e-5 // largest difference
	matchExp   = 30   // of the exact values
)

// match evaluates the group and returns the function it agrees with, or "".
func (k *group) match(g *model.Graph) string {
	x := &model.Tensor{}
	for i := -matchLimit << matchStep; i <= matchLimit<<matchStep; i++ {
		x.Float = append(x.Float, float32(i)/(1<<matchStep))
	}
	x.Shape = []int{len(x.Float)}
	var y []float32
	out := k.nodes[len(k.nodes)-1].Outputs[0]
	sub := &model.Graph{Inputs: []model.Value{{Name: k.x, Shape: x.Shape, Type: model.Float32}}, Nodes: k.nodes, Const: g.Const}
	if sub.Trace([]*model.Tensor{x}, func(name string, t *model.Tensor) {
		if name == out {
			y = t.Float
		}
	}) != nil || len(y) != len(x.Float) {
		return ""
	}
	for _, name := range composed() {
		if agree(y, exactValues()[name]) {
			return name
		}
	}
	return ""
}

func agree(y []float32, want []float64) bool {
	for i, v := range want {
		if !(math.Abs(float64(y[i])-v) <= matchError) {
			return false
		}
	}
	return true
}

// exactValues returns the composed functions' values where match compares them.
var exactValues = sync.OnceValue(func() map[string][]float64 {
	out := map[string][]float64{}
	domain := fixedpoint.Interval{Lo: -matchLimit << matchStep, Hi: matchLimit << matchStep}
	for _, name := range composed() {
		f, err := fixedpoint.ByName(name)
		if err != nil {
			panic("circuits: " + err.Error()) // the list's names exist
		}
		table, err := f.Table(domain, matchStep, fixedpoint.Interval{Lo: -1 << 50, Hi: 1 << 50}, matchExp)
		if err != nil {
			panic("circuits: " + err.Error())
		}
		for _, q := range table {
			out[name] = append(out[name], fixedpoint.Real(q, matchExp))
		}
	}
	return out
})
