package verifier_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

// samples are an honest key and proof of each system.
func samples() map[string]struct {
	key   *verifier.VerifyingKey
	proof *verifier.Proof
} {
	return map[string]struct {
		key   *verifier.VerifyingKey
		proof *verifier.Proof
	}{
		"groth16": {committedModel().key, aProof()},
		"plonk":   {committedPlonk().key, aPlonkProof()},
	}
}

func encode(t testing.TB, p *verifier.Proof) []byte {
	b, err := p.MarshalBinary()
	require.NoError(t, err)
	return b
}

func TestProofRoundTrip(t *testing.T) {
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			binary := encode(t, s.proof)
			p, err := verifier.ParseProof(binary)
			require.NoError(t, err)
			require.Equal(t, s.proof, p)

			text, err := json.Marshal(s.proof)
			require.NoError(t, err)
			p, err = verifier.ParseProofJSON(text)
			require.NoError(t, err)
			require.Equal(t, s.proof, p)
			var indented bytes.Buffer
			require.NoError(t, json.Indent(&indented, text, "", "\t"))
			q := new(verifier.Proof)
			require.NoError(t, json.Unmarshal(indented.Bytes(), q))
			require.Equal(t, binary, encode(t, q))
		})
	}
}

// Every single-bit flip of a proof is refused, whatever the bit is part of.
func TestProofBitFlips(t *testing.T) {
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			data := encode(t, s.proof)
			verdicts := map[error]int{}
			for bit := range 8 * len(data) {
				data[bit/8] ^= 1 << (bit % 8)
				p, err := verifier.ParseProof(data)
				if err == nil {
					_, err = verifier.Verify(s.key, p)
				}
				verdicts[class(t, err)]++
				data[bit/8] ^= 1 << (bit % 8)
			}
			require.Equal(t, 256, verdicts[verifier.ErrWrongModel], "the key's digest")
			require.NotZero(t, verdicts[verifier.ErrMalformed])
			require.NotZero(t, verdicts[verifier.ErrRejected])
		})
	}
}

// class returns the one verdict that err is.
func class(t testing.TB, err error) (verdict error) {
	for _, v := range []error{verifier.ErrMalformed, verifier.ErrWrongModel, verifier.ErrRejected} {
		if errors.Is(err, v) {
			require.Nil(t, verdict, "two verdicts in %v", err)
			verdict = v
		}
	}
	require.NotNil(t, verdict, "no verdict in %v", err)
	return verdict
}

func TestProofTruncatedOrExtended(t *testing.T) {
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			data := encode(t, s.proof)
			for n := range data {
				_, err := verifier.ParseProof(data[:n])
				require.ErrorIs(t, err, verifier.ErrMalformed, n)
			}
			for _, tail := range [][]byte{{0}, {1}, data, make([]byte, 32)} {
				_, err := verifier.ParseProof(append(data[:len(data):len(data)], tail...))
				require.ErrorIs(t, err, verifier.ErrMalformed)
			}
		})
	}
}

// Offsets in an encoded proof.
const (
	systemOffset    = len("nnark-proof-1")
	countOffset     = systemOffset + 1 + 32
	statementOffset = countOffset + 4
)

