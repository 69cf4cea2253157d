package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/verifier"
)

// verifyManyReport is the JSON object of verify for a folder. It names everything that whoever
// has proofs, key, inputs and labels needs to check it again.
type verifyManyReport struct {
	Accepted    bool          `json:"accepted"` // all proofs
	Proofs      int           `json:"proofs"`
	Rejected    []badProof    `json:"rejected"`
	Answers     []provenClass `json:"answers"` // of the accepted proofs, by file
	Accuracy    *accuracy     `json:"accuracy,omitempty"`
	Model       string        `json:"model"`
	System      string        `json:"system"`
	Weights     string        `json:"weights"`
	KeyDigest   string        `json:"key_digest"`
	UnsafeSetup bool          `json:"unsafe_setup"`
	Setup       string        `json:"setup"`
	VerifyMS    float64       `json:"verify_ms"`
}

// badProof is a proof that is not accepted.
type badProof struct {
	File  string `json:"file"`
	Error string `json:"error"`
}

// provenClass is what one proof shows.
type provenClass struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"` // of the file
	answered
	Input *int `json:"input,omitempty"` // with --expect-input: the first sample it is about
}

// answered is a proof's class or, of a batch, its classes, as in verify of one proof.
type answered struct {
	Class   *int     `json:"class,omitempty"`
	Label   string   `json:"label,omitempty"`
	Classes []int    `json:"classes,omitempty"`
	Called  []string `json:"class_labels,omitempty"`
}

// all lists the classes, none if answers are no classes.
func (a *answered) all() []int {
	if a.Class != nil {
		return []int{*a.Class}
	}
	return a.Classes
}

// accuracy is what proofs show of a model on published inputs.
type accuracy struct {
	Correct      int     `json:"correct"` // inputs that are proven to be answered as labelled
	Proven       int     `json:"proven"`  // inputs with an accepted proof
	Of           int     `json:"of"`      // published inputs
	Share        float64 `json:"share"`   // correct / of
	InputsSHA256 string  `json:"inputs_sha256"`
	LabelsSHA256 string  `json:"labels_sha256"`
	Claim        string  `json:"claim"`
}

// errNoProofs means that a folder holds no proofs.
var errNoProofs = errors.New("no proofs in the folder")

// errLabels means that a file of labels does not fit.
var errLabels = errors.New("labels do not fit")

