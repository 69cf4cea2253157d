package main

import (
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/internal/answer"
)

// openings adds valid proofs with the key's digest pinned and with digests opened, rightly
// and wrongly.
func (s *suite) openings(p *proofs) error {
	with := func(flaw, name string, o answer.Options, w want) {
		s.addWith(p.name, flaw, name, p.a.bytes(), o, w)
	}
	digest := p.keys.VerifyingKey.Digest()
	with("", "the key's digest expected", answer.Options{ExpectKey: digest[:]}, accepted)
	for name, i := range inOrder(map[string]int{"first bit": 0, "last bit": 255}) {
		other := digest
		other[i/8] ^= 1 << (7 - i%8)
		with("other key", name, answer.Options{ExpectKey: other[:]}, otherKey)
	}
	with("other key", "zeros", answer.Options{ExpectKey: make([]byte, 32)}, otherKey)

	values, err := p.program.Eval([][]int64{p.input})
	if err != nil {
		return err
	}
	salts := p.salts
	for _, output := range []bool{false, true} {
		card, ints := &p.card().Inputs[0], p.input
		if output {
			card, ints = &p.card().Outputs[0], values[p.program.Outputs[0].Value]
		}
		opening := func(index int, ints []int64, salt fr.Element) answer.Options {
			b := salt.Bytes()
			return answer.Options{Openings: []answer.Opening{{Output: output, Index: index, Ints: ints, Salt: b[:]}}}
		}
		if card.Mode != verifier.Digest {
			with("other opening", "no digest", opening(0, ints, fr.NewElement(1)), otherOpening)
			continue
		}
		salt := salts[0]
		salts = salts[1:]
		with("", "digest opened", opening(0, ints, salt), accepted)
		with("other opening", "no such tensor", opening(1, ints, salt), otherOpening)
		with("other opening", "one integer too few", opening(0, ints[1:], salt), otherOpening)
		with("other opening", "one integer too many", opening(0, append(slices.Clone(ints), card.Lo), salt), otherOpening)
		changed := slices.Clone(ints)
		if changed[0]++; changed[0] > card.Hi {
			changed[0] -= 2
		}
		with("other opening", "one integer differs", opening(0, changed, salt), otherOpening)
		changed[0] = card.Hi + 1
		with("other opening", "an integer out of range", opening(0, changed, salt), otherOpening)
		var other fr.Element
		other.Add(&salt, new(fr.Element).SetOne())
		with("other opening", "salt + 1", opening(0, ints, other), otherOpening)
		with("other opening", "no salt", opening(0, ints, fr.Element{}), otherOpening)
	}
	return nil
}