func TestProofOtherEncodings(t *testing.T) {
	p := aProof()
	points := statementOffset + 32*len(p.Statement)
	rawAr := p.Groth16.Ar.RawBytes()
	plusR := new(big.Int).Add(p.Statement[1].BigInt(new(big.Int)), fr.Modulus()).FillBytes(make([]byte, 32))
	for name, forge := range map[string]func(b []byte) []byte{
		"statement element plus r": func(b []byte) []byte { copy(b[statementOffset+32:], plusR); return b },
		"statement element all 1":  func(b []byte) []byte { copy(b[statementOffset:], bytes.Repeat([]byte{255}, 32)); return b },
		"x coordinate not below p": func(b []byte) []byte { copy(b[points:], bytes.Repeat([]byte{255}, 32)); return b },
		"uncompressed point":       func(b []byte) []byte { return append(b[:points:points], append(rawAr[:], b[points+32:]...)...) },
		"uncompressed flag":        func(b []byte) []byte { b[points] &= 0x3f; return b },
		"infinity":                 func(b []byte) []byte { copy(b[points:], append([]byte{0x40}, make([]byte, 31)...)); return b },
		"infinity, dirty": func(b []byte) []byte {
			copy(b[points:], append([]byte{0x40}, bytes.Repeat([]byte{1}, 31)...))
			return b
		},
		"uncompressed infinity":   func(b []byte) []byte { copy(b[points:], make([]byte, 32)); return b },
		"G2 infinity":             func(b []byte) []byte { copy(b[points+32:], append([]byte{0x40}, make([]byte, 63)...)); return b },
		"G2 outside the subgroup": func(b []byte) []byte { q := pointNotInG2(); c := q.Bytes(); copy(b[points+32:], c[:]); return b },
		"other system":            func(b []byte) []byte { b[systemOffset] = 1; return b },
		"unknown system":          func(b []byte) []byte { b[systemOffset] = 2; return b },
		"count of 2^32-1":         func(b []byte) []byte { copy(b[countOffset:], bytes.Repeat([]byte{255}, 4)); return b },
		"count too small":         func(b []byte) []byte { b[countOffset+3]--; return b },
		"count too large":         func(b []byte) []byte { b[countOffset+3]++; return b },
		"other magic":             func(b []byte) []byte { b[0] = 'N'; return b },
		"empty":                   func(b []byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			q, err := verifier.ParseProof(forge(encode(t, p)))
			require.ErrorIs(t, err, verifier.ErrMalformed)
			require.Nil(t, q)
		})
	}
	p = clone(t, p)
	p.Statement = make([]fr.Element, 1<<17+1)
	_, err := p.MarshalBinary()
	require.ErrorIs(t, err, verifier.ErrMalformed)
	long := append(encode(t, aProof())[:countOffset], 0, 2, 0, 1)
	_, err = verifier.ParseProof(append(append(long, make([]byte, 32*(1<<17+1))...), aProof().Groth16.Bytes()...))
	require.ErrorIs(t, err, verifier.ErrMalformed)
}

func TestProofJSONRefused(t *testing.T) {
	text, err := aProof().MarshalJSON()
	require.NoError(t, err)
	good := string(text)
	element := aProof().Statement[1].Bytes()
	hexElement := hex.EncodeToString(element[:])
	plusR := hex.EncodeToString(new(big.Int).Add(new(big.Int).SetBytes(element[:]), fr.Modulus()).FillBytes(make([]byte, 32)))
	replace := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	for name, bad := range map[string]string{
		"empty":             "",
		"null":              "null",
		"array":             "[]",
		"empty object":      "{}",
		"missing format":    replace(`"format":"nnark-proof-1",`, ""),
		"missing system":    replace(`"system":"groth16",`, ""),
		"missing statement": regexp.MustCompile(`"statement":\[[^]]*\],`).ReplaceAllString(good, ""),
		"missing proof":     regexp.MustCompile(`,"proof":"[^"]*"`).ReplaceAllString(good, ""),
		"unknown key":       replace(`{`, `{"note":"",`),
		"duplicate key":     replace(`{`, `{"system":"groth16",`),
		"case of a key":     replace(`"system"`, `"System"`),
		"other format":      replace(`nnark-proof-1`, `nnark-proof-2`),
		"unknown system":    replace(`"groth16"`, `"stark"`),
		"other system":      replace(`"groth16"`, `"plonk"`),
		"escaped":           replace(`"groth16"`, `"groth1\u0036"`),
		"element plus r":    replace(hexElement, plusR),
		"element short":     replace(hexElement, hexElement[2:]),
		"element long":      replace(hexElement, "00"+hexElement),
		"element upper":     replace(hexElement, strings.ToUpper(hexElement)),
		"element prefix":    replace(`"`+hexElement, `"0x`+hexElement[2:]),
		"element odd":       replace(hexElement, hexElement[1:]),
		"element number":    replace(`"`+hexElement+`"`, "1"),
		"statement text":    replace(`["`, `"`),
		"trailing comma":    replace(`],`, `,],`),
		"trailing bytes":    good + "{}",
		"trailing NUL":      good + "\x00",
		"twice":             good + good,
		"byte order mark":   "\ufeff" + good,
		"control character": replace(`"groth16"`, "\"groth16\n\""),
		"non-ASCII":         replace(`"groth16"`, `"grоth16"`),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := verifier.ParseProofJSON([]byte(bad))
			require.ErrorIs(t, err, verifier.ErrMalformed)
			require.Nil(t, p)
		})
	}
	for n := range good {
		_, err := verifier.ParseProofJSON([]byte(good[:n]))
		require.ErrorIs(t, err, verifier.ErrMalformed, n)
	}
}

