package ceremony

import (
	"context"
	"crypto/sha256"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/internal/secret"
	"github.com/nnark/nnark/prover/simd/msm"
)

// powers are the points of phase 1 for domains of n elements.
type powers struct {
	tau1  []bn254.G1Affine // [τ^i]₁, i < 2n-1
	alpha []bn254.G1Affine // [α·τ^i]₁, i < n
	beta  []bn254.G1Affine // [β·τ^i]₁, i < n
	tau2  []bn254.G2Affine // [τ^i]₂, i < n; in phase 2, which needs no more, i < 2
	beta2 bn254.G2Affine   // [β]₂
}

// phase1Secrets is the number of secrets of phase 1: τ, α, β.
const phase1Secrets = 3

// newPowers are those of τ = α = β = 1.
func newPowers(n int) *powers {
	_, _, gen1, gen2 := bn254.Generators()
	p := &powers{
		tau1: make([]bn254.G1Affine, 2*n-1), alpha: make([]bn254.G1Affine, n),
		beta: make([]bn254.G1Affine, n), tau2: make([]bn254.G2Affine, n), beta2: gen2,
	}
	for _, list := range [][]bn254.G1Affine{p.tau1, p.alpha, p.beta} {
		for i := range list {
			list[i] = gen1
		}
	}
	for i := range p.tau2 {
		p.tau2[i] = gen2
	}
	return p
}

func (p *powers) anchors() anchors {
	return anchors{g1: []bn254.G1Affine{p.tau1[1], p.alpha[0], p.beta[0]}}
}

// origin shows the secrets behind the points, from which all of these follow.
func (p *powers) origin() anchors {
	return anchors{g1: p.anchors().g1, g2: []bn254.G2Affine{p.tau2[1], p.beta2}}
}

// phase1Digest identifies an origin.
func (a *anchors) phase1Digest() [32]byte {
	var e encoder
	e.raw([]byte("nnark-ceremony-1: phase 1"))
	e.anchors(a)
	return sha256.Sum256(e.buf.Bytes())
}

// update returns the powers of τ·x[0], α·x[1] and β·x[2].
func (p *powers) update(ctx context.Context, x []fr.Element, progress Progress) (*powers, error) {
	var secrets secret.List
	defer secrets.Clear()
	tau := secrets.New(len(p.tau1))
	tau[0].SetOne()
	for i := 1; i < len(tau); i++ {
		tau[i].Mul(&tau[i-1], &x[0])
	}
	n := len(p.alpha)
	alpha, beta := fr.Vector(secrets.New(n)), fr.Vector(secrets.New(n))
	alpha.ScalarMul(tau[:n], &x[1])
	beta.ScalarMul(tau[:n], &x[2])
	q := &powers{
		tau1: make([]bn254.G1Affine, len(p.tau1)), alpha: make([]bn254.G1Affine, n),
		beta: make([]bn254.G1Affine, n), tau2: make([]bn254.G2Affine, len(p.tau2)),
	}
	beta2 := make([]bn254.G2Affine, 1)
	m := newMeter(progress, "contribute", len(tau)+2*n+g2Weight*len(p.tau2))
	for _, part := range []struct {
		dst, src []bn254.G1Affine
		x        []fr.Element
	}{{q.tau1, p.tau1, tau}, {q.alpha, p.alpha, alpha}, {q.beta, p.beta, beta}} {
		if err := msm.ScaleG1(ctx, part.dst, part.src, part.x, m.part(len(part.src), 1)); err != nil {
			return nil, err
		}
	}
	if err := msm.ScaleG2(ctx, q.tau2, p.tau2, tau[:len(p.tau2)], m.part(len(p.tau2), g2Weight)); err != nil {
		return nil, err
	}
	err := msm.ScaleG2(ctx, beta2, []bn254.G2Affine{p.beta2}, x[2:3], nil)
	q.beta2 = beta2[0]
	return q, err
}

// check reports points that are not powers of one τ, times α and β that are the same in all
// of them. With the first element of each list, for random ρ,
//
//	e(Σ ρ_i·P_i, [τ]₂) = e(Σ ρ_i·P_(i+1), G₂)
//
// for all neighbours P_i, P_(i+1) of the lists in G1 at once, and likewise in G2.
func (p *powers) check(ctx context.Context) error {
	_, _, gen1, gen2 := bn254.Generators()
	if p.tau1[0] != gen1 || p.tau2[0] != gen2 {
		return invalid("phase 1: powers that do not start with the generators")
	}
	if p.tau1[1].IsInfinity() || p.alpha[0].IsInfinity() || p.beta[0].IsInfinity() || p.tau2[1].IsInfinity() || p.beta2.IsInfinity() {
		return invalid("phase 1: a secret is 0")
	}
	if err := checkG1(p.tau1, p.alpha, p.beta); err != nil {
		return err
	}
	if err := checkG2(ctx, p.tau2, []bn254.G2Affine{p.beta2}); err != nil {
		return err
	}
	var low, high sumG1
	for _, list := range [][]bn254.G1Affine{p.tau1, p.alpha, p.beta} {
		rho, err := random(len(list) - 1)
		if err != nil {
			return err
		}
		low.add(list[:len(rho)], rho)
		high.add(list[1:], rho)
	}
	rho, err := random(len(p.tau2) - 1)
	if err != nil {
		return err
	}
	var low2, high2 bn254.G2Affine
	if err := msm.Run(ctx, low.task(), high.task(), msm.G2(&low2, p.tau2[:len(rho)], rho), msm.G2(&high2, p.tau2[1:], rho)); err != nil {
		return err
	}
	if !pairingsEqual(&low.sum, &p.tau2[1], &high.sum, &gen2) {
		return invalid("phase 1: points of G1 are not powers of one number")
	}
	if !pairingsEqual(&p.tau1[1], &low2, &gen1, &high2) {
		return invalid("phase 1: points of G2 are not powers of one number")
	}
	if !pairingsEqual(&p.beta[0], &gen2, &gen1, &p.beta2) {
		return invalid("phase 1: beta differs between the groups")
	}
	return nil
}
