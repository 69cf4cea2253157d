package quantize

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// lowerings says how each ONNX operator becomes operators on integers, in the order of
// ONNX's list. Each function stands in the file of its operator family (lower_*.go).
var lowerings map[string]func(*lowerer, *model.Node) error

func init() { // not a literal: the functions refer back to the table through fused nodes
	lowerings = map[string]func(*lowerer, *model.Node) error{
		"Abs":                (*lowerer).unary,
		"Add":                (*lowerer).add,
		"And":                (*lowerer).logic,
		"ArgMax":             (*lowerer).argMax,
		"ArgMin":             (*lowerer).argMax,
		"Asin":               (*lowerer).unary,
		"Atan":               (*lowerer).unary,
		"AveragePool":        (*lowerer).averagePool,
		"BatchNormalization": (*lowerer).batchNorm,
		"Cast":               (*lowerer).cast,
		"Ceil":               (*lowerer).unary,
		"Clip":               (*lowerer).clip,
		"Concat":             (*lowerer).concat,
		"Conv":               (*lowerer).conv,
		"Cos":                (*lowerer).unary,
		"Div":                (*lowerer).div,
		"Dropout":            (*lowerer).alias,
		"Elu":                (*lowerer).unary,
		"Equal":              (*lowerer).compare,
		"Erf":                (*lowerer).unary,
		"Exp":                (*lowerer).unary,
		"Expand":             (*lowerer).gather,
		"Flatten":            (*lowerer).reshape,
		"Floor":              (*lowerer).unary,
		"Gather":             (*lowerer).gather,
		"Gelu":               (*lowerer).unary,
		"GeluTanh":           (*lowerer).unary, // recognised only
		"Gemm":               (*lowerer).gemm,
		"GlobalAveragePool":  (*lowerer).averagePool,
		"GlobalMaxPool":      (*lowerer).maxPool,
		"Greater":            (*lowerer).compare,
		"GreaterOrEqual":     (*lowerer).compare,
		"HardSigmoid":        (*lowerer).unary,
		"HardSwish":          (*lowerer).unary,
		"Identity":           (*lowerer).alias,
		"LeakyRelu":          (*lowerer).unary,
		"Less":               (*lowerer).compare,
		"LessOrEqual":        (*lowerer).compare,
		"Log":                (*lowerer).unary,
		"LogSoftmax":         (*lowerer).softmax,
		"MatMul":             (*lowerer).matMul,
		"Max":                (*lowerer).extremum,
		"MaxPool":            (*lowerer).maxPool,
		"Mean":               (*lowerer).variadic,
		"Min":                (*lowerer).extremum,
		"Mul":                (*lowerer).mul,
		"Neg":                (*lowerer).neg,
		"Not":                (*lowerer).logic,
		"OneHot":             (*lowerer).oneHot,
		"Or":                 (*lowerer).logic,
		"Pad":                (*lowerer).gather,
		"Pow":                (*lowerer).power,
		"Reciprocal":         (*lowerer).unary,
		"ReduceMax":          (*lowerer).reduceMax,
		"ReduceMean":         (*lowerer).reduceSum,
		"ReduceMin":          (*lowerer).reduceMax,
		"ReduceSum":          (*lowerer).reduceSum,
		"Relu":               (*lowerer).relu,
		"Reshape":            (*lowerer).reshape,
		"Round":              (*lowerer).unary,
		"Selu":               (*lowerer).unary,
		"Sigmoid":            (*lowerer).unary,
		"Sign":               (*lowerer).unary,
		"Silu":               (*lowerer).unary, // only recognised
		"Sin":                (*lowerer).unary,
		"Slice":              (*lowerer).gather,
		"Softmax":            (*lowerer).softmax,
		"Softplus":           (*lowerer).unary,
		"Softsign":           (*lowerer).unary,
		"Split":              (*lowerer).gather,
		"Sqrt":               (*lowerer).unary,
		"Squeeze":            (*lowerer).reshape,
		"Sub":                (*lowerer).add,
		"Sum":                (*lowerer).variadic,
		"Tanh":               (*lowerer).unary,
		"Tile":               (*lowerer).gather,
		"Transpose":          (*lowerer).transpose,
		"Unsqueeze":          (*lowerer).reshape,
		"Where":              (*lowerer).where,
		"Xor":                (*lowerer).logic,
	}
}

