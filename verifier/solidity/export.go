package solidity

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"math/big"
	"regexp"
	"text/template"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
)

var (
	// ErrUnsupported means that a key's proof system or a model's shape has no contract
	// in this package.
	ErrUnsupported = errors.New("no contract for this key")
	// ErrName means that Options.Name is no name for a contract.
	ErrName = errors.New("not a name for a contract")
)

// Options are the choices of an export. The zero value is fine.
type Options struct {
	// Name is the contract's: a capital letter followed by up to 63 ASCII letters
	// and digits, and not one of the other contracts of [Foundry]. The default is
	// "ModelVerifier".
	Name string
}

const defaultName = "ModelVerifier"

var validName = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,63}$`)

func (o *Options) name() (string, error) {
	if o.Name == "" {
		return defaultName, nil
	}
	if !validName.MatchString(o.Name) || o.Name == "IVerifier" || o.Name == "InferenceConsumer" {
		return "", fmt.Errorf("%q: %w", o.Name, ErrName)
	}
	return o.Name, nil
}

//go:embed verifier.sol.tmpl
var verifierText string

var verifierTemplate = template.Must(template.New("verifier").Parse(verifierText))

// Export writes the Solidity source of a contract that verifies proofs of a
// Groth16 key. It checks the key first, and so the proof of knowledge of the
// weights' commitment, which the contract takes as a constant. The contract of
// a key from a one-party setup deploys only with the constructor's consent.
//
// Errors: those of [verifier.VerifyingKey.Check]; [ErrUnsupported] for a PLONK
// key (see package plonk below this one); [ErrName].
func Export(w io.Writer, vk *verifier.VerifyingKey, o Options) error {
	c, err := newContract(vk, o)
	if err != nil {
		return err
	}
	var source bytes.Buffer
	if err := verifierTemplate.Execute(&source, c); err != nil {
		return err
	}
	_, err = w.Write(source.Bytes())
	return err
}

// contract is what the template reads.
type contract struct {
	Name           string
	Model          string // Solidity string literal
	KeyDigest      string
	Architecture   string
	Unsafe         bool
	Committed, KC0 bool // committed weights; their challenge is in a constraint
	Merged         bool // gamma = G: five pairs
	layout              // of statement and arguments
	C              g1
	G1             []g1
	G2             []g2
	PairingWords   int
	PairingBytes   string
}

type g1 struct{ Name, X, Y string }

// g2 is a point whose coordinates are X0 + X1*u and Y0 + Y1*u.
type g2 struct{ Name, X0, X1, Y0, Y1 string }

func newContract(vk *verifier.VerifyingKey, o Options) (*contract, error) {
	name, err := o.name()
	if err != nil {
		return nil, err
	}
	if err := check(vk); err != nil {
		return nil, err
	}
	k, card := vk.Groth16, &vk.Card
	c := &contract{
		Name: name, Model: quote(card.Name), Unsafe: card.UnsafeSetup, layout: newLayout(card),
		KeyDigest: fmt.Sprintf("%#x", vk.Digest()), Architecture: fmt.Sprintf("%#x", card.Architecture),
		Committed: k.Weights != nil, Merged: k.Gamma.Equal(&k.CommitmentG),
	}
	last := len(k.K) - 1
	constant := k.K[0]
	if c.Committed {
		c.C = pointG1("WEIGHTS", k.Weights.C)
		c.KC0 = !k.K[2].IsInfinity()
		constant.Add(&constant, &k.Weights.C)
	}
	c.G1 = []g1{pointG1("CONSTANT", constant), pointG1("KE", k.K[1]), pointG1("KZ", k.K[last]), pointG1("ALPHA", k.Alpha)}
	if c.KC0 {
		c.G1 = append(c.G1, pointG1("KC0", k.K[2]))
	}
	c.G2 = []g2{negated("BETA", k.Beta), negated("GAMMA", k.Gamma), negated("DELTA", k.Delta),
		pointG2("SIGMA", k.CommitmentSigmaNeg[len(k.CommitmentSigmaNeg)-1])}
	pairs := 5
	if !c.Merged {
		c.G2 = append(c.G2, negated("G", k.CommitmentG))
		pairs = 6
	}
	const pairWords = 6
	c.PairingWords = pairs * pairWords
	c.PairingBytes = fmt.Sprintf("%#x", 32*c.PairingWords)
	return c, nil
}

// check refuses keys without a contract and keys that no proof can be trusted under.
func check(vk *verifier.VerifyingKey) error {
	if err := vk.Check(); err != nil {
		return err
	}
	if vk.Groth16 == nil {
		return fmt.Errorf("%v key: %w", vk.Card.System, ErrUnsupported)
	}
	return nil
}

// R returns the order of the statement's field.
func (c *contract) R() string { return literal(fr.Modulus()) }

// literal returns a literal of 32 bytes: those of about 20 would be addresses.
func literal(x *big.Int) string { return fmt.Sprintf("%#066x", x) }

func word(x fp.Element) string { return literal(x.BigInt(new(big.Int))) }

func pointG1(name string, p bn254.G1Affine) g1 { return g1{name, word(p.X), word(p.Y)} }

func pointG2(name string, p bn254.G2Affine) g2 {
	return g2{name, word(p.X.A0), word(p.X.A1), word(p.Y.A0), word(p.Y.A1)}
}

func negated(name string, p bn254.G2Affine) g2 {
	p.Neg(&p)
	return pointG2(name, p)
}

// quote returns a Solidity literal of s whose characters are harmless in
// comments too: whoever wrote a key does not write code.
func quote(s string) string {
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
