package solidity

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"text/template"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity/internal/source"
)

//go:embed foundry/foundry.toml
var foundryConfig []byte

//go:embed foundry/IVerifier.sol
var interfaceSource []byte

//go:embed foundry/InferenceConsumer.sol
var consumerSource []byte

//go:embed foundry/test.sol.tmpl
var testText string

var testTemplate = template.Must(template.New("test").Parse(testText))

// Foundry returns the files of a Foundry project, contents by slash-separated
// path: the contract, an interface of all such contracts, an example of a
// contract that uses one, and tests with a sample proof, which must verify.
//
// Errors: those of [Export]; those of [verifier.Verify] for the sample.
func Foundry(vk *verifier.VerifyingKey, sample *verifier.Proof, o Options) (map[string][]byte, error) {
	c, err := newContract(vk, o)
	if err != nil {
		return nil, err
	}
	if _, err := verifier.Verify(vk, sample, verifier.WithAnyContext()); err != nil {
		return nil, err
	}
	test := struct {
		*contract
		Verify, Inference string
	}{contract: c}
	proof := proofBytes(sample.Groth16)
	test.Verify = hex.EncodeToString(c.VerifyCall(proof, sample.Statement))
	if c.Wrapper {
		call, err := c.InferenceCall(proof, sample.Statement)
		if err != nil {
			return nil, err
		}
		test.Inference = hex.EncodeToString(call)
	}
	var contractSource, testSource bytes.Buffer
	if err := source.Write(&contractSource, verifierTemplate, c); err != nil {
		return nil, err
	}
	if err := source.Write(&testSource, testTemplate, &test); err != nil {
		return nil, err
	}
	return map[string][]byte{
		"foundry.toml":              bytes.Clone(foundryConfig),
		"src/" + c.Name + ".sol":    contractSource.Bytes(),
		"src/IVerifier.sol":         bytes.Clone(interfaceSource),
		"src/InferenceConsumer.sol": bytes.Clone(consumerSource),
		"test/" + c.Name + ".t.sol": testSource.Bytes(),
	}, nil
}
