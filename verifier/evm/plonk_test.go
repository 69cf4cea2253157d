package evm

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/vectors"
)

// plonkCase is a PLONK key of the vectors with its proofs that verify.
type plonkCase struct {
	key     *verifier.VerifyingKey
	proofs  []*verifier.Proof
	code    compiled
	chain   *chain
	address common.Address
}

func newPlonkCase(t *testing.T, name string) *plonkCase {
	f, err := vectors.Load()
	require.NoError(t, err)
	c := new(plonkCase)
	c.key, err = verifier.ParseVerifyingKey(f.Keys[name])
	require.NoError(t, err)
	for i := range f.Cases {
		if v := &f.Cases[i]; v.Key == name && v.Verdict == "accepted" {
			p, err := parseProof(v.Proof)
			require.NoError(t, err)
			c.proofs = append(c.proofs, p)
		}
	}
	require.NotEmpty(t, c.proofs)
	c.code = compile(t, newSettings(true), map[string]string{"P.sol": export(t, c.key, "P")})["P"]
	require.LessOrEqual(t, len(c.code.runtime), maxCodeBytes)
	c.chain = newChain(t)
	c.address = c.chain.mustDeploy(t, c.code, constructorArguments(c.key)...)
	return c
}

func TestPlonk(t *testing.T) {
	for _, name := range []string{"plonk committed", "plonk baked"} {
		t.Run(name, func(t *testing.T) {
			c := newPlonkCase(t, name)
			var seeds [][]byte
			for _, p := range c.proofs {
				st, err := verifier.Verify(c.key, p, verifier.WithAnyContext())
				require.NoError(t, err)
				data := mustCalldata(t, c.key, p)
				require.True(t, c.chain.call(c.address, data).accepted(t))
				require.True(t, accepts(&c.code.abi, c.key, data, p.Plonk.Claims[0]))
				seeds = append(seeds, data)

				data = mustInference(t, c.key, p)
				r := c.chain.call(c.address, data)
				require.NoError(t, r.err)
				var outputs [][]int64
				for _, o := range st.Outputs {
					outputs = append(outputs, o.Ints)
				}
				require.Equal(t, encodeOutputs(c.key, p, outputs), r.output)
				require.True(t, accepts(&c.code.abi, c.key, data, p.Plonk.Claims[0]))
			}
			first := c.proofs[0]
			inference := mustInference(t, c.key, first)
			testMutations(t, c.chain, c.address, &c.code.abi, c.key, [][]byte{seeds[0], inference}, 27, first.Plonk.Claims[0])
			testPlonkErrors(t, c, seeds[0])
			measure(t, name, c.key, first)
		})
	}
}

func testPlonkErrors(t *testing.T, c *plonkCase, valid []byte) {
	cases := map[string]func([]byte) []byte{
		"ProofRejected()":           plusOne(29), // the context
		"StatementElement(uint256)": func(d []byte) []byte { addTo(at(d, 29), fr.Modulus()); return d },
		"StatementLength(uint256)":  func(d []byte) []byte { return append(plus(28, 1)(d), word(0)...) },
		"CalldataLayout()":          func(d []byte) []byte { return append(d, 0) },
		"Error(string)":             plusOne(1), // L off the curve
	}
	for want, mutate := range cases {
		data := mutate(append([]byte{}, valid...))
		require.Equal(t, want, c.chain.call(c.address, data).revertName(t))
	}
	for _, point := range []int{0, 2, 4, 6, 8, 10, 17, 20, 22, 25} {
		data := zeroWords(point, 2)(append([]byte{}, valid...))
		require.Equal(t, "PointAtInfinity()", c.chain.call(c.address, data).revertName(t))
	}
	// gnark's function, which takes any digest, is out of reach.
	require.NotContains(t, c.code.abi.Methods, "Verify")
}
