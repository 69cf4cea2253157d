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
	"github.com/nnark/nnark/verifier/solidity"
	"github.com/nnark/nnark/verifier/vectors"
)

// On the vectors of all verifiers, the EVM agrees with package verifier about
// every proof that calldata can express: Groth16 proofs in binary form of the
// right length, and in JSON when they decode. Keys that do not decode have no
// contract. Contexts, expected inputs and the digest that a proof names are not
// the contract's business; those cases are checked without them.
func TestVectors(t *testing.T) {
	f, err := vectors.Load()
	require.NoError(t, err)
	keys := map[string]*verifier.VerifyingKey{}
	names, sources := map[string]string{}, map[string]string{}
	for name, data := range f.Keys {
		vk, err := verifier.ParseVerifyingKey(data)
		if err != nil || vk.Card.System != verifier.Groth16 {
			continue
		}
		keys[name] = vk
		names[name] = fmt.Sprint("Key", len(names))
		sources[name] = export(t, vk, names[name])
	}
	code := compile(t, newSettings(false), sources)
	c := newChain(t)
	addresses := map[string]common.Address{}
	for name := range keys {
		addresses[name] = c.mustDeploy(t, code[names[name]], constructorArguments(keys[name])...)
	}
	run, valid, flaws := 0, 0, map[string]int{}
	for i := range f.Cases {
		v := &f.Cases[i]
		vk := keys[v.Key]
		if vk == nil {
			continue
		}
		data, ok := vectorCalldata(t, vk, v.Proof)
		if !ok {
			continue
		}
		want := decodedAccepts(vk, v.Proof)
		r := c.call(addresses[v.Key], data)
		if got := r.accepted(t); got != want {
			t.Errorf("case %d, key %q, %s, %s: contract %v, package verifier %v", v.ID, v.Key, v.Flaw, v.Name, got, want)
		}
		if v.Verdict == "accepted" {
			require.True(t, want)
		}
		run++
		flaws[v.Flaw]++
		if want {
			valid++
		}
	}
	t.Logf("%d keys, %d of %d cases, %d accepted, flaws %v", len(keys), run, len(f.Cases), valid, flaws)
	require.Greater(t, run, 500)
	for _, flaw := range []string{
		"bit flip", "wrong proof of knowledge", "commitment of another proof", "x + r alias", "x + p alias", "off curve",
		"off subgroup", "infinity", "other statement", "digits out of range", "re-randomised", "wrongly re-randomised", "negated point",
	} {
		require.NotZero(t, flaws[flaw], flaw)
	}
}

func constructorArguments(vk *verifier.VerifyingKey) []byte {
	if vk.Card.UnsafeSetup {
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
	if bytes.HasPrefix(data, []byte("{")) {
		return verifier.ParseProofJSON(data)
	}
	return verifier.ParseProof(data)
}

// vectorCalldata expresses a proof as a call of verify. Proofs that do not
// decode are taken apart by hand, and keep their flaws.
func vectorCalldata(t testing.TB, vk *verifier.VerifyingKey, data []byte) ([]byte, bool) {
	if p, err := parseProof(data); err == nil {
		if p.Groth16 == nil {
			return nil, false
		}
		p.KeyDigest = vk.Digest()
		if call, err := solidity.Calldata(vk, p); err == nil {
			return call, true
		}
		var points bytes.Buffer
		points.Write(p.Groth16.Bytes())
		var statement []byte
		for i := range p.Statement {
			b := p.Statement[i].Bytes()
			statement = append(statement, b[:]...)
		}
		return rawCall(points.Bytes(), statement), true
	}
	const header = len("nnark-proof-1") + 1 + 32
	if len(data) < header+4 || !bytes.HasPrefix(data, []byte("nnark-proof-1\x00")) {
		return nil, false
	}
	n := int(binary.BigEndian.Uint32(data[header:]))
	data = data[header+4:]
	if n > 1<<16 || len(data) != 32*n+verifier.Groth16ProofSize {
		return nil, false
	}
	return rawCall(data[32*n:], data[:32*n]), true
}

// rawCall encodes a call of verify from compressed points and a statement's words.
func rawCall(points, statement []byte) []byte {
	id := selector("verify(uint256[12],uint256[])")
	data := id[:]
	for i, size := range []int{32, 64, 32, 32, 32} {
		if i == 1 {
			data = append(data, inflateG2(points[:size])...)
		} else {
			data = append(data, inflateG1(points[:size])...)
		}
		points = points[size:]
	}
	data = append(data, word(13*32)...)
	data = append(data, word(uint64(len(statement)/32))...)
	return append(data, statement...)
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
