package source

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"fmt"
	"math/big"
	"text/template"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/nnark/nnark/verifier/opening"
)

//go:embed foundry/foundry.toml
var foundryConfig []byte

// The sources are of Groth16's contracts; a PLONK proof has more words.
var (
	//go:embed foundry/IVerifier.sol
	interfaceSource []byte
	//go:embed foundry/InferenceConsumer.sol
	consumerSource []byte
	//go:embed foundry/ModelRegistry.sol
	registrySource []byte
)

//go:embed foundry/test.sol.tmpl
var testText string

//go:embed foundry/examples.sol.tmpl
var examplesText string

//go:embed foundry/deploy.sol.tmpl
var deployText string

var (
	testTemplate     = template.Must(template.New("test").Parse(testText))
	examplesTemplate = template.Must(template.New("examples").Parse(examplesText))
	deployTemplate   = template.Must(template.New("deploy").Parse(deployText))
)

// Foundry returns the files of a Foundry project, contents by slash-separated path: the
// contract with the given source, an interface, examples of contracts that use one, a script that
// deploys, tests with a sample proof, which must verify, and the contracts' interface for programs.
func (c *Contract) Foundry(contract []byte, proof []byte, statement fr.Vector) (map[string][]byte, error) {
	test := struct {
		*Contract
		Verify, Inference, InputHash, Context, HashCall string
	}{Contract: c, Verify: hex.EncodeToString(c.VerifyCall(proof, statement))}
	hash := opening.InputHash(statement[1 : 1+c.InputElements])
	test.InputHash, test.Context = fmt.Sprintf("%#x", hash), Literal(statement[0].BigInt(new(big.Int)))
	if c.Wrapper {
		call, err := c.InferenceCall(proof, statement)
		if err != nil {
			return nil, err
		}
		test.Inference = hex.EncodeToString(call)
	}
	if len(c.HashedInputs()) > 0 {
		call, err := c.InputHashCall(statement)
		if err != nil {
			return nil, err
		}
		test.HashCall = hex.EncodeToString(call)
	}
	var tests, examples, deploy bytes.Buffer
	for _, f := range []struct {
		to       *bytes.Buffer
		template *template.Template
	}{{&tests, testTemplate}, {&examples, examplesTemplate}, {&deploy, deployTemplate}} {
		if err := Write(f.to, f.template, &test); err != nil {
			return nil, err
		}
	}
	sized := func(source []byte) []byte {
		return bytes.ReplaceAll(source, []byte("uint256[12]"), fmt.Appendf(nil, "uint256[%d]", c.ProofWords))
	}
	abi, err := ABI(contract, c.Name)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{
		"abi/" + c.Name + ".json":   abi,
		"abi/" + c.Name + ".ts":     typescript(c, abi),
		"script/Deploy.s.sol":       deploy.Bytes(),
		"src/ModelRegistry.sol":     sized(registrySource),
		"foundry.toml":              bytes.Clone(foundryConfig),
		"src/" + c.Name + ".sol":    contract,
		"src/IVerifier.sol":         sized(interfaceSource),
		"src/InferenceConsumer.sol": sized(consumerSource),
		"test/" + c.Name + ".t.sol": tests.Bytes(),
		"test/Examples.t.sol":       examples.Bytes(),
	}, nil
}
