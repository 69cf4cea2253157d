package main

import (
	"bytes"
	"fmt"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/internal/answer"
)

// valid adds cases that must be accepted.
func (s *suite) valid(p *proofs) error {
	in := &p.card().Inputs[0]
	s.add(p.name, "", "binary form", p.a.bytes(), accepted)
	s.add(p.name, "", "JSON form", p.a.json(), accepted)
	s.add(p.name, "", "second proof of the same input", p.same.bytes(), accepted)
	s.addWith(p.name, "", "expected context", p.contexts.bytes(), answer.Options{Context: element(7)}, accepted)
	s.addWith(p.name, "", "any context", p.contexts.bytes(), answer.Options{AnyContext: true}, accepted)
	if in.Mode == verifier.Public {
		s.addWith(p.name, "", "expected integers", p.a.bytes(), answer.Options{ExpectInts: [][]int64{p.input}}, accepted)
		s.addWith(p.name, "", "expected real numbers", p.a.bytes(), answer.Options{ExpectInput: [][]float64{reals(in, p.input)}}, accepted)
	}
	s.addWith(p.name, "", "no expected input", p.a.bytes(), answer.Options{ExpectInts: [][]int64{nil}}, accepted)
	for name, q := range inOrder(map[string][]int64{"least input": p.constant(in.Lo), "greatest input": p.constant(in.Hi)}) {
		r, err := p.prove(q, 0)
		if err != nil {
			return err
		}
		s.add(p.name, "", name, r.bytes(), accepted)
	}
	for i := range 10 {
		r, err := p.prove(p.target.input(), uint64(i))
		if err != nil {
			return err
		}
		data := r.bytes()
		if i%2 == 1 {
			data = r.json()
		}
		s.addWith(p.name, "", "random input", data, answer.Options{Context: element(uint64(i))}, accepted)
	}
	if p.a.groth16() {
		s.rerandomised(p)
	}
	return nil
}

// rerandomised adds what anyone can make of a Groth16 proof without a secret.
func (s *suite) rerandomised(p *proofs) {
	const flaw = "re-randomised"
	for _, k := range []*big.Int{big.NewInt(-1), big.NewInt(2), randomScalar(), randomScalar(), randomScalar()} {
		k := new(big.Int).Mod(k, fr.Modulus())
		s.add(p.name, flaw, "Ar*k, Bs/k", scaled(p.a, k, new(big.Int).ModInverse(k, fr.Modulus())).bytes(), accepted)
	}
	for range 4 {
		s.add(p.name, flaw, "Bs + k*delta, Krs + k*Ar", p.shifted(p.a, randomScalar()).bytes(), accepted)
	}
	k := randomScalar()
	both := scaled(p.shifted(p.same, randomScalar()), k, new(big.Int).ModInverse(k, fr.Modulus()))
	s.add(p.name, flaw, "both", both.bytes(), accepted)
}

// Positions of a Groth16 proof's fields.
const (
	fieldAr = iota
	fieldBs
	fieldKrs
	fieldD
	fieldPoK
)

func (r *rawProof) groth16() bool { return r.system == byte(verifier.Groth16) }

// scaled returns the proof with Ar*k and Bs*l.
func scaled(r *rawProof, k, l *big.Int) *rawProof {
	r = r.clone()
	a, b := g1(r.fields[fieldAr].data), g2(r.fields[fieldBs].data)
	a.ScalarMultiplication(&a, k)
	b.ScalarMultiplication(&b, l)
	r.fields[fieldAr].data, r.fields[fieldBs].data = g1Bytes(a), g2Bytes(b)
	return r
}

// shifted returns the proof with Bs + k*delta and, since e(Ar, k*delta) =
// e(k*Ar, delta), Krs + k*Ar.
func (t *target) shifted(r *rawProof, k *big.Int) *rawProof {
	r = r.clone()
	var delta bn254.G2Affine
	delta.ScalarMultiplication(&t.keys.VerifyingKey.Groth16.Delta, k)
	b, krs, a := g2(r.fields[fieldBs].data), g1(r.fields[fieldKrs].data), g1(r.fields[fieldAr].data)
	b.Add(&b, &delta)
	a.ScalarMultiplication(&a, k)
	krs.Add(&krs, &a)
	r.fields[fieldBs].data, r.fields[fieldKrs].data = g2Bytes(b), g1Bytes(krs)
	return r
}

func reals(t *verifier.TensorCard, ints []int64) []float64 {
	return verifier.Tensor{Card: t, Ints: ints}.Floats()
}

func element(n uint64) []byte { return new(big.Int).SetUint64(n).FillBytes(make([]byte, fr.Bytes)) }

