package ceremony

import (
	"context"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/internal/secret"
	"github.com/nnark/nnark/prover/simd/msm"
)

// points are those of phase 2: a circuit's keys, with γ = 1. u, v and w are a wire's
// polynomials in the left, right and result columns, k is β·u + α·v + w, all at τ.
type points struct {
	a       []bn254.G1Affine // [u]₁ of the wires that occur on the left
	b1      []bn254.G1Affine // [v]₁ of those on the right
	b2      []bn254.G2Affine // [v]₂
	public  []bn254.G1Affine // [k]₁ of the wires in the verifying key
	private []bn254.G1Affine // [k/δ]₁ of those in the proving key
	z       []bn254.G1Affine // [τ^i·(τ^n-1)/δ]₁, i < n-1

	basis      [][]bn254.G1Affine // [k]₁ of the wires of a commitment
	basisSigma [][]bn254.G1Affine // [σ·k]₁

	delta  []bn254.G1Affine // [δ]₁ alone
	delta2 bn254.G2Affine   // [δ]₂
	sigma2 []bn254.G2Affine // [σ]₂ of each commitment
}

func newPoints(commitments int) *points {
	return &points{
		basis: make([][]bn254.G1Affine, commitments), basisSigma: make([][]bn254.G1Affine, commitments),
		sigma2: make([]bn254.G2Affine, commitments),
	}
}

// lists returns the lists in G1 in the order of files.
func (p *points) lists() []*[]bn254.G1Affine {
	lists := []*[]bn254.G1Affine{&p.delta, &p.a, &p.b1, &p.public, &p.private, &p.z}
	for i := range p.basis {
		lists = append(lists, &p.basis[i], &p.basisSigma[i])
	}
	return lists
}

func (p *points) anchors() anchors { return anchors{g1: p.delta, g2: p.sigma2} }

// update returns the points of δ·x[0] and σ_i·x[1+i].
func (p *points) update(ctx context.Context, x []fr.Element, progress Progress) (*points, error) {
	var secrets secret.List
	defer secrets.Clear()
	over := secrets.New(1)
	over[0].Inverse(&x[0])
	q := *p
	q.basisSigma = make([][]bn254.G1Affine, len(p.basisSigma))
	after := anchors{g1: p.delta, g2: append([]bn254.G2Affine{}, p.sigma2...)}
	after = after.times(x)
	q.delta, q.sigma2 = after.g1, after.g2
	delta2 := anchors{g2: []bn254.G2Affine{p.delta2}}
	q.delta2 = delta2.times(x[:1]).g2[0]

	type part struct {
		dst *[]bn254.G1Affine
		src []bn254.G1Affine
		by  []fr.Element
	}
	parts := []part{{&q.private, p.private, over}, {&q.z, p.z, over}}
	total := len(p.private) + len(p.z)
	for i := range p.basisSigma {
		parts = append(parts, part{&q.basisSigma[i], p.basisSigma[i], x[1+i : 2+i]})
		total += len(p.basisSigma[i])
	}
	m := newMeter(progress, "contribute", total)
	for _, part := range parts {
		*part.dst = make([]bn254.G1Affine, len(part.src))
		if err := msm.ScaleG1(ctx, *part.dst, part.src, part.by, m.part(len(part.src), 1)); err != nil {
			return nil, err
		}
	}
	return &q, nil
}

// check reports points that do not go with the powers and with each other, as far as that
// does not take the circuit: δ is the same in both groups, z is δ's share of the powers, and
// the second bases are σ times the first.
func (p *points) check(ctx context.Context, of *powers) error {
	_, _, gen1, gen2 := bn254.Generators()
	for _, list := range p.lists() {
		if err := checkG1(*list); err != nil {
			return err
		}
	}
	if err := checkG2(ctx, p.b2, append([]bn254.G2Affine{p.delta2}, p.sigma2...)); err != nil {
		return err
	}
	if p.delta2.IsInfinity() || p.delta[0].IsInfinity() || !pairingsEqual(&p.delta[0], &gen2, &gen1, &p.delta2) {
		return invalid("phase 2: delta is 0, or differs between the groups")
	}
	n := len(of.alpha)
	rho, err := random(n - 1)
	if err != nil {
		return err
	}
	var z, power sumG1
	z.add(p.z, rho)
	power.add(of.tau1[n:], rho)
	power.sub(of.tau1[:n-1], rho)
	if err := msm.Run(ctx, z.task(), power.task()); err != nil {
		return err
	}
	if !pairingsEqual(&z.sum, &p.delta2, &power.sum, &gen2) {
		return invalid("phase 2: the points of the quotient are not powers over delta")
	}
	for i := range p.basis {
		rho, err := random(len(p.basis[i]))
		if err != nil {
			return err
		}
		var first, second bn254.G1Affine
		if err := msm.Run(ctx, msm.G1(&first, p.basis[i], rho), msm.G1(&second, p.basisSigma[i], rho)); err != nil {
			return err
		}
		if p.sigma2[i].IsInfinity() || !pairingsEqual(&first, &p.sigma2[i], &second, &gen2) {
			return invalid("phase 2: the second basis of commitment %d is not sigma times the first", i)
		}
	}
	return nil
}
