package model

import (
	"slices"
)

// Value is a named tensor of a graph. Shape is nil if it is not known.
type Value struct {
	Name  string
	Shape []int
	Type  ElemType
}

// Node is one application of an operator.
type Node struct {
	Name    string   // never empty and unique in its graph; invented ("Gemm_3") where ONNX has none
	Op      string   // ONNX operator; "domain:Op" outside the default domain
	Inputs  []string // "" is an omitted optional input
	Outputs []string // "" is an output nothing uses
	Attrs   Attrs
	Opset   int // version of the default operator set the node follows

	captured []string // values that graphs among the attributes use
}

// reads returns all values that a node uses.
func (n *Node) reads() []string {
	if n.captured == nil {
		return n.Inputs
	}
	return slices.Concat(n.Inputs, n.captured)
}

// Graph is a network: nodes in topological order between inputs and outputs. It
// is made by LoadONNX or ParseONNX and is safe for concurrent use as long as
// nobody changes it.
type Graph struct {
	File     string // as given to LoadONNX or ParseONNX
	Producer string // the program that wrote the file, as it says itself
	Opset    int    // version of the default operator set
	Inputs   []Value
	Outputs  []Value
	Nodes    []*Node            // in topological order; constants folded away
	Const    map[string]*Tensor // the constants that nodes or outputs use; infinite only for Add, Clip, Max, Min and Where
	Shapes   map[string][]int   // of inputs, constants and every value that could be inferred

	unsupported []*Error
	constTypes  map[string]ElemType // of initializers
}

// Unsupported returns an error for every node that this package cannot evaluate,
// in the order of the nodes: operators it does not know, attributes it does not
// implement, shapes that depend on data. The errors wrap ErrUnsupported.
func (g *Graph) Unsupported() []*Error { return slices.Clone(g.unsupported) }

// Run evaluates the graph in floating point and returns its outputs in order.
// inputs are in the order of g.Inputs and have their shapes. Run may be called
// concurrently and does not keep or change inputs.
//
// The errors are *InputError for inputs that do not fit the graph, and *Error.
func (g *Graph) Run(inputs []*Tensor) ([]*Tensor, error) {
	index := make(map[string]int, len(g.Outputs))
	outputs := make([]*Tensor, len(g.Outputs))
	for i, o := range g.Outputs {
		index[o.Name] = i
		outputs[i] = g.Const[o.Name]
	}
	err := g.Trace(inputs, func(name string, t *Tensor) {
		if i, ok := index[name]; ok {
			outputs[i] = t
		}
	})
	if err != nil {
		return nil, err
	}
	return outputs, nil
}

// Trace evaluates the graph as Run does and calls visit for every input and every
// output of a node, in the order of evaluation. visit must not change t; it may keep
// t, whose memory Trace does not write again.
func (g *Graph) Trace(inputs []*Tensor, visit func(name string, t *Tensor)) error {
	if err := g.checkInputs(inputs); err != nil {
		return err
	}
	values := make(map[string]*Tensor, len(inputs))
	for i, in := range g.Inputs {
		values[in.Name] = inputs[i]
		visit(in.Name, inputs[i])
	}
	lastUse := g.lastUses()
	for i, n := range g.Nodes {
		in := make([]*Tensor, len(n.Inputs))
		for j, name := range n.Inputs {
			if in[j] = values[name]; in[j] == nil {
				in[j] = g.Const[name]
			}
		}
		out, err := n.run(in)
		if err != nil {
			return &Error{File: g.File, Node: n.Name, Op: n.Op, Err: err}
		}
		for j, name := range n.Outputs {
			if name != "" {
				values[name] = out[j]
				visit(name, out[j])
			}
		}
		for _, name := range n.Inputs {
			if lastUse[name] == i {
				delete(values, name)
			}
		}
	}
	return nil
}

// lastUses maps each value to the last node that reads it.
func (g *Graph) lastUses() map[string]int {
	last := make(map[string]int)
	for i, n := range g.Nodes {
		for _, name := range n.Inputs {
			last[name] = i
		}
	}
	return last
}

func (g *Graph) checkInputs(inputs []*Tensor) error {
	if len(inputs) != len(g.Inputs) {
		return &InputError{Err: malformed("%d tensors for a model of %d inputs", len(inputs), len(g.Inputs))}
	}
	for i, in := range g.Inputs {
		t := inputs[i]
		var err error
		switch {
		case !t.valid():
			err = malformed("tensor and shape do not agree")
		case !slices.Equal(t.Shape, in.Shape):
			err = malformed("shape %v, want %v", t.Shape, in.Shape)
		case (t.Float != nil) != in.Type.IsFloat():
			err = malformed("tensor is not of type %v", in.Type)
		case !t.finite():
			err = malformed("NaN or infinity")
		}
		if err != nil {
			return &InputError{Input: in.Name, Err: err}
		}
	}
	return nil
}

// run binds the node to the tensors and evaluates it. The result holds at least
// every output that has a name.
func (n *Node) run(in []*Tensor) ([]*Tensor, error) {
	facts := make([]*fact, len(in))
	for i, t := range in {
		if t != nil {
			facts[i] = factOf(t)
		}
	}
	k, err := bind(n, facts)
	if err != nil {
		return nil, err
	}
	return k.run(in)
}
