package quantize

import (
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// activate lowers "activation, then max-pools" as "requantise, max-pools, activation":
// monotone functions commute with max, and are then paid once a window. f maps the
// requantised value to the activation.
func (l *lowerer) activate(n *model.Node, e int, f func(v int) (int, error)) error {
	v, ok := l.vals[n.Inputs[0]]
	if !ok {
		return fmt.Errorf("operand is constant: %w", model.ErrUnsupported)
	}
	v, err := l.rescale(n.Name, v, e)
	if err != nil {
		return err
	}
	out := n.Outputs[0]
	for pool := l.sole(out); pool != nil && (pool.Op == "MaxPool" || pool.Op == "GlobalMaxPool"); pool = l.sole(out) {
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

// clip lowers Clip: its bounds, rounded to the scale, narrow the activation's range.
func (l *lowerer) clip(n *model.Node) error {
	lo, hi := math.Inf(-1), math.Inf(1)
	if err := n.Attrs.Unpack("min?", &lo, "max?", &hi); err != nil {
		return err
	}
	for i, bound := range []*float64{&lo, &hi} {
		if i+1 < len(n.Inputs) && n.Inputs[i+1] != "" {
			c, _, ok := l.constant(n.Inputs[i+1])
			if !ok || len(c) != 1 {
				return fmt.Errorf("bounds are not constant: %w", model.ErrUnsupported)
			}
			*bound = c[0]
		}
	}
	out := l.pooled(n.Outputs[0])
	return l.activate(n, l.exp(out, l.bits), func(v int) (int, error) {
		r, e := l.activationRange(out, l.bits), l.p.Type(v).Exp
		a, errA := fixedpoint.Quantise(lo, e, r)
		b, errB := fixedpoint.Quantise(hi, e, r)
		if errA != nil || errB != nil {
			return 0, fmt.Errorf("bounds %g and %g: %w", lo, hi, model.ErrUnsupported)
		}
		if a >= b { // nothing is left between them
			t := l.p.Type(v)
			return l.emit(n.Name, &circuits.Constant{Shape: t.Shape, Exp: t.Exp, Values: slices.Repeat(circuits.Ints{b}, t.Size())})
		}
		return l.saturate(n.Name, "Identity", v, fixedpoint.Interval{Lo: a, Hi: b})
	})
}

// isUnary reports whether an operator is a function lowered as a table.
func isUnary(op string) bool {
	return slices.Contains([]string{"Abs", "Asin", "Atan", "Ceil", "Cos", "Elu", "Erf", "Exp", "Floor", "Gelu", "GeluTanh", "HardSigmoid", "HardSwish", "LeakyRelu",
		"Log", "Reciprocal", "Round", "Selu", "Sigmoid", "Sign", "Silu", "Sin", "Softplus", "Softsign", "Sqrt", "Tanh"}, op)
}

// steep lists the functions whose value changes much where their argument is small: their
// tables have finer arguments.
var steep = map[string]bool{"Log": true, "Pow": true, "Reciprocal": true, "Sqrt": true}

// unary lowers an elementwise function to a table.
func (l *lowerer) unary(n *model.Node) error {
	name, params, err := unaryFunction(n)
	if err != nil {
		return err
	}
	return l.table(n, name, params)
}

// table lowers a function of one value to a table over it, requantised with at least one
// bit more than activations and saturated at twice the range the samples show. Where the
// table does not decrease, the max-pools that follow come first.
func (l *lowerer) table(n *model.Node, name string, params []float64) error {
	in, out := n.Inputs[0], n.Outputs[0]
	inBits := l.bits + 1
	if steep[n.Op] {
		inBits = max(inBits, min(l.bits+4, 11))
	}
	op := func(out string) *circuits.Function {
		outBits := l.bits
		r := l.activationRange(out, outBits)
		if l.isDivisor(out) {
			outBits += divisorBits
			r = l.activationRange(out, outBits)
			r.Lo = max(r.Lo, 1)
		}
		return &circuits.Function{Name: name, Params: params, OutExp: l.exp(out, outBits), Out: r}
	}
	f := func(v int) (int, error) {
		v, err := l.saturate(n.Name+"/saturate", "Identity", v, l.activationRange(in, inBits+1))
		if err != nil {
			return 0, err
		}
		return l.emit(n.Name, op(out), v)
	}
	v, ok := l.vals[in]
	if !ok {
		return fmt.Errorf("operand is constant: %w", model.ErrUnsupported)
	}
	if pooled := l.pooled(out); pooled != out {
		k, e := op(pooled), min(l.exp(in, inBits), l.p.Type(v).Exp)
		if _, err := k.Bind([]circuits.Type{{Exp: e, Range: l.activationRange(in, inBits+1)}}); err != nil {
			return err
		}
		if k.Monotone() {
			out = pooled
			return l.activate(n, l.exp(in, inBits), f)
		}
	}
	v, err := l.rescale(n.Name, v, l.exp(in, inBits))
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

// isDivisor reports whether a graph value that is positive in all samples divides another.
func (l *lowerer) isDivisor(name string) bool {
	v := l.values[name]
	return v != nil && v.lo > 0 && slices.ContainsFunc(l.consumers[name], func(n *model.Node) bool {
		return n.Op == "Div" && n.Inputs[1] == name
	})
}

// unaryFunction returns the name and parameters of a node's function in package
// fixedpoint.
func unaryFunction(n *model.Node) (name string, params []float64, err error) {
	var alpha, beta, gamma float64
	switch n.Op {
	case "LeakyRelu":
		alpha = float64(float32(0.01))
		err = n.Attrs.Unpack("alpha?", &alpha)
		params = []float64{alpha}
	case "Elu":
		alpha = 1
		err = n.Attrs.Unpack("alpha?", &alpha)
		params = []float64{alpha}
	case "Selu":
		alpha, gamma = float64(float32(1.67326319217681884765625)), float64(float32(1.05070102214813232421875))
		err = n.Attrs.Unpack("alpha?", &alpha, "gamma?", &gamma)
		params = []float64{alpha, gamma}
	case "HardSigmoid":
		alpha, beta = float64(float32(0.2)), 0.5
		err = n.Attrs.Unpack("alpha?", &alpha, "beta?", &beta)
		params = []float64{alpha, beta}
	case "Gelu":
		approximate := "none"
		if err = n.Attrs.Unpack("approximate?", &approximate); approximate == "tanh" {
			return "GeluTanh", nil, err
		}
	default:
		err = n.Attrs.Unpack()
	}
	return n.Op, params, err
}

// softmax lowers Softmax and LogSoftmax; the operators work on the last axis.
func (l *lowerer) softmax(n *model.Node) error {
	shape := l.g.Shapes[n.Inputs[0]]
	axis := -1
	if n.Opset < 13 {
		axis = 1
	}
	if err := n.Attrs.Unpack("axis?", &axis); err != nil {
		return err
	}
	if axis < 0 {
		axis += len(shape)
	}
	x, err := l.scores(n.Inputs[0])
	if err != nil {
		return err
	}
	perm := lastAxis(len(shape), axis)
	rows := shape[axis]
	if n.Opset < 13 { // the axes from there on are one
		rows, perm = relation.Size(shape[axis:]), nil
	}
	if perm != nil {
		x, err = l.emit(n.Name+"/transpose", &circuits.Transpose{Perm: perm}, x)
	} else if rows != shape[len(shape)-1] {
		x, err = l.emit(n.Name+"/reshape", &circuits.Reshape{Shape: []int{relation.Size(shape) / rows, rows}}, x)
	}
	if err != nil {
		return err
	}
	var op circuits.Op = &circuits.Softmax{Exponential: circuits.Exponential{ExpBits: 12}, OutBits: max(l.bits, 12)}
	if n.Op == "LogSoftmax" {
		expBits := 12
		for rows<<expBits > 4096 && expBits > 6 {
			expBits--
		}
		op = &circuits.LogSoftmax{Exponential: circuits.Exponential{ExpBits: expBits}}
	}
	y, err := l.emit(n.Name, op, x)
	switch {
	case err != nil:
	case perm != nil: // exchanging two axes undoes itself
		y, err = l.emit(n.Name+"/back", &circuits.Transpose{Perm: perm}, y)
	case rows != shape[len(shape)-1]:
		y, err = l.emit(n.Name+"/back", &circuits.Reshape{Shape: slices.Clone(shape)}, y)
	}
	if err == nil && n.Op == "Softmax" {
		l.narrowed[n.Outputs[0]] = y // wider than other activations, but bounded
	}
	return l.done(n, y, err)
}

// lastAxis returns the permutation that exchanges an axis with the last one, nil if it is
// the last.
func lastAxis(rank, axis int) (perm []int) {
	if axis == rank-1 {
		return nil
	}
	for k := range rank {
		perm = append(perm, k)
	}
	perm[axis], perm[rank-1] = rank-1, axis
	return perm
}
