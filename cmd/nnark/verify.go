package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/verifier"
)

// verifyReport is the JSON object of verify for an accepted proof.
type verifyReport struct {
	Accepted bool `json:"accepted"` // true: failures print another object
	answer
	Inputs        [][]float64 `json:"inputs"` // flat, one list for each input, null for one that is not shown
	InputNames    []string    `json:"input_names"`
	InputDigests  []string    `json:"input_digests,omitempty"`  // of digest inputs, "" for others
	OutputDigests []string    `json:"output_digests,omitempty"` // of digest outputs, likewise
	Context       string      `json:"context"`
	Model         string      `json:"model"`
	System        string      `json:"system"`
	Weights       string      `json:"weights"`
	KeyDigest     string      `json:"key_digest"`
	UnsafeSetup   bool        `json:"unsafe_setup"`
	Setup         string      `json:"setup"`
	VerifyMS      float64     `json:"verify_ms"`
}

func verify(c *command) (report, error) {
	a := new(verifyArgs)
	keyPath := c.flags.String("key", "", "the verifying key in `FILE`")
	c.flags.StringVar(&a.expect, "expect-input", "", "accept only proofs about the input in `FILE`; of a folder, about one of those in it")
	c.flags.StringVar(&a.labels, "labels", "", "say how many of the inputs of --expect-input are proven to be answered as the labels in `FILE` say: one number or label each, in .npy, JSON or lines of text")
	c.flags.Var((*field)(&a.context), "context", "accept only proofs with the context `N`")
	anyContext := c.flags.Bool("any-context", false, "accept every context")
	c.flags.StringVar(&a.salts, "salts", "", "open digests with the values and salts in `FILE`, and accept only proofs about these")
	var expectKey digestFlag
	c.flags.Var(&expectKey, "expect-key", "refuse every verifying key but that of the digest `HEX`")
	refuseUnsafe := c.flags.Bool("refuse-unsafe", false, "refuse keys that one party made")
	if err := c.parse([]string{"proof.json"}, "key"); err != nil {
		return nil, err
	}
	key, err := readKey(*keyPath, &expectKey)
	if err != nil {
		return nil, err
	}
	if *anyContext {
		a.opts = append(a.opts, verifier.WithAnyContext())
	} else {
		a.opts = append(a.opts, verifier.WithContextElement(a.context))
	}
	if *refuseUnsafe {
		a.opts = append(a.opts, verifier.RefuseUnsafeSetup())
	}
	if info, err := os.Stat(c.args[0]); err == nil && (info.IsDir() || a.labels != "") {
		return c.verifyMany(a, key, c.args[0], info.IsDir())
	}
	return c.verifyOne(a, key, c.args[0])
}

// verifyArgs are what verify was asked for.
type verifyArgs struct {
	expect, labels, salts string
	context               fr.Element
	opts                  []verifier.Option
}

// verifyOne checks the proof in a file.
func (c *command) verifyOne(a *verifyArgs, key *verifier.VerifyingKey, path string) (report, error) {
	opts := a.opts
	var salts *openings
	var err error
	if a.salts != "" {
		if salts, err = readOpenings(a.salts, &key.Card); err != nil {
			return nil, err
		}
		opts = append(opts, salts.options()...)
	}
	if a.expect != "" {
		inputs, err := expectedInput(a.expect, &key.Card, salts)
		if err != nil {
			return nil, err
		}
		opts = append(opts, inputs...)
	}
	proof, err := readProof(path)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	statement, err := verifier.Verify(key, proof, opts...)
	if err != nil {
		return nil, rejection{fmt.Errorf("%s: %w", path, err)}
	}
	salts.reveal(statement)
	r := newVerifyReport(key, statement)
	r.VerifyMS = ms(time.Since(start))
	if r.UnsafeSetup {
		c.warn(unsafeWarning)
	}
	return r, nil
}

// maxHostile is more than any key or proof takes.
const maxHostile = 64 << 20

// readBounded reads a file that anyone may have made.
func readBounded(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxHostile+1))
	if err == nil && len(data) > maxHostile {
		err = fmt.Errorf("%s: more than %s: %w", path, size(maxHostile), verifier.ErrMalformed)
	}
	return data, err
}

