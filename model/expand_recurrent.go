package model

import "slices"

// recurrence is what RNN, GRU and LSTM have in common
// (https://onnx.ai/onnx/operators/onnx__LSTM.html, GRU and RNN; opsets 7 to 22). The loop
// over time is unrolled.
type recurrence struct {
	*expander
	gates       int // blocks of hidden rows in W and R
	hidden      int
	steps       int
	batch       int
	features    int
	backward    []bool // of each direction
	activations []string
	alphas      []float32
	betas       []float32
	clip        string // bound of the activations' inputs, "" for none
	layout      int
}

// recurrence reads the attributes and the shapes. perDirection is how many activations
// each direction has.
func (e *expander) recurrence(gates int, defaults ...string) (*recurrence, error) {
	r := &recurrence{expander: e, gates: gates}
	direction, clip := "forward", float32(0)
	pairs := []any{"hidden_size?", &r.hidden, "direction?", &direction, "activations?", &r.activations, "activation_alpha?", &r.alphas,
		"activation_beta?", &r.betas, "clip?", &clip, "layout?", &r.layout}
	var linearBefore, forget int
	switch e.op {
	case "GRU":
		pairs = append(pairs, "linear_before_reset?", &linearBefore)
	case "LSTM":
		pairs = append(pairs, "input_forget?", &forget)
	}
	if err := e.attrs.Unpack(pairs...); err != nil {
		return nil, err
	}
	if forget != 0 {
		return nil, unsupported("input_forget")
	}
	switch direction {
	case "forward":
		r.backward = []bool{false}
	case "reverse":
		r.backward = []bool{true}
	case "bidirectional":
		r.backward = []bool{false, true}
	default:
		return nil, malformed("direction %q", direction)
	}
	if clip > 0 {
		r.clip = e.float(float64(clip))
	}
	if r.activations == nil {
		for range r.backward {
			r.activations = append(r.activations, defaults...)
		}
	}
	if len(r.activations) != len(defaults)*len(r.backward) {
		return nil, malformed("%d activations, want %d", len(r.activations), len(defaults)*len(r.backward))
	}
	return r, r.shapes()
}

// shapes checks the shapes of X, W and R.
func (r *recurrence) shapes() error {
	x, w, h := r.in[0].shape, r.in[1].shape, r.in[2].shape
	if len(x) != 3 || len(w) != 3 || len(h) != 3 {
		return malformed("X %v, W %v, R %v", x, w, h)
	}
	r.steps, r.batch, r.features = x[0], x[1], x[2]
	if r.layout == 1 {
		r.steps, r.batch = x[1], x[0]
	}
	if r.hidden == 0 {
		r.hidden = h[2]
	}
	n := len(r.backward)
	if !slices.Equal(w, []int{n, r.gates * r.hidden, r.features}) || !slices.Equal(h, []int{n, r.gates * r.hidden, r.hidden}) {
		return malformed("X %v, W %v, R %v for %d directions of %d gates of %d", x, w, h, n, r.gates, r.hidden)
	}
	if lens := r.input(4); lens != nil {
		if lens.value == nil {
			return unsupported("sequence_lens that depend on data")
		}
		for _, v := range lens.value.Int {
			if v != int64(r.steps) {
				return unsupported("sequences of different lengths")
			}
		}
	}
	if r.steps == 0 || r.steps > 1<<12 {
		return unsupported("a sequence of %d steps", r.steps)
	}
	return nil
}

// activation applies activation k of a direction.
func (r *recurrence) activation(k int, x string) (string, error) {
	name := r.activations[k]
	if r.clip != "" {
		x = r.do("Clip", x, r.do("Neg", r.clip), r.clip)
	}
	attrs := Attrs{}
	for key, list := range map[string][]float32{"alpha": r.alphas, "beta": r.betas} {
		if k < len(list) && slices.Contains([]string{"LeakyRelu", "ThresholdedRelu", "HardSigmoid", "Elu"}, name) && (key == "alpha" || name == "HardSigmoid") {
			attrs[key] = list[k]
		}
	}
	switch name {
	case "Relu", "Tanh", "Sigmoid", "LeakyRelu", "HardSigmoid", "Elu", "Softsign", "Softplus", "ThresholdedRelu":
		return r.with(name, attrs, x), nil
	}
	return "", unsupported("activation %s", name)
}

