// Package plonk exports Ethereum contracts that verify PLONK proofs. They have
// the interface of those of package solidity, except that a proof is a
// uint256[27], and hold the verifier that gnark generates. This package imports
// gnark; package solidity does not.
//
// The contract pins the weights' digest, the statement's last element: callers
// of verify pass it, verifyInference adds it. It checks statements, argument
// layout and points at infinity with the errors of package solidity, and
// OtherWeights() for another digest; the rest is gnark's code, which reverts with
// Error(string) for points and openings that are none.
package plonk
