package main

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"math/big"
	"strings"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fp"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
)

const proofMagic = "nnark-proof-1"

// rawProof is a binary proof in pieces, each of which may be wrong. It is read
// and written here from the format's documentation, not with package verifier.
type rawProof struct {
	magic     string
	system    byte
	key       []byte
	count     uint32
	statement [][]byte
	fields    []field
	tail      []byte
}

// field is a point or a scalar of a proof, encoded.
type field struct {
	name string
	data []byte
}

var groth16Fields = []field{{"Ar", make([]byte, 32)}, {"Bs", make([]byte, 64)}, {"Krs", make([]byte, 32)},
	{"D", make([]byte, 32)}, {"PoK", make([]byte, 32)}}

var plonkPoints = []string{"L", "R", "O", "Z", "H0", "H1", "H2", "commitment", "opening", "shifted opening"}

func newRaw(p *verifier.Proof) (*rawProof, error) {
	data, err := p.MarshalBinary()
	if err != nil {
		return nil, err
	}
	r := &rawProof{magic: proofMagic}
	data = data[len(proofMagic):]
	r.system, r.key = data[0], data[1:33]
	r.count = binary.BigEndian.Uint32(data[33:])
	data = data[37:]
	for range r.count {
		r.statement = append(r.statement, data[:32])
		data = data[32:]
	}
	layout := groth16Fields
	if p.Plonk != nil {
		layout = nil
		for i := range len(data) / 32 {
			name := fmt.Sprintf("scalar %d", i-len(plonkPoints))
			if i < len(plonkPoints) {
				name = plonkPoints[i]
			}
			layout = append(layout, field{name, make([]byte, 32)})
		}
	}
	if p.Flat != nil {
		layout = flatLayout(data)
	}
	for _, f := range layout {
		r.fields = append(r.fields, field{f.name, data[:len(f.data)]})
		data = data[len(f.data):]
	}
	if len(data) != 0 {
		return nil, fmt.Errorf("%d bytes of a proof are not accounted for", len(data))
	}
	return r, nil
}

// flatLayout returns the fields of a proof of the flat argument, which begins with their numbers.
func flatLayout(data []byte) []field {
	const shape = 7
	witness, inverses := int(binary.BigEndian.Uint16(data)), int(binary.BigEndian.Uint16(data[2:]))
	first, second, row := int(data[4]), int(data[5]), int(data[6])
	out := []field{{"shape", make([]byte, shape)}}
	add := func(kind string, n int) {
		for i := range n {
			out = append(out, field{fmt.Sprintf("%s %d", kind, i), make([]byte, 32)})
		}
	}
	add("row", witness)
	add("mask", 1)
	add("inverses", inverses)
	add("scalar", 2+3*first+5+1+2*second+2)
	add("fold", row-1)
	add("opening's scalar", 2*row+1)
	add("opening", 2)
	return out
}

// scalar reports whether field i is a scalar.
func (r *rawProof) scalar(i int) bool {
	return r.system == byte(verifier.Plonk) && i >= len(plonkPoints) || r.flat() && strings.Contains(r.fields[i].name, "scalar")
}

func (r *rawProof) flat() bool { return r.system == byte(verifier.Flat) }

func (r *rawProof) clone() *rawProof {
	c := *r
	c.key = bytes.Clone(r.key)
	c.statement, c.fields = nil, nil
	for _, s := range r.statement {
		c.statement = append(c.statement, bytes.Clone(s))
	}
	for _, f := range r.fields {
		c.fields = append(c.fields, field{f.name, bytes.Clone(f.data)})
	}
	return &c
}

func (r *rawProof) bytes() []byte {
	out := append([]byte(r.magic), r.system)
	out = append(out, r.key...)
	out = binary.BigEndian.AppendUint32(out, r.count)
	out = append(out, bytes.Join(r.statement, nil)...)
	for _, f := range r.fields {
		out = append(out, f.data...)
	}
	return append(out, r.tail...)
}

