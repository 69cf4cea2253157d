package circuits

import (
	"fmt"
	"math/bits"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Bitwise is ONNX BitwiseAnd, BitwiseOr and BitwiseXor (https://onnx.ai/onnx/operators/onnx__BitwiseAnd.html,
// opset 18) of two tensors of integers with NumPy broadcasting: Name is And, Or or Xor. Negative
// integers are two's complements, of as many bits as there may be: the answer is the same for
// all widths that hold both.
//
// Cost: four constraints for each four bits of an element, one more digit where an operand may be
// negative, and a table of 256 rows and one of 16.
//
// Soundness: x and y are sums of digits in [0, 15], from the least on, and of a sign in [0, 1]
// that counts negative: each integer in one way. The lowest digit is what the others leave of the
// operand. All digits being such integers, 16·x_k + y_k is the row of one pair, and beside it stands
// that of out. (A pair alone would not do: 16·x_k + y_k is the same for x_k - 1 and y_k + 16.)
type Bitwise struct {
	Name string `json:"name"`

	x, y   broadcast
	digits int  // of four bits, without the sign
	signed bool // some operand may be negative
	out    Type
}

// digitBits is the width of the digits that are looked up.
const digitBits = 4

var bitwise = map[string]func(x, y int64) int64{
	"And": func(x, y int64) int64 { return x & y },
	"Or":  func(x, y int64) int64 { return x | y },
	"Xor": func(x, y int64) int64 { return x ^ y },
}

// Infer implements Op.
func (o *Bitwise) Infer(in []Type) (Type, error) {
	if err := checkInputs(in, 2); err != nil {
		return Type{}, err
	}
	shape, err := broadcastShape(in[0].Shape, in[1].Shape)
	if err != nil {
		return Type{}, err
	}
	if bitwise[o.Name] == nil || in[0].Exp != 0 || in[1].Exp != 0 {
		return Type{}, fmt.Errorf("bitwise %q of exponents %d and %d: %w", o.Name, in[0].Exp, in[1].Exp, ErrProgram)
	}
	all := in[0].Range.Union(in[1].Range)
	width := bits.Len64(uint64(max(all.Hi, ^all.Lo, 1)))
	o.x, o.y = newBroadcast(in[0].Shape, shape), newBroadcast(in[1].Shape, shape)
	o.digits, o.signed = (width+digitBits-1)/digitBits, all.Lo < 0
	o.out = Type{Shape: shape, Range: o.outRange(in[0].Range, in[1].Range, width)}
	if err := bounded(o.out.Range, nil); err != nil {
		return Type{}, fmt.Errorf("bits of integers in %v: %w", all, err)
	}
	return o.out, nil
}

// outRange returns what integers of so many bits give.
func (o *Bitwise) outRange(x, y fixedpoint.Interval, width int) fixedpoint.Interval {
	r := fixedpoint.Interval{Hi: 1<<width - 1}
	if o.signed {
		r.Lo = -1 << width
	}
	for _, k := range []fixedpoint.Interval{x, y} {
		if o.Name == "And" && k.Lo >= 0 { // no bits but these
			r.Lo, r.Hi = 0, min(r.Hi, k.Hi)
		}
		if o.Name == "Or" && k.Lo >= 0 && x.Lo >= 0 && y.Lo >= 0 { // all of these bits
			r.Lo = max(r.Lo, k.Lo)
		}
	}
	return r
}

// Eval implements Op.
func (o *Bitwise) Eval(in [][]int64) []int64 {
	out, f := make([]int64, o.out.Size()), bitwise[o.Name]
	for i := range out {
		out[i] = f(in[0][o.x.at(i)], in[1][o.y.at(i)])
	}
	return out
}

// Relate implements Op.
func (o *Bitwise) Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor) {
	f := bitwise[o.Name]
	pairs := b.Function("bitwise "+o.Name, fixedpoint.Interval{Hi: 1<<(2*digitBits) - 1}, func(p int64) int64 {
		return f(p>>digitBits, p&(1<<digitBits-1))
	})
	x, y, z := o.split(b, "x", o.x.tensor(in[0])), o.split(b, "y", o.y.tensor(in[1])), o.split(b, "z", out)
	for k := range x {
		most := int64(1<<digitBits - 1)
		if k == o.digits {
			most = 1 // the sign
		}
		for _, digit := range []relation.Tensor{x[k], y[k]} {
			b.Range(digit, fixedpoint.Interval{Hi: most})
		}
		b.Lookup(pairs, x[k].Times(1<<digitBits).Plus(y[k]), z[k])
	}
}

// split returns the digits of a tensor, from the least on: columns but for that one.
func (o *Bitwise) split(b *relation.Builder, name string, t relation.Tensor) []relation.Tensor {
	digits := []relation.Tensor{t}
	add := func(k int, weight, mask int64) {
		d := b.Column(fmt.Sprintf("%s digit %d", name, k), o.out.Shape, func(a *relation.Assignment) []int64 {
			v := a.Eval(t)
			for i := range v {
				v[i] = v[i] >> (digitBits * k) & mask
			}
			return v
		})
		digits = append(digits, d)
		digits[0] = digits[0].Minus(d.Times(weight))
	}
	for k := 1; k < o.digits; k++ {
		add(k, 1<<(digitBits*k), 1<<digitBits-1)
	}
	if o.signed {
		add(o.digits, -1<<(digitBits*o.digits), 1)
	}
	return digits
}
