package model

// elemType is the attribute under which nodes carry the element type of their operands where their
// answer depends on its width, and Constant that of its tensor: tensors do not hold it.
const elemType = "elem_type"

// typed are the operators whose answer depends on the width of their operands' type.
var typed = map[string]bool{"BitShift": true, "BitwiseNot": true}

// keepType notes the type of a node's operands: that of one that is computed, if there is one.
func (n *Node) keepType(in []*fact) {
	if !typed[n.Op] {
		return
	}
	typ := Undefined
	for _, f := range in {
		if f != nil && (typ == Undefined || f.value == nil) {
			typ = f.typ
		}
	}
	n.Attrs[elemType] = int(typ)
}

// bindBitwise implements BitwiseAnd, BitwiseOr and BitwiseXor (opset 18).
func bindBitwise(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	if c.in[0].typ.IsFloat() || c.in[0].typ == Bool {
		return nil, malformed("inputs of type %v", c.in[0].typ)
	}
	b, err := newBroadcast(c.in...)
	if err != nil {
		return nil, err
	}
	f := map[string]func(x, y int64) int64{
		"BitwiseAnd": func(x, y int64) int64 { return x & y },
		"BitwiseOr":  func(x, y int64) int64 { return x | y },
		"BitwiseXor": func(x, y int64) int64 { return x ^ y },
	}[c.op]
	return returns(b.shape, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		combine(b, out.Int, in[0].Int, in[1].Int, f)
	}), nil
}

// bindBitwiseNot implements BitwiseNot (opset 18).
func bindBitwiseNot(c *call) (*kernel, error) {
	var typ int
	if err := c.attrs.Unpack(elemType, &typ); err != nil {
		return nil, err
	}
	switch t := ElemType(typ); {
	case t == Undefined || t == Bool || t.IsFloat():
		return nil, malformed("input of type %v", t)
	case t == Uint64:
		return nil, unsupported("input of type %v: the answers are beyond 2^63", t)
	default:
		return mapInts(c.in[0], t, func(x int64) int64 { return wrapInt(^x, t) }), nil
	}
}

// bindBitShift implements BitShift (opset 11). Bits that leave the type's width are lost, all of
// them where the amount is no less than that.
func bindBitShift(c *call) (*kernel, error) {
	var typ int
	var direction string
	if err := c.attrs.Unpack(elemType, &typ, "direction", &direction); err != nil {
		return nil, err
	}
	t := ElemType(typ)
	width := t.Bits()
	switch {
	case t == Int64: // of a constant; files have none
		return nil, unsupported("inputs whose unsigned type is not known")
	case t < Uint8 || t > Uint64:
		return nil, malformed("inputs of type %v, want unsigned integers", t)
	case direction != "LEFT" && direction != "RIGHT":
		return nil, malformed("direction %q", direction)
	}
	b, err := newBroadcast(c.in...)
	if err != nil {
		return nil, err
	}
	k := returns(b.shape, t, nil)
	k.eval = func(in, out []*Tensor) error {
		var failed error
		combine(b, out[0].Int, in[0].Int, in[1].Int, func(x, y int64) int64 {
			switch {
			case y < 0:
				failed = malformed("a shift by %d", y)
				return 0
			case y >= int64(width):
				return 0
			case direction == "RIGHT":
				return x >> y
			}
			if r := uint64(x) << y; t == Uint64 && r>>63 != 0 {
				failed = unsupported("%d shifted by %d is beyond 2^63", x, y)
			}
			return wrapInt(x<<y, t)
		})
		return failed
	}
	return k, nil
}
