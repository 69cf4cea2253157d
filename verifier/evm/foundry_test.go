package evm

import (
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
)

// foundry compiles a project with a sample proof.
func foundry(t testing.TB, f *forger, name string) map[string]compiled {
	s, _, _ := f.statement(t)
	files, err := solidity.Foundry(f.key, f.prove(t, s), solidity.Options{Name: name})
	require.NoError(t, err)
	sources := map[string]string{}
	for path, data := range files {
		if strings.HasSuffix(path, ".sol") {
			sources[path] = string(data)
		}
	}
	require.Len(t, sources, 4)
	require.Contains(t, string(files["foundry.toml"]), "optimizer_runs = 1_000_000\nvia_ir = true\n")
	return compile(t, newSettings(true), sources)
}

// The exported tests pass, as Foundry would run them: setUp, then a test, in a
// fresh state.
func TestFoundry(t *testing.T) {
	for _, name := range []string{"Committed", "Baked", "Many"} {
		code := foundry(t, forgers(t)[name], name)[name+"Test"]
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
		require.GreaterOrEqual(t, tests, 4)
	}
}

// A consumer answers a request once, with a proof for it.
func TestConsumer(t *testing.T) {
	f := forgers(t)["Merged"]
	code := foundry(t, f, "Merged")
	c := newChain(t)
	address := c.mustDeploy(t, code["Merged"])
	interf := ptr(code["InferenceConsumer"].abi)
	digest := f.key.Digest()
	consumer := c.mustDeploy(t, code["InferenceConsumer"], append(common.LeftPadBytes(address[:], 32), digest[:]...)...)

	statement, _, _ := f.statement(t)
	inputs := f.key.Card.Inputs[0].Elements()
	request := func(elements []fr.Element) fr.Element {
		var data []byte
		for i := range elements {
			b := elements[i].Bytes()
			data = append(data, b[:]...)
		}
		call, err := interf.Pack("request", [32]byte(crypto.Keccak256(data)))
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

	// Another verifier, an unsafe one.
	other := append(common.LeftPadBytes(address[:], 32), make([]byte, 32)...)
	_, r = c.deploy(t, code["InferenceConsumer"], other...)
	refused(r, "WrongModel")
	unsafe := c.mustDeploy(t, contracts(t)["Baked"], word(1)...)
	digest = forgers(t)["Baked"].key.Digest()
	_, r = c.deploy(t, code["InferenceConsumer"], append(common.LeftPadBytes(unsafe[:], 32), digest[:]...)...)
	refused(r, "UnsafeSetup")
}
