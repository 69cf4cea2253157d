package hyperkzg

import (
	"context"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/simd/msm"
)

// part is the number of coefficients that a task takes at once.
const part = 1 << 10

// each calls f for consecutive parts of [0, n) on all cores.
func each(ctx context.Context, n int, f func(lo, hi int)) error {
	if n <= part {
		f(0, n)
		return ctx.Err()
	}
	return msm.Run(ctx, msm.Parallel(n, part, func(_ *msm.Worker, lo, hi int) { f(lo, hi) })...)
}

// fold returns the vector of (1-x)·p[2j] + x·p[2j+1].
func fold(ctx context.Context, p fr.Vector, x *fr.Element) (fr.Vector, error) {
	half := make(fr.Vector, len(p)/2)
	err := each(ctx, len(half), func(lo, hi int) {
		for j := lo; j < hi; j++ {
			half[j].Sub(&p[2*j+1], &p[2*j]).Mul(&half[j], x).Add(&half[j], &p[2*j])
		}
	})
	return half, err
}

// addScaled adds x·w to the beginning of v.
func addScaled(v, w fr.Vector, x *fr.Element, scratch fr.Vector) {
	s := scratch[:len(w)]
	s.ScalarMul(w, x)
	v = v[:len(w)]
	v.Add(v, s)
}

// powersOf are the powers of x that evaluating polynomials at x takes.
type powersOf struct {
	low  fr.Vector  // x^0, x^1, …, one part at most
	step fr.Element // x^part
}

// newPowersOf returns the powers for polynomials of at most n coefficients.
func newPowersOf(x *fr.Element, n int) powersOf {
	at := powersOf{low: make(fr.Vector, min(n, part)), step: fr.One()}
	for i := range at.low {
		at.low[i] = at.step
		at.step.Mul(&at.step, x)
	}
	return at
}

// evaluate returns p(x).
func (at *powersOf) evaluate(p fr.Vector) (value fr.Element) {
	for lo := (len(p) - 1) / part * part; lo >= 0; lo -= part {
		v := at.inner(p[lo:min(lo+part, len(p))])
		value.Mul(&value, &at.step).Add(&value, &v)
	}
	return value
}

// inner returns p(x) for at most one part of coefficients.
func (at *powersOf) inner(p fr.Vector) fr.Element { return p.InnerProduct(at.low[:len(p)]) }

// divide replaces the coefficients of p by those of (p - p(x))/(X - x), one fewer, and returns
// them. The quotient's coefficients are p(x) without the lower ones,
//
//	p_{k+1} + p_{k+2}·x + p_{k+3}·x² + …
//
// so that each part is divided once the value of all after it is known.
func divide(ctx context.Context, p fr.Vector, x *fr.Element) (fr.Vector, error) {
	if len(p) == 0 {
		return p, nil
	}
	at := newPowersOf(x, len(p))
	above := make([]fr.Element, (len(p)+part-1)/part+1) // the value of part k and those after it, from its beginning on
	err := each(ctx, len(p), func(lo, hi int) { above[lo/part] = at.inner(p[lo:hi]) })
	if err != nil {
		return nil, err
	}
	for k := len(above) - 2; k >= 0; k-- {
		var t fr.Element
		above[k].Add(&above[k], t.Mul(&above[k+1], &at.step))
	}
	err = each(ctx, len(p), func(lo, hi int) {
		acc := above[lo/part+1]
		for i := hi - 1; i >= lo; i-- {
			acc.Mul(&acc, x).Add(&acc, &p[i])
			p[i] = acc
		}
	})
	return p[1:], err
}
