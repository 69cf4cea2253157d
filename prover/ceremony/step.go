package ceremony

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/internal/secret"
	"github.com/nnark/nnark/prover/simd/msm"
)

// Limits of a step's texts and of the number of steps.
const (
	maxName      = 256
	maxStatement = 1024
	minBeacon    = 16 // bytes
	maxBeacon    = 256
	maxSteps     = 1 << 12 // of a phase
)

// Step is a contribution or, with a Value, the beacon that closes a phase.
type Step struct {
	Name      string   // of the contributor; for the beacon, of its source
	Statement string   // what the contributor has to say, or nothing
	Value     []byte   // the beacon's
	Hash      [32]byte // of everything up to and including this step

	after anchors  // the secrets after it
	proof *schnorr // of contributions
}

// Beacon reports whether the step is a beacon.
func (s *Step) Beacon() bool { return len(s.Value) > 0 }

// anchors are points that show a phase's secrets: [τ]₁, [α]₁ and [β]₁, or [δ]₁ and the [σ]₂.
type anchors struct {
	g1 []bn254.G1Affine
	g2 []bn254.G2Affine
}

// newAnchors are those before the first step: all secrets are 1.
func newAnchors(n1, n2 int) anchors {
	_, _, gen1, gen2 := bn254.Generators()
	a := anchors{make([]bn254.G1Affine, n1), make([]bn254.G2Affine, n2)}
	for i := range a.g1 {
		a.g1[i] = gen1
	}
	for i := range a.g2 {
		a.g2[i] = gen2
	}
	return a
}

func (a *anchors) len() int { return len(a.g1) + len(a.g2) }

// times returns x·a, by elements. The factors may be secrets.
func (a *anchors) times(x []fr.Element) anchors {
	out := anchors{make([]bn254.G1Affine, len(a.g1)), make([]bn254.G2Affine, len(a.g2))}
	ctx := context.Background()
	_ = msm.ScaleG1(ctx, out.g1, a.g1, x[:len(a.g1)], nil) // fails if cancelled
	_ = msm.ScaleG2(ctx, out.g2, a.g2, x[len(a.g1):], nil)
	return out
}

// timesPublic is times, faster, for factors that are no secrets: it leaves copies of them.
func (a *anchors) timesPublic(x []fr.Element) anchors {
	out := anchors{make([]bn254.G1Affine, len(a.g1)), make([]bn254.G2Affine, len(a.g2))}
	var k big.Int
	for i := range a.g1 {
		out.g1[i].ScalarMultiplication(&a.g1[i], x[i].BigInt(&k))
	}
	for i := range a.g2 {
		out.g2[i].ScalarMultiplication(&a.g2[i], x[len(a.g1)+i].BigInt(&k))
	}
	return out
}

// plus returns a + b, by elements.
func (a *anchors) plus(b *anchors) anchors {
	out := anchors{make([]bn254.G1Affine, len(a.g1)), make([]bn254.G2Affine, len(a.g2))}
	for i := range a.g1 {
		out.g1[i].Add(&a.g1[i], &b.g1[i])
	}
	for i := range a.g2 {
		out.g2[i].Add(&a.g2[i], &b.g2[i])
	}
	return out
}

func (a *anchors) equal(b *anchors) bool {
	return slices.Equal(a.g1, b.g1) && slices.Equal(a.g2, b.g2)
}

// moved reports whether no element is infinity, or the same as in b.
func (a *anchors) moved(b *anchors) bool {
	for i := range a.g1 {
		if a.g1[i].IsInfinity() || a.g1[i] == b.g1[i] {
			return false
		}
	}
	for i := range a.g2 {
		if a.g2[i].IsInfinity() || a.g2[i] == b.g2[i] {
			return false
		}
	}
	return true
}

// schnorr proves knowledge of the factors x between the anchors before and after a step:
// with nonces k, commitments k·before and responses k + c·x for the challenge c.
type schnorr struct {
	commitments anchors
	responses   []fr.Element
}

// challenge hashes everything before the step, what the step says, and the commitments.
func (s *Step) challenge(phase int, previous [32]byte, commitments *anchors) fr.Element {
	var e encoder
	e.raw(previous[:])
	e.byte(byte(phase))
	s.encodeText(&e)
	e.anchors(&s.after)
	e.anchors(commitments)
	c, err := fr.Hash(e.buf.Bytes(), []byte("nnark-ceremony-1: knowledge"), 1)
	if err != nil {
		panic(err) // more than 2^16 bytes asked for
	}
	return c[0]
}

