package quantize

import (
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

// linear is a layer's float weights while constants that follow are folded in.
type linear struct {
	rows    int       // output channels
	weights []float64 // [rows, ...]
	bias    []float64 // [rows]
	out     string    // the graph value it computes, moved on by folding
	axis    int       // of the output's channels, from the end: 1 is the last
	means   []float64 // of the inputs that a row's weights meet, in order; nil if unknown
}

// fold absorbs the BatchNormalization nodes and the additions and multiplications by
// constants that directly follow the layer.
func (l *lowerer) fold(k *linear) {
	for n := l.sole(k.out); n != nil; n = l.sole(k.out) {
		scale, offset, ok := l.affine(n, k)
		if !ok {
			return
		}
		per := len(k.weights) / k.rows
		for o := range k.rows {
			for i := range per {
				k.weights[o*per+i] *= scale[o]
			}
			k.bias[o] = float64(k.bias[o]*scale[o]) + offset[o]
		}
		l.fused[n] = true
		k.out = n.Outputs[0]
	}
}

// affine reads node n as y = scale·x + offset for each output channel of the layer.
func (l *lowerer) affine(n *model.Node, k *linear) (scale, offset []float64, ok bool) {
	scale, offset = slices.Repeat([]float64{1}, k.rows), make([]float64, k.rows)
	switch n.Op {
	case "BatchNormalization":
		if n.Inputs[0] != k.out || len(l.g.Shapes[k.out])-k.axis != 1 { // its channels are axis 1
			return nil, nil, false
		}
		return l.batchNormAffine(n)
	case "Add", "Sub", "Mul", "Div":
		other, sign := n.Inputs[1], 1.
		if n.Inputs[0] != k.out {
			other = n.Inputs[0]
		}
		c, shape, isConst := l.constant(other)
		if !isConst || (n.Op == "Sub" || n.Op == "Div") && other == n.Inputs[0] || !perChannel(shape, k) ||
			!slices.Equal(l.g.Shapes[n.Outputs[0]], l.g.Shapes[k.out]) {
			return nil, nil, false
		}
		if n.Op == "Sub" {
			sign = -1
		}
		for o := range k.rows {
			switch v := c[o%len(c)]; n.Op {
			case "Mul":
				scale[o] = v
			case "Div":
				scale[o] = 1 / v
			default:
				offset[o] = sign * v
			}
		}
		return scale, offset, true
	}
	return nil, nil, false
}

// perChannel reports whether a constant of this shape is one value, or one a channel.
func perChannel(shape []int, k *linear) bool {
	n := 1
	for _, d := range shape {
		n *= d
	}
	if n == 1 {
		return true
	}
	at := len(shape) - k.axis
	return n == k.rows && at >= 0 && shape[at] == k.rows
}

// layerInput folds what follows the layer into it and returns the value it is applied to: integers
// that are known exactly if its output is rounded, r then not nil, else an activation.
func (l *lowerer) layerInput(n *model.Node, k *linear) (x int, r *rounding, err error) {
	l.fold(k)
	known, r := l.exactly(k, n.Inputs[0])
	if r != nil {
		return known.v, r, nil
	}
	x, err = l.narrow(n.Inputs[0])
	return x, nil, err
}

// layerOutput sets y as the layer's output, rounded if it is.
func (l *lowerer) layerOutput(n *model.Node, k *linear, y int, r *rounding) error {
	if r != nil {
		return l.round(n.Name, y, r)
	}
	l.set(k.out, y)
	return nil
}

// integers quantizes the layer's weights. Their exponent makes the accumulators' shift
// the program's where the consumer's scale is known, within 6 to 13 bits of the largest
// weight; else it gives the weights one bit more than activations. What is rounded is finer.
func (l *lowerer) integers(k *linear, in circuits.Type, r *rounding) (exp int, w, b circuits.Ints, err error) {
	if r != nil {
		return exactIntegers(k, relation.Size(l.g.Shapes[k.out]))
	}
	most := 0.
	for _, v := range k.weights {
		most = max(most, math.Abs(v))
	}
	fit := func(bits int) int { return coveringExp(-most, most, 1-1<<bits, 1<<bits-1) }
	exp = fit(l.bits)
	if most == 0 {
		exp = 0
	}
	if e, ok := l.target(k.out); ok && most > 0 {
		exp = min(max(l.shift+e-in.Exp, fit(5)), fit(12))
	}
	if w, err = integersOf(k.weights, exp); err != nil {
		return 0, nil, nil, err
	}
	k.correct(w, exp)
	if b, err = integersOf(k.bias, exp+in.Exp); err != nil {
		return 0, nil, nil, err
	}
	return exp, w, b, nil
}

// correct moves the biases by the mean of what rounding the weights adds to the outputs.
func (k *linear) correct(w circuits.Ints, exp int) {
	if k.means == nil {
		return
	}
	per := len(w) / k.rows
	taps := per / len(k.means) // weights that meet one mean: a kernel's
	for o := range k.rows {
		for i := range per {
			k.bias[o] -= (math.Ldexp(float64(w[o*per+i]), -exp) - k.weights[o*per+i]) * k.means[i/taps]
		}
	}
}
