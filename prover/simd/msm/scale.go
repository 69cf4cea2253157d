package msm

import (
	"context"
	"fmt"
	"math/big"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/internal/secret"
	"github.com/nnark/nnark/prover/simd"
)

// scalePart is the number of points a task multiplies: its working space stays in the L2
// cache, and all of its batches of additions are full.
const scalePart = 1024

// ScaleG1 sets dst[i] to scalars[i]·src[i] for points that have nothing in common, where one
// scalar alone is for all points. dst may be src. progress is as for [MulG1]. It returns the
// context's error if cancelled. The scalars may be secrets to be overwritten: none of their
// digits stay behind.
func ScaleG1(ctx context.Context, dst, src []bn254.G1Affine, scalars []fr.Element, progress func(done int)) error {
	return scale[bn254.G1Affine, g1](ctx, dst, src, scalars, progress)
}

// ScaleG2 is [ScaleG1] in the second group. Points outside the subgroup of prime order are
// not multiplied correctly.
func ScaleG2(ctx context.Context, dst, src []bn254.G2Affine, scalars []fr.Element, progress func(done int)) error {
	return scale[bn254.G2Affine, g2](ctx, dst, src, scalars, progress)
}

func scale[P any, C curve[P]](ctx context.Context, dst, src []P, scalars []fr.Element, progress func(done int)) error {
	if len(dst) != len(src) || len(scalars) != len(src) && len(scalars) != 1 {
		panic(fmt.Sprintf("msm: %d points from %d, with %d scalars", len(dst), len(src), len(scalars)))
	}
	report := counter{report: progress}
	return Run(ctx, Parallel(len(src), scalePart, func(_ *Worker, lo, hi int) {
		part := scalars
		if len(scalars) > 1 {
			part = scalars[lo:hi]
		}
		secret.Do(func() { scaleSome[P, C](dst[lo:hi], src[lo:hi], part) })
		report.add(hi - lo)
	})...)
}

// scaleSome multiplies a few points.
func scaleSome[P any, C curve[P]](dst, src []P, scalars []fr.Element) {
	if len(src) == 0 {
		return
	}
	newMixer[P, C](src).mix(dst, scalars)
}

// mixer computes sums of multiples of the points at the same place of one or two lists, for
// several lists of scalars.
//
// The kernels add, and double only slowly; so all that is done is add. With the
// endomorphism λ a scalar is k1 + λ·k2 for two of half its length, and odd numbers below 2^n
// have n digits ±1, none of them 0. From the top, with P and Q for the points,
//
//	acc ← 2·acc ± P ± λP ± Q ± λQ = (acc ± D) + acc,
//
// where D is P ± λP ± Q ± λQ from a table. The signs of the halves go into the digits. To
// an even half 1 is added, and its point subtracted at the end.
type mixer[P any, C curve[P]] struct {
	n     int // points of a list
	lists int
	table []P // combination c of the points at i at c·n + i; then the points P, λP, Q, λQ
}

// newMixer makes the tables: a set bit j of a combination is a negative sign of term j+1.
func newMixer[P any, C curve[P]](src ...[]P) *mixer[P, C] {
	var c C
	m := &mixer[P, C]{n: len(src[0]), lists: len(src)}
	terms := 2 * m.lists
	combinations := 1 << (terms - 1)
	m.table = make([]P, (combinations+terms)*m.n)
	points := m.table[combinations*m.n:]
	for k, list := range src {
		for i, p := range list {
			points[2*k*m.n+i], points[(2*k+1)*m.n+i] = p, c.turn(p)
		}
	}
	copy(m.table, points[:m.n])
	pairs := make([]simd.Pair, 0, combinations*m.n)
	for j := range terms - 1 {
		for _, negative := range []int{1, 0} { // the positive ones replace what both are made of
			pairs = pairs[:0]
			for at := range uint32((1 << j) * m.n) {
				term := uint32((combinations+j+1)*m.n) + at%uint32(m.n)
				pairs = append(pairs, simd.Pair{A: 2 * at, B: 2*term + uint32(negative), Out: uint32(negative*(1<<j)*m.n) + at})
			}
			c.add(m.table, m.table, m.table, pairs)
		}
	}
	return m
}

// mix sets dst to the sums for scalars of each list; one alone is for all its points.
func (m *mixer[P, C]) mix(dst []P, scalars ...[]fr.Element) {
	var c C
	n, terms := m.n, 2*m.lists
	halves := make([]glvHalf, terms*n)
	defer clear(halves)
	length := 1
	for k, list := range scalars {
		for i := range n {
			h := halves[(2*k)*n:]
			if len(list) == 1 && i > 0 {
				h[i], h[n+i] = h[0], h[n]
				continue
			}
			h[i], h[n+i] = splitGLV(&list[i])
			length = max(length, h[i].k.bitLen(), h[n+i].k.bitLen())
		}
	}
	for i := range halves { // the top digits are 1
		halves[i].k[length/64] |= 1 << (length % 64)
	}
	acc, sum := make([]P, n), make([]P, n)
	pairs, twice := make([]simd.Pair, n), make([]simd.Pair, n)
	defer clear(pairs)
	for i := range acc {
		acc[i] = c.at(m.table, m.item(halves, i, length))
		twice[i] = simd.Pair{A: uint32(2 * i), B: uint32(2 * i), Out: uint32(i)}
	}
	for bit := length - 1; bit > 0; bit-- {
		for i := range pairs {
			pairs[i] = simd.Pair{A: uint32(2 * i), B: m.item(halves, i, bit), Out: uint32(i)}
		}
		c.add(sum, acc, m.table, pairs)
		c.add(acc, sum, acc, twice)
	}
	for j := range terms {
		more := pairs[:0]
		for i := range n {
			if h := &halves[j*n+i]; h.even {
				more = append(more, simd.Pair{A: uint32(2 * i), B: uint32(2*((1<<(terms-1)+j)*n+i)) | (1 ^ h.negative), Out: uint32(i)})
			}
		}
		c.add(acc, acc, m.table, more)
	}
	copy(dst, acc)
}