// contribute makes the record of a contribution of the secret factors x.
func (s *Step) contribute(phase int, previous [32]byte, before *anchors, x []fr.Element) error {
	var secrets secret.List
	defer secrets.Clear()
	nonces := secrets.New(len(x))
	for i := range nonces {
		if err := secret.Draw(&nonces[i]); err != nil {
			return err
		}
	}
	s.after = before.times(x)
	s.proof = &schnorr{commitments: before.times(nonces), responses: make([]fr.Element, len(x))}
	c := s.challenge(phase, previous, &s.proof.commitments)
	for i := range x {
		s.proof.responses[i].Mul(&c, &x[i]).Add(&s.proof.responses[i], &nonces[i])
	}
	s.Hash = s.hash(phase, previous)
	return nil
}

// check reports a step that does not follow the anchors and the hash before it.
func (s *Step) check(phase int, previous [32]byte, before *anchors) error {
	if err := s.checkText(); err != nil {
		return err
	}
	if !s.after.moved(before) {
		return invalid("%q changes nothing, or makes a secret 0", s.Name)
	}
	if s.Beacon() {
		x, err := s.beaconFactors(previous, before.len())
		if err != nil {
			return err
		}
		if want := before.timesPublic(x); !want.equal(&s.after) {
			return invalid("beacon %q: the secrets are not those of its value", s.Name)
		}
		return nil
	}
	c := s.challenge(phase, previous, &s.proof.commitments)
	all := make([]fr.Element, len(s.proof.responses))
	for i := range all {
		all[i] = c
	}
	left, right := before.timesPublic(s.proof.responses), s.after.timesPublic(all)
	right = right.plus(&s.proof.commitments)
	if !left.equal(&right) {
		return invalid("%q: the proof of knowledge is wrong, or for another step", s.Name)
	}
	return nil
}

// beaconFactors are the factors that a beacon, its source and its value, stands for after a
// step.
func (s *Step) beaconFactors(previous [32]byte, n int) ([]fr.Element, error) {
	var e encoder
	e.raw(previous[:])
	s.encodeText(&e)
	x, err := fr.Hash(e.buf.Bytes(), []byte("nnark-ceremony-1: beacon"), n)
	if err != nil {
		return nil, err
	}
	for i := range x {
		if x[i].IsZero() {
			return nil, invalid("beacon: its value makes a secret 0")
		}
	}
	return x, nil
}

// hash returns the hash of everything up to the step.
func (s *Step) hash(phase int, previous [32]byte) [32]byte {
	var e encoder
	e.raw([]byte("nnark-ceremony-1: step"))
	e.raw(previous[:])
	e.byte(byte(phase))
	s.encode(&e)
	return sha256.Sum256(e.buf.Bytes())
}

func (s *Step) encodeText(e *encoder) {
	for _, text := range []string{s.Name, s.Statement, string(s.Value)} {
		e.raw(binary.BigEndian.AppendUint16(nil, uint16(len(text))))
		e.raw([]byte(text))
	}
}

func (s *Step) encode(e *encoder) {
	s.encodeText(e)
	e.anchors(&s.after)
	if !s.Beacon() {
		e.anchors(&s.proof.commitments)
		for i := range s.proof.responses {
			b := s.proof.responses[i].Bytes()
			e.raw(b[:])
		}
	}
}

// checkText reports a name, a statement or a value that no step may have.
func (s *Step) checkText() error {
	switch {
	case s.Name == "" || len(s.Name) > maxName || !printable(s.Name) || s.Name != strings.TrimSpace(s.Name):
		return fmt.Errorf("a name is 1 to %d bytes of printable text: %w", maxName, ErrText)
	case len(s.Statement) > maxStatement || !printable(s.Statement):
		return fmt.Errorf("a statement is at most %d bytes of printable text: %w", maxStatement, ErrText)
	case s.Beacon() && (len(s.Value) < minBeacon || len(s.Value) > maxBeacon):
		return fmt.Errorf("a beacon is %d to %d bytes: %w", minBeacon, maxBeacon, ErrText)
	}
	return nil
}

// printable accepts text that cannot steer a terminal.
func printable(s string) bool {
	for _, r := range s {
		if !strconv.IsPrint(r) {
			return false
		}
	}
	return utf8.ValidString(s)
}
