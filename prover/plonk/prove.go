package plonk

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	"github.com/consensys/gnark/backend/witness"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/constraint/solver"
	fcs "github.com/consensys/gnark/frontend/cs"

	"github.com/nnark/nnark/prover/simd/msm"
)

// Prove proves that the inputs satisfy the circuit. Every proof draws new randomness.
// progress, which may be nil, is told the stage that begins: "columns" (first proof only),
// "solve", "wires", "permutation", "quotient", "openings".
//
// Errors: [ErrInput], [ErrUnsatisfied], [ErrSelfCheck], those of the context. None spells
// out values.
func (p *Prover) Prove(ctx context.Context, public, secret fr.Vector, progress func(stage string)) (*gplonk.Proof, error) {
	if progress == nil {
		progress = func(string) {}
	}
	if len(public) != p.spr.GetNbPublicVariables() || len(secret) != p.spr.GetNbSecretVariables() {
		return nil, fmt.Errorf("%w: %d public and %d secret, want %d and %d", ErrInput,
			len(public), len(secret), p.spr.GetNbPublicVariables(), p.spr.GetNbSecretVariables())
	}
	r := &proving{Prover: p, ctx: ctx, public: public}
	if err := r.drawBlinders(); err != nil {
		return nil, err
	}
	for _, stage := range []struct {
		name string
		run  func() error
	}{
		{"columns", func() error { return p.Prepare(ctx) }},
		{"solve", func() error { return r.solve(secret) }},
		{"wires", r.wires},
		{"permutation", r.permutation},
		{"quotient", r.quotient},
		{"openings", r.openings},
	} {
		progress(stage.name)
		if err := stage.run(); err != nil {
			return nil, err
		}
	}
	return &r.proof, nil
}

// The polynomials of a proof.
const (
	wireL = iota
	wireR
	wireO
	grandZ
	committed // the committed values, D
	inputs    // public inputs and the commitment's challenge on their rows
	polyCount
)

// proving is one proof being made.
type proving struct {
	*Prover
	ctx    context.Context
	public fr.Vector
	proof  gplonk.Proof

	values [polyCount]fr.Vector // on the rows
	poly   [polyCount]fr.Vector // coefficients of what is not blinded yet, bit-reversed
	plain  [polyCount]fr.Vector // coefficients with blinding, in natural order; none of inputs
	blind  [grandZ + 1][]fr.Element
	parts  [2]fr.Element // blinding between the parts of the quotient
	d      [2]fr.Element // blinding of the commitment
	h      [3]fr.Vector

	commitmentChallenge      fr.Element
	beta, gamma, alpha, zeta fr.Element
	last                     []byte // challenge
}

// drawBlinders draws all of a proof's randomness.
func (r *proving) drawBlinders() error {
	var all [13]fr.Element
	for i := range all {
		if _, err := all[i].SetRandom(); err != nil {
			return fmt.Errorf("plonk: randomness: %w", err)
		}
	}
	r.blind = [4][]fr.Element{all[0:2:2], all[2:4:4], all[4:6:6], all[6:9:9]}
	r.parts, r.d = [2]fr.Element(all[9:11]), [2]fr.Element(all[11:13])
	return nil
}

var commitmentHint = solver.GetHintID(fcs.Bsb22CommitmentComputePlaceholder)

// witnessVector is a witness made of nothing but its vector, all the solver asks for.
type witnessVector struct {
	witness.Witness
	vector fr.Vector
}

func (w witnessVector) Vector() any { return w.vector }

func (r *proving) solve(secret fr.Vector) error {
	r.solving.Lock()
	defer r.solving.Unlock()
	r.values[committed] = make(fr.Vector, r.cosets.n)
	solution, err := r.spr.Solve(witnessVector{vector: slices.Concat(r.public, secret)}, solver.OverrideHint(commitmentHint, r.commit))
	if ctxErr := r.ctx.Err(); ctxErr != nil {
		return ctxErr
	}
	if err != nil {
		return unsatisfied(err)
	}
	s := solution.(*cs.SparseR1CSSolution)
	n := r.cosets.n // gnark's vectors are as long as the next power of two
	r.values[wireL], r.values[wireR], r.values[wireO] = s.L[:n:n], s.R[:n:n], s.O[:n:n]
	in := make(fr.Vector, r.cosets.n)
	copy(in, r.public)
	if r.commitment != nil {
		in[len(r.public)+r.commitment.CommitmentIndex] = r.commitmentChallenge
	}
	r.values[inputs] = in
	return nil
}

// unsatisfied returns [ErrUnsatisfied] in place of an error of gnark's solver, whose text
// spells out secret values.
func unsatisfied(err error) error {
	if constraint := (*cs.UnsatisfiedConstraintError)(nil); errors.As(err, &constraint) {
		return fmt.Errorf("%w: constraint %d", ErrUnsatisfied, constraint.CID)
	}
	return ErrUnsatisfied
}

// commit answers gnark's request for the challenge of the commitment to in[1:].
func (r *proving) commit(_ *big.Int, in, out []*big.Int) error {
	v, offset := r.values[committed], len(r.public)
	for k, row := range r.commitment.Committed {
		v[offset+row].SetBigInt(in[1+k])
	}
	v[offset+r.commitment.CommitmentIndex] = r.d[0]
	v[r.rows-1] = r.d[1] // the last constraint: it commits nothing
	r.proof.Bsb22Commitments = make([]kzg.Digest, 1)
	d := &r.proof.Bsb22Commitments[0]
	if err := msm.Run(r.ctx, msm.G1(d, r.lagrange[:r.rows], v[:r.rows])); err != nil {
		return err
	}
	h, err := fr.Hash(d.Marshal(), []byte("BSB22-Plonk"), 1)
	if err != nil {
		return err
	}
	r.commitmentChallenge = h[0]
	h[0].BigInt(out[0])
	return nil
}

