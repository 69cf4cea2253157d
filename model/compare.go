package model

import "cmp"

// bindCompare implements Equal, Greater, GreaterOrEqual, Less and LessOrEqual.
func bindCompare(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	b, err := newBroadcast(c.in...)
	if err != nil {
		return nil, err
	}
	return returns(b.shape, Bool, func(in []*Tensor, out *Tensor) {
		if in[0].Float != nil {
			combine(b, out.Int, in[0].Float, in[1].Float, comparison[float32](c.op))
		} else {
			combine(b, out.Int, in[0].Int, in[1].Int, comparison[int64](c.op))
		}
	}), nil
}

func comparison[T cmp.Ordered](op string) func(x, y T) int64 {
	switch op {
	case "Greater":
		return func(x, y T) int64 { return truth(x > y) }
	case "GreaterOrEqual":
		return func(x, y T) int64 { return truth(x >= y) }
	case "Less":
		return func(x, y T) int64 { return truth(x < y) }
	case "LessOrEqual":
		return func(x, y T) int64 { return truth(x <= y) }
	}
	return func(x, y T) int64 { return truth(x == y) }
}

// bindLogic implements And, Or and Xor.
func bindLogic(c *call) (*kernel, error) {
	if err := c.attrs.Unpack(); err != nil {
		return nil, err
	}
	if c.in[0].typ.IsFloat() {
		return nil, malformed("inputs of type %v", c.in[0].typ)
	}
	b, err := newBroadcast(c.in...)
	if err != nil {
		return nil, err
	}
	f := map[string]func(x, y int64) int64{
		"And": func(x, y int64) int64 { return truth(x != 0 && y != 0) },
		"Or":  func(x, y int64) int64 { return truth(x != 0 || y != 0) },
		"Xor": func(x, y int64) int64 { return truth((x != 0) != (y != 0)) },
	}[c.op]
	return returns(b.shape, Bool, func(in []*Tensor, out *Tensor) {
		combine(b, out.Int, in[0].Int, in[1].Int, f)
	}), nil
}
