package main

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"

	"github.com/nnark/nnark/verifier"
)

// rawCard encodes a model card, lawful or not, as the format's documentation
// says.
type rawCard struct{ *verifier.Card }

func (c rawCard) encode() []byte {
	out := append([]byte(keyMagic), byte(c.System), byte(c.Weights), byte(c.Setup.Kind))
	if c.Setup.Kind == verifier.Ceremony {
		out = binary.BigEndian.AppendUint32(out, uint32(c.Setup.Contributions))
		out = append(out, c.Setup.Transcript[:]...)
	}
	out = append(out, c.Architecture[:]...)
	out = appendText(out, c.Name)
	for _, tensors := range [][]verifier.TensorCard{c.Inputs, c.Outputs} {
		out = append(out, byte(len(tensors)))
		for _, t := range tensors {
			out = appendText(out, t.Name)
			out = append(out, byte(t.Mode), byte(len(t.Shape)))
			for _, d := range t.Shape {
				out = binary.BigEndian.AppendUint32(out, uint32(d))
			}
			out = binary.BigEndian.AppendUint16(out, uint16(t.Exp))
			out = binary.BigEndian.AppendUint64(out, uint64(t.Lo))
			out = binary.BigEndian.AppendUint64(out, uint64(t.Hi))
			out = binary.BigEndian.AppendUint64(out, math.Float64bits(t.RealLo))
			out = binary.BigEndian.AppendUint64(out, math.Float64bits(t.RealHi))
		}
	}
	out = binary.BigEndian.AppendUint32(out, uint32(len(c.Labels)))
	for _, l := range c.Labels {
		out = appendText(out, l)
	}
	return out
}

func appendText(out []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(out, uint16(len(s))), s...)
}

func madeBy(contributions int, first byte) verifier.Setup {
	return verifier.Setup{Kind: verifier.Ceremony, Contributions: contributions, Transcript: [32]byte{first}}
}

// cards adds keys whose card breaks its rules.
func (s *suite) cards(p *proofs, k *rawKey) {
	honest := rawCard{p.card()}.encode()
	rest := k.bytes()[len(honest):]
	add := func(name string, head []byte) {
		s.hostile(p, "hostile card", name, append(slices.Clone(head), rest...), malformed)
	}
	for name, change := range inOrder(map[string]func(c *verifier.Card){
		"no name":              func(c *verifier.Card) { c.Name = "" },
		"name of 257 bytes":    func(c *verifier.Card) { c.Name = strings.Repeat("x", 257) },
		"name with an escape":  func(c *verifier.Card) { c.Name = "\x1b[2J" },
		"name not UTF-8":       func(c *verifier.Card) { c.Name = "\xff" },
		"no such system":       func(c *verifier.Card) { c.System = 2 },
		"no such weights mode": func(c *verifier.Card) { c.Weights = 2 },
		"no such setup":        func(c *verifier.Card) { c.Setup.Kind = 3 },
		"another system's setup": func(c *verifier.Card) {
			c.Setup = verifier.Setup{Kind: verifier.ReferenceString}
			if c.System == verifier.Plonk {
				c.Setup = madeBy(2, 1)
			}
		},
		"ceremony of one":         func(c *verifier.Card) { c.Setup = madeBy(1, 1) },
		"ceremony of 2^32 - 1":    func(c *verifier.Card) { c.Setup = madeBy(math.MaxUint32, 1) },
		"ceremony without a hash": func(c *verifier.Card) { c.Setup = madeBy(2, 0) },
		"no inputs":               func(c *verifier.Card) { c.Inputs = nil },
		"no outputs":              func(c *verifier.Card) { c.Outputs = nil },
		"65 inputs":               func(c *verifier.Card) { c.Inputs = slices.Repeat(c.Inputs, 65) },
		"two inputs of one name":  func(c *verifier.Card) { c.Inputs = slices.Repeat(c.Inputs, 2) },
		"input without a name":    func(c *verifier.Card) { c.Inputs[0].Name = "" },
		"axis of 0":               func(c *verifier.Card) { c.Inputs[0].Shape[0] = 0 },
		"axis of 2^32 - 1":        func(c *verifier.Card) { c.Inputs[0].Shape[0] = 1<<32 - 1 },
		"axes of 2^31":            func(c *verifier.Card) { c.Inputs[0].Shape = []int{1 << 31, 1 << 31, 1 << 31} },
		"nine axes":               func(c *verifier.Card) { c.Inputs[0].Shape = slices.Repeat([]int{1}, 9) },
		"public input of 2^28":    func(c *verifier.Card) { c.Inputs[0].Mode, c.Inputs[0].Shape = verifier.Public, []int{1 << 28} },
		"no such mode":            func(c *verifier.Card) { c.Inputs[0].Mode = 3 },
		"exponent 257":            func(c *verifier.Card) { c.Inputs[0].Exp = 257 },
		"exponent -32768":         func(c *verifier.Card) { c.Inputs[0].Exp = -32768 },
		"lo = hi":                 func(c *verifier.Card) { c.Inputs[0].Lo = c.Inputs[0].Hi },
		"lo > hi":                 func(c *verifier.Card) { c.Inputs[0].Lo, c.Inputs[0].Hi = 1, -1 },
		"real bound is NaN":       func(c *verifier.Card) { c.Inputs[0].RealLo = math.NaN() },
		"real bound is infinite":  func(c *verifier.Card) { c.Inputs[0].RealHi = math.Inf(1) },
		"real bounds reversed":    func(c *verifier.Card) { c.Inputs[0].RealLo, c.Inputs[0].RealHi = 1, 0 },
		"private output":          func(c *verifier.Card) { c.Outputs[0].Mode = verifier.Private },
		"output with real bounds": func(c *verifier.Card) { c.Outputs[0].RealHi = 1 },
		"output bound is -0":      func(c *verifier.Card) { c.Outputs[0].RealLo = math.Copysign(0, -1) },
		"empty label":             func(c *verifier.Card) { c.Labels[0] = "" },
		"label with a line feed":  func(c *verifier.Card) { c.Labels[0] = "a\nb" },
	}) {
		c := *p.card()
		c.Inputs, c.Outputs, c.Labels = slices.Clone(c.Inputs), slices.Clone(c.Outputs), slices.Clone(c.Labels)
		c.Inputs[0].Shape = slices.Clone(c.Inputs[0].Shape)
		change(&c)
		add(name, rawCard{&c}.encode())
	}
	bare := *p.card()
	bare.Labels = nil
	head := rawCard{&bare}.encode()
	head = head[:len(head)-4]
	add("2^32 - 1 labels", binary.BigEndian.AppendUint32(head, math.MaxUint32))
	add("2^31 labels", binary.BigEndian.AppendUint32(head, 1<<31))
	add("70000 labels", append(binary.BigEndian.AppendUint32(head, 70000), make([]byte, 2*70000)...))
}
