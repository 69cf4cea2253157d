package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/prover"
)

// setupReport is the JSON object of setup.
type setupReport struct {
	Keys              string  `json:"keys"` // folder
	KeyDigest         string  `json:"key_digest"`
	System            string  `json:"system"`
	Constraints       int     `json:"constraints"`
	SetupMS           float64 `json:"setup_ms"`
	ProvingKeyBytes   int64   `json:"proving_key_bytes"`
	VerifyingKeyBytes int64   `json:"verifying_key_bytes"`
	UnsafeSetup       bool    `json:"unsafe_setup"`
	Setup             string  `json:"setup"`   // who made the keys
	BindMS            float64 `json:"bind_ms"` // 0 without --bind
	BoundKeyBytes     int64   `json:"bound_key_bytes"`
}

const unsafeWarning = "one party made these keys: whoever ran setup could prove false statements with what it may have kept"

// importWarning is about keys from files.
const importWarning = "a file does not show who made it: the keys are marked as one party's"

// origin says where keys come from: files, or this process if there are none.
type origin struct {
	provingKey, verifyingKey, srs string
	srsDigest                     digestFlag
}

func setup(c *command) (report, error) {
	dir := c.flags.String("o", "", "write the keys to the folder `KEYDIR`")
	var from origin
	c.flags.StringVar(&from.provingKey, "proving-key", "", "take a ceremony's Groth16 proving key from `FILE`, in gnark's encoding")
	c.flags.StringVar(&from.verifyingKey, "verifying-key", "", "and the verifying key from `FILE`")
	c.flags.StringVar(&from.srs, "srs", "", "take the universal reference string of PLONK or the flat system from `FILE`, in gnark-crypto's encoding or snarkjs's form of powers of tau (.ptau)")
	c.flags.Var(&from.srsDigest, "srs-digest", "refuse reference strings with another digest than `HEX`, which you have from the ceremony's publisher; without it the keys are marked as one party's")
	force := c.flags.Bool("force", false, "replace the keys that are in the folder: their opening may be the only one")
	bind := c.flags.Bool("bind", false, "also write a bound key, as secret as the weights, with which prove is faster")
	if err := c.parse([]string{"M.nnark"}, "o"); err != nil {
		return nil, err
	}
	if (from.provingKey == "") != (from.verifyingKey == "") {
		return nil, usageError{c.verb, "--proving-key and --verifying-key belong together"}
	}
	if from.srs == "" && from.srsDigest.set {
		return nil, usageError{c.verb, "--srs-digest is for --srs"}
	}
	if err := mayReplaceKeys(*dir, *force); err != nil {
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
	if from == (origin{}) {
		c.warn(unsafeWarning)
	} else if !from.srsDigest.set {
		c.warn(importWarning)
	}
	return c.writeKeys(compiled, *dir, *force, *bind, func(show prover.Progress) (*prover.Keys, error) {
		return c.newKeys(compiled, from, show)
	})
}

// writeKeys makes keys and writes them, and reports it.
func (c *command) writeKeys(compiled *circuits.Compiled, dir string, force, bind bool, make func(prover.Progress) (*prover.Keys, error)) (report, error) {
	start := time.Now()
	keys, err := c.makeKeys(make)
	if err != nil {
		return nil, err
	}
	r := &setupReport{
		Keys: dir, System: compiled.Program.Config.System.String(), Constraints: compiled.Constraints(), SetupMS: ms(time.Since(start)),
		UnsafeSetup: keys.VerifyingKey.Card.Setup.Unsafe(), Setup: keys.VerifyingKey.Card.Setup.String(),
	}
	var bound *prover.Keys
	if bind {
		if bound, r.BindMS, err = c.bound(keys); err != nil {
			return nil, err
		}
	}
	if err := mayReplaceKeys(dir, force); err != nil { // by another process, meanwhile
		return nil, err
	}
	if err := saveKeys(keys, bound, dir); err != nil {
		return nil, err
	}
	r.BoundKeyBytes = fileSize(filepath.Join(dir, prover.BoundKeyFile))
	digest := keys.VerifyingKey.Digest()
	r.KeyDigest = hex.EncodeToString(digest[:])
	r.ProvingKeyBytes = fileSize(filepath.Join(dir, prover.ProvingKeyFile))
	r.VerifyingKeyBytes = fileSize(filepath.Join(dir, prover.VerifyingKeyFile))
	return r, nil
}

// makeKeys runs what makes keys, and shows how far it is.
func (c *command) makeKeys(make func(prover.Progress) (*prover.Keys, error)) (*prover.Keys, error) {
	frugal()
	show, clear := c.progress()
	defer clear()
	return await(c.ctx, func() (*prover.Keys, error) { return make(show) })
}

// newKeys makes or imports keys.
func (c *command) newKeys(compiled *circuits.Compiled, from origin, show prover.Progress) (*prover.Keys, error) {
	switch {
	case from.srs != "":
		f, err := os.Open(from.srs)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return prover.ImportSRS(c.ctx, compiled, f, prover.SRSOptions{Accepted: from.srsDigest.list(), Cache: userCache(), Progress: show})
	case from.provingKey != "":
		return importKeys(compiled, from)
	}
	return prover.UnsafeSetup(c.ctx, compiled, show)
}

// commit binds other weights to keys.
func commit(c *command) (report, error) {
	keys := c.flags.String("keys", "", "the keys of the architecture, for whatever weights, in `KEYDIR`")
	dir := c.flags.String("o", "", "write the keys for these weights to the folder `KEYDIR`")
	force := c.flags.Bool("force", false, "replace the keys that are in the folder: their opening may be the only one")
	bind := c.flags.Bool("bind", false, "also write a bound key, as secret as the weights, with which prove is faster")
	if err := c.parse([]string{"M.nnark"}, "keys", "o"); err != nil {
		return nil, err
	}
	if err := mayReplaceKeys(*dir, *force); err != nil {
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
	return c.writeKeys(compiled, *dir, *force, *bind, func(prover.Progress) (*prover.Keys, error) {
		return prover.LoadSetup(*keys, compiled)
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

// digestFlag is a flag's SHA-256.
type digestFlag struct {
	value [32]byte
	set   bool
}

// String implements flag.Value.
func (d *digestFlag) String() string {
	if !d.set {
		return ""
	}
	return hex.EncodeToString(d.value[:])
}

// Set implements flag.Value.
func (d *digestFlag) Set(s string) error {
	b, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
	if err != nil || len(b) != len(d.value) {
		return fmt.Errorf("want %d bytes in hexadecimal", len(d.value))
	}
	copy(d.value[:], b)
	d.set = true
	return nil
}

func (d *digestFlag) list() (all [][32]byte) {
	if d.set {
		all = append(all, d.value)
	}
	return all
}

func (r *setupReport) text(w io.Writer) {
	row(w, "keys", r.Keys)
	row(w, "key digest", r.KeyDigest)
	row(w, "system", r.System)
	costRow(w, r.System, r.Constraints)
	row(w, "proving key", size(r.ProvingKeyBytes))
	row(w, "verifying key", size(r.VerifyingKeyBytes))
	if r.BoundKeyBytes > 0 {
		row(w, "bound key", fmt.Sprintf("%s, secret; made in %s", size(r.BoundKeyBytes), duration(r.BindMS)))
	}
	row(w, "setup", duration(r.SetupMS))
	if r.UnsafeSetup {
		row(w, "trust", "one party made these keys, or nothing shows who did; verifiers can refuse them with --refuse-unsafe")
	} else {
		row(w, "trust", r.Setup)
	}
}
