package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/verifier"
)

// manyReport is the JSON object of prove for a folder of proofs.
type manyReport struct {
	Proofs       string  `json:"proofs"` // folder
	Count        int     `json:"count"`
	Made         int     `json:"made"` // in this run; the others were there and verify
	Context      string  `json:"context"`
	System       string  `json:"system"`
	Constraints  int     `json:"constraints"`
	LoadMS       float64 `json:"load_ms"`
	Bound        bool    `json:"bound"`
	ProveMS      float64 `json:"prove_ms"` // of all that were made
	Parallel     int     `json:"parallel"`
	PeakRSSBytes int64   `json:"peak_rss_bytes"`
}

// errOtherRun means that a folder holds the proofs of another run.
var errOtherRun = errors.New("holds proofs of other inputs, keys or another context")

// errStopped says of a run that ended early that its proofs are kept.
var errStopped = errors.New("finished proofs are kept")

// isFolder reports whether a path on the command line stands for a folder of proofs.
func isFolder(path string, samples int) bool {
	if info, err := os.Stat(path); err == nil {
		return info.IsDir()
	}
	return os.IsPathSeparator(path[len(path)-1]) || samples > 1 && filepath.Ext(path) == ""
}

// proveMany proves every sample into a folder, in which proofs of an earlier run stay.
func (c *command) proveMany(a *proveArgs, keys *prover.Keys, r *proveReport) (report, error) {
	m := &manyReport{
		Proofs: a.out, Count: len(a.ints), System: r.System, Constraints: r.Constraints, LoadMS: r.LoadMS, Bound: r.Bound,
		Context: a.context.String(), Parallel: a.parallel,
	}
	if a.given != "" {
		return nil, usageError{c.verb, "--use-salts is for one input"}
	}
	run := newRun(keys, a)
	folders := []string{a.out}
	if a.salts != "" {
		folders = append(folders, a.salts)
	}
	for _, dir := range folders {
		if err := run.open(dir, a.force); err != nil {
			return nil, err
		}
	}
	show, clear := c.progress()
	defer clear()
	start := time.Now()
	err := keys.ProveMany(c.ctx, prover.Many{
		Count: len(a.ints), Parallel: a.parallel,
		Input: func(i int) ([][]int64, prover.Options, error) { return run.input(i) },
		Done: func(i int, p *verifier.Proof) error {
			m.Made++
			return run.keep(i, p)
		},
		Progress: func(_ string, done float64) {
			if show != nil {
				show(fmt.Sprintf("%d/%d", int(done*float64(m.Count)+0.5), m.Count), done)
			}
		},
	})
	if errors.Is(err, context.Canceled) {
		return nil, fmt.Errorf("%w: %w", err, errStopped)
	}
	if err != nil {
		return nil, err
	}
	for _, name := range run.replaced {
		c.warn("%s did not verify and was made again", name)
	}
	m.ProveMS, m.PeakRSSBytes = ms(time.Since(start)), peakRSS()
	return m, nil
}

// runFile marks a folder as that of one run, so that a run goes on with its own proofs only. It
// holds a salted digest of keys, context and inputs, and is readable by the owner alone: inputs
// may be secret.
const runFile = ".nnark-run"

// proofRun is the making of proofs into a folder.
type proofRun struct {
	*proveArgs
	keys     *prover.Keys
	replaced []string
}

type runRecord struct {
	Format string `json:"format"`
	Salt   string `json:"salt"`
	Digest string `json:"digest"`
}

const runFormat = "nnark-run-1"

func newRun(keys *prover.Keys, a *proveArgs) *proofRun {
	return &proofRun{proveArgs: a, keys: keys}
}