// lowerer turns a graph into a program at one width.
type lowerer struct {
	*calibration
	g *model.Graph
	widths
	clipAt int64 // domains wider than this are saturated by Clip, not by a table

	p         *circuits.Program
	vals      map[string]int // program value of each graph value
	narrowed  map[string]int // the same, requantised to an activation
	rescaled  map[[2]int]int // value and exponent to its requantised value
	consumers map[string][]*model.Node
	fused     map[*model.Node]bool // nodes an earlier one has taken over
	names     map[int]string       // graph value that a program value stands for
	domains   []int64              // widths of the domains that saturate met
}

func newLowerer(g *model.Graph, c *calibration, w widths, clipAt int64) *lowerer {
	l := &lowerer{calibration: c, g: g, widths: w, clipAt: clipAt,
		p: &circuits.Program{}, vals: map[string]int{}, narrowed: map[string]int{}, rescaled: map[[2]int]int{},
		consumers: map[string][]*model.Node{}, fused: map[*model.Node]bool{}, names: map[int]string{}}
	for _, n := range l.nodes {
		for _, v := range n.Inputs {
			l.consumers[v] = append(l.consumers[v], n)
		}
	}
	return l
}

// lower builds the program. Errors of all nodes are joined.
func (l *lowerer) lower(cfg circuits.Config) error {
	l.p.Name, l.p.Config = l.g.File, cfg
	for _, in := range l.g.Inputs {
		if err := l.input(in); err != nil {
			return err
		}
	}
	var errs []error
	for _, n := range l.nodes {
		if l.fused[n] || slices.ContainsFunc(n.Inputs, l.missing) {
			continue // missing: the node before it has failed
		}
		if err := lowerings[n.Op](l, n); err != nil {
			errs = append(errs, &model.Error{File: l.g.File, Node: n.Name, Op: n.Op, Err: err})
		}
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}
	return l.outputs()
}

// missing reports whether a value is neither computed nor constant.
func (l *lowerer) missing(name string) bool {
	_, ok := l.vals[name]
	return name != "" && !ok && l.g.Const[name] == nil
}

// input adds an input: its scale is the finest for which the samples span at most
// 2^inputBits integers.
func (l *lowerer) input(in model.Value) error {
	v := l.values[in.Name]
	if v == nil {
		return &model.Error{File: l.g.File, Node: in.Name, Op: "input",
			Err: fmt.Errorf("%v input, want floating point: %w", in.Type, model.ErrUnsupported)}
	}
	lo, hi := min(v.lo, 0), max(v.hi, 0)
	n := int64(1) << l.inputBits
	e := coveringExp(0, hi-lo, 0, n)
	if v.integer {
		e = min(e, 0)
	}
	if fine, ok := l.featureExp(in.Name, l.inputBits); ok && fine > e {
		e, n = fine, int64(math.Ceil(math.Ldexp(hi-lo, fine)))+2
	} else if comparedOnly(l.g, in.Name, 0) && in.Type.IsFloat() && l.inputBits < compareBits {
		n = 1 << compareBits
		e = coveringExp(0, hi-lo, 0, n)
	}
	q := fixedpoint.Interval{Lo: int64(math.Floor(math.Ldexp(lo, e)))}
	q.Hi = q.Lo + n - 1
	if in.Type == model.Bool {
		e, q = 0, fixedpoint.Interval{Lo: 0, Hi: 1}
	} else if r, ok := l.indexRange(in.Name); ok {
		e, q, hi = 0, r, float64(r.Hi)
	}
	// Reals are accepted up to half a step beyond the integers, and, as they are declared to
	// everybody, in whole steps from there to the samples' largest.
	half, above := math.Ldexp(0.5, -e), fixedpoint.Real(q.Hi, e)
	steps := max(0, math.Ceil(math.Ldexp(hi-above-half, e)))
	value := len(l.p.Inputs)
	l.p.AddInput(circuits.Port{Name: in.Name, Shape: slices.Clone(in.Shape), Exp: e, Range: q,
		RealLo: fixedpoint.Real(q.Lo, e) - half, RealHi: above + (2*steps+1)*half})
	l.set(in.Name, value)
	l.narrowed[in.Name] = value
	return nil
}

// compareBits is the width of inputs that are only compared with thresholds: what lies
// between two float32 that are near a threshold must not matter.
const compareBits = 30

