package quantize

import (
	"fmt"
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

// constant returns a constant operand's elements.
func (l *lowerer) constant(name string) ([]float64, []int, bool) {
	t := l.g.Const[name]
	if t == nil {
		return nil, nil, false
	}
	out := make([]float64, 0, relation.Size(t.Shape))
	for _, v := range t.Float {
		out = append(out, float64(v))
	}
	for _, v := range t.Int {
		out = append(out, float64(v))
	}
	return out, t.Shape, true
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

// batchNormAffine reads a BatchNormalization node as scale and offset per channel.
func (l *lowerer) batchNormAffine(n *model.Node) (scale, offset []float64, ok bool) {
	epsilon, ignored := 1e-5, 0.
	var spatial int
	if n.Attrs.Unpack("epsilon?", &epsilon, "momentum?", &ignored, "spatial?", &spatial, "training_mode?", &spatial) != nil || len(n.Inputs) != 5 {
		return nil, nil, false
	}
	var c [4][]float64 // scale, B, mean, var
	for i := range c {
		if c[i], _, ok = l.constant(n.Inputs[i+1]); !ok {
			return nil, nil, false
		}
	}
	for o := range c[0] {
		s := c[0][o] / math.Sqrt(c[3][o]+epsilon)
		scale = append(scale, s)
		offset = append(offset, c[1][o]-float64(c[2][o]*s))
	}
	return scale, offset, true
}

// integers quantises the layer's weights. Their exponent makes the accumulators' shift
// the program's where the consumer's scale is known, within 6 to 13 bits of the largest
// weight; else it gives the weights one bit more than activations.
func (l *lowerer) integers(k *linear, in circuits.Type) (exp int, w, b circuits.Ints, err error) {
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

func (l *lowerer) conv(n *model.Node) error {
	w, ws, ok := l.constant(n.Inputs[1])
	if !ok {
		return fmt.Errorf("weights are not constant: %w", model.ErrUnsupported)
	}
	xs := l.g.Shapes[n.Inputs[0]]
	win, err := n.Window(xs[2:], ws[2:])
	if err != nil {
		return err
	}
	if len(xs) > 4 {
		return fmt.Errorf("%d spatial axes: %w", len(xs)-2, model.ErrUnsupported)
	}
	k := &linear{rows: ws[0], weights: w, bias: make([]float64, ws[0]), out: n.Outputs[0], axis: len(xs) - 1}
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		if k.bias, _, ok = l.constant(n.Inputs[2]); !ok {
			return fmt.Errorf("bias is not constant: %w", model.ErrUnsupported)
		}
	}
	l.fold(k)
	x, err := l.narrow(n.Inputs[0])
	if err != nil {
		return err
	}
	if v := l.values[n.Inputs[0]]; v != nil && xs[1] == ws[1] {
		k.means = v.means(1)
	}
	op := &circuits.Conv{Group: xs[1] / ws[1], Kernel: [4]int{ws[0], ws[1], 1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	for i, d := 0, 4-len(xs); i < len(xs)-2; i++ { // one spatial axis is columns of one row
		op.Kernel[2+d+i], op.Stride[d+i], op.Dilation[d+i] = win.Kernel[i], win.Strides[i], win.Dilations[i]
		op.Pads[d+i], op.Pads[d+i+2] = win.PadBegin[i], win.PadEnd[i]
	}
	if op.Exp, op.Weights, op.Bias, err = l.integers(k, l.p.Type(x)); err != nil {
		return err
	}
	if err = op.Declare(l.p.Type(x)); err != nil {
		return err
	}
	if len(xs) == 3 {
		if x, err = l.emit(n.Name+"/rows", &circuits.Reshape{Shape: []int{xs[0], xs[1], 1, xs[2]}}, x); err != nil {
			return err
		}
	}
	y, err := l.emit(n.Name, op, x)
	if err == nil && len(xs) == 3 {
		y, err = l.emit(n.Name+"/line", &circuits.Reshape{Shape: l.g.Shapes[k.out]}, y)
	}
	l.set(k.out, y)
	return err
}

func (l *lowerer) gemm(n *model.Node) error {
	alpha, beta := 1., 1.
	var transA, transB bool
	if err := n.Attrs.Unpack("alpha?", &alpha, "beta?", &beta, "transA?", &transA, "transB?", &transB); err != nil {
		return err
	}
	w, ws, ok := l.constant(n.Inputs[1])
	if !ok || transA {
		return fmt.Errorf("matrix B is not constant, or A transposed: %w", model.ErrUnsupported)
	}
	k := &linear{out: n.Outputs[0], axis: 1}
	k.setMatrix(w, ws, transB)
	for i := range k.weights {
		k.weights[i] *= alpha
	}
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		c, shape, ok := l.constant(n.Inputs[2])
		if !ok || !perChannel(shape, k) {
			return fmt.Errorf("C of shape %v is not a constant row: %w", shape, model.ErrUnsupported)
		}
		for o := range k.bias {
			k.bias[o] = float64(beta * c[o%len(c)])
		}
	}
	return l.matrix(n, k)
}

func (l *lowerer) matMul(n *model.Node) error {
	w, ws, ok := l.constant(n.Inputs[1])
	switch {
	case !ok && l.g.Const[n.Inputs[0]] == nil && min(len(l.g.Shapes[n.Inputs[0]]), len(l.g.Shapes[n.Inputs[1]])) >= 2:
		return l.batchMatMul(n)
	case !ok || len(ws) != 2:
		return fmt.Errorf("neither a constant matrix on the right nor two activations: %w", model.ErrUnsupported)
	}
	k := &linear{out: n.Outputs[0], axis: 1}
	k.setMatrix(w, ws, false)
	return l.matrix(n, k)
}

// batchMatMul lowers the product of two activations.
func (l *lowerer) batchMatMul(n *model.Node) error {
	vs, err := l.operands(n, n.Inputs...)
	if err != nil {
		return err
	}
	v, err := l.emit(n.Name, new(circuits.BatchMatMul), vs...)
	return l.done(n, v, err)
}

// setMatrix takes a [K, O] matrix, or [O, K] if transposed, as rows of outputs.
func (k *linear) setMatrix(w []float64, shape []int, transposed bool) {
	k.rows = shape[1]
	if transposed {
		k.rows, k.weights = shape[0], w
	} else {
		k.weights = make([]float64, len(w))
		inner := shape[0]
		for i := range inner {
			for o := range k.rows {
				k.weights[o*inner+i] = w[i*k.rows+o]
			}
		}
	}
	k.bias = make([]float64, k.rows)
}

func (l *lowerer) matrix(n *model.Node, k *linear) error {
	l.fold(k)
	x, err := l.narrow(n.Inputs[0])
	if err != nil {
		return err
	}
	if v := l.values[n.Inputs[0]]; v != nil {
		k.means = v.means(len(v.shape) - 1)
	}
	op := &circuits.MatMul{Rows: k.rows, Inner: len(k.weights) / k.rows}
	if op.Exp, op.Weights, op.Bias, err = l.integers(k, l.p.Type(x)); err != nil {
		return err
	}
	if err = op.Declare(l.p.Type(x)); err != nil {
		return err
	}
	y, err := l.emit(n.Name, op, x)
	l.set(k.out, y)
	return err
}

// batchNorm lowers a BatchNormalization that follows no linear layer: a depthwise 1×1
// convolution.
func (l *lowerer) batchNorm(n *model.Node) error {
	scale, offset, ok := l.batchNormAffine(n)
	xs := l.g.Shapes[n.Inputs[0]]
	if !ok || len(xs) < 2 {
		return fmt.Errorf("input %v or parameters that are not constant: %w", xs, model.ErrUnsupported)
	}
	x, err := l.narrow(n.Inputs[0])
	if err != nil {
		return err
	}
	k := &linear{rows: xs[1], weights: scale, bias: offset, out: n.Outputs[0], axis: len(xs) - 1}
	op := &circuits.Conv{Group: xs[1], Kernel: [4]int{xs[1], 1, 1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}}
	if op.Exp, op.Weights, op.Bias, err = l.integers(k, l.p.Type(x)); err != nil {
		return err
	}
	if err = op.Declare(l.p.Type(x)); err != nil {
		return err
	}
	if len(xs) != 4 {
		if x, err = l.emit(n.Name+"/columns", &circuits.Reshape{Shape: []int{xs[0], xs[1], 1, relation.Size(xs[2:])}}, x); err != nil {
			return err
		}
	}
	y, err := l.emit(n.Name, op, x)
	if err == nil && len(xs) != 4 {
		y, err = l.emit(n.Name+"/rows", &circuits.Reshape{Shape: slices.Clone(xs)}, y)
	}
	l.set(k.out, y)
	return err
}
