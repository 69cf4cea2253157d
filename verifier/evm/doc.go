// Package evm tests the contracts of package solidity: compiled by solc and
// executed by go-ethereum's EVM under the rules of Cancun. It is a module of its
// own, so that neither is a dependency of anything else. Run test.sh.
package evm
