package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
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
	BindMS            float64 `json:"bind_ms"` // 0 without --bind
	BoundKeyBytes     int64   `json:"bound_key_bytes"`
}

const unsafeWarning = "one party made these keys: whoever ran setup could prove false statements with what it may have kept"

// origin says where keys come from: files of a ceremony, or this process if there are none.
type origin struct{ provingKey, verifyingKey, srs string }

func setup(c *command) (report, error) {
	dir := c.flags.String("o", "", "write the keys to the folder `KEYDIR`")
	var from origin
	c.flags.StringVar(&from.provingKey, "proving-key", "", "take a ceremony's Groth16 proving key from `FILE`, in gnark's encoding")
	c.flags.StringVar(&from.verifyingKey, "verifying-key", "", "and the verifying key from `FILE`")
	c.flags.StringVar(&from.srs, "srs", "", "take PLONK's universal reference string from `FILE`, in gnark-crypto's encoding")
	bind := c.flags.Bool("bind", false, "also write a bound key, as secret as the weights, with which prove is faster")
	if err := c.parse([]string{"M.nnark"}, "o"); err != nil {
		return nil, err
	}
	if (from.provingKey == "") != (from.verifyingKey == "") {
		return nil, usageError{c.verb, "--proving-key and --verifying-key belong together"}
	}
	p, err := loadProgram(c.args[0])
	if err != nil {
		return nil, err
	}
	compiled, err := c.compiled(p)
	if err != nil {
		return nil, err
	}
	if from == (origin{}) {
		c.warn(unsafeWarning)
	}
	start := time.Now()
	keys, err := c.newKeys(compiled, from)
	if err != nil {
		return nil, err
	}
	r := &setupReport{Keys: *dir, Constraints: compiled.Constraints(), SetupMS: ms(time.Since(start)), UnsafeSetup: keys.VerifyingKey.Card.UnsafeSetup}
	var bound *prover.Keys
	if *bind {
		if bound, r.BindMS, err = c.bound(keys); err != nil {
			return nil, err
		}
	}
	if err := saveKeys(keys, bound, *dir); err != nil {
		return nil, err
	}
	r.BoundKeyBytes = fileSize(filepath.Join(*dir, prover.BoundKeyFile))
	digest := keys.VerifyingKey.Digest()
	r.KeyDigest = hex.EncodeToString(digest[:])
	r.ProvingKeyBytes = fileSize(filepath.Join(*dir, prover.ProvingKeyFile))
	r.VerifyingKeyBytes = fileSize(filepath.Join(*dir, prover.VerifyingKeyFile))
	return r, nil
}

// newKeys makes or imports keys.
func (c *command) newKeys(compiled *circuits.Compiled, from origin) (*prover.Keys, error) {
	show, clear := c.progress()
	defer clear()
	return await(c.ctx, func() (*prover.Keys, error) {
		switch {
		case from.srs != "":
			f, err := os.Open(from.srs)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			return prover.ImportSRS(c.ctx, compiled, f, show)
		case from.provingKey != "":
			return importKeys(compiled, from)
		}
		return prover.UnsafeSetup(c.ctx, compiled, show)
	})
}

func importKeys(compiled *circuits.Compiled, from origin) (*prover.Keys, error) {
	pk, err := os.Open(from.provingKey)
	if err != nil {
		return nil, err
	}
	defer pk.Close()
	vk, err := os.Open(from.verifyingKey)
	if err != nil {
		return nil, err
	}
	defer vk.Close()
	return prover.Import(compiled, pk, vk)
}

func (r *setupReport) text(w io.Writer) {
	row(w, "keys", r.Keys)
	row(w, "key digest", r.KeyDigest)
	row(w, "constraints", count(r.Constraints))
	row(w, "proving key", size(r.ProvingKeyBytes))
	row(w, "verifying key", size(r.VerifyingKeyBytes))
	if r.BoundKeyBytes > 0 {
		row(w, "bound key", fmt.Sprintf("%s, secret; made in %s", size(r.BoundKeyBytes), duration(r.BindMS)))
	}
	row(w, "setup", duration(r.SetupMS))
	if r.UnsafeSetup {
		row(w, "trust", "one party made these keys; verifiers can refuse them with --refuse-unsafe")
	} else {
		row(w, "trust", "the ceremony that the keys come from")
	}
}
