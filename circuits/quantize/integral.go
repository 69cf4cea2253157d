package quantize

import (
	"math"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

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
