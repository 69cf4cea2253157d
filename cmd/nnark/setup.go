package main

import (
	"encoding/hex"
	"io"
	"path/filepath"
	"time"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover"
)

// setupReport is the JSON object of setup.
type setupReport struct {
	Keys              string  `json:"keys"` // folder
	KeyDigest         string  `json:"key_digest"`
	Constraints       int     `json:"constraints"`
	SetupMS           float64 `json:"setup_ms"`
	ProvingKeyBytes   int64   `json:"proving_key_bytes"`
	VerifyingKeyBytes int64   `json:"verifying_key_bytes"`
	UnsafeSetup       bool    `json:"unsafe_setup"`
}

const unsafeWarning = "one party made these keys: whoever ran setup could prove false statements with what it may have kept"

func setup(c *command) (report, error) {
	dir := c.flags.String("o", "", "write the keys to the folder `KEYDIR`")
	if err := c.parse([]string{"M.nnark"}, "o"); err != nil {
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
	c.warn(unsafeWarning)
	start := time.Now()
	keys, err := c.newKeys(compiled)
	if err != nil {
		return nil, err
	}
	r := &setupReport{Keys: *dir, Constraints: compiled.Constraints(), SetupMS: ms(time.Since(start)), UnsafeSetup: keys.VerifyingKey.Card.UnsafeSetup}
	if err := saveKeys(keys, *dir); err != nil {
		return nil, err
	}
	digest := keys.VerifyingKey.Digest()
	r.KeyDigest = hex.EncodeToString(digest[:])
	r.ProvingKeyBytes = fileSize(filepath.Join(*dir, prover.ProvingKeyFile))
	r.VerifyingKeyBytes = fileSize(filepath.Join(*dir, prover.VerifyingKeyFile))
	return r, nil
}

// newKeys runs a one-party setup.
func (c *command) newKeys(compiled *circuits.Compiled) (*prover.Keys, error) {
	show, clear := c.progress()
	defer clear()
	return await(c.ctx, func() (*prover.Keys, error) { return prover.UnsafeSetup(c.ctx, compiled, show) })
}

func (r *setupReport) text(w io.Writer) {
	row(w, "keys", r.Keys)
	row(w, "key digest", r.KeyDigest)
	row(w, "constraints", count(r.Constraints))
	row(w, "proving key", size(r.ProvingKeyBytes))
	row(w, "verifying key", size(r.VerifyingKeyBytes))
	row(w, "setup", duration(r.SetupMS))
	row(w, "trust", "one party made these keys; verifiers can refuse them with --refuse-unsafe")
}