// readKey reads a verifying key, of which the digest may be known.
func readKey(path string, expect *digestFlag) (*verifier.VerifyingKey, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	var key *verifier.VerifyingKey
	if expect != nil && expect.set {
		key, err = verifier.ParsePinned(data, expect.value)
	} else {
		key, err = verifier.ParseVerifyingKey(data)
	}
	if errors.Is(err, verifier.ErrOtherKey) {
		return nil, rejection{fmt.Errorf("%s: %w", path, err)}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// readProof reads a proof's file. One that is a proof by its form, but whose content is
// not, is rejected.
func readProof(path string) (*verifier.Proof, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	proof, err := verifier.ParseProofJSON(data)
	if err == nil {
		return proof, nil
	}
	err = fmt.Errorf("%s: %w", path, err)
	var form struct{ Format string }
	if json.Unmarshal(data, &form) == nil && form.Format == "nnark-proof-1" {
		err = rejection{err}
	}
	return nil, err
}

// cardInputs returns the inputs of a key's model, which take numbers as files have them.
func cardInputs(card *verifier.Card) (inputs []model.Value) {
	for _, t := range card.Inputs {
		inputs = append(inputs, model.Value{Name: t.Name, Shape: t.Shape})
	}
	return inputs
}

// expectedInput reads the input a proof is expected to be about. Digests among it are
// compared with what opens them.
func expectedInput(path string, card *verifier.Card, salts *openings) (opts []verifier.Option, err error) {
	for i, t := range card.Inputs {
		if t.Mode != verifier.Public && salts.of(false, i) == nil {
			return nil, fmt.Errorf("input %q is %v: %w", t.Name, t.Mode, errHidden)
		}
	}
	sample, err := loadInput(path, cardInputs(card))
	if err != nil {
		return nil, err
	}
	for i, t := range sample {
		x := t.Reals()
		if card.Inputs[i].Mode == verifier.Public {
			opts = append(opts, verifier.WithRealInput(i, x))
			continue
		}
		opts = append(opts, verifier.WithCheck(func(s *verifier.Statement) error {
			q, err := s.Inputs[i].Card.Quantize(x)
			if err == nil && !slices.Equal(q, salts.of(false, i).Ints) {
				err = fmt.Errorf("%w: %q is a digest of other values", verifier.ErrInput, s.Inputs[i].Card.Name)
			}
			return err
		}))
	}
	return opts, nil
}

func newVerifyReport(key *verifier.VerifyingKey, s *verifier.Statement) *verifyReport {
	card, digest := &key.Card, key.Digest()
	r := &verifyReport{
		Accepted: true, answer: provenAnswer(card, s), Context: s.Context.String(),
		Model: card.Name, System: card.System.String(), Weights: card.Weights.String(),
		KeyDigest: hex.EncodeToString(digest[:]), UnsafeSetup: card.Setup.Unsafe(), Setup: card.Setup.String(),
		InputDigests: digests(s.Inputs), OutputDigests: digests(s.Outputs),
	}
	for _, t := range s.Inputs {
		r.Inputs, r.InputNames = append(r.Inputs, t.Floats()), append(r.InputNames, t.Card.Name)
	}
	return r
}

// provenAnswer is the answer in a statement.
func provenAnswer(card *verifier.Card, s *verifier.Statement) answer {
	var names []string
	var outputs [][]float64
	for _, t := range s.Outputs {
		names, outputs = append(names, t.Card.Name), append(outputs, t.Floats())
	}
	return newAnswer(names, outputs, card.Labels, cardBatch(card))
}

// cardBatch is how many inputs a model answers at once, by its shapes.
func cardBatch(card *verifier.Card) int {
	var shapes [][]int
	for _, t := range slices.Concat(card.Inputs, card.Outputs) {
		shapes = append(shapes, t.Shape)
	}
	return batchOf(shapes)
}

// hexElement returns the 32 bytes of a field element in hexadecimal.
func hexElement(x *fr.Element) string {
	b := x.Bytes()
	return hex.EncodeToString(b[:])
}

// digests returns the digests of tensors, nil if there are none.
func digests(tensors []verifier.Tensor) (out []string) {
	for i, t := range tensors {
		if t.Digest != nil {
			if out == nil {
				out = make([]string, len(tensors))
			}
			out[i] = hexElement(t.Digest)
		}
	}
	return out
}

func (r *verifyReport) text(w io.Writer) {
	row(w, "accepted", "the model behind the key, on this input, gives this output")
	row(w, "model", fmt.Sprintf("%s, %s weights, %s", r.Model, r.Weights, r.System))
	row(w, "key digest", r.KeyDigest)
	row(w, "setup", r.Setup)
	row(w, "context", r.Context)
	for i, name := range r.InputNames {
		row(w, "input "+name, shown(r.Inputs[i], r.InputDigests, i))
	}
	for i, name := range r.Names {
		if r.Outputs[i] == nil || r.OutputDigests != nil && r.OutputDigests[i] != "" {
			row(w, "output "+name, shown(r.Outputs[i], r.OutputDigests, i))
		}
	}
	row(w, "verify", duration(r.VerifyMS))
	r.answer.text(w, "", nil)
}

// shown says in a few words what a statement shows of a tensor.
func shown(values []float64, digests []string, i int) string {
	digest := ""
	if digests != nil {
		digest = digests[i]
	}
	switch {
	case values != nil && digest != "":
		return fmt.Sprintf("%d values, which open the digest %s", len(values), digest)
	case values != nil:
		return fmt.Sprintf("%d values, public", len(values))
	case digest != "":
		return "digest " + digest
	}
	return "private"
}
