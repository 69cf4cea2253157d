package evm

import (
	"fmt"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/testdata"
	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
)

// Targets, for transactions of a LeNet-5 on MNIST.
const (
	maxCodeBytes = 24_576 // EIP-170
	maxPublicGas = 350_000
	maxDigestGas = 290_000 // of execution
)

// lenet returns keys of the trained LeNet-5 and a proof for an image of MNIST.
func lenet(t testing.TB, cfg circuits.Config, context fr.Element) (*prover.Keys, *verifier.Proof) {
	g, err := model.ParseONNX("lenet5.onnx", testdata.LeNet5())
	require.NoError(t, err)
	var samples [][]*model.Tensor
	tensor := func(pixels []byte) []*model.Tensor {
		x := make([]float32, len(pixels))
		for i, p := range pixels {
			x[i] = float32(p) / 255
		}
		return []*model.Tensor{{Shape: []int{1, 1, 28, 28}, Float: x}}
	}
	for _, pixels := range testdata.Calibration() {
		samples = append(samples, tensor(pixels))
	}
	p, err := circuits.Quantize(g, samples, cfg)
	require.NoError(t, err)
	c, err := circuits.Compile(p)
	require.NoError(t, err)
	keys, err := prover.UnsafeSetup(t.Context(), c, nil)
	require.NoError(t, err)
	return keys, proveImage(t, keys, 0, context)
}

func proveImage(t testing.TB, keys *prover.Keys, image int, context fr.Element) *verifier.Proof {
	images, _ := testdata.Images()
	x := make([]float32, len(images[image]))
	for i, p := range images[image] {
		x[i] = float32(p) / 255
	}
	q, err := keys.Compiled().Program.Quantise([][]float32{x})
	require.NoError(t, err)
	proof, err := keys.Prove(t.Context(), q, prover.Options{Context: context})
	require.NoError(t, err)
	return proof
}

// Prints the table of README.md of package solidity.
func TestGas(t *testing.T) {
	for _, m := range []struct {
		name string
		cfg  circuits.Config
	}{
		{"public image", circuits.Config{}},
		{"digest of the image", circuits.Config{Input: circuits.Digest}},
		{"private image", circuits.Config{Input: circuits.Private}},
	} {
		keys, proof := lenet(t, m.cfg, fr.NewElement(1))
		vk := keys.VerifyingKey
		for _, viaIR := range []bool{false, true} {
			code := compile(t, newSettings(viaIR), map[string]string{"LeNet5.sol": export(t, vk, "LeNet5")})["LeNet5"]
			require.LessOrEqual(t, len(code.runtime), maxCodeBytes)
			c := newChain(t)
			address, r := c.deploy(t, code, word(1)...)
			require.NoError(t, r.err)
			fmt.Printf("| %s | deploy | %d bytes | %d | %d |\n", m.name, len(code.runtime), r.gas, r.gas+createGas(append(code.create, word(1)...)))
			for _, f := range []struct {
				name string
				data func(*verifier.VerifyingKey, *verifier.Proof) ([]byte, error)
			}{{"verify", solidity.Calldata}, {"verifyInference", solidity.InferenceCalldata}} {
				data, err := f.data(vk, proof)
				require.NoError(t, err)
				r := c.call(address, data)
				require.NoError(t, r.err)
				fmt.Printf("| %s | %s | %d bytes | %d | %d |\n", m.name, f.name, len(data), r.gas, r.gas+calldataGas(data))
			}
		}
	}
}
