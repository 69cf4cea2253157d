package solidity

import (
	"bytes"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity/internal/source"
)

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
	var contract bytes.Buffer
	if err := source.Write(&contract, verifierTemplate, c); err != nil {
		return nil, err
	}
	return c.Foundry(contract.Bytes(), proofBytes(sample.Groth16), sample.Statement)
}
