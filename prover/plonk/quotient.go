package plonk

import (
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/simd/msm"
)

// quotient commits to the three parts of
//
//	h = (gates + α·permutation + α²·first·(Z - 1)) / (X^n - 1)
//
// which has 3(n+2) coefficients, and derives zeta. The parts have n+2 each; a random
// multiple of X^(n+2) added to one is taken from the next.
func (r *proving) quotient() error {
	var values [cosetCount]fr.Vector
	for k := range values {
		var err error
		if values[k], err = r.numerator(k); err != nil {
			return err
		}
	}
	h, err := r.cosets.interpolate(r.ctx, values, r.leading())
	if err != nil {
		return err
	}
	clear(r.poly[:])
	size := r.cosets.n + 2
	for i := range r.h {
		part := append(make(fr.Vector, 0, size+1), h[i*size:(i+1)*size]...)
		if i > 0 {
			part[0].Sub(&part[0], &r.parts[i-1])
		}
		if i < len(r.parts) {
			part = append(part, r.parts[i])
		}
		r.h[i] = part
	}
	if err := r.commitCoefficients(r.proof.H[:], r.h[:]); err != nil {
		return err
	}
	r.zeta = r.challenge("zeta", rawPoints(r.proof.H[:]...))
	return nil
}

// commitCoefficients commits to polynomials.
func (r *proving) commitCoefficients(to []bn254.G1Affine, polynomials []fr.Vector) error {
	var tasks []msm.Task
	for i, p := range polynomials {
		tasks = append(tasks, msm.G1(&to[i], r.pk.Kzg.G1[:len(p)], p))
	}
	return msm.Run(r.ctx, tasks...)
}

// numerator returns h·(X^n - 1) on coset k. It moves the polynomials there.
func (r *proving) numerator(k int) (fr.Vector, error) {
	var at [polyCount]fr.Vector
	for i := range at {
		if err := r.cosets.next(r.ctx, r.poly[i]); err != nil {
			return nil, err
		}
		var blind []fr.Element
		if i < len(r.blind) {
			blind = r.blind[i]
		}
		at[i] = r.cosets.values(k, r.poly[i], blind)
	}
	n := r.cosets.n
	out, shifted := make(fr.Vector, n), make(fr.Vector, n) // Z(ωX)
	copy(shifted, at[grandZ][1:])
	shifted[n-1] = at[grandZ][0]
	column := &r.columns.onCoset[k]
	var coefficients [3]fr.Element // of X in the three factors: β·u^i·shift
	coefficients[0].Mul(&r.beta, &r.cosets.shift[k])
	for i := 1; i < 3; i++ {
		coefficients[i].Mul(&coefficients[i-1], &r.domain.FrMultiplicativeGen)
	}
	err := each(r.ctx, n, func(lo, hi int) {
		b := block{r: r, out: out[lo:hi], t: make(fr.Vector, hi-lo), u: make(fr.Vector, hi-lo), z: at[grandZ][lo:hi], shifted: shifted[lo:hi], x: r.cosets.roots[lo:hi]}
		for i := range at {
			b.at[i] = at[i][lo:hi]
		}
		for i := range column {
			b.column[i] = column[i][lo:hi]
		}
		b.permutation(&coefficients)
		b.gates()
	})
	return out, err
}

// block is a part of the rows of a coset.
type block struct {
	r             *proving
	at            [polyCount]fr.Vector
	column        [columnCount]fr.Vector
	z, shifted, x fr.Vector // Z(X), Z(ωX), and X up to the coset's shift
	t, u, out     fr.Vector // out is the result, the others are scratch space
}

