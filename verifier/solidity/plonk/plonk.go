package plonk

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"io"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	gsolidity "github.com/consensys/gnark/backend/solidity"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
	"github.com/nnark/nnark/verifier/solidity/internal/source"
)

// ErrGnark means that gnark's contract is not the one this package knows.
var ErrGnark = errors.New("unknown form of gnark's PLONK contract")

//go:embed verifier.sol.tmpl
var verifierText string

var verifierTemplate = source.Template(verifierText)

// contract is what the template reads.
type contract struct {
	*source.Contract
	ProofBytes int
	PointWords []int // first words of the proof's points
}

// Export writes the Solidity source of a contract that verifies proofs of a
// PLONK key, after gnark's verifier as an abstract contract with "Base" at its
// name's end.
//
// Errors: those of [verifier.VerifyingKey.Check]; [solidity.ErrUnsupported] for
// a Groth16 key; [solidity.ErrName]; [ErrGnark].
func Export(w io.Writer, vk *verifier.VerifyingKey, o solidity.Options) error {
	c, err := newContract(vk, o)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := writeBase(&out, vk, c.Name); err != nil {
		return err
	}
	out.WriteByte('\n')
	if err := source.Write(&out, verifierTemplate, c); err != nil {
		return err
	}
	_, err = w.Write(out.Bytes())
	return err
}

// Foundry is [solidity.Foundry] for PLONK.
func Foundry(vk *verifier.VerifyingKey, sample *verifier.Proof, o solidity.Options) (map[string][]byte, error) {
	var contract bytes.Buffer
	if err := Export(&contract, vk, o); err != nil {
		return nil, err
	}
	if _, err := verifier.Verify(vk, sample, verifier.WithAnyContext()); err != nil {
		return nil, err
	}
	c, err := newContract(vk, o)
	if err != nil {
		return nil, err
	}
	return c.Foundry(contract.Bytes(), proofBytes(sample.Plonk), sample.Statement)
}

// Calldata is [solidity.Calldata] for PLONK.
func Calldata(vk *verifier.VerifyingKey, p *verifier.Proof) ([]byte, error) {
	c, err := newContractFor(vk, p)
	if err != nil {
		return nil, err
	}
	return c.VerifyCall(proofBytes(p.Plonk), p.Statement), nil
}

// InferenceCalldata is [solidity.InferenceCalldata] for PLONK.
func InferenceCalldata(vk *verifier.VerifyingKey, p *verifier.Proof) ([]byte, error) {
	c, err := newContractFor(vk, p)
	if err != nil {
		return nil, err
	}
	return c.InferenceCall(proofBytes(p.Plonk), p.Statement)
}

func newContractFor(vk *verifier.VerifyingKey, p *verifier.Proof) (*contract, error) {
	c, err := newContract(vk, solidity.Options{})
	if err != nil {
		return nil, err
	}
	if p == nil || p.Plonk == nil {
		return nil, fmt.Errorf("%w: not a PLONK proof", verifier.ErrMalformed)
	}
	return c, c.CheckProof(p)
}

func newContract(vk *verifier.VerifyingKey, o solidity.Options) (*contract, error) {
	const words = 27
	base, err := source.New(vk, o.Name, verifier.Plonk, source.System{
		ProofWords:   words,
		ProofDoc:     "L, R, O, H0, H1, H2; the values of L, R, O, S1, S2; Z and its value; both openings; Qcp's value; the commitment.",
		VerifyMemory: "_verify",
	})
	if err != nil {
		return nil, err
	}
	return &contract{base, 32 * words, []int{0, 2, 4, 6, 8, 10, 17, 20, 22, 25}}, nil
}

// proofBytes returns the proof in the order of gnark's contract, which computes
// the first claim itself.
func proofBytes(p *verifier.PlonkProof) (out []byte) {
	points := func(points ...bn254.G1Affine) {
		for i := range points {
			b := points[i].RawBytes()
			out = append(out, b[:]...)
		}
	}
	scalars := func(x ...fr.Element) {
		for i := range x {
			b := x[i].Bytes()
			out = append(out, b[:]...)
		}
	}
	points(p.LRO[:]...)
	points(p.H[:]...)
	scalars(p.Claims[1:6]...)
	points(p.Z)
	scalars(p.ShiftedZ)
	points(p.Opening, p.ShiftedOpening)
	scalars(p.Claims[6])
	points(p.Commitment)
	return out
}

