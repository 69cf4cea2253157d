package solidity_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
)

// What the contracts do is tested in verifier/evm; here is what needs no EVM.

func sample(t testing.TB, name string) (*verifier.VerifyingKey, *verifier.Proof) {
	data, err := os.ReadFile("../testdata/" + name + ".key")
	require.NoError(t, err)
	vk, err := verifier.ParseVerifyingKey(data)
	require.NoError(t, err)
	data, err = os.ReadFile("../testdata/" + name + ".json")
	require.NoError(t, err)
	p, err := verifier.ParseProofJSON(data)
	require.NoError(t, err)
	return vk, p
}

func TestExportErrors(t *testing.T) {
	vk, _ := sample(t, "groth16")
	for _, name := range []string{"a", "1A", "A B", "A;", "Aé", "IVerifier", "InferenceConsumer", "A" + strings.Repeat("a", 64)} {
		require.ErrorIs(t, solidity.Export(io.Discard, vk, solidity.Options{Name: name}), solidity.ErrName, name)
	}
	plonk, _ := sample(t, "plonk")
	require.ErrorIs(t, solidity.Export(io.Discard, plonk, solidity.Options{}), solidity.ErrUnsupported)
	require.ErrorIs(t, solidity.Export(io.Discard, nil, solidity.Options{}), verifier.ErrMalformed)
	full := errors.New("full")
	require.ErrorIs(t, solidity.Export(failing{full}, vk, solidity.Options{}), full)

	// The weights' proof of knowledge is checked here, once and for all.
	vk.Groth16.Weights.PoK = vk.Groth16.Alpha
	var out bytes.Buffer
	require.ErrorIs(t, solidity.Export(&out, vk, solidity.Options{}), verifier.ErrMalformed)
	require.Zero(t, out.Len())
}

type failing struct{ error }

func (f failing) Write([]byte) (int, error) { return 0, f.error }

func TestCalldataErrors(t *testing.T) {
	vk, p := sample(t, "groth16")
	plonk, plonkProof := sample(t, "plonk")
	encoders := map[string]func(*verifier.VerifyingKey, *verifier.Proof) ([]byte, error){
		"verify": solidity.Calldata, "verifyInference": solidity.InferenceCalldata,
	}
	for name, encode := range encoders {
		_, err := encode(vk, p)
		require.NoError(t, err, name)
		_, err = encode(vk, nil)
		require.ErrorIs(t, err, verifier.ErrMalformed, name)
		_, err = encode(vk, plonkProof)
		require.ErrorIs(t, err, verifier.ErrMalformed, name)
		_, err = encode(plonk, plonkProof)
		require.ErrorIs(t, err, solidity.ErrUnsupported, name)
		_, err = encode(nil, p)
		require.ErrorIs(t, err, verifier.ErrMalformed, name)

		other := *p
		other.KeyDigest[0] ^= 1
		_, err = encode(vk, &other)
		require.ErrorIs(t, err, verifier.ErrWrongModel, name)
		other = *p
		other.Statement = p.Statement[1:]
		_, err = encode(vk, &other)
		require.ErrorIs(t, err, verifier.ErrMalformed, name)
	}
	wide := *p
	wide.Statement = append(p.Statement[:1:1], p.Statement[1:]...)
	wide.Statement[1].SetInt64(-1) // more than three digits
	_, err := solidity.InferenceCalldata(vk, &wide)
	require.ErrorIs(t, err, verifier.ErrMalformed)
	_, err = solidity.Calldata(vk, &wide) // the contract refuses it
	require.NoError(t, err)
}

// Whatever a key's author calls a model or a tensor stays within a literal.
func TestHostileNames(t *testing.T) {
	vk, p := sample(t, "groth16")
	vk.Card.Name = `"; } function steal() external {} //`
	vk.Card.Inputs[0].Name = `*/ @author \ "é`
	var out strings.Builder
	require.NoError(t, solidity.Export(&out, vk, solidity.Options{}))
	require.Contains(t, out.String(), `string public constant MODEL = "\x22\x3b \x7d function steal\x28\x29 external \x7b\x7d \x2f\x2f";`)
	require.Contains(t, out.String(), `// Element 1: "\x2a\x2f \x40author \x5c \x22\xc3\xa9", 3 integers in [0, 255], one a byte, q for q * 2^-8.`)
	for i, line := range strings.Split(out.String(), "\n") {
		require.NotContains(t, line, "\r")
		for _, c := range line {
			require.True(t, ' ' <= c && c <= '~', "line %d: %q", i+1, line)
		}
	}
	_, err := solidity.Foundry(vk, p, solidity.Options{}) // another card, another key
	require.ErrorIs(t, err, verifier.ErrWrongModel)
}

func TestFoundry(t *testing.T) {
	vk, p := sample(t, "groth16")
	files, err := solidity.Foundry(vk, p, solidity.Options{Name: "Affine"})
	require.NoError(t, err)
	for _, path := range []string{"foundry.toml", "src/Affine.sol", "src/IVerifier.sol", "src/InferenceConsumer.sol", "src/ModelRegistry.sol",
		"script/Deploy.s.sol", "test/Affine.t.sol", "test/Examples.t.sol", "abi/Affine.json", "abi/Affine.ts"} {
		require.NotEmpty(t, files[path], path)
	}
	require.Len(t, files, 10)
	var source bytes.Buffer
	require.NoError(t, solidity.Export(&source, vk, solidity.Options{Name: "Affine"}))
	require.Equal(t, source.String(), string(files["src/Affine.sol"]))
	data, err := solidity.Calldata(vk, p)
	require.NoError(t, err)
	require.Contains(t, string(files["test/Affine.t.sol"]), hex.EncodeToString(data))

	wrong := *p
	g := *p.Groth16
	g.PoK = g.Ar
	wrong.Groth16 = &g
	_, err = solidity.Foundry(vk, &wrong, solidity.Options{})
	require.ErrorIs(t, err, verifier.ErrRejected)
}

func ExampleExport() {
	keyBytes, err := os.ReadFile("../testdata/groth16.key")
	if err != nil {
		log.Fatal(err)
	}
	key, err := verifier.ParseVerifyingKey(keyBytes)
	if err != nil {
		log.Fatal(err)
	}
	var source strings.Builder
	if err := solidity.Export(&source, key, solidity.Options{Name: "AffineVerifier"}); err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(source.String()) {
		if strings.HasPrefix(line, "contract") || strings.Contains(line, "constant UNSAFE_SETUP") {
			fmt.Println(strings.TrimSpace(line))
		}
	}
	// Output:
	// contract AffineVerifier {
	// bool public constant UNSAFE_SETUP = true;
}
