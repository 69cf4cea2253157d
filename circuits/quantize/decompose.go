package quantize

import (
	"errors"
	"maps"
	"slices"

	"github.com/nnark/nnark/model"
)

// decompositions says which ONNX operators are lowered as the simpler ones they are
// defined by, so that calibration sees what lies between.
var decompositions = map[string]func(*decomposer, *model.Node) error{
	"Gemm":                  (*decomposer).gemm,
	"InstanceNormalization": (*decomposer).instanceNorm,
	"LayerNormalization":    (*decomposer).layerNorm,
	"MatMul":                (*decomposer).matMul,
	"PRelu":                 (*decomposer).prelu,
	"ReduceL2":              (*decomposer).norm,
}

// decomposer rewrites a graph.
type decomposer struct {
	*model.Graph
	of *model.Node // the node that is being replaced
}

// errAsItIs says that a node is lowered as it is.
var errAsItIs = errors.New("not decomposed")

// decomposed returns the graph with the operators of the table replaced, but for those
// whose attributes are not known or that are lowered as they are.
func decomposed(g *model.Graph) *model.Graph {
	d := &decomposer{Graph: withoutNodes(g)}
	for _, n := range g.Nodes {
		if f, ok := decompositions[n.Op]; ok && g.Shapes[n.Outputs[0]] != nil {
			before := len(d.Nodes)
			if d.of = n; f(d, n) == nil {
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

// layerNorm replaces LayerNormalization: (x - mean)/√(variance + ε)·scale + bias.
func (d *decomposer) layerNorm(n *model.Node) error {
	axis, epsilon, stash := -1, 1e-5, 1
	if err := n.Attrs.Unpack("axis?", &axis, "epsilon?", &epsilon, "stash_type?", &stash); err != nil {
		return err
	}
	shape := d.Shapes[n.Inputs[0]]
	if axis < 0 {
		axis += len(shape)
	}
	y := d.normalise(n.Inputs[0], axis, epsilon)
	y = d.add("Mul", nil, shape, y, n.Inputs[1])
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		d.add("Add", nil, shape, y, n.Inputs[2])
	}
	return nil
}

// instanceNorm replaces InstanceNormalization, which normalises all axes but the first two.
func (d *decomposer) instanceNorm(n *model.Node) error {
	epsilon := 1e-5
	if err := n.Attrs.Unpack("epsilon?", &epsilon); err != nil {
		return err
	}
	shape := d.Shapes[n.Inputs[0]]
	y := d.normalise(n.Inputs[0], 2, epsilon)
	for i, op := range []string{"Mul", "Add"} {
		c := d.Const[n.Inputs[i+1]]
		if c == nil {
			return model.ErrUnsupported
		}
		perChannel := slices.Repeat([]int{1}, len(shape)-1)
		perChannel[0] = shape[1]
		y = d.add(op, nil, shape, y, d.constant(op+" constant", perChannel, c.Float...))
	}
	return nil
}

// normalise adds nodes for (x - mean)/√(variance + ε) over the axes from axis on.
func (d *decomposer) normalise(x string, axis int, epsilon float64) string {
	shape := d.Shapes[x]
	ones, axes := slices.Clone(shape), []int{}
	for k := axis; k < len(shape); k++ {
		ones[k], axes = 1, append(axes, k)
	}
	over := model.Attrs{"axes": axes, "keepdims": 1}
	mean := d.add("ReduceMean", over, ones, x)
	diff := d.add("Sub", nil, shape, x, mean)
	squares := d.add("Mul", nil, shape, diff, diff)
	variance := d.add("ReduceMean", over, ones, squares)
	sum := d.add("Add", nil, ones, variance, d.literal("epsilon", epsilon))
	root := d.add("Sqrt", nil, ones, sum)
	return d.add("Div", nil, shape, diff, root)
}

// prelu replaces PRelu: max(x, 0) + slope·(x - max(x, 0)).
func (d *decomposer) prelu(n *model.Node) error {
	if err := n.Attrs.Unpack(); err != nil {
		return err
	}
	shape := d.Shapes[n.Inputs[0]]
	positive := d.add("Relu", nil, shape, n.Inputs[0])
	negative := d.add("Sub", nil, shape, n.Inputs[0], positive)
	scaled := d.add("Mul", nil, shape, negative, n.Inputs[1])
	d.add("Add", nil, shape, positive, scaled)
	return nil
}

// norm replaces ReduceL2: the root of the sum of squares.
func (d *decomposer) norm(n *model.Node) error {
	shape := d.Shapes[n.Inputs[0]]
	squares := d.add("Mul", nil, shape, n.Inputs[0], n.Inputs[0])
	sum := d.add("ReduceSum", n.Attrs, d.Shapes[n.Outputs[0]], append([]string{squares}, n.Inputs[1:]...)...)
	d.add("Sqrt", nil, d.Shapes[n.Outputs[0]], sum)
	return nil
}

// gemm replaces Gemm of two activations, with the first one transposed, or whose C is no
// constant row, by products and sums that exist: alpha·A·B + beta·C.
func (d *decomposer) gemm(n *model.Node) error {
	alpha, beta := 1., 1.
	var transA, transB bool
	if err := n.Attrs.Unpack("alpha?", &alpha, "beta?", &beta, "transA?", &transA, "transB?", &transB); err != nil {
		return err
	}
	x, y, c := n.Inputs[0], n.Inputs[1], ""
	if len(n.Inputs) > 2 {
		c = n.Inputs[2]
	}
	shape, constant := d.Shapes[n.Outputs[0]], d.Const[y] != nil
	row := c == "" || d.Const[c] != nil && perChannel(d.Shapes[c], &linear{rows: shape[1], axis: 1})
	if d.Const[x] != nil || constant && !transA && row {
		return errAsItIs
	}
	if transA {
		x = d.transpose(x)
	}
	var out string
	if constant {
		attrs, in := maps.Clone(n.Attrs), []string{x, y, c}
		delete(attrs, "transA")
		if !row {
			in = in[:2]
		}
		out = d.add("Gemm", attrs, shape, in...)
	} else {
		if transB {
			y = d.transpose(y)
		}
		if out = d.add("MatMul", nil, shape, x, y); alpha != 1 {
			out = d.add("Mul", nil, shape, out, d.literal("alpha", alpha))
		}
	}
	if c == "" || constant && row {
		return nil
	}
	if k := d.Const[c]; beta != 1 && k != nil {
		scaled := make([]float32, len(k.Float))
		for i, v := range k.Float {
			scaled[i] = float32(beta) * v
		}
		c = d.constant("beta C", k.Shape, scaled...)
	} else if beta != 1 {
		c = d.add("Mul", nil, d.Shapes[c], c, d.literal("beta", beta))
	}
	d.add("Add", nil, shape, out, c)
	return nil
}

// matMul replaces the product of a constant matrix W and an activation X by (Xᵀ·Wᵀ)ᵀ.
func (d *decomposer) matMul(n *model.Node) error {
	w, x := d.Const[n.Inputs[0]], d.Shapes[n.Inputs[1]]
	if w == nil || len(w.Shape) != 2 || len(x) < 2 {
		return errAsItIs
	}
	rows, inner := w.Shape[0], w.Shape[1]
	turned := make([]float32, len(w.Float))
	for i, v := range w.Float {
		turned[i%inner*rows+i/inner] = v
	}
	shape := slices.Clone(x)
	shape[len(x)-2], shape[len(x)-1] = x[len(x)-1], rows
	y := d.add("MatMul", nil, shape, d.transpose(n.Inputs[1]), d.constant("transposed", []int{inner, rows}, turned...))
	d.transpose(y)
	return nil
}

// transpose exchanges the last two axes.
func (d *decomposer) transpose(x string) string {
	shape := slices.Clone(d.Shapes[x])
	n := len(shape)
	shape[n-2], shape[n-1] = shape[n-1], shape[n-2]
	return d.add("Transpose", model.Attrs{"perm": lastAxis(n, n-2)}, shape, x)
}
