package model

import (
	"errors"
	"fmt"
)

// Many operators of ONNX are defined by simpler ones: a GRU by products, sums and
// sigmoids, a transposed convolution by a convolution of an image with zeros between its
// pixels. Such an operator is replaced by its definition as soon as the shapes of its
// inputs are known, so that nothing behind this package has to know it. Each expansion
// stands in the file of its operator family (expand_*.go).

// expansion adds the nodes that an operator is made of. Its errors wrap ErrMalformed or
// ErrUnsupported.
type expansion func(e *expander) error

// expansions holds every operator that is replaced.
// https://onnx.ai/onnx/operators/ is the specification of all of them.
var expansions map[string]expansion

func init() { // not a literal: expansions are made of operators that are expanded too
	expansions = map[string]expansion{
		// expand_recurrent.go
		"GRU":  (*expander).gru,
		"LSTM": (*expander).lstm,
		"RNN":  (*expander).rnn,

		// expand_move.go
		"CumSum":          (*expander).cumSum,
		"DepthToSpace":    (*expander).depthToSpace,
		"EyeLike":         (*expander).eyeLike,
		"Gather":          (*expander).gather,
		"GatherElements":  (*expander).gatherElements,
		"GatherND":        (*expander).gatherND,
		"Pad":             (*expander).pad,
		"Resize":          (*expander).resize,
		"ReverseSequence": (*expander).reverseSequence,
		"Scatter":         (*expander).scatterElements,
		"ScatterElements": (*expander).scatterElements,
		"ScatterND":       (*expander).scatterND,
		"SpaceToDepth":    (*expander).spaceToDepth,
		"Trilu":           (*expander).trilu,
		"Upsample":        (*expander).upsample,

		// expand_linear.go
		"ConvTranspose": (*expander).convTranspose,
		"Einsum":        (*expander).einsum,

		// expand_norm.go
		"GroupNormalization":        (*expander).groupNorm,
		"LRN":                       (*expander).lrn,
		"LayerNormalization":        (*expander).layerNorm,
		"LpNormalization":           (*expander).lpNorm,
		"MeanVarianceNormalization": (*expander).meanVariance,
		"RMSNormalization":          (*expander).rmsNorm,
		"ReduceL1":                  (*expander).reduce,
		"ReduceLogSum":              (*expander).reduce,
		"ReduceLogSumExp":           (*expander).reduce,
		"ReduceSumSquare":           (*expander).reduce,

		// expand_function.go
		"Celu":            (*expander).celu,
		"Hardmax":         (*expander).hardmax,
		"IsInf":           (*expander).never,
		"IsNaN":           (*expander).never,
		"Mish":            (*expander).mish,
		"Shrink":          (*expander).shrink,
		"Swish":           (*expander).swish,
		"Tan":             (*expander).tan,
		"ThresholdedRelu": (*expander).thresholdedRelu,
		"TopK":            (*expander).topK,
	}
}

// expansionOf returns what replaces a node, nil if it is evaluated. Constants are, where
// they can.
func expansionOf(n *Node, in []*fact, constant bool) expansion {
	switch {
	case n.Op == "Gather":
		if len(in) != 2 || in[0] == nil || in[1] == nil || in[1].value != nil {
			return nil
		}
	case n.Op == "LayerNormalization":
		if len(n.Outputs) < 2 || n.Outputs[1] == "" && (len(n.Outputs) < 3 || n.Outputs[2] == "") {
			return nil
		}
	case n.Op == "Pad":
		if mode, ok := n.Attrs["mode"].(string); !ok || mode == "constant" {
			return nil
		}
	case operators[n.Op].bind != nil && constant:
		return nil
	}
	return expansions[n.Op]
}

// known reports whether an operator is evaluated or replaced.
func known(op string) bool { return operators[op].bind != nil || expansions[op] != nil }

// expander builds the nodes that stand for one node.
type expander struct {
	*simplifier
	*call // of the node
	n     *Node
}

