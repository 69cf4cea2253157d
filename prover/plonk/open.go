package plonk

import (
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"

	"github.com/nnark/nnark/prover/simd/msm"
)

// openings opens Z at ωζ, and the linearised polynomial, L, R, O, S1, S2 and Qcp together
// at ζ.
func (r *proving) openings() error {
	n := r.cosets.n
	rotated := product(&r.zeta, &r.cosets.omega)
	z := append(fr.Vector(nil), r.plain[grandZ]...)
	at := powers(r.zeta, n+extraPowers)
	opened := []fr.Vector{r.plain[wireL], r.plain[wireR], r.plain[wireO], r.columns.coefficients[s1], r.columns.coefficients[s2]}
	if r.commitment != nil {
		opened = append(opened, r.columns.coefficients[qcp])
	}
	claims := make([]fr.Element, 1+len(opened))
	shifted := &r.proof.ZShiftedOpening
	work := []func(){func() { z, shifted.ClaimedValue = divide(z, &rotated) }}
	for i, p := range opened {
		work = append(work, func() { claims[1+i] = evaluate(p, at) })
	}
	if err := together(r.ctx, work...); err != nil {
		return err
	}
	l := r.linearise(claims, &at[n])
	claims[0] = l.value
	fold, err := r.foldChallenge(claims, l)
	if err != nil {
		return err
	}
	columns, scalars := l.columns, l.scalars
	power := fr.One()
	for _, p := range opened {
		power.Mul(&power, &fold)
		columns, scalars = append(columns, p), append(scalars, power)
	}
	sum := make(fr.Vector, n+extraPowers)
	if err := r.combine(sum, columns, scalars); err != nil {
		return err
	}
	w, value := divide(sum, &r.zeta)
	var want fr.Element
	for i := len(claims) - 1; i >= 0; i-- {
		want.Mul(&want, &fold).Add(&want, &claims[i])
	}
	if value != want {
		return ErrSelfCheck
	}
	r.proof.BatchedProof.ClaimedValues = claims
	var points [2]bn254.G1Affine
	if err := r.commitCoefficients(points[:], []fr.Vector{w, z}); err != nil {
		return err
	}
	r.proof.BatchedProof.H, shifted.H = points[0], points[1]
	return nil
}

// combine sets sum to Σ scalars[i]·polynomials[i].
func (r *proving) combine(sum fr.Vector, polynomials []fr.Vector, scalars []fr.Element) error {
	return each(r.ctx, len(sum), func(lo, hi int) {
		scratch := make(fr.Vector, hi-lo)
		for i, p := range polynomials {
			if lo < len(p) {
				addScaled(sum[lo:hi], p[lo:min(hi, len(p))], &scalars[i], scratch)
			}
		}
	})
}

// linearised is the linearised polynomial as a combination of polynomials.
type linearised struct {
	columns []fr.Vector
	points  []bn254.G1Affine
	scalars []fr.Element
	value   fr.Element // at ζ, as verifiers compute it from the claims
}

