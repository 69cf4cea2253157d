package main

import (
	"bytes"
	"fmt"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

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
