package plonk_test

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
	"github.com/nnark/nnark/verifier/solidity/plonk"
)

// What the contracts do is tested in verifier/evm; here is what needs no EVM.

func sample(t testing.TB, name string) (*verifier.VerifyingKey, *verifier.Proof) {
	data, err := os.ReadFile("../../testdata/" + name + ".key")
	require.NoError(t, err)
	vk, err := verifier.ParseVerifyingKey(data)
	require.NoError(t, err)
	data, err = os.ReadFile("../../testdata/" + name + ".json")
	require.NoError(t, err)
	p, err := verifier.ParseProofJSON(data)
	require.NoError(t, err)
	return vk, p
}

// gnark's function takes public inputs as they are, the first not bound to the context: it is
// internal.
func TestExport(t *testing.T) {
	vk, _ := sample(t, "plonk")
	var out strings.Builder
	require.NoError(t, plonk.Export(&out, vk, solidity.Options{Name: "Affine"}))
	require.Contains(t, out.String(), "\nabstract contract AffineBase {")
	require.Contains(t, out.String(), "\ncontract Affine is AffineBase {")
	require.NotContains(t, out.String(), "public view")
	require.Equal(t, 2, strings.Count(out.String(), "external view"))
}

// The proof's words are those of gnark's own encoding.
func TestCalldata(t *testing.T) {
	vk, p := sample(t, "plonk")
	data, err := plonk.Calldata(vk, p)
	require.NoError(t, err)
	g := new(gplonk.Proof)
	k := p.Plonk
	g.LRO, g.Z, g.H, g.Bsb22Commitments = k.LRO, k.Z, k.H, append(g.Bsb22Commitments, k.Commitment)
	g.BatchedProof.H, g.BatchedProof.ClaimedValues = k.Opening, k.Claims[:]
	g.ZShiftedOpening.H, g.ZShiftedOpening.ClaimedValue = k.ShiftedOpening, k.ShiftedZ
	require.True(t, bytes.HasPrefix(data[4:], g.MarshalSolidity()))
}

func TestErrors(t *testing.T) {
	vk, p := sample(t, "plonk")
	groth16, groth16Proof := sample(t, "groth16")
	require.ErrorIs(t, plonk.Export(io.Discard, groth16, solidity.Options{}), solidity.ErrUnsupported)
	require.ErrorIs(t, plonk.Export(io.Discard, vk, solidity.Options{Name: "a b"}), solidity.ErrName)
	require.ErrorIs(t, plonk.Export(io.Discard, nil, solidity.Options{}), verifier.ErrMalformed)
	for _, encode := range []func(*verifier.VerifyingKey, *verifier.Proof) ([]byte, error){plonk.Calldata, plonk.InferenceCalldata} {
		_, err := encode(vk, p)
		require.NoError(t, err)
		_, err = encode(vk, nil)
		require.ErrorIs(t, err, verifier.ErrMalformed)
		_, err = encode(vk, groth16Proof)
		require.ErrorIs(t, err, verifier.ErrMalformed)
		_, err = encode(groth16, p)
		require.ErrorIs(t, err, solidity.ErrUnsupported)
		other := *p
		other.KeyDigest[31] ^= 1
		_, err = encode(vk, &other)
		require.ErrorIs(t, err, verifier.ErrWrongModel)
	}
}
