package msm

import (
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// integer is a non-negative integer below 2^256, least significant word first.
type integer [4]uint64

// scalarBits bounds the bit length of a scalar's magnitude, at most (r-1)/2.
const scalarBits = 253

// magnitude returns |v| and v's sign for the integer v of least magnitude that
// s stands for.
func magnitude(s *fr.Element) (v integer, negative bool) {
	v = integer(s.Bits())
	if v[3] < halfModulus[3] {
		return v, false
	}
	w := modulus.minus(v)
	if w.less(v) {
		return w, true
	}
	return v, false
}

var modulus, halfModulus = func() (integer, integer) {
	var minusOne, half fr.Element
	minusOne.SetOne().Neg(&minusOne)
	half.Set(&minusOne).Halve()
	r := integer(minusOne.Bits())
	r[0]++ // r is odd, so r-1 is even
	return r, integer(half.Bits())
}()

func (v integer) minus(w integer) (d integer) {
	var borrow uint64
	for i := range v {
		d[i], borrow = bits.Sub64(v[i], w[i], borrow)
	}
	return d
}

func (v integer) plus(w integer) (d integer) {
	var carry uint64
	for i := range v {
		d[i], carry = bits.Add64(v[i], w[i], carry)
	}
	return d
}

func (v integer) less(w integer) bool {
	for i := 3; i > 0; i-- {
		if v[i] != w[i] {
			return v[i] < w[i]
		}
	}
	return v[0] < w[0]
}

func (v integer) bitLen() int {
	for i := 3; i >= 0; i-- {
		if v[i] != 0 {
			return 64*i + bits.Len64(v[i])
		}
	}
	return 0
}

// digits describes the signed digits, in [-2^(c-1), 2^(c-1)], of integers of
// up to a given bit length in base 2^c.
type digits struct {
	c       uint
	windows uint
	offset  integer // 2^(c-1) in every window but the last
}

func newDigits(bitLen int, c uint) digits {
	d := digits{c: c, windows: (uint(bitLen) + c) / c} // one bit more for the sign
	for w := range d.windows - 1 {
		bit := d.c*w + c - 1
		d.offset[bit/64] |= 1 << (bit % 64)
	}
	return d
}

// recode prepares v for digit, once for all windows.
func (d *digits) recode(v integer) integer { return v.plus(d.offset) }

// window sets dst to the digits of recoded integers in window w: twice the
// magnitude, plus 1 for a negative digit.
func (d *digits) window(dst []uint32, v []integer, w uint) {
	at := d.c * w
	word, shift := at/64, at%64
	split := shift+d.c > 64 && word < 3
	mask, half := uint64(1)<<d.c-1, int64(1)<<(d.c-1)
	if w+1 == d.windows {
		half = 0
	}
	for i := range dst {
		x := v[i][word] >> shift
		if split {
			x |= v[i][word+1] << (64 - shift)
		}
		digit := int64(x&mask) - half
		sign := digit >> 63
		dst[i] = uint32((digit^sign)-sign)<<1 | uint32(sign&1)
	}
}
