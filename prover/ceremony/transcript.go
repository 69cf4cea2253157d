package ceremony

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/prover/internal/secret"
)

// minContributions is the number of parties, in each phase, of which one is enough to be
// honest.
const minContributions = 2

// maxPower bounds the circuits: 2^28 is the number of roots of unity of BN254's field.
const maxPower = 28

// Transcript is a ceremony, under way or over. Nothing in one that was read is to be
// believed before [Verify]. It is not safe for concurrent use.
type Transcript struct {
	title    string
	circuit  [32]byte // digest of the constraint system
	power    int      // domains have 2^power elements
	imported *anchors // of a phase 1 that was imported, with [τ]₂ and [β]₂; else nil
	steps    [2][]Step
	powers   *powers
	points   *points // nil in phase 1
}

// New begins a ceremony for a circuit with phase 1. The title, a model's name for instance,
// tells contributors what it is for.
func New(r1cs *cs.R1CS, title string) (*Transcript, error) {
	t, err := newTranscript(r1cs, title)
	if err == nil {
		t.powers = newPowers(1 << t.power)
	}
	return t, err
}

func newTranscript(r1cs *cs.R1CS, title string) (*Transcript, error) {
	c, err := newCircuit(r1cs)
	if err != nil {
		return nil, err
	}
	if err := (&Step{Name: title}).checkText(); err != nil {
		return nil, err
	}
	return &Transcript{title: title, circuit: c.digest(), power: c.power}, nil
}

// Title returns what the ceremony is for, in the words of whoever began it.
func (t *Transcript) Title() string { return t.title }

// Circuit returns the digest of the constraint system.
func (t *Transcript) Circuit() [32]byte { return t.circuit }

// Phase returns the phase that the next step belongs to, 1 or 2, and 0 after the last step.
func (t *Transcript) Phase() int {
	switch steps := t.steps[1]; {
	case t.points == nil:
		return 1
	case len(steps) > 0 && steps[len(steps)-1].Beacon():
		return 0
	}
	return 2
}

// Steps returns the steps of a phase, 1 or 2.
func (t *Transcript) Steps(phase int) []Step { return slices.Clone(t.steps[phase-1]) }

// Imported returns the digest of the powers-of-tau file's secrets that phase 1 began with.
func (t *Transcript) Imported() (digest [32]byte, ok bool) {
	if t.imported == nil {
		return digest, false
	}
	return t.imported.phase1Digest(), true
}

// Hash returns the hash of all steps so far: what a contributor keeps.
func (t *Transcript) Hash() [32]byte {
	for _, steps := range [][]Step{t.steps[1], t.steps[0]} {
		if len(steps) > 0 {
			return steps[len(steps)-1].Hash
		}
	}
	return t.start()
}

// start hashes what the first step follows.
func (t *Transcript) start() [32]byte {
	var e encoder
	t.encodeHead(&e)
	return sha256.Sum256(e.buf.Bytes())
}

// Contribute multiplies the secrets of the phase under way by random numbers and forgets
// these. entropy, which may be nil, is mixed into the system's randomness; the caller
// overwrites it. The transcript is checked first, as far as it can be without the circuit:
// that it is for the right one is what [Verify] finds. After an error it is as before.
func (t *Transcript) Contribute(ctx context.Context, name, statement string, entropy []byte, p Progress) (err error) {
	s := Step{Name: name, Statement: statement}
	if err := t.open(ctx, &s, p); err != nil {
		return err
	}
	for _, other := range t.steps[t.Phase()-1] {
		if strings.EqualFold(other.Name, name) {
			return fmt.Errorf("%q has contributed: %w", name, ErrText)
		}
	}
	before := t.anchors()
	secret.Do(func() {
		var secrets secret.List
		defer secrets.Clear()
		x := secrets.New(before.len())
		if err = draw(x, entropy); err != nil {
			return
		}
		if err = s.contribute(t.Phase(), t.Hash(), &before, x); err == nil {
			err = t.take(ctx, s, x, p)
		}
		if factors != nil {
			factors(x)
		}
	})
	return err
}

