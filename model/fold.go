package model

import (
	"errors"
	"maps"
	"slices"
)

// budget bounds what constant folding may cost.
type budget struct {
	elements int // of all folded tensors together
	work     int // multiply-accumulates
}

// defaultBudget allows at most 1 GiB of folded constants and seconds of work.
var defaultBudget = budget{elements: 1 << 27, work: 1 << 30}

// simplifier walks the sorted nodes once, inferring shapes, folding constants and
// removing nodes that change nothing.
type simplifier struct {
	*Graph
	budget
	facts     map[string]*fact
	sequences map[string][]string // the tensors of each
	alias     map[string]string   // output of a removed node -> the value it equals
	keep      []*Node
	made      map[string]int  // how often expansions have made a name
	names     int             // that expansions have made
	taken     map[string]bool // names of the file's own values

	refused map[*Node]error // nodes that cannot be evaluated
	errs    []error
}

// simplify leaves the graph as Graph's documentation describes it.
func (g *Graph) simplify(b budget) error {
	s := &simplifier{Graph: g, budget: b, facts: map[string]*fact{}, sequences: map[string][]string{}, alias: map[string]string{}, made: map[string]int{}, taken: map[string]bool{}, refused: map[*Node]error{}}
	for name, t := range g.Const {
		s.facts[name] = factOf(t)
		if typ := g.constTypes[name]; typ != Undefined {
			s.facts[name].typ = typ
		}
	}
	for _, n := range g.Nodes {
		for _, name := range n.Outputs {
			s.taken[name] = true
		}
	}
	for i, in := range g.Inputs {
		s.facts[in.Name] = &fact{shape: g.Inputs[i].Shape, typ: in.Type}
	}
	for _, n := range g.Nodes {
		s.node(n)
	}
	if len(s.errs) > 0 {
		return errors.Join(s.errs...)
	}
	g.Nodes = s.keep
	s.finishOutputs()
	g.prune()
	return s.finish()
}

// node folds, removes or keeps one node.
func (s *simplifier) node(n *Node) {
	modern(n)
	in := make([]*fact, len(n.Inputs))
	constant := true
	for i, name := range n.Inputs {
		if to, ok := s.alias[name]; ok {
			name = to
			n.Inputs[i] = to
		}
		if name == "" {
			continue
		}
		if _, ok := s.sequences[name]; ok && i == 0 && slices.Contains(sequenceOps, n.Op) {
			in[i], constant = new(fact), false
			continue
		} else if ok {
			s.refused[n] = unsupported("input %q is a sequence", name)
			s.keep = append(s.keep, n)
			return
		}
		if in[i] = s.facts[name]; in[i] == nil {
			s.keepBlind(n)
			return
		}
		constant = constant && in[i].value != nil
	}
	n.keepType(in)
	if x := expansionOf(n, in, constant); x != nil {
		s.expanded(n, in, x)
		return
	}
	k, err := bind(n, in)
	switch {
	case errors.Is(err, ErrUnsupported):
		s.refused[n] = err
	case err != nil:
		s.errs = append(s.errs, s.nodeError(n, err))
	case k.identity:
		s.alias[n.Outputs[0]] = n.Inputs[0]
		return
	case constant || k.static:
		s.fold(n, k, in)
		return
	case k.empty():
		for i, name := range n.Outputs {
			if t := newTensor(k.out[i].shape, k.out[i].typ); name != "" {
				s.Const[name], s.facts[name] = t, &fact{shape: t.Shape, typ: k.out[i].typ, value: t}
			}
		}
		return
	default:
		for i, name := range n.Outputs {
			if name != "" {
				s.facts[name] = &k.out[i]
			}
		}
	}
	s.keep = append(s.keep, n)
}

// keepBlind keeps a node behind one that cannot be evaluated: nothing is known of
// its inputs.
func (s *simplifier) keepBlind(n *Node) {
	if !known(n.Op) {
		s.refused[n] = errOperator
	}
	s.keep = append(s.keep, n)
}