// permutation sets out to
//
//	α·((l+β·s1+γ)(r+β·s2+γ)(o+β·s3+γ)·Z(ωX) - (l+β·X+γ)(r+β·u·X+γ)(o+β·u²·X+γ)·Z) + α²·first·(Z - 1)
func (b *block) permutation(coefficients *[3]fr.Element) {
	r := b.r
	id := make(fr.Vector, len(b.out))
	for i := range 3 {
		r.factor(b.out, b.at[i], b.column[s1+i], &r.beta, b.t, i == 0)
		r.factor(id, b.at[i], b.x, &coefficients[i], b.t, i == 0)
	}
	b.out.Mul(b.out, b.shifted)
	id.Mul(id, b.z)
	b.out.Sub(b.out, id)

	one := fr.One()
	one.Neg(&one)
	copy(b.t, b.z)
	addScalar(b.t, &one)
	b.t.Mul(b.t, b.column[first])
	b.t.ScalarMul(b.t, &r.alpha)
	b.out.Add(b.out, b.t)
	b.out.ScalarMul(b.out, &r.alpha)
}

// gates adds ql·l + (qr + qm·l)·r + qo·o + qk + inputs + qcp·d to out.
func (b *block) gates() {
	l, right, o := b.at[wireL], b.at[wireR], b.at[wireO]
	add := func(x, y fr.Vector) {
		b.t.Mul(x, y)
		b.out.Add(b.out, b.t)
	}
	add(b.column[ql], l)
	b.u.Mul(b.column[qm], l)
	b.u.Add(b.u, b.column[qr])
	add(b.u, right)
	add(b.column[qo], o)
	b.out.Add(b.out, b.column[qk])
	b.out.Add(b.out, b.at[inputs])
	if b.r.commitment != nil {
		add(b.column[qcp], b.at[committed])
	}
}

// leadingCount is the number of coefficients of h that three cosets do not give.
const leadingCount = 6

// series holds the coefficients of X^d, X^(d-1), … of a polynomial of degree at most d.
type series [leadingCount]fr.Element

// mul multiplies s by t. What is cut off has no part in the leading coefficients.
func (s *series) mul(t *series) {
	var out series
	var x fr.Element
	for i := range s {
		for j := range leadingCount - i {
			out[i+j].Add(&out[i+j], x.Mul(&s[i], &t[j]))
		}
	}
	*s = out
}

// leading returns the coefficients of X^3n, …, X^(3n+5) of h. They follow from those of
// X^4n, … of h·(X^n - 1), where only the permutation's two products reach.
func (r *proving) leading() []fr.Element {
	n := r.cosets.n
	var sum, id series
	for i := range 2 {
		s := r.leadingOf(grandZ)
		if i == 0 { // Z(ωX)
			for k := range min(len(s), n+extraPowers) {
				s[k].Mul(&s[k], &r.cosets.roots[(n+extraPowers-1-k)%n])
			}
		}
		shift := r.beta
		for w := range 3 {
			column, factor := fr.Vector{{}, fr.One()}, &shift // X
			if i == 0 {
				column, factor = r.columns.coefficients[s1+w], &r.beta
			}
			t := r.leadingOf(w)
			t.add(len(r.plain[w]), column, factor)
			t.add(len(r.plain[w]), fr.Vector{fr.One()}, &r.gamma)
			s.mul(&t)
			shift.Mul(&shift, &r.domain.FrMultiplicativeGen)
		}
		if i == 0 {
			sum = s
		} else {
			id = s
		}
	}
	top := make([]fr.Element, leadingCount)
	for i := range top {
		j := leadingCount - 1 - i
		top[j].Sub(&sum[i], &id[i])
		top[j].Mul(&top[j], &r.alpha)
		if j+n < leadingCount { // tiny circuits: h overlaps itself
			top[j].Add(&top[j], &top[j+n])
		}
	}
	return top
}

// leadingOf returns the leading coefficients of a polynomial.
func (r *proving) leadingOf(i int) (s series) {
	one := fr.One()
	s.add(len(r.plain[i]), r.plain[i], &one)
	return s
}

// add adds x·p, for s of a polynomial of so many coefficients.
func (s *series) add(size int, p fr.Vector, x *fr.Element) {
	for k := range s {
		if i := size - 1 - k; 0 <= i && i < len(p) {
			t := product(&p[i], x)
			s[k].Add(&s[k], &t)
		}
	}
}
