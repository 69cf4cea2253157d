package plonk

import (
	"context"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/simd/msm"
)

// part is the number of elements that vector operations take at once: few enough that all
// columns' parts stay in the L2 cache.
const part = 1 << 10

// each calls f for consecutive parts of [0, n) on all cores.
func each(ctx context.Context, n int, f func(lo, hi int)) error {
	return msm.Run(ctx, msm.Parallel(n, part, func(_ *msm.Worker, lo, hi int) { f(lo, hi) })...)
}

// together runs the functions on all cores.
func together(ctx context.Context, f ...func()) error {
	var tasks []msm.Task
	for _, g := range f {
		tasks = append(tasks, func(*msm.Worker) { g() })
	}
	return msm.Run(ctx, tasks...)
}

// powers returns x^0, …, x^(n-1).
func powers(x fr.Element, n int) fr.Vector {
	v := make(fr.Vector, n)
	v[0].SetOne()
	for have := 1; have < n; have *= 2 {
		more := v[have:min(2*have, n)]
		more.ScalarMul(v[:len(more)], &x)
		x.Square(&x)
	}
	return v
}

// addScalar adds x to all elements.
func addScalar(v fr.Vector, x *fr.Element) {
	for i := range v {
		v[i].Add(&v[i], x)
	}
}

// addScaled adds x·w to v.
func addScaled(v, w fr.Vector, x *fr.Element, scratch fr.Vector) {
	s := scratch[:len(w)]
	s.ScalarMul(w, x)
	v = v[:len(w)]
	v.Add(v, s)
}

// divide replaces the coefficients of p by those of (p - p(x))/(X - x), one fewer, and
// returns them and p(x).
func divide(p fr.Vector, x *fr.Element) (fr.Vector, fr.Element) {
	var t fr.Element
	for i := len(p) - 2; i >= 0; i-- {
		t.Mul(&p[i+1], x)
		p[i].Add(&p[i], &t)
	}
	return p[1:], p[0]
}

// evaluate returns p's value, given the powers of the point.
func evaluate(p, powers fr.Vector) fr.Element { return p.InnerProduct(powers[:len(p)]) }

// ratios replaces the elements of num by num[i]/den[i]. A zero in den, which challenges do
// not make but with negligible probability, gives a zero.
func ratios(ctx context.Context, num, den fr.Vector) error {
	return each(ctx, len(num), func(lo, hi int) {
		inverse := fr.Vector(fr.BatchInvert(den[lo:hi]))
		n := num[lo:hi]
		n.Mul(n, inverse)
	})
}

// runningProduct replaces v[i] by the product of all elements before it and returns the
// product of all.
func runningProduct(ctx context.Context, v fr.Vector) (fr.Element, error) {
	ends := make([]fr.Element, (len(v)+part-1)/part)
	err := each(ctx, len(v), func(lo, hi int) {
		acc := fr.One()
		for i := lo; i < hi; i++ {
			x := v[i]
			v[i] = acc
			acc.Mul(&acc, &x)
		}
		ends[lo/part] = acc
	})
	if err != nil {
		return fr.Element{}, err
	}
	acc := fr.One()
	for i := range ends {
		x := ends[i]
		ends[i] = acc
		acc.Mul(&acc, &x)
	}
	return acc, each(ctx, len(v), func(lo, hi int) {
		p := v[lo:hi]
		p.ScalarMul(p, &ends[lo/part])
	})
}

func product(factors ...*fr.Element) fr.Element {
	x := *factors[0]
	for _, f := range factors[1:] {
		x.Mul(&x, f)
	}
	return x
}
