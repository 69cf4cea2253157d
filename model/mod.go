package model

import "math"

// bindMod implements Mod (opsets 10 and 13): the result has the divisor's sign or, with
// fmod, the dividend's.
func bindMod(c *call) (*kernel, error) {
	fmod := false
	if err := c.attrs.Unpack("fmod?", &fmod); err != nil {
		return nil, err
	}
	b, err := newBroadcast(c.in...)
	if err != nil {
		return nil, err
	}
	k := returns(b.shape, c.in[0].typ, func(in []*Tensor, out *Tensor) {
		combine(b, out.Float, in[0].Float, in[1].Float, func(x, y float32) float32 { return float32(math.Mod(float64(x), float64(y))) })
	})
	if c.in[0].typ.IsFloat() {
		if !fmod {
			return nil, malformed("floats without fmod")
		}
		return k, nil
	}
	k.eval = func(in, out []*Tensor) error {
		for _, d := range in[1].Int {
			if d == 0 {
				return malformed("integer division by zero")
			}
		}
		combine(b, out[0].Int, in[0].Int, in[1].Int, func(x, y int64) int64 {
			r := x % y
			if !fmod && r != 0 && (r < 0) != (y < 0) {
				r += y
			}
			return r
		})
		return nil
	}
	return k, nil
}
