package main

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"time"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/verifier"
)

// demoReport is what the JSON objects of demo have in common.
type demoReport struct {
	Model             string  `json:"model"`
	System            string  `json:"system"`
	Accepted          bool    `json:"accepted"` // by the verifier, from the bytes of key and proof
	Parameters        int     `json:"parameters"`
	Constraints       int     `json:"constraints"`
	RelativeError     float64 `json:"relative_error"` // on the calibration samples
	Agreement         float64 `json:"agreement"`
	KeysFresh         bool    `json:"keys_fresh"` // made in this run, not cached
	Cache             string  `json:"cache"`      // folder, "" if there is none
	SetupMS           float64 `json:"setup_ms"`   // or loading the keys
	ProvingKeyBytes   int64   `json:"proving_key_bytes"`
	VerifyingKeyBytes int     `json:"verifying_key_bytes"`
	BindMS            float64 `json:"bind_ms"` // once for all proofs
	ProveMS           float64 `json:"prove_ms"`
	VerifyMS          float64 `json:"verify_ms"`
	ProofBytes        int     `json:"proof_bytes"`
	PeakRSSBytes      int64   `json:"peak_rss_bytes"`

	system circuits.System
}

func demo(c *command) (report, error) {
	var r demoReport
	digit, text := &digitReport{colour: colourOf(c.stdout)}, &gptReport{}
	c.flags.StringVar(&r.Model, "model", "lenet5", "the network, `lenet5|mlp|gpt`")
	choice(c, &r.system, "system", circuits.Groth16, circuits.Plonk, circuits.Flat)
	c.flags.Lookup("system").Usage = "`groth16|plonk|flat` (default groth16, for gpt flat)"
	c.flags.IntVar(&digit.Image, "image", 90, "lenet5, mlp: prove image `N` of 0 to 99")
	c.flags.StringVar(&text.Prompt, "prompt", "i placed a prism ", "gpt: continue `TEXT`")
	c.flags.IntVar(&text.Characters, "characters", 31, "gpt: write `N` characters")
	if err := c.parse(nil); err != nil {
		return nil, err
	}
	given := c.given()
	foreign := []string{"prompt", "characters"}
	if r.Model == gptName {
		foreign = []string{"image"}
		if !slices.Contains(given, "system") {
			r.system = circuits.Flat
		}
	}
	for _, name := range foreign {
		if slices.Contains(given, name) {
			return nil, usageError{c.verb, fmt.Sprintf("--%s is not for --model %s", name, r.Model)}
		}
	}
	r.System = r.system.String()
	if r.Model == gptName {
		text.demoReport = r
		return text, text.run(c)
	}
	digit.demoReport = r
	return digit, digit.run(c)
}

// quantize makes the program, the same in every run.
func (r *demoReport) quantize(c *command, g *model.Graph, samples [][]*model.Tensor, bits int) (*circuits.Program, error) {
	p, err := stage(c, "quantize", func() (*circuits.Program, error) {
		return quantize.Graph(g, samples, circuits.Config{System: r.system, Bits: bits})
	})
	if err != nil {
		return nil, err
	}
	p.Name = r.Model
	r.Parameters, r.RelativeError, r.Agreement = p.Parameters(), p.Report.RelativeError, p.Report.Agreement
	return p, nil
}

// prove makes keys of the program, or takes those that are cached, proves the input and verifies
// the proof as a customer would: from the bytes of the verifying key and of the proof, for this
// input. It returns the proven output.
func (r *demoReport) prove(c *command, p *circuits.Program, input []float32) ([]float64, error) {
	compiled, err := c.compiledFor(p, cacheDir(p))
	if err != nil {
		return nil, err
	}
	r.Constraints = compiled.Constraints()
	start := time.Now()
	keys, dir, fresh, err := c.cachedKeys(compiled)
	if err != nil {
		return nil, err
	}
	r.SetupMS, r.KeysFresh, r.Cache = ms(time.Since(start)), fresh, dir
	r.ProvingKeyBytes = fileSize(filepath.Join(dir, prover.ProvingKeyFile))
	ints, err := p.Quantize([][]float32{input})
	if err != nil {
		return nil, err
	}
	if r.system == circuits.Groth16 {
		if keys, r.BindMS, err = c.bound(keys); err != nil {
			return nil, err
		}
	}
	var made proveReport
	proofBytes, err := c.proveInto(&made, keys, ints, prover.Options{})
	if err != nil {
		return nil, err
	}
	r.ProveMS, r.ProofBytes, r.PeakRSSBytes = made.ProveMS, made.ProofBytes, made.PeakRSSBytes
	keyBytes, err := keys.VerifyingKey.MarshalBinary()
	if err != nil {
		return nil, err
	}
	r.VerifyingKeyBytes = len(keyBytes)
	key, err := verifier.ParseVerifyingKey(keyBytes)
	if err != nil {
		return nil, err
	}
	start = time.Now()
	proof, err := verifier.ParseProofJSON(proofBytes)
	if err != nil {
		return nil, err
	}
	s, err := verifier.Verify(key, proof, verifier.WithRealInput(0, float64s(input)))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", prover.ErrSelfCheck, err)
	}
	r.VerifyMS, r.Accepted = ms(time.Since(start)), true
	return s.Outputs[0].Floats(), nil
}

// figures writes what keys and proof cost, and what the proof says.
func (r *demoReport) figures(w io.Writer, claim string) {
	row(w)
	row(w, "weights", fmt.Sprintf("%s, private, behind a commitment in the verifying key", count(r.Parameters)))
	costRow(w, r.System, r.Constraints)
	row(w, "verifying key", size(r.VerifyingKeyBytes))
	if r.Cache != "" {
		row(w, "proving key", fmt.Sprintf("%s in %s", size(r.ProvingKeyBytes), r.Cache))
	}
	if r.KeysFresh {
		row(w, "setup", duration(r.SetupMS))
	} else {
		row(w, "setup", fmt.Sprintf("done in an earlier run, keys read in %s", duration(r.SetupMS)))
	}
	if r.system == circuits.Groth16 {
		row(w, "bind", fmt.Sprintf("%s, once for all proofs", duration(r.BindMS)))
	}
	row(w, "prove", duration(r.ProveMS))
	row(w, "proof", fmt.Sprintf("%s, zero-knowledge", size(r.ProofBytes)))
	row(w, "verify", fmt.Sprintf("%s, accepted", duration(r.VerifyMS)))
	row(w, "peak memory", size(r.PeakRSSBytes))
	row(w)
	who := "whoever made the keys"
	if r.system != circuits.Groth16 {
		who = "whoever made the reference string"
	}
	fmt.Fprintf(w, demoTrust, claim, who)
}

const demoTrust = `What the proof says: the network behind the verifying key %s.
It shows nothing else about the weights.
Who must be trusted: %s. Here that is this program on this
machine, which could have kept what lets it prove false answers; for others it is a ceremony.
Nobody else: not the prover, nor the machine it runs on.
`
