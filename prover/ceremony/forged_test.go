package ceremony

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/prover/simd/msm"
)

// Whoever runs a ceremony alone, with any records they like, cannot pass off another
// circuit's points as those of the circuit, nor call one party two, nor leave one out.
func TestForged(t *testing.T) {
	long(t)
	r, other := compile(t, 3), compile(t, 4)
	evil, err := newCircuit(other)
	require.NoError(t, err)
	verify := func(c *Transcript) error {
		_, err := Verify(ctx, again(t, c), r, Options{})
		return err
	}
	closed := func(begin *circuit, names ...string) *Transcript {
		c := phase1(t, r)
		force(t, c, "x", beacon)
		c.points, err = begin.points(ctx, c.powers, nil)
		require.NoError(t, err)
		c.powers.tau2 = c.powers.tau2[:2]
		for _, name := range names {
			force(t, c, name, nil)
		}
		force(t, c, "y", beacon)
		return c
	}
	honest, err := newCircuit(r)
	require.NoError(t, err)
	require.NoError(t, verify(closed(honest, "Ada", "Bob")))
	require.ErrorIs(t, verify(closed(evil, "Ada", "Bob")), ErrInvalid)
	require.ErrorIs(t, verify(closed(honest, "Ada", "aDA")), ErrInvalid)
	require.ErrorIs(t, verify(closed(honest, "Ada")), ErrIncomplete)
	require.ErrorIs(t, verify(closed(honest)), ErrIncomplete)
	require.ErrorIs(t, verify(closed(honest, "Ada", "Bob", "Cleo ")), ErrText)
	require.ErrorIs(t, verify(finished(t, other)), ErrCircuit)

	// Phase 1 without its beacon, or with one after one contribution.
	c := phase1(t, r)
	c.points, err = honest.points(ctx, c.powers, nil)
	require.NoError(t, err)
	c.powers.tau2 = c.powers.tau2[:2]
	require.ErrorIs(t, again(t, c).Contribute(ctx, "Ada", "", nil, nil), ErrIncomplete)
	force(t, c, "Ada", nil)
	force(t, c, "Bob", nil)
	force(t, c, "y", beacon)
	require.ErrorIs(t, verify(c), ErrIncomplete)
	c, err = New(r, "small")
	require.NoError(t, err)
	force(t, c, "Ada", nil)
	force(t, c, "x", beacon)
	require.ErrorIs(t, again(t, c).Contribute(ctx, "Bob", "", nil, nil), ErrInvalid, "a beacon, and phase 1 goes on")
	c.points, err = honest.points(ctx, c.powers, nil)
	require.NoError(t, err)
	c.powers.tau2 = c.powers.tau2[:2]
	require.ErrorIs(t, again(t, c).Contribute(ctx, "Ada", "", nil, nil), ErrIncomplete)

	c = finished(t, r) // and a contribution behind the end
	force(t, c, "Dan", nil)
	require.ErrorIs(t, verify(c), ErrInvalid)
	force(t, c, "y", beacon)
	require.ErrorIs(t, verify(c), ErrInvalid)
}

// What the last contribution says is bound to it, not only to the steps behind it; and a
// contribution changes every secret.
func TestLastStep(t *testing.T) {
	long(t)
	r := compile(t, 3)
	for name, change := range map[string]func(c *Transcript, s *Step){
		"title":     func(c *Transcript, _ *Step) { c.title = "other" },
		"name":      func(_ *Transcript, s *Step) { s.Name = "Eve" },
		"statement": func(_ *Transcript, s *Step) { s.Statement = "I promise" },
	} {
		for _, c := range []*Transcript{phase1(t, r), phase2(t, r)} {
			steps := c.steps[c.Phase()-1]
			change(c, &steps[len(steps)-1])
			require.ErrorIs(t, again(t, c).Contribute(ctx, "Dan", "", nil, nil), ErrInvalid, name)
		}
	}
	for phase, c := range []*Transcript{phase1(t, r), phase2(t, r)} {
		before := c.anchors()
		for idle := range before.len() {
			d := again(t, c)
			x := make([]fr.Element, before.len())
			for i := range x {
				x[i].SetUint64(2)
			}
			x[idle].SetOne()
			s := Step{Name: "idle"}
			require.NoError(t, s.contribute(phase+1, d.Hash(), &before, x))
			require.NoError(t, d.take(ctx, s, x, nil))
			require.ErrorIs(t, again(t, d).Contribute(ctx, "Dan", "", nil, nil), ErrInvalid, idle)
		}
	}
}

