//go:build !amd64 || purego

package simd

import "github.com/consensys/gnark-crypto/ecc/bn254"

func supported() bool { return false }

func addG1(dst, a, b []bn254.G1Affine, pairs []Pair) { addG1Generic(dst, a, b, pairs) }
