package model

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
)

// If, Loop and Scan have graphs for attributes. They are replaced by the bodies' nodes: of the branch
// that is taken, and as often as a body runs, where that is known; where data decide, of both branches
// and for as long as the loop may run, and Where chooses.

// body is a graph that a node holds.
type body struct {
	proto *onnxpb.GraphProto
	opset int
}

// captured returns the names that a graph takes from the one around it.
func captured(g *onnxpb.GraphProto) (names []string) {
	made := map[string]bool{"": true}
	for _, in := range g.GetInput() {
		made[in.GetName()] = true
	}
	for _, t := range g.GetInitializer() {
		made[t.GetName()] = true
	}
	for _, n := range g.GetNode() {
		for _, name := range n.Output {
			made[name] = true
		}
	}
	use := func(name string) {
		if !made[name] {
			made[name] = true
			names = append(names, name)
		}
	}
	for _, n := range g.GetNode() {
		for _, name := range n.Input {
			use(name)
		}
		for _, a := range n.Attribute {
			if a.G != nil {
				for _, name := range captured(a.G) {
					use(name)
				}
			}
		}
	}
	for _, out := range g.GetOutput() {
		use(out.GetName())
	}
	return names
}

// renamedOuter returns a graph whose captured values have the names that they have outside.
func renamedOuter(g *onnxpb.GraphProto, names map[string]string) *onnxpb.GraphProto {
	outer := map[string]string{}
	for _, name := range captured(g) {
		if to, ok := names[name]; ok {
			outer[name] = to
		}
	}
	if len(outer) == 0 {
		return g
	}
	c := proto.Clone(g).(*onnxpb.GraphProto)
	rename := func(list []string) {
		for i, name := range list {
			if to, ok := outer[name]; ok {
				list[i] = to
			}
		}
	}
	for _, n := range c.Node {
		rename(n.Input)
		for _, a := range n.Attribute {
			if a.G != nil {
				a.G = renamedOuter(a.G, outer)
			}
		}
	}
	for _, o := range c.Output {
		if to, ok := outer[o.GetName()]; ok {
			o.Name = proto.String(to)
		}
	}
	return c
}

// maxNested bounds graphs within graphs.
const maxNested = 16

// nested returns how deep a graph's attributes hold graphs, at most one more than the bound.
func nested(g *onnxpb.GraphProto) (depth int) {
	for _, n := range g.GetNode() {
		for _, a := range n.Attribute {
			if a.G != nil && depth <= maxNested {
				depth = max(depth, 1+nested(a.G))
			}
		}
	}
	return depth
}

// maxSteps bounds the times that a body runs.
const maxSteps = 1 << 12

// run adds a body's nodes for given inputs and returns the names of its outputs.
func (e *expander) run(b *body, in ...string) ([]string, error) {
	g := b.proto
	if len(in) != len(g.Input) {
		return nil, malformed("%d inputs for a body of %d", len(in), len(g.Input))
	}
	names := map[string]string{"": ""}
	for i, v := range g.Input {
		names[v.GetName()] = in[i]
	}
	for _, init := range g.Initializer {
		t, err := decodeTensor(init)
		if err != nil {
			return nil, fmt.Errorf("initializer %q of the body: %w", init.GetName(), err)
		}
		names[init.GetName()] = e.constant(t)
	}
	for _, p := range g.Node {
		n := &Node{Op: p.GetOpType(), Opset: b.opset}
		if !defaultDomain(p.GetDomain()) {
			n.Op = p.GetDomain() + ":" + n.Op
		}
		n.Name = e.name(n.Op)
		var err error
		if n.Attrs, err = decodeAttrs(p.Attribute, b.opset, names); err != nil {
			return nil, fmt.Errorf("%s in the body: %w", n.Op, err)
		}
		n.constantType(p.Attribute)
		for _, name := range p.Input {
			to, ok := names[name]
			if !ok {
				to = name // of the graph around it
			}
			n.Inputs = append(n.Inputs, to)
		}
		for i, name := range p.Output {
			if name == "" {
				n.Outputs = append(n.Outputs, "")
				continue
			}
			if _, ok := names[name]; ok {
				return nil, malformed("value %q of the body has two sources", name)
			}
			to := n.Name
			if i > 0 {
				to = fmt.Sprintf("%s:%d", n.Name, i)
			}
			names[name] = to
			n.Outputs = append(n.Outputs, to)
		}
		if e.names > maxMade {
			return nil, unsupported("more than %d nodes in its place", maxMade)
		}
		e.node(n)
	}
	var out []string
	for _, o := range g.Output {
		name, ok := names[o.GetName()]
		if !ok {
			name = o.GetName()
		}
		if to, ok := e.alias[name]; ok {
			name = to
		}
		if e.facts[name] == nil {
			return nil, unsupported("output %q of the body", o.GetName())
		}
		out = append(out, name)
	}
	return out, nil
}

