//go:build amd64 && !purego

package simd

import (
	"math"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
)

// The kernels for AVX2 compute with doubles; see _asm/doubles.go.

//go:noescape
func addPass1Doubles(a, b *bn254.G1Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8)

//go:noescape
func addPass2Doubles(dst, a, b *bn254.G1Affine, pairs *Pair, n uint64, scratch *uint64, flags *uint8)

//go:noescape
func addPass1G2Doubles(a, b *bn254.G2Affine, pairs *Pair, n uint64, scratch *uint64, masks *uint8)

//go:noescape
func addPass2G2Doubles(dst, a, b *bn254.G2Affine, pairs *Pair, n uint64, scratch *uint64, flags *uint8)

func swapControl(word uint32) (old uint32)

const (
	doubleLanes = 4
	doubleWords = 5 * doubleLanes // of a vector of elements
	doubleBits  = 51              // of a limb
)

// invertDoubles replaces the four elements that lie at the beginning of scratch, in limbs of
// doubles, transposed, by 2^510/v mod p. They are not zero and below 1.25p in size.
func invertDoubles(scratch []uint64) {
	var x, prefix [doubleLanes]fp.Element
	acc := fp.One()
	for l := range x {
		x[l] = fp.Element(fromDoubles(scratch[l:], modulus))
		prefix[l] = acc
		acc.Mul(&acc, &x[l])
	}
	acc.Inverse(&acc)
	acc.Mul(&acc, &quarter)
	for l := doubleLanes - 1; l >= 0; l-- {
		var y fp.Element
		y.Mul(&acc, &prefix[l])
		acc.Mul(&acc, &x[l])
		toDoubles(scratch[l:], y)
	}
}

// quarter is 1/4: an element with words w is w/2^256, so its inverse has words 2^512/w.
var quarter = func() (q fp.Element) {
	q.SetUint64(4)
	return *q.Inverse(&q)
}()

// fromDoubles returns the words of an element -2p < v < 2p, reduced.
func fromDoubles(x []uint64, p [4]uint64) (w [4]uint64) {
	var l [5]uint64
	var carry int64
	for i := range l {
		t := int64(math.Float64frombits(x[doubleLanes*i])) + carry
		l[i], carry = uint64(t)&(1<<doubleBits-1), t>>doubleBits
		if i == 4 {
			l[i] = uint64(t)
		}
	}
	w = [4]uint64{l[0] | l[1]<<51, l[1]>>13 | l[2]<<38, l[2]>>26 | l[3]<<25, l[3]>>39 | l[4]<<12}
	for range 2 { // modulo 2^256, to [0, 4p)
		w, _ = addWords(w, p)
	}
	for range 3 {
		if r, borrow := subWords(w, p); borrow == 0 {
			w = r
		}
	}
	return w
}

// toDoubles is the inverse of fromDoubles, with balanced limbs.
func toDoubles(x []uint64, w [4]uint64) {
	l := [5]uint64{w[0], w[0]>>51 | w[1]<<13, w[1]>>38 | w[2]<<26, w[2]>>25 | w[3]<<39, w[3] >> 12}
	var carry int64
	for i := range l {
		t := int64(l[i]&(1<<doubleBits-1)) + carry
		if carry = 0; i < 4 && t >= 1<<(doubleBits-1) {
			t, carry = t-1<<doubleBits, 1
		}
		x[doubleLanes*i] = math.Float64bits(float64(t))
	}
}

func addWords(a, b [4]uint64) (r [4]uint64, carry uint64) {
	for i := range r {
		r[i], carry = bits.Add64(a[i], b[i], carry)
	}
	return r, carry
}

func subWords(a, b [4]uint64) (r [4]uint64, borrow uint64) {
	for i := range r {
		r[i], borrow = bits.Sub64(a[i], b[i], borrow)
	}
	return r, borrow
}

// reduceWords brings words modulo 2^256 of an element -p < v < 2p to [0, p).
func reduceWords(w, p [4]uint64) [4]uint64 {
	if w[3]>>63 == 1 {
		w, _ = addWords(w, p)
	} else if r, borrow := subWords(w, p); borrow == 0 {
		w = r
	}
	return w
}

func reduceG1(p *bn254.G1Affine) {
	p.X, p.Y = reduceWords(p.X, modulus), reduceWords(p.Y, modulus)
}

func reduceG2(p *bn254.G2Affine) {
	for _, e := range []*fp.Element{&p.X.A0, &p.X.A1, &p.Y.A0, &p.Y.A1} {
		*e = reduceWords(*e, modulus)
	}
}