// linearise returns, with the claims l, r, o, s1, s2, q at ζ and z of Z at ωζ,
//
//	l·ql + r·qr + l·r·qm + o·qo + qk + q·D
//	+ α·β·(l+β·s1+γ)(r+β·s2+γ)·z · S3
//	+ (α²·first(ζ) - α·(l+β·ζ+γ)(r+β·u·ζ+γ)(o+β·u²·ζ+γ)) · Z
//	- (ζ^n - 1)·(h_0 + ζ^(n+2)·h_1 + ζ^(2n+4)·h_2)
//
// whose value at ζ is α²·first(ζ) - inputs(ζ) - α·(l+β·s1+γ)(r+β·s2+γ)(o+γ)·z.
func (r *proving) linearise(claims []fr.Element, zetaN *fr.Element) *linearised {
	left, right, out := &claims[1], &claims[2], &claims[3]
	z := &r.proof.ZShiftedOpening.ClaimedValue
	term := func(wire, x, factor *fr.Element) (t fr.Element) {
		return *t.Mul(&r.beta, x).Mul(&t, factor).Add(&t, wire).Add(&t, &r.gamma)
	}
	one, u := fr.One(), r.domain.FrMultiplicativeGen
	u2 := product(&u, &u)
	t1, t2 := term(left, &claims[4], &one), term(right, &claims[5], &one)
	sigma := product(&r.alpha, &t1, &t2, z)
	t1, t2 = term(left, &r.zeta, &one), term(right, &r.zeta, &u)
	t3 := term(out, &r.zeta, &u2)
	identity := product(&r.alpha, &t1, &t2, &t3)

	var vanishing, ofZ, step fr.Element
	vanishing.Sub(zetaN, &one)
	public, firstRow := r.interpolate(&vanishing)
	firstRow.Mul(&firstRow, &r.alpha).Mul(&firstRow, &r.alpha)
	ofZ.Sub(&firstRow, &identity)
	vanishing.Neg(&vanishing)
	step.Mul(zetaN, &r.zeta).Mul(&step, &r.zeta)
	h1 := product(&vanishing, &step)

	l := new(linearised)
	add := func(p fr.Vector, point bn254.G1Affine, x fr.Element) {
		l.columns, l.points, l.scalars = append(l.columns, p), append(l.points, point), append(l.scalars, x)
	}
	c, vk, proof := &r.columns.coefficients, r.pk.Vk, &r.proof
	add(c[ql], vk.Ql, *left)
	add(c[qr], vk.Qr, *right)
	add(c[qm], vk.Qm, product(left, right))
	add(c[qo], vk.Qo, *out)
	add(c[qk], vk.Qk, one)
	if r.commitment != nil {
		add(r.plain[committed], proof.Bsb22Commitments[0], claims[6])
	}
	add(c[s3], vk.S[2], product(&sigma, &r.beta))
	add(r.plain[grandZ], proof.Z, ofZ)
	add(r.h[0], proof.H[0], vanishing)
	add(r.h[1], proof.H[1], h1)
	add(r.h[2], proof.H[2], product(&h1, &step))

	t3.Add(out, &r.gamma)
	l.value.Mul(&sigma, &t3).Add(&l.value, &public).Sub(&firstRow, &l.value)
	return l
}

// interpolate returns at ζ the polynomial of public inputs and the commitment's challenge,
// and that of the first row, for vanishing = ζ^n - 1: L_i(ζ) = ω^i·vanishing/(n·(ζ - ω^i)).
func (r *proving) interpolate(vanishing *fr.Element) (public, firstRow fr.Element) {
	rows := len(r.public)
	values := append(append(fr.Vector{}, r.public...), fr.Element{})
	roots := append(append(fr.Vector{}, r.cosets.roots[:rows]...), fr.One())
	if r.commitment != nil {
		values[rows] = r.commitmentChallenge
		roots[rows] = r.cosets.roots[rows+r.commitment.CommitmentIndex]
	}
	lagrange := make(fr.Vector, rows+2)
	for i := range roots {
		lagrange[i].Sub(&r.zeta, &roots[i])
	}
	one := fr.One()
	lagrange[rows+1].Sub(&r.zeta, &one)
	lagrange = fr.BatchInvert(lagrange)
	scale := product(vanishing, &r.cosets.sizeInv)
	for i := range roots {
		t := product(&lagrange[i], &roots[i], &values[i], &scale)
		public.Add(&public, &t)
	}
	return public, product(&lagrange[rows+1], &scale)
}

// foldChallenge is gnark-crypto's for opening several polynomials at one point.
func (r *proving) foldChallenge(claims []fr.Element, l *linearised) (x fr.Element, err error) {
	digests := make([]kzg.Digest, 1, 7)
	if err := msm.Run(r.ctx, msm.G1(&digests[0], l.points, l.scalars)); err != nil {
		return x, err
	}
	vk := r.pk.Vk
	digests = append(append(append(digests, r.proof.LRO[:]...), vk.S[0], vk.S[1]), vk.Qcp...)
	x.SetBytes(transcriptHash("gamma", nil, rawScalars(r.zeta), rawPoints(digests...), rawScalars(claims...),
		rawScalars(r.proof.ZShiftedOpening.ClaimedValue)))
	return x, nil
}