// writeBase writes gnark's contract, its function out of callers' reach, and its public
// inputs in memory: the first of them is a hash of the key and the context.
func writeBase(w io.Writer, vk *verifier.VerifyingKey, name string) error {
	key := gnarkKey(vk)
	var out bytes.Buffer
	if err := key.ExportSolidity(&out, gsolidity.WithPragmaVersion("^0.8.20")); err != nil {
		return err
	}
	text := out.Bytes()
	for _, r := range [][2]string{
		{"\ncontract PlonkVerifier {", "\nabstract contract " + name + "Base {"},
		{"\n  public view returns(bool success) {", "\n  internal view returns(bool success) {"},
		{"uint256[] calldata public_inputs", "uint256[] memory public_inputs"},
		{"\n      check_number_of_public_inputs(public_inputs.length)", "\n      check_number_of_public_inputs(mload(public_inputs))"},
		{"\n      check_inputs_size(public_inputs.length, public_inputs.offset)", "\n      check_inputs_size(mload(public_inputs), add(public_inputs, 0x20))"},
		{"derive_gamma(proof.offset, public_inputs.length, public_inputs.offset)", "derive_gamma(proof.offset, mload(public_inputs), add(public_inputs, 0x20))"},
		{"sum_pi_wo_api_commit(public_inputs.offset, public_inputs.length, freeMem)", "sum_pi_wo_api_commit(add(public_inputs, 0x20), mload(public_inputs), freeMem)"},
		{"sum_pi_commit(proof.offset, public_inputs.length, freeMem)", "sum_pi_commit(proof.offset, mload(public_inputs), freeMem)"},
		{"for {let i} lt(i, s) {i:=add(i,1)}\n        {\n          if gt(calldataload(p), R_MOD_MINUS_ONE) {", "for {let i} lt(i, s) {i:=add(i,1)}\n        {\n          if gt(mload(p), R_MOD_MINUS_ONE) {"},
		{"calldatacopy(_mPtr, pi, size_pi_in_bytes)", "for {let i} lt(i, size_pi_in_bytes) {i:=add(i,0x20)} { mstore(add(_mPtr, i), mload(add(pi, i))) }"},
		{"mulmod(mload(li), calldataload(ins), R_MOD)", "mulmod(mload(li), mload(ins), R_MOD)"},
	} {
		if bytes.Count(text, []byte(r[0])) != 1 {
			return fmt.Errorf("%q: %w", r[0], ErrGnark)
		}
		text = bytes.Replace(text, []byte(r[0]), []byte(r[1]), 1)
	}
	if bytes.Contains(text, []byte("public_inputs.")) {
		return fmt.Errorf("public inputs in calldata: %w", ErrGnark)
	}
	if bytes.Contains(text, []byte(" public view")) || bytes.Contains(text, []byte(" external ")) {
		return fmt.Errorf("public functions: %w", ErrGnark)
	}
	_, err := w.Write(text)
	return err
}

// gnarkKey returns gnark's form of the key.
func gnarkKey(vk *verifier.VerifyingKey) *gplonk.VerifyingKey {
	k := vk.Plonk
	g := &gplonk.VerifyingKey{
		Size: k.Size, NbPublicVariables: uint64(vk.Card.StatementSize()),
		Kzg: kzg.VerifyingKey{G2: [2]bn254.G2Affine{k.G2, k.G2Tau}, G1: k.G1},
		S:   k.S, Ql: k.Ql, Qr: k.Qr, Qm: k.Qm, Qo: k.Qo, Qk: k.Qk, Qcp: []bn254.G1Affine{k.Qcp},
		CommitmentConstraintIndexes: []uint64{k.CommitmentIndex},
	}
	g.SizeInv.SetUint64(k.Size)
	g.SizeInv.Inverse(&g.SizeInv)
	g.CosetShift.SetUint64(5) // the field's multiplicative generator, as in package verifier
	g.Generator = k.Generator()
	return g
}
