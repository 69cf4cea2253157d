package model

import "slices"

// sort puts the nodes in topological order, keeping the file's order where it is
// one already, and drops those no output depends on. Every name must have exactly
// one source.
func (g *Graph) sort() error {
	producer, err := g.producers()
	if err != nil {
		return err
	}
	roots := make([]string, len(g.Outputs))
	for i, o := range g.Outputs {
		roots[i] = o.Name
	}
	for _, n := range g.Nodes {
		for _, in := range n.reads() {
			if _, ok := producer[in]; !ok && in != "" {
				return g.nodeError(n, malformed("input %q has no source", in))
			}
		}
	}
	for _, name := range roots {
		if _, ok := producer[name]; !ok {
			return g.errorf(ErrMalformed, "output %q has no source", name)
		}
	}
	if err := g.order(producer); err != nil {
		return err
	}
	g.prune()
	return nil
}

// producers maps every value to the node that makes it, nil for inputs and constants.
func (g *Graph) producers() (map[string]*Node, error) {
	producer := make(map[string]*Node)
	for name := range g.Const {
		producer[name] = nil
	}
	for _, in := range g.Inputs {
		producer[in.Name] = nil
	}
	for _, n := range g.Nodes {
		for _, out := range n.Outputs {
			if _, ok := producer[out]; ok {
				return nil, g.nodeError(n, malformed("output %q has another source", out))
			}
			if out != "" {
				producer[out] = n
			}
		}
	}
	return producer, nil
}

// order is a depth-first search with its own stack: a hostile file may be one long
// chain.
func (g *Graph) order(producer map[string]*Node) error {
	type visit struct {
		node *Node
		next int // input to look at
	}
	const open, done = 1, 2
	state := make(map[*Node]int, len(g.Nodes))
	sorted := make([]*Node, 0, len(g.Nodes))
	for _, root := range g.Nodes {
		if state[root] == done {
			continue
		}
		state[root] = open
		stack := []visit{{node: root}}
		for len(stack) > 0 {
			v := &stack[len(stack)-1]
			if v.next == len(v.node.reads()) {
				state[v.node] = done
				sorted = append(sorted, v.node)
				stack = stack[:len(stack)-1]
				continue
			}
			p := producer[v.node.reads()[v.next]]
			v.next++
			switch {
			case p == nil || state[p] == done:
			case state[p] == open:
				return g.nodeError(p, malformed("the node depends on itself"))
			default:
				state[p] = open
				stack = append(stack, visit{node: p})
			}
		}
	}
	g.Nodes = sorted
	return nil
}

// prune drops nodes and constants that no output depends on, and the names of
// outputs that nothing reads.
func (g *Graph) prune() {
	used := make(map[string]bool)
	for _, o := range g.Outputs {
		used[o.Name] = true
	}
	keep := make([]*Node, 0, len(g.Nodes))
	for i := len(g.Nodes) - 1; i >= 0; i-- {
		n := g.Nodes[i]
		needed := false
		for j, out := range n.Outputs {
			if used[out] {
				needed = true
			} else {
				n.Outputs[j] = ""
			}
		}
		if !needed {
			continue
		}
		keep = append(keep, n)
		for _, in := range n.reads() {
			if in != "" {
				used[in] = true
			}
		}
	}
	slices.Reverse(keep)
	g.Nodes = keep
	for name := range g.Const {
		if !used[name] {
			delete(g.Const, name)
		}
	}
}
