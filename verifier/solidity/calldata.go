package solidity

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/opening"
)

// Calldata returns the ABI-encoded call of verify for a proof of the key. It
// does not verify the proof.
//
// Errors: those of [verifier.VerifyingKey.Check]; [ErrUnsupported] for a PLONK
// key; [verifier.ErrWrongModel] for another key's proof; [verifier.ErrMalformed]
// for a proof of another system or statement size.
func Calldata(vk *verifier.VerifyingKey, p *verifier.Proof) ([]byte, error) {
	c, err := newContractFor(vk, p)
	if err != nil {
		return nil, err
	}
	return c.VerifyCall(proofBytes(p.Groth16), p.Statement), nil
}

// InferenceCalldata returns the ABI-encoded call of verifyInference for a proof
// of the key, with the errors of [Calldata] and of [verifier.Unpack], and
// [ErrUnsupported] if the contract has no such function.
func InferenceCalldata(vk *verifier.VerifyingKey, p *verifier.Proof) ([]byte, error) {
	c, err := newContractFor(vk, p)
	if err != nil {
		return nil, err
	}
	return c.InferenceCall(proofBytes(p.Groth16), p.Statement)
}

func newContractFor(vk *verifier.VerifyingKey, p *verifier.Proof) (*contract, error) {
	c, err := newContract(vk, Options{})
	if err != nil {
		return nil, err
	}
	if p == nil || p.Groth16 == nil {
		return nil, fmt.Errorf("%w: not a Groth16 proof", verifier.ErrMalformed)
	}
	return c, c.CheckProof(p)
}

// proofBytes returns the proof as verify takes it. Uncompressed, gnark-crypto
// writes points like the precompiles read them.
func proofBytes(p *verifier.Groth16Proof) []byte {
	ar, bs, krs, d, pok := p.Ar.RawBytes(), p.Bs.RawBytes(), p.Krs.RawBytes(), p.D.RawBytes(), p.PoK.RawBytes()
	out := append(ar[:], bs[:]...)
	out = append(out, krs[:]...)
	return append(append(out, d[:]...), pok[:]...)
}

// InputHashCalldata returns the ABI-encoded call of inputHash for a statement of the key: all its
// elements, of which those of the inputs count. Errors: those of [verifier.VerifyingKey.Check] and of
// [verifier.Unpack]; [ErrUnsupported] if the contract has no such function.
func InputHashCalldata(vk *verifier.VerifyingKey, statement []fr.Element) ([]byte, error) {
	c, err := newContract(vk, Options{})
	if err != nil {
		return nil, err
	}
	if len(statement) != c.Size {
		return nil, fmt.Errorf("%w: %d elements of a statement, want %d", verifier.ErrMalformed, len(statement), c.Size)
	}
	return c.InputHashCall(statement)
}

// InputHash returns what the request function of the example InferenceConsumer takes: Keccak-256 of a
// statement's input elements (verifier.Pack of public inputs, the digests of digest inputs).
func InputHash(elements []fr.Element) [32]byte { return opening.InputHash(elements) }
