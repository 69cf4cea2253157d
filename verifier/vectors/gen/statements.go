package main

import (
	"bytes"
	"fmt"
	"math/big"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/internal/answer"
)

var scalarModulus = fr.Modulus()

// statements adds proofs under another statement than the proven one.
func (s *suite) statements(p *proofs) {
	for i, x := range p.a.statement {
		for range 2 {
			r := p.a.clone()
			bit := s.rng.IntN(256)
			r.statement[i][31-bit/8] ^= 1 << (bit % 8)
			w := unless(new(fr.Element).SetBytesCanonical(r.statement[i]) == nil, rejected)
			s.addWith(p.name, "bit flip", fmt.Sprintf("statement %d, bit %d", i, bit), r.bytes(), answer.Options{AnyContext: true}, w)
		}
		alias := p.a.clone()
		alias.statement[i] = scalarAlias(x)
		s.add(p.name, "x + r alias", fmt.Sprintf("statement %d", i), alias.bytes(), malformed)
		s.add(p.name, "x + r alias", fmt.Sprintf("statement %d, JSON form", i), alias.json(), malformed)
		for name, data := range inOrder(map[string][]byte{
			"r": fr.Modulus().Bytes(), "2^256 - 1": bytes.Repeat([]byte{0xff}, 32),
		}) {
			r := p.a.clone()
			r.statement[i] = data
			s.add(p.name, "x + r alias", fmt.Sprintf("statement %d = %s", i, name), r.bytes(), malformed)
		}
		if i == 0 {
			continue
		}
		other := p.a.clone()
		other.statement[i] = p.other.statement[i]
		if !bytes.Equal(other.statement[i], x) {
			s.add(p.name, "other statement", fmt.Sprintf("element %d is another proof's", i), other.bytes(), rejected)
		}
		minus := p.a.clone()
		minus.statement[i] = new(big.Int).Sub(scalarModulus, big.NewInt(1)).FillBytes(make([]byte, 32))
		s.add(p.name, "digits out of range", fmt.Sprintf("element %d = r - 1", i), minus.bytes(), rejected)
	}
	r := p.a.clone()
	r.statement = p.other.clone().statement
	s.add(p.name, "other statement", "the whole statement is another proof's", r.bytes(), rejected)
	if n := len(p.a.statement); n > 2 && !bytes.Equal(p.a.statement[1], p.a.statement[n-1]) {
		r = p.a.clone()
		slices.Reverse(r.statement[1:])
		s.add(p.name, "permuted inputs", "elements reversed", r.bytes(), rejected)
	}
	s.tensors(p)
}

// tensors changes the integers of public tensors and packs them again.
func (s *suite) tensors(p *proofs) {
	next := 1
	for kind, tensors := range [][]verifier.TensorCard{p.card().Inputs, p.card().Outputs} {
		for i := range tensors {
			t := &tensors[i]
			from := next
			next += t.Elements()
			if t.Mode == verifier.Public {
				s.tensor(p, []string{"input", "output"}[kind], t, from)
			}
		}
	}
}

