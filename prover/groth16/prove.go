package groth16

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"sync"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	g16 "github.com/consensys/gnark/backend/groth16/bn254"
	"github.com/consensys/gnark/backend/witness"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/constraint/solver"

	"github.com/nnark/nnark/prover/simd/msm"
)

// Errors of [Prover.Prove].
var (
	// ErrBoundValue: a wire was given another value than it is bound to.
	ErrBoundValue = errors.New("groth16: value differs from the bound one")
	// ErrUnsatisfied: the solver found no witness.
	ErrUnsatisfied = errors.New("groth16: constraints not satisfied")
	// ErrInput: wrong number of inputs.
	ErrInput = errors.New("groth16: wrong number of inputs")
)

// Transcript makes the challenges of a proof and its public inputs.
//
// If all commitments are to secret inputs only, and hash no public inputs,
// Public is called after the challenges are known and receives them. Otherwise
// it is called first, with none.
type Transcript interface {
	// Challenge returns the challenge of commitment i. prehash is what gnark
	// would hash: the commitment (64 bytes), then the public inputs and
	// earlier challenges that were committed to, 32 bytes each.
	Challenge(i int, prehash []byte) fr.Element
	// Public returns the public inputs, ONE not included.
	Public(challenges []fr.Element) (fr.Vector, error)
}

// Proof is a Groth16 proof with the commitments' proofs of knowledge unfolded.
type Proof struct {
	Ar, Krs     bn254.G1Affine
	Bs          bn254.G2Affine
	Commitments []bn254.G1Affine
	PoKs        []bn254.G1Affine
	Challenges  []fr.Element
	Public      fr.Vector // the public inputs proven, ONE not included
}

// Gnark returns the proof in gnark's form, which folds the proofs of knowledge.
func (p *Proof) Gnark() (*g16.Proof, error) {
	out := &g16.Proof{Ar: p.Ar, Bs: p.Bs, Krs: p.Krs, Commitments: slices.Clone(p.Commitments)}
	if len(p.Commitments) == 0 {
		return out, nil
	}
	var seed []byte
	for i := range p.Challenges {
		seed = append(seed, p.Challenges[i].Marshal()...)
	}
	fold, err := fr.Hash(seed, []byte("G16-BSB22"), 1)
	if err != nil {
		return nil, fmt.Errorf("groth16: fold: %w", err)
	}
	if _, err := out.CommitmentPok.Fold(p.PoKs, fold[0], ecc.MultiExpConfig{NbTasks: 1}); err != nil {
		return nil, fmt.Errorf("groth16: fold: %w", err)
	}
	return out, nil
}

// Prove proves that the secret inputs satisfy the circuit.
//
// mask returns the mask of commitment i; nil draws it at random, as
// zero-knowledge requires unless the value is random already. It is not asked
// for a bound mask. progress, which may be nil, is told the stage that begins:
// "commit", "solve", "quotient", "sums".
//
// Errors: [ErrInput], [ErrBoundValue] before any work; [ErrUnsatisfied]; those of
// the transcript and the context.
func (p *Prover) Prove(ctx context.Context, secret fr.Vector, mask func(i int) fr.Element, t Transcript, progress func(stage string)) (*Proof, error) {
	if progress == nil {
		progress = func(string) {}
	}
	run := &proving{Prover: p, ctx: ctx, secret: secret, t: t}
	if err := run.begin(mask); err != nil {
		return nil, err
	}
	progress("commit")
	if err := run.commit(); err != nil {
		return nil, err
	}
	progress("solve")
	solution, err := run.solve()
	if err != nil {
		return nil, err
	}
	progress("quotient")
	h := p.quotient.coefficients(solution.A, solution.B, solution.C)
	progress("sums")
	if err := run.sums(solution.W, h); err != nil {
		return nil, err
	}
	return &run.proof, nil
}

// proving is one proof being made.
type proving struct {
	*Prover
	ctx    context.Context
	secret fr.Vector
	t      Transcript
	mask   []fr.Element // of each commitment
	mu     sync.Mutex   // held while a hint uses t
	proof  Proof
}

