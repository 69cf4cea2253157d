package quantize

import (
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// cast lowers Cast between types that hold the same numbers, and to conditions.
func (l *lowerer) cast(n *model.Node) error {
	var to int
	if err := n.Attrs.Unpack("to", &to, "saturate?", new(int), "round_mode?", new(string)); err != nil {
		return err
	}
	seen := l.values[n.Inputs[0]]
	switch isFloat := slices.Contains([]int{1, 10, 11, 16}, to); {
	case isFloat || to != onnxBool && seen != nil && seen.integer:
		return l.alias(n)
	case to != onnxBool:
		return l.truncate(n)
	}
	vs, err := l.operands(n, n.Inputs[0])
	if err != nil {
		return err
	}
	v, err := l.nonZero(n.Name, vs[0])
	return l.done(n, v, err)
}

// truncate lowers Cast from floats to integers, which rounds towards zero. Integers that are
// held as floats stay as they are.
func (l *lowerer) truncate(n *model.Node) error {
	v, err := l.scored(n.Inputs[0])
	if err != nil {
		return err
	}
	t := l.p.Type(v)
	if t.Exp <= 0 {
		return l.alias(n)
	}
	if seen := l.values[n.Inputs[0]]; seen != nil && seen.whole() {
		v, err = l.rescale(n.Name, v, 0)
		if err == nil {
			l.narrowed[n.Outputs[0]] = v
		}
		return l.done(n, v, err)
	}
	out := fixedpoint.Interval{Lo: min(t.Range.Lo>>t.Exp, 0), Hi: max(t.Range.Hi>>t.Exp, 0) + 1}
	if v, err = l.emit(n.Name, &circuits.Function{Name: "Trunc", OutExp: 0, Out: out}, v); err == nil {
		l.narrowed[n.Outputs[0]] = v
	}
	return l.done(n, v, err)
}

const onnxBool = 9 // TensorProto.DataType
