package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/verifier"
)

// proveReport is the JSON object of prove.
type proveReport struct {
	answer
	Proof        string  `json:"proof"`
	Context      string  `json:"context"`
	System       string  `json:"system"`
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
	a := new(proveArgs)
	dir := c.flags.String("keys", "", "the folder `KEYDIR` with the program's keys")
	input := c.flags.String("input", "", "the input in `FILE`, or several")
	c.flags.StringVar(&a.out, "o", "", "write the proof to `proof.json`, or proofs of several inputs into a folder proofs/, where finished ones of an earlier run stay")
	c.flags.StringVar(&a.salts, "salts", "", "write what opens digest inputs and outputs, values and salts, to `FILE`, or into a folder for several inputs")
	c.flags.StringVar(&a.given, "use-salts", "", "take the salts in `FILE`, which --salts or nnark digest wrote, instead of random ones")
	c.flags.BoolVar(&a.force, "force", false, "replace the file of --salts, or proofs of other inputs in the folder")
	c.flags.IntVar(&a.parallel, "parallel", runtime.GOMAXPROCS(0), "make `N` proofs at a time, of several inputs")
	c.flags.Var((*field)(&a.context), "context", "make `N`, a nonce for instance, part of what is proven")
	if err := c.parse([]string{"M.nnark"}, "keys", "input", "o"); err != nil {
		return nil, err
	}
	if a.parallel < 1 {
		return nil, usageError{c.verb, "--parallel takes a number from 1"}
	}
	p, err := loadProgram(c.args[0])
	if err != nil {
		return nil, err
	}
	many, err := a.read(*input, p)
	if err != nil {
		return nil, err
	}
	if a.salts != "" && !many {
		if err := mayWrite(a.salts, a.force); err != nil {
			return nil, err
		}
	}
	start := time.Now()
	compiled, err := c.compiledFor(p, *dir)
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
	frugal()
	r := &proveReport{Proof: a.out, System: p.Config.System.String(), Constraints: compiled.Constraints(), LoadMS: ms(time.Since(start)), Bound: bound}
	if many {
		return c.proveMany(a, keys, r)
	}
	return r, c.proveOne(a, keys, r)
}

// read quantizes the samples of a file, and reports whether their proofs go into a folder.
func (a *proveArgs) read(path string, p *circuits.Program) (many bool, err error) {
	samples, err := model.LoadInputs(path, programInputs(p))
	if err != nil {
		return false, err
	}
	many = isFolder(a.out, len(samples))
	if len(samples) != 1 && !many {
		return false, fmt.Errorf("%s: %d inputs, want one: %w", path, len(samples), errSamples)
	}
	for i, sample := range samples {
		ints, err := p.QuantizeReals(reals(sample))
		if err != nil && many {
			return false, fmt.Errorf("%s: sample %d: %w", path, i, err)
		}
		if err != nil {
			return false, fmt.Errorf("%s: %w", path, err)
		}
		a.ints = append(a.ints, ints)
	}
	return many, nil
}

// proveOne proves the one sample into a file.
func (c *command) proveOne(a *proveArgs, keys *prover.Keys, r *proveReport) (err error) {
	p, ints := keys.Compiled().Program, a.ints[0]
	o := prover.Options{Context: a.context}
	if o.Values, err = p.Eval(ints); err != nil {
		return err
	}
	salts, err := r.openings(p, &keys.VerifyingKey.Card, ints, o.Values, a.given)
	if err != nil {
		return err
	}
	o.Salt = salts.salts()
	data, err := c.proveInto(r, keys, ints, o)
	if err != nil {
		return err
	}
	if a.salts != "" {
		if err := salts.write(a.salts, a.force); err != nil {
			return err
		}
	}
	return writeFile(a.out, 0o644, data)
}

// openings notes the program's answer and returns what will open the proof's digests, with the
// salts of a file if one is given.
func (r *proveReport) openings(p *circuits.Program, card *verifier.Card, ints, values [][]int64, given string) (*openings, error) {
	var outputs [][]int64
	var reals [][]float64
	for i := range p.Outputs {
		outputs = append(outputs, values[p.Outputs[i].Value])
		reals = append(reals, p.Outputs[i].Floats(outputs[i]))
	}
	r.answer = newAnswer(outputNames(p), reals, p.Labels, programBatch(p))
	var use *openings
	var err error
	if given != "" {
		if use, err = readOpenings(given, card); err != nil {
			return nil, err
		}
	}
	salts, err := digestsOf(card, use)
	if err != nil {
		return nil, err
	}
	if err := salts.fill(use, ints, outputs); err != nil {
		return nil, fmt.Errorf("%s: %w", given, err)
	}
	return salts, nil
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
	r.ProofBytes = proof.Size()
	r.FileBytes, r.PeakRSSBytes = len(data), peakRSS()
	r.Context = statement.Context.String()
	return data, nil
}

// frugal makes the garbage collector run when the heap has grown by a quarter, not by all, unless
// the user says otherwise: keys are large and live long, and what a proof leaves is cheap to
// collect.
func frugal() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(25)
	}
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
	costRow(w, r.System, r.Constraints)
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