// begin checks the inputs and fixes the masks.
func (r *proving) begin(mask func(int) fr.Element) error {
	if len(r.secret) != r.nbSecret {
		return fmt.Errorf("%w: %d secret, want %d", ErrInput, len(r.secret), r.nbSecret)
	}
	bound := make(map[int]fr.Element)
	for i, w := range r.boundWires {
		if w >= r.nbPublic+r.nbSecret {
			bound[w] = r.boundValues[i]
		} else if r.secret[w-r.nbPublic] != r.boundValues[i] {
			return fmt.Errorf("%w: wire %d", ErrBoundValue, w)
		}
	}
	n := len(r.commitments)
	r.mask = make([]fr.Element, n)
	for i := range r.mask {
		if value, ok := bound[r.masks[i].wire]; ok {
			r.mask[i] = value
		} else if mask != nil {
			r.mask[i] = mask(i)
		} else if _, err := r.mask[i].SetRandom(); err != nil {
			return fmt.Errorf("groth16: randomness: %w", err)
		}
	}
	r.proof.Commitments = make([]bn254.G1Affine, n)
	r.proof.PoKs = make([]bn254.G1Affine, n)
	r.proof.Challenges = make([]fr.Element, n)
	return nil
}

// commit fixes the public inputs, after the commitments and their challenges if
// those do not need the solver.
func (r *proving) commit() (err error) {
	if r.early && len(r.commitments) > 0 {
		w := make([]fr.Element, r.wires)
		copy(w[r.nbPublic:], r.secret)
		r.setMasks(w)
		var tasks []msm.Task
		for i, q := range r.commitment {
			tasks = append(tasks, msm.G1(&r.proof.Commitments[i], q.bases, q.scalars(w)))
		}
		if err := msm.Run(r.ctx, tasks...); err != nil {
			return err
		}
		for i, c := range r.commitments {
			d := &r.proof.Commitments[i]
			d.Add(d, &r.commitment[i].fixed)
			prehash := d.Marshal()
			for _, earlier := range c.GetCommitmentCommitted() {
				k := slices.Index(r.commitments.CommitmentIndexes(), earlier)
				prehash = append(prehash, r.proof.Challenges[k].Marshal()...)
			}
			r.proof.Challenges[i] = r.t.Challenge(i, prehash)
		}
		r.proof.Public, err = r.t.Public(slices.Clone(r.proof.Challenges))
	} else {
		r.proof.Public, err = r.t.Public(nil)
	}
	if err == nil && len(r.proof.Public) != r.nbPublic-1 {
		err = fmt.Errorf("%w: %d public, want %d", ErrInput, len(r.proof.Public), r.nbPublic-1)
	}
	return err
}

func (r *proving) setMasks(w []fr.Element) {
	for i, m := range r.masks {
		w[m.wire] = r.mask[i]
	}
}

// solve runs gnark's solver. It cannot tell the masks' hints apart, so it solves
// with masks of zero, and they are filled in afterwards: nothing but their own
// constraints and the commitments depends on them.
func (r *proving) solve() (*cs.R1CSSolution, error) {
	r.solving.Lock()
	defer r.solving.Unlock()
	full := inputs{vector: slices.Concat(r.proof.Public, r.secret)}
	solution, err := r.r1cs.Solve(full,
		solver.OverrideHint(commitmentID, r.challengeHint),
		solver.OverrideHint(randomizeID, func(_ *big.Int, _, out []*big.Int) error {
			for _, x := range out {
				x.SetUint64(0)
			}
			return nil
		}))
	if ctxErr := r.ctx.Err(); ctxErr != nil {
		return nil, ctxErr
	}
	if err != nil {
		return nil, Unsatisfied(err)
	}
	s := solution.(*cs.R1CSSolution)
	r.setMasks(s.W)
	for i, m := range r.masks {
		s.A[m.row], s.C[m.row] = r.mask[i], r.mask[i]
	}
	return s, nil
}

// Unsatisfied returns [ErrUnsatisfied] in place of an error of gnark's solver, whose text
// spells out secret values.
func Unsatisfied(err error) error {
	if constraint := (*cs.UnsatisfiedConstraintError)(nil); errors.As(err, &constraint) {
		return fmt.Errorf("%w: constraint %d", ErrUnsatisfied, constraint.CID)
	}
	return ErrUnsatisfied
}