// direction is one direction of the network, of which the products with the input are
// already there: they are one product for all steps.
type direction struct {
	*recurrence
	index int
	x     []string // of each step: x·Wᵀ and the biases, [batch, gates·hidden]
	r     string   // Rᵀ, [hidden, gates·hidden]
	rb    string   // R's biases [gates·hidden], "" for none
}

// direction computes what does not depend on states. late is the gate whose bias of R is
// not added yet, -1 for none.
func (r *recurrence) direction(d, late int, inputs string) *direction {
	rows := r.gates * r.hidden
	dir := &direction{recurrence: r, index: d}
	w := r.transpose(r.reshape(r.slice(r.arg(1), 0, d, d+1), rows, r.features), 1, 0)
	dir.r = r.transpose(r.reshape(r.slice(r.arg(2), 0, d, d+1), rows, r.hidden), 1, 0)
	y := r.do("MatMul", inputs, w)
	if r.arg(3) != "" {
		b := r.reshape(r.slice(r.arg(3), 0, d, d+1), 2*rows)
		dir.rb = r.slice(b, 0, rows, 2*rows)
		early := dir.rb
		if late >= 0 { // zeros in its place
			kept := &Tensor{Shape: []int{rows}, Float: slices.Repeat([]float32{1}, rows)}
			clear(kept.Float[late*r.hidden : (late+1)*r.hidden])
			early = r.do("Mul", early, r.constant(kept))
		}
		y = r.do("Add", y, r.do("Add", r.slice(b, 0, 0, rows), early))
	}
	y = r.reshape(y, r.steps, r.batch, rows)
	for t := range r.steps {
		dir.x = append(dir.x, r.reshape(r.slice(y, 0, t, t+1), r.batch, rows))
	}
	return dir
}

// gates returns the sums of the gates from first to behind last, given the products of the
// input and the state h, "" for zeros.
func (d *direction) sums(x, h string, first, last int) string {
	lo, hi := first*d.hidden, last*d.hidden
	a, w := x, d.r
	if last-first < d.gates {
		a, w = d.slice(a, 1, lo, hi), d.slice(w, 1, lo, hi)
	}
	if h == "" {
		return a
	}
	return d.do("Add", a, d.do("MatMul", h, w))
}

// gate takes one gate out of the sums of several.
func (d *direction) gate(sums string, k int) string {
	return d.slice(sums, 1, k*d.hidden, (k+1)*d.hidden)
}

// sum adds values, "" standing for none.
func (e *expander) sum(values ...string) string {
	total := ""
	for _, v := range values {
		switch {
		case total == "":
			total = v
		case v != "":
			total = e.do("Add", total, v)
		}
	}
	return total
}

// initial returns a direction's initial state from an input, "" for zeros.
func (r *recurrence) initial(i, d int) string {
	if r.arg(i) == "" {
		return ""
	}
	axis := 0
	if r.layout == 1 {
		axis = 1
	}
	return r.reshape(r.slice(r.arg(i), axis, d, d+1), r.batch, r.hidden)
}

// step computes a direction's next states from the products of a step's input and its
// states, "" for zeros.
type step func(d *direction, x string, states []string) ([]string, error)

// run unrolls the loop and sets the outputs Y, Y_h and, for LSTM, Y_c; states are the
// inputs of initial states.
func (r *recurrence) run(states []int, late int, next step) error {
	x := r.arg(0)
	if r.layout == 1 {
		x = r.transpose(x, 1, 0, 2)
	}
	x = r.reshape(x, r.steps*r.batch, r.features)
	all, last := [][]string{}, [][]string{} // of each direction: outputs by time, last states
	for i, backward := range r.backward {
		d := r.direction(i, late, x)
		var state []string
		for _, k := range states {
			state = append(state, r.initial(k, i))
		}
		outs := make([]string, r.steps)
		for k := range r.steps {
			t := k
			if backward {
				t = r.steps - 1 - k
			}
			var err error
			if state, err = next(d, d.x[t], state); err != nil {
				return err
			}
			outs[t] = state[0]
		}
		all, last = append(all, outs), append(last, state)
	}
	r.finish(all, last)
	return nil
}

