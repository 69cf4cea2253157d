package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/prover"
)

// costReport predicts what keys and proofs will take on this machine, under each proof system.
type costReport struct {
	systemCost         // of the program's own system
	Systems    []offer `json:"systems,omitempty"` // groth16, plonk, flat
	Reason     string  `json:"reason,omitempty"`  // why the program's was chosen
}

// systemCost is what keys and proofs under one system take.
type systemCost struct {
	Domain          int     `json:"domain,omitempty"` // what the constraints are padded to
	ProvingKeyBytes int64   `json:"proving_key_bytes,omitempty"`
	SetupMS         float64 `json:"predicted_setup_ms,omitempty"`
	ProveMS         float64 `json:"predicted_prove_ms,omitempty"`
	SetupBytes      int64   `json:"predicted_setup_bytes,omitempty"` // peak of memory
	ProveBytes      int64   `json:"predicted_prove_bytes,omitempty"`
	ProofBytes      int     `json:"proof_bytes,omitempty"` // without the statement
}

// offer is one proof system for a program.
type offer struct {
	System      string `json:"system"`
	Chosen      bool   `json:"chosen"`                // it is the program's
	Constraints int    `json:"constraints,omitempty"` // gates of PLONK, integers of flat
	Estimated   bool   `json:"estimated,omitempty"`
	systemCost
	Refusal string `json:"refusal,omitempty"` // why it cannot prove the program
}

// costsOf is a candidate's cost.
func costsOf(c *prover.Candidate) systemCost {
	k := c.Cost()
	return systemCost{Domain: k.Domain, ProvingKeyBytes: k.ProvingKeyBytes, SetupMS: ms(k.Setup), ProveMS: ms(k.Prove),
		SetupBytes: k.SetupBytes, ProveBytes: k.ProveBytes, ProofBytes: k.ProofBytes}
}

// systemFlag is the flag that names a proof system; without it the cheapest is chosen.
func systemFlag(c *command, cfg *circuits.Config) {
	choice(c, &cfg.System, "system", circuits.Groth16, circuits.Plonk, circuits.Flat)
	c.flags.Lookup("system").Usage = "`groth16|plonk|flat` (default groth16, or flat if that has keys and a first proof much sooner)"
}

// planner compares the proof systems for a program, and chooses one unless the command line does.
type planner struct {
	c    *command
	list []prover.Candidate
	why  string
}

// options has the planner choose the system, unless the command line did.
func (l *planner) options() []quantize.Option {
	if slices.Contains(l.c.given(), "system") {
		l.why = "--system asks for it"
		return nil
	}
	return []quantize.Option{quantize.ChooseSystem(func(p *circuits.Program) (system circuits.System, err error) {
		if err := l.compare(p, nil); err != nil {
			return 0, err
		}
		system, l.why, err = prover.Choose(l.list)
		return system, err
	})}
}

func (l *planner) compare(p *circuits.Program, known *circuits.Compiled) (err error) {
	l.list, err = stage(l.c, "compare", func() ([]prover.Candidate, error) { return prover.Compare(l.c.ctx, p, known) })
	return err
}

// compiled compiles a program, unless the comparison did.
func (l *planner) compiled(p *circuits.Program) (*circuits.Compiled, error) {
	for _, k := range l.list {
		if k.Compiled != nil && k.Compiled.Program == p {
			return k.Compiled, nil
		}
	}
	return l.c.compiled(p)
}

// report lists the systems for a program that is compiled.
func (l *planner) report(compiled *circuits.Compiled) (costReport, error) {
	if l.list == nil {
		if err := l.compare(compiled.Program, compiled); err != nil {
			return costReport{}, err
		}
	}
	r := costReport{Reason: l.why}
	for i := range l.list {
		k := &l.list[i]
		o := offer{System: k.System.String(), Chosen: k.System == compiled.Program.Config.System}
		if o.Chosen { // its integers are the same, but it may be lowered otherwise than what was compared
			own := prover.CandidateOf(compiled)
			k = &own
		}
		if k.Err != nil {
			o.Refusal = k.Refusal()
		} else {
			o.Constraints, o.Estimated, o.systemCost = k.Size, k.Estimated, costsOf(k)
		}
		if o.Chosen {
			r.systemCost = o.systemCost
		}
		r.Systems = append(r.Systems, o)
	}
	return r, nil
}

// text writes the systems side by side, the chosen one marked, in 80 columns.
func (r *costReport) text(w io.Writer) {
	line := func(title string, cell func(o *offer) string) {
		cells := []any{title}
		for i := range r.Systems {
			o := &r.Systems[i]
			if text := cell(o); o.Refusal == "" {
				cells = append(cells, text)
			} else {
				cells = append(cells, "–")
			}
		}
		row(w, cells...)
	}
	row(w)
	heads := []any{"proof system"}
	for _, o := range r.Systems {
		if o.Chosen {
			o.System += " (chosen)"
		}
		heads = append(heads, o.System)
	}
	row(w, heads...)
	line("proves", func(o *offer) string {
		if o.Estimated {
			return "about " + count(rounded(o.Constraints))
		}
		return count(o.Constraints)
	})
	line("", func(o *offer) string { return unitOf(o.System) })
	line("proving key", func(o *offer) string { return size(o.ProvingKeyBytes) })
	line("setup, about", func(o *offer) string { return duration(o.SetupMS) })
	line("  memory", func(o *offer) string { return size(o.SetupBytes) })
	line("a proof, about", func(o *offer) string { return duration(o.ProveMS) })
	line("  memory", func(o *offer) string { return size(o.ProveBytes) })
	line("  size", func(o *offer) string { return size(o.ProofBytes) })
	line("key from", func(o *offer) string { return setupKind[o.System] })
	line("contracts", func(o *offer) string { return contractKind[o.System] })
	r.reasons(w)
}

// reasons says why the system was chosen, and why others are not possible.
func (r *costReport) reasons(w io.Writer) {
	var lines []string
	for _, o := range r.Systems {
		if o.Chosen && r.Reason != "" {
			lines = append(lines, strings.Split(fmt.Sprintf("%s was chosen: %s", o.System, r.Reason), "; ")...)
		}
		if o.Refusal != "" {
			lines = append(lines, fmt.Sprintf("%s is not possible: %s", o.System, o.Refusal))
		}
	}
	if lines != nil {
		row(w)
	}
	for _, text := range lines {
		row(w, text)
	}
}

// rounded keeps two digits of a number.
func rounded(n int) int {
	unit := 1
	for n/unit >= 100 {
		unit *= 10
	}
	return (n + unit/2) / unit * unit
}

// setupKind says what a system's keys are made of, contractKind whether contracts verify its proofs.
var (
	setupKind    = map[string]string{"groth16": "its own setup", "plonk": "any powers of tau", "flat": "any powers of tau"}
	contractKind = map[string]string{"groth16": "yes", "plonk": "yes", "flat": "no"}
)

// unitOf is what a system's circuit counts.
func unitOf(system string) string {
	switch system {
	case "plonk":
		return "gates"
	case "flat":
		return "integers"
	}
	return "constraints"
}
