package quantize

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// oneHot lowers OneHot: the columns of the integers that are indices, negative ones counted
// from the end, become the axis; all others are off.
func (l *lowerer) oneHot(n *model.Node) error {
	axis := -1
	if err := n.Attrs.Unpack("axis?", &axis); err != nil {
		return err
	}
	depth, _, ok := l.constant(n.Inputs[1])
	values, _, also := l.constant(n.Inputs[2])
	if !ok || !also || len(depth) != 1 || len(values) != 2 {
		return fmt.Errorf("depth and values are not constant: %w", model.ErrUnsupported)
	}
	v, err := l.value(n.Inputs[0])
	if err != nil {
		return err
	}
	if w, ok := l.narrowed[n.Inputs[0]]; ok {
		v = w
	}
	t := l.p.Type(v)
	if t.Exp != 0 {
		return fmt.Errorf("indices %q are no integers but steps of 2^%d: %w", n.Inputs[0], -t.Exp, model.ErrUnsupported)
	}
	if row := l.embeds(n, t, depth[0], values); row != nil {
		return l.embedding(row, v)
	}
	hot, err := l.emit(n.Name+"/hot", new(circuits.OneHot), v)
	if err != nil {
		return err
	}
	size := int64(depth[0])
	y, err := l.columns(n.Name, hot, t, 0, size)
	if err == nil && t.Range.Lo < 0 {
		var z int
		if z, err = l.columns(n.Name+"/negative", hot, t, -size, size); err == nil {
			y, err = l.emit(n.Name+"/both", &circuits.Add{Scale: [2]int64{1, 1}}, y, z)
		}
	}
	if err != nil {
		return err
	}
	shape := l.p.Type(y).Shape
	if axis < 0 {
		axis += len(shape)
	}
	if axis != len(shape)-1 {
		var perm []int
		for k := range len(shape) - 1 {
			perm = append(perm, k)
		}
		if y, err = l.emit(n.Name+"/axis", &circuits.Transpose{Perm: slices.Insert(perm, axis, len(shape)-1)}, y); err != nil {
			return err
		}
	}
	if values[0] != 0 || values[1] != 1 {
		return l.between(n, y, values[0], values[1])
	}
	l.set(n.Outputs[0], y)
	l.narrowed[n.Outputs[0]] = y
	return nil
}

// embeds returns the product with a trained matrix that is all a OneHot is for, nil if there is
// none or the indices may lie outside: the definition of a Gather by indices that are computed.
func (l *lowerer) embeds(n *model.Node, t circuits.Type, depth float64, values []float64) *model.Node {
	if t.Range.Lo < 0 || t.Range.Hi >= int64(depth) {
		return nil
	}
	return l.rowsOf(n, values)
}

// rowsOf is embeds without a look at the indices.
func (l *lowerer) rowsOf(n *model.Node, values []float64) *model.Node {
	m := l.sole(n.Outputs[0])
	if m == nil || m.Op != "MatMul" || m.Inputs[0] != n.Outputs[0] || len(values) != 2 || values[0] != 0 || values[1] != 1 {
		return nil
	}
	if w := l.g.Const[m.Inputs[1]]; w == nil || w.Float == nil || len(w.Shape) != 2 || l.isLiteral(m.Inputs[1]) {
		return nil
	}
	return m
}

// embedding lowers such a product.
func (l *lowerer) embedding(n *model.Node, indices int) error {
	w, shape, _ := l.constant(n.Inputs[1])
	exp := l.exp(n.Outputs[0], l.bits)
	q, err := integersOf(w, exp)
	if err != nil {
		return err
	}
	op := &circuits.Embedding{Rows: shape[0], Width: shape[1], Exp: exp, Weights: q}
	for _, v := range q {
		op.Bits = max(op.Bits, bits.Len64(uint64(max(v, -1-v))), 1)
	}
	y, err := l.emit(n.Name, op, indices)
	l.fused[n] = true
	return l.done(n, y, err)
}

// between maps a condition to off where it is 0 and to on where it is 1.
func (l *lowerer) between(n *model.Node, v int, off, on float64) error {
	k := l.bits
	q, err := integersOf([]float64{off, on}, k)
	if err != nil {
		return err
	}
	step, err := l.emit(n.Name+"/step", &circuits.Scale{Shape: []int{}, Exp: k, Factors: circuits.Ints{q[1] - q[0]}}, v)
	if err != nil {
		return err
	}
	base, err := l.emit(n.Name+"/off", &circuits.Constant{Shape: []int{}, Exp: k, Values: circuits.Ints{q[0]}})
	if err != nil {
		return err
	}
	y, err := l.sum(n.Name, step, base, 1)
	return l.done(n, y, err)
}

// columns takes the columns of the integers from first on out of a OneHot of values of a
// type; where the type has no such integer they are 0.
func (l *lowerer) columns(node string, hot int, t circuits.Type, first, n int64) (int, error) {
	rows, width := t.Size(), int64(l.p.Type(hot).Size()/t.Size())
	index := make([]int, 0, int64(rows)*n)
	for r := range rows {
		for k := range n {
			if c := first + k - t.Range.Lo; c >= 0 && c < width {
				index = append(index, r*int(width)+int(c))
			} else {
				index = append(index, -1)
			}
		}
	}
	return l.emit(node, &circuits.Gather{Shape: append(slices.Clone(t.Shape), int(n)), Index: index}, hot)
}

// indexRange returns the range of an integer input that chooses: what can be chosen, with the
// negative half if a sample has it. There may be as many choices as a OneHot has columns,
// or as a table has rows if rows are all that is chosen.
func (l *lowerer) indexRange(name string) (r fixedpoint.Interval, ok bool) {
	size, rows := l.chooses(name)
	negative := l.values[name].lo < 0
	if most := int64(circuits.MaxOneHot / 2); size == 0 || size >= most && (negative || !rows) || size > circuits.MaxTable {
		return r, false
	}
	r = fixedpoint.Interval{Lo: 0, Hi: max(size-1, 1)}
	if negative {
		r.Lo = -size
	}
	return r, true
}

// chooses returns the largest depth of the OneHots that a value leads to, moved at most, 0 if there
// are none, and whether each of them is for rows of a trained matrix.
func (l *lowerer) chooses(name string) (size int64, rows bool) {
	rows = true
	for _, n := range l.consumers[name] {
		switch {
		case n.Op == "OneHot":
			depth, _, ok := l.constant(n.Inputs[1])
			values, _, _ := l.constant(n.Inputs[2])
			if ok && len(depth) == 1 && n.Inputs[0] == name {
				size = max(size, int64(depth[0])) // less deep ones choose nothing beyond
				rows = rows && l.rowsOf(n, values) != nil
			}
		case is(n, passes):
			if n.Inputs[0] == name {
				more, alike := l.chooses(n.Outputs[0])
				size, rows = max(size, more), rows && alike
			}
		}
	}
	return size, rows
}
