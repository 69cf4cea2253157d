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

// scaleSome multiplies a few points. The kernels add, and double only slowly; so all that is
// done is add. With the endomorphism λ a scalar is k1 + λ·k2 for two of half its length, and
// odd numbers below 2^n have n digits ±1, none of them 0. From the top,
//
//	acc ← 2·acc ± P ± λP = (acc ± D) + acc  for D = P + λP or P - λP,
//
// where P stands for a multiple by the sign of k1, and λP by that of k2. To an even half 1
// is added, and its point subtracted at the end.
func scaleSome[P any, C curve[P]](dst, src []P, scalars []fr.Element) {
	var c C
	n := len(src)
	halves := make([]glvHalves, len(scalars))
	defer clear(halves)
	length := 1
	for i := range scalars {
		halves[i] = splitGLV(&scalars[i])
		length = max(length, halves[i].k[0].bitLen(), halves[i].k[1].bitLen())
	}
	of := func(i int) *glvHalves { return &halves[min(i, len(halves)-1)] }

	// D for equal digits, then for unequal ones; then P and λP, with their signs.
	table := make([]P, 4*n)
	pairs := make([]simd.Pair, n)
	defer clear(pairs)
	for i := range src {
		table[2*n+i], table[3*n+i] = src[i], c.turn(src[i])
	}
	for unequal := range 2 {
		for i := range pairs {
			h := of(i)
			pairs[i] = simd.Pair{A: uint32(2*(2*n+i)) | h.sign[0], B: uint32(2*(3*n+i)) | h.sign[1] ^ uint32(unequal), Out: uint32(unequal*n + i)}
		}
		c.add(table, table, table, pairs)
	}
	acc, sum := make([]P, n), make([]P, n)
	copy(acc, table[:n])
	twice := make([]simd.Pair, n)
	for i := range twice {
		twice[i] = simd.Pair{A: uint32(2 * i), B: uint32(2 * i), Out: uint32(i)}
	}
	for bit := length - 1; bit > 0; bit-- {
		for i := range pairs {
			h := of(i)
			d0, d1 := h.k[0].bit(bit), h.k[1].bit(bit) // 0 for the digit -1
			pairs[i] = simd.Pair{A: uint32(2 * i), B: 2*((d0^d1)*uint32(n)+uint32(i)) | (1 - d0), Out: uint32(i)}
		}
		c.add(sum, acc, table, pairs)
		c.add(acc, sum, acc, twice)
	}
	subtractEven[P, C](acc, table, pairs[:0], of)
	copy(dst, acc)
}

// subtractEven subtracts the points that were added to make halves odd.
func subtractEven[P any, C curve[P]](acc, table []P, pairs []simd.Pair, of func(i int) *glvHalves) {
	var c C
	n := len(acc)
	for i := range acc {
		h := of(i)
		var at int
		switch {
		case h.even == [2]bool{true, true}:
			at = 2 * i
		case h.even[0]:
			at = 2*(2*n+i) | int(h.sign[0])
		case h.even[1]:
			at = 2*(3*n+i) | int(h.sign[1])
		default:
			continue
		}
		pairs = append(pairs, simd.Pair{A: uint32(2 * i), B: uint32(at) ^ 1, Out: uint32(i)})
	}
	c.add(acc, acc, table, pairs)
}

// bit returns bit i.
func (v integer) bit(i int) uint32 { return uint32(v[i/64]>>(i%64)) & 1 }

// glvHalves is a scalar as ±k[0] ± λ·k[1], both made odd.
type glvHalves struct {
	k    [2]integer
	sign [2]uint32 // 1 for a negative half
	even [2]bool   // the half is one less than k
}

// splitGLV splits a scalar s along the short lattice vectors v1, v2 of pairs (a, b) with
// a + λ·b = 0: it takes off the multiples c1, c2 of them that are nearest to (s, 0), up to
// a rounding error that only makes the halves a little longer.
func splitGLV(s *fr.Element) (h glvHalves) {
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
	for j := range half {
		v, negative := magnitude(&half[j])
		if negative {
			h.sign[j] = 1
		}
		if h.even[j] = v[0]&1 == 0; h.even[j] {
			v[0]++
		}
		h.k[j] = v
	}
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
