package quantize

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// A network that was quantised before it came here rounds at places of its own: a layer's
// integers are divided by a scale, rounded, shifted by a zero point and saturated. Where a
// value is a multiple of integers that are known exactly, what is rounded is computed so
// finely (weights of 24 bits) that the integers are those of the network's own arithmetic:
// they differ where that lies within about 2^-16 of a tie, and at ties, which are rounded up
// here and to even numbers there.

// exactBits is the width of weights and factors whose products are rounded.
const exactBits = 24

// rounding is what follows a value that is rounded.
type rounding struct {
	scale  float64 // what it is multiplied by before
	zero   float64 // what is added afterwards
	lo, hi float64 // where it is saturated then
	relu   bool    // before the zero point is added, it is at least 0
	nodes  []*model.Node
	out    string // the last one's output
}

// roundingOf returns the rounding of a value that has no other consumer, nil if there is none.
func (l *lowerer) roundingOf(name string) *rounding {
	r := &rounding{scale: 1, out: name}
	n := l.sole(name)
	take := func() { r.nodes, r.out = append(r.nodes, n), n.Outputs[0]; n = l.sole(r.out) }
	positive := n != nil && n.Op == "Relu"
	if positive {
		take()
	}
	for n != nil && n.Op != "Round" {
		c, ok := l.factor(n, r.out)
		if !ok || !(c > 0) {
			return nil
		}
		r.scale *= c
		take()
	}
	if n == nil {
		return nil
	}
	take()
	if n != nil && n.Op == "Add" && len(n.Inputs) == 2 {
		z, ok := l.number(n.Inputs[1])
		if !ok || z != math.Trunc(z) || math.Abs(z) >= 1<<16 {
			return nil
		}
		r.zero = z
		take()
	}
	if n == nil || n.Op != "Clip" {
		return nil
	}
	var err error
	if r.lo, r.hi, err = l.clipBounds(n); err != nil || math.IsInf(r.hi-r.lo, 0) || r.lo != math.Trunc(r.lo) || r.hi != math.Trunc(r.hi) {
		return nil
	}
	take()
	r.relu = positive && r.zero != r.lo // else saturation does it. The zero point itself is no bound: it is private
	if !(r.lo < r.hi) {
		return nil
	}
	return r
}

// number returns a constant of one element.
func (l *lowerer) number(name string) (float64, bool) {
	c, _, ok := l.constant(name)
	if !ok || len(c) != 1 {
		return 0, false
	}
	return c[0], true
}

// factor returns what a node multiplies an operand by, if it does nothing else.
func (l *lowerer) factor(n *model.Node, name string) (float64, bool) {
	if len(n.Inputs) != 2 || relation.Size(l.g.Shapes[n.Outputs[0]]) != relation.Size(l.g.Shapes[name]) {
		return 0, false
	}
	switch {
	case n.Op == "Div" && n.Inputs[0] == name:
		c, ok := l.number(n.Inputs[1])
		return 1 / c, ok && c != 0
	case n.Op == "Mul" && n.Inputs[0] == name:
		return l.number(n.Inputs[1])
	case n.Op == "Mul" && n.Inputs[1] == name:
		return l.number(n.Inputs[0])
	}
	return 0, false
}

// integral is a value step·v, of integers v that are the network's own.
type integral struct {
	v    int
	step float64
}

// integral returns a graph value as a multiple of integers that are known exactly. What it
// takes is emitted once.
func (l *lowerer) integral(name string) (integral, bool) {
	if x, ok := l.integrals[name]; ok {
		return x, true
	}
	x, ok := l.findIntegral(name)
	if ok {
		l.integrals[name] = x
	}
	return x, ok
}

