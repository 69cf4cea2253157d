package evm

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/stretchr/testify/require"
)

// compiled is a contract's code to deploy, the code that then runs, and its
// interface as solc understands it.
type compiled struct {
	create, runtime []byte
	abi             abi.ABI
}

// settings are solc's, as those of foundry.toml.
type settings struct {
	Optimizer struct {
		Enabled bool `json:"enabled"`
		Runs    int  `json:"runs"`
	} `json:"optimizer"`
	ViaIR           bool                           `json:"viaIR"`
	EVMVersion      string                         `json:"evmVersion"`
	OutputSelection map[string]map[string][]string `json:"outputSelection"`
}

func newSettings(viaIR bool) (s settings) {
	s.Optimizer.Enabled, s.Optimizer.Runs = true, 1_000_000
	s.ViaIR, s.EVMVersion = viaIR, "cancun"
	s.OutputSelection = map[string]map[string][]string{"*": {"*": {"abi", "evm.bytecode.object", "evm.deployedBytecode.object"}}}
	return s
}

// compile compiles sources by path and returns their contracts by name. Any
// warning is a failure.
func compile(t testing.TB, s settings, sources map[string]string) map[string]compiled {
	type source struct {
		Content string `json:"content"`
	}
	request := struct {
		Language string            `json:"language"`
		Sources  map[string]source `json:"sources"`
		Settings settings          `json:"settings"`
	}{"Solidity", map[string]source{}, s}
	for path, text := range sources {
		request.Sources[path] = source{text}
	}
	data, err := json.Marshal(request)
	require.NoError(t, err)
	in, out := filepath.Join(t.TempDir(), "request"), filepath.Join(t.TempDir(), "answer")
	require.NoError(t, os.WriteFile(in, data, 0o600))
	message, err := exec.Command("node", "compile.js", in, out).CombinedOutput()
	require.NoError(t, err, "solc (installed by test.sh): %s", message)
	data, err = os.ReadFile(out)
	require.NoError(t, err)

	type code struct {
		Object string `json:"object"`
	}
	var answer struct {
		Errors []struct {
			Message string `json:"formattedMessage"`
		} `json:"errors"`
		Contracts map[string]map[string]struct {
			ABI json.RawMessage `json:"abi"`
			EVM struct {
				Bytecode         code `json:"bytecode"`
				DeployedBytecode code `json:"deployedBytecode"`
			} `json:"evm"`
		} `json:"contracts"`
	}
	require.NoError(t, json.Unmarshal(data, &answer))
	for _, e := range answer.Errors {
		t.Errorf("solc: %s", e.Message)
	}
	if t.Failed() {
		t.FailNow()
	}
	contracts := map[string]compiled{}
	for _, file := range answer.Contracts {
		for name, c := range file {
			parsed, err := abi.JSON(bytes.NewReader(c.ABI))
			require.NoError(t, err)
			contracts[name] = compiled{unhex(t, c.EVM.Bytecode.Object), unhex(t, c.EVM.DeployedBytecode.Object), parsed}
		}
	}
	return contracts
}

func unhex(t testing.TB, s string) []byte {
	b, err := hex.DecodeString(strings.TrimPrefix(s, "0x"))
	require.NoError(t, err)
	return b
}
