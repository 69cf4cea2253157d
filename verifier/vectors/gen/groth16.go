package main

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254"
)

// groth16 adds forgeries that know how a Groth16 proof is checked.
func (s *suite) groth16(p *proofs) {
	_, _, gen1, gen2 := bn254.Generators()
	with := func(flaw, name string, w want, change func(f []field)) {
		r := p.a.clone()
		change(r.fields)
		s.add(p.name, flaw, name, r.bytes(), w)
	}
	swap := func(i, j int) func(f []field) {
		return func(f []field) { f[i].data, f[j].data = f[j].data, f[i].data }
	}
	with("swapped parts", "Ar and Krs", rejected, swap(fieldAr, fieldKrs))
	with("swapped parts", "D and PoK", rejected, swap(fieldD, fieldPoK))
	with("swapped parts", "Ar and D", rejected, swap(fieldAr, fieldD))

	with("wrong proof of knowledge", "PoK = D", rejected, func(f []field) { f[fieldPoK].data = f[fieldD].data })
	with("wrong proof of knowledge", "PoK is the generator", rejected, func(f []field) { f[fieldPoK].data = g1Bytes(gen1) })
	with("wrong proof of knowledge", "PoK + generator", rejected, func(f []field) { f[fieldPoK].data = plusGenerator(f[fieldPoK].data) })
	with("wrong proof of knowledge", "PoK of D + generator", rejected, func(f []field) { f[fieldD].data = plusGenerator(f[fieldD].data) })
	with("wrong proof of knowledge", "2*D with 2*PoK", rejected, func(f []field) {
		f[fieldD].data, f[fieldPoK].data = doubled(f[fieldD].data), doubled(f[fieldPoK].data)
	})
	with("wrong proof of knowledge", "-D with -PoK", rejected, func(f []field) {
		f[fieldD].data, f[fieldPoK].data = negated(f[fieldD].data), negated(f[fieldPoK].data)
	})
	with("commitment of another proof", "D and PoK, of another input", rejected, func(f []field) {
		f[fieldD].data, f[fieldPoK].data = p.other.fields[fieldD].data, p.other.fields[fieldPoK].data
	})
	with("commitment of another proof", "D and PoK, of the same input", rejected, func(f []field) {
		f[fieldD].data, f[fieldPoK].data = p.same.fields[fieldD].data, p.same.fields[fieldPoK].data
	})
	with("commitment of another proof", "all but D and PoK", rejected, func(f []field) {
		for i := fieldAr; i <= fieldKrs; i++ {
			f[i].data = p.same.fields[i].data
		}
	})
	if w := p.keys.VerifyingKey.Groth16.Weights; w != nil {
		with("swapped commitments", "D is the weights'", rejected, func(f []field) { f[fieldD].data = g1Bytes(w.C) })
		with("swapped commitments", "PoK is the weights'", rejected, func(f []field) { f[fieldPoK].data = g1Bytes(w.PoK) })
		with("swapped commitments", "both are the weights'", rejected, func(f []field) {
			f[fieldD].data, f[fieldPoK].data = g1Bytes(w.C), g1Bytes(w.PoK)
		})
		with("swapped commitments", "D + C with PoK + PoK_0", rejected, func(f []field) {
			f[fieldD].data, f[fieldPoK].data = sum(f[fieldD].data, w.C), sum(f[fieldPoK].data, w.PoK)
		})
	}
	with("trivial proof", "all generators", rejected, func(f []field) {
		for i := range f {
			f[i].data = g1Bytes(gen1)
		}
		f[fieldBs].data = g2Bytes(gen2)
	})
	with("trivial proof", "Ar, Bs are the key's alpha, beta", rejected, func(f []field) {
		f[fieldAr].data = g1Bytes(p.keys.VerifyingKey.Groth16.Alpha)
		f[fieldBs].data = g2Bytes(p.keys.VerifyingKey.Groth16.Beta)
	})
	for range 3 {
		with("off subgroup", "Bs", malformed, func(f []field) { f[fieldBs].data = offSubgroup() })
	}
	k := randomScalar()
	for name, r := range inOrder(map[string]*rawProof{
		"Ar*k":         scaled(p.a, k, big.NewInt(1)),
		"Bs*k":         scaled(p.a, big.NewInt(1), k),
		"Ar*k, Bs*k":   scaled(p.a, k, k),
		"-Ar":          scaled(p.a, big.NewInt(-1), big.NewInt(1)),
		"Ar*2, Bs*1/3": scaled(p.a, big.NewInt(2), new(big.Int).ModInverse(big.NewInt(3), scalarModulus)),
	}) {
		s.add(p.name, "wrongly re-randomised", name, r.bytes(), rejected)
	}
	for found := false; !found; { // Ar*k until its coordinate leaves room for the modulus
		k := randomScalar()
		r := scaled(p.a, k, new(big.Int).ModInverse(k, scalarModulus))
		if alias := pointAlias(r.fields[fieldAr].data); alias != nil {
			s.add(p.name, "re-randomised", "before the alias", r.bytes(), accepted)
			r.fields[fieldAr].data, found = alias, true
			s.add(p.name, "x + p alias", "Ar, re-randomised", r.bytes(), malformed)
		}
	}
	s.uncompressed(p)
}

// uncompressed adds the proof with points in their long form.
func (s *suite) uncompressed(p *proofs) {
	r := p.a.clone()
	for i := range r.fields {
		if i == fieldBs {
			q := g2(r.fields[i].data)
			b := q.RawBytes()
			r.fields[i].data = b[:]
		} else {
			q := g1(r.fields[i].data)
			b := q.RawBytes()
			r.fields[i].data = b[:]
		}
	}
	s.add(p.name, "other encoding", "points uncompressed", r.bytes(), malformed)
	s.add(p.name, "other encoding", "points uncompressed, JSON form", r.json(), malformed)
}

func plusGenerator(data []byte) []byte {
	_, _, gen, _ := bn254.Generators()
	return sum(data, gen)
}

func doubled(data []byte) []byte { return sum(data, g1(data)) }

func sum(data []byte, q bn254.G1Affine) []byte {
	p := g1(data)
	p.Add(&p, &q)
	return g1Bytes(p)
}