func (l *lowerer) findIntegral(name string) (x integral, ok bool) {
	n := l.makers[name]
	if n == nil || len(n.Outputs) != 1 {
		v, known := l.vals[name]
		seen := l.values[name]
		return integral{v, 1}, known && n == nil && seen != nil && seen.integer && l.p.Type(v).Exp == 0
	}
	before := n.Inputs[0]
	if c, scaled := l.factor(n, before); scaled && c != 0 {
		x, ok = l.integral(before)
		x.step *= c
		return x, ok
	}
	if x, ok = l.integral(before); !ok {
		return x, false
	}
	var err error
	switch {
	case n.Op == "Sub":
		z, single := l.number(n.Inputs[1])
		if !single || x.step != 1 || z != math.Trunc(z) || math.Abs(z) >= 1<<16 || relation.Size(l.g.Shapes[name]) != l.p.Type(x.v).Size() {
			return x, false
		}
		x.v, err = l.shifted(n.Name, x.v, -int64(z))
	case n.Op == "Cast":
		var to int
		err = n.Attrs.Unpack("to", &to, "saturate?", new(int), "round_mode?", new(string))
		ok = to == 1 || to == 10 || to == 11 || to == 16
	case n.Op == "Pad" && len(n.Inputs) > 2 && n.Inputs[2] != "":
		if c, single := l.number(n.Inputs[2]); !single || c != 0 {
			return x, false
		}
		x.v, err = l.alike(n, n.Op, x.v)
	case is(n, pools) && x.step > 0, is(n, passes), n.Op == "Pad":
		x.v, err = l.alike(n, n.Op, x.v)
	default:
		ok = false
	}
	return x, ok && err == nil
}

// alike lowers a node as operator op on value v in place of its first operand.
func (l *lowerer) alike(n *model.Node, op string, v int) (int, error) {
	const mark = "/integers"
	m := *n
	m.Name, m.Op, m.Inputs, m.Outputs = n.Name+mark, op, slices.Clone(n.Inputs), slices.Clone(n.Outputs)
	m.Inputs[0] += mark
	l.g.Shapes[m.Inputs[0]] = l.g.Shapes[n.Inputs[0]]
	l.vals[m.Inputs[0]], l.narrowed[m.Inputs[0]] = v, v
	for i, out := range n.Outputs {
		m.Outputs[i] += mark
		l.g.Shapes[m.Outputs[i]] = l.g.Shapes[out]
	}
	err := registry[op].lower(l, &m)
	return l.vals[m.Outputs[0]], err
}

// shifted returns v + z, where z is part of the weights.
func (l *lowerer) shifted(node string, v int, z int64) (int, error) {
	if z == 0 {
		return v, nil
	}
	width := 8
	if z < -256 || z > 255 {
		width = 16
	}
	p, err := l.emit(node+"/zero point", &circuits.Parameter{Shape: []int{}, Bits: width, Values: circuits.Ints{z}})
	if err != nil {
		return 0, err
	}
	return l.emit(node+"/shifted", &circuits.Add{Scale: [2]int64{1, 1}}, v, p)
}

// exactly prepares a layer of integers whose output is rounded: its weights are those of x's
// integers, its outputs what is rounded. It returns nil if the layer is another one.
func (l *lowerer) exactly(k *linear, input string) (x integral, r *rounding) {
	if r = l.roundingOf(k.out); r == nil {
		return x, nil
	}
	x, ok := l.integral(input)
	if !ok {
		return x, nil
	}
	for i := range k.weights {
		k.weights[i] *= x.step * r.scale
	}
	for i := range k.bias {
		k.bias[i] *= r.scale
		if !r.relu {
			k.bias[i] += r.zero
		}
	}
	return x, r
}

// exactIntegers returns the weights of a layer that is rounded, of outputs of so many elements.
func (l *lowerer) exactIntegers(k *linear, size int) (exp int, w, b circuits.Ints, err error) {
	most := math.SmallestNonzeroFloat64
	for _, v := range k.weights {
		most = max(most, math.Abs(v))
	}
	finest := fineExp
	if len(k.weights)/k.rows > 1024 { // of which the roundings add up
		finest += 4
	}
	exp = min(max(coveringExp(-most, most, 1-1<<exactBits, 1<<exactBits-1), 1), finest)
	if w, err = integersOf(k.weights, exp); err != nil {
		return 0, nil, nil, err
	}
	if b, err = integersOf(k.bias, exp); err != nil {
		return 0, nil, nil, err
	}
	for i := range b {
		b[i] -= halves(shifts(size, exp))
	}
	return exp, w, b, nil
}

// shifts splits a division by 2^shift into steps whose remainders have tables that pay.
func shifts(size, shift int) (steps []int) {
	for shift > 0 {
		s := stepOf(size, shift)
		steps, shift = append(steps, s), shift-s
	}
	return steps
}

// halves is what makes all steps but the last round down, subtracted before the first: so
// that together they round once.
func halves(steps []int) (sum int64) {
	at := 0
	for _, s := range steps[:max(len(steps)-1, 0)] {
		at += s
		sum += 1 << (at - 1)
	}
	return sum
}