// Points that are consistent with each other, and not with the chain of steps, are refused:
// their secrets are somebody's.
func TestKnownSecrets(t *testing.T) {
	long(t)
	r := compile(t, 3)
	circuit, err := newCircuit(r)
	require.NoError(t, err)
	verify := func(c *Transcript) error {
		_, err := Verify(ctx, again(t, c), r, Options{Phase1: [][32]byte{digestOf(c)}})
		return err
	}
	known := []fr.Element{fr.NewElement(3), fr.NewElement(5), fr.NewElement(7)}
	mine, err := newPowers(1<<circuit.power).update(ctx, known, nil)
	require.NoError(t, err)
	begin := func(c *Transcript, p *powers) {
		c.points, err = circuit.points(ctx, p, nil)
		require.NoError(t, err)
		short := *p
		short.tau2 = p.tau2[:2]
		c.powers = &short
		force(t, c, "Ada", nil)
		force(t, c, "Bob", nil)
		force(t, c, "y", beacon)
	}
	c := phase1(t, r)
	force(t, c, "x", beacon)
	begin(c, mine)
	require.ErrorIs(t, verify(c), ErrInvalid, "phase 1")

	c, err = NewFromPtau(ctx, r, "small", bytes.NewReader(ptauFile(t)), nil)
	require.NoError(t, err)
	begin(c, mine)
	require.ErrorIs(t, verify(c), ErrInvalid, "imported phase 1")

	for i := range 3 { // δ, the σ
		x := []fr.Element{fr.NewElement(1), fr.NewElement(1), fr.NewElement(1)}
		x[i] = known[i]
		c = finished(t, r)
		require.NoError(t, verify(c))
		c.points, err = c.points.update(ctx, x, nil)
		require.NoError(t, err)
		require.ErrorIs(t, verify(c), ErrInvalid, "phase 2, secret %d", i)
	}

	c = finished(t, r) // δ in G2, and what is over it, alone
	before := c.points.delta
	c.points, err = c.points.update(ctx, []fr.Element{known[0], fr.NewElement(1), fr.NewElement(1)}, nil)
	require.NoError(t, err)
	c.points.delta = before
	require.ErrorIs(t, verify(c), ErrInvalid)

	for _, n := range []int{0, 1, 3} { // another number of commitments
		c = phase1(t, r)
		force(t, c, "x", beacon)
		p := c.powers
		c.points, err = circuit.points(ctx, p, nil)
		require.NoError(t, err)
		q := c.points
		q.basis, q.basisSigma, q.sigma2 = append(q.basis, q.basis[0])[:n], append(q.basisSigma, q.basisSigma[0])[:n], append(q.sigma2, q.sigma2[0])[:n]
		p.tau2 = p.tau2[:2]
		force(t, c, "Ada", nil)
		force(t, c, "Bob", nil)
		force(t, c, "y", beacon)
		require.ErrorIs(t, verify(c), ErrInvalid, "%d commitments", n)
	}

	c = finished(t, r) // B in both groups
	c.points.b1[1].Double(&c.points.b1[1])
	c.points.b2[1].Double(&c.points.b2[1])
	require.ErrorIs(t, verify(c), ErrInvalid)
}

// Before they build on points, contributors check them as far as they can without the circuit.
func TestContributorsCheck(t *testing.T) {
	long(t)
	r := compile(t, 3)
	refuse := func(what string, c *Transcript, change func(c *Transcript)) {
		c = again(t, c)
		change(c)
		err := again(t, c).Contribute(ctx, "Dan", "", nil, nil)
		require.ErrorIs(t, err, ErrInvalid, what)
		if strings.Contains(what, "off") || strings.Contains(what, "outside") {
			require.ErrorContains(t, err, "a point of G", what)
		}
		if what == "another generator" {
			require.ErrorContains(t, err, "do not start with the generators")
		}
	}
	first, second := phase1(t, r), phase2(t, r)
	for how, change := range changesG2 {
		for _, i := range []int{1, 2, len(first.powers.tau2) - 1} {
			refuse("tau2 "+how, first, func(c *Transcript) { change(c.powers.tau2, i) })
		}
	}
	for how, change := range changesG1 {
		refuse("tau1 "+how, first, func(c *Transcript) { change(c.powers.tau1, 2) })
		refuse("alpha "+how, first, func(c *Transcript) { change(c.powers.alpha, 2) })
		refuse("z "+how, second, func(c *Transcript) { change(c.points.z, 2) })
		refuse("basis "+how, second, func(c *Transcript) { change(c.points.basis[0], 1) })
	}
	for i := range second.points.lists() {
		if list := *second.points.lists()[i]; len(list) > 1 {
			refuse("off the curve", second, func(c *Transcript) { changesG1["off curve"](*c.points.lists()[i], 1) })
		}
	}
	refuse("B outside the subgroup", second, func(c *Transcript) { changesG2["outside"](c.points.b2, 2) })

	// Powers of τ/k, times k: the first secret's point is right, the generator is not.
	k := fr.NewElement(9)
	x := []fr.Element{k, fr.NewElement(1), fr.NewElement(1)}
	x[0].Inverse(&x[0])
	refuse("another generator", first, func(c *Transcript) {
		p, err := c.powers.update(ctx, x, nil)
		require.NoError(t, err)
		require.NoError(t, msm.ScaleG1(ctx, p.tau1, p.tau1, []fr.Element{k}, nil))
		c.powers = p
	})
}

// digestOf returns the digest of an imported phase 1.
func digestOf(c *Transcript) [32]byte {
	d, _ := c.Imported()
	return d
}

// force appends a step without any check, of a secret that is not forgotten.
func force(t *testing.T, c *Transcript, name string, value []byte) {
	t.Helper()
	phase, before := 1, c.anchors()
	if c.points != nil {
		phase = 2
	}
	s, x := Step{Name: name, Value: value}, make([]fr.Element, before.len())
	for i := range x {
		x[i].SetUint64(uint64(i) + 1000)
	}
	if value == nil {
		require.NoError(t, s.contribute(phase, c.Hash(), &before, x))
	} else {
		var err error
		x, err = s.beaconFactors(c.Hash(), before.len())
		require.NoError(t, err)
		s.after = before.timesPublic(x)
		s.Hash = s.hash(phase, c.Hash())
	}
	steps := c.steps // take reads the phase from them
	if phase == 2 {
		c.steps[1] = nil
	}
	require.NoError(t, c.take(ctx, s, x, nil))
	c.steps[phase-1] = append(slices.Clone(steps[phase-1]), s)
}
