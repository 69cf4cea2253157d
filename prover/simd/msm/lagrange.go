package msm

import (
	"context"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"

	"github.com/nnark/nnark/prover/simd"
)

// SumG1 sets dst[g] to the sum over items[start[g]:start[g+1]] of ±src[item>>1], the
// negative for an odd item. start has one element more than dst. It returns the context's
// error if cancelled.
func SumG1(ctx context.Context, dst, src []bn254.G1Affine, items, start []uint32) error {
	return sum[bn254.G1Affine, g1](ctx, dst, src, items, start)
}

// SumG2 is [SumG1] in the second group.
func SumG2(ctx context.Context, dst, src []bn254.G2Affine, items, start []uint32) error {
	return sum[bn254.G2Affine, g2](ctx, dst, src, items, start)
}

func sum[P any, C curve[P]](ctx context.Context, dst, src []P, items, start []uint32) error {
	const part = 4096 // groups
	return Run(ctx, Parallel(len(dst), part, func(w *Worker, lo, hi int) {
		var c C
		sums[P, C](c.scratch(w), dst[lo:hi], src, items, start[lo:hi+1])
	})...)
}

// LagrangeG1 replaces the powers τ^0·P, τ^1·P, … of an unknown τ, of which there are a power
// of two or three times one, by L_0(τ)·P, L_1(τ)·P, …, the Lagrange polynomials of as many
// roots of unity in the order of the powers of [simd.RootOfUnity], which is that of
// gnark-crypto's domains. progress is told the fraction done.
func LagrangeG1(ctx context.Context, points []bn254.G1Affine, progress func(done float64)) error {
	return lagrange[bn254.G1Affine, g1](ctx, points, progress)
}

// LagrangeG2 is [LagrangeG1] in the second group.
func LagrangeG2(ctx context.Context, points []bn254.G2Affine, progress func(done float64)) error {
	return lagrange[bn254.G2Affine, g2](ctx, points, progress)
}

// lagrange is an inverse Fourier transform: the sum over all j of ω^(-ij)/n·points[j] at i, in
// the order of reversed bits until the end. Each layer cuts blocks into quarters, the first one
// into halves if n is no power of four.
func lagrange[P any, C curve[P]](ctx context.Context, points []P, progress func(done float64)) error {
	n := len(points)
	if n%3 == 0 {
		return thirds[P, C](ctx, points, progress)
	}
	domain := fft.NewDomain(uint64(n), fft.WithoutPrecompute())
	l := layer[P, C]{points: points, root: domain.GeneratorInv, scale: domain.CardinalityInv}
	for l.block = n; l.block > 1; {
		if progress != nil {
			progress(1 - float64(bits.Len(uint(l.block)))/float64(bits.Len(uint(n))))
		}
		parts, run := 4, l.quarters
		if bits.TrailingZeros(uint(l.block))%2 == 1 {
			parts, run = 2, l.halves
		}
		l.powers()
		if err := Run(ctx, Parallel(n/parts, scalePart/2, run)...); err != nil {
			return err
		}
		for range parts / 2 {
			l.root.Square(&l.root)
		}
		l.block /= parts
	}
	scaleSome[P, C](points[:1], points[:1], []fr.Element{l.scale})
	reverseBits(points)
	return nil
}

// thirds is [lagrange] of n = 3m points: what it gives at 3t + j is the transform at t of
//
//	ω^(-ji)/3·points[i] + ω^(-j(i+m))/3·points[i+m] + ω^(-j(i+2m))/3·points[i+2m],  i < m
func thirds[P any, C curve[P]](ctx context.Context, points []P, progress func(done float64)) error {
	n, m := len(points), len(points)/3
	w := simd.RootOfUnity(n)
	w.Inverse(&w)
	third := fr.NewElement(3)
	third.Inverse(&third)
	var parts [3][]P
	for j, step := 0, fr.One(); j < 3; j++ {
		powers := make([]fr.Element, n)
		x := third
		for i := range powers {
			powers[i] = x
			x.Mul(&x, &step)
		}
		step.Mul(&step, &w)
		part := make([]P, m)
		err := Run(ctx, Parallel(m, scalePart, func(_ *Worker, lo, hi int) {
			out, third := part[lo:hi], make([]P, hi-lo)
			newMixer[P, C](points[lo:hi], points[m+lo:m+hi]).mix(out, powers[lo:hi], powers[m+lo:m+hi])
			scaleSome[P, C](third, points[2*m+lo:2*m+hi], powers[2*m+lo:2*m+hi])
			pairs := make([]simd.Pair, hi-lo)
			for k := range pairs {
				pairs[k] = simd.Pair{A: uint32(2 * k), B: uint32(2 * k), Out: uint32(k)}
			}
			var c C
			c.add(out, out, third, pairs)
		})...)
		if err == nil {
			err = lagrange[P, C](ctx, part, func(done float64) {
				if progress != nil {
					progress((float64(j) + done) / 3)
				}
			})
		}
		if err != nil {
			return err
		}
		parts[j] = part
	}
	for j, part := range parts {
		for t := range part {
			points[3*t+j] = part[t]
		}
	}
	return nil
}

