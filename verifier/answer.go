package verifier

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// ContextOf makes a context of any bytes, a request or a text: SHA-256 of them after a tag, as a
// number modulo the field's order. Prover and verifier take it with the same bytes.
func ContextOf(data []byte) (x fr.Element) {
	h := sha256.New()
	h.Write([]byte("nnark context 1\n"))
	h.Write(data)
	x.SetBytes(h.Sum(nil))
	return x
}

// Argmax returns the lowest index of the largest integer of a public tensor, as ONNX's ArgMax
// does: the class of a classifier. ok is false if the integers are not shown.
func (t Tensor) Argmax() (index int, ok bool) {
	for i, q := range t.Ints {
		if q > t.Ints[index] {
			index = i
		}
	}
	return index, len(t.Ints) > 0
}

// Label returns the name of a class, its number if the card has none.
func (c *Card) Label(class int) string {
	if class >= 0 && class < len(c.Labels) {
		return c.Labels[class]
	}
	return strconv.Itoa(class)
}

// maxShown is how many numbers of a tensor are printed.
const maxShown = 16

// Describe says in lines of text what a statement says under this card: the context, and of
// each tensor its name, its shape and its numbers, the first sixteen, or that they are
// hidden. Outputs of the size of the labels have the class that is largest as well.
func (c *Card) Describe(s *Statement) string {
	var b strings.Builder
	fmt.Fprintf(&b, "model %q\ncontext %s\n", c.Name, s.Context.String())
	for _, side := range []struct {
		name    string
		tensors []Tensor
	}{{"input", s.Inputs}, {"output", s.Outputs}} {
		for _, t := range side.tensors {
			fmt.Fprintf(&b, "%s %q %v: %s", side.name, t.Card.Name, t.Card.Shape, t.describe())
			if class, ok := t.Argmax(); ok && side.name == "output" && len(t.Ints) > 1 && len(t.Ints) == len(c.Labels) {
				fmt.Fprintf(&b, ", largest %q", c.Label(class))
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (t Tensor) describe() string {
	switch {
	case t.Digest != nil:
		return "digest " + t.Digest.String()
	case t.Ints == nil:
		return "private"
	}
	x := t.Floats()
	if len(x) <= maxShown {
		return fmt.Sprint(x)
	}
	return strings.TrimSuffix(fmt.Sprint(x[:maxShown]), "]") + fmt.Sprintf(" … %d more]", len(x)-maxShown)
}
