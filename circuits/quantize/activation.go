package quantize

import (
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
)

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

// pooled follows a value through the max-pools that are its only consumers.
func (l *lowerer) pooled(name string) string {
	for n := l.sole(name); n != nil && is(n, pools); n = l.sole(name) {
		name = n.Outputs[0]
	}
	return name
}

// activate lowers "activation, then max-pools" as "requantize, max-pools, activation":
// monotone functions commute with max, and are then paid once a window. f maps the
// requantized value to the activation.
func (l *lowerer) activate(n *model.Node, e int, f func(v int) (int, error)) error {
	v, err := l.value(n.Inputs[0])
	if err != nil {
		return err
	}
	v, err = l.rescale(n.Name, v, e)
	if err != nil {
		return err
	}
	out := n.Outputs[0]
	for pool := l.sole(out); pool != nil && is(pool, pools); pool = l.sole(out) {
		op, err := l.poolOp(pool)
		if err != nil {
			return &model.Error{File: l.g.File, Node: pool.Name, Op: pool.Op, Err: err}
		}
		if v, err = l.pool(pool.Name, op, v); err != nil {
			return err
		}
		l.fused[pool] = true
		out = pool.Outputs[0]
	}
	if v, err = f(v); err != nil {
		return err
	}
	l.set(out, v)
	l.narrowed[out] = v
	return nil
}

func (l *lowerer) relu(n *model.Node) error {
	out := l.pooled(n.Outputs[0])
	return l.activate(n, l.exp(out, l.bits), func(v int) (int, error) {
		return l.saturate(n.Name, "Relu", v, l.activationRange(out, l.bits))
	})
}

// function lowers a function of one value, whose parameters are attributes, to a table.
func (l *lowerer) function(n *model.Node) error {
	params := registry[n.Op].params
	values, unpack := make([]float64, len(params)), []any{}
	for i, p := range params {
		values[i] = float64(float32(p.standard)) // attributes are float32, and so are their defaults
		unpack = append(unpack, p.name+"?", &values[i])
	}
	if err := n.Attrs.Unpack(unpack...); err != nil {
		return err
	}
	return l.table(n, n.Op, values)
}

// gelu lowers Gelu in either of its forms.
func (l *lowerer) gelu(n *model.Node) error {
	approximate := "none"
	if err := n.Attrs.Unpack("approximate?", &approximate); err != nil {
		return err
	}
	if approximate == "tanh" {
		return l.table(n, "GeluTanh", nil)
	}
	return l.table(n, "Gelu", nil)
}

// table lowers a function of one value to a table over it, requantized with at least one
// bit more than activations and saturated at twice the range the samples show. Where the
// table does not decrease, the max-pools that follow come first.
func (l *lowerer) table(n *model.Node, name string, params []float64) error {
	in, out := n.Inputs[0], n.Outputs[0]
	inBits := l.bits + 1
	if is(n, steep) {
		inBits = max(inBits, min(l.bits+4, 11))
	}
	f := func(v int) (int, error) {
		v, err := l.saturate(n.Name+"/saturate", "Identity", v, l.activationRange(in, inBits+1))
		if err != nil {
			return 0, err
		}
		return l.emit(n.Name, l.tabled(out, name, params), v)
	}
	v, err := l.value(in)
	if err != nil {
		return err
	}
	if pooled := l.pooled(out); pooled != out {
		k, e := l.tabled(pooled, name, params), min(l.exp(in, inBits), l.p.Type(v).Exp)
		if _, err := k.Infer([]circuits.Type{{Exp: e, Range: l.activationRange(in, inBits+1)}}); err != nil {
			return err
		}
		if k.Monotone() {
			out = pooled
			return l.activate(n, l.exp(in, inBits), f)
		}
	}
	v, err = l.rescale(n.Name, v, l.exp(in, inBits))
	if err != nil {
		return err
	}
	if v, err = f(v); err != nil {
		return err
	}
	l.set(out, v)
	l.narrowed[out] = v
	return nil
}

// tabled returns the function of one value that gives a graph value, as an activation.
func (l *lowerer) tabled(out, name string, params []float64) *circuits.Function {
	bits := l.bits
	r := l.activationRange(out, bits)
	if l.isDivisor(out) {
		bits += divisorBits
		r = l.activationRange(out, bits)
		r.Lo = max(r.Lo, 1)
	}
	return &circuits.Function{Name: name, Params: params, OutExp: l.exp(out, bits), Out: r}
}

// isDivisor reports whether a graph value that is positive in all samples divides another.
func (l *lowerer) isDivisor(name string) bool {
	v := l.values[name]
	return v != nil && v.lo > 0 && slices.ContainsFunc(l.consumers[name], func(n *model.Node) bool {
		return n.Op == "Div" && n.Inputs[1] == name
	})
}
