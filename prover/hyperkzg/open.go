// Package hyperkzg opens multilinear polynomials under KZG commitments. Package
// verifier/hyperkzg documents the protocol and what a proof reveals, and verifies proofs.
package hyperkzg

import (
	"context"
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/simd/msm"
	"github.com/nnark/nnark/verifier/hyperkzg"
)

// Open proves the value y of a vector's multilinear extension at a point: v has 2^len(point)
// elements, powers, [τ^j]_1, at least as many, and the commitment is Σ v[j]·powers[j], which is
// not checked: for another one the proof is not accepted. v is not changed. The transcript must be in
// the state that the verifier's will have.
//
// Of three challenges among all scalars there is no proof: Open then fails with
// hyperkzg.ErrRejected.
func Open(ctx context.Context, powers []bn254.G1Affine, commitment bn254.G1Affine, v, point []fr.Element,
	t hyperkzg.Transcript) (y fr.Element, p *hyperkzg.Proof, err error) {
	o, err := newOpening(ctx, powers, v, point)
	if err != nil {
		return y, nil, err
	}
	t.Points("hyperkzg commitment", commitment)
	t.Scalars("hyperkzg point", point...)
	t.Scalars("hyperkzg value", o.y)
	if err := o.commitFolds(); err != nil {
		return y, nil, err
	}
	t.Points("hyperkzg folds", o.proof.Folds...)
	r := t.Challenge("hyperkzg r")
	if err := o.evaluate(&r); err != nil {
		return y, nil, err
	}
	t.Scalars("hyperkzg plus", o.proof.Plus...)
	t.Scalars("hyperkzg minus", o.proof.Minus...)
	t.Scalars("hyperkzg square", o.proof.Square)
	q := t.Challenge("hyperkzg q")
	if err := o.divideByRoots(&q); err != nil {
		return y, nil, err
	}
	t.Points("hyperkzg quotient", o.proof.Quotient)
	z := t.Challenge("hyperkzg z")
	if err := o.open(&z); err != nil {
		return y, nil, err
	}
	t.Points("hyperkzg opening", o.proof.Opening)
	return o.y, &o.proof, nil
}

// opening is the state of a proof in the making.
type opening struct {
	ctx    context.Context
	powers []bn254.G1Affine
	polys  []fr.Vector // P_0, …, P_{c-1}; the first belongs to the caller
	y      fr.Element
	roots  [3]fr.Element // r, -r, r²

	combined fr.Vector // B = Σ q^i·P_i
	quotient fr.Vector // Q
	proof    hyperkzg.Proof
}

// newOpening computes the foldings of v and its value.
func newOpening(ctx context.Context, powers []bn254.G1Affine, v, point []fr.Element) (*opening, error) {
	c := len(point)
	if c < 1 || c > 40 || len(v) != 1<<c {
		return nil, fmt.Errorf("hyperkzg: vector of %d elements, point of %d coordinates", len(v), c)
	}
	if len(powers) < len(v) {
		return nil, fmt.Errorf("hyperkzg: %d powers for %d elements", len(powers), len(v))
	}
	o := &opening{ctx: ctx, powers: powers[:len(v)], polys: []fr.Vector{v}}
	for i := range c {
		next, err := fold(ctx, o.polys[i], &point[c-1-i])
		if err != nil {
			return nil, err
		}
		o.polys = append(o.polys, next)
	}
	o.y = o.polys[c][0]
	o.polys = o.polys[:c]
	return o, nil
}

// commitFolds sets the proof's Folds.
func (o *opening) commitFolds() error {
	folds := o.polys[1:]
	o.proof.Folds = make([]bn254.G1Affine, len(folds))
	var tasks []msm.Task
	for i, p := range folds {
		tasks = append(tasks, msm.G1(&o.proof.Folds[i], o.powers[:len(p)], p))
	}
	return msm.Run(o.ctx, tasks...)
}

// evaluate sets the proof's Plus, Minus and Square.
func (o *opening) evaluate(r *fr.Element) error {
	var cube fr.Element
	if cube.Square(r).Mul(&cube, r); cube == *r {
		return fmt.Errorf("%w: degenerate challenge", hyperkzg.ErrRejected)
	}
	o.roots[0] = *r
	o.roots[1].Neg(r)
	o.roots[2].Square(r)
	var at [3]powersOf
	for i := range at {
		at[i] = newPowersOf(&o.roots[i], len(o.polys[0]))
	}
	c := len(o.polys)
	plus, minus := make([]fr.Element, c), make([]fr.Element, c)
	tasks := []msm.Task{func(*msm.Worker) { o.proof.Square = at[2].evaluate(o.polys[0]) }}
	for i, p := range o.polys {
		tasks = append(tasks,
			func(*msm.Worker) { plus[i] = at[0].evaluate(p) },
			func(*msm.Worker) { minus[i] = at[1].evaluate(p) })
	}
	o.proof.Plus, o.proof.Minus = plus, minus
	return msm.Run(o.ctx, tasks...)
}

// divideByRoots computes B and Q and sets the proof's Quotient.
func (o *opening) divideByRoots(q *fr.Element) error {
	o.combined = append(fr.Vector(nil), o.polys[0]...)
	if err := o.addFolds(q); err != nil {
		return err
	}
	o.quotient = append(fr.Vector(nil), o.combined...)
	for i := range o.roots {
		var err error
		if o.quotient, err = divide(o.ctx, o.quotient, &o.roots[i]); err != nil {
			return err
		}
	}
	return o.commit(&o.proof.Quotient, o.quotient)
}

// addFolds adds Σ_{i>0} q^i·P_i to B.
func (o *opening) addFolds(q *fr.Element) error {
	if len(o.polys) == 1 {
		return nil
	}
	return each(o.ctx, len(o.polys[1]), func(lo, hi int) {
		scratch, power := make(fr.Vector, hi-lo), *q
		for _, p := range o.polys[1:] {
			if lo >= len(p) {
				break
			}
			addScaled(o.combined[lo:], p[lo:min(hi, len(p))], &power, scratch)
			power.Mul(&power, q)
		}
	})
}

// open sets the proof's Opening. It spends B, of which it subtracts Z(z)·Q; the constant I(z) only
// changes the remainder, to zero.
func (o *opening) open(z *fr.Element) error {
	factor := fr.One()
	for i := range o.roots {
		var d fr.Element
		factor.Mul(&factor, d.Sub(z, &o.roots[i]))
	}
	factor.Neg(&factor)
	err := each(o.ctx, len(o.quotient), func(lo, hi int) {
		addScaled(o.combined[lo:], o.quotient[lo:hi], &factor, make(fr.Vector, hi-lo))
	})
	if err != nil {
		return err
	}
	w, err := divide(o.ctx, o.combined, z)
	if err != nil {
		return err
	}
	return o.commit(&o.proof.Opening, w)
}

func (o *opening) commit(res *bn254.G1Affine, p fr.Vector) error {
	return msm.Run(o.ctx, msm.G1(res, o.powers[:len(p)], p))
}
