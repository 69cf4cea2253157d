package msm

import (
	"github.com/consensys/gnark-crypto/ecc/bn254"

	"github.com/nnark/nnark/prover/simd"
)

// curve is what the algorithms need to know of a group with affine points P.
// The zero P is the point at infinity.
type curve[P any] interface {
	// add performs independent additions; see [simd.AddG1].
	add(dst, a, b []P, pairs []simd.Pair)
	// at returns a[i>>1], or its negative for an odd i.
	at(a []P, i uint32) P
	// horner returns Σ 2^i·bits[i].
	horner(bits []P) P
	// turn returns λ·p, for p in the subgroup of prime order; see splitGLV.
	turn(p P) P
	// scratch returns the worker's space for sums in this group.
	scratch(w *Worker) *summer[P]
}

type g1 struct{}

func (g1) add(dst, a, b []bn254.G1Affine, pairs []simd.Pair) { simd.AddG1(dst, a, b, pairs) }

func (g1) at(a []bn254.G1Affine, i uint32) bn254.G1Affine {
	p := a[i>>1]
	if i&1 == 1 {
		p.Neg(&p)
	}
	return p
}

func (g1) horner(bits []bn254.G1Affine) (p bn254.G1Affine) {
	var acc bn254.G1Jac
	for i := len(bits) - 1; i >= 0; i-- {
		acc.DoubleAssign()
		acc.AddMixed(&bits[i])
	}
	p.FromJacobian(&acc)
	return p
}

func (g1) turn(p bn254.G1Affine) bn254.G1Affine {
	p.X.Mul(&p.X, &glv.root[0])
	return p
}

func (g1) scratch(w *Worker) *summer[bn254.G1Affine] { return &w.g1 }

type g2 struct{}

func (g2) add(dst, a, b []bn254.G2Affine, pairs []simd.Pair) { simd.AddG2(dst, a, b, pairs) }

func (g2) at(a []bn254.G2Affine, i uint32) bn254.G2Affine {
	p := a[i>>1]
	if i&1 == 1 {
		p.Neg(&p)
	}
	return p
}

func (g2) horner(bits []bn254.G2Affine) (p bn254.G2Affine) {
	var acc bn254.G2Jac
	for i := len(bits) - 1; i >= 0; i-- {
		acc.DoubleAssign()
		acc.AddMixed(&bits[i])
	}
	p.FromJacobian(&acc)
	return p
}

func (g2) turn(p bn254.G2Affine) bn254.G2Affine {
	p.X.MulByElement(&p.X, &glv.root[1])
	return p
}

func (g2) scratch(w *Worker) *summer[bn254.G2Affine] { return &w.g2 }
