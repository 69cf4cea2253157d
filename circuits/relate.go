package circuits

import (
	"fmt"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
)

// System states what the program computes: a tensor for every value, the operators'
// statements, and what is exposed.
func (p *Program) System() (*relation.System, error) { return p.system(false) }

// system is System; embedded, it exposes no values but to the circuit around it.
func (p *Program) system(embedded bool) (*relation.System, error) {
	r := &relater{Program: p, embedded: embedded, b: relation.NewBuilder(), tensors: make([]*relation.Tensor, len(p.types)), stated: make([]bool, len(p.Nodes))}
	r.uses = make([]int, len(p.types))
	r.consumer = make([]int, len(p.types))
	for _, o := range p.Outputs {
		r.uses[o.Value]++
		r.consumer[o.Value] = -1
	}
	for i, n := range slices.Backward(p.Nodes) {
		if r.uses[len(p.Inputs)+i] == 0 {
			continue // dead: what it alone uses is dead too
		}
		for _, v := range n.In {
			if r.uses[v] == 0 {
				r.consumer[v] = i
			}
			r.uses[v]++
		}
	}
	r.relate()
	return r.b.Finish()
}

type relater struct {
	*Program
	b        *relation.Builder
	tensors  []*relation.Tensor
	uses     []int  // of each value, by nodes and outputs
	consumer []int  // a node that uses it, -1 an output
	stated   []bool // nodes whose Define has made their statements
	embedded bool
}

func (r *relater) relate() {
	for i := range r.Inputs {
		r.input(i)
	}
	for i, n := range r.Nodes {
		v := len(r.Inputs) + i
		if r.uses[v] == 0 {
			continue // dead
		}
		out := r.tensor(v)
		if _, view := n.Op.(viewer); view || r.stated[i] {
			continue
		}
		r.b.Node(n.Name)
		n.Op.Relate(r.b, r.operands(i), out)
	}
	r.b.Node("")
	for i := range r.Outputs {
		r.output(i)
	}
}

func (r *relater) operands(node int) []relation.Tensor {
	var in []relation.Tensor
	for _, v := range r.Nodes[node].In {
		in = append(in, r.tensor(v))
	}
	return in
}

// tensor returns value v's tensor: a view of its operands, what its only consumer
// defines, or columns.
func (r *relater) tensor(v int) relation.Tensor {
	if r.tensors[v] == nil {
		t := r.make(v)
		r.tensors[v] = &t
	}
	return *r.tensors[v]
}

func (r *relater) make(v int) relation.Tensor {
	name, shape := "in", r.types[v].Shape
	if node := v - len(r.Inputs); node >= 0 {
		name = r.Nodes[node].Name
		switch op := r.Nodes[node].Op.(type) {
		case viewer:
			return op.View(r.operands(node))
		case source:
			r.b.Node(name)
			return op.tensor(r.b, r.Config.Weights)
		}
		if c := r.consumer[v]; r.uses[v] == 1 && c >= 0 {
			if op, ok := r.Nodes[c].Op.(definer); ok {
				out := r.tensor(len(r.Inputs) + c)
				r.b.Node(r.Nodes[c].Name)
				r.stated[c] = true
				return op.Define(r.b, out.Reshape(shape...), ref(v))
			}
		}
		if r.deferrable(v) {
			return r.b.Deferred(name, shape, ref(v).of)
		}
	}
	r.b.Node(name)
	return r.b.Accumulator("out", shape, r.types[v].Range, ref(v).of)
}

// deferrable reports whether value v is a matrix product's row that is only exposed: its
// packed elements can be the public output.
func (r *relater) deferrable(v int) bool {
	op, ok := r.Nodes[v-len(r.Inputs)].Op.(packer)
	return ok && !r.embedded && op.packs() && r.uses[v] == 1 && r.consumer[v] == -1
}

func (r *relater) input(i int) {
	in := &r.Inputs[i]
	r.b.Node("input " + in.Name)
	t := r.tensor(i)
	if in.Range.Width() < MaxTable {
		r.b.Range(t, in.Range)
	} else { // more than one table holds
		span := in.Range.Hi - in.Range.Lo
		r.b.NonNegative(t.PlusConst(-in.Range.Lo), span)
		r.b.NonNegative(relation.Const(t.Shape, in.Range.Hi).Minus(t), span)
	}
	r.b.Expose(relation.Expose{Name: in.Name, T: t, Interval: in.Range, Visibility: r.visibility(r.Config.Input)})
}

// output exposes a value. What is not packed by its contraction is range-checked on both
// sides, so that its digits are unique.
func (r *relater) output(i int) {
	o := &r.Outputs[i]
	t := r.tensor(o.Value)
	if b := t.Block(); b == nil || b.Kind != relation.Deferred {
		r.b.Node("output " + o.Name)
		span := o.Range.Hi - o.Range.Lo
		r.b.NonNegative(t.PlusConst(-o.Range.Lo), span)
		r.b.NonNegative(relation.Const(t.Shape, o.Range.Hi).Minus(t), span)
	}
	r.b.Expose(relation.Expose{Name: o.Name, T: t, Interval: o.Range, Visibility: r.visibility(r.Config.Output)})
}

func (r *relater) visibility(v Visibility) Visibility {
	if r.embedded {
		return Private
	}
	return v
}

// describe names a value for messages.
func (p *Program) describe(v int) string {
	if v < len(p.Inputs) {
		return fmt.Sprintf("input %q", p.Inputs[v].Name)
	}
	return fmt.Sprintf("node %q", p.Nodes[v-len(p.Inputs)].Name)
}
