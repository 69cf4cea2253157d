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

// ErrWire is the error for wires that cannot be bound.
var ErrWire = errors.New("groth16: wire cannot be bound")

// Bind returns a prover for proofs in which the given wires, secret inputs or
// masks ([Prover.Masks]), have the given values. Proofs with other secret inputs
// fail with [ErrBoundValue].
//
// The bound prover holds sums over the values that nothing hides: it is as
// secret as they are. A bound mask hides the commitment only if it was drawn at
// random, and the commitment is then the same in all proofs.
//
// It returns [ErrWire] for other wires, repeated wires, slices of different
// lengths and provers that are bound already.
func (p *Prover) Bind(ctx context.Context, wires []int, values []fr.Element) (*Prover, error) {
	if len(wires) != len(values) {
		return nil, fmt.Errorf("%w: %d wires, %d values", ErrWire, len(wires), len(values))
	}
	if p.boundWires != nil {
		return nil, fmt.Errorf("%w: the prover is bound already", ErrWire)
	}
	bound := map[int]fr.Element{0: fr.One()} // ONE
	masks := p.Masks()
	for i, w := range wires {
		if (w < p.nbPublic || w >= p.nbPublic+p.nbSecret) && !slices.Contains(masks, w) {
			return nil, fmt.Errorf("%w: %d is not a secret input or mask", ErrWire, w)
		}
		if _, twice := bound[w]; twice {
			return nil, fmt.Errorf("%w: %d occurs twice", ErrWire, w)
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

// Bound reports whether wires are bound.
func (p *Prover) Bound() bool { return p.boundWires != nil }

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
	if p.a, err = bindQuery(&binder, p.a, spread(p.a, p.wires), msm.CombineG1, signG1); err != nil {
		return err
	}
	if p.b1, err = bindQuery(&binder, p.b1, spread(p.b1, p.wires), msm.CombineG1, signG1); err != nil {
		return err
	}
	if p.b2, err = bindQuery(&binder, p.b2, spread(p.b2, p.wires), msm.CombineG2, signG2); err != nil {
		return err
	}
	if p.k, err = bindQuery(&binder, p.k, spread(p.k, p.wires), msm.CombineG1, signG1); err != nil {
		return err
	}
	binder.rounds = nil // folded wires are never committed
	p.commitment, p.knowledge = slices.Clone(p.commitment), slices.Clone(p.knowledge)
	for i := range p.commitments {
		for _, q := range []**query[bn254.G1Affine]{&p.commitment[i], &p.knowledge[i]} {
			if *q, err = bindQuery(&binder, *q, spread(*q, p.wires), msm.CombineG1, signG1); err != nil {
				return err
			}
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

// bindQuery returns a query, of which all are the wires' points, without the wires that are
// not free: it moves the points of folded wires to those they depend on, and adds up those of
// bound wires.
func bindQuery[P comparable](b *binder, from *query[P], all []P, combine combineFunc[P], sign signFunc[P]) (*query[P], error) {
	var infinity P
	for _, r := range b.rounds {
		if err := moveFolded(b.ctx, all, r, combine); err != nil {
			return nil, err
		}
	}
	var index []uint32
	var values []fr.Element
	for _, w := range slices.Sorted(maps.Keys(b.bound)) {
		if all[w] != infinity {
			index, values = append(index, uint32(w)), append(values, b.bound[w])
		}
	}
	var fixed [1]P
	if err := combine(b.ctx, fixed[:], all, index, values, []uint32{0, uint32(len(index))}); err != nil {
		return nil, err
	}
	var free []int
	var freePoints []P
	for w, p := range all {
		if !b.gone[w] && p != infinity {
			free, freePoints = append(free, w), append(freePoints, p)
		}
	}
	extra := from.bases[len(from.start)-1:]
	q := newQuery(free, freePoints, sign, extra...)
	q.fixed = fixed[0]
	return q, nil
}

// combineFunc is [msm.CombineG1] or [msm.CombineG2].
type combineFunc[P any] func(ctx context.Context, res, src []P, index []uint32, scalars []fr.Element, start []uint32) error

// moveFolded adds to the points of the round's targets the shares of folded wires.
func moveFolded[P comparable](ctx context.Context, all []P, r round, combine combineFunc[P]) error {
	var infinity P
	var targets []int
	var index []uint32
	var values []fr.Element
	start := []uint32{0}
	for _, w := range slices.Sorted(maps.Keys(r)) {
		before := len(index)
		for _, c := range r[w] {
			if all[c.from] != infinity {
				index, values = append(index, uint32(c.from)), append(values, c.value)
			}
		}
		if len(index) == before {
			continue
		}
		index, values = append(index, uint32(w)), append(values, fr.One())
		targets, start = append(targets, w), append(start, uint32(len(index)))
	}
	results := make([]P, len(targets))
	if err := combine(ctx, results, all, index, values, start); err != nil {
		return err
	}
	for i, w := range targets {
		all[w] = results[i]
	}
	return nil
}
