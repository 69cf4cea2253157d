package evm

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/ethereum/go-ethereum/common"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/vectors"
)

// On the vectors of all verifiers, the EVM agrees with package verifier about
// every proof that calldata can express: those in binary form of the right
// length, and in JSON when they decode. Keys that do not decode have no contract.
// Contexts, expected inputs and the digest that a proof names are not the
// contract's business; those cases are checked without them.
func TestVectors(t *testing.T) {
	f, err := vectors.Load()
	require.NoError(t, err)
	for _, system := range []verifier.System{verifier.Groth16, verifier.Plonk} {
		t.Run(system.String(), func(t *testing.T) { testVectors(t, f, system) })
	}
}

func testVectors(t *testing.T, f *vectors.File, system verifier.System) {
	keys := map[string]*verifier.VerifyingKey{}
	names, sources := map[string]string{}, map[string]string{}
	for name, data := range f.Keys {
		if vk, err := verifier.ParseVerifyingKey(data); err == nil && vk.Card.System == system {
			keys[name] = vk
			names[name] = fmt.Sprint("Key", len(names))
			sources[name] = export(t, vk, names[name])
		}
	}
	code := compile(t, newSettings(false), sources)
	c := newChain(t)
	addresses := map[string]common.Address{}
	for name := range keys {
		addresses[name] = c.mustDeploy(t, code[names[name]], constructorArguments(keys[name])...)
	}
	run, accepted, flaws := 0, map[string]bool{}, map[string]int{}
	for i := range f.Cases {
		v := &f.Cases[i]
		vk := keys[v.Key]
		if vk == nil {
			continue
		}
		data, ok := vectorCalldata(vk, v.Proof)
		if !ok {
			continue
		}
		want := decodedAccepts(vk, v.Proof)
		if v.Verdict == "accepted" {
			require.True(t, want)
		}
		if want {
			accepted[v.Key+string(data)] = true
		} else if accepted[v.Key+string(data)] {
			continue // the flaw is not in calldata: the first claim of a PLONK proof
		}
		r := c.call(addresses[v.Key], data)
		if got := r.accepted(t); got != want {
			t.Errorf("case %d, key %q, %s, %s: contract %v, package verifier %v", v.ID, v.Key, v.Flaw, v.Name, got, want)
		}
		run++
		flaws[v.Flaw]++
	}
	t.Logf("%d keys, %d cases, %d proofs accepted, flaws %v", len(keys), run, len(accepted), flaws)
	require.Greater(t, run, 400)
	for _, flaw := range []string{"bit flip", "x + r alias", "x + p alias", "off curve", "infinity", "other statement", "digits out of range"} {
		require.NotZero(t, flaws[flaw], flaw)
	}
	if system == verifier.Groth16 {
		for _, flaw := range []string{"wrong proof of knowledge", "commitment of another proof", "off subgroup", "re-randomised", "wrongly re-randomised"} {
			require.NotZero(t, flaws[flaw], flaw)
		}
	}
}

func constructorArguments(vk *verifier.VerifyingKey) []byte {
	if vk.Card.Setup.Unsafe() {
		return word(1)
	}
	return nil
}

// decodedAccepts is package verifier's verdict, the proof taken as one for the key.
func decodedAccepts(vk *verifier.VerifyingKey, data []byte) bool {
	p, err := parseProof(data)
	if err != nil {
		return false
	}
	p.KeyDigest = vk.Digest()
	_, err = verifier.Verify(vk, p, verifier.WithAnyContext())
	return err == nil
}

func parseProof(data []byte) (*verifier.Proof, error) {
	if bytes.HasPrefix(data, []byte("nnark-proof-1")) {
		return verifier.ParseProof(data)
	}
	return verifier.ParseProofJSON(data)
}

// vectorCalldata expresses a proof as a call of verify. It is taken apart by
// hand and keeps its flaws.
func vectorCalldata(vk *verifier.VerifyingKey, data []byte) ([]byte, bool) {
	if p, err := parseProof(data); err == nil {
		if data, err = p.MarshalBinary(); err != nil {
			return nil, false
		}
	}
	header := append([]byte("nnark-proof-1"), byte(vk.Card.System))
	body, ok := bytes.CutPrefix(data, header)
	if !ok || len(body) < 32+4 {
		return nil, false
	}
	n := int(binary.BigEndian.Uint32(body[32:]))
	body = body[32+4:]
	size, signature, words := verifier.Groth16ProofSize, "verify(uint256[12],uint256[])", groth16Words
	if vk.Plonk != nil {
		size, signature, words = verifier.PlonkProofSize, "verify(uint256[27],uint256[])", plonkWords
	}
	if n > 1<<16 || len(body) != 32*n+size {
		return nil, false
	}
	id := selector(signature)
	proof := words(body[32*n:])
	out := append(id[:], proof...)
	out = append(out, word(uint64(len(proof)+32))...)
	out = append(out, word(uint64(n))...)
	return append(out, body[:32*n]...), true
}

// groth16Words returns the words of Ar, Bs, Krs, D, PoK.
func groth16Words(b []byte) []byte {
	out := append(inflateG1(b[:32]), inflateG2(b[32:96])...)
	for ; len(b) > 96; b = b[32:] {
		out = append(out, inflateG1(b[96:128])...)
	}
	return out
}

// plonkWords reorders L, R, O, Z, H0, H1, H2, the commitment, the openings, the
// claims and Z's value.
func plonkWords(b []byte) (out []byte) {
	for _, i := range []int{0, 1, 2, 4, 5, 6, -11, -12, -13, -14, -15, 3, -17, 8, 9, -16, 7} {
		if i < 0 { // a scalar
			out = append(out, b[32*-i:][:32]...)
		} else {
			out = append(out, inflateG1(b[32*i:][:32])...)
		}
	}
	return out
}

// Compressed points have two flags above the coordinate: 01 for infinity, 10
// and 11 for the smaller and the larger y.
const flags, infinity = 0xc0, 0x40

// inflateG1 returns x as it is, modulo p or not, and the y it implies, or 1 when
// there is none.
func inflateG1(b []byte) []byte {
	var p bn254.G1Affine
	x := inflate(b, &p)
	y := p.Y.Bytes()
	return append(x, y[:]...)
}

func inflateG2(b []byte) []byte {
	var p bn254.G2Affine
	x := inflate(b, &p)
	y1, y0 := p.Y.A1.Bytes(), p.Y.A0.Bytes()
	return append(append(x, y1[:]...), y0[:]...)
}

// inflate decodes a point without a check of its subgroup and returns its x.
func inflate(b []byte, p any) []byte {
	x := bytes.Clone(b)
	x[0] &^= flags
	if b[0]&flags == infinity {
		return make([]byte, len(b))
	}
	reduced := bytes.Clone(b)
	for i := 0; i < len(b); i += 32 {
		var e fp.Element
		e.SetBytes(x[i : i+32])
		r := e.Bytes()
		copy(reduced[i:], r[:])
	}
	reduced[0] |= b[0] & flags
	err := bn254.NewDecoder(bytes.NewReader(reduced), bn254.NoSubgroupChecks()).Decode(p)
	if err != nil {
		switch p := p.(type) {
		case *bn254.G1Affine:
			p.Y.SetOne()
		case *bn254.G2Affine:
			p.Y.SetOne()
		}
	}
	return x
}
