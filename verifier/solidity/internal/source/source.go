// Package source holds what the contracts of all proof systems share: the
// layout of statements and arguments, the Solidity for it, ABI encoding.
package source

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"slices"
	"text/template"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
)

// Errors of package solidity.
var (
	ErrUnsupported = errors.New("no contract for this key")
	ErrName        = errors.New("not a name for a contract")
)

// Contract is what templates read. Those of a proof system read a struct that
// embeds it, and include the templates of parts.sol.tmpl.
type Contract struct {
	Name         string
	Model        string // Solidity literal
	KeyDigest    string
	Architecture string
	Unsafe       bool
	Setup        *verifier.Setup
	Transcript   string
	Layout
	System

	card   *verifier.Card
	digest [32]byte
}

// System is a proof system's share of a contract.
type System struct {
	ProofWords int    // of an argument of type uint256[ProofWords]
	ProofDoc   string // what the words are
	// VerifyMemory is the function that verifies statements in memory.
	VerifyMemory string
}

// New checks a key and describes its contract. An empty name means the default.
func New(vk *verifier.VerifyingKey, name string, want verifier.System, s System) (*Contract, error) {
	if name == "" {
		name = "ModelVerifier"
	}
	if !validName.MatchString(name) || slices.Contains(reserved, name) {
		return nil, fmt.Errorf("%q: %w", name, ErrName)
	}
	if err := vk.Check(); err != nil {
		return nil, err
	}
	card := &vk.Card
	if card.System != want {
		return nil, fmt.Errorf("%v key: %w", card.System, ErrUnsupported)
	}
	c := &Contract{
		Name: name, Model: Quote(card.Name), Unsafe: card.Setup.Unsafe(), Setup: &card.Setup, Layout: newLayout(card), System: s,
		Architecture: fmt.Sprintf("%#x", card.Architecture), Transcript: fmt.Sprintf("%#x", card.Setup.Transcript), card: card, digest: vk.Digest(),
	}
	c.KeyDigest = fmt.Sprintf("%#x", c.digest)
	return c, nil
}

// reserved are the names of a project's other contracts.
var reserved = []string{"IVerifier", "InferenceConsumer", "ModelRegistry", "Deploy", "Cheats", "TestConsumer", "TestRegistry", "Consumer", "Registry", "ConsumerTest", "RegistryTest"}

var validName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,63}$`)

// R returns the order of the statement's field.
func (c *Contract) R() string { return Literal(fr.Modulus()) }

// VerifyHeadWords returns the words before the statement of verify.
func (c *Contract) VerifyHeadWords() int { return c.ProofWords + 1 }

// HeadWords returns the words of verifyInference before its arguments' data.
func (c *Contract) HeadWords() int {
	n := c.ProofWords + 2 // context, offset of the output elements
	for i := range c.Inputs {
		if c.Inputs[i].Param != "" {
			n++
		}
	}
	return n
}

//go:embed parts.sol.tmpl
var partsText string

// Template parses a proof system's template, which may include those of
// parts.sol.tmpl.
func Template(text string) *template.Template {
	return template.Must(template.Must(template.New("contract").Parse(partsText)).New("system").Parse(text))
}

// Write executes a template and writes its output, or nothing.
func Write(w io.Writer, t *template.Template, data any) error {
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return err
	}
	_, err := w.Write(out.Bytes())
	return err
}

// Literal returns a literal of 32 bytes: those of about 20 would be addresses.
func Literal(x *big.Int) string { return fmt.Sprintf("%#066x", x) }

// Quote returns a Solidity literal of s whose characters are harmless in
// comments too: whoever wrote a key does not write code.
func Quote(s string) string {
	out := []byte{'"'}
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', bytes.IndexByte([]byte(" ._:-+"), c) >= 0:
			out = append(out, c)
		default:
			out = fmt.Appendf(out, `\x%02x`, c)
		}
	}
	return string(append(out, '"'))
}
