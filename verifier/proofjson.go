package verifier

import (
	"bytes"
	"encoding/hex"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier/flat"
)

// MarshalJSON returns the proof as one JSON object; bytes are in lower-case
// hexadecimal:
//
//	{"format":"nnark-proof-1","system":"groth16","key":"<digest>","statement":["<element>",...],"proof":"<points>"}
func (p *Proof) MarshalJSON() ([]byte, error) {
	s, err := p.system()
	if err != nil {
		return nil, err
	}
	out := []byte(`{"format":"` + proofMagic + `","system":"` + s.String() + `","key":"`)
	out = hex.AppendEncode(out, p.KeyDigest[:])
	out = append(out, `","statement":[`...)
	for i := range p.Statement {
		if i > 0 {
			out = append(out, ',')
		}
		b := p.Statement[i].Bytes()
		out = append(out, '"')
		out = hex.AppendEncode(out, b[:])
		out = append(out, '"')
	}
	var e encoder
	p.encodePoints(&e)
	out = append(out, `],"proof":"`...)
	out = hex.AppendEncode(out, e.buf)
	return append(out, `"}`...), nil
}

// UnmarshalJSON is [ParseProofJSON] for encoding/json.
func (p *Proof) UnmarshalJSON(data []byte) error {
	q, err := ParseProofJSON(data)
	if err != nil {
		return err
	}
	*p = *q
	return nil
}

// ParseProofJSON decodes what [Proof.MarshalJSON] wrote, in any order of keys
// and with any white space. Unknown, duplicate and missing keys, upper-case
// hexadecimal, escapes, elements not below r and trailing bytes are refused.
// Every error is [ErrMalformed].
func ParseProofJSON(data []byte) (*Proof, error) {
	var format, system, key, points string
	var statement []fr.Element
	s := jsonScanner{rest: data}
	seen := map[string]bool{}
	s.object(func(name string) {
		if seen[name] {
			s.fail("duplicate key %q", name)
		}
		seen[name] = true
		switch name {
		case "format":
			format = s.text(maxJSONName)
		case "system":
			system = s.text(maxJSONName)
		case "key":
			key = s.text(2 * len(Proof{}.KeyDigest))
		case "statement":
			statement = s.statement()
		case "proof":
			points = s.text(2 * max(Groth16ProofSize, PlonkProofSize, flat.MaxProofSize))
		default:
			s.fail("unknown key %q", name)
		}
	})
	if err := s.end(); err != nil {
		return nil, err
	}
	switch {
	case len(seen) != 5:
		return nil, malformed("proof: missing keys")
	case format != proofMagic:
		return nil, malformed("proof: format %q", format)
	}
	for s := Groth16; s.Known(); s++ {
		if s.String() == system {
			return assemble(s, key, statement, points)
		}
	}
	return nil, malformed("proof: system %q", system)
}

// assemble decodes the hexadecimal parts of a proof.
func assemble(s System, key string, statement []fr.Element, points string) (*Proof, error) {
	p := &Proof{Statement: statement}
	var d decoder
	d.rest = d.hex(key)
	p.KeyDigest = d.hash()
	if err := d.end(); err != nil {
		return nil, err
	}
	d.rest = d.hex(points)
	p.decodePoints(&d, s)
	if err := d.end(); err != nil {
		return nil, err
	}
	return p, nil
}

// hex decodes lower-case hexadecimal.
func (d *decoder) hex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil || hex.EncodeToString(b) != s {
		d.fail("not lower-case hexadecimal")
		return nil
	}
	return b
}

// maxJSONName bounds the strings that are not bytes: keys, format, system.
const maxJSONName = 32

// jsonScanner reads the little JSON that proofs need: one object of strings
// and arrays of strings. The first failure sticks.
type jsonScanner struct {
	rest []byte
	err  error
}

func (s *jsonScanner) fail(format string, args ...any) {
	if s.err == nil {
		s.err = malformed("proof: "+format, args...)
	}
}

func (s *jsonScanner) skipSpace() { s.rest = bytes.TrimLeft(s.rest, " \t\r\n") }

// accept skips white space and then c, and reports whether c was there.
func (s *jsonScanner) accept(c byte) bool {
	s.skipSpace()
	if s.err != nil || len(s.rest) == 0 || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *jsonScanner) expect(c byte) {
	if !s.accept(c) {
		s.fail("%q expected, %d bytes before the end", c, len(s.rest))
	}
}

// object calls member for each name; member reads the value.
func (s *jsonScanner) object(member func(name string)) {
	s.list('{', '}', func() {
		name := s.text(maxJSONName)
		s.expect(':')
		if s.err == nil {
			member(name)
		}
	})
}

// list reads what item reads, between open and close, separated by commas.
func (s *jsonScanner) list(open, close byte, item func()) {
	s.expect(open)
	if s.accept(close) {
		return
	}
	for s.err == nil {
		item()
		if s.accept(close) {
			return
		}
		s.expect(',')
	}
}

// text reads a string of at most limit bytes. It knows no escapes: a string with
// one is none that a proof has.
func (s *jsonScanner) text(limit int) string {
	s.expect('"')
	i := bytes.IndexByte(s.rest[:min(len(s.rest), limit+1)], '"')
	if s.err != nil || i < 0 {
		s.fail("string of at most %d bytes expected, %d bytes before the end", limit, len(s.rest))
		return ""
	}
	text := string(s.rest[:i])
	s.rest = s.rest[i+1:]
	return text
}

func (s *jsonScanner) statement() (elements []fr.Element) {
	s.list('[', ']', func() {
		var d decoder
		d.rest = d.hex(s.text(2 * fr.Bytes))
		x := d.scalar()
		if err := d.end(); err != nil && s.err == nil {
			s.err = err
		}
		if elements = append(elements, x); len(elements) > maxElements {
			s.fail("statement too long")
		}
	})
	return elements
}

func (s *jsonScanner) end() error {
	s.skipSpace()
	if len(s.rest) != 0 {
		s.fail("%d trailing bytes", len(s.rest))
	}
	return s.err
}
