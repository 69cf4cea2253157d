package verifier

import (
	"crypto/sha256"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/fixedpoint"
)

// Statement is what an accepted proof proves.
type Statement struct {
	Context fr.Element
	Inputs  []Tensor
	Outputs []Tensor
}

// Tensor is one input or output of a statement.
type Tensor struct {
	Card   *TensorCard
	Ints   []int64     // row-major; nil unless public
	Digest *fr.Element // nil unless a digest
}

// Floats returns the real numbers that the integers of a public tensor stand
// for, q * 2^-Exp, else nil.
func (t Tensor) Floats() []float64 {
	if t.Ints == nil {
		return nil
	}
	reals := make([]float64, len(t.Ints))
	for i, q := range t.Ints {
		reals[i] = fixedpoint.Real(q, t.Card.Exp)
	}
	return reals
}

// Quantize returns the integers nearest to x * 2^Exp, ties up, clamped to
// [Lo, Hi]: what the prover proves for this input. It fails with [ErrInput]
// unless x has the tensor's size and lies in [RealLo, RealHi].
func (t *TensorCard) Quantize(x []float64) ([]int64, error) {
	if len(x) != t.Size() {
		return nil, inputError("%q: %d numbers, %d expected", t.Name, len(x), t.Size())
	}
	ints := make([]int64, len(x))
	for i, r := range x {
		if !(t.RealLo <= r && r <= t.RealHi) {
			return nil, inputError("%q: number %d is %g, outside [%g, %g]", t.Name, i, r, t.RealLo, t.RealHi)
		}
		q, err := fixedpoint.Quantize(r, t.Exp, fixedpoint.Interval{Lo: t.Lo, Hi: t.Hi})
		if err != nil {
			return nil, inputError("%q: number %d: %v", t.Name, i, err)
		}
		ints[i] = q
	}
	return ints, nil
}

// Option changes what [Verify] accepts.
type Option func(*config)

type config struct {
	context      fr.Element
	anyContext   bool
	refuseUnsafe bool
	keyDigest    *[32]byte
	inputs       []expectedInput
	checks       []func(*Statement) error
}

type expectedInput struct {
	index int
	// quantized returns the expected integers under the input's card.
	quantized func(t *TensorCard) ([]int64, error)
}

// WithContext accepts only proofs whose context is n; without it the context
// must be 0.
func WithContext(n uint64) Option {
	return func(c *config) { c.context.SetUint64(n) }
}

// WithContextElement is [WithContext] for any field element, a hash for instance.
func WithContextElement(x fr.Element) Option {
	return func(c *config) { c.context = x }
}

// WithAnyContext accepts every context. The caller looks at the statement's,
// or accepts replays.
func WithAnyContext() Option {
	return func(c *config) { c.anyContext = true }
}

// WithInput accepts only proofs whose i-th input is public and equal to ints.
func WithInput(i int, ints []int64) Option {
	return withInput(i, func(*TensorCard) ([]int64, error) { return ints, nil })
}

// WithRealInput accepts only proofs whose i-th input is public and equal to
// what x quantizes to (see [TensorCard.Quantize]).
func WithRealInput(i int, x []float64) Option {
	return withInput(i, func(t *TensorCard) ([]int64, error) { return t.Quantize(x) })
}

func withInput(i int, quantized func(*TensorCard) ([]int64, error)) Option {
	return func(c *config) { c.inputs = append(c.inputs, expectedInput{i, quantized}) }
}

// RefuseUnsafeSetup refuses keys whose card says that one party made them.
func RefuseUnsafeSetup() Option {
	return func(c *config) { c.refuseUnsafe = true }
}

// WithKeyDigest accepts only keys of this digest ([VerifyingKey.Digest]): the one that the
// caller got over a channel it trusts. [ParsePinned] asks the same before it reads a key.
func WithKeyDigest(digest [32]byte) Option {
	return func(c *config) { c.keyDigest = &digest }
}

// WithCheck accepts only proofs whose statement f accepts; f's error is Verify's and should
// wrap [ErrRejected]. f sees the statement before the proof is verified.
func WithCheck(f func(*Statement) error) Option {
	return func(c *config) { c.checks = append(c.checks, f) }
}