// challengeHint answers gnark's request for the challenge of a commitment to
// in: its number, the values to hash and the values to commit to.
func (r *proving) challengeHint(_ *big.Int, in, out []*big.Int) error {
	i := int(in[0].Int64())
	if !r.early {
		if err := r.commitNow(i, in[1:]); err != nil {
			return err
		}
	}
	r.proof.Challenges[i].BigInt(out[0])
	return nil
}

// commitNow computes commitment i from within the solver.
func (r *proving) commitNow(i int, in []*big.Int) error {
	c := &r.commitments[i]
	hashed := in[:len(c.PublicAndCommitmentCommitted)]
	w := make([]fr.Element, r.wires)
	for k, x := range in[len(hashed):] {
		w[c.PrivateCommitted[k]].SetBigInt(x)
	}
	r.setMasks(w)
	d, q := &r.proof.Commitments[i], r.commitment[i]
	if err := msm.Run(r.ctx, msm.G1(d, q.bases, q.scalars(w))); err != nil {
		return err
	}
	d.Add(d, &q.fixed)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.proof.Challenges[i] = r.t.Challenge(i, constraint.SerializeCommitment(d.Marshal(), hashed, fr.Bytes))
	return nil
}

// inputs is a witness made of nothing but its vector, all the solver asks for.
type inputs struct {
	witness.Witness
	vector fr.Vector
}

func (i inputs) Vector() any { return i.vector }

// sumG1 is the task of a query's sum, whose scalars it makes when it begins.
func sumG1(res *bn254.G1Affine, q *query[bn254.G1Affine], w fr.Vector, extra ...fr.Element) msm.Task {
	return func(on *msm.Worker) { msm.G1(res, q.bases, q.scalars(w, extra...))(on) }
}

// sums computes the proof's points from the wires' values and the quotient:
//
//	Ar  = α + Σ w·A + rδ            Bs = β + Σ w·B + sδ
//	Krs = Σ w·K + Σ h·Z + s·Ar + r·Bs - rs·δ
func (r *proving) sums(w, h fr.Vector) error {
	var x, y, minusXY fr.Element
	for _, e := range []*fr.Element{&x, &y} {
		if _, err := e.SetRandom(); err != nil {
			return fmt.Errorf("groth16: randomness: %w", err)
		}
	}
	minusXY.Mul(&x, &y).Neg(&minusXY)
	// x and y are r and s of the formulas
	var ar, bs1, k, z bn254.G1Affine
	var bs bn254.G2Affine
	tasks := []msm.Task{
		msm.G1(&z, r.z, h[:len(r.z)]),
		func(on *msm.Worker) { msm.G2(&bs, r.b2.bases, r.b2.scalars(w, y))(on) },
		sumG1(&ar, r.a, w, x),
		sumG1(&k, r.k, w, minusXY),
		sumG1(&bs1, r.b1, w, y),
	}
	for i, q := range r.knowledge {
		tasks = append(tasks, sumG1(&r.proof.PoKs[i], q, w))
	}
	if err := msm.Run(r.ctx, tasks...); err != nil {
		return err
	}
	for i, q := range r.knowledge {
		r.proof.PoKs[i].Add(&r.proof.PoKs[i], &q.fixed)
	}
	ar.Add(&ar, &r.a.fixed).Add(&ar, &r.alpha)
	bs1.Add(&bs1, &r.b1.fixed).Add(&bs1, &r.beta)
	bs.Add(&bs, &r.b2.fixed).Add(&bs, &r.beta2)
	k.Add(&k, &r.k.fixed).Add(&k, &z)

	var t bn254.G1Affine
	var e big.Int
	k.Add(&k, t.ScalarMultiplication(&ar, y.BigInt(&e)))
	k.Add(&k, t.ScalarMultiplication(&bs1, x.BigInt(&e)))
	r.proof.Ar, r.proof.Bs, r.proof.Krs = ar, bs, k
	return nil
}
