package circuits

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/nnark/nnark/circuits/relation"
)

// Batched returns the program that answers n inputs at once, so that one proof shows n answers: weights, tables and
// what a proof opens are there once. Each tensor holds that of the first input, then that of the second, and so on: shapes
// [1, …] become [n, …], and others get an axis of n before them. Every answer is the one that p
// gives of that input alone, in the same integers. n = 1 is p itself.
//
// Errors: [ErrProgram] if n is less than 1 or p is for several inputs already, [ErrSize] if values would have
// more elements than a program may.
func (p *Program) Batched(n int) (*Program, error) {
	if n < 1 || p.Batch > 1 {
		return nil, fmt.Errorf("%s: a batch of %d: %w", p.Name, n, ErrProgram)
	}
	if n == 1 {
		return p, nil
	}
	if p.elements > maxElements/n {
		return nil, fmt.Errorf("%s: %d inputs of %d elements each, with all values: %w", p.Name, n, p.elements, ErrSize)
	}
	q := *p
	q.Inputs, q.Nodes, q.Outputs, q.types, q.Batch = nil, nil, nil, nil, n
	b := &batcher{n: n, from: p, to: &q}
	for _, in := range p.Inputs {
		in.Shape = b.usual(in.Shape)
		q.AddInput(in)
		b.at, b.many = append(b.at, in.Value), append(b.many, true)
	}
	for i := range p.Nodes {
		if err := b.node(&p.Nodes[i], p.types[len(p.Inputs)+i]); err != nil {
			return nil, fmt.Errorf("%s: node %q (%s): %w", p.Name, p.Nodes[i].Name, Kind(p.Nodes[i].Op), err)
		}
	}
	for _, o := range p.Outputs {
		v, err := b.repeated(o.Name, o.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: output %q: %w", p.Name, o.Name, err)
		}
		o.Value, o.Shape = v, b.usual(o.Shape)
		q.Outputs = append(q.Outputs, o)
	}
	return &q, q.Infer()
}

// Row returns a program's inputs and outputs as they are of one of a batch's inputs: those of a program for one
// input are its own.
func (p *Program) Row() (inputs, outputs []Port) {
	if p.Batch <= 1 {
		return p.Inputs, p.Outputs
	}
	one := func(ports []Port) []Port {
		ports = slices.Clone(ports)
		for i := range ports {
			ports[i].Shape = append([]int{1}, ports[i].Shape[1:]...)
		}
		return ports
	}
	return one(p.Inputs), one(p.Outputs)
}

// checkBatch returns an error unless all inputs and outputs have the batch for their first axis.
func (p *Program) checkBatch() error {
	for _, o := range slices.Concat(p.Inputs, p.Outputs) {
		if p.Batch < 0 || p.Batch > 1 && (len(o.Shape) == 0 || o.Shape[0] != p.Batch) {
			return fmt.Errorf("%q is %v, in a batch of %d: %w", o.Name, o.Shape, p.Batch, ErrProgram)
		}
	}
	return nil
}

// batcher makes a program for n inputs, operator by operator.
type batcher struct {
	n        int
	from, to *Program
	at       []int  // which value of the new program one of the old one is
	many     []bool // it is there for each input: it depends on them
}

// form says how a shape holds n tensors.
type form int

const (
	ahead form = iota // [n, s…]: axes move up by one
	times             // [n·s0, s1…]
)

func (b *batcher) shape(f form, s []int) []int {
	if f == ahead {
		return append([]int{b.n}, s...)
	}
	return append([]int{b.n * s[0]}, s[1:]...)
}

// formOf is the form that values of a shape have between operators: an axis of 1 before others is taken for that of the
// inputs.
func formOf(s []int) form {
	if len(s) > 1 && s[0] == 1 {
		return times
	}
	return ahead
}

func (b *batcher) usual(s []int) []int { return b.shape(formOf(s), s) }

// as returns a value in another shape.
func (b *batcher) as(name string, v int, shape []int) (int, error) {
	if slices.Equal(b.to.types[v].Shape, shape) {
		return v, nil
	}
	return b.to.Add(name+"/batch", &Reshape{Shape: shape}, v)
}