// round divides value v, from which halves are subtracted already, to exponent 0, saturates
// it, and sets what r computes.
func (l *lowerer) round(node string, v int, zero float64, r *rounding) error {
	var err error
	for _, s := range shifts(l.p.Type(v).Size(), l.p.Type(v).Exp) {
		if v, err = l.emit(node+"/requantize", &circuits.Requantize{Shift: s}, v); err != nil {
			return err
		}
	}
	if r.relu {
		if v, err = l.saturate(node+"/relu", "Identity", v, fixedpoint.Interval{Lo: 0, Hi: int64(r.hi - r.lo)}); err != nil {
			return err
		}
		zero = r.zero
	}
	if v, err = l.shifted(node, v, int64(zero)); err != nil {
		return err
	}
	if v, err = l.saturate(node, "Identity", v, fixedpoint.Interval{Lo: int64(r.lo), Hi: int64(r.hi)}); err != nil {
		return err
	}
	for _, n := range r.nodes {
		l.fused[n] = true
	}
	l.set(r.out, v)
	l.narrowed[r.out] = v
	l.integrals[r.out] = integral{v, 1}
	return nil
}

// roundNode lowers Round. Where it saturates afterwards, as the integers of a network do that
// was quantised, it rounds a multiple of what comes before, which is exact if that is made of
// known integers; else it is a table.
func (l *lowerer) roundNode(n *model.Node) error {
	r := l.roundingOf(n.Inputs[0])
	if r == nil || r.nodes[0] != n {
		return l.function(n)
	}
	v, err := l.multiple(n.Inputs[0], 1)
	if err != nil {
		return err
	}
	t := l.p.Type(v)
	if h := halves(shifts(t.Size(), t.Exp)); h != 0 {
		c, err := l.emit(n.Name+"/halves", &circuits.Constant{Shape: []int{}, Exp: t.Exp, Values: circuits.Ints{-h}})
		if err != nil {
			return err
		}
		if v, err = l.emit(n.Name+"/down", &circuits.Add{Scale: [2]int64{1, 1}, Exp: t.Exp}, v, c); err != nil {
			return err
		}
	}
	return l.round(n.Name, v, r.zero, r)
}

// fineExp is the exponent of what is rounded.
const fineExp = 24

// multiple returns c times a graph value, made of known integers as far as it is, at fineExp
// unless it is an input.
func (l *lowerer) multiple(name string, c float64) (int, error) {
	if x, ok := l.integral(name); ok {
		return l.times(name, x.v, c*x.step)
	}
	n := l.makers[name]
	if n == nil {
		if v, ok := l.vals[name]; ok && roundedOnly(l.g, name) { // an input, finer than what it is rounded to
			_, size := math.Frexp(c)
			return l.scaled(name, v, c, exactBits-size)
		}
		return l.approximate(name, c)
	}
	if k, ok := l.factor(n, n.Inputs[0]); ok {
		return l.multiple(n.Inputs[0], c*k)
	}
	computed := !slices.ContainsFunc(n.Inputs, func(in string) bool { return in != "" && l.g.Const[in] != nil })
	same := relation.Size(l.g.Shapes[n.Inputs[0]]) == relation.Size(l.g.Shapes[name])
	x, known := l.integral(n.Inputs[0])
	switch {
	case (n.Op == "Add" || n.Op == "Sub") && computed && same && relation.Size(l.g.Shapes[n.Inputs[1]]) == relation.Size(l.g.Shapes[name]):
		sign := 1.
		if n.Op == "Sub" {
			sign = -1
		}
		a, err := l.multiple(n.Inputs[0], c)
		if err != nil {
			return 0, err
		}
		b, err := l.multiple(n.Inputs[1], c*sign)
		if err != nil {
			return 0, err
		}
		return l.emit(n.Name+"/sum", &circuits.Add{Scale: [2]int64{1, 1}, Exp: fineExp}, a, b)
	case n.Op == "Concat" && computed:
		axis := 0
		if err := n.Attrs.Unpack("axis", &axis); err != nil {
			return 0, err
		}
		if axis < 0 {
			axis += len(l.g.Shapes[name])
		}
		var parts []int
		for _, in := range n.Inputs {
			v, err := l.multiple(in, c)
			if err != nil {
				return 0, err
			}
			parts = append(parts, v)
		}
		return l.emit(n.Name+"/multiples", &circuits.Concat{Axis: axis}, parts...)
	case is(n, passes|whole):
		v, err := l.multiple(n.Inputs[0], c)
		if err != nil {
			return 0, err
		}
		return l.alike(n, n.Op, v)
	case n.Op == "ReduceMean" && known:
		v, err := l.alike(n, "ReduceSum", x.v)
		if err != nil {
			return 0, err
		}
		return l.times(name, v, c*x.step*float64(l.p.Type(v).Size())/float64(l.p.Type(x.v).Size()))
	case (n.Op == "AveragePool" || n.Op == "GlobalAveragePool") && known:
		w, win, err := l.window(n)
		if err != nil || w.Pads != [4]int{} || win.CeilMode {
			break
		}
		v, err := l.pool(n.Name+"/integers", &circuits.AveragePool{Window: w, Scale: 1}, x.v)
		if err != nil {
			return 0, err
		}
		return l.times(name, v, c*x.step/float64(w.Kernel[0]*w.Kernel[1]))
	case (n.Op == "LeakyRelu" || n.Op == "Relu") && known && x.step > 0:
		alpha := 0.01
		if n.Op == "Relu" {
			alpha = 0
		} else if err := n.Attrs.Unpack("alpha?", &alpha); err != nil {
			return 0, err
		}
		// alpha·x, and the rest where x is positive.
		positive, err := l.saturate(n.Name+"/integers", "Relu", x.v, fixedpoint.Interval{Lo: 0, Hi: max(l.p.Type(x.v).Range.Hi, 1)})
		if err != nil {
			return 0, err
		}
		a, err := l.times(name, positive, c*x.step*(1-alpha))
		if err != nil || alpha == 0 {
			return a, err
		}
		b, err := l.times(name, x.v, c*x.step*alpha)
		if err != nil {
			return 0, err
		}
		return l.emit(n.Name+"/sum", &circuits.Add{Scale: [2]int64{1, 1}, Exp: fineExp}, a, b)
	}
	return l.approximate(name, c)
}

