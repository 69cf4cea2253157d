// Package simd holds the vector kernels of the prover on BN254: batches of
// independent affine point additions, products of field vectors, and Fourier
// transforms over the scalar field.
//
// Every kernel takes and returns gnark-crypto's own types in their canonical
// form, so that results do not depend on the level that computed them: the
// AVX-512 IFMA code, the AVX2 code, the generic code and gnark-crypto agree bit
// for bit.
//
// The level is chosen once, at start-up, from what the processor offers. Set
// NNARK_SIMD=generic in the environment to force the generic code, or avx2 to
// do without AVX-512; builds with the purego tag hold nothing but generic code.
package simd

import (
	"os"
	"slices"
)

// The levels Level can report.
const (
	generic = "generic"
	avx2    = "avx2" // with FMA
	ifma    = "avx512ifma"
)

var level = generic

func init() {
	supported := levels()
	level = supported[len(supported)-1]
	if want := os.Getenv("NNARK_SIMD"); slices.Contains(supported, want) {
		level = want
	}
}

// Level names the kernels in use: "avx512ifma", "avx2" or "generic".
func Level() string { return level }

// Pair is one addition of a batch over three point slices:
//
//	dst[Out] = ±a[A>>1] ± b[B>>1]
//
// where an odd A or B takes the point's negative. Negative applies it.
type Pair struct{ A, B, Out uint32 }

// batch is the number of additions that share one field inversion: enough to
// make its cost small, few enough to keep the scratch space in the L2 cache.
const batch = 512
