package evm

import (
	"bytes"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/solidity"
	"github.com/nnark/nnark/verifier/solidity/plonk"
)

// Words of the calldata of both functions: the proof, then those of verify.
const (
	wordAr, wordBs, wordKrs, wordD, wordPoK = 0, 2, 6, 8, 10
	wordOffset, wordLength, wordContext     = 12, 13, 14
)

// at returns word i of calldata.
func at(data []byte, i int) []byte { return data[4+32*i:][:32] }

func addTo(word []byte, x *big.Int) {
	sum := new(big.Int).SetBytes(word)
	sum.Add(sum, x).FillBytes(word)
}

func mustCalldata(t testing.TB, vk *verifier.VerifyingKey, p *verifier.Proof) []byte {
	encode := solidity.Calldata
	if vk.Plonk != nil {
		encode = plonk.Calldata
	}
	data, err := encode(vk, p)
	require.NoError(t, err)
	return data
}

func mustInference(t testing.TB, vk *verifier.VerifyingKey, p *verifier.Proof) []byte {
	encode := solidity.InferenceCalldata
	if vk.Plonk != nil {
		encode = plonk.InferenceCalldata
	}
	data, err := encode(vk, p)
	require.NoError(t, err)
	return data
}

// Every error is reached, by the flaw it names.
func TestErrors(t *testing.T) {
	c, address, f := deployed(t, "Committed")
	s, _, _ := f.statement(t)
	p := f.prove(t, s)
	other, _, _ := f.statement(t)
	q := f.prove(t, other)
	card := &f.key.Card
	lastInput := card.Inputs[0].Elements()
	power := func(exponent int) *big.Int { // of the input's base, 128
		return new(big.Int).Lsh(big.NewInt(1), uint(7*exponent))
	}
	// The arguments of verifyInference: 12 words, context, two offsets, then the
	// length and 4 words of the image, then the length and words of the outputs.
	const wordImage, wordOutputLength = 15, 20

	for _, m := range []struct {
		name, want string
		inference  bool
		mutate     func(data []byte) []byte
	}{
		{"statement too short", "StatementLength(uint256)", false, func(d []byte) []byte {
			at(d, wordLength)[31]--
			return d[:len(d)-32]
		}},
		{"statement too long", "StatementLength(uint256)", false, func(d []byte) []byte {
			at(d, wordLength)[31]++
			return append(d, word(0)...)
		}},
		{"context + r", "StatementElement(uint256)", false, func(d []byte) []byte {
			addTo(at(d, wordContext), fr.Modulus())
			return d
		}},
		{"input + r", "StatementElement(uint256)", false, func(d []byte) []byte {
			addTo(at(d, wordContext+1), fr.Modulus())
			return d
		}},
		{"a digit too many in a full element", "StatementElement(uint256)", false, func(d []byte) []byte {
			copy(at(d, wordContext+1), make([]byte, 32))
			addTo(at(d, wordContext+1), power(36))
			return d
		}},
		{"a digit too many in the last element", "StatementElement(uint256)", false, func(d []byte) []byte {
			copy(at(d, wordContext+lastInput), make([]byte, 32))
			addTo(at(d, wordContext+lastInput), power(100%36))
			return d
		}},
		{"Ar at infinity", "PointAtInfinity()", false, zeroWords(wordAr, 2)},
		{"Bs at infinity", "PointAtInfinity()", false, zeroWords(wordBs, 4)},
		{"Krs at infinity", "PointAtInfinity()", false, zeroWords(wordKrs, 2)},
		{"D at infinity", "PointAtInfinity()", false, zeroWords(wordD, 2)},
		{"PoK at infinity", "PointAtInfinity()", false, zeroWords(wordPoK, 2)},
		{"Ar off the curve", "InvalidPoint()", false, plusOne(wordAr + 1)},
		{"Bs off the curve", "InvalidPoint()", false, plusOne(wordBs + 3)},
		{"Krs off the curve", "InvalidPoint()", false, plusOne(wordKrs + 1)},
		{"D off the curve", "InvalidPoint()", false, plusOne(wordD + 1)},
		{"PoK off the curve", "InvalidPoint()", false, plusOne(wordPoK + 1)},
		{"Ar's x + p", "InvalidPoint()", false, plusP(wordAr)},
		{"Bs's x + p", "InvalidPoint()", false, plusP(wordBs)},
		{"Krs's y + p", "InvalidPoint()", false, plusP(wordKrs + 1)},
		{"D's x + p", "InvalidPoint()", false, plusP(wordD)},
		{"PoK's x + p", "InvalidPoint()", false, plusP(wordPoK)},
		{"commitment of another proof", "ProofRejected()", false, copyWords(mustCalldata(t, f.key, q), wordD, 2)},
		{"commitment and proof of knowledge of another proof", "ProofRejected()", false, copyWords(mustCalldata(t, f.key, q), wordD, 4)},
		{"proof of knowledge of another proof", "ProofRejected()", false, copyWords(mustCalldata(t, f.key, q), wordPoK, 2)},
		{"the weights' commitment as D", "ProofRejected()", false, func(d []byte) []byte {
			w := f.key.Groth16.Weights
			c, pok := w.C.RawBytes(), w.PoK.RawBytes()
			copy(at(d, wordD), c[:32])
			copy(at(d, wordD+1), c[32:])
			copy(at(d, wordPoK), pok[:32])
			copy(at(d, wordPoK+1), pok[32:])
			return d
		}},
		{"other context", "ProofRejected()", false, plusOne(wordContext)},
		{"other output", "ProofRejected()", false, copyWords(mustCalldata(t, f.key, q), wordContext+lastInput+1, 1)},
		{"statement moved by a word", "CalldataLayout()", false, func(d []byte) []byte {
			at(d, wordOffset)[31] += 32
			return slices.Insert(d, 4+32*wordLength, word(0)...)
		}},
		{"dirty tail", "CalldataLayout()", false, func(d []byte) []byte { return append(d, 1) }},
		{"doubled statement", "CalldataLayout()", false, func(d []byte) []byte { return append(d, d[4+32*wordLength:]...) }},
		{"another statement behind the first", "CalldataLayout()", false, func(d []byte) []byte {
			second := mustCalldata(t, f.key, q)[4+32*wordLength:]
			addTo(at(d, wordOffset), big.NewInt(int64(len(second))))
			return append(d, second...)
		}},
		{"statement inside the proof", "StatementLength(uint256)", false, func(d []byte) []byte {
			copy(at(d, wordOffset), word(32))
			copy(at(d, 1), word(1))
			return d
		}},
		{"statement's length beyond the calldata", "", false, func(d []byte) []byte {
			copy(at(d, wordLength), word(1<<40))
			return d
		}},
		{"truncated", "", false, func(d []byte) []byte { return d[:len(d)-1] }},
		{"no arguments", "", false, func(d []byte) []byte { return d[:4] }},
		{"no selector", "", false, func(d []byte) []byte { return d[:3] }},

		{"a byte above the interval", "IntegerOutOfRange(uint256)", true, func(d []byte) []byte {
			at(d, wordImage+1)[0] = 128
			return d
		}},
		{"the last byte above the interval", "IntegerOutOfRange(uint256)", true, func(d []byte) []byte {
			at(d, wordImage+4)[3] = 255
			return d
		}},
		{"an integer less", "ArrayLength(uint256)", true, plus(wordImage, -1)},
		{"an integer more", "ArrayLength(uint256)", true, plus(wordImage, 1)},
		{"an output element more", "ArrayLength(uint256)", true, func(d []byte) []byte {
			return append(plus(wordOutputLength, 1)(d), word(0)...)
		}},
		{"dirty padding", "CalldataLayout()", true, func(d []byte) []byte {
			at(d, wordImage+4)[31] = 1
			return d
		}},
		{"outputs before their place", "CalldataLayout()", true, func(d []byte) []byte {
			copy(at(d, wordOutputLength-1), word(1))
			return plus(14, -32)(d)
		}},
		{"a gap between the arguments", "CalldataLayout()", true, func(d []byte) []byte {
			return slices.Insert(plus(14, 32)(d), 4+32*wordOutputLength, word(0)...)
		}},
		{"dirty tail", "CalldataLayout()", true, func(d []byte) []byte { return append(d, word(0)...) }},
		{"doubled outputs", "CalldataLayout()", true, func(d []byte) []byte { return append(d, d[4+32*wordOutputLength:]...) }},
		{"other integer", "ProofRejected()", true, func(d []byte) []byte {
			at(d, wordImage+1)[0] ^= 1
			return d
		}},
		{"context + r", "StatementElement(uint256)", true, func(d []byte) []byte {
			addTo(at(d, 12), fr.Modulus())
			return d
		}},
		{"output digits", "StatementElement(uint256)", true, func(d []byte) []byte {
			at(d, wordOutputLength+1)[0] |= 0x20
			return d
		}},
	} {
		data := mustCalldata(t, f.key, p)
		if m.inference {
			data = mustInference(t, f.key, p)
		}
		require.True(t, accepts(ptr(contracts(t)["Committed"].abi), f.key, data, fr.Element{}))
		data = m.mutate(data)
		require.False(t, accepts(ptr(contracts(t)["Committed"].abi), f.key, data, fr.Element{}), m.name)
		require.Equal(t, m.want, c.call(address, data).revertName(t), m.name)
	}
}

