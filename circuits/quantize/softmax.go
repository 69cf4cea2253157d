package quantize

import (
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// scoreBits is the width of a softmax's inputs.
func (l *lowerer) scoreBits() int { return max(10, l.bits+1) }

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
	perm, axes := lastAxis(len(shape), axis), []int{axis}
	rows := shape[axis]
	if n.Opset < 13 { // the axes from there on are one
		rows, perm = relation.Size(shape[axis:]), nil
		for a := axis + 1; a < len(shape); a++ {
			axes = append(axes, a)
		}
	}
	wide := n.Op == "LogSoftmax" && rows >= maxLogRows
	scores := func() (int, error) { return l.scores(n.Inputs[0]) }
	if wide || l.coarse(n) {
		scores = func() (int, error) { return l.belowLargest(n, axes) }
	}
	x, err := scores()
	if err != nil {
		return err
	}
	if l.weighs(n) != nil {
		l.vals[n.Outputs[0]] = x // the scores: what they weigh reads them
		return nil
	}
	if wide {
		x, err = l.logOfSum(n.Name, x, circuits.Reduction{Axes: axes, Keep: true}, rows)
		return l.done(n, x, err)
	}
	if perm != nil {
		x, err = l.emit(n.Name+"/transpose", &circuits.Transpose{Perm: perm}, x)
	} else if rows != shape[len(shape)-1] {
		x, err = l.emit(n.Name+"/reshape", &circuits.Reshape{Shape: []int{relation.Size(shape) / rows, rows}}, x)
	}
	if err != nil {
		return err
	}
	op := l.softmaxOp()
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

// weighs returns the matrix product that is a Softmax's only consumer, of means weighted by it, if
// dividing these is less work than dividing the exponentials.
func (l *lowerer) weighs(n *model.Node) *model.Node {
	m := l.sole(n.Outputs[0])
	if n.Op != "Softmax" || m == nil || m.Op != "MatMul" || m.Inputs[0] != n.Outputs[0] || l.g.Const[m.Inputs[1]] != nil || l.ofIntegers(m) {
		return nil
	}
	shape, y, axis := l.g.Shapes[n.Outputs[0]], l.g.Shapes[m.Inputs[1]], -1
	if n.Opset < 13 {
		axis = 1
	}
	if n.Attrs.Unpack("axis?", &axis) != nil || axis != -1 && axis != len(shape)-1 || len(shape) < 2 || len(y) < 2 {
		return nil
	}
	if 2*shape[len(shape)-1] < y[len(y)-1] { // a division takes twice the lookups of the requantization that it replaces
		return nil
	}
	return m
}

// softmaxMatMul lowers the product of a Softmax, which is not lowered by itself, and an activation.
func (l *lowerer) softmaxMatMul(n, m *model.Node) error {
	y, err := l.narrow(m.Inputs[1])
	if err != nil {
		return err
	}
	x, shift := l.vals[n.Outputs[0]], max(l.quotientExp(m.Outputs[0])-l.p.Type(y).Exp, 0)
	if shift > maxMeanShift {
		if x, err = l.emit(n.Name, l.softmaxOp(), x); err != nil {
			return err
		}
		v, err := l.emit(m.Name, new(circuits.BatchMatMul), x, y)
		return l.done(m, v, err)
	}
	op := &circuits.SoftmaxMatMul{Exponential: circuits.Exponential{ExpBits: softmaxBits}, Shift: shift}
	v, err := l.emit(m.Name, op, x, y)
	return l.done(m, v, err)
}

func (l *lowerer) softmaxOp() circuits.Op {
	return &circuits.Softmax{Exponential: circuits.Exponential{ExpBits: softmaxBits}, OutBits: max(l.bits, 12)}
}

const (
	softmaxBits   = 12                     // fraction bits of exponentials
	leastScoreExp = 3                      // of scores; coarser ones are made finer where they differ,
	noScoreExp    = -20                    // but not those of which a step is a million: nothing is known of their differences
	negligible    = 16                     // scores so far below the largest count for nothing beside it
	maxLogRows    = circuits.MaxTable / 64 // from there on no table has the logarithms of a row's sums, of 6 fraction bits
	maxMeanShift  = 8                      // means more than so many bits finer than their terms, of a few ones among zeros, say, stay products
)

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

// coarse reports whether a softmax's scores are so large that their differences have few bits. Those that
// a LogSoftmax takes masked ones from have a range of their own.
func (l *lowerer) coarse(n *model.Node) bool {
	v := l.values[n.Inputs[0]]
	if v == nil || n.Op != "Softmax" && v.masks {
		return false
	}
	exp := l.exp(n.Inputs[0], l.scoreBits())
	return noScoreExp < exp && exp < leastScoreExp
}

// belowLargest returns a softmax's scores less the largest of their row, saturated where they count for
// nothing: finer than the scores, whose offset may be a thousand times their differences.
func (l *lowerer) belowLargest(n *model.Node, axes []int) (int, error) {
	name, bits := n.Inputs[0], l.scoreBits()
	x, err := l.value(name)
	if err != nil {
		return 0, err
	}
	if x, err = l.enclose(name, x); err != nil {
		return 0, err
	}
	m, err := l.emit(n.Name+"/largest", &circuits.ReduceMax{Reduction: circuits.Reduction{Axes: axes, Keep: true}}, x)
	if err != nil {
		return 0, err
	}
	d, err := l.sum(n.Name+"/below", x, m, -1)
	if err != nil {
		return 0, err
	}
	least := -float64(negligible)
	if v := l.values[n.Outputs[0]]; n.Op == "LogSoftmax" && v != nil {
		least = min(least, v.lo*9/8)
	}
	r := fixedpoint.Interval{Lo: -1 << bits, Hi: 0}
	e := coveringExp(least, 0, r.Lo, r.Hi)
	if d, err = l.rescale(n.Name, d, e); err != nil {
		return 0, err
	}
	if up := min(e-l.p.Type(d).Exp, 40); up > 0 {
		if d, err = l.scale(n.Name+"/finer", d, 1<<up, up); err != nil {
			return 0, err
		}
	}
	return l.saturate(n.Name+"/saturate", "Identity", d, r)
}

// logOfSum returns d - ln Σ exp(d), of rows whose largest element is 0: LogSoftmax where the table of
// the logarithm of a row's sum would be too large for the operator's own. The sum is rounded to the fraction
// bits that fit.
func (l *lowerer) logOfSum(node string, d int, rows circuits.Reduction, n int) (int, error) {
	e, err := l.emit(node+"/exp", &circuits.Function{Name: "Exp", OutExp: softmaxBits, Out: fixedpoint.Interval{Lo: 0, Hi: 1 << softmaxBits}}, d)
	if err != nil {
		return 0, err
	}
	s, err := l.emit(node+"/sum", &circuits.ReduceSum{Reduction: rows, Scale: 1}, e)
	if err != nil {
		return 0, err
	}
	if s, err = l.rescale(node, s, bits.Len(uint(circuits.MaxTable/(n+1)))-1); err != nil {
		return 0, err
	}
	exp := l.p.Type(d).Exp
	log, err := l.emit(node+"/log", &circuits.Function{Name: "Log", OutExp: exp, Out: fixedpoint.Interval{Lo: 0, Hi: 64 << exp}}, s)
	if err != nil {
		return 0, err
	}
	return l.sum(node, d, log, -1)
}

// scores returns a softmax's input. Where some scores are masked they saturate at least
// maskGap below the others.
func (l *lowerer) scores(name string) (int, error) {
	v, bits := l.values[name], l.scoreBits()
	if _, ok := l.narrowed[name]; ok || v == nil || !v.masks {
		return l.narrowTo(name, bits)
	}
	bits++
	r := fixedpoint.Interval{Lo: -1 << bits, Hi: 1<<bits - 1}
	x, err := l.rescale(name, l.vals[name], min(l.exp(name, bits), coveringExp(min(v.lo-maskGap, 0), max(v.hi, 0), r.Lo, r.Hi)))
	if err != nil {
		return 0, err
	}
	return l.saturate(name, "Identity", x, r)
}