// wires commits to L, R and O and derives gamma and beta.
func (r *proving) wires() error {
	if r.proof.Bsb22Commitments == nil {
		r.proof.Bsb22Commitments = []kzg.Digest{}
	}
	var tasks []msm.Task
	for i := range 3 {
		scalars := make([]fr.Element, len(r.lagrange))
		v := r.values[i]
		copy(scalars, v[:r.rows])
		if r.rows < len(v) {
			scalars[r.rows] = v[r.rows]
		}
		copy(scalars[r.rows+1:], r.blind[i])
		tasks = append(tasks, msm.G1(&r.proof.LRO[i], r.lagrange, scalars))
	}
	if err := msm.Run(r.ctx, tasks...); err != nil {
		return err
	}
	for i := range polyCount {
		if i == grandZ {
			continue
		}
		if err := r.transform(i); err != nil {
			return err
		}
	}
	vk := r.pk.Vk
	fixed := append([]bn254.G1Affine{vk.S[0], vk.S[1], vk.S[2], vk.Ql, vk.Qr, vk.Qm, vk.Qo, vk.Qk}, vk.Qcp...)
	r.gamma = r.challenge("gamma", rawPoints(fixed...), rawScalars(r.public...), rawPoints(r.proof.LRO[:]...))
	r.beta = r.challenge("beta")
	return nil
}

// transform computes polynomial i from its values.
func (r *proving) transform(i int) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	r.poly[i] = r.cosets.coefficients(r.values[i])
	if i == inputs {
		return nil
	}
	n := r.cosets.n
	var blind []fr.Element
	if i < len(r.blind) {
		blind = r.blind[i]
	}
	p := make(fr.Vector, n, n+len(blind))
	copy(p, r.poly[i])
	r.cosets.domain.reorder(p)
	p = p[:n+len(blind)]
	for j := range blind {
		p[j].Sub(&p[j], &blind[j])
		p[n+j].Add(&p[n+j], &blind[j])
	}
	r.plain[i] = p
	return nil
}

// permutation commits to Z, the running product of
//
//	(l + β·ω^i + γ)(r + β·u·ω^i + γ)(o + β·u²·ω^i + γ) / (l + β·s1 + γ)(r + β·s2 + γ)(o + β·s3 + γ)
//
// and derives alpha.
func (r *proving) permutation() error {
	n := r.cosets.n
	num, den := make(fr.Vector, n), make(fr.Vector, n)
	sigma := &r.columns.sigma
	err := each(r.ctx, n, func(lo, hi int) {
		x := [3]fr.Vector{r.values[wireL][lo:hi], r.values[wireR][lo:hi], r.values[wireO][lo:hi]}
		scratch := [2]fr.Vector{make(fr.Vector, hi-lo), make(fr.Vector, hi-lo)}
		shift := r.beta
		for i := range 3 {
			r.factor(num[lo:hi], x[i], r.cosets.roots[lo:hi], &shift, scratch[0], i == 0)
			r.factor(den[lo:hi], x[i], sigma[i][lo:hi], &r.beta, scratch[1], i == 0)
			shift.Mul(&shift, &r.domain.FrMultiplicativeGen)
		}
	})
	if err != nil {
		return err
	}
	if err := ratios(r.ctx, num, den); err != nil {
		return err
	}
	total, err := runningProduct(r.ctx, num)
	if err != nil {
		return err
	}
	if !total.IsOne() {
		return fmt.Errorf("%w: wires that are one differ", ErrSelfCheck)
	}
	r.values[grandZ] = num
	scalars := slices.Concat(num, fr.Vector(r.blind[grandZ]))
	if err := msm.Run(r.ctx, msm.G1(&r.proof.Z, r.grand, scalars)); err != nil {
		return err
	}
	r.alpha = r.challenge("alpha", rawPoints(r.proof.Bsb22Commitments...), rawPoints(r.proof.Z))
	return r.transform(grandZ)
}

// factor multiplies dst by wire + b·x + γ, or sets it.
func (r *proving) factor(dst, wire, x fr.Vector, b *fr.Element, scratch fr.Vector, set bool) {
	if set {
		scratch = dst
	}
	scratch.ScalarMul(x, b)
	scratch.Add(scratch, wire)
	addScalar(scratch, &r.gamma)
	if !set {
		dst.Mul(dst, scratch)
	}
}

// challenge derives the next challenge as gnark's transcript does: from its name, the last
// one and what was sent since.
func (r *proving) challenge(name string, parts ...[]byte) (x fr.Element) {
	r.last = transcriptHash(name, r.last, parts...)
	x.SetBytes(r.last)
	return x
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

func rawPoints(points ...bn254.G1Affine) (out []byte) {
	for i := range points {
		b := points[i].RawBytes()
		out = append(out, b[:]...)
	}
	return out
}

func rawScalars(x ...fr.Element) (out []byte) {
	for i := range x {
		b := x[i].Bytes()
		out = append(out, b[:]...)
	}
	return out
}
