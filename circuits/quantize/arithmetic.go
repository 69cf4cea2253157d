package quantize

import (
	"fmt"
	"math"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// operands returns a node's inputs as values, constants at the scale of the others.
func (l *lowerer) operands(n *model.Node, names ...string) ([]int, error) {
	out := make([]int, len(names))
	e, slack := math.MinInt, 0
	for i, name := range names {
		if l.g.Const[name] != nil {
			continue
		}
		v, err := l.narrow(name)
		if err != nil {
			return nil, err
		}
		out[i], e, slack = v, max(e, l.p.Type(v).Exp), 2
	}
	for i, name := range names {
		if l.g.Const[name] != nil {
			v, err := l.known(n.Name, name, e, slack)
			if err != nil {
				return nil, err
			}
			out[i] = v
		}
	}
	return out, nil
}

// integersOf rounds reals to integers of an exponent, saturated far beyond any activation.
func integersOf(x []float64, exp int) (out circuits.Ints, err error) {
	all := fixedpoint.Interval{Lo: -1 << 50, Hi: 1 << 50}
	for _, v := range x {
		if math.IsInf(v, 0) {
			return nil, fmt.Errorf("constant %g: %w", v, model.ErrUnsupported)
		}
		q, err := fixedpoint.Quantize(v, exp, all)
		if err != nil {
			return nil, err
		}
		out = append(out, q)
	}
	return out, nil
}

// align brings values to one exponent, the finest of theirs; where that is far finer than
// the coarsest, the finer ones are rounded.
func (l *lowerer) align(node string, vs []int) ([]int, error) {
	least, e := math.MaxInt, math.MinInt
	for _, v := range vs {
		least, e = min(least, l.p.Type(v).Exp), max(e, l.p.Type(v).Exp)
	}
	e = min(e, least+l.bits+8)
	out := make([]int, len(vs))
	for i, v := range vs {
		v, err := l.rescale(node, v, e)
		if err != nil {
			return nil, err
		}
		if k := e - l.p.Type(v).Exp; k > 0 {
			if v, err = l.scale(node, v, 1<<k, k); err != nil {
				return nil, err
			}
		}
		out[i] = v
	}
	return out, nil
}

// scale returns factor·v, where the factor stands for factor·2^-exp.
func (l *lowerer) scale(node string, v int, factor int64, exp int) (int, error) {
	return l.emit(node+"/scale", &circuits.Scale{Shape: []int{}, Exp: exp, Factors: circuits.Ints{factor}}, v)
}

// sum returns x + sign·y.
func (l *lowerer) sum(node string, x, y int, sign int64) (int, error) {
	vs, err := l.align(node, []int{x, y})
	if err != nil {
		return 0, err
	}
	return l.emit(node, &circuits.Add{Scale: [2]int64{1, sign}, Exp: l.p.Type(vs[0]).Exp}, vs...)
}

// wide returns the exact accumulators that a graph value with one consumer still is, if it
// is no activation yet: adding a constant and scaling by a power of two keep them exact.
func (l *lowerer) wide(name string) (v int, ok bool) {
	v, ok = l.vals[name]
	_, narrowed := l.narrowed[name]
	t := l.p.Type(v)
	return v, ok && !narrowed && l.sole(name) != nil && t.Range.Hi-t.Range.Lo >= 2<<l.bits
}

// add lowers Add and Sub. A constant is added to accumulators as they are.
func (l *lowerer) add(n *model.Node) error {
	if err := n.Attrs.Unpack("axis?", new(int), "broadcast?", new(int)); err != nil {
		return err
	}
	sign := int64(1)
	if n.Op == "Sub" {
		sign = -1
	}
	var vs []int
	var err error
	a, b := n.Inputs[0], n.Inputs[1]
	if x, ok := l.wide(a); ok && l.g.Const[b] != nil {
		vs = []int{x, 0}
		vs[1], err = l.known(n.Name, b, l.p.Type(x).Exp, 0)
	} else if y, ok := l.wide(b); ok && l.g.Const[a] != nil {
		vs = []int{0, y}
		vs[0], err = l.known(n.Name, a, l.p.Type(y).Exp, 0)
	} else {
		vs, err = l.operands(n, a, b)
	}
	if err != nil {
		return err
	}
	v, err := l.sum(n.Name, vs[0], vs[1], sign)
	return l.done(n, v, err)
}

// variadic lowers Sum and Mean.
func (l *lowerer) variadic(n *model.Node) error {
	if err := n.Attrs.Unpack(); err != nil {
		return err
	}
	vs, err := l.operands(n, n.Inputs...)
	if err != nil {
		return err
	}
	v := vs[0]
	for _, w := range vs[1:] {
		if v, err = l.sum(n.Name, v, w, 1); err != nil {
			return err
		}
	}
	if n.Op == "Mean" {
		factor, exp := l.inverse(len(vs))
		v, err = l.scale(n.Name, v, factor, exp)
	}
	return l.done(n, v, err)
}

// inverse returns factor·2^-exp ≈ 1/n, exact for powers of two.
func (l *lowerer) inverse(n int) (factor int64, exp int) { return inverse(n, l.bits+3) }

// inverse is the lowerer's, to so many bits.
func inverse(n, precision int) (factor int64, exp int) {
	exp = bits.Len(uint(n)) - 1
	if n&(n-1) == 0 {
		return 1, exp
	}
	exp += precision
	return int64(math.Round(math.Ldexp(1, exp) / float64(n))), exp
}

// mul lowers Mul: by a constant it is a Scale.
func (l *lowerer) mul(n *model.Node) error {
	if err := n.Attrs.Unpack("axis?", new(int), "broadcast?", new(int)); err != nil {
		return err
	}
	for i, name := range n.Inputs {
		if c, shape, ok := l.constant(name); ok {
			return l.scaleBy(n, n.Inputs[1-i], c, shape, l.isLiteral(name))
		}
	}
	vs, err := l.operands(n, n.Inputs...)
	if err != nil {
		return err
	}
	v, err := l.emit(n.Name, new(circuits.Mul), vs...)
	return l.done(n, v, err)
}

// scaleBy lowers the product of a value and a constant c: by weights it is a product, by
// literals a Scale, which if they are powers of two of one size only changes the exponent and
// sign; else c's largest element gets two bits more than activations.
func (l *lowerer) scaleBy(n *model.Node, name string, c []float64, shape []int, literal bool) error {
	if x, ok := l.integral(name); ok && x.step == 1 && !literal && len(c) == 1 && c[0] != 0 {
		return l.dequantize(n, x, c[0])
	}
	if !literal {
		v, err := l.narrow(name)
		if err != nil {
			return err
		}
		p, err := l.parameter(n.Name, c, shape, circuits.MaxExp)
		if err != nil {
			return err
		}
		v, err = l.emit(n.Name, new(circuits.Mul), v, p)
		return l.done(n, v, err)
	}
	most := 0.
	for _, v := range c {
		most = max(most, math.Abs(v))
	}
	v, isWide := l.wide(name)
	frac, exp := math.Frexp(most) // most = frac·2^exp
	exp = 1 - exp
	same := !slices.ContainsFunc(c, func(v float64) bool { return math.Abs(v) != most })
	if most == 0 {
		exp = 0
	} else if least, ok := leastPower(c); ok {
		exp = max(exp, -least)
	} else if frac != 0.5 || !same {
		exp += l.bits + 2
		isWide = false
	}
	factors, err := integersOf(c, exp)
	if err != nil {
		return err
	}
	if !isWide {
		if v, err = l.narrow(name); err != nil {
			return err
		}
	}
	v, err = l.emit(n.Name, &circuits.Scale{Shape: slices.Clone(shape), Exp: exp, Factors: factors}, v)
	return l.done(n, v, err)
}

// leastPower returns the least k of numbers ±2^k, and false if some number is none.
func leastPower(c []float64) (least int, ok bool) {
	least = math.MaxInt
	for _, v := range c {
		frac, e := math.Frexp(math.Abs(v))
		if frac != 0.5 {
			return 0, false
		}
		least = min(least, e-1)
	}
	return least, len(c) > 0
}

// neg lowers Neg.
func (l *lowerer) neg(n *model.Node) error {
	if err := n.Attrs.Unpack(); err != nil {
		return err
	}
	return l.scaleBy(n, n.Inputs[0], []float64{-1}, nil, true)
}
