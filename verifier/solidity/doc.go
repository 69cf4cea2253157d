// Package solidity exports Ethereum contracts that verify proofs.
//
//	err := solidity.Export(w, key, solidity.Options{Name: "LeNet5Verifier"})
//	data, err := solidity.Calldata(key, proof)
//
// The contract holds one Groth16 verifying key as constants and accepts what
// [verifier.Verify] accepts with [verifier.WithAnyContext]. It has no state and
// no owner:
//
//	function verify(uint256[12] calldata proof, uint256[] calldata statement) view returns (bool)
//	function verifyInference(uint256[12] calldata proof, uint256 context, ..., uint256[] calldata outputElements) view returns (...)
//
// verify takes the statement as field elements. verifyInference takes the
// integers of public inputs, packs them, and returns those of public outputs;
// its dots are one argument per input: bytes for a public tensor with Lo = 0
// and Hi <= 255 (one integer a byte), else the narrowest of int8[], int16[],
// int32[], int64[] that holds the interval; uint256 for a digest; none for a
// private tensor. Its results are one int64[] or uint256 (a digest) per output.
// Contracts of models with more than [MaxTensors] inputs and outputs have verify only.
//
// README.md tells what is checked, what callers must do and what it costs.
package solidity