// outputs exposes the graph's outputs.
func (l *lowerer) outputs() error {
	for _, o := range l.g.Outputs {
		v, err := l.output(o)
		if err != nil {
			return &model.Error{File: l.g.File, Node: o.Name, Op: "output", Err: err}
		}
		t := l.p.Type(v)
		r := t.Range
		r.Hi = max(r.Hi, r.Lo+1) // packing needs two values
		l.p.Outputs = append(l.p.Outputs, circuits.Port{Name: o.Name, Value: v, Shape: slices.Clone(l.g.Shapes[o.Name]), Exp: t.Exp, Range: r})
	}
	return nil
}

// output returns the value of an output. A constant is weights, and shown only as the output
// is.
func (l *lowerer) output(o model.Value) (int, error) {
	if v, ok := l.vals[o.Name]; ok {
		return v, nil
	}
	c, shape, ok := l.constant(o.Name)
	if !ok {
		return 0, fmt.Errorf("nothing computes it: %w", model.ErrUnsupported)
	}
	if l.g.Const[o.Name].Float != nil {
		return l.parameter("output "+o.Name, c, shape, circuits.MaxExp)
	}
	q, err := integersOf(c, 0)
	if err != nil {
		return 0, err
	}
	return l.emit("output "+o.Name, &circuits.Constant{Shape: slices.Clone(shape), Values: q})
}

// emit appends a node and returns its value.
func (l *lowerer) emit(name string, op circuits.Op, in ...int) (int, error) {
	return l.p.Add(name, op, in...)
}

// set records that program value v stands for the graph's value.
func (l *lowerer) set(name string, v int) {
	l.vals[name] = v
	l.names[v] = name
}

// sole returns the only consumer of a graph value, or nil if there are several or it is
// an output.
func (l *lowerer) sole(name string) *model.Node {
	if c := l.consumers[name]; len(c) == 1 && !slices.ContainsFunc(l.g.Outputs, func(o model.Value) bool { return o.Name == name }) {
		return c[0]
	}
	return nil
}

// activationRange is the range of a graph value as an activation of the given bits:
// unsigned if the samples show no negative value.
func (l *lowerer) activationRange(name string, bits int) fixedpoint.Interval {
	if v := l.values[name]; v == nil || v.lo < 0 {
		return fixedpoint.Interval{Lo: -1 << bits, Hi: 1<<bits - 1}
	}
	return fixedpoint.Interval{Lo: 0, Hi: 1<<bits - 1}
}

// exp is the exponent a graph value has as an activation of the given bits.
func (l *lowerer) exp(name string, bits int) int {
	v := l.values[name]
	if v == nil || v.lo == 0 && v.hi == 0 {
		return bits // nothing is known: values up to 1
	}
	r := l.activationRange(name, bits)
	return v.exp(r.Lo, r.Hi)
}

// target returns the exponent to which the value's consumer will requantise it, if that
// is known: the weights that make the value can then share one shift.
func (l *lowerer) target(name string) (int, bool) {
	n := l.sole(name)
	if n == nil {
		return 0, false
	}
	switch n.Op {
	case "Relu", "Clip":
		return l.exp(l.pooled(n.Outputs[0]), l.bits), true
	case "MaxPool", "GlobalMaxPool", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Identity", "Dropout":
		return l.target(n.Outputs[0])
	case "Softmax", "LogSoftmax":
		return l.exp(name, l.scoreBits()), true
	case "Conv", "Gemm", "MatMul":
		return l.exp(name, l.bits), true
	}
	if isUnary(n.Op) {
		return l.exp(name, l.bits+1), true
	}
	return 0, false
}

// pooled follows a value through the max-pools that are its only consumers.
func (l *lowerer) pooled(name string) string {
	for n := l.sole(name); n != nil && (n.Op == "MaxPool" || n.Op == "GlobalMaxPool"); n = l.sole(name) {
		name = n.Outputs[0]
	}
	return name
}

