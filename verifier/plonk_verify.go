package verifier

import (
	"crypto/sha256"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// plonkVerifier is a checked key with its precomputations.
type plonkVerifier struct {
	key      PlonkKey
	nbPublic int
	omega    fr.Element // generator of the domain
	sizeInv  fr.Element
	lines    [2]fixedLines // of G2, tau*G2
}

// cosetShift is gnark's generator of the multiplicative group: wires L, R, O
// live on the domain times 1, cosetShift and its square.
const cosetShift = 5

func preparePlonk(k *PlonkKey, c *Card) (*plonkVerifier, error) {
	if err := k.check(); err != nil {
		return nil, err
	}
	v := &plonkVerifier{key: *k, nbPublic: c.StatementSize()}
	v.omega = k.Generator()
	v.sizeInv.SetUint64(k.Size)
	v.sizeInv.Inverse(&v.sizeInv)
	v.lines = [2]fixedLines{bn254.PrecomputeLines(k.G2), bn254.PrecomputeLines(k.G2Tau)}
	return v, nil
}

// check verifies, for random coefficients rho_i and lambda_i (rho_0 = 1),
//
//	e(sum rho_i*A_i, G2) * e(-sum rho_i*(W_i + lambda_i*W'_i), tau*G2) = 1
//
// where A_i = F_i - (f_i + lambda_i*z_i)*G1 + lambda_i*Z_i + zeta_i*W_i + lambda_i*omega*zeta_i*W'_i
// claims that the folded commitment F_i opens to f_i at zeta_i with quotient W_i, and the grand
// product Z_i to z_i at omega*zeta_i with quotient W'_i.
func (v *plonkVerifier) check(keyDigest [32]byte, proofs []*Proof, c *coefficients) error {
	var left, right linearCombination
	var g1 fr.Element
	for i, proof := range proofs {
		p := proof.Plonk
		for _, q := range p.points() {
			if !validG1(*q) {
				return malformed("proof: point at infinity or off the curve")
			}
		}
		e := v.evaluate(PlonkPublic(keyDigest, proof.Statement), p)
		if !e.relationHolds(p) {
			return rejected("the algebraic relation does not hold")
		}
		folded, value := v.fold(p, e, v.linearise(p, e))

		rho, lambda := fr.One(), c.next()
		if i > 0 {
			rho = c.next()
		}
		lambda.Mul(&lambda, &rho)
		left.addAll(&folded, &rho)
		left.add(p.Z, lambda)
		left.add(p.Opening, product(&rho, &e.zeta))
		left.add(p.ShiftedOpening, product(&lambda, &v.omega, &e.zeta))
		right.add(p.Opening, rho)
		right.add(p.ShiftedOpening, lambda)
		claim, shifted := product(&rho, &value), product(&lambda, &p.ShiftedZ)
		g1.Sub(&g1, &claim).Sub(&g1, &shifted)
	}
	left.add(v.key.G1, g1)
	quotients := right.sum()
	quotients.Neg(&quotients)
	f, err := millerLoopFixed([]bn254.G1Affine{left.sum(), quotients}, v.lines[:])
	if err != nil {
		return rejected("%v", err)
	}
	if e := bn254.FinalExponentiation(&f); !e.IsOne() {
		return rejected("the pairing equation does not hold")
	}
	return nil
}

// plonkEvaluation holds the challenges of a proof and what the verifier itself
// evaluates at zeta. In the notation of the comments below, l, r, o, s1, s2, q
// are the proof's claims at zeta, z is the grand product at omega*zeta, u the
// coset shift and n the number of rows.
type plonkEvaluation struct {
	gamma, beta, alpha, zeta fr.Element
	zetaN                    fr.Element // zeta^n
	vanishing                fr.Element // Z_H(zeta) = zeta^n - 1
	public                   fr.Element // PI(zeta)
	first                    fr.Element // alpha^2 * L_0(zeta)
	permutation              fr.Element // alpha * (l+beta*s1+gamma) * (r+beta*s2+gamma) * z
}

// evaluate derives the challenges as gnark's transcript does, each from its
// name, the previous challenge's bytes and what the prover sent since, and
// evaluates at zeta.
func (v *plonkVerifier) evaluate(inputs []fr.Element, p *PlonkProof) *plonkEvaluation {
	k := &v.key
	var public encoder
	public.scalars(inputs...)
	gamma := transcriptHash("gamma", nil,
		rawPoints(k.S[0], k.S[1], k.S[2], k.Ql, k.Qr, k.Qm, k.Qo, k.Qk, k.Qcp), public.buf, rawPoints(p.LRO[:]...))
	beta := transcriptHash("beta", gamma)
	alpha := transcriptHash("alpha", beta, rawPoints(p.Commitment, p.Z))
	zeta := transcriptHash("zeta", alpha, rawPoints(p.H[:]...))

	e := new(plonkEvaluation)
	e.gamma.SetBytes(gamma)
	e.beta.SetBytes(beta)
	e.alpha.SetBytes(alpha)
	e.zeta.SetBytes(zeta)
	one := fr.One()
	e.zetaN.Exp(e.zeta, new(big.Int).SetUint64(k.Size))
	e.vanishing.Sub(&e.zetaN, &one)
	v.interpolate(inputs, p, e)
	t1, t2 := e.term(&p.Claims[1], &p.Claims[4]), e.term(&p.Claims[2], &p.Claims[5])
	e.permutation = product(&e.alpha, &t1, &t2, &p.ShiftedZ)
	return e
}

// term returns wire + beta*x + gamma.
func (e *plonkEvaluation) term(wire, x *fr.Element) (t fr.Element) {
	return *t.Mul(&e.beta, x).Add(&t, wire).Add(&t, &e.gamma)
}

func transcriptHash(name string, previous []byte, parts ...[]byte) []byte {
	h := sha256.New()
	h.Write([]byte(name))
	h.Write(previous)
	for _, b := range parts {
		h.Write(b)
	}
	return h.Sum(nil)
}

func rawPoints(points ...bn254.G1Affine) []byte {
	var e encoder
	for i := range points {
		b := points[i].RawBytes()
		e.raw(b[:]...)
	}
	return e.buf
}

// interpolate sets PI(zeta), the interpolation of the public inputs and of the
// commitment's challenge on their rows, and alpha^2*L_0(zeta).
func (v *plonkVerifier) interpolate(inputs []fr.Element, p *PlonkProof, e *plonkEvaluation) {
	values := append(inputs[:v.nbPublic:v.nbPublic], commitmentChallenge(&p.Commitment))
	roots := make([]fr.Element, len(values)) // omega^row
	roots[0].SetOne()
	for i := 1; i < v.nbPublic; i++ {
		roots[i].Mul(&roots[i-1], &v.omega)
	}
	row := new(big.Int).SetUint64(uint64(v.nbPublic) + v.key.CommitmentIndex)
	roots[v.nbPublic].Exp(v.omega, row)

	lagrange := make([]fr.Element, len(values)) // L_row(zeta) = omega^row*Z_H(zeta) / (n*(zeta-omega^row))
	for i := range roots {
		lagrange[i].Sub(&e.zeta, &roots[i])
	}
	lagrange = fr.BatchInvert(lagrange)
	for i := range lagrange {
		lagrange[i] = product(&lagrange[i], &roots[i], &e.vanishing, &v.sizeInv)
		term := product(&lagrange[i], &values[i])
		e.public.Add(&e.public, &term)
	}
	e.first = product(&lagrange[0], &e.alpha, &e.alpha)
}

// commitmentChallenge is gnark's hash of a PLONK commitment to a field element,
// RFC 9380's hash_to_field with expand_message_xmd.
func commitmentChallenge(commitment *bn254.G1Affine) fr.Element {
	point := commitment.RawBytes()
	// It only fails for more elements or a longer tag than these.
	h, _ := fr.Hash(point[:], []byte("BSB22-Plonk"), 1)
	return h[0]
}

// relationHolds reports whether the claimed value of the linearised polynomial is
//
//	alpha^2*L_0(zeta) - PI(zeta) - alpha*(l+beta*s1+gamma)*(r+beta*s2+gamma)*(o+gamma)*z
func (e *plonkEvaluation) relationHolds(p *PlonkProof) bool {
	var zero, claim fr.Element
	o := e.term(&p.Claims[3], &zero)
	claim.Mul(&e.permutation, &o).Add(&claim, &e.public).Sub(&e.first, &claim)
	return claim.Equal(&p.Claims[0])
}

// linearise returns the commitment to the linearised polynomial:
//
//	l*Ql + r*Qr + l*r*Qm + o*Qo + Qk + q*Commitment
//	+ alpha*beta*(l+beta*s1+gamma)*(r+beta*s2+gamma)*z * S3
//	+ (alpha^2*L_0(zeta) - alpha*(l+beta*zeta+gamma)*(r+beta*u*zeta+gamma)*(o+beta*u^2*zeta+gamma)) * Z
//	- Z_H(zeta) * (H_0 + zeta^(n+2)*H_1 + zeta^(2n+4)*H_2)
func (v *plonkVerifier) linearise(p *PlonkProof, e *plonkEvaluation) bn254.G1Affine {
	k := &v.key
	l, r, o, q := p.Claims[1], p.Claims[2], p.Claims[3], p.Claims[6]
	u := fr.NewElement(cosetShift)
	zeta1 := product(&u, &e.zeta)
	zeta2 := product(&u, &zeta1)
	t1, t2, t3 := e.term(&l, &e.zeta), e.term(&r, &zeta1), e.term(&o, &zeta2)
	identity := product(&e.alpha, &t1, &t2, &t3)
	var zCoeff, h0 fr.Element
	zCoeff.Sub(&e.first, &identity)
	h0.Neg(&e.vanishing)
	zetaN2 := product(&e.zetaN, &e.zeta, &e.zeta)
	h1 := product(&h0, &zetaN2)

	var sum linearCombination
	sum.add(k.Ql, l)
	sum.add(k.Qr, r)
	sum.add(k.Qm, product(&l, &r))
	sum.add(k.Qo, o)
	sum.add(k.Qk, fr.One())
	sum.add(p.Commitment, q)
	sum.add(k.S[2], product(&e.permutation, &e.beta))
	sum.add(p.Z, zCoeff)
	sum.add(p.H[0], h0)
	sum.add(p.H[1], h1)
	sum.add(p.H[2], product(&h1, &zetaN2))
	return sum.sum()
}

// fold combines the seven polynomials opened at zeta with powers of a challenge.
func (v *plonkVerifier) fold(p *PlonkProof, e *plonkEvaluation, linearised bn254.G1Affine) (linearCombination, fr.Element) {
	points := [...]bn254.G1Affine{linearised, p.LRO[0], p.LRO[1], p.LRO[2], v.key.S[0], v.key.S[1], v.key.Qcp}
	var zeta, claims encoder
	zeta.scalars(e.zeta)
	claims.scalars(p.Claims[:]...)
	claims.scalars(p.ShiftedZ)
	var challenge, value fr.Element
	challenge.SetBytes(transcriptHash("gamma", nil, zeta.buf, rawPoints(points[:]...), claims.buf))

	var folded linearCombination
	power := fr.One()
	for i := range points {
		folded.add(points[i], power)
		term := product(&p.Claims[i], &power)
		value.Add(&value, &term)
		power.Mul(&power, &challenge)
	}
	return folded, value
}

func product(factors ...*fr.Element) fr.Element {
	x := *factors[0]
	for _, f := range factors[1:] {
		x.Mul(&x, f)
	}
	return x
}
