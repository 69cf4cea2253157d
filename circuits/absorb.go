package circuits

import (
	"slices"

	"github.com/nnark/nnark/model"
)

// absorbed returns the graph with the scales and offsets of normalisations moved into the
// matrices they meet: (x·c + b)·W = x·(c·W) + b·W. What was a constant of the architecture
// is then part of the private weights, and costs nothing.
func absorbed(g *model.Graph) *model.Graph {
	a := &absorber{Graph: withoutNodes(g), consumers: map[string][]*model.Node{}, replaced: map[*model.Node][]*model.Node{}}
	for _, n := range g.Nodes {
		for _, name := range n.Inputs {
			a.consumers[name] = append(a.consumers[name], n)
		}
	}
	for _, n := range g.Nodes {
		a.absorb(n)
	}
	for _, n := range g.Nodes {
		if by, ok := a.replaced[n]; ok {
			a.Nodes = append(a.Nodes, by...)
		} else {
			a.Nodes = append(a.Nodes, n)
		}
	}
	return a.Graph
}

type absorber struct {
	*model.Graph
	consumers map[string][]*model.Node
	replaced  map[*model.Node][]*model.Node
}

// row returns a node's constant operand, if it is one value for each element of the last
// axis, and the other operand.
func (a *absorber) row(n *model.Node, op string) (c []float32, x string, ok bool) {
	if n.Op != op || len(n.Inputs) != 2 {
		return nil, "", false
	}
	for i, name := range n.Inputs {
		shape := a.Shapes[n.Inputs[1-i]]
		if t := a.Const[name]; t != nil && len(shape) > 0 && len(t.Shape) <= len(shape) && len(t.Shape) > 0 &&
			t.Shape[len(t.Shape)-1] == shape[len(shape)-1] && len(t.Float) == shape[len(shape)-1] {
			return t.Float, n.Inputs[1-i], true
		}
	}
	return nil, "", false
}

// absorb removes the node, a scale, and the offset that may follow, if only products with
// constant matrices use them.
func (a *absorber) absorb(n *model.Node) {
	scale, x, ok := a.row(n, "Mul")
	if !ok {
		return
	}
	y := n.Outputs[0]
	var offset []float32
	if next := a.consumers[y]; len(next) == 1 && !a.isOutput(y) {
		if b, _, ok := a.row(next[0], "Add"); ok {
			offset, y = b, next[0].Outputs[0]
		}
	}
	matrices := a.consumers[y]
	if len(matrices) == 0 || a.isOutput(y) || slices.ContainsFunc(matrices, func(m *model.Node) bool { return !a.isLinear(m, y) }) {
		return
	}
	a.replaced[n] = nil
	if offset != nil {
		a.replaced[a.consumers[n.Outputs[0]][0]] = nil
	}
	for _, m := range matrices {
		a.replaced[m] = a.moved(m, x, scale, offset)
	}
}

func (a *absorber) isOutput(name string) bool {
	return slices.ContainsFunc(a.Outputs, func(o model.Value) bool { return o.Name == name })
}

// isLinear reports whether a node multiplies the value by a constant matrix.
func (a *absorber) isLinear(n *model.Node, x string) bool {
	if n.Op != "MatMul" || n.Inputs[0] != x {
		return false
	}
	w := a.Const[n.Inputs[1]]
	return w != nil && len(w.Shape) == 2 && len(w.Float) > 0
}

// moved returns the nodes for x·(scale·W) + offset·W.
func (a *absorber) moved(n *model.Node, x string, scale, offset []float32) []*model.Node {
	w := a.Const[n.Inputs[1]]
	cols := w.Shape[1]
	scaled := &model.Tensor{Shape: w.Shape, Float: make([]float32, len(w.Float))}
	sums := make([]float64, cols)
	for i, v := range w.Float {
		scaled.Float[i] = scale[i/cols] * v
		if offset != nil {
			sums[i%cols] += float64(offset[i/cols]) * float64(v)
		}
	}
	m := *n
	m.Inputs = []string{x, a.constant(n.Name+"/scaled", scaled)}
	if offset == nil {
		return []*model.Node{&m}
	}
	row := &model.Tensor{Shape: []int{cols}}
	for _, v := range sums {
		row.Float = append(row.Float, float32(v))
	}
	product := n.Name + "/product"
	m.Outputs = []string{product}
	a.Shapes[product] = a.Shapes[n.Outputs[0]]
	add := &model.Node{Name: n.Name + "/offset", Op: "Add", Inputs: []string{product, a.constant(n.Name+"/row", row)}, Outputs: n.Outputs, Opset: n.Opset}
	return []*model.Node{&m, add}
}

func (a *absorber) constant(name string, t *model.Tensor) string {
	a.Const[name], a.Shapes[name] = t, t.Shape
	return name
}
