package evm

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
	"github.com/nnark/nnark/verifier/solidity/plonk"
)

// foundry compiles a project with a sample proof.
func foundry(t testing.TB, f *forger, name string, more ...string) map[string]compiled {
	s, _, _ := f.statement(t)
	files, err := solidity.Foundry(f.key, f.prove(t, s), solidity.Options{Name: name})
	require.NoError(t, err)
	project := compileProject(t, files, more...)
	if t, ok := t.(*testing.T); ok {
		sameABI(t, files["abi/"+name+".json"], project[name])
	}
	return project
}

func compileProject(t testing.TB, files map[string][]byte, more ...string) map[string]compiled {
	sources := map[string]string{}
	for path, data := range files {
		if strings.HasSuffix(path, ".sol") {
			sources[path] = string(data)
		}
	}
	require.Len(t, sources, 7)
	for i, text := range more {
		sources[fmt.Sprintf("src/More%d.sol", i)] = text
	}
	require.Contains(t, string(files["foundry.toml"]), "optimizer_runs = 1_000_000\nvia_ir = true\n")
	return compile(t, newSettings(true), sources)
}

// The exported tests pass, as Foundry would run them: setUp, then a test, in a
// fresh state.
func TestFoundry(t *testing.T) {
	for _, name := range []string{"Committed", "Baked", "Many"} {
		project := foundry(t, forgers(t)[name], name)
		runProject(t, name, project[name+"Test"])
		runProject(t, name, project["ConsumerTest"])
		runProject(t, name, project["RegistryTest"])
	}
	for _, name := range []string{"plonk committed", "plonk baked"} {
		c := newPlonkCase(t, name)
		files, err := plonk.Foundry(c.key, c.proofs[0], solidity.Options{Name: "Universal"})
		require.NoError(t, err)
		project := compileProject(t, files)
		runProject(t, name, project["UniversalTest"])
		runProject(t, name, project["ConsumerTest"])
		runProject(t, name, project["RegistryTest"])
		sameABI(t, files["abi/Universal.json"], project["Universal"])
	}
}

// sameABI compares an exported interface with the compiler's.
func sameABI(t *testing.T, exported []byte, code compiled) {
	t.Helper()
	got, err := abi.JSON(bytes.NewReader(exported))
	require.NoError(t, err)
	want := code.abi
	require.Equal(t, want.Constructor.Inputs, got.Constructor.Inputs)
	signatures := func(a abi.ABI) (out []string) {
		for _, m := range a.Methods {
			if m.Name == "" {
				continue
			}
			var names []string
			for _, p := range append(append(abi.Arguments{}, m.Inputs...), m.Outputs...) {
				names = append(names, p.Name+" "+p.Type.String())
			}
			out = append(out, fmt.Sprint(m.Sig, m.StateMutability, names))
		}
		for _, e := range a.Errors {
			out = append(out, fmt.Sprint("error ", e.Sig))
		}
		slices.Sort(out)
		return out
	}
	require.Equal(t, signatures(want), signatures(got))
}

func runProject(t *testing.T, name string, code compiled) {
	tests := 0
	for _, m := range code.abi.Methods {
		if !strings.HasPrefix(m.Name, "test") {
			continue
		}
		c := newChain(t)
		address := c.mustDeploy(t, code)
		require.NoError(t, c.call(address, code.abi.Methods["setUp"].ID).err)
		r := c.callWith(address, m.ID, 100*gasLimit)
		require.NoError(t, r.err, "%s: %s: %x", name, m.Name, r.output)
		tests++
	}
	require.Positive(t, tests, name)
}

// fakeVerifier accepts every proof and claims the digest it is told.
const fakeVerifier = `// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

contract FakeVerifier {
    bytes32 public immutable KEY_DIGEST;
    bool public constant UNSAFE_SETUP = false;
    uint256 public constant INPUT_ELEMENTS = 1;

    constructor(bytes32 digest) {
        KEY_DIGEST = digest;
    }

    function verify(uint256[12] calldata, uint256[] calldata) external pure returns (bool) {
        return true;
    }
}
`

// A consumer answers a request once, with a proof for it.
func TestConsumer(t *testing.T) {
	f := forgers(t)["Merged"]
	code := foundry(t, f, "Merged", fakeVerifier)
	c := newChain(t)
	address := c.mustDeploy(t, code["Merged"])
	interf := ptr(code["InferenceConsumer"].abi)
	pinned := func(verifier common.Address, code compiled) []byte {
		return append(common.LeftPadBytes(verifier[:], 32), crypto.Keccak256(code.runtime)...)
	}
	consumer := c.mustDeploy(t, code["InferenceConsumer"], pinned(address, code["Merged"])...)

	statement, _, _ := f.statement(t)
	inputs := f.key.Card.Inputs[0].Elements()
	request := func(elements []fr.Element) fr.Element {
		call, err := interf.Pack("request", solidity.InputHash(elements))
		require.NoError(t, err)
		r := c.call(consumer, call)
		require.NoError(t, r.err)
		var context fr.Element
		require.NoError(t, context.SetBytesCanonical(r.output))
		return context
	}
	answer := func(p *verifier.Proof) result {
		call := mustCalldata(t, f.key, p)
		copy(call, interf.Methods["answer"].ID)
		return c.call(consumer, call)
	}
	refused := func(r result, name string) {
		t.Helper()
		require.ErrorIs(t, r.err, vm.ErrExecutionReverted)
		id := interf.Errors[name].ID
		require.Equal(t, id[:4], r.output[:4])
	}

	// A context of the prover's choice.
	refused(answer(f.prove(t, statement)), "UnknownRequest")
	// Another input than the requested one.
	statement[0] = request([]fr.Element{fr.NewElement(1)})
	refused(answer(f.prove(t, statement)), "OtherInput")
	// A proof that does not verify.
	statement[0] = request(statement[1 : 1+inputs])
	p := f.prove(t, statement)
	wrong := *p
	wrong.Groth16 = ptr(*p.Groth16)
	wrong.Groth16.PoK = p.Groth16.Ar
	require.Equal(t, "ProofRejected()", answer(&wrong).revertName(t))
	// The right one, once; and not its like, which verifies too.
	r := answer(p)
	require.NoError(t, r.err)
	logs := c.state.Logs()
	require.Equal(t, interf.Events["Answered"].ID, logs[len(logs)-1].Topics[0])
	refused(answer(p), "UnknownRequest")
	p.Groth16.Ar.Neg(&p.Groth16.Ar)
	p.Groth16.Bs.Neg(&p.Groth16.Bs)
	require.True(t, c.call(address, mustCalldata(t, f.key, p)).accepted(t))
	refused(answer(p), "UnknownRequest")

	// A verifier that says of itself what it is not, no contract at all, an unsafe one.
	digest := f.key.Digest()
	fake := c.mustDeploy(t, code["FakeVerifier"], digest[:]...)
	for _, at := range []common.Address{fake, {0x77}} {
		_, r = c.deploy(t, code["InferenceConsumer"], pinned(at, code["Merged"])...)
		refused(r, "WrongVerifier")
	}
	unsafe := c.mustDeploy(t, contracts(t)["Baked"], word(1)...)
	_, r = c.deploy(t, code["InferenceConsumer"], pinned(unsafe, contracts(t)["Baked"])...)
	refused(r, "UnsafeSetup")
}
