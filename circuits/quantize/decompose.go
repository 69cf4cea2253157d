package quantize

import (
	"errors"
	"maps"

	"github.com/nnark/nnark/model"
)

// decomposer rewrites a graph.
type decomposer struct {
	*model.Graph
	of *model.Node // the node that is being replaced
}

// errAsItIs says that a node is lowered as it is.
var errAsItIs = errors.New("not decomposed")

// decomposed returns the graph with the operators that have a definition replaced, but for those
// whose attributes are not known or that are lowered as they are.
func decomposed(g *model.Graph) *model.Graph {
	d := &decomposer{Graph: withoutNodes(g)}
	for _, n := range g.Nodes {
		if row := registry[n.Op]; row != nil && row.decompose != nil && g.Shapes[n.Outputs[0]] != nil {
			before := len(d.Nodes)
			if d.of = n; row.decompose(d, n) == nil {
				d.Nodes[len(d.Nodes)-1].Outputs = n.Outputs
				continue
			}
			d.Nodes = d.Nodes[:before]
		}
		d.Nodes = append(d.Nodes, n)
	}
	return d.Graph
}

// withoutNodes returns a copy of the graph to which nodes and constants may be added.
func withoutNodes(g *model.Graph) *model.Graph {
	c := *g
	c.Nodes, c.Const, c.Shapes = nil, map[string]*model.Tensor{}, map[string][]int{}
	maps.Copy(c.Const, g.Const)
	maps.Copy(c.Shapes, g.Shapes)
	return &c
}

// add appends a node whose output has a shape and returns the output's name.
func (d *decomposer) add(op string, attrs model.Attrs, shape []int, in ...string) string {
	name := d.of.Name + "/" + op
	for d.Shapes[name] != nil {
		name += "'"
	}
	d.Shapes[name] = shape
	d.Nodes = append(d.Nodes, &model.Node{Name: name, Op: op, Inputs: in, Outputs: []string{name}, Attrs: attrs, Opset: d.of.Opset})
	return name
}

// constant adds a constant and returns its name.
func (d *decomposer) constant(name string, shape []int, values ...float32) string {
	name = d.of.Name + "/" + name
	d.Const[name], d.Shapes[name] = &model.Tensor{Shape: shape, Float: values}, shape
	return name
}

// literal adds an attribute's number, which is no weight, and returns its name.
func (d *decomposer) literal(name string, value float64) string {
	return d.constant(literalPrefix+name, []int{}, float32(value))
}
