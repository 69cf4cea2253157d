// Package plonk exports Ethereum contracts that verify PLONK proofs. They have
// the interface of those of package solidity, except that a proof is a
// uint256[27], and hold the verifier that gnark generates. This package imports
// gnark; package solidity does not.
//
// The contract checks statements, argument layout and points at infinity with the errors of
// package solidity; the rest is gnark's code, which reverts with Error(string) for points and
// openings that are none.
package plonk
