package statement

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// ErrPacking means that integers or field elements are not those of a packed tensor.
var ErrPacking = errors.New("not a packed tensor")

// Packing is how integers in [Lo, Hi] share field elements. With B = Hi-Lo+1 and the largest
// k with B^k <= 2^253, element m is
//
//	Σ_{i<k} (q[mk+i]-Lo)·B^i
//
// and the last may hold fewer digits. 2^253 is below the field's order, so an element fixes
// its digits.
type Packing struct{ Lo, Hi int64 }

// Digits returns k, the integers to an element.
func (p Packing) Digits() int { return digitsPerElement(p.width()) }

// Elements returns how many elements so many integers take.
func (p Packing) Elements(size int) int {
	k := p.Digits()
	return (size + k - 1) / k
}

// Pack packs integers. It fails unless all are in [Lo, Hi].
func (p Packing) Pack(q []int64) ([]fr.Element, error) {
	for i, x := range q {
		if x < p.Lo || x > p.Hi {
			return nil, fmt.Errorf("integer %d is %d, outside [%d, %d]: %w", i, x, p.Lo, p.Hi, ErrPacking)
		}
	}
	width, k := p.width(), p.Digits()
	out := make([]fr.Element, 0, (len(q)+k-1)/k)
	for len(q) > 0 {
		n := min(k, len(q))
		var x uint256
		for i := n - 1; i >= 0; i-- {
			x.mulAdd(width, uint64(q[i])-uint64(p.Lo))
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

// Unpack is the inverse of [Packing.Pack] for so many integers. It fails when the number of
// elements is not theirs, or when an element is not below B^(digits it holds): integers have
// one encoding.
func (p Packing) Unpack(size int, e []fr.Element) ([]int64, error) {
	width, k := p.width(), p.Digits()
	if len(e) != p.Elements(size) {
		return nil, fmt.Errorf("%d elements, %d expected: %w", len(e), p.Elements(size), ErrPacking)
	}
	q := make([]int64, 0, size)
	for m := range e {
		x := newUint256(&e[m])
		for range min(k, size-m*k) {
			q = append(q, int64(x.divRem(width)+uint64(p.Lo)))
		}
		if x != (uint256{}) {
			return nil, fmt.Errorf("element %d holds more than its digits: %w", m, ErrPacking)
		}
	}
	return q, nil
}

// width is B-1: B itself may be 2^64.
func (p Packing) width() uint64 { return uint64(p.Hi) - uint64(p.Lo) }

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