// digest is of all that decides what the proofs are about.
func (r *proofRun) digest(salt []byte) string {
	h := sha256.New()
	key, context := r.keys.VerifyingKey.Digest(), r.context.Bytes()
	for _, part := range [][]byte{[]byte(runFormat), salt, key[:], context[:]} {
		h.Write(part)
	}
	for _, sample := range r.ints {
		for _, x := range sample {
			_ = binary.Write(h, binary.LittleEndian, x) // a hash takes everything
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// open makes a folder for the run, or finds that it is the run's already. With force what
// another run left is removed.
func (r *proofRun) open(dir string, force bool) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	path := filepath.Join(dir, runFile)
	data, err := os.ReadFile(path)
	if err == nil && r.isRecord(data) {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	old, err := proofFiles(dir)
	if err != nil {
		return err
	}
	if len(old) > 0 && !force {
		return fmt.Errorf("%s: %w", dir, errOtherRun)
	}
	for _, name := range old {
		if numbered.MatchString(name) {
			if err := os.Remove(filepath.Join(dir, name)); err != nil {
				return err
			}
		}
	}
	salt := make([]byte, 32)
	if _, err := rand.Read(salt); err != nil {
		return err
	}
	record, err := json.MarshalIndent(runRecord{runFormat, hex.EncodeToString(salt), r.digest(salt)}, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, 0o600, append(record, '\n'))
}

// isRecord reports whether a folder's mark is this run's.
func (r *proofRun) isRecord(data []byte) bool {
	var record runRecord
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if d.Decode(&record) != nil || record.Format != runFormat {
		return false
	}
	salt, err := hex.DecodeString(record.Salt)
	return err == nil && record.Digest == r.digest(salt)
}

// numbered are the names of a run's files.
var numbered = regexp.MustCompile(`^\d{6,}\.json$`)

func numberedName(i int) string { return fmt.Sprintf("%06d.json", i) }

// proofFiles lists the JSON files of a folder, sorted.
func proofFiles(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".json") && !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// input returns input i with the options of its proof, or no input if its proof is there.
func (r *proofRun) input(i int) ([][]int64, prover.Options, error) {
	o := prover.Options{Context: r.context}
	path := filepath.Join(r.out, numberedName(i))
	if _, err := os.Stat(path); err == nil {
		if r.finished(i, path) {
			return nil, o, nil
		}
		r.replaced = append(r.replaced, path)
	}
	card := &r.keys.VerifyingKey.Card
	salts, err := digestsOf(card, nil)
	if err != nil {
		return nil, o, err
	}
	p := r.keys.Compiled().Program
	if o.Values, err = p.Eval(r.ints[i]); err != nil {
		return nil, o, err
	}
	var outputs [][]int64
	for k := range p.Outputs {
		outputs = append(outputs, o.Values[p.Outputs[k].Value])
	}
	if err := salts.fill(nil, r.ints[i], outputs); err != nil {
		return nil, o, err
	}
	if r.salts != "" { // before its proof, which says that they are there
		if err := salts.write(filepath.Join(r.salts, numberedName(i)), true); err != nil {
			return nil, o, err
		}
	}
	o.Salt = salts.salts()
	return r.ints[i], o, nil
}

// finished reports whether a proof is of input i as far as its statement shows. The folder's
// mark says the rest.
func (r *proofRun) finished(i int, path string) bool {
	proof, err := readProof(path)
	if err != nil {
		return false
	}
	opts := []verifier.Option{verifier.WithContextElement(r.context)}
	for k, t := range r.keys.VerifyingKey.Card.Inputs {
		if t.Mode == verifier.Public {
			opts = append(opts, verifier.WithInput(k, r.ints[i][k]))
		}
	}
	_, err = verifier.Verify(r.keys.VerifyingKey, proof, opts...)
	return err == nil
}

func (r *proofRun) keep(i int, p *verifier.Proof) error {
	data, err := p.MarshalJSON()
	if err != nil {
		return err
	}
	return writeFile(filepath.Join(r.out, numberedName(i)), 0o644, data)
}

func (m *manyReport) text(w io.Writer) {
	row(w, "proofs", fmt.Sprintf("%s in %s", count(m.Count), m.Proofs))
	if kept := m.Count - m.Made; kept > 0 {
		row(w, "kept", fmt.Sprintf("%s that were there and verify", count(kept)))
	}
	row(w, "context", m.Context)
	costRow(w, m.System, m.Constraints)
	row(w, "load", duration(m.LoadMS))
	if m.Made > 0 {
		row(w, "prove", fmt.Sprintf("%s, %s a proof", duration(m.ProveMS), duration(m.ProveMS/float64(m.Made))))
	}
	row(w, "peak memory", size(m.PeakRSSBytes))
}

// proveArgs are what prove was asked for.
type proveArgs struct {
	out, salts, given string
	force             bool
	parallel          int
	context           fr.Element
	ints              [][][]int64 // of each sample, of each input
}