func (s *suite) tensor(p *proofs, kind string, t *verifier.TensorCard, from int) {
	var elements []fr.Element
	for _, x := range p.a.statement[from : from+t.Elements()] {
		var e fr.Element
		must(0, e.SetBytesCanonical(x))
		elements = append(elements, e)
	}
	ints := must(verifier.Unpack(t, elements))
	changed := func(flaw, name string, q []int64) {
		if slices.Equal(q, ints) {
			return
		}
		r := p.a.clone()
		for i, x := range must(verifier.Pack(t, q)) {
			b := x.Bytes()
			r.statement[from+i] = b[:]
		}
		s.add(p.name, flaw, kind+name, r.bytes(), rejected)
	}
	swapped := slices.Clone(ints)
	i := s.rng.IntN(len(ints) - 1)
	for ; swapped[i] == swapped[i+1]; i = (i + 1) % (len(ints) - 1) {
	}
	swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
	changed("permuted inputs", fmt.Sprintf(": integers %d and %d swapped", i, i+1), swapped)
	reversed := slices.Clone(ints)
	slices.Reverse(reversed)
	changed("permuted inputs", " reversed", reversed)
	for range 4 {
		q := slices.Clone(ints)
		i := s.rng.IntN(len(q))
		if q[i]++; q[i] > t.Hi {
			q[i] -= 2
		}
		changed("other statement", fmt.Sprintf(": integer %d off by one", i), q)
	}
	lowest := slices.Clone(ints)
	for i := range lowest {
		lowest[i] = t.Lo
	}
	changed("other statement", " at its least", lowest)

	// The last element, one above the greatest that its digits can make.
	base := new(big.Int).Add(big.NewInt(1), new(big.Int).Sub(big.NewInt(t.Hi), big.NewInt(t.Lo)))
	full := 0 // digits of a full element
	for x := big.NewInt(1); x.Mul(x, base).Cmp(new(big.Int).Lsh(big.NewInt(1), 253)) <= 0; full++ {
	}
	for name, held := range inOrder(map[string]int{"first": min(full, len(ints)), "last": len(ints) - (t.Elements()-1)*full}) {
		at := from
		if name == "last" {
			at += t.Elements() - 1
		}
		r := p.a.clone()
		r.statement[at] = new(big.Int).Exp(base, big.NewInt(int64(held)), nil).FillBytes(make([]byte, 32))
		s.add(p.name, "digits out of range", fmt.Sprintf("%s: %s element = B^%d", kind, name, held), r.bytes(), rejected)
		x := new(big.Int).Exp(base, big.NewInt(int64(held)), nil)
		x.Add(x, new(big.Int).SetBytes(p.a.statement[at]))
		if x.Cmp(scalarModulus) < 0 {
			r.statement[at] = x.FillBytes(make([]byte, 32))
			s.add(p.name, "digits out of range", fmt.Sprintf("%s: %s element + B^%d", kind, name, held), r.bytes(), rejected)
		}
	}
}

// options adds valid proofs that are not what the caller asked for.
func (s *suite) options(p *proofs) {
	with := func(flaw, name string, r *rawProof, o answer.Options, w want) {
		s.addWith(p.name, flaw, name, r.bytes(), o, w)
	}
	with("other context", "0 expected", p.contexts, answer.Options{}, otherContext)
	with("other context", "8 expected, 7 found", p.contexts, answer.Options{Context: element(8)}, otherContext)
	with("other context", "7 expected, 0 found", p.a, answer.Options{Context: element(7)}, otherContext)
	forged := p.a.clone()
	forged.statement[0] = element(7)
	with("other context", "the statement says 7, the proof 0", forged, answer.Options{Context: element(7)}, rejected)
	with("other context", "the statement says 7, the proof 0, any context", forged, answer.Options{AnyContext: true}, rejected)
	forged = p.contexts.clone()
	forged.statement[0] = element(0)
	with("other context", "the statement says 0, the proof 7", forged, answer.Options{}, rejected)
	if p.keys.VerifyingKey.Card.Setup.Unsafe() {
		with("unsafe key", "refused", p.a, answer.Options{RefuseUnsafe: true}, unsafeRefused)
	} else {
		with("", "key of a ceremony", p.a, answer.Options{RefuseUnsafe: true}, accepted)
	}

	in := &p.card().Inputs[0]
	changed := slices.Clone(p.input)
	if changed[0]++; changed[0] > in.Hi {
		changed[0] = in.Lo
	}
	rotated := append(slices.Clone(p.input[1:]), p.input[0])
	beyond := reals(in, p.input)
	beyond[len(beyond)-1] = in.RealHi + 1
	for name, o := range inOrder(map[string]answer.Options{
		"one integer differs":        {ExpectInts: [][]int64{changed}},
		"rotated":                    {ExpectInts: [][]int64{rotated}},
		"too few integers":           {ExpectInts: [][]int64{p.input[1:]}},
		"too many integers":          {ExpectInts: [][]int64{append(slices.Clone(p.input), 0)}},
		"no integers":                {ExpectInts: [][]int64{{}}},
		"greatest integers":          {ExpectInts: [][]int64{slices.Repeat([]int64{1<<53 - 1}, len(p.input))}},
		"a second input":             {ExpectInts: [][]int64{nil, p.input}},
		"one real number differs":    {ExpectInput: [][]float64{reals(in, changed)}},
		"a real number out of range": {ExpectInput: [][]float64{beyond}},
		"too few real numbers":       {ExpectInput: [][]float64{reals(in, p.input[1:])}},
	}) {
		with("other input", name, p.a, o, otherInput)
	}
	if in.Mode != verifier.Public {
		with("other input", "the input is not public", p.a, answer.Options{ExpectInts: [][]int64{p.input}}, otherInput)
	}
}
