package evm

import (
	"errors"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/core/vm/runtime"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/stretchr/testify/require"
)

// gasLimit is what every transaction of the tests brings.
const gasLimit = 10_000_000

// chain is an EVM in memory under Cancun's rules.
type chain struct{ state *state.StateDB }

func newChain(t testing.TB) *chain {
	db, err := state.New(types.EmptyRootHash, state.NewDatabaseForTesting())
	require.NoError(t, err)
	return &chain{db}
}

func (c *chain) config(gas uint64) *runtime.Config {
	rules := *params.MergedTestChainConfig
	rules.PragueTime, rules.OsakaTime, rules.AmsterdamTime = nil, nil, nil
	rules.BPO1Time, rules.BPO2Time, rules.BPO3Time, rules.BPO4Time, rules.BPO5Time = nil, nil, nil, nil, nil
	return &runtime.Config{ChainConfig: &rules, State: c.state, GasLimit: gas, Origin: common.Address{1}}
}

// result is what a call did. Gas is that of execution, without the transaction's
// 21000 and the price of its calldata.
type result struct {
	output []byte
	gas    uint64
	err    error // nil, or of the EVM
}

func (c *chain) deploy(t testing.TB, code compiled, arguments ...byte) (common.Address, result) {
	data := append(append([]byte{}, code.create...), arguments...)
	out, address, left, err := runtime.Create(data, c.config(gasLimit))
	return address, result{out, gasLimit - left, err}
}

func (c *chain) mustDeploy(t testing.TB, code compiled, arguments ...byte) common.Address {
	address, r := c.deploy(t, code, arguments...)
	require.NoError(t, r.err)
	return address
}

func (c *chain) call(to common.Address, data []byte) result {
	return c.callWith(to, data, gasLimit)
}

func (c *chain) callWith(to common.Address, data []byte, gas uint64) result {
	out, left, err := runtime.Call(to, data, c.config(gas))
	return result{out, gas - left, err}
}

// revertName returns the name of the custom error of a revert, "" for a revert
// without data.
func (r result) revertName(t testing.TB) string {
	require.ErrorIs(t, r.err, vm.ErrExecutionReverted)
	if len(r.output) == 0 {
		return ""
	}
	for _, signature := range errorSignatures {
		if [4]byte(r.output) == selector(signature) {
			return signature
		}
	}
	t.Fatalf("reverted with unknown data %x", r.output)
	return ""
}

var errorSignatures = []string{
	"StatementLength(uint256)", "StatementElement(uint256)", "PointAtInfinity()", "InvalidPoint()", "ProofRejected()",
	"CalldataLayout()", "ArrayLength(uint256)", "IntegerOutOfRange(uint256)", "UnsafeSetup()",
	"Error(string)", // gnark's PLONK
}

func selector(signature string) [4]byte { return [4]byte(crypto.Keccak256([]byte(signature))) }

// accepted says whether verify accepted. Anything but a revert or true is a failure.
func (r result) accepted(t testing.TB) bool {
	if errors.Is(r.err, vm.ErrExecutionReverted) {
		return false
	}
	require.NoError(t, r.err)
	require.Equal(t, word(1), r.output)
	return true
}

// word returns x in 32 bytes.
func word(x uint64) []byte {
	b := common.Hash{}
	for i := range 8 {
		b[31-i] = byte(x >> (8 * i))
	}
	return b[:]
}

// calldataGas returns a transaction's price before execution.
func calldataGas(data []byte) uint64 {
	gas := params.TxGas
	for _, b := range data {
		if b == 0 {
			gas += params.TxDataZeroGas
		} else {
			gas += params.TxDataNonZeroGasEIP2028
		}
	}
	return gas
}

// createGas returns the price of a deployment before execution.
func createGas(data []byte) uint64 {
	words := uint64(len(data)+31) / 32
	return calldataGas(data) - params.TxGas + params.TxGasContractCreation + words*params.InitCodeWordGas
}