func ptr[T any](x T) *T { return &x }

func zeroWords(i, n int) func([]byte) []byte {
	return func(d []byte) []byte {
		clear(d[4+32*i:][:32*n])
		return d
	}
}

func plus(i int, x int64) func([]byte) []byte {
	return func(d []byte) []byte {
		addTo(at(d, i), big.NewInt(x))
		return d
	}
}

func plusOne(i int) func([]byte) []byte { return plus(i, 1) }

func plusP(i int) func([]byte) []byte {
	return func(d []byte) []byte {
		addTo(at(d, i), fp.Modulus())
		return d
	}
}

func copyWords(from []byte, i, n int) func([]byte) []byte {
	return func(d []byte) []byte {
		copy(d[4+32*i:][:32*n], from[4+32*i:])
		return d
	}
}

// The contract of a one-party key deploys only with consent.
func TestUnsafeSetup(t *testing.T) {
	c := newChain(t)
	code := contracts(t)["Baked"]
	_, r := c.deploy(t, code, word(0)...)
	require.Equal(t, "UnsafeSetup()", r.revertName(t))
	address := c.mustDeploy(t, code, word(1)...)
	selector := selector("UNSAFE_SETUP()")
	require.Equal(t, word(1), c.call(address, selector[:]).output)
	address = c.mustDeploy(t, contracts(t)["Committed"])
	require.Equal(t, word(0), c.call(address, selector[:]).output)
}

