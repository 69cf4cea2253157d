package groth16

import (
	"context"
	"fmt"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/simd/msm"
)

// Committed returns the wires of commitment i, ascending: secret inputs, internal
// wires and the mask. Secret input k is wire k + 1 + the number of public inputs.
func (p *Prover) Committed(i int) []int { return slices.Clone(p.commitments[i].PrivateCommitted) }

// Masks returns the wires with the masks of the commitments, in their order.
func (p *Prover) Masks() []int {
	wires := make([]int, len(p.masks))
	for i, m := range p.masks {
		wires[i] = m.wire
	}
	return wires
}

// Commit computes commitment i to the values of its wires ([Prover.Committed]), the mask among
// them, and its proof of knowledge, as a proof with these values has them. It returns
// [ErrCircuit] if there is no commitment i, and [ErrInput] for a wrong number of values.
func (p *Prover) Commit(ctx context.Context, i int, values fr.Vector) (d, pok bn254.G1Affine, err error) {
	if i < 0 || i >= len(p.commitments) {
		return d, pok, fmt.Errorf("%w: no commitment %d", ErrCircuit, i)
	}
	wires := p.commitments[i].PrivateCommitted
	if len(values) != len(wires) {
		return d, pok, fmt.Errorf("%w: %d values, commitment %d is to %d", ErrInput, len(values), i, len(wires))
	}
	w := make([]fr.Element, p.wires)
	for k, wire := range wires {
		w[wire] = values[k]
	}
	return p.commit(ctx, i, w)
}

// commit computes commitment i to values of all wires.
func (p *Prover) commit(ctx context.Context, i int, w []fr.Element) (d, pok bn254.G1Affine, err error) {
	c, k := p.commitment[i], p.knowledge[i]
	err = msm.Run(ctx, msm.G1(&d, c.bases, c.scalars(w)), msm.G1(&pok, k.bases, k.scalars(w)))
	d.Add(&d, &c.fixed)
	pok.Add(&pok, &k.fixed)
	return d, pok, err
}