// expanded replaces a node.
func (s *simplifier) expanded(n *Node, in []*fact, expand expansion) {
	e := &expander{s, &call{op: n.Op, opset: n.Opset, attrs: n.Attrs, in: in, outputs: n.Outputs}, n}
	kept, refused, faults := len(s.keep), len(s.refused), len(s.errs)
	err := expand(e)
	for _, name := range n.Outputs { // nothing may stay without a source
		if err == nil && name != "" && s.facts[name] == nil && s.alias[name] == "" {
			if len(s.refused) > refused || len(s.errs) > faults {
				return // a node that it is made of has the reason
			}
			err = unsupported("output %q", name)
		}
	}
	if err == nil {
		return
	}
	s.keep = s.keep[:kept]
	if errors.Is(err, ErrUnsupported) {
		s.refused[n] = err
		s.keep = append(s.keep, n)
		return
	}
	s.errs = append(s.errs, s.nodeError(n, err))
}

// name makes a name that nothing else has.
func (e *expander) name(what string) string {
	name := e.n.Name + "/" + what
	for e.made[name] || e.facts[name] != nil {
		name += "'"
	}
	e.made[name] = true
	return name
}

// ops adds a node with several outputs and returns their names.
func (e *expander) ops(outputs int, op string, attrs Attrs, in ...string) []string {
	n := &Node{Name: e.name(op), Op: op, Inputs: in, Attrs: attrs, Opset: maxOpset}
	if attrs == nil {
		n.Attrs = Attrs{}
	}
	for i := range outputs {
		name := n.Name
		if i > 0 {
			name = fmt.Sprintf("%s:%d", n.Name, i)
		}
		n.Outputs = append(n.Outputs, name)
	}
	out := append([]string{}, n.Outputs...)
	e.node(n)
	for i := range out {
		if to, ok := e.alias[out[i]]; ok {
			out[i] = to
		}
	}
	return out
}

// do adds a node with one output and returns its name.
func (e *expander) do(op string, in ...string) string { return e.ops(1, op, nil, in...)[0] }

// with is do for operators with attributes.
func (e *expander) with(op string, attrs Attrs, in ...string) string {
	return e.ops(1, op, attrs, in...)[0]
}

// constant adds a constant.
func (e *expander) constant(t *Tensor) string {
	name := e.name("constant")
	e.Const[name], e.facts[name] = t, factOf(t)
	return name
}

// float adds a number.
func (e *expander) float(v float64) string {
	return e.constant(&Tensor{Shape: []int{}, Float: []float32{float32(v)}})
}

// list adds a list of integers.
func (e *expander) list(v ...int) string {
	t := &Tensor{Shape: []int{len(v)}, Int: make([]int64, len(v))}
	for i, n := range v {
		t.Int[i] = int64(n)
	}
	return e.constant(t)
}

// in returns the name of input i, "" if it was left out.
func (e *expander) arg(i int) string {
	if i < len(e.n.Inputs) {
		return e.n.Inputs[i]
	}
	return ""
}

// shapeOf returns the shape of a value, or an error if a node before it was refused.
func (e *expander) shapeOf(name string) ([]int, error) {
	if f := e.facts[name]; f != nil {
		return f.shape, nil
	}
	return nil, unsupported("a part of it (%s)", name)
}

// set makes the node's output i the value of that name.
func (e *expander) set(i int, name string) {
	if i < len(e.n.Outputs) && e.n.Outputs[i] != "" {
		e.node(&Node{Name: e.name("output"), Op: "Identity", Inputs: []string{name}, Outputs: []string{e.n.Outputs[i]}, Attrs: Attrs{}, Opset: maxOpset})
	}
}

// wants reports whether output i is used.
func (e *expander) wants(i int) bool { return i < len(e.n.Outputs) && e.n.Outputs[i] != "" }

// reshape gives a value another shape.
func (e *expander) reshape(x string, shape ...int) string {
	return e.with("Reshape", Attrs{"allowzero": 1}, x, e.list(shape...))
}

func (e *expander) transpose(x string, perm ...int) string {
	return e.with("Transpose", Attrs{"perm": perm}, x)
}

// slice takes [from, to) along an axis.
func (e *expander) slice(x string, axis, from, to int) string {
	return e.do("Slice", x, e.list(from), e.list(to), e.list(axis))
}

// needConstant returns a constant input's value.
func (e *expander) needConstant(i int, what string) (*Tensor, error) {
	f := e.input(i)
	if f == nil {
		return nil, malformed("%s is missing", what)
	}
	if f.value == nil {
		return nil, unsupported("%s that depends on data", what)
	}
	return f.value, nil
}