// repeated returns a value of the old program for each input.
func (b *batcher) repeated(name string, v int) (int, error) {
	if b.many[v] {
		return b.at[v], nil
	}
	t := b.from.types[v]
	o := &Gather{Shape: b.usual(t.Shape)}
	for range b.n {
		for i := range t.Size() {
			o.Index = append(o.Index, i)
		}
	}
	return b.to.Add(name+"/batch", o, b.at[v])
}

// node adds a node for all inputs. What depends on none of them is as it was.
func (b *batcher) node(n *Node, out Type) error {
	many := slices.ContainsFunc(n.In, func(v int) bool { return b.many[v] })
	op, f, rank := copyOf(n.Op), ahead, 0
	if many {
		op, f, rank = b.moved(n, out)
	}
	var in []int
	for _, v := range n.In {
		at, err := b.at[v], error(nil)
		if _, joins := op.(*Concat); joins && many {
			at, err = b.repeated(n.Name, v)
		}
		if _, free := op.(viewOfAll); err == nil && many && (b.many[v] || at != b.at[v]) && !free {
			at, err = b.as(n.Name, at, b.shape(f, padded(b.from.types[v].Shape, rank)))
		}
		if err != nil {
			return err
		}
		in = append(in, at)
	}
	v, err := b.to.Add(n.Name, op, in...)
	if err == nil && many {
		v, err = b.as(n.Name, v, b.usual(out.Shape))
	}
	b.at, b.many = append(b.at, v), append(b.many, many)
	return err
}

// viewOfAll is an operator that looks at its input's elements whatever their shape is.
type viewOfAll interface{ anyShape() }

func (o *Reshape) anyShape() {}
func (o *Gather) anyShape()  {}

// moved returns a node's operator for n inputs, and the form and the least rank in which it takes its
// operands.
func (b *batcher) moved(n *Node, out Type) (op Op, f form, rank int) {
	x := b.from.types[n.In[0]].Shape
	op, f = copyOf(n.Op), formOf(x)
	switch o := op.(type) {
	case *Reshape:
		o.Shape = b.usual(o.Shape)
	case *Gather:
		o.Shape, o.Index = b.usual(o.Shape), nil
		size := relation.Size(x)
		for k := range b.n {
			for _, i := range n.Op.(*Gather).Index {
				if i >= 0 {
					i += k * size
				}
				o.Index = append(o.Index, i)
			}
		}
	case *Conv, *AveragePool, *MaxPool, *TreeEnsemble:
		f = times // the first axis is one of inputs already
	case *MatMul, *Embedding, *OneHot, *Softmax, *LogSoftmax: // rows along the last axis
	case *Transpose:
		if f == ahead || o.Perm[0] != 0 {
			f, o.Perm = ahead, append([]int{0}, further(o.Perm)...)
		}
	case *Concat:
		if f == ahead || o.Axis == 0 {
			f, o.Axis = ahead, o.Axis+1
		}
	case reducer:
		if r := o.reduction(); f == ahead || slices.Contains(r.Axes, 0) {
			f, r.Axes = ahead, further(r.Axes)
		}
	default: // operands that broadcast: elements, or matrices behind the axes that do. TestBatched finds an operator of another kind
		f, rank = formOf(out.Shape), len(out.Shape)
		switch op.(type) {
		case *BatchMatMul, *SoftmaxMatMul:
			if rank == 2 {
				f = ahead
			}
		}
	}
	return op, f, rank
}

// reducer is an operator that folds axes.
type reducer interface{ reduction() *Reduction }

func (r *Reduction) reduction() *Reduction { return r }

// further moves axes up by one.
func further(axes []int) []int {
	out := make([]int, len(axes))
	for i, a := range axes {
		out[i] = a + 1
	}
	return out
}

// padded gives a shape axes of 1 before it, up to a rank.
func padded(s []int, rank int) []int {
	return append(slices.Repeat([]int{1}, max(0, rank-len(s))), s...)
}

// copyOf copies an operator, whose lists of weights are shared: what Infer keeps is each one's own.
func copyOf(op Op) Op {
	c := reflect.New(reflect.TypeOf(op).Elem())
	c.Elem().Set(reflect.ValueOf(op).Elem())
	return c.Interface().(Op)
}