// approximate is the multiple of a value as any other consumer takes it.
func (l *lowerer) approximate(name string, c float64) (int, error) {
	v, err := l.narrow(name)
	if err != nil {
		return 0, err
	}
	return l.times(name, v, c)
}

// times returns c·v at fineExp, where c is part of the weights.
func (l *lowerer) times(node string, v int, c float64) (int, error) {
	v, err := l.rescale(node, v, fineExp-8)
	if err != nil {
		return 0, err
	}
	return l.scaled(node, v, c, fineExp-l.p.Type(v).Exp)
}

// scaled returns c·v, where c has an exponent.
func (l *lowerer) scaled(node string, v int, c float64, exp int) (int, error) {
	m := math.Round(math.Ldexp(c, exp))
	width := exactBits
	for math.Abs(m) >= math.Ldexp(1, width) {
		if width += 8; width > 48 {
			return 0, fmt.Errorf("a factor of %g: %w", c, circuits.ErrBound)
		}
	}
	p, err := l.emit(node+"/factor", &circuits.Parameter{Shape: []int{}, Exp: exp, Bits: width, Values: circuits.Ints{int64(m)}})
	if err != nil {
		return 0, err
	}
	return l.emit(node+"/multiple", new(circuits.Mul), v, p)
}

// roundedOnly reports whether an input does nothing but be multiplied by constants and
// rounded: it is as fine as the place of the next tie deserves.
func roundedOnly(g *model.Graph, name string) bool {
	used := false
	for _, n := range g.Nodes {
		for i, in := range n.Inputs {
			if in != name {
				continue
			}
			used = true
			switch n.Op {
			case "Round":
			case "Div", "Mul":
				if i != 0 || len(n.Inputs) != 2 || g.Const[n.Inputs[1]] == nil || !roundedOnly(g, n.Outputs[0]) {
					return false
				}
			default:
				return false
			}
		}
	}
	return used
}

// fineOutput is the width of the scale that turns exact integers into reals.
const fineOutput = 16

// dequantize lowers the product of exact integers and a scale of the weights.
func (l *lowerer) dequantize(n *model.Node, x integral, c float64) error {
	_, size := math.Frexp(math.Abs(c))
	exp := fineOutput - size
	m := int64(math.Round(math.Ldexp(c, exp)))
	p, err := l.emit(n.Name+"/scale", &circuits.Parameter{Shape: []int{}, Exp: exp, Bits: bits.Len64(uint64(max(m, -m))), Values: circuits.Ints{m}})
	if err != nil {
		return err
	}
	v, err := l.emit(n.Name, new(circuits.Mul), x.v, p)
	return l.done(n, v, err)
}