// json returns the proof's JSON form.
func (r *rawProof) json() []byte {
	out := fmt.Appendf(nil, `{"format":%q,"system":%q,"key":"%x","statement":[`,
		r.magic, verifier.System(r.system).String(), r.key)
	for i, s := range r.statement {
		if i > 0 {
			out = append(out, ',')
		}
		out = fmt.Appendf(out, `"%x"`, s)
	}
	out = append(out, `],"proof":"`...)
	for _, f := range r.fields {
		out = fmt.Appendf(out, "%x", f.data)
	}
	return fmt.Appendf(out, `%x"}`, r.tail)
}

func (r *rawProof) setStatement(s []fr.Element) {
	r.statement, r.count = nil, uint32(len(s))
	for i := range s {
		b := s[i].Bytes()
		r.statement = append(r.statement, b[:])
	}
}

// decodable reports whether a compressed point is one of the group, and not
// infinity.
func decodable(data []byte) bool {
	if len(data) == bn254.SizeOfG2AffineCompressed {
		var p bn254.G2Affine
		_, err := p.SetBytes(data)
		return err == nil && !p.IsInfinity()
	}
	var p bn254.G1Affine
	_, err := p.SetBytes(data)
	return err == nil && !p.IsInfinity()
}

// The sign and infinity bits of a compressed point.
const (
	flagMask     = 0xc0
	flagSmall    = 0x80
	flagInfinity = 0x40
)

// negated returns the point with the other y.
func negated(data []byte) []byte {
	out := bytes.Clone(data)
	out[0] ^= flagMask ^ flagSmall // 10 <-> 11
	return out
}

func infinity(size int) []byte {
	out := make([]byte, size)
	out[0] = flagInfinity
	return out
}

// offCurve returns the encoding of a coordinate that no point of the curve has.
func offCurve(size int) []byte {
	for {
		out := randomBytes(size)
		out[0] = out[0]&0x0f | flagSmall // below the modulus
		out[size/2] &= 0x0f              // of the second coordinate of G2
		if size == 32 {
			out[size/2] = randomBytes(1)[0]
		}
		var err error
		if size == bn254.SizeOfG2AffineCompressed {
			err = bn254.NewDecoder(bytes.NewReader(out), bn254.NoSubgroupChecks()).Decode(new(bn254.G2Affine))
		} else {
			err = bn254.NewDecoder(bytes.NewReader(out), bn254.NoSubgroupChecks()).Decode(new(bn254.G1Affine))
		}
		if err != nil {
			return out
		}
	}
}

// offSubgroup returns a point of G2's curve that is not in G2.
func offSubgroup() []byte {
	for {
		out := randomBytes(bn254.SizeOfG2AffineCompressed)
		out[0] = out[0]&0x0f | flagSmall
		out[32] &= 0x0f
		var p bn254.G2Affine
		err := bn254.NewDecoder(bytes.NewReader(out), bn254.NoSubgroupChecks()).Decode(&p)
		if err == nil && p.IsOnCurve() && !p.IsInSubGroup() {
			return out
		}
	}
}

// aliasOf returns the same coordinate or scalar plus a modulus, or nil if that
// does not fit the bits below the flags.
func aliasOf(data []byte, modulus *big.Int, bits int) []byte {
	x := new(big.Int).SetBytes(data)
	flags := new(big.Int).Rsh(x, uint(bits))
	x.Sub(x, new(big.Int).Lsh(flags, uint(bits)))
	x.Add(x, modulus)
	if x.BitLen() > bits {
		return nil
	}
	x.Add(x, flags.Lsh(flags, uint(bits)))
	return x.FillBytes(make([]byte, 32))
}

func pointAlias(data []byte) []byte  { return aliasOf(data, fp.Modulus(), 254) }
func scalarAlias(data []byte) []byte { return aliasOf(data, fr.Modulus(), 256) }

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func randomScalar() *big.Int {
	var x fr.Element
	x.MustSetRandom()
	return x.BigInt(new(big.Int))
}

func g1(data []byte) (p bn254.G1Affine) { must(p.SetBytes(data)); return p }
func g2(data []byte) (p bn254.G2Affine) { must(p.SetBytes(data)); return p }

func g1Bytes(p bn254.G1Affine) []byte { b := p.Bytes(); return b[:] }
func g2Bytes(p bn254.G2Affine) []byte { b := p.Bytes(); return b[:] }

// must stops the generator, which is given nothing that can fail.
func must[T any](x T, err error) T {
	if err != nil {
		panic(err)
	}
	return x
}
