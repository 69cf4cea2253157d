package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/prover/simd/msm"
)

// Options are what a verifier of a ceremony decides.
type Options struct {
	// Phase1 lists digests ([Transcript.Imported]) of the powers-of-tau files that are accepted
	// as phase 1. A phase 1 that parties of the ceremony made needs none.
	Phase1   [][32]byte
	Progress Progress
}

// Verified is a transcript that [Verify] found to be true and complete.
type Verified struct {
	Hash          [32]byte // of all steps, to be bound in the keys
	Contributions int      // by different parties to each phase, the fewer of the two

	transcript *Transcript
	circuit    *circuit
}

// Verify checks a whole ceremony for a circuit: every step, every point, that it has ended, and
// that the parties were enough. The package's documentation says how. Of a ceremony under
// way the error is [ErrIncomplete] if all else is right. Other errors are [ErrInvalid],
// [ErrCircuit], [ErrPhase1], [ErrText], or the context's.
func Verify(ctx context.Context, t *Transcript, r1cs *cs.R1CS, o Options) (*Verified, error) {
	c, err := newCircuit(r1cs)
	if err != nil {
		return nil, err
	}
	if c.digest() != t.circuit || c.power != t.power {
		return nil, fmt.Errorf("the ceremony is for another program: %w", ErrCircuit)
	}
	o.Progress.report("steps", 0)
	if err := t.check(ctx); err != nil {
		return nil, err
	}
	if t.points != nil {
		o.Progress.report("circuit", 0.5)
		if err := c.check(ctx, t.powers, t.points); err != nil {
			return nil, err
		}
	}
	contributions, err := t.complete(o.Phase1)
	if err != nil {
		return nil, err
	}
	return &Verified{Hash: t.Hash(), Contributions: contributions, transcript: t, circuit: c}, nil
}

// complete reports a ceremony that has not ended, or began with a phase 1 that is not accepted,
// and returns how many contributed to the phase with fewer parties. That they are enough
// [checkSteps] sees.
func (t *Transcript) complete(accepted [][32]byte) (int, error) {
	if t.Phase() != 0 {
		return 0, fmt.Errorf("all steps are right, but phase %d has no beacon: %w", t.Phase(), ErrIncomplete)
	}
	least := len(t.steps[1]) - 1
	if digest, ok := t.Imported(); !ok {
		least = min(least, len(t.steps[0])-1)
	} else if !slices.Contains(accepted, digest) {
		return 0, fmt.Errorf("it was imported, with the digest %x: %w", digest, ErrPhase1)
	}
	return least, nil
}

// check verifies the chain of steps and what the points show without the circuit.
func (t *Transcript) check(ctx context.Context) error {
	previous := t.start()
	if t.imported != nil {
		if origin := t.powers.origin(); !origin.equal(t.imported) {
			return invalid("phase 1: its points are not the imported ones")
		}
	} else {
		var last anchors
		var err error
		if previous, last, err = checkSteps(1, t.steps[0], previous, newAnchors(phase1Secrets, 0), t.points != nil); err != nil {
			return err
		}
		if got := t.powers.anchors(); !got.equal(&last) {
			return invalid("phase 1: its points are not those of the last step")
		}
	}
	if err := t.powers.check(ctx); err != nil || t.points == nil {
		return err
	}
	_, last, err := checkSteps(2, t.steps[1], previous, newAnchors(1, len(t.points.sigma2)), false)
	if err != nil {
		return err
	}
	if got := t.points.anchors(); !got.equal(&last) {
		return invalid("phase 2: its points are not those of the last step")
	}
	return t.points.check(ctx, t.powers)
}