// graph returns an attribute that is a graph.
func (e *expander) graph(name string) (*body, error) {
	switch v := e.attrs[name].(type) {
	case *body:
		return v, nil
	case error:
		return nil, v
	}
	return nil, malformed("attribute %s is no graph", name)
}

// ifElse expands If: of a condition that is known to the branch it takes, else to both.
func (e *expander) ifElse() error {
	c := e.in[0]
	if product(c.shape) != 1 || c.typ.IsFloat() {
		return malformed("a condition of shape %v and type %v", c.shape, c.typ)
	}
	branch := func(name string) ([]string, error) {
		b, err := e.graph(name)
		if err != nil {
			return nil, err
		}
		return e.run(b)
	}
	name := "else_branch"
	if c.value == nil || c.value.Int[0] != 0 {
		name = "then_branch"
	}
	out, err := branch(name)
	if err != nil {
		return err
	}
	if c.value == nil {
		other, err := branch("else_branch")
		if err != nil {
			return err
		}
		if out, err = e.choose(e.arg(0), out, other); err != nil {
			return err
		}
	}
	for i, name := range out {
		e.set(i, name)
	}
	return nil
}

// choose returns the values of yes where a condition of one element is true, else those of no.
func (e *expander) choose(cond string, yes, no []string) (out []string, err error) {
	if len(yes) != len(no) {
		return nil, malformed("%d outputs in place of %d", len(yes), len(no))
	}
	cond = e.reshape(cond)
	for i, name := range yes {
		a, b := e.facts[name], e.facts[no[i]]
		if a == nil || b == nil {
			return nil, malformed("output %d is missing", i)
		}
		if !slices.Equal(a.shape, b.shape) || a.typ != b.typ {
			return nil, unsupported("output %d, of which data decide whether it is %v%v or %v%v", i, a.typ, a.shape, b.typ, b.shape)
		}
		out = append(out, e.do("Where", cond, name, no[i]))
	}
	return out, nil
}

// loop expands Loop whose trips are known, a number and a condition that stays true or turns
// out as a constant, and such of a known number of trips that data end earlier: from there on each
// state keeps its value.
func (e *expander) loop() error {
	b, err := e.graph("body")
	if err != nil {
		return err
	}
	if len(e.n.Inputs) < 2 {
		return malformed("%d inputs, want at least 2", len(e.n.Inputs))
	}
	trips := int64(maxSteps + 1)
	if e.input(0) != nil {
		m, err := e.needConstant(0, "a trip count")
		if err != nil {
			return err
		}
		if m.Len() != 1 || m.Int == nil {
			return malformed("a trip count of shape %v", m.Shape)
		}
		trips = m.Int[0]
	}
	cond := e.constant(&Tensor{Shape: []int{}, Int: []int64{1}})
	if e.input(1) != nil {
		cond = e.arg(1)
	}
	state := slices.Clone(e.n.Inputs[2:])
	var scanned [][]string
	running := "" // the condition that data have not ended the loop yet
	for i := int64(0); i < trips; i++ {
		on := e.facts[cond]
		if on == nil || product(on.shape) != 1 || on.typ.IsFloat() {
			return malformed("a condition that is not one boolean")
		}
		if on.value != nil && on.value.Int[0] == 0 {
			break
		}
		if i >= maxSteps {
			return unsupported("more than %d trips", maxSteps)
		}
		switch {
		case on.value != nil:
		case running == "":
			running = cond
		default:
			running = e.do("And", e.reshape(running), e.reshape(cond))
		}
		in := append([]string{e.constant(&Tensor{Shape: []int{}, Int: []int64{i}}), cond}, state...)
		out, err := e.run(b, in...)
		if err != nil {
			return err
		}
		if len(out) < 1+len(state) {
			return malformed("%d outputs of a body with %d states", len(out), len(state))
		}
		if running != "" && len(out) > 1+len(state) {
			return unsupported("scanned outputs of as many entries as data decide")
		}
		before := state
		cond, state = out[0], out[1:1+len(state)]
		if running != "" {
			if state, err = e.choose(running, state, before); err != nil {
				return err
			}
		}
		scanned = append(scanned, out[1+len(before):])
	}
	for i, name := range state {
		e.set(i, name)
	}
	if len(scanned) == 0 {
		return nil // outputs that are scanned have no shape then
	}
	for k := range scanned[0] {
		var parts []string
		for _, step := range scanned {
			parts = append(parts, e.do("Unsqueeze", step[k], e.list(0)))
		}
		e.set(len(state)+k, e.join(0, parts...))
	}
	return nil
}

