package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"

	"github.com/nnark/nnark/verifier"
)

const keyMagic = "nnark-vk-2"

// rawKey is a verifying key in pieces: what precedes the points, and points
// and scalars by name.
type rawKey struct {
	head   []byte
	fields []field
}

// newRawKey splits a valid key. The fields' order is that of the format's
// documentation; layout is their names, those of G2 starting with "*".
func newRawKey(vk *verifier.VerifyingKey) *rawKey {
	data := must(vk.MarshalBinary())
	head := rawCard{&vk.Card}.encode()
	if !bytes.HasPrefix(data, head) {
		panic("the card is not encoded as documented")
	}
	k := &rawKey{head: head}
	data = data[len(head):]
	var layout []string
	if vk.Groth16 != nil {
		layout = []string{"alpha", "*beta", "*gamma", "*delta", "K_one", "K_E", "K_c0", "K_z", "*G", "*-sigma_0 G", "*-sigma G", "C", "PoK"}
		if vk.Groth16.Weights == nil {
			layout = []string{"alpha", "*beta", "*gamma", "*delta", "K_one", "K_E", "K_z", "*G", "*-sigma G"}
		}
	} else if vk.Flat != nil {
		n := 4 + int(binary.BigEndian.Uint32(data)) + 4 // plan, number of rows
		k.head, data = append(k.head, data[:n]...), data[n:]
		for i := range vk.Flat.Model {
			layout = append(layout, fmt.Sprintf("row %d", i))
		}
		layout = append(layout, "*tau G2")
	} else {
		k.head, data = append(k.head, data[:16]...), data[16:] // size and commitment's row
		layout = []string{"S1", "S2", "S3", "Ql", "Qr", "Qm", "Qo", "Qk", "Qcp", "G1", "*G2", "*tau G2"}
		if vk.Plonk.Weights != nil {
			layout = append(layout, "quotient", "opening")
		}
	}
	for _, name := range layout {
		size := bn254.SizeOfG1AffineCompressed
		if name[0] == '*' {
			name, size = name[1:], bn254.SizeOfG2AffineCompressed
		}
		k.fields = append(k.fields, field{name, data[:size]})
		data = data[size:]
	}
	if len(data) != 0 {
		panic("the key is not encoded as documented")
	}
	return k
}

func (k *rawKey) bytes() []byte {
	out := bytes.Clone(k.head)
	for _, f := range k.fields {
		out = append(out, f.data...)
	}
	return out
}

// with returns the key with another value of a field.
func (k *rawKey) with(name string, data []byte) *rawKey {
	c := &rawKey{k.head, slices.Clone(k.fields)}
	c.field(name).data = data
	return c
}

func (k *rawKey) field(name string) *field {
	i := slices.IndexFunc(k.fields, func(f field) bool { return f.name == name })
	return &k.fields[i]
}

func (k *rawKey) value(name string) []byte { return k.field(name).data }

// hostile adds a case of a spoiled key with the proof that names it.
func (s *suite) hostile(p *proofs, flaw, name string, key []byte, w want) {
	full := fmt.Sprintf("%s, %s: %s", p.name, flaw, name)
	s.file.Keys[full] = key
	r := p.a.clone()
	digest := sha256.Sum256(key)
	r.key = digest[:]
	s.add(full, flaw, name, r.bytes(), w)
}

// keys adds keys that must not be used, and keys that are not the proof's.
func (s *suite) keys(p *proofs) {
	k := newRawKey(p.keys.VerifyingKey)
	s.keyPoints(p, k)
	switch {
	case p.a.groth16():
		s.groth16Keys(p, k)
	case p.a.flat():
		s.flatKeys(p, k)
	default:
		s.plonkKeys(p, k)
	}
	if p.name == specs[0].name || p.name == "plonk baked" {
		s.cards(p, k)
	}
	data := k.bytes()
	s.hostile(p, "hostile key", "empty", []byte{}, malformed)
	s.hostile(p, "hostile key", "magic only", data[:len(keyMagic)], malformed)
	s.hostile(p, "hostile key", "last byte missing", data[:len(data)-1], malformed)
	s.hostile(p, "hostile key", "a byte more", append(bytes.Clone(data), 0), malformed)
	s.hostile(p, "hostile key", "another version", append([]byte("nnark-vk-1"), data[len(keyMagic):]...), malformed)
	// An honest key all the same, of the same circuit under another name: a proof is bound to
	// every byte of its key.
	card := *p.card()
	card.Name += " "
	renamed := rawCard{&card}.encode()
	renamed = append(renamed, data[len(rawCard{p.card()}.encode()):]...)
	s.hostile(p, "renamed key", "one space more", renamed, rejected)
}

