package groth16

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/simd/msm"
)

// ErrBind is the error for wires that cannot be bound.
var ErrBind = errors.New("groth16: wire cannot be bound")

// Bind returns a prover for proofs in which the given wires, secret inputs or
// masks ([Prover.Masks]), have the given values. Proofs with other secret inputs
// fail with [ErrBound].
//
// The bound prover holds sums over the values that nothing hides: it is as
// secret as they are. A bound mask hides the commitment only if it was drawn at
// random, and the commitment is then the same in all proofs.
//
// It returns [ErrBind] for other wires, repeated wires, slices of different
// lengths and provers that are bound already.
func (p *Prover) Bind(ctx context.Context, wires []int, values []fr.Element) (*Prover, error) {
	if len(wires) != len(values) {
		return nil, fmt.Errorf("%w: %d wires, %d values", ErrBind, len(wires), len(values))
	}
	if p.boundWires != nil {
		return nil, fmt.Errorf("%w: the prover is bound already", ErrBind)
	}
	bound := map[int]fr.Element{0: fr.One()} // ONE
	masks := p.Masks()
	for i, w := range wires {
		if (w < p.nbPublic || w >= p.nbPublic+p.nbSecret) && !slices.Contains(masks, w) {
			return nil, fmt.Errorf("%w: %d is not a secret input or mask", ErrBind, w)
		}
		if _, twice := bound[w]; twice {
			return nil, fmt.Errorf("%w: %d occurs twice", ErrBind, w)
		}
		bound[w] = values[i]
	}
	b := *p
	b.boundWires, b.boundValues = slices.Clone(wires), slices.Clone(values)
	if err := b.bindQueries(ctx, bound); err != nil {
		return nil, err
	}
	return &b, nil
}

// bindQueries replaces the queries by those over the wires that are still free.
func (p *Prover) bindQueries(ctx context.Context, bound map[int]fr.Element) (err error) {
	folds := p.findFolds(bound)
	binder := binder{Prover: p, ctx: ctx, bound: bound, gone: make([]bool, p.wires), rounds: foldRounds(folds, p.wires)}
	for w := range bound {
		binder.gone[w] = true
	}
	for _, f := range folds {
		binder.gone[f.wire] = true
	}
	g1, g2 := &p.pk.G1, &p.pk.G2
	a, b := finite(p.pk.InfinityA), finite(p.pk.InfinityB)
	if p.a, err = bindQuery(&binder, a, g1.A, msm.G1, canonicalG1, g1.Delta); err != nil {
		return err
	}
	if p.b1, err = bindQuery(&binder, b, g1.B, msm.G1, canonicalG1, g1.Delta); err != nil {
		return err
	}
	if p.b2, err = bindQuery(&binder, b, g2.B, msm.G2, canonicalG2, g2.Delta); err != nil {
		return err
	}
	if p.k, err = bindQuery(&binder, p.private, g1.K, msm.G1, canonicalG1, g1.Delta); err != nil {
		return err
	}
	binder.rounds = nil // folded wires are never committed
	n := len(p.commitments)
	p.commitment, p.knowledge = make([]*query[bn254.G1Affine], n), make([]*query[bn254.G1Affine], n)
	for i, c := range p.commitments {
		key := &p.pk.CommitmentKeys[i]
		if p.commitment[i], err = bindQuery(&binder, c.PrivateCommitted, key.Basis, msm.G1, canonicalG1); err != nil {
			return err
		}
		if p.knowledge[i], err = bindQuery(&binder, c.PrivateCommitted, key.BasisExpSigma, msm.G1, canonicalG1); err != nil {
			return err
		}
	}
	return nil
}

type binder struct {
	*Prover
	ctx    context.Context
	bound  map[int]fr.Element
	gone   []bool // bound or folded
	rounds []round
}

// bindQuery builds the query of wires with the given points: it moves the points
// of folded wires to those they depend on, and adds up those of bound wires.
func bindQuery[P comparable](b *binder, wires []int, points []P, sum func(*P, []P, []fr.Element) msm.Task,
	canonical func(P) (P, bool), extra ...P) (*query[P], error) {
	var infinity P
	all := make([]P, b.wires)
	for i, w := range wires {
		all[w] = points[i]
	}
	one := fr.One()
	for _, r := range b.rounds {
		targets := slices.Sorted(maps.Keys(r))
		results := make([]P, len(targets))
		err := msm.Run(b.ctx, msm.Parallel(len(targets), 1, func(w *msm.Worker, i, _ int) {
			bases, scalars := []P{all[targets[i]]}, []fr.Element{one}
			for _, c := range r[targets[i]] {
				if all[c.from] != infinity {
					bases, scalars = append(bases, all[c.from]), append(scalars, c.value)
				}
			}
			results[i] = bases[0]
			if len(bases) > 1 {
				sum(&results[i], bases, scalars)(w)
			}
		})...)
		if err != nil {
			return nil, err
		}
		for i, w := range targets {
			all[w] = results[i]
		}
	}
	var bases []P
	var scalars []fr.Element
	for _, w := range slices.Sorted(maps.Keys(b.bound)) {
		if all[w] != infinity {
			bases, scalars = append(bases, all[w]), append(scalars, b.bound[w])
		}
	}
	var fixed P
	if err := msm.Run(b.ctx, sum(&fixed, bases, scalars)); err != nil {
		return nil, err
	}
	var free []int
	var freePoints []P
	for w, p := range all {
		if !b.gone[w] && p != infinity {
			free, freePoints = append(free, w), append(freePoints, p)
		}
	}
	q := newQuery(free, freePoints, canonical, extra...)
	q.fixed = fixed
	return q, nil
}