// models adds proofs of other models.
func (s *suite) models(p *proofs, next *target) error {
	const flaw = "other model"
	r, err := next.prove(next.input(), 0)
	if err != nil {
		return err
	}
	s.add(p.name, flaw, fmt.Sprintf("a proof for %q", next.name), r.bytes(), wrongModel)
	s.add(p.name, flaw, fmt.Sprintf("a proof for %q, JSON form", next.name), r.json(), wrongModel)
	r.key = p.a.key
	w := rejected
	if r.system != p.a.system || r.count != p.a.count {
		w = malformed
	}
	s.add(p.name, flaw, fmt.Sprintf("a proof for %q that names this key", next.name), r.bytes(), w)
	r = p.a.clone()
	r.key = make([]byte, len(r.key))
	s.add(p.name, flaw, "digest of zeros", r.bytes(), wrongModel)
	if p.card().Weights != verifier.CommittedWeights || !p.a.groth16() {
		return nil
	}
	other, err := p.otherWeights(p.name + ", other weights")
	if err != nil {
		return err
	}
	s.file.Keys[other.name] = must(other.keys.VerifyingKey.MarshalBinary())
	if r, err = other.prove(p.input, 0); err != nil {
		return err
	}
	s.add(other.name, "", "same setup, other weights", r.bytes(), accepted)
	s.add(p.name, flaw, "other weights", r.bytes(), wrongModel)
	s.add(other.name, flaw, "other weights", p.a.bytes(), wrongModel)
	w1, w2 := r.clone(), p.a.clone()
	w1.key, w2.key = p.a.key, r.key
	s.add(p.name, flaw, "other weights, but names this key", w1.bytes(), rejected)
	s.add(other.name, flaw, "other weights, but names this key", w2.bytes(), rejected)
	return nil
}

// fields adds proofs with one field spoiled, of either system.
func (s *suite) fields(p *proofs) {
	for i := range p.a.fields {
		spoil := func(flaw, name string, data []byte, w want) {
			r := p.a.clone()
			r.fields[i].data = data
			s.add(p.name, flaw, r.fields[i].name+name, r.bytes(), w)
		}
		data := p.a.fields[i].data
		flips := []int{s.rng.IntN(8*len(data) - 8)}
		if p.a.groth16() {
			flips = append(flips, s.rng.IntN(8*len(data)-8), 8*len(data)-1, 8*len(data)-2)
		}
		for _, bit := range flips {
			flipped := bytes.Clone(data)
			flipped[len(data)-1-bit/8] ^= 1 << (bit % 8)
			ok := decodable(flipped)
			if p.a.scalar(i) {
				ok = new(fr.Element).SetBytesCanonical(flipped) == nil
			}
			spoil("bit flip", fmt.Sprintf(", bit %d", bit), flipped, unless(ok, rejected))
		}
		spoil("part of another proof", " of another input", p.other.fields[i].data, rejected)
		spoil("part of another proof", " of the same input", p.same.fields[i].data, rejected)
		if p.a.scalar(i) {
			x := new(big.Int).SetBytes(data)
			x.Add(x, big.NewInt(1)).Mod(x, fr.Modulus())
			spoil("wrong scalar", " + 1", x.FillBytes(make([]byte, fr.Bytes)), rejected)
			spoil("wrong scalar", " = 0", make([]byte, fr.Bytes), rejected)
			spoil("x + r alias", "", scalarAlias(data), malformed)
			spoil("x + r alias", " = r", fr.Modulus().Bytes(), malformed)
			continue
		}
		spoil("negated point", "", negated(data), rejected)
		spoil("infinity", "", infinity(len(data)), malformed)
		spoil("off curve", "", offCurve(len(data)), malformed)
		zeros := make([]byte, len(data))
		spoil("zeros", "", zeros, malformed)
		if len(data) == bn254.SizeOfG1AffineCompressed {
			if alias := pointAlias(data); alias != nil {
				spoil("x + p alias", "", alias, malformed)
			}
		}
	}
	s.swaps(p)
}

// swaps exchanges points of G1.
func (s *suite) swaps(p *proofs) {
	for range 5 {
		i, j := s.rng.IntN(len(p.a.fields)), s.rng.IntN(len(p.a.fields))
		if i == j || len(p.a.fields[i].data) != len(p.a.fields[j].data) || p.a.scalar(i) != p.a.scalar(j) {
			continue
		}
		r := p.a.clone()
		r.fields[i].data, r.fields[j].data = r.fields[j].data, r.fields[i].data
		s.add(p.name, "swapped parts", r.fields[i].name+" and "+r.fields[j].name, r.bytes(), rejected)
	}
}