// layer is a layer of the transform. The first part of a block is a sum of others and takes
// no multiple. So the factor 1/n goes into all other parts of the first block, and remains
// to be applied to what is left of that at the end, one point.
type layer[P any, C curve[P]] struct {
	points []P
	block  int        // points of a block
	root   fr.Element // of unity, of order block
	scale  fr.Element // 1/n
	power  []fr.Element
}

// powers lists the roots' powers that a part of a block needs.
func (l *layer[P, C]) powers() {
	l.power = make([]fr.Element, l.block/2)
	w := fr.One()
	for i := range l.power {
		l.power[i] = w
		w.Mul(&w, &l.root)
	}
}

// place returns where the first of the k-th points of the parts of a block are, and the
// power that goes with them.
func (l *layer[P, C]) place(k, parts int) (at, i int) {
	size := l.block / parts
	return k/size*l.block + k%size, k % size
}

// factor returns the root to the power of i, times 1/n in the first block.
func (l *layer[P, C]) factor(at, i int) (f fr.Element) {
	f = l.power[i%len(l.power)]
	if i/len(l.power)%2 == 1 {
		f.Neg(&f)
	}
	if at < l.block {
		f.Mul(&f, &l.scale)
	}
	return f
}

// halves turns (a, b) into (a + b, w^i·(a - b)).
func (l *layer[P, C]) halves(_ *Worker, lo, hi int) {
	n := hi - lo
	difference := make([]P, n)
	add, sub := make([]simd.Pair, n), make([]simd.Pair, n)
	factors := make([]fr.Element, n)
	for k := range n {
		at, i := l.place(lo+k, 2)
		u, v := uint32(at), uint32(at+l.block/2)
		add[k], sub[k] = simd.Pair{A: 2 * u, B: 2 * v, Out: u}, simd.Pair{A: 2 * u, B: 2*v + 1, Out: uint32(k)}
		factors[k] = l.factor(at, i)
	}
	var c C
	c.add(difference, l.points, l.points, sub)
	c.add(l.points, l.points, l.points, add)
	scaleSome[P, C](difference, difference, factors)
	for k := range n {
		l.points[add[k].B/2] = difference[k]
	}
}

// quarters turns (a, b, c, d) into
//
//	a + b + c + d, w^2i·(a - b + c - d), w^i·(a - c) + ι·w^i·(b - d), w^3i·(a - c) - ι·w^3i·(b - d)
//
// for the root ι of order four: the second and the third are exchanged, as bits are reversed.
func (l *layer[P, C]) quarters(_ *Worker, lo, hi int) {
	n, q := hi-lo, uint32(l.block/4)
	sum, difference := make([]P, 2*n), make([]P, 2*n) // a + c, b + d; a - c, b - d
	add, sub := make([]simd.Pair, 2*n), make([]simd.Pair, 2*n)
	var factors [4][]fr.Element // of a - c and b - d, for the third and the fourth
	for j := range factors {
		factors[j] = make([]fr.Element, n)
	}
	square := make([]fr.Element, n)
	iota := l.power[len(l.power)/2]
	for k := range n {
		at, i := l.place(lo+k, 4)
		for j := range 2 {
			u, v, out := uint32(at)+uint32(j)*q, uint32(at)+uint32(j+2)*q, uint32(j*n+k)
			add[j*n+k], sub[j*n+k] = simd.Pair{A: 2 * u, B: 2 * v, Out: out}, simd.Pair{A: 2 * u, B: 2*v + 1, Out: out}
		}
		square[k], factors[0][k], factors[2][k] = l.factor(at, 2*i), l.factor(at, i), l.factor(at, 3*i)
		factors[1][k].Mul(&factors[0][k], &iota)
		factors[3][k].Mul(&factors[2][k], &iota).Neg(&factors[3][k])
	}
	var c C
	c.add(sum, l.points, l.points, add)
	c.add(difference, l.points, l.points, sub)
	first, second := add[:n], sub[:n]
	at := func(k int) uint32 { return add[n+k].A/2 - q }
	for k := range n {
		u, v := uint32(2*k), uint32(2*(n+k))
		first[k], second[k] = simd.Pair{A: u, B: v, Out: at(k)}, simd.Pair{A: u, B: v + 1, Out: uint32(k)}
	}
	c.add(l.points, sum, sum, first)
	c.add(sum, sum, sum, second)
	out, some := sum[:n], n
	if l.block == 4 { // w^2i is 1
		some = max(0, 1-lo)
	}
	scaleSome[P, C](out[:some], out[:some], square[:some])
	m := newMixer[P, C](difference[:n], difference[n:])
	for part := uint32(1); part < 4; part++ {
		if part > 1 {
			m.mix(out, factors[2*part-4], factors[2*part-3])
		}
		for k := range n {
			l.points[at(k)+part*q] = out[k]
		}
	}
}

// reverseBits permutes a slice of a power of two of elements.
func reverseBits[P any](v []P) {
	shift := bits.LeadingZeros64(uint64(len(v))) + 1
	for i := range v {
		if j := int(bits.Reverse64(uint64(i)) >> shift); i < j {
			v[i], v[j] = v[j], v[i]
		}
	}
}