// finish sets the outputs.
func (r *recurrence) finish(all, last [][]string) {
	if r.wants(0) {
		var parts []string
		for t := range r.steps {
			for d := range r.backward {
				parts = append(parts, r.reshape(all[d][t], 1, 1, r.batch, r.hidden))
			}
		}
		y := r.reshape(r.join(0, parts...), r.steps, len(r.backward), r.batch, r.hidden)
		if r.layout == 1 {
			y = r.transpose(y, 2, 0, 1, 3)
		}
		r.set(0, y)
	}
	for i := range last[0] {
		if !r.wants(1 + i) {
			continue
		}
		var parts []string
		for d := range r.backward {
			parts = append(parts, r.reshape(last[d][i], 1, r.batch, r.hidden))
		}
		y := r.join(0, parts...)
		if r.layout == 1 {
			y = r.transpose(y, 1, 0, 2)
		}
		r.set(1+i, y)
	}
}

// join concatenates values.
func (e *expander) join(axis int, parts ...string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	return e.with("Concat", Attrs{"axis": axis}, parts...)
}

// rnn expands RNN: h' = f(x·Wᵀ + h·Rᵀ + b).
func (e *expander) rnn() error {
	r, err := e.recurrence(1, "Tanh")
	if err != nil {
		return err
	}
	return r.run([]int{5}, -1, func(d *direction, x string, s []string) ([]string, error) {
		h, err := r.activation(d.index, d.sums(x, s[0], 0, 1))
		return []string{h}, err
	})
}

// gru expands GRU; its gates are z, r and h.
func (e *expander) gru() error {
	r, err := e.recurrence(3, "Sigmoid", "Tanh")
	if err != nil {
		return err
	}
	late := -1
	if v, ok := e.attrs["linear_before_reset"].(int); ok && v != 0 {
		late = 2
	}
	one := e.float(1)
	return r.run([]int{5}, late, func(d *direction, x string, s []string) ([]string, error) {
		h := s[0]
		zr, err := r.activation(2*d.index, d.sums(x, h, 0, 2))
		if err != nil {
			return nil, err
		}
		z, reset := d.gate(zr, 0), d.gate(zr, 1)
		a := d.gate(x, 2)
		w := d.slice(d.r, 1, 2*d.hidden, 3*d.hidden)
		rb := ""
		if d.rb != "" {
			rb = d.slice(d.rb, 0, 2*d.hidden, 3*d.hidden)
		}
		switch {
		case late >= 0 && h != "":
			a = d.do("Add", a, d.do("Mul", reset, d.sum(d.do("MatMul", h, w), rb)))
		case late >= 0 && rb != "":
			a = d.do("Add", a, d.do("Mul", reset, rb))
		case h != "":
			a = d.do("Add", a, d.do("MatMul", d.do("Mul", reset, h), w))
		}
		n, err := r.activation(2*d.index+1, a)
		if err != nil {
			return nil, err
		}
		if h == "" { // (1 - z)·n
			return []string{d.do("Mul", d.do("Sub", one, z), n)}, nil
		}
		// (1 - z)·n + z·h = n + z·(h - n)
		return []string{d.do("Add", n, d.do("Mul", z, d.do("Sub", h, n)))}, nil
	})
}

// lstm expands LSTM; its gates are i, o, f and c, its peepholes i, o and f.
func (e *expander) lstm() error {
	r, err := e.recurrence(4, "Sigmoid", "Tanh", "Tanh")
	if err != nil {
		return err
	}
	return r.run([]int{5, 6}, -1, func(d *direction, x string, s []string) ([]string, error) {
		h, c := s[0], s[1]
		sums := d.sums(x, h, 0, 4)
		var failed error
		act := func(f int, a string) string {
			y, err := r.activation(3*d.index+f, a)
			if err != nil {
				failed = err
			}
			return y
		}
		peep := func(k int, a, c string) string {
			if e.arg(7) == "" || c == "" {
				return a
			}
			p := r.reshape(r.slice(e.arg(7), 0, d.index, d.index+1), 3*r.hidden)
			return d.do("Add", a, d.do("Mul", c, r.slice(p, 0, k*r.hidden, (k+1)*r.hidden)))
		}
		next := d.do("Mul", act(0, peep(0, d.gate(sums, 0), c)), act(1, d.gate(sums, 3)))
		if c != "" {
			next = d.do("Add", d.do("Mul", act(0, peep(2, d.gate(sums, 2), c)), c), next)
		}
		shown := d.do("Mul", act(0, peep(1, d.gate(sums, 1), next)), act(2, next))
		return []string{shown, next}, failed
	})
}
