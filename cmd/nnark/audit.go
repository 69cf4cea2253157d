package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"

	"github.com/nnark/nnark/prover"
)

// auditReport is the JSON object of audit.
type auditReport struct {
	Accepted  bool             `json:"accepted"`
	KeyDigest string           `json:"key_digest"`
	Findings  []prover.Finding `json:"findings"`
}

func audit(c *command) (report, error) {
	keyPath := c.flags.String("key", "", "the verifying key in `FILE`")
	var o prover.AuditOptions
	c.flags.StringVar(&o.Opening, "opening", "", "the opening of the key's commitment in `FILE`: the vendor's model.opening")
	srs := c.flags.String("srs", "", "PLONK's universal reference string in `FILE`, from its ceremony's publisher (.ptau or gnark-crypto's encoding)")
	var digest digestFlag
	c.flags.Var(&digest, "srs-digest", "accept the reference string with the digest `HEX`")
	transcript := c.flags.String("transcript", "", "Groth16: the ceremony's transcript in `FILE`")
	c.ptauDigests(&o.Phase1)
	c.flags.StringVar(&o.KeyDir, "keys", "", "also prove with the vendor's proving key in `KEYDIR`")
	c.flags.IntVar(&o.Inputs, "inputs", 3, "prove `N` random inputs")
	if err := c.parse([]string{"M.nnark"}, "key"); err != nil {
		return nil, err
	}
	if o.Inputs < 1 {
		return nil, usageError{c.verb, "--inputs must be at least 1"}
	}
	key, err := readKey(*keyPath, nil)
	if err != nil {
		return nil, err
	}
	p, err := loadProgram(c.args[0])
	if err != nil {
		return nil, err
	}
	compiled, err := c.compiled(p)
	if err != nil {
		return nil, err
	}
	if *srs != "" {
		f, err := os.Open(*srs)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		o.SRS, o.SRSDigests = f, digest.list()
	}
	if *transcript != "" {
		if o.Ceremony, err = readTranscript(*transcript); err != nil {
			return nil, err
		}
	}
	show, clear := c.progress()
	defer clear()
	o.Progress = show
	r, err := await(c.ctx, func() (*prover.AuditReport, error) { return prover.Audit(c.ctx, compiled, key, o) })
	if err != nil {
		return nil, err
	}
	d := key.Digest()
	return &auditReport{Accepted: r.Accepted(), KeyDigest: hex.EncodeToString(d[:]), Findings: r.Findings}, nil
}

// exitCode implements verdict.
func (r *auditReport) exitCode() int {
	if r.Accepted {
		return exitOK
	}
	return exitRejected
}

func (r *auditReport) text(w io.Writer) {
	for _, f := range r.Findings {
		row(w, string(f.Verdict), fmt.Sprintf("%s: %s", f.Claim, f.Reason))
	}
	row(w, "key digest", r.KeyDigest)
	if r.Accepted {
		row(w, "accepted", "whoever accepts proofs under this key accepts answers of the program, and of nothing else")
	} else {
		row(w, "not accepted", "what is not established above rests on the word of whoever made the key")
	}
}
