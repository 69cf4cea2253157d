package groth16

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/consensys/gnark-crypto/ecc/bn254"

	"github.com/nnark/nnark/prover/simd/msm"
)

// A proving key comes from a file that anybody may have written: nobody needs a trapdoor to
// make one under which proofs verify and show the witness. What is checked here, before a
// key is used, makes that impossible, whatever else stands in the key:
//
//   - every point is on its curve, or infinity. G1 then has prime order, so that a finite
//     point generates it; sums do not depend on the order of their terms;
//   - δ in G1 is finite, and δ in G2 is finite and in the subgroup of prime order;
//   - the base of every mask, and of every further wire named as hiding a commitment
//     ([Prover.CheckHides]), is finite, and no other base takes that wire.
//
// Let r, s and the masks m_i be uniform and independent of all else. Each D_i = m_i·M_i + …
// has M_i a generator and the rest free of m_i, so D_i is uniform in G1. Given the
// commitments, and with them the challenges and the wires, Ar = r·δ + … is uniform in G1,
// and Bs = s·δ + … is uniform in G2 plus a point that is 0 or outside G2, in which case no
// verifier takes the proof. So (D, Ar, Bs) says nothing about the witness. The rest is a
// function of it and of the verifying key, in which δ, γ and the commitments' G are finite
// points of G2: Krs is the only point with
//
//	e(Krs, δ) = e(Ar, Bs) / (e(α, β)·e(L, γ))
//
// and PoK_i the only one with e(PoK_i, G) = e(D_i, σG). A proof that verifies therefore has
// the distribution of one made by a simulator that knows no witness. A model's commitment
// C = Σ w·B + ρ·B_ρ is uniform for the same reason: relations between B_ρ and other bases,
// even B_ρ equal to one of them, do not matter to hiding.
//
// What remains is whether a proof verifies. A key of points that do not belong together
// makes that depend on the witness; a proof that fails is not returned, but that none was
// made can be noticed. Against that helps a key whose points are known to belong together,
// for instance as recomputed from a ceremony's transcript; [Prover.Matches] compares what
// can be compared without one.

// checkHiding refuses keys under which a proof that verifies need not hide its witness. The
// shape of the queries was checked.
func (p *Prover) checkHiding() error {
	ok := onCurve(p.z, []bn254.G1Affine{p.alpha, p.beta}) && onCurve([]bn254.G2Affine{p.beta2, p.b2.fixed}, p.b2.bases)
	for _, q := range p.g1Queries() {
		ok = ok && onCurve([]bn254.G1Affine{q.fixed}, q.bases)
	}
	if !ok {
		return fmt.Errorf("%w: the key has points off the curve", ErrCircuit)
	}
	if !blinds(p.a.last()) || !blinds(p.b1.last()) || !blinds(p.k.last()) || !blindsG2(p.b2.last()) {
		return fmt.Errorf("%w: proofs under this key would hide nothing: delta", ErrCircuit)
	}
	for i, m := range p.masks {
		// A bound mask makes the commitment the same in all proofs: it was hidden once.
		bound := slices.Contains(p.boundWires, m.wire)
		base := p.commitment[i].onlyBase(m.wire)
		if bound != (base == nil) || base != nil && !blinds(base) || !p.takesOnly(i) {
			return fmt.Errorf("%w: nothing would hide commitment %d", ErrCircuit, i)
		}
	}
	return nil
}

// CheckHides reports, as [ErrCircuit], a commitment that a uniform value of the wire does
// not hide: it has no base for the wire, or infinity for one. The masks of commitments
// were checked; a caller that hides commitment i by a secret input of its own names it.
func (p *Prover) CheckHides(i, wire int) error {
	if i < 0 || i >= len(p.commitments) {
		return fmt.Errorf("%w: no commitment %d", ErrCircuit, i)
	}
	if base := p.commitment[i].onlyBase(wire); base == nil || !blinds(base) {
		return fmt.Errorf("%w: nothing would hide commitment %d", ErrCircuit, i)
	}
	return nil
}

// takesOnly reports whether commitment i takes no wire but its own: two commitments that
// share their masks could show a difference.
func (p *Prover) takesOnly(i int) bool {
	for _, w := range p.commitment[i].wires {
		if _, ok := slices.BinarySearch(p.commitments[i].PrivateCommitted, int(w>>1)); !ok {
			return false
		}
	}
	return true
}

// blinds reports whether a uniform multiple of the point is uniform in G1.
func blinds(p *bn254.G1Affine) bool { return !p.IsInfinity() && p.IsOnCurve() }

// blindsG2 is blinds for G2, whose curve has other points too.
func blindsG2(p *bn254.G2Affine) bool { return !p.IsInfinity() && p.IsInSubGroup() }

// onCurve reports whether all points satisfy the curve's equation or are infinity.
func onCurve[P any, C interface {
	*P
	IsOnCurve() bool
}](lists ...[]P) bool {
	const part = 1 << 12
	var tasks []msm.Task
	var off atomic.Bool
	for _, points := range lists {
		tasks = append(tasks, msm.Parallel(len(points), part, func(_ *msm.Worker, lo, hi int) {
			for i := lo; i < hi; i++ {
				if !C(&points[i]).IsOnCurve() {
					off.Store(true)
					return
				}
			}
		})...)
	}
	return msm.Run(context.Background(), tasks...) == nil && !off.Load()
}
