//go:build !amd64 || purego

package simd

import (
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

func levels() []string { return []string{generic} }

func addG1Vector(dst, a, b []bn254.G1Affine, pairs []Pair) { addG1Generic(dst, a, b, pairs) }
func addG2Vector(dst, a, b []bn254.G2Affine, pairs []Pair) { addG2Generic(dst, a, b, pairs) }

// The vector forms of transforms are not reached: no domain asks for them.
func newVectorPoly(*Domain, []fr.Element) Poly      { return nil }
func (d *Domain) vectorTable([]fr.Element) []uint64 { return nil }
func (d *Domain) toVectors(*roots)                  {}

// Nor are those of sums.
type vectorSums struct{}

func newVectorSums(int) (s vectorSums)            { return s }
func (*vectorSums) add(int, []int32, *fr.Element) {}
func (*vectorSums) value(int) (x fr.Element)      { return x }
func vectorFactors([]fr.Element) []uint64         { return nil }
func (*Factors) dot(*wideSum, int, []int32)       {}
