package quantize

import (
	"math"
	"slices"
	"strings"

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

// merged returns the graph with each chain of constant rows that are added, subtracted,
// multiplied or divided replaced by one product and one sum, and Gemm behind such a chain by
// a product.
func merged(g *model.Graph) *model.Graph {
	a := &absorber{Graph: withoutNodes(g), consumers: map[string][]*model.Node{}, replaced: map[*model.Node][]*model.Node{}}
	for _, n := range g.Nodes {
		for _, name := range n.Inputs {
			a.consumers[name] = append(a.consumers[name], n)
		}
	}
	for _, n := range g.Nodes {
		by, taken := a.replaced[n]
		switch {
		case taken:
		case n.Op == "Gemm":
			by = a.product(n)
		default:
			by = a.chain(n)
		}
		a.Nodes = append(a.Nodes, by...)
	}
	return a.Graph
}

// affine is a node's x·scale + offset, element by element of the last axis.
func (a *absorber) affine(n *model.Node, width int) (x string, scale, offset []float64, ok bool) {
	if !slices.Contains([]string{"Add", "Sub", "Mul", "Div"}, n.Op) || len(n.Inputs) != 2 {
		return "", nil, nil, false
	}
	i := slices.IndexFunc(n.Inputs, func(name string) bool { return a.Const[name] != nil })
	if i < 0 || strings.Contains(n.Inputs[i], "/"+literalPrefix) || i == 0 && n.Op == "Div" {
		return "", nil, nil, false
	}
	c := a.Const[n.Inputs[i]]
	shape := a.Shapes[n.Inputs[1-i]]
	if len(shape) == 0 || shape[len(shape)-1] != width || c.Float == nil || len(c.Shape) > len(shape) || len(c.Float) != 1 && len(c.Float) != width ||
		len(c.Float) == width && (len(c.Shape) == 0 || c.Shape[len(c.Shape)-1] != width) || a.Const[n.Inputs[1-i]] != nil {
		return "", nil, nil, false
	}
	scale, offset = make([]float64, width), make([]float64, width)
	for k := range width {
		v := float64(c.Float[k%len(c.Float)])
		scale[k] = 1
		switch n.Op {
		case "Add":
			offset[k] = v
		case "Sub":
			if offset[k] = -v; i == 0 {
				scale[k], offset[k] = -1, v
			}
		case "Mul":
			scale[k] = v
		case "Div":
			scale[k] = 1 / v
		}
	}
	return n.Inputs[1-i], scale, offset, true
}

// chain returns what replaces a node: a product and a sum for the chain that starts with it,
// if that has three nodes or more.
func (a *absorber) chain(n *model.Node) []*model.Node {
	shape := a.Shapes[n.Outputs[0]]
	if len(shape) == 0 || len(n.Outputs) != 1 {
		return []*model.Node{n}
	}
	width := shape[len(shape)-1]
	x, scale, offset, ok := a.affine(n, width)
	if !ok || !slices.Equal(a.Shapes[x], shape) {
		return []*model.Node{n}
	}
	links, last := 1, n
	var inside []*model.Node
	for next := a.only(last); next != nil; next = a.only(last) {
		if (next.Op == "Identity" || next.Op == "Cast" && next.Attrs["to"] == 1) && slices.Equal(a.Shapes[next.Outputs[0]], shape) {
			inside, last = append(inside, next), next
			continue
		}
		_, s, o, ok := a.affine(next, width)
		if !ok || !slices.Equal(a.Shapes[next.Outputs[0]], shape) {
			break
		}
		for k := range width {
			scale[k], offset[k] = scale[k]*s[k], offset[k]*s[k]+o[k]
		}
		inside, last = append(inside, next), next
		links++
	}
	if links < 3 || slices.ContainsFunc(scale, func(v float64) bool { return math.IsInf(v, 0) || v != v }) {
		return []*model.Node{n}
	}
	for _, m := range inside {
		a.replaced[m] = nil
	}
	row := func(name string, v []float64) string {
		t := &model.Tensor{Shape: []int{width}, Float: make([]float32, width)}
		for k := range v {
			t.Float[k] = float32(v[k])
		}
		return a.constant(n.Name+"/"+name, t)
	}
	product := n.Name + "/scaled"
	a.Shapes[product] = shape
	return []*model.Node{
		{Name: product, Op: "Mul", Inputs: []string{x, row("scale", scale)}, Outputs: []string{product}, Attrs: model.Attrs{}, Opset: n.Opset},
		{Name: n.Name + "/moved", Op: "Add", Inputs: []string{product, row("offset", offset)}, Outputs: last.Outputs, Attrs: model.Attrs{}, Opset: n.Opset},
	}
}

// only returns the only consumer of a node's output, nil if there are several or it is an
// output.
func (a *absorber) only(n *model.Node) *model.Node {
	if next := a.consumers[n.Outputs[0]]; len(next) == 1 && !a.isOutput(n.Outputs[0]) {
		return next[0]
	}
	return nil
}

// product returns the nodes of a Gemm that follows a constant row: A·B and a sum.
func (a *absorber) product(n *model.Node) []*model.Node {
	alpha, beta := 1., 1.
	var transA, transB bool
	w := a.Const[n.Inputs[1]]
	if n.Attrs.Unpack("alpha?", &alpha, "beta?", &beta, "transA?", &transA, "transB?", &transB) != nil || transA || w == nil || len(w.Shape) != 2 ||
		!slices.ContainsFunc(a.Nodes, func(m *model.Node) bool {
			return m.Outputs[0] == n.Inputs[0] && (m.Op == "Add" || m.Op == "Mul") && a.hasRow(m)
		}) {
		return []*model.Node{n}
	}
	rows, cols := w.Shape[0], w.Shape[1]
	t := &model.Tensor{Shape: []int{rows, cols}, Float: slices.Clone(w.Float)}
	if transB {
		t.Shape = []int{cols, rows}
		for i, v := range w.Float {
			t.Float[i%cols*rows+i/cols] = v
		}
	}
	for i := range t.Float {
		t.Float[i] *= float32(alpha)
	}
	m := &model.Node{Name: n.Name, Op: "MatMul", Inputs: []string{n.Inputs[0], a.constant(n.Name+"/B", t)}, Outputs: n.Outputs, Attrs: model.Attrs{}, Opset: n.Opset}
	if len(n.Inputs) < 3 || n.Inputs[2] == "" {
		return []*model.Node{m}
	}
	c := a.Const[n.Inputs[2]]
	if c == nil || beta == 0 {
		return []*model.Node{n}
	}
	scaled := &model.Tensor{Shape: c.Shape, Float: slices.Clone(c.Float)}
	for i := range scaled.Float {
		scaled.Float[i] *= float32(beta)
	}
	product := n.Name + "/AB"
	a.Shapes[product] = a.Shapes[n.Outputs[0]]
	m.Outputs = []string{product}
	return []*model.Node{m, {Name: n.Name + "/C", Op: "Add", Inputs: []string{product, a.constant(n.Name+"/C row", scaled)}, Outputs: n.Outputs, Attrs: model.Attrs{}, Opset: n.Opset}}
}

// hasRow reports whether an operand is a constant row.
func (a *absorber) hasRow(n *model.Node) bool {
	_, _, ok := a.row(n, n.Op)
	return ok
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
	outputs := n.Outputs
	if next := a.only(n); next != nil { // a bias
		if b, _, ok := a.row(next, "Add"); ok && len(b) == cols {
			for i, v := range b {
				sums[i] += float64(v)
			}
			outputs, a.replaced[next] = next.Outputs, nil
		}
	}
	row := &model.Tensor{Shape: []int{cols}}
	for _, v := range sums {
		row.Float = append(row.Float, float32(v))
	}
	product := n.Name + "/product"
	m.Outputs = []string{product}
	a.Shapes[product] = a.Shapes[n.Outputs[0]]
	add := &model.Node{Name: n.Name + "/offset", Op: "Add", Inputs: []string{product, a.constant(n.Name+"/row", row)}, Outputs: outputs, Opset: n.Opset}
	return []*model.Node{&m, add}
}

func (a *absorber) constant(name string, t *model.Tensor) string {
	a.Const[name], a.Shapes[name] = t, t.Shape
	return name
}
