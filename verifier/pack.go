package verifier

import (
	"encoding/binary"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Pack encodes the integers q of a public tensor as field elements. With
// B = Hi-Lo+1 and the largest k with B^k <= 2^253, element m is
// sum over i < k of (q[mk+i]-Lo) * B^i; the last element may hold fewer digits.
// It fails unless q has t.Size() integers, all in [Lo, Hi].
func Pack(t *TensorCard, q []int64) ([]fr.Element, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	if len(q) != t.Size() {
		return nil, malformed("tensor %q: %d integers, %d expected", t.Name, len(q), t.Size())
	}
	for i, x := range q {
		if x < t.Lo || x > t.Hi {
			return nil, malformed("tensor %q: integer %d is %d, outside [%d, %d]", t.Name, i, x, t.Lo, t.Hi)
		}
	}
	width, k := t.width(), digitsPerElement(t.width())
	out := make([]fr.Element, 0, (len(q)+k-1)/k)
	for len(q) > 0 {
		n := min(k, len(q))
		var x uint256
		for i := n - 1; i >= 0; i-- {
			x.mulAdd(width, uint64(q[i])-uint64(t.Lo))
		}
		e, err := x.element()
		if err != nil {
			return nil, err
		}
		out = append(out, e)
		q = q[n:]
	}
	return out, nil
}

// Unpack is the inverse of [Pack]. It fails when the number of elements is not
// that of the tensor, or when an element is not below B^(digits it holds):
// every tensor has one encoding.
func Unpack(t *TensorCard, e []fr.Element) ([]int64, error) {
	if err := t.check(); err != nil {
		return nil, err
	}
	width, k, size := t.width(), digitsPerElement(t.width()), t.Size()
	if len(e) != (size+k-1)/k {
		return nil, malformed("tensor %q: %d elements, %d expected", t.Name, len(e), (size+k-1)/k)
	}
	q := make([]int64, 0, size)
	for m := range e {
		x := newUint256(&e[m])
		for range min(k, size-m*k) {
			q = append(q, int64(x.divRem(width)+uint64(t.Lo)))
		}
		if x != (uint256{}) {
			return nil, malformed("tensor %q: element %d holds more than its digits", t.Name, m)
		}
	}
	return q, nil
}

// width is B-1 for the tensor's base B, which itself may be 2^64.
func (t *TensorCard) width() uint64 { return uint64(t.Hi) - uint64(t.Lo) }

// maxDigits is the number of digits per element for the least base, 2.
const maxDigits = 253

// digitsPerElement returns the largest k <= maxDigits with (width+1)^k <= 2^253.
func digitsPerElement(width uint64) int {
	limit := uint256{0, 0, 0, 1 << 61}
	x, k := uint256{1}, 0
	for k < maxDigits && x.mulAdd(width, 0) == 0 && !limit.less(&x) {
		k++
	}
	return k
}

// uint256 is an unsigned integer in limbs of 64 bits, least significant first.
type uint256 [4]uint64

func newUint256(e *fr.Element) (x uint256) {
	b := e.Bytes()
	for i := range x {
		x[i] = binary.BigEndian.Uint64(b[8*(3-i):])
	}
	return x
}

func (x *uint256) element() (e fr.Element, err error) {
	var b [fr.Bytes]byte
	for i := range x {
		binary.BigEndian.PutUint64(b[8*(3-i):], x[i])
	}
	err = e.SetBytesCanonical(b[:])
	return e, err
}

func (x *uint256) less(y *uint256) bool {
	for i := 3; i >= 0; i-- {
		if x[i] != y[i] {
			return x[i] < y[i]
		}
	}
	return false
}

// mulAdd sets x = x*(width+1) + d and returns what exceeds 256 bits.
func (x *uint256) mulAdd(width, d uint64) (carry uint64) {
	carry = d
	for i := range x {
		// (2^64-1)^2 + 2(2^64-1) = 2^128-1: hi does not overflow.
		hi, lo := bits.Mul64(x[i], width)
		lo, c1 := bits.Add64(lo, x[i], 0)
		lo, c2 := bits.Add64(lo, carry, 0)
		x[i], carry = lo, hi+c1+c2
	}
	return carry
}

// divRem sets x = floor(x / (width+1)) and returns the remainder.
func (x *uint256) divRem(width uint64) (rem uint64) {
	base := width + 1
	if base == 0 { // 2^64
		rem = x[0]
		*x = uint256{x[1], x[2], x[3], 0}
		return rem
	}
	for i := 3; i >= 0; i-- {
		x[i], rem = bits.Div64(rem, x[i], base)
	}
	return rem
}