// Verify checks a proof and returns the statement it proves, or an error and
// no statement (see the package documentation for both). Without options the
// statement's context must be 0. It is safe for concurrent use, modifies
// neither key nor proof, and needs no randomness: the same bytes get the same
// answer everywhere.
func Verify(vk *VerifyingKey, p *Proof, opts ...Option) (*Statement, error) {
	key, err := vk.prepare()
	if err != nil {
		return nil, err
	}
	st, err := vk.open(key, p, newConfig(opts))
	if err != nil {
		return nil, err
	}
	if err := key.system.check(key.digest, []*Proof{p}, newCoefficients(proofSeed(p))); err != nil {
		return nil, err
	}
	return st, nil
}

func newConfig(opts []Option) *config {
	c := new(config)
	for _, o := range opts {
		o(c)
	}
	return c
}

// proofSeed hashes a whole proof. Coefficients derived from it are out of the
// prover's control.
func proofSeed(p *Proof) [32]byte {
	stmt := StatementHash(p.KeyDigest, p.Statement)
	e := encoder{buf: stmt[:]}
	p.encodePoints(&e)
	return sha256.Sum256(e.buf)
}

// open checks everything about a proof but its equations.
func (vk *VerifyingKey) open(key *preparedKey, p *Proof, c *config) (*Statement, error) {
	if c.keyDigest != nil && *c.keyDigest != key.digest {
		return nil, ErrOtherKey
	}
	s, err := p.system()
	if err != nil {
		return nil, err
	}
	if p.KeyDigest != key.digest {
		return nil, ErrWrongModel
	}
	if s != vk.Card.System {
		return nil, malformed("proof: %v, the key is for %v", s, vk.Card.System)
	}
	if c.refuseUnsafe && vk.Card.Setup.Unsafe() {
		return nil, ErrUnsafeKey
	}
	st, err := vk.Card.decode(p.Statement)
	if err != nil {
		return nil, err
	}
	if !c.anyContext && st.Context != c.context {
		return nil, ErrContext
	}
	for _, in := range c.inputs {
		if err := in.compare(st.Inputs); err != nil {
			return nil, err
		}
	}
	for _, f := range c.checks {
		if err := f(st); err != nil {
			return nil, err
		}
	}
	return st, nil
}

func (in *expectedInput) compare(inputs []Tensor) error {
	if in.index < 0 || in.index >= len(inputs) {
		return inputError("the model has no input %d", in.index)
	}
	t := inputs[in.index]
	if t.Ints == nil {
		return inputError("%q is %v", t.Card.Name, t.Card.Mode)
	}
	want, err := in.quantized(t.Card)
	if err != nil {
		return err
	}
	if !slices.Equal(t.Ints, want) {
		return inputError("%q differs", t.Card.Name)
	}
	return nil
}

// decode splits a statement into the card's tensors.
func (c *Card) decode(s []fr.Element) (*Statement, error) {
	if len(s) != c.StatementSize() {
		return nil, malformed("proof: statement of %d elements, %d expected", len(s), c.StatementSize())
	}
	st := &Statement{Context: s[0]}
	s = s[1:]
	for _, part := range []struct {
		cards   []TensorCard
		tensors *[]Tensor
	}{{c.Inputs, &st.Inputs}, {c.Outputs, &st.Outputs}} {
		for i := range part.cards {
			n := part.cards[i].Elements()
			t, err := part.cards[i].decode(s[:n])
			if err != nil {
				return nil, err
			}
			*part.tensors = append(*part.tensors, t)
			s = s[n:]
		}
	}
	return st, nil
}

func (t *TensorCard) decode(s []fr.Element) (Tensor, error) {
	card := *t
	card.Shape = slices.Clone(t.Shape)
	switch t.Mode {
	case Public:
		ints, err := Unpack(t, s)
		if err != nil {
			return Tensor{}, rejected("statement: %v", err)
		}
		return Tensor{Card: &card, Ints: ints}, nil
	case Digest:
		digest := s[0]
		return Tensor{Card: &card, Digest: &digest}, nil
	}
	return Tensor{Card: &card}, nil
}