// Announced lengths and overlong parts do not make the decoders allocate.
func TestDecodersAllocateLittle(t *testing.T) {
	proof := encode(t, aProof())[:countOffset:countOffset]
	key, err := committedModel().key.MarshalBinary()
	require.NoError(t, err)
	labels := bytes.Index(key, []byte{0, 0, 0, 2, 0, 2, 'n', 'o'})
	ones, zeros := bytes.Repeat([]byte{255}, 1<<16), make([]byte, 1<<23)

	requireLittle := func(name string, data []byte, parse func([]byte) error) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := parse(data)
		runtime.ReadMemStats(&after)
		require.ErrorIs(t, err, verifier.ErrMalformed)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20), name)
	}
	parseProof := func(b []byte) error { _, err := verifier.ParseProof(b); return err }
	parseJSON := func(b []byte) error { _, err := verifier.ParseProofJSON(b); return err }
	parseKey := func(b []byte) error { _, err := verifier.ParseVerifyingKey(b); return err }
	requireLittle("proof count", append(proof, 0, 1, 255, 255), parseProof)
	requireLittle("proof all ones", append(proof, ones...), parseProof)
	requireLittle("nested JSON", bytes.Repeat([]byte(`{"statement":[`), 1<<12), parseJSON)
	requireLittle("long JSON string", []byte(`{"proof":"`+strings.Repeat("a", 1<<21)+`"}`), parseJSON)
	requireLittle("label count", append(append(key[:labels:labels], 0, 64, 0, 0), zeros...), parseKey)
	for n := range key {
		requireLittle("key with ones after "+strconv.Itoa(n), append(key[:n:n], ones...), parseKey)
	}
}

func FuzzParseProof(f *testing.F) {
	for _, s := range samples() {
		f.Add(encode(f, s.proof))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := verifier.ParseProof(data)
		if err != nil {
			require.ErrorIs(t, err, verifier.ErrMalformed)
			return
		}
		require.Equal(t, data, encode(t, p), "two encodings of one proof")
		verifyFuzzed(t, p)
	})
}

func FuzzParseProofJSON(f *testing.F) {
	for _, s := range samples() {
		text, err := s.proof.MarshalJSON()
		require.NoError(f, err)
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := verifier.ParseProofJSON(data)
		if err != nil {
			require.ErrorIs(t, err, verifier.ErrMalformed)
			return
		}
		require.True(t, json.Valid(data), "not JSON")
		q, err := verifier.ParseProof(encode(t, p))
		require.NoError(t, err)
		require.Equal(t, encode(t, p), encode(t, q))
		verifyFuzzed(t, p)
	})
}

// verifyFuzzed accepts only the two seeds, from which a fuzzer cannot get to
// another valid proof.
func verifyFuzzed(t *testing.T, p *verifier.Proof) {
	for _, s := range samples() {
		if _, err := verifier.Verify(s.key, p); err != nil {
			class(t, err)
		} else {
			require.Equal(t, encode(t, s.proof), encode(t, p))
		}
	}
}
