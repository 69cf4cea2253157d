package quantize

import (
	"fmt"
	"math/bits"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
)

// bitwise lowers BitwiseAnd, BitwiseOr and BitwiseXor.
func (l *lowerer) bitwise(n *model.Node) error {
	if err := n.Attrs.Unpack(); err != nil {
		return err
	}
	x, err := l.exact(n.Name, n.Inputs[0])
	if err != nil {
		return err
	}
	y, err := l.exact(n.Name, n.Inputs[1])
	if err != nil {
		return err
	}
	v, err := l.emit(n.Name, &circuits.Bitwise{Name: n.Op[len("Bitwise"):]}, x, y)
	return l.done(n, v, err)
}

// typed returns an operand's integers, which a type must hold.
func (l *lowerer) typed(n *model.Node, name string, typ model.ElemType) (int, error) {
	v, err := l.exact(n.Name, name)
	if err != nil {
		return 0, err
	}
	lo, hi := typ.Bounds()
	if t := l.p.Type(v); t.Range.Lo < lo || t.Range.Hi > hi {
		return 0, fmt.Errorf("operand %q in %v, shape %v, which %v does not hold: keep it there by Clip before: %w", name, t.Range, t.Shape, typ, model.ErrUnsupported)
	}
	return v, nil
}

// bitwiseNot lowers BitwiseNot: -1 - x, and of unsigned integers what is missing to the largest.
func (l *lowerer) bitwiseNot(n *model.Node) error {
	var typ int
	if err := n.Attrs.Unpack("elem_type", &typ); err != nil {
		return err
	}
	lo, hi := model.ElemType(typ).Bounds()
	x, err := l.typed(n, n.Inputs[0], model.ElemType(typ))
	if err != nil {
		return err
	}
	all := int64(-1)
	if lo == 0 {
		all = hi
	}
	c, err := l.emit(n.Name+"/ones", &circuits.Constant{Shape: []int{}, Values: circuits.Ints{all}})
	if err != nil {
		return err
	}
	v, err := l.emit(n.Name, &circuits.Add{Scale: [2]int64{1, -1}}, c, x)
	return l.done(n, v, err)
}

// bitShift lowers BitShift: a product by a power of two, of which the type keeps the low bits, or the
// quotient.
func (l *lowerer) bitShift(n *model.Node) error {
	var typ int
	var direction string
	if err := n.Attrs.Unpack("elem_type", &typ, "direction", &direction); err != nil {
		return err
	}
	t := model.ElemType(typ)
	x, err := l.typed(n, n.Inputs[0], t)
	if err != nil {
		return err
	}
	if c := l.g.Const[n.Inputs[1]]; c != nil {
		v, err := l.shiftBy(n, x, c, t, direction)
		return l.done(n, v, err)
	}
	by, err := l.typed(n, n.Inputs[1], t)
	if err != nil {
		return err
	}
	width := t.Bits()
	if direction == "RIGHT" { // more bits than there are leave nothing
		width = bits.Len64(uint64(l.p.Type(x).Range.Hi))
	}
	width = min(width, int(l.p.Type(by).Range.Hi))
	if width > 52 {
		return fmt.Errorf("shifts of integers in %v by up to %d: %w", l.p.Type(x).Range, l.p.Type(by).Range.Hi, circuits.ErrBound)
	}
	power, err := l.emit(n.Name+"/power", &circuits.Function{Name: "Exp2", Out: fixedpoint.Interval{Lo: 1, Hi: 1 << max(width, 1)}}, by)
	if err != nil {
		return err
	}
	if direction == "RIGHT" {
		v, err := l.emit(n.Name, &circuits.Div{Floor: true}, x, power)
		return l.done(n, v, err)
	}
	v, err := l.emit(n.Name, new(circuits.Mul), x, power)
	if err == nil && t.Bits() <= 52 && l.p.Type(v).Range.Hi >= 1<<t.Bits() {
		var all int
		if all, err = l.emit(n.Name+"/all", &circuits.Constant{Shape: []int{}, Values: circuits.Ints{1 << t.Bits()}}); err == nil {
			v, err = l.emit(n.Name+"/kept", new(circuits.Mod), v, all)
		}
	}
	return l.done(n, v, err)
}

// shiftBy shifts by constants.
func (l *lowerer) shiftBy(n *model.Node, x int, by *model.Tensor, t model.ElemType, direction string) (int, error) {
	width := int64(bits.Len64(uint64(l.p.Type(x).Range.Hi)))
	shape, powers := append([]int{}, by.Shape...), make(circuits.Ints, len(by.Int))
	if direction == "RIGHT" {
		for i, y := range by.Int {
			powers[i] = 1 << min(y, width)
		}
		c, err := l.emit(n.Name+"/powers", &circuits.Constant{Shape: shape, Values: powers})
		if err != nil {
			return 0, err
		}
		return l.emit(n.Name, &circuits.Div{Floor: true}, x, c)
	}
	kept, loses := make(circuits.Ints, len(by.Int)), false // one more than the largest that stays
	for i, y := range by.Int {
		stay := max(int64(t.Bits())-y, 0)
		kept[i], loses = 1<<min(stay, width), loses || stay < width
		powers[i] = 1
		if stay > 0 {
			powers[i] = 1 << min(y, 62)
		}
	}
	if loses {
		c, err := l.emit(n.Name+"/kept", &circuits.Constant{Shape: shape, Values: kept})
		if err != nil {
			return 0, err
		}
		if x, err = l.emit(n.Name+"/low", new(circuits.Mod), x, c); err != nil {
			return 0, err
		}
	}
	return l.emit(n.Name, &circuits.Scale{Shape: shape, Factors: powers}, x)
}