// scan expands Scan (opset 9 on) along the first or other axes.
func (e *expander) scan() error {
	var inputs int
	var inAxes, outAxes, inBack, outBack []int
	var unread any
	attrs := Attrs{}
	for name, v := range e.attrs {
		if name != "body" {
			attrs[name] = v
		} else {
			unread = v
		}
	}
	if err := attrs.Unpack("num_scan_inputs", &inputs, "scan_input_axes?", &inAxes, "scan_input_directions?", &inBack, "scan_output_axes?", &outAxes,
		"scan_output_directions?", &outBack); err != nil {
		return err
	}
	b, ok := unread.(*body)
	if !ok {
		return malformed("attribute body is no graph")
	}
	states := len(e.in) - inputs
	if inputs < 1 || states < 0 || e.opset < 9 {
		return malformed("%d of %d inputs are scanned", inputs, len(e.in))
	}
	at := func(list []int, i int) int {
		if i < len(list) {
			return list[i]
		}
		return 0
	}
	n := -1
	axes := make([]int, inputs)
	for i := range inputs {
		shape := e.in[states+i].shape
		axis, err := normAxis(at(inAxes, i), len(shape))
		if err != nil {
			return err
		}
		if axes[i] = axis; n >= 0 && n != shape[axis] {
			return malformed("scanned inputs of %d and %d entries", n, shape[axis])
		}
		n = shape[axis]
	}
	if n > maxSteps {
		return unsupported("%d steps", n)
	}
	state := slices.Clone(e.n.Inputs[:states])
	var steps [][]string
	for t := range n {
		in := slices.Clone(state)
		for i, axis := range axes {
			k := t
			if at(inBack, i) == 1 {
				k = n - 1 - t
			}
			x := e.slice(e.arg(states+i), axis, k, k+1)
			in = append(in, e.do("Squeeze", x, e.list(axis)))
		}
		out, err := e.run(b, in...)
		if err != nil {
			return err
		}
		if len(out) < states {
			return malformed("%d outputs of a body with %d states", len(out), states)
		}
		state = out[:states]
		steps = append(steps, out[states:])
	}
	for i, name := range state {
		e.set(i, name)
	}
	if n == 0 {
		return nil
	}
	for k := range steps[0] {
		var parts []string
		for t := range n {
			step := steps[t]
			if at(outBack, k) == 1 {
				step = steps[n-1-t]
			}
			shape, err := e.shapeOf(step[k])
			if err != nil {
				return err
			}
			axis, err := normAxis(at(outAxes, k), len(shape)+1)
			if err != nil {
				return err
			}
			parts = append(parts, e.do("Unsqueeze", step[k], e.list(axis)))
		}
		first, err := e.shapeOf(parts[0])
		if err != nil {
			return err
		}
		axis, _ := normAxis(at(outAxes, k), len(first))
		e.set(states+k, e.join(axis, parts...))
	}
	return nil
}