// verifyMany checks all proofs in a folder, many with one equation, or the one in a file.
func (c *command) verifyMany(a *verifyArgs, key *verifier.VerifyingKey, path string, folder bool) (report, error) {
	switch {
	case a.salts != "":
		return nil, usageError{c.verb, "--salts is for one proof"}
	case a.labels != "" && a.expect == "":
		return nil, usageError{c.verb, "--labels needs --expect-input: the inputs that the labels are of"}
	}
	expected, err := readExpected(a.expect, &key.Card)
	if err != nil {
		return nil, err
	}
	var labels []int
	if a.labels != "" {
		if n := len(key.Card.Outputs); n != 1 {
			return nil, fmt.Errorf("the model has %d outputs, which are no classes: %w", n, errLabels)
		}
		n := cardBatch(&key.Card)
		if labels, err = readLabels(a.labels, key.Card.Labels, key.Card.Outputs[0].Size()/n); err != nil {
			return nil, err
		}
		if inputs := n * len(expected.byInput); len(labels) != inputs {
			return nil, fmt.Errorf("%s: %d labels for %d inputs: %w", a.labels, len(labels), inputs, errLabels)
		}
	}
	dir, names := filepath.Dir(path), []string{filepath.Base(path)}
	if folder {
		dir = path
		if names, err = proofFiles(dir); err != nil {
			return nil, err
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("%s: %w", dir, errNoProofs)
	}
	digest := key.Digest()
	r := &verifyManyReport{
		Proofs: len(names), Rejected: []badProof{}, Answers: []provenClass{}, Model: key.Card.Name, System: key.Card.System.String(), Weights: key.Card.Weights.String(),
		KeyDigest: hex.EncodeToString(digest[:]), UnsafeSetup: key.Card.Setup.Unsafe(), Setup: key.Card.Setup.String(),
	}
	if r.UnsafeSetup {
		c.warn(unsafeWarning)
	}
	if err := r.check(c, a, key, dir, names, expected); err != nil {
		return nil, err
	}
	r.Accepted = len(r.Rejected) == 0
	if labels != nil {
		r.Accuracy, err = r.accuracyOf(a, expected, labels)
	}
	return r, err
}

// batch is how many proofs one equation checks.
const batch = 256

// check verifies the files, a batch at a time.
func (r *verifyManyReport) check(c *command, a *verifyArgs, key *verifier.VerifyingKey, dir string, names []string, expected *expectedInputs) error {
	show, clear := c.progress()
	defer clear()
	start := time.Now()
	done := 0
	for part := range slices.Chunk(names, batch) {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		if show != nil {
			show(fmt.Sprintf("%d/%d", done, len(names)), float64(done)/float64(len(names)))
		}
		var files []string
		var sums [][32]byte
		var proofs []*verifier.Proof
		for _, name := range part {
			data, err := readBounded(filepath.Join(dir, name))
			if err != nil {
				return err
			}
			proof, err := verifier.ParseProofJSON(data)
			if err != nil {
				r.reject(name, err)
				continue
			}
			files, sums, proofs = append(files, name), append(sums, sha256.Sum256(data)), append(proofs, proof)
		}
		bad := map[int]error{}
		statements, err := verifier.VerifyBatch(key, proofs, a.opts...)
		if err != nil {
			offenders := new(verifier.BatchError)
			if !errors.As(err, &offenders) {
				return err
			}
			for i, at := range offenders.Indexes {
				bad[at] = offenders.Errs[i]
			}
			statements = make([]*verifier.Statement, len(proofs))
			for i, p := range proofs {
				if bad[i] == nil {
					statements[i], bad[i] = verifier.Verify(key, p, a.opts...)
				}
			}
		}
		for i, name := range files {
			err := bad[i]
			if err == nil {
				err = r.accept(name, sums[i], &key.Card, statements[i], expected)
			}
			if err != nil {
				r.reject(name, err)
			}
		}
		done += len(part)
	}
	r.VerifyMS = ms(time.Since(start))
	return nil
}

func (r *verifyManyReport) reject(name string, err error) {
	r.Rejected = append(r.Rejected, badProof{name, err.Error()})
}

// accept notes what a proof shows, unless it is about an input that is not expected.
func (r *verifyManyReport) accept(name string, sum [32]byte, card *verifier.Card, s *verifier.Statement, expected *expectedInputs) error {
	a := provenAnswer(card, s)
	p := provenClass{File: name, SHA256: hex.EncodeToString(sum[:]), answered: answered{a.Class, a.Label, a.Classes, a.Called}}
	if expected != nil {
		at, ok := expected.find(s)
		if !ok {
			return fmt.Errorf("%w: it is about none of the inputs expected", verifier.ErrInput)
		}
		p.Input = &at
	}
	r.Answers = append(r.Answers, p)
	return nil
}

// expectedInputs are the inputs that proofs may be about.
type expectedInputs struct {
	first   map[[32]byte]int // the first sample of each value
	byInput [][32]byte       // the value of each sample
}

// readExpected reads the samples of a file, nil without one.
func readExpected(path string, card *verifier.Card) (*expectedInputs, error) {
	if path == "" {
		return nil, nil
	}
	for _, t := range card.Inputs {
		if t.Mode != verifier.Public {
			return nil, fmt.Errorf("input %q is %v: %w", t.Name, t.Mode, errHidden)
		}
	}
	samples, err := model.LoadInputs(path, cardInputs(card))
	if err != nil {
		return nil, err
	}
	e := &expectedInputs{first: map[[32]byte]int{}}
	for n, sample := range samples {
		var ints [][]int64
		for i := range card.Inputs {
			q, err := card.Inputs[i].Quantize(sample[i].Reals())
			if err != nil {
				return nil, fmt.Errorf("%s: sample %d: %w", path, n, err)
			}
			ints = append(ints, q)
		}
		value := valueOf(ints)
		if _, twice := e.first[value]; !twice {
			e.first[value] = n
		}
		e.byInput = append(e.byInput, value)
	}
	return e, nil
}

// find returns the first sample that a statement is about.
func (e *expectedInputs) find(s *verifier.Statement) (at int, ok bool) {
	var ints [][]int64
	for _, t := range s.Inputs {
		ints = append(ints, t.Ints)
	}
	at, ok = e.first[valueOf(ints)]
	return at, ok
}

// valueOf is a digest of the integers of all inputs, whose sizes the card fixes.
func valueOf(ints [][]int64) [32]byte {
	var b []byte
	for _, v := range ints {
		for _, x := range v {
			b = binary.LittleEndian.AppendUint64(b, uint64(x))
		}
	}
	return sha256.Sum256(b)
}

// accuracyOf counts the samples that a proof shows to be answered as labelled. One proof counts
// for all samples of the same value, since the model's answer is the same.
func (r *verifyManyReport) accuracyOf(a *verifyArgs, expected *expectedInputs, labels []int) (*accuracy, error) {
	classes := map[int][]int{} // of the first sample of each value
	for _, p := range r.Answers {
		if p.all() == nil {
			return nil, fmt.Errorf("the model's answers are no classes: %w", errLabels)
		}
		classes[*p.Input] = p.all()
	}
	acc := &accuracy{Of: len(labels)}
	n := len(labels) / len(expected.byInput) // inputs of a proof
	for i, value := range expected.byInput {
		for k, c := range classes[expected.first[value]] {
			acc.Proven++
			if c == labels[i*n+k] {
				acc.Correct++
			}
		}
	}
	acc.Share = float64(acc.Correct) / float64(acc.Of)
	acc.Claim = fmt.Sprintf("the model behind key %s answers at least %d of these %d published inputs correctly", r.KeyDigest, acc.Correct, acc.Of)
	for _, f := range []struct {
		path string
		to   *string
	}{{a.expect, &acc.InputsSHA256}, {a.labels, &acc.LabelsSHA256}} {
		data, err := os.ReadFile(f.path)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(data)
		*f.to = hex.EncodeToString(sum[:])
	}
	return acc, nil
}

// readLabels reads class numbers, or labels of a model of so many classes, 0 if that is not
// known.
func readLabels(path string, names []string, classes int) ([]int, error) {
	data, err := readBounded(path)
	if err != nil {
		return nil, err
	}
	var labels []int
	if text := bytes.TrimSpace(data); utf8.Valid(data) && !bytes.HasPrefix(text, []byte("{")) && !bytes.HasPrefix(text, []byte("[")) {
		for i, line := range strings.Split(string(text), "\n") {
			line = strings.TrimSpace(line)
			n, err := strconv.Atoi(line)
			if at := slices.Index(names, line); at >= 0 {
				n, err = at, nil
			}
			if err != nil {
				return nil, fmt.Errorf("%s: line %d: %q is neither a class nor a label: %w", path, i+1, line, errLabels)
			}
			labels = append(labels, n)
		}
	} else {
		samples, err := model.ParseInputs(path, data, []model.Value{{Name: "labels", Shape: []int{1}, Type: model.Int64}})
		if err != nil {
			return nil, err
		}
		for _, s := range samples {
			labels = append(labels, int(s[0].Int[0]))
		}
	}
	for i, n := range labels {
		if classes > 0 && (n < 0 || n >= classes) {
			return nil, fmt.Errorf("%s: label %d is %d, the classes are 0 to %d: %w", path, i, n, classes-1, errLabels)
		}
	}
	return labels, nil
}

func (r *verifyManyReport) exitCode() int {
	if r.Accepted {
		return exitOK
	}
	return exitRejected
}

// maxRejected bounds the rejected proofs in a table.
const maxRejected = 10

func (r *verifyManyReport) text(w io.Writer) {
	row(w, "accepted", fmt.Sprintf("%s of %s proofs", count(r.Proofs-len(r.Rejected)), count(r.Proofs)))
	for _, b := range r.Rejected[:min(len(r.Rejected), maxRejected)] {
		row(w, "  rejected "+b.File, b.Error)
	}
	if more := len(r.Rejected) - maxRejected; more > 0 {
		row(w, fmt.Sprintf("  … %d more", more))
	}
	row(w, "model", fmt.Sprintf("%s, %s weights, %s", r.Model, r.Weights, r.System))
	row(w, "key digest", r.KeyDigest)
	row(w, "setup", r.Setup)
	row(w, "verify", fmt.Sprintf("%s, %s a proof", duration(r.VerifyMS), duration(r.VerifyMS/float64(r.Proofs))))
	if a := r.Accuracy; a != nil {
		row(w, "proven accuracy", fmt.Sprintf("at least %s of %s published inputs (%s) are answered as labelled", count(a.Correct), count(a.Of), percent(a.Share)))
		row(w, "proven", fmt.Sprintf("%s of %s inputs have a proof", count(a.Proven), count(a.Of)))
	}
}
