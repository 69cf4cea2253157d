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
// of two, by L_0(τ)·P, L_1(τ)·P, …, the Lagrange polynomials of as many roots of unity in
// the order of gnark-crypto's domains. progress is told the fraction done.
func LagrangeG1(ctx context.Context, points []bn254.G1Affine, progress func(done float64)) error {
	return lagrange[bn254.G1Affine, g1](ctx, points, progress)
}

// LagrangeG2 is [LagrangeG1] in the second group.
func LagrangeG2(ctx context.Context, points []bn254.G2Affine, progress func(done float64)) error {
	return lagrange[bn254.G2Affine, g2](ctx, points, progress)
}

// lagrange is an inverse Fourier transform: the sum over all j of ω^(-ij)/n·points[j] at i.
// Each layer turns (u, v) into (u + v, w·(u - v)), for roots of unity w; the order of the
// result is that of reversed bits.
func lagrange[P any, C curve[P]](ctx context.Context, points []P, progress func(done float64)) error {
	n := len(points)
	domain := fft.NewDomain(uint64(n), fft.WithoutPrecompute())
	layers := bits.TrailingZeros(uint(n))
	report := func(layer int) {
		if progress != nil {
			progress(float64(layer) / float64(layers+1))
		}
	}
	if err := scale[P, C](ctx, points, points, []fr.Element{domain.CardinalityInv}, nil); err != nil {
		return err
	}
	roots := make([]fr.Element, n/2) // of this layer
	root := domain.GeneratorInv
	difference := make([]P, n/2)
	for layer := 0; layer < layers; layer++ {
		report(layer + 1)
		half := n >> (layer + 1)
		w := fr.One()
		for i := range roots[:half] {
			roots[i] = w
			w.Mul(&w, &root)
		}
		for i := half; i < len(roots); i++ {
			roots[i] = roots[i-half]
		}
		root.Square(&root)
		if err := Run(ctx, Parallel(n/2, scalePart, func(_ *Worker, lo, hi int) {
			butterflies[P, C](points, difference, half, lo, hi)
			if half > 1 {
				scaleSome[P, C](difference[lo:hi], difference[lo:hi], roots[lo:hi])
			}
			for k := lo; k < hi; k++ {
				points[k/half*2*half+k%half+half] = difference[k]
			}
		})...); err != nil {
			return err
		}
	}
	reverseBits(points)
	return nil
}

// butterflies sets the lower elements of a layer's pairs lo to hi-1, which are half apart,
// to their sums, and the differences apart.
func butterflies[P any, C curve[P]](points, difference []P, half, lo, hi int) {
	var c C
	sum, minus := make([]simd.Pair, hi-lo), make([]simd.Pair, hi-lo)
	for i := range sum {
		k := lo + i
		u := uint32(k/half*2*half + k%half)
		v := u + uint32(half)
		sum[i] = simd.Pair{A: 2 * u, B: 2 * v, Out: u}
		minus[i] = simd.Pair{A: 2 * u, B: 2*v + 1, Out: uint32(k)}
	}
	c.add(difference, points, points, minus)
	c.add(points, points, points, sum)
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
