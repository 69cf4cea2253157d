package solidity

import (
	_ "embed"
	"fmt"
	"io"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity/internal/source"
)

var (
	// ErrUnsupported means that a key's proof system or a model's shape has no contract
	// or function.
	ErrUnsupported = source.ErrUnsupported
	// ErrName means that Options.Name is no name for a contract.
	ErrName = source.ErrName
)

// MaxTensors is the most inputs and outputs together for which a contract has
// verifyInference: with more arguments, compilers run out of stack.
const MaxTensors = source.MaxTensors

// Options are the choices of an export. The zero value is fine.
type Options struct {
	// Name is the contract's: a capital letter followed by up to 63 ASCII letters
	// and digits, and not one of the other contracts of [Foundry]. The default is
	// "ModelVerifier".
	Name string
}

//go:embed verifier.sol.tmpl
var verifierText string

var verifierTemplate = source.Template(verifierText)

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
	return source.Write(w, verifierTemplate, c)
}

// contract is what the template reads.
type contract struct {
	*source.Contract
	Committed, KC0 bool // committed weights; their challenge is in a constraint
	Merged         bool // gamma = G: five pairs
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
	base, err := source.New(vk, o.Name, verifier.Groth16, source.System{
		ProofWords: 12, ProofDoc: "Ar, Bs, Krs, D and PoK, uncompressed.", VerifyMemory: "_verify",
	})
	if err != nil {
		return nil, err
	}
	k := vk.Groth16
	c := &contract{Contract: base, Committed: k.Weights != nil, Merged: k.Gamma.Equal(&k.CommitmentG)}
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

func word(x fp.Element) string { return source.Literal(x.BigInt(new(big.Int))) }

func pointG1(name string, p bn254.G1Affine) g1 { return g1{name, word(p.X), word(p.Y)} }

func pointG2(name string, p bn254.G2Affine) g2 {
	return g2{name, word(p.X.A0), word(p.X.A1), word(p.Y.A0), word(p.Y.A1)}
}

func negated(name string, p bn254.G2Affine) g2 {
	p.Neg(&p)
	return pointG2(name, p)
}
