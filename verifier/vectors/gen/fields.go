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
	for i, f := range p.a.fields {
		if f.name == "shape" {
			s.shape(p)
			continue
		}
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
			ok := decodable(flipped) || p.a.flat() && bytes.Equal(flipped, infinity(len(flipped)))
			if p.a.scalar(i) {
				ok = new(fr.Element).SetBytesCanonical(flipped) == nil
			}
			spoil("bit flip", fmt.Sprintf(", bit %d", bit), flipped, unless(ok, rejected))
		}
		if p.a.flat() && i%8 != 1 { // of many fields, some
			continue
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
		spoil("infinity", "", infinity(len(data)), unless(p.a.flat(), rejected)) // a row of zeros is a row
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

// shape changes the numbers that a flat proof begins with: it is cut short, goes on, or is another plan's.
func (s *suite) shape(p *proofs) {
	change := func(name string, at ...int) {
		r := p.a.clone()
		for _, i := range at {
			if i < 0 {
				r.fields[0].data[-i]--
			} else {
				r.fields[0].data[i]++
			}
		}
		s.add(p.name, "wrong shape", name, r.bytes(), malformed)
	}
	change("a row more", 1)
	change("a row of inverses more", 3)
	change("a row of inverses fewer", -3)
	change("inverses as rows", 1, -3)
	change("a round more of the first sumcheck", 4)
	change("a round fewer of the first sumcheck", -4)
	change("a round more of the second sumcheck", 5)
	change("two rounds of the first as three of the second", -4, -4, 5, 5, 5)
	change("longer rows", 6)
	change("shorter rows", -6)
	change("256 rows more", 0)
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