// item returns where in the table, and with which sign, is what the points at i add by the
// digits of their halves.
func (m *mixer[P, C]) item(halves []glvHalf, i, bit int) uint32 {
	first, combination := halves[i].digit(bit), uint32(0)
	for j := 1; j < 2*m.lists; j++ {
		combination |= (halves[j*m.n+i].digit(bit) ^ first) << (j - 1)
	}
	return 2*(combination*uint32(m.n)+uint32(i)) | first
}

// glvHalf is one half of a scalar, made odd.
type glvHalf struct {
	k        integer
	negative uint32 // 1 or 0
	even     bool   // the half is one less than k
}

// digit returns 1 if the half, with its sign, has the digit -1 at 2^(bit-1): an odd number with
// the bits b_i is the sum of 2^(i-1)·(2·b_i - 1) over 0 < i < n and 2^(n-1).
func (h *glvHalf) digit(bit int) uint32 { return h.k.bit(bit) ^ 1 ^ h.negative }

// bit returns bit i.
func (v integer) bit(i int) uint32 { return uint32(v[i/64]>>(i%64)) & 1 }

// splitGLV splits a scalar s along the short lattice vectors v1, v2 of pairs (a, b) with
// a + λ·b = 0: it takes off the multiples c1, c2 of them that are nearest to (s, 0), up to
// a rounding error that only makes the halves a little longer.
func splitGLV(s *fr.Element) (first, second glvHalf) {
	k := integer(s.Bits())
	var c [2]fr.Element
	var t fr.Element
	for i := range c {
		q := k.mulHigh(glv.quotient[i])
		c[i] = q.element()
		if glv.negative[i] {
			c[i].Neg(&c[i])
		}
	}
	half := [2]fr.Element{*s, {}}
	for i := range c {
		for j := range half {
			t.Mul(&c[i], &glv.v[i][j])
			half[j].Sub(&half[j], &t)
		}
	}
	return newHalf(&half[0]), newHalf(&half[1])
}

func newHalf(x *fr.Element) (h glvHalf) {
	v, negative := magnitude(x)
	if negative {
		h.negative = 1
	}
	if h.even = v[0]&1 == 0; h.even {
		v[0]++
	}
	h.k = v
	return h
}

// mulHigh returns v·w/2^320 for a product below 2^512, rounded down.
func (v integer) mulHigh(w integer) (q integer) {
	var p [8]uint64
	for i := range v {
		var carry uint64
		for j := range w {
			hi, lo := bits.Mul64(v[i], w[j])
			var c uint64
			lo, c = bits.Add64(lo, p[i+j], 0)
			hi += c
			lo, c = bits.Add64(lo, carry, 0)
			carry = hi + c
			p[i+j] = lo
		}
		p[i+4] = carry
	}
	q[0], q[1], q[2] = p[5], p[6], p[7]
	return q
}

// element returns an integer below 2^128 as a field element.
func (v integer) element() (e fr.Element) {
	var word fr.Element
	for i := 1; i >= 0; i-- {
		for range 64 {
			e.Double(&e)
		}
		word.SetUint64(v[i])
		e.Add(&e, &word)
	}
	return e
}

// glv holds what the endomorphism (x, y) → (root·x, y), which is λ·(x, y), needs.
var glv = func() (g struct {
	root     [2]fp.Element // for each group, a cube root of 1
	v        [2][2]fr.Element
	quotient [2]integer // 2^320 times what c1, c2 are of s, without sign
	negative [2]bool
}) {
	lambda := cubeRoot(fr.Modulus())
	var lattice ecc.Lattice
	ecc.PrecomputeLattice(fr.Modulus(), lambda, &lattice)
	for i, v := range [2]*[2]big.Int{&lattice.V1, &lattice.V2} {
		for j := range v {
			g.v[i][j].SetBigInt(&v[j])
		}
	}
	// (s, 0) = c1·v1 + c2·v2 for c1 = s·v2[1]/det and c2 = -s·v1[1]/det.
	det := new(big.Int).Mul(&lattice.V1[0], &lattice.V2[1])
	det.Sub(det, new(big.Int).Mul(&lattice.V1[1], &lattice.V2[0]))
	for i, over := range []*big.Int{&lattice.V2[1], new(big.Int).Neg(&lattice.V1[1])} {
		q := new(big.Int).Lsh(over, 320)
		q.Quo(q, det)
		g.negative[i] = q.Sign() < 0
		for j, word := range q.Abs(q).Bits() {
			g.quotient[i][j] = uint64(word)
		}
	}
	// Which of the two roots goes with λ, the generators say.
	_, _, p, q := bn254.Generators()
	var lp bn254.G1Affine
	lp.ScalarMultiplication(&p, lambda)
	var lq bn254.G2Affine
	lq.ScalarMultiplication(&q, lambda)
	g.root[0].Div(&lp.X, &p.X)
	var ratio bn254.E2
	ratio.Inverse(&q.X).Mul(&ratio, &lq.X)
	g.root[1] = ratio.A0
	return g
}()

// cubeRoot returns a root of x² + x + 1 modulo a prime.
func cubeRoot(modulus *big.Int) *big.Int {
	x := new(big.Int).ModSqrt(new(big.Int).Sub(modulus, big.NewInt(3)), modulus)
	x.Sub(x, big.NewInt(1))
	half := new(big.Int).ModInverse(big.NewInt(2), modulus)
	return x.Mul(x, half).Mod(x, modulus)
}
