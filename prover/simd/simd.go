// Package simd holds the vector kernels of the prover on BN254: batches of
// independent affine point additions, products of field vectors, and Fourier
// transforms over the scalar field.
//
// Every kernel takes and returns gnark-crypto's own types in their canonical
// form, so that results do not depend on the level that computed them: the
// AVX-512 IFMA code, the generic code and gnark-crypto agree bit for bit.
//
// The level is chosen once, at start-up, from what the processor offers. Set
// NNARK_SIMD=generic in the environment to force the generic code; builds with
// the purego tag hold nothing else.
package simd

import "os"

// The levels Level can report.
const (
	generic = "generic"
	ifma    = "avx512ifma"
)

var level = generic

func init() {
	if os.Getenv("NNARK_SIMD") != generic && supported() {
		level = ifma
	}
}

// Level names the kernels in use: "avx512ifma" or "generic".
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
