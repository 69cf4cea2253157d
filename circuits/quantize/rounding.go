package quantize

import (
	"math"

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
	biased bool    // the layer's bias holds the zero point
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
	if !(r.lo < r.hi) || r.relu && !(r.lo <= r.zero && r.zero <= r.hi) {
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
	case n.Op == "Div" && n.Inputs[0] == name && !l.ofIntegers(n):
		c, ok := l.number(n.Inputs[1])
		return 1 / c, ok && c != 0
	case n.Op == "Mul" && n.Inputs[0] == name:
		return l.number(n.Inputs[1])
	case n.Op == "Mul" && n.Inputs[1] == name:
		return l.number(n.Inputs[0])
	}
	return 0, false
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
	r.biased = !r.relu
	for i := range k.bias {
		k.bias[i] *= r.scale
		if r.biased {
			k.bias[i] += r.zero
		}
	}
	return x, r
}

// exactIntegers returns the weights of a layer that is rounded, of outputs of so many elements.
func exactIntegers(k *linear, size int) (exp int, w, b circuits.Ints, err error) {
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
func (l *lowerer) round(node string, v int, r *rounding) error {
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
	}
	if !r.biased {
		if v, err = l.shifted(node, v, int64(r.zero)); err != nil {
			return err
		}
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
	return l.round(n.Name, v, r)
}

// fineExp is the exponent of what is rounded.
const fineExp = 24

// roundedOnly reports whether an input does nothing but be multiplied by constants and
// rounded: it is as fine as the place of the next tie deserves.
func roundedOnly(g *model.Graph, name string) bool {
	return leadsOnlyTo(g, name, func(n *model.Node) bool { return n.Op == "Round" }, func(n *model.Node) bool {
		return (n.Op == "Div" || n.Op == "Mul") && len(n.Inputs) == 2 && g.Const[n.Inputs[1]] != nil
	}, 0)
}
