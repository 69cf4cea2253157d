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

// Commit computes commitment i and its proof of knowledge as a proof with the
// same secret inputs and mask has them. Inputs the commitment does not cover are
// ignored. It returns [ErrCircuit] if the commitment covers internal wires other
// than its mask, or there is no commitment i, and [ErrInput] for a wrong number
// of inputs.
func (p *Prover) Commit(ctx context.Context, i int, secret fr.Vector, mask fr.Element) (d, pok bn254.G1Affine, err error) {
	if i < 0 || i >= len(p.commitments) {
		return d, pok, fmt.Errorf("%w: no commitment %d", ErrCircuit, i)
	}
	if len(secret) != p.nbSecret {
		return d, pok, fmt.Errorf("%w: %d secret, want %d", ErrInput, len(secret), p.nbSecret)
	}
	if !p.commitsToInputs(i) {
		return d, pok, fmt.Errorf("%w: commitment %d is to internal wires", ErrCircuit, i)
	}
	w := make([]fr.Element, p.wires)
	copy(w[p.nbPublic:], secret)
	w[p.masks[i].wire] = mask
	c, k := p.commitment[i], p.knowledge[i]
	err = msm.Run(ctx, msm.G1(&d, c.bases, c.scalars(w)), msm.G1(&pok, k.bases, k.scalars(w)))
	d.Add(&d, &c.fixed)
	pok.Add(&pok, &k.fixed)
	return d, pok, err
}