// rescale returns the value at exponent e, or at its own where that is coarser.
func (l *lowerer) rescale(node string, v, e int) (int, error) {
	for l.p.Type(v).Exp > e {
		if w, ok := l.rescaled[[2]int{v, e}]; ok {
			return w, nil
		}
		t, s := l.p.Type(v), min(l.p.Type(v).Exp-e, circuits.MaxShift)
		if t.Range.RoundShift(uint(s)) == fixedpoint.Point(0) { // and so at every coarser exponent
			return l.emit(node+"/zero", &circuits.Constant{Shape: t.Shape, Exp: e, Values: make(circuits.Ints, t.Size())})
		}
		if s > largeShift && t.Size() < 1<<s/8 { // a table of all remainders would cost more than two steps
			s = smallShift
		}
		w, err := l.emit(node+"/requantize", &circuits.Requantize{Shift: s}, v)
		if err != nil {
			return 0, err
		}
		if l.p.Type(w).Exp == e {
			l.rescaled[[2]int{v, e}] = w
		}
		v = w
	}
	return v, nil
}

// smallShift is a shift whose remainders other layers have too; the table of one past
// largeShift is for large layers only.
const smallShift, largeShift = 8, 12

// saturate returns value v clamped to out, by a table or by Clip; f is "Identity" or "Relu".
func (l *lowerer) saturate(node, f string, v int, out fixedpoint.Interval) (int, error) {
	t := l.p.Type(v)
	if f == "Relu" {
		out.Lo = max(out.Lo, 0)
	}
	if out.Covers(t.Range) {
		return l.enclose(node, v)
	}
	width := t.Range.Hi - t.Range.Lo + 1
	l.domains = append(l.domains, width)
	if width > l.clipAt || width > circuits.MaxTable {
		return l.emit(node, &circuits.Clip{Interval: out}, v)
	}
	return l.emit(node, &circuits.Function{Name: f, OutExp: t.Exp, Out: out}, v)
}

// enclose returns value v with its range enforced, by a Clip that never clips if nothing
// else does it: integers whose range is only what honest provers reach may be anything.
func (l *lowerer) enclose(node string, v int) (int, error) {
	if l.enforced(v) {
		return v, nil
	}
	r := l.p.Type(v).Range
	r.Hi = max(r.Hi, r.Lo+1)
	return l.emit(node+"/range", &circuits.Clip{Interval: r}, v)
}

// enforced reports whether the statements about value v's own making bound it.
func (l *lowerer) enforced(v int) bool {
	node := v - len(l.p.Inputs)
	if node < 0 {
		return true
	}
	switch l.p.Nodes[node].Op.(type) {
	case *circuits.BatchMatMul, *circuits.Conv, *circuits.MatMul, *circuits.Requantize:
		return false
	case *circuits.Clip, *circuits.Function, *circuits.Softmax, *circuits.LogSoftmax:
		return true
	}
	for _, x := range l.p.Nodes[node].In {
		if !l.enforced(x) {
			return false
		}
	}
	return true
}

// narrow returns the graph value as an activation: bounded integers of the program's
// width, which is what products and sums take.
func (l *lowerer) narrow(name string) (int, error) {
	if v := l.values[name]; v != nil && v.roomy {
		return l.narrowTo(name, l.bits+1)
	}
	return l.narrowTo(name, l.bits)
}

func (l *lowerer) narrowTo(name string, bits int) (int, error) {
	if v, ok := l.narrowed[name]; ok {
		return v, nil
	}
	v, ok := l.vals[name]
	if !ok {
		return 0, fmt.Errorf("operand %q is constant: %w", name, model.ErrUnsupported)
	}
	r, seen := l.p.Type(v).Range, l.values[name]
	if r.Hi-r.Lo < 2<<bits || seen != nil && seen.integer && l.p.Type(v).Exp == 0 { // integers stay what they are
		return l.enclose(name, v)
	}
	v, err := l.rescale(name, v, l.exp(name, bits))
	if err != nil {
		return 0, err
	}
	if v, err = l.saturate(name, "Identity", v, l.activationRange(name, bits)); err != nil {
		return 0, err
	}
	l.narrowed[name] = v
	return v, nil
}

// scoreBits is the width of a softmax's inputs.
func (l *lowerer) scoreBits() int { return max(10, l.bits+1) }

// alias lowers operators that change nothing.
func (l *lowerer) alias(n *model.Node) error {
	v, ok := l.vals[n.Inputs[0]]
	if !ok {
		return fmt.Errorf("operand is constant: %w", model.ErrUnsupported)
	}
	l.vals[n.Outputs[0]] = v
	if w, ok := l.narrowed[n.Inputs[0]]; ok {
		l.narrowed[n.Outputs[0]] = w
	}
	return nil
}
