// Package msm adds up some hundreds of scaled points, in little code.
package msm

import (
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Sum returns Σ scalars[i]·points[i] by buckets (Pippenger's method): gnark-crypto's is faster for thousands of
// points, of which there are some hundreds, and makes a small program large.
func Sum(points []bn254.G1Affine, scalars []fr.Element) bn254.G1Affine {
	window := max(3, bits.Len(uint(len(points)))-2)
	digits := make([][fr.Limbs]uint64, len(scalars))
	for i := range scalars {
		digits[i] = scalars[i].Bits()
	}
	var sum bn254.G1Jac // infinity: Z = 0
	buckets := make([]bn254.G1Jac, 1<<window-1)
	for bit := (fr.Bits + window - 1) / window * window; bit > 0; {
		bit -= window
		for range window {
			sum.DoubleAssign()
		}
		clear(buckets)
		for i := range digits {
			d := digits[i][bit/64] >> (bit % 64)
			if rest := 64 - bit%64; rest < window && bit/64+1 < fr.Limbs {
				d |= digits[i][bit/64+1] << rest
			}
			if d &= 1<<window - 1; d != 0 {
				buckets[d-1].AddMixed(&points[i])
			}
		}
		var tail, all bn254.G1Jac // the sum of buckets from one on, and Σ d·bucket_d as the sum of those
		for k := len(buckets) - 1; k >= 0; k-- {
			tail.AddAssign(&buckets[k])
			all.AddAssign(&tail)
		}
		sum.AddAssign(&all)
	}
	var out bn254.G1Affine
	out.FromJacobian(&sum)
	return out
}
