package main

import (
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