// keyPoints spoils points in ways that are wrong for any point.
func (s *suite) keyPoints(p *proofs, k *rawKey) {
	for _, f := range k.fields {
		may := f.name == "K_c0" || f.name[0] == 'Q' && f.name != "Qcp" && !(f.name == "Qr" && p.card().Weights == verifier.CommittedWeights) || p.a.flat() && len(f.data) == bn254.SizeOfG1AffineCompressed // infinity when unused
		if !may {
			s.hostile(p, "infinity", "key's "+f.name, k.with(f.name, infinity(len(f.data))).bytes(), malformed)
		} else if f.data[0] != flagInfinity {
			s.hostile(p, "infinity", "key's "+f.name, k.with(f.name, infinity(len(f.data))).bytes(), rejected)
		}
		s.hostile(p, "off curve", "key's "+f.name, k.with(f.name, offCurve(len(f.data))).bytes(), malformed)
		if len(f.data) == bn254.SizeOfG2AffineCompressed {
			s.hostile(p, "off subgroup", "key's "+f.name, k.with(f.name, offSubgroup()).bytes(), malformed)
		}
	}
}

func (s *suite) groth16Keys(p *proofs, k *rawKey) {
	_, _, gen1, gen2 := bn254.Generators()
	one, two := g1Bytes(gen1), g2Bytes(gen2)
	add := func(name string, key *rawKey, w want) { s.hostile(p, "hostile key", name, key.bytes(), w) }
	add("alpha is the generator", k.with("alpha", one), malformed)
	add("alpha is minus the generator", k.with("alpha", negated(one)), malformed)
	add("beta is the generator", k.with("beta", two), malformed)
	add("delta is the generator", k.with("delta", two), malformed)
	add("delta is minus the generator", k.with("delta", negated(two)), malformed)
	add("gamma = delta", k.with("gamma", k.value("delta")), malformed)
	add("gamma = -delta", k.with("gamma", negated(k.value("delta"))), malformed)
	add("beta = gamma", k.with("beta", k.value("gamma")), malformed)
	add("beta = delta", k.with("beta", k.value("delta")), malformed)
	add("sigma = 1", k.with("-sigma G", negated(k.value("G"))), malformed)
	add("sigma = -1", k.with("-sigma G", k.value("G")), malformed)
	if p.card().Setup.Unsafe() {
		add("gamma is the generator, as ceremonies have it", k.with("gamma", two), rejected)
	} else {
		add("gamma is not the generator", k.with("gamma", negated(two)), rejected)
	}
	add("alpha negated", k.with("alpha", negated(k.value("alpha"))), rejected)
	add("sigma negated", k.with("-sigma G", negated(k.value("-sigma G"))), rejected)
	add("K_E and K_z swapped", k.with("K_E", k.value("K_z")).with("K_z", k.value("K_E")), rejected)
	if p.card().Weights != verifier.CommittedWeights {
		return
	}
	add("sigma_0 = 1", k.with("-sigma_0 G", negated(k.value("G"))), malformed)
	add("sigma_0 = sigma", k.with("-sigma_0 G", k.value("-sigma G")), malformed)
	add("sigma_0 and sigma swapped", k.with("-sigma_0 G", k.value("-sigma G")).with("-sigma G", k.value("-sigma_0 G")), malformed)
	add("PoK = C", k.with("PoK", k.value("C")), malformed)
	add("PoK negated", k.with("PoK", negated(k.value("PoK"))), malformed)
	add("C and PoK swapped", k.with("PoK", k.value("C")).with("C", k.value("PoK")), malformed)
	add("C + generator", k.with("C", plusGenerator(k.value("C"))), malformed)
	add("2*C with 2*PoK", k.with("C", doubled(k.value("C"))).with("PoK", doubled(k.value("PoK"))), rejected)
	add("K_c0 is the generator", k.with("K_c0", one), rejected)
	other := must(p.otherWeights("")).keys.VerifyingKey.Groth16.Weights
	add("PoK of other weights", k.with("PoK", g1Bytes(other.PoK)), malformed)
	add("other weights", k.with("C", g1Bytes(other.C)).with("PoK", g1Bytes(other.PoK)), rejected)
}

