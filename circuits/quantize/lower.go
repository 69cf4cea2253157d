package quantize

import (
	"errors"
	"fmt"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

// lowerer turns a graph into a program at one width.
type lowerer struct {
	*calibration
	g *model.Graph
	widths
	clipAt int64 // domains wider than this are saturated by Clip, not by a table

	p         *circuits.Program
	vals      map[string]int // program value of each graph value
	narrowed  map[string]int // the same, requantized to an activation
	rescaled  map[[2]int]int // value and exponent to its requantized value
	consumers map[string][]*model.Node
	fused     map[*model.Node]bool   // nodes an earlier one has taken over
	names     map[int]string         // graph value that a program value stands for
	makers    map[string]*model.Node // of each graph value
	integrals map[string]integral    // graph values that are multiples of known integers
	enforced  []bool                 // of each program value: statements hold it in its range
	domains   []int64                // widths of the domains that saturate met
}

func newLowerer(g *model.Graph, c *calibration, w widths, clipAt int64) *lowerer {
	l := &lowerer{calibration: c, g: g, widths: w, clipAt: clipAt,
		p: &circuits.Program{}, vals: map[string]int{}, narrowed: map[string]int{}, rescaled: map[[2]int]int{},
		consumers: map[string][]*model.Node{}, fused: map[*model.Node]bool{}, names: map[int]string{},
		makers: map[string]*model.Node{}, integrals: map[string]integral{}}
	for _, n := range l.nodes {
		for _, v := range n.Inputs {
			l.consumers[v] = append(l.consumers[v], n)
		}
		for _, v := range n.Outputs {
			l.makers[v] = n
		}
	}
	return l
}

// lower builds the program. Errors of all nodes are joined.
func (l *lowerer) lower(cfg circuits.Config) error {
	l.p.Name, l.p.Config = l.g.File, cfg
	for _, in := range l.g.Inputs {
		if err := l.input(in); err != nil {
			return err
		}
	}
	var errs []error
	for _, n := range l.nodes {
		if l.fused[n] || slices.ContainsFunc(n.Inputs, l.missing) {
			continue // missing: the node before it has failed
		}
		if err := registry[n.Op].lower(l, n); err != nil {
			errs = append(errs, &model.Error{File: l.g.File, Node: n.Name, Op: n.Op, Err: err})
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	return l.outputs()
}

// missing reports whether a value is neither computed nor constant.
func (l *lowerer) missing(name string) bool {
	_, ok := l.vals[name]
	return name != "" && !ok && l.g.Const[name] == nil
}

// outputs exposes the graph's outputs.
func (l *lowerer) outputs() error {
	for _, o := range l.g.Outputs {
		v, err := l.output(o)
		if err != nil {
			return &model.Error{File: l.g.File, Node: o.Name, Op: "output", Err: err}
		}
		t := l.p.Type(v)
		r := t.Range
		r.Hi = max(r.Hi, r.Lo+1) // packing needs two values
		l.p.Outputs = append(l.p.Outputs, circuits.Port{Name: o.Name, Value: v, Shape: slices.Clone(l.g.Shapes[o.Name]), Exp: t.Exp, Range: r})
	}
	return nil
}

// output returns the value of an output. A constant is weights, and shown only as the output
// is.
func (l *lowerer) output(o model.Value) (int, error) {
	if shape := l.g.Shapes[o.Name]; slices.Contains(shape, 0) {
		return 0, fmt.Errorf("of shape %v, which has no elements to prove: leave it out of the network's outputs: %w", shape, model.ErrUnsupported)
	}
	if v, ok := l.vals[o.Name]; ok {
		return v, nil
	}
	c, shape, ok := l.constant(o.Name)
	if !ok {
		return 0, fmt.Errorf("nothing computes it: %w", model.ErrUnsupported)
	}
	if l.g.Const[o.Name].Float != nil {
		return l.parameter("output "+o.Name, c, shape, circuits.MaxExp)
	}
	q, err := integersOf(c, 0)
	if err != nil {
		return 0, err
	}
	return l.emit("output "+o.Name, &circuits.Constant{Shape: slices.Clone(shape), Values: q})
}

// emit appends a node and returns its value.
func (l *lowerer) emit(name string, op circuits.Op, in ...int) (int, error) {
	v, err := l.p.Add(name, op, in...)
	if err == nil {
		inputs := !slices.ContainsFunc(in, func(x int) bool { return !l.enforced[x] })
		l.enforced = append(l.enforced, circuits.Enforced(op, inputs))
	}
	return v, err
}

// value returns the program's value for a graph value, which must be computed.
func (l *lowerer) value(name string) (int, error) {
	v, ok := l.vals[name]
	if !ok {
		return 0, fmt.Errorf("operand %q is constant: %w", name, model.ErrUnsupported)
	}
	return v, nil
}

// set records that program value v stands for the graph's value.
func (l *lowerer) set(name string, v int) {
	l.vals[name] = v
	l.names[v] = name
}

// sole returns the only consumer of a graph value, or nil if there are several or it is
// an output.
func (l *lowerer) sole(name string) *model.Node {
	if c := l.consumers[name]; len(c) == 1 && !slices.ContainsFunc(l.g.Outputs, func(o model.Value) bool { return o.Name == name }) {
		return c[0]
	}
	return nil
}

// target returns the exponent to which the value's consumer will requantize it, if that
// is known: the weights that make the value can then share one shift.
func (l *lowerer) target(name string) (int, bool) {
	n := l.sole(name)
	if n == nil {
		return 0, false
	}
	switch row := registry[n.Op]; {
	case row == nil:
	case row.operand != nil:
		return row.operand(l, n), true
	case is(n, pools), is(n, passes|whole):
		return l.target(n.Outputs[0])
	}
	return 0, false
}

// done records the value of a node's first output.
func (l *lowerer) done(n *model.Node, v int, err error) error {
	if err == nil {
		l.set(n.Outputs[0], v)
	}
	return err
}
