package evm

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/testdata"
	"github.com/nnark/nnark/verifier"
)

// maxCodeBytes is the limit of EIP-170.
const maxCodeBytes = 24_576

// lenet returns keys of the trained LeNet-5 and a proof for an image of MNIST.
func lenet(t testing.TB, cfg circuits.Config, context fr.Element) (*prover.Keys, *verifier.Proof) {
	g, err := model.ParseONNX("lenet5.onnx", testdata.LeNet5())
	require.NoError(t, err)
	var samples [][]*model.Tensor
	tensor := func(pixels []byte) []*model.Tensor {
		return []*model.Tensor{{Shape: []int{1, 1, 28, 28}, Float: testdata.Scaled(pixels)}}
	}
	for _, pixels := range testdata.Calibration() {
		samples = append(samples, tensor(pixels))
	}
	p, err := quantize.Graph(g, samples, cfg)
	require.NoError(t, err)
	c, err := circuits.Compile(p)
	require.NoError(t, err)
	keys, err := prover.UnsafeSetup(t.Context(), c, nil)
	require.NoError(t, err)
	return keys, proveImage(t, keys, 0, context)
}

func proveImage(t testing.TB, keys *prover.Keys, image int, context fr.Element) *verifier.Proof {
	images, _ := testdata.Images()
	q, err := keys.Compiled().Program.Quantize([][]float32{testdata.Scaled(images[image])})
	require.NoError(t, err)
	proof, err := keys.Prove(t.Context(), q, prover.Options{Context: context})
	require.NoError(t, err)
	return proof
}

// Prints the table of package solidity's README.md, for the settings of
// foundry.toml. Execution is what the EVM counts; the transaction adds its 21000
// (53000 and the price of the code for a deployment) and calldata.
func TestGas(t *testing.T) {
	t.Log("| model | transaction | bytes | execution | transaction in all |")
	for _, m := range []struct {
		name   string
		system circuits.System
		input  circuits.Visibility
		verify uint64 // most gas of verify's execution
		inAll  uint64 // most gas of a transaction with either function
	}{
		{"public image", circuits.Groth16, circuits.Public, 270_000, 320_000},
		{"digest of the image", circuits.Groth16, circuits.Digest, 260_000, 290_000},
		{"private image", circuits.Groth16, circuits.Private, 260_000, 290_000},
		{"public image, PLONK", circuits.Plonk, circuits.Public, 330_000, 400_000},
	} {
		keys, proof := lenet(t, circuits.Config{System: m.system, Input: m.input}, fr.NewElement(1))
		one, all := measure(t, m.name, keys.VerifyingKey, proof)
		require.LessOrEqual(t, one, m.verify)
		require.LessOrEqual(t, all, m.inAll)
	}
}

// measure returns the execution of verify and the dearer transaction.
func measure(t testing.TB, name string, vk *verifier.VerifyingKey, p *verifier.Proof) (verify, all uint64) {
	code := compile(t, newSettings(true), map[string]string{"LeNet5.sol": export(t, vk, "LeNet5")})["LeNet5"]
	require.LessOrEqual(t, len(code.runtime), maxCodeBytes)
	c := newChain(t)
	address, r := c.deploy(t, code, constructorArguments(vk)...)
	require.NoError(t, r.err)
	print := func(transaction string, bytes int, execution, before uint64) uint64 {
		t.Logf("| %s | %s | %d | %d | %d |", name, transaction, bytes, execution, execution+before)
		return execution + before
	}
	print("deployment", len(code.runtime), r.gas, createGas(append(code.create, constructorArguments(vk)...)))
	data := mustCalldata(t, vk, p)
	r = c.call(address, data)
	require.True(t, r.accepted(t))
	verify, all = r.gas, print("`verify`", len(data), r.gas, calldataGas(data))
	data = mustInference(t, vk, p)
	r = c.call(address, data)
	require.NoError(t, r.err)
	return verify, max(all, print("`verifyInference`", len(data), r.gas, calldataGas(data)))
}