// factors, if not nil, is shown a contribution's factors before they are overwritten: for a
// test.
var factors func(x []fr.Element)

// Beacon closes the phase under way with a value that nobody could know before: source says
// where it was published. Closing phase 1 begins phase 2, which takes the circuit; in phase 2
// r1cs is not looked at.
func (t *Transcript) Beacon(ctx context.Context, source string, value []byte, r1cs *cs.R1CS, p Progress) error {
	s := Step{Name: source, Value: slices.Clone(value)}
	if len(value) == 0 {
		return fmt.Errorf("no value: %w", ErrText)
	}
	if err := t.open(ctx, &s, p); err != nil {
		return err
	}
	phase := t.Phase()
	if n := len(t.steps[phase-1]); n < minContributions {
		return fmt.Errorf("phase %d has %d of at least %d contributions: %w", phase, n, minContributions, ErrIncomplete)
	}
	before, previous := t.anchors(), t.Hash()
	x, err := s.beaconFactors(previous, before.len())
	if err != nil {
		return err
	}
	s.after = before.timesPublic(x)
	s.Hash = s.hash(phase, previous)
	was := *t
	if err = t.take(ctx, s, x, p); err == nil && phase == 1 {
		err = t.begin(ctx, r1cs, p)
	}
	if err != nil {
		*t = was
	}
	return err
}

// open checks that the transcript can take a step.
func (t *Transcript) open(ctx context.Context, s *Step, p Progress) error {
	if err := s.checkText(); err != nil {
		return err
	}
	phase := t.Phase()
	if phase == 0 {
		return fmt.Errorf("its last beacon is there: %w", ErrClosed)
	}
	if len(t.steps[phase-1]) == maxSteps {
		return fmt.Errorf("%d steps: %w", maxSteps, ErrClosed)
	}
	p.report("check", 0)
	return t.check(ctx)
}

// anchors show the secrets of the phase under way.
func (t *Transcript) anchors() anchors {
	if t.points == nil {
		return t.powers.anchors()
	}
	return t.points.anchors()
}

// take appends a step with its points.
func (t *Transcript) take(ctx context.Context, s Step, x []fr.Element, p Progress) error {
	phase := t.Phase()
	if phase == 1 {
		q, err := t.powers.update(ctx, x, p)
		if err != nil {
			return err
		}
		t.powers = q
	} else {
		q, err := t.points.update(ctx, x, p)
		if err != nil {
			return err
		}
		t.points = q
	}
	t.steps[phase-1] = append(slices.Clone(t.steps[phase-1]), s)
	return nil
}

// begin begins phase 2.
func (t *Transcript) begin(ctx context.Context, r1cs *cs.R1CS, p Progress) error {
	c, err := newCircuit(r1cs)
	if err != nil {
		return err
	}
	if c.digest() != t.circuit {
		return fmt.Errorf("the ceremony is for another program: %w", ErrCircuit)
	}
	points, err := c.points(ctx, t.powers, p)
	if err != nil {
		return err
	}
	t.points = points
	short := *t.powers
	short.tau2 = slices.Clone(short.tau2[:2])
	t.powers = &short
	return nil
}

// draw draws factors: the system's, each times a hash of entropy if there is any, so that
// either is enough.
func draw(x []fr.Element, entropy []byte) error {
	for i := range x {
		if err := secret.Draw(&x[i]); err != nil {
			return err
		}
		if len(entropy) == 0 {
			continue
		}
		h := sha512.New()
		h.Write([]byte{byte(i)})
		h.Write(entropy)
		digest := h.Sum(nil)
		var mixed, word, shift fr.Element
		shift.SetUint64(1 << 32).Square(&shift)
		for at := 0; at < len(digest); at += 8 {
			word.SetUint64(binary.BigEndian.Uint64(digest[at:]))
			mixed.Mul(&mixed, &shift).Add(&mixed, &word)
		}
		clear(digest)
		if !mixed.IsZero() {
			x[i].Mul(&x[i], &mixed)
		}
	}
	return nil
}
