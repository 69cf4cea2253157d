package source

import (
	"bytes"
	_ "embed"
	"encoding/hex"
	"fmt"
	"text/template"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

//go:embed foundry/foundry.toml
var foundryConfig []byte

// The sources are of Groth16's contracts; a PLONK proof has more words.
var (
	//go:embed foundry/IVerifier.sol
	interfaceSource []byte
	//go:embed foundry/InferenceConsumer.sol
	consumerSource []byte
)

//go:embed foundry/test.sol.tmpl
var testText string

var testTemplate = template.Must(template.New("test").Parse(testText))

// Foundry returns the files of a Foundry project, contents by slash-separated path: the
// contract with the given source, an interface, an example of a contract that uses one, and
// tests with a sample proof, which must verify.
func (c *Contract) Foundry(contract []byte, proof []byte, statement fr.Vector) (map[string][]byte, error) {
	test := struct {
		*Contract
		Verify, Inference string
	}{Contract: c, Verify: hex.EncodeToString(c.VerifyCall(proof, statement))}
	if c.Wrapper {
		call, err := c.InferenceCall(proof, statement)
		if err != nil {
			return nil, err
		}
		test.Inference = hex.EncodeToString(call)
	}
	var tests bytes.Buffer
	if err := Write(&tests, testTemplate, &test); err != nil {
		return nil, err
	}
	sized := func(source []byte) []byte {
		return bytes.ReplaceAll(source, []byte("uint256[12]"), fmt.Appendf(nil, "uint256[%d]", c.ProofWords))
	}
	return map[string][]byte{
		"foundry.toml":              bytes.Clone(foundryConfig),
		"src/" + c.Name + ".sol":    contract,
		"src/IVerifier.sol":         sized(interfaceSource),
		"src/InferenceConsumer.sol": sized(consumerSource),
		"test/" + c.Name + ".t.sol": tests.Bytes(),
	}, nil
}