func (s *suite) plonkKeys(p *proofs, k *rawKey) {
	add := func(name string, key *rawKey, w want) { s.hostile(p, "hostile key", name, key.bytes(), w) }
	add("tau = 1", k.with("tau G2", k.value("G2")), malformed)
	add("tau = -1", k.with("tau G2", negated(k.value("G2"))), malformed)
	add("tau negated", k.with("tau G2", negated(k.value("tau G2"))), rejected)
	if p.card().Weights == verifier.CommittedWeights {
		add("Qr + generator", k.with("Qr", plusGenerator(k.value("Qr"))), rejected)
		add("quotient + generator", k.with("quotient", plusGenerator(k.value("quotient"))), rejected)
		other := must(p.otherWeights("")).keys.VerifyingKey.Plonk
		add("other weights", k.with("Qr", g1Bytes(other.Qr)).with("quotient", g1Bytes(other.Weights.Quotient)).with("opening", g1Bytes(other.Weights.Opening)), rejected)
	}
	add("S1 and S2 swapped", k.with("S1", k.value("S2")).with("S2", k.value("S1")), rejected)
	add("Qm negated", k.with("Qm", negated(k.value("Qm"))), rejected)
	numbers := len(k.head) - 16
	for name, size := range inOrder(map[string][]byte{
		"no rows": element(0)[24:], "three rows": element(3)[24:], "rows not a power of two": element(1<<20 + 1)[24:],
		"one row": element(1)[24:], "2^29 rows": element(1 << 29)[24:], "2^63 rows": element(1 << 63)[24:],
	}) {
		add(name, &rawKey{append(append(bytes.Clone(k.head[:numbers]), size...), k.head[numbers+8:]...), k.fields}, malformed)
	}
	rows := k.head[numbers : numbers+8]
	for name, row := range inOrder(map[string][]byte{"row of the commitment is the size": rows, "row of the commitment is 2^64 - 1": bytes.Repeat([]byte{255}, 8)}) {
		add(name, &rawKey{append(bytes.Clone(k.head[:numbers+8]), row...), k.fields}, malformed)
	}
}

// flatKeys spoils the plan and the rows of weights.
func (s *suite) flatKeys(p *proofs, k *rawKey) {
	_, _, _, gen2 := bn254.Generators()
	add := func(name string, key *rawKey, w want) { s.hostile(p, "hostile key", name, key.bytes(), w) }
	add("tau = 1", k.with("tau G2", g2Bytes(gen2)), malformed)
	add("tau = -1", k.with("tau G2", negated(g2Bytes(gen2))), malformed)
	add("tau negated", k.with("tau G2", negated(k.value("tau G2"))), rejected)
	add("a row negated", k.with("row 0", negated(k.value("row 0"))), rejected)
	add("a row + generator", k.with("row 0", plusGenerator(k.value("row 0"))), rejected)
	if len(k.fields) > 2 {
		add("two rows swapped", k.with("row 0", k.value("row 1")).with("row 1", k.value("row 0")), rejected)
	}
	other := must(p.otherWeights("")).keys.VerifyingKey.Flat
	add("other weights", k.with("row 0", g1Bytes(other.Model[0])), rejected)
	changed := func(at int, to byte) *rawKey {
		c := &rawKey{bytes.Clone(k.head), k.fields}
		c.head[at] = to
		return c
	}
	plan := len(rawCard{p.card()}.encode())
	add("the plan is a byte longer", changed(plan+3, k.head[plan+3]+1), malformed)
	add("the plan is a byte shorter", changed(plan+3, k.head[plan+3]-1), malformed)
	for i, name := range []string{"values", "a row's values", "products", "terms of sums"} { // logarithms, of one byte each
		add("2^127 "+name, changed(plan+4+i, 127), malformed)
		add("2^0 "+name, changed(plan+4+i, 0), malformed)
	}
	add("a row of weights more", changed(len(k.head)-1, k.head[len(k.head)-1]+1), malformed)
	add("a row of weights fewer", changed(len(k.head)-1, k.head[len(k.head)-1]-1), malformed)
}

// inOrder iterates over a map in the order of its keys.
func inOrder[V any](m map[string]V) func(yield func(string, V) bool) {
	return func(yield func(string, V) bool) {
		for _, name := range slices.Sorted(maps.Keys(m)) {
			if !yield(name, m[name]) {
				return
			}
		}
	}
}
