package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/verifier"
)

// proveReport is the JSON object of prove.
type proveReport struct {
	answer
	Proof        string  `json:"proof"`
	Context      string  `json:"context"`
	Constraints  int     `json:"constraints"`
	LoadMS       float64 `json:"load_ms"` // compiling the program and reading the keys
	Bound        bool    `json:"bound"`   // a bound key was used
	ProveMS      float64 `json:"prove_ms"`
	VerifyMS     float64 `json:"verify_ms"`
	ProofBytes   int     `json:"proof_bytes"` // without the statement
	FileBytes    int     `json:"file_bytes"`
	PeakRSSBytes int64   `json:"peak_rss_bytes"`
}

func prove(c *command) (report, error) {
	dir := c.flags.String("keys", "", "the folder `KEYDIR` with the program's keys")
	input := c.flags.String("input", "", "the input in `FILE`")
	out := c.flags.String("o", "", "write the proof to `proof.json`")
	var o prover.Options
	saltFile := c.flags.String("salts", "", "write the salts of digest inputs and outputs to `FILE`: opening a digest needs its salt")
	c.flags.Var((*field)(&o.Context), "context", "make `N`, a nonce for instance, part of what is proven")
	if err := c.parse([]string{"M.nnark"}, "keys", "input", "o"); err != nil {
		return nil, err
	}
	p, err := loadProgram(c.args[0])
	if err != nil {
		return nil, err
	}
	in, err := programInput(*input, p)
	if err != nil {
		return nil, err
	}
	ints, err := p.Quantise(floats(in))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", *input, err)
	}
	start := time.Now()
	compiled, err := c.compiled(p)
	if err != nil {
		return nil, err
	}
	bound := fileSize(filepath.Join(*dir, prover.BoundKeyFile)) > 0
	keys, err := stage(c, "load keys", func() (*prover.Keys, error) {
		if bound {
			return prover.LoadBound(*dir, compiled)
		}
		return prover.Load(*dir, compiled)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", *dir, err)
	}
	r := &proveReport{Proof: *out, Constraints: compiled.Constraints(), LoadMS: ms(time.Since(start)), Bound: bound}
	outputs, err := p.Run(floats(in))
	if err != nil {
		return nil, err
	}
	r.answer = newAnswer(outputNames(p), outputs, p.Labels)
	salts := []string{}
	o.Salt = func() (e fr.Element, err error) {
		_, err = e.SetRandom()
		salts = append(salts, "0x"+e.Text(16))
		return e, err
	}
	data, err := c.proveInto(r, keys, ints, o)
	if err != nil {
		return nil, err
	}
	if *saltFile != "" {
		text, err := json.MarshalIndent(map[string][]string{"salts": salts}, "", "  ")
		if err != nil {
			return nil, err
		}
		if err := writeFile(*saltFile, 0o600, append(text, '\n')); err != nil {
			return nil, err
		}
	}
	return r, writeFile(*out, 0o644, data)
}

// bound returns keys that hold what depends on the weights alone, and the time that took.
func (c *command) bound(keys *prover.Keys) (*prover.Keys, float64, error) {
	start := time.Now()
	b, err := stage(c, "bind", func() (*prover.Keys, error) { return keys.Bind(c.ctx) })
	return b, ms(time.Since(start)), err
}

// proveInto makes a proof, fills the report and returns the proof's file.
func (c *command) proveInto(r *proveReport, keys *prover.Keys, ints [][]int64, o prover.Options) ([]byte, error) {
	show, clear := c.progress()
	defer clear()
	o.Progress = show
	start := time.Now()
	proof, err := await(c.ctx, func() (*verifier.Proof, error) { return keys.Prove(c.ctx, ints, o) })
	if err != nil {
		return nil, err
	}
	r.ProveMS = ms(time.Since(start))
	data, err := proof.MarshalJSON()
	if err != nil {
		return nil, err
	}
	start = time.Now()
	statement, err := verifier.Verify(keys.VerifyingKey, proof, verifier.WithContextElement(o.Context))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", prover.ErrSelfCheck, err)
	}
	r.VerifyMS = ms(time.Since(start))
	r.ProofBytes = verifier.Groth16ProofSize
	if proof.Plonk != nil {
		r.ProofBytes = verifier.PlonkProofSize
	}
	r.FileBytes, r.PeakRSSBytes = len(data), peakRSS()
	r.Context = statement.Context.String()
	return data, nil
}

// peakRSS returns the most memory the process has had, as the system counts it or, where
// that is not known, as the Go runtime does.
func peakRSS() int64 {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range bytes.Lines(status) {
		if f := bytes.Fields(line); len(f) == 3 && string(f[0]) == "VmHWM:" {
			if kib, err := strconv.ParseInt(string(f[1]), 10, 64); err == nil {
				return kib << 10
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.Sys)
}

func (r *proveReport) text(w io.Writer) {
	row(w, "proof", fmt.Sprintf("%s (%s and the statement)", r.Proof, size(r.ProofBytes)))
	row(w, "context", r.Context)
	row(w, "constraints", count(r.Constraints))
	row(w, "load", duration(r.LoadMS))
	if r.Bound {
		row(w, "prove", duration(r.ProveMS)+" with a bound key")
	} else {
		row(w, "prove", duration(r.ProveMS))
	}
	row(w, "verify", duration(r.VerifyMS))
	row(w, "peak memory", size(r.PeakRSSBytes))
	r.answer.text(w, "", nil)
}
