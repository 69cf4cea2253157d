package main

import (
	"bytes"
	"fmt"
	"strings"
)

// lengths adds proofs of wrong length.
func (s *suite) lengths(p *proofs) {
	data := p.a.bytes()
	add := func(flaw, name string, data []byte) { s.add(p.name, flaw, name, data, malformed) }
	add("truncated", "empty", nil)
	end := 0
	for _, part := range []struct {
		name string
		size int
	}{{"magic", len(p.a.magic)}, {"system", 1}, {"key", 32}, {"count", 4}, {"statement", 32 * len(p.a.statement)}} {
		end += part.size
		add("truncated", "after "+part.name, data[:end])
	}
	for i, f := range p.a.fields {
		if end += len(f.data); i%3 == 0 && i < len(p.a.fields)-1 {
			add("truncated", "after "+f.name, data[:end])
		}
	}
	add("truncated", "last byte", data[:len(data)-1])
	add("trailing bytes", "one zero", append(bytes.Clone(data), 0))
	add("trailing bytes", "one line feed", append(bytes.Clone(data), '\n'))
	add("trailing bytes", "the proof again", append(bytes.Clone(data), data...))
	add("trailing bytes", "300 zeros", append(bytes.Clone(data), make([]byte, 300)...))
	n := p.a.count
	for _, count := range []uint32{0, n - 1, n + 1, n + 6, 1 << 17, 1<<17 + 1, 1 << 24, 1<<31 - 1, 1 << 31, 1<<32 - 1} {
		r := p.a.clone()
		r.count = count
		add("oversized length", fmt.Sprintf("count of %d elements is %d", n, count), r.bytes())
	}
	shorter, longer := p.a.clone(), p.a.clone()
	shorter.statement, shorter.count = shorter.statement[:n-1], n-1
	longer.statement, longer.count = append(longer.statement, make([]byte, 32)), n+1
	add("other statement", "one element fewer", shorter.bytes())
	add("other statement", "one zero more", longer.bytes())
	add("other statement", "one zero more, JSON form", longer.json())
	system := p.a.clone()
	system.system ^= 1
	add("wrong header", "the other system", system.bytes())
	system.system = 3
	add("wrong header", "no system", system.bytes())
	if !p.a.flat() {
		system.system = 2
		add("wrong header", "the flat system", system.bytes())
	}
	magic := p.a.clone()
	magic.magic = "nnark-proof-2"
	add("wrong header", "another version", magic.bytes())
	flip := p.a.clone()
	flip.key[s.rng.IntN(32)] ^= 1 << s.rng.IntN(8)
	s.add(p.name, "bit flip", "the key's digest", flip.bytes(), wrongModel)
}

// json adds proofs in JSON that are not exactly what the format says, and some
// that are.
func (s *suite) json(p *proofs) {
	text := string(p.a.json())
	replace := func(old, new string) string {
		out := strings.Replace(text, old, new, 1)
		if out == text {
			panic("no " + old)
		}
		return out
	}
	element := fmt.Sprintf("%x", p.a.statement[1])
	digest := fmt.Sprintf("%x", p.a.key)
	for name, text := range inOrder(map[string]string{
		"white space":  "\t" + strings.NewReplacer(",", " ,\r\n ", ":", " :\t").Replace(text) + "\n",
		"other order":  "{" + text[strings.Index(text, `"key"`):len(text)-1] + `,` + text[1:strings.Index(text, `,"key"`)] + "}",
		"spaced lists": strings.NewReplacer("[", "[ ", "]", " ]").Replace(text),
	}) {
		s.add(p.name, "", "JSON form, "+name, []byte(text), accepted)
	}
	for name, text := range inOrder(map[string]string{
		"upper-case element":      replace(element, strings.ToUpper(element)),
		"upper-case digest":       replace(digest, strings.ToUpper(digest)),
		"0x before an element":    replace(element, "0x"+element),
		"shorter element":         replace(element, strings.TrimPrefix(element, "00")[1:]),
		"longer element":          replace(element, "00"+element),
		"half a byte more":        replace(`"}`, `0"}`),
		"not hexadecimal":         replace(element[:8], "ghijklmn"),
		"element as a number":     replace(`"`+element+`"`, "12"),
		"nested statement":        replace(`"`+element+`"`, `["`+element+`"]`),
		"unknown key":             replace(`"key":`, `"extra":"","key":`),
		"duplicate key":           replace(`"key":`, `"system":"groth16","key":`),
		"duplicate statement":     replace(`"key":`, `"statement":[],"key":`),
		"missing key":             replace(`"key":"`+digest+`",`, ""),
		"missing format":          replace(`"format":"`+proofMagic+`",`, ""),
		"key in other case":       replace(`"key":`, `"Key":`),
		"escaped name":            replace(`"key":`, `"k\u0065y":`),
		"escaped value":           replace(`"nnark-proof-1"`, `"nnark-proof-\u0031"`),
		"other format":            replace(proofMagic, "nnark-proof-2"),
		"other system":            replace(`"system":"`, `"system":"x`),
		"trailing comma":          replace(`"}`, `",}`),
		"trailing comma in list":  replace(`],`, `,],`),
		"missing comma":           replace(`",`, `"`),
		"single quotes":           strings.ReplaceAll(text, `"`, `'`),
		"comment":                 "/* */" + text,
		"byte order mark":         "\ufeff" + text,
		"byte 0 at the end":       text + "\x00",
		"second object":           text + text,
		"array around":            "[" + text + "]",
		"unfinished":              text[:len(text)-1],
		"unfinished text":         text[:len(text)-20],
		"null":                    "null",
		"empty object":            "{}",
		"empty array":             "[]",
		"a thousand open lists":   strings.Repeat("[", 1000),
		"a thousand open objects": strings.Repeat(`{"format":`, 1000),
		"a long name":             `{"` + strings.Repeat("a", 4096) + `":""}`,
		"not UTF-8":               "\xff\xfe" + text,
	}) {
		s.add(p.name, "malformed JSON", name, []byte(text), malformed)
	}
}