// The constants are the key's.
func TestConstants(t *testing.T) {
	for name, f := range forgers(t) {
		c, address, _ := deployed(t, name)
		interf := ptr(contracts(t)[name].abi)
		get := func(constant string) any {
			data, err := interf.Pack(constant)
			require.NoError(t, err)
			r := c.call(address, data)
			require.NoError(t, r.err)
			values, err := interf.Unpack(constant, r.output)
			require.NoError(t, err)
			return values[0]
		}
		require.Equal(t, f.key.Digest(), get("KEY_DIGEST"))
		require.Equal(t, f.key.Card.Architecture, get("ARCHITECTURE"))
		require.Equal(t, f.key.Card.Name, get("MODEL"))
		require.Equal(t, f.key.Card.Setup.Unsafe(), get("UNSAFE_SETUP"))
		require.Equal(t, int64(f.key.Card.Setup.Contributions), get("CONTRIBUTIONS").(*big.Int).Int64())
		require.Equal(t, f.key.Card.Setup.Transcript, get("TRANSCRIPT"))
		require.Equal(t, int64(f.key.Card.StatementSize()), get("STATEMENT_SIZE").(*big.Int).Int64())
		if w := f.key.Groth16.Weights; w != nil {
			require.Equal(t, w.C.X.BigInt(bigInt()), get("WEIGHTS_X"))
			require.Equal(t, w.C.Y.BigInt(bigInt()), get("WEIGHTS_Y"))
		}
	}
}