// checkSteps checks the steps of a phase, and returns the hash and the anchors after them. In
// a closed phase the last has to be the beacon, in one under way no step of phase 1 may be
// one; in phase 2 the last may.
func checkSteps(phase int, steps []Step, previous [32]byte, before anchors, closed bool) ([32]byte, anchors, error) {
	none := func(err error) ([32]byte, anchors, error) { return [32]byte{}, anchors{}, err }
	if closed && (len(steps) == 0 || !steps[len(steps)-1].Beacon()) {
		return none(fmt.Errorf("phase %d has no beacon: %w", phase, ErrIncomplete))
	}
	names := make(map[string]bool)
	for i := range steps {
		s := &steps[i]
		if err := s.check(phase, previous, &before); err != nil {
			return none(fmt.Errorf("phase %d, step %d: %w", phase, i+1, err))
		}
		name := strings.ToLower(s.Name)
		switch {
		case !s.Beacon() && names[name]:
			return none(invalid("phase %d, step %d: %q contributed twice", phase, i+1, s.Name))
		case s.Beacon() && (i < len(steps)-1 || phase == 1 && !closed):
			return none(invalid("phase %d, step %d: a beacon out of place", phase, i+1))
		case s.Beacon() && i < minContributions:
			return none(fmt.Errorf("phase %d has %d of at least %d contributions: %w", phase, i, minContributions, ErrIncomplete))
		}
		names[name] = true
		previous, before = s.hash(phase, previous), s.after
	}
	return previous, before, nil
}

// check reports points of phase 2 that the circuit and the powers do not make. For random
// ρ_w, a sum over wires Σ ρ_w·[u_w]₁ is the polynomial with the values Σ ρ_w·u_(w,row) at
// the roots of unity, and so a sum over powers.
func (c *circuit) check(ctx context.Context, of *powers, p *points) error {
	lefts, rights := c.occurring(left), c.occurring(right)
	ok := len(p.a) == len(lefts) && len(p.b1) == len(rights) && len(p.b2) == len(rights) &&
		len(p.public) == len(c.Public) && len(p.private) == len(c.Private) && len(p.basis) == len(c.Committed)
	for i := 0; ok && i < len(p.basis); i++ {
		ok = len(p.basis[i]) == len(c.Committed[i])
	}
	if !ok {
		return invalid("phase 2: its lists have not the circuit's lengths")
	}
	rho, err := random(c.Count)
	if err != nil {
		return err
	}
	var f [sides][]fr.Element // coefficients of the sums over wires of ρ_w·u_w, ρ_w·v_w, ρ_w·w_w
	for s := range f {
		f[s] = c.interpolate(s, rho)
	}
	pick := func(wires []int) []fr.Element {
		v := make([]fr.Element, len(wires))
		for i, w := range wires {
			v[i] = rho[w]
		}
		return v
	}
	n := 1 << c.power
	var a, b, k, private sumG1 // a, b and k should be 0, but for private over δ
	a.add(of.tau1[:n], f[left])
	a.sub(p.a, pick(lefts))
	b.add(of.tau1[:n], f[right])
	b.sub(p.b1, pick(rights))
	k.add(of.beta, f[left])
	k.add(of.alpha, f[right])
	k.add(of.tau1[:n], f[result])
	k.sub(p.public, pick(c.Public))
	for i, wires := range c.Committed {
		k.sub(p.basis[i], pick(wires))
	}
	private.add(p.private, pick(c.Private))
	var b1 bn254.G1Affine
	var b2 bn254.G2Affine
	if err := msm.Run(ctx, a.task(), b.task(), k.task(), private.task(),
		msm.G1(&b1, p.b1, pick(rights)), msm.G2(&b2, p.b2, pick(rights))); err != nil {
		return err
	}
	_, _, gen1, gen2 := bn254.Generators()
	switch {
	case !a.sum.IsInfinity():
		return invalid("phase 2: points of A are not the circuit's")
	case !b.sum.IsInfinity():
		return invalid("phase 2: points of B in G1 are not the circuit's")
	case !pairingsEqual(&b1, &gen2, &gen1, &b2):
		return invalid("phase 2: points of B differ between the groups")
	case !pairingsEqual(&k.sum, &gen2, &private.sum, &p.delta2):
		return invalid("phase 2: points of K are not the circuit's")
	}
	return nil
}

// interpolate returns the coefficients of the polynomial whose value at row's root of unity
// is the sum over wires of ρ_w times the wire's coefficient in the row.
func (c *circuit) interpolate(s int, rho []fr.Element) []fr.Element {
	v := make([]fr.Element, 1<<c.power)
	var t fr.Element
	for w := range c.Count {
		for k := c.side[s].start[w]; k < c.side[s].start[w+1]; k++ {
			at := &v[c.side[s].row[k]]
			at.Add(at, t.Mul(&rho[w], &c.r1cs.Coefficients[c.side[s].coefficient[k]]))
		}
	}
	fft.NewDomain(uint64(len(v)), fft.WithoutPrecompute()).FFTInverse(v, fft.DIF)
	fft.BitReverse(v)
	return v
}