// fold evaluates a node and keeps its outputs as constants.
func (s *simplifier) fold(n *Node, k *kernel, in []*fact) {
	work := k.work
	for _, f := range k.out {
		s.elements -= product(f.shape)
		work = max(work, product(f.shape))
	}
	for _, f := range in {
		if f != nil {
			work = max(work, product(f.shape))
		}
	}
	s.work -= min(work, s.work+1)
	if s.elements < 0 || s.work < 0 {
		s.refused[n] = unsupported("constants too large to fold")
		s.keep = append(s.keep, n)
		return
	}
	values := make([]*Tensor, len(in))
	for i, f := range in {
		if f != nil {
			values[i] = f.value
		}
	}
	out, err := k.run(values)
	if err != nil {
		s.errs = append(s.errs, s.nodeError(n, err))
		return
	}
	for i, name := range n.Outputs {
		if name != "" {
			s.Const[name] = out[i]
			s.facts[name] = &fact{shape: k.out[i].shape, typ: k.out[i].typ, value: out[i]}
		}
	}
}

// finishOutputs gives outputs that a removed node made their name back: by renaming
// the value they equal, or with an Identity where that has a name to keep.
func (s *simplifier) finishOutputs() {
	fixed := make(map[string]bool) // names that must stay
	taken := make(map[string]bool) // names of nodes
	for _, in := range s.Inputs {
		fixed[in.Name] = true
	}
	for _, n := range s.Nodes {
		taken[n.Name] = true
	}
	for _, o := range s.Outputs {
		fixed[o.Name] = s.alias[o.Name] == ""
	}
	renamed := make(map[string]string)
	for _, o := range s.Outputs {
		from := s.alias[o.Name]
		switch {
		case from == "":
			continue
		case s.Const[from] != nil:
			s.Const[o.Name] = s.Const[from]
		case fixed[from] || renamed[from] != "":
			name := o.Name + "_identity"
			for taken[name] {
				name += "_"
			}
			taken[name] = true
			n := &Node{Name: name, Op: "Identity", Inputs: []string{from}, Outputs: []string{o.Name}, Attrs: Attrs{}, Opset: s.Opset}
			s.Nodes = append(s.Nodes, n)
		default:
			renamed[from] = o.Name
		}
		s.facts[o.Name] = s.facts[from]
	}
	for _, n := range s.Nodes {
		for _, list := range [][]string{n.Inputs, n.Outputs} {
			for i, name := range list {
				if to, ok := renamed[name]; ok {
					list[i] = to
				}
			}
		}
	}
}

// finish fills Shapes, the outputs' shapes and the list of unsupported nodes, and
// checks the folded constants.
func (s *simplifier) finish() error {
	strict := make(map[string]bool) // read by operators that infinities have no use in
	for _, o := range s.Outputs {
		strict[o.Name] = true
	}
	for _, n := range s.Nodes {
		for _, name := range n.Inputs {
			strict[name] = strict[name] || !slices.Contains([]string{"Add", "Clip", "Max", "Min", "Where"}, n.Op)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Const)) {
		t := s.Const[name]
		if !t.finite() && (strict[name] || slices.ContainsFunc(t.Float, func(v float32) bool { return v != v })) {
			s.errs = append(s.errs, s.errorf(ErrMalformed, "constant %q has a value that is NaN or infinite", name))
		}
		s.Shapes[name] = t.Shape
	}
	for _, in := range s.Inputs {
		s.Shapes[in.Name] = in.Shape
	}
	for _, n := range s.Nodes {
		if err := s.refused[n]; err != nil {
			s.unsupported = append(s.unsupported, s.nodeError(n, err))
		}
		for _, name := range n.Outputs {
			if f := s.facts[name]; f != nil && name != "" {
				s.Shapes[name] = f.shape
			}
		}
	}
	for i := range s.Outputs {
		o := &s.Outputs[i]
		if list, ok := s.sequences[o.Name]; ok {
			s.errs = append(s.errs, s.errorf(ErrUnsupported, "output %q is a sequence of %d tensors: make these the outputs", o.Name, len(list)))
		}
		if f := s.facts[o.Name]; f != nil {
			o.Shape = f.shape
			if o.Type == Undefined {
				o.Type = f.typ
			}
		}
	}
	return errors.Join(s.errs...)
}