// What go-ethereum's encoder makes of the arguments is what ours makes.
func TestEncoding(t *testing.T) {
	for name, f := range forgers(t) {
		s, _, _ := f.statement(t)
		p := f.prove(t, s)
		data := mustCalldata(t, f.key, p)
		require.True(t, accepts(ptr(contracts(t)[name].abi), f.key, data, fr.Element{}), name)
		if name == "Many" {
			continue
		}
		data = mustInference(t, f.key, p)
		require.True(t, accepts(ptr(contracts(t)[name].abi), f.key, data, fr.Element{}), name)
	}
}

// Random mutations of calldata get the verdict of the oracle.
func TestMutations(t *testing.T) {
	for name := range forgers(t) {
		t.Run(name, func(t *testing.T) {
			c, address, f := deployed(t, name)
			var seeds [][]byte
			for range 3 {
				s, _, _ := f.statement(t)
				p := f.prove(t, s)
				seeds = append(seeds, mustCalldata(t, f.key, p))
				if name != "Many" {
					seeds = append(seeds, mustInference(t, f.key, p))
				}
			}
			accepted := testMutations(t, c, address, ptr(contracts(t)[name].abi), f.key, seeds, 12, fr.Element{})
			require.NotZero(t, accepted) // -Ar and -Bs
		})
	}
}

const nbMutations = 500

// testMutations returns how many mutations were accepted.
func testMutations(t *testing.T, c *chain, address common.Address, interf *abi.ABI, vk *verifier.VerifyingKey, seeds [][]byte, proofWords int, claim fr.Element) int {
	rng := rand.New(rand.NewPCG(11, 12))
	accepted, reasons := 0, map[string]int{}
	for range nbMutations {
		data := mutate(bytes.Clone(seeds[rng.IntN(len(seeds))]), seeds[rng.IntN(len(seeds))], proofWords, rng)
		r := c.call(address, data)
		got := r.err == nil && isVerification(data, seeds)
		if want := accepts(interf, vk, data, claim); want != got {
			t.Fatalf("contract %v, oracle %v: %x", got, want, data)
		}
		if r.err != nil {
			reasons[r.revertName(t)]++
		} else {
			accepted++
		}
	}
	t.Logf("%d accepted; errors: %v", accepted, reasons)
	return accepted
}

// isVerification tells the two functions from getters.
func isVerification(data []byte, seeds [][]byte) bool {
	return slices.ContainsFunc(seeds, func(s []byte) bool { return bytes.HasPrefix(data, s[:4]) })
}

// mutate changes calldata in one place.
func mutate(data, donor []byte, proofWords int, rng *rand.Rand) []byte {
	words := (len(data) - 4) / 32
	w := at(data, rng.IntN(words))
	proof := at(data, rng.IntN(proofWords))
	switch rng.IntN(12) {
	case 0: // a bit anywhere
		data[rng.IntN(len(data))] ^= 1 << rng.IntN(8)
	case 1:
		data[rng.IntN(len(data))] = byte(rng.Uint32())
	case 2:
		clear(w)
	case 3:
		wrapping(w, fr.Modulus())
	case 4:
		wrapping(proof, fp.Modulus())
	case 5:
		wrapping(w, big.NewInt(int64(rng.IntN(129)-64)))
	case 6:
		copy(w, proof)
	case 7:
		copy(data[4+32*rng.IntN(words):], donor[4+32*rng.IntN(proofWords):][:32])
	case 8:
		data = data[:rng.IntN(len(data))]
	case 9:
		data = append(data, donor[:rng.IntN(len(donor))]...)
	case 10: // under Groth16 another proof of the same statement
		negate(at(data, wordAr+1))
		negate(at(data, wordBs+2))
		negate(at(data, wordBs+3))
	case 11:
		i := 4 + 32*rng.IntN(words)
		data = slices.Insert(data, i, donor[4:4+32*rng.IntN(4)]...)
	}
	return data
}

// wrapping adds modulo 2^256.
func wrapping(word []byte, x *big.Int) {
	sum := new(big.Int).SetBytes(word)
	sum.Add(sum, x)
	sum.Mod(sum, new(big.Int).Lsh(big.NewInt(1), 256)).FillBytes(word)
}

func negate(y []byte) {
	x := new(big.Int).SetBytes(y)
	x.Sub(fp.Modulus(), x).FillBytes(y)
}
