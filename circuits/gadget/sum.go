package gadget

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// sum is a variable of PLONK circuits, Σ terms + c. It costs no row until it is a factor or
// stated to be something: gnark's builder would make a row of each addition.
type sum struct {
	terms []term // of different wires, in their order; then those with weights
	c     fr.Element
}

// term is k·wire, or k·w·wire for a hidden weight w.
type term struct {
	wire   uint32
	k      fr.Element
	weight uint32 // the secret input that holds w, or none
}

// hidden is a weight of a private model as a variable. It may occur once.
type hidden struct{ secret uint32 }

// known are the terms without weights; s.terms[s.known():] have them.
func (s *sum) known() int {
	return slices.IndexFunc(append(s.terms[:len(s.terms):len(s.terms)], term{weight: 0}), func(t term) bool { return t.weight != none })
}

// constant returns the value of a sum without terms.
func (s *sum) constant() (fr.Element, bool) { return s.c, len(s.terms) == 0 }

// scaled returns k·s.
func (s *sum) scaled(k *fr.Element) *sum {
	out := &sum{terms: make([]term, 0, len(s.terms))}
	if k.IsZero() {
		return out
	}
	out.c.Mul(&s.c, k)
	for _, t := range s.terms {
		t.k.Mul(&t.k, k)
		out.terms = append(out.terms, t)
	}
	return out
}

// normalize orders the terms, adds up those of one wire and drops zeros.
func (s *sum) normalize() *sum {
	slices.SortStableFunc(s.terms, func(a, b term) int {
		switch {
		case (a.weight == none) != (b.weight == none):
			return cmp.Compare(b.weight, a.weight) // none is the largest
		case a.weight != none:
			return 0
		}
		return cmp.Compare(a.wire, b.wire)
	})
	out := s.terms[:0]
	for _, t := range s.terms {
		if last := len(out) - 1; last >= 0 && t.weight == none && out[last].weight == none && out[last].wire == t.wire {
			out[last].k.Add(&out[last].k, &t.k)
			continue
		}
		if n := len(out); n > 0 && out[n-1].k.IsZero() {
			out = out[:n-1]
		}
		out = append(out, t)
	}
	if n := len(out); n > 0 && out[n-1].k.IsZero() {
		out = out[:n-1]
	}
	s.terms = out
	return s
}

// keyTerms is how long a sum is at most that is made a wire once for all its uses.
const keyTerms = 4

// key names a short sum without weights.
func (s *sum) key() (string, bool) {
	if len(s.terms) > keyTerms || s.known() < len(s.terms) {
		return "", false
	}
	b := make([]byte, 0, (len(s.terms)+1)*(4+fr.Bytes))
	for _, t := range s.terms {
		b = binary.LittleEndian.AppendUint32(b, t.wire)
		b = append(b, t.k.Marshal()...)
	}
	return string(append(b, s.c.Marshal()...)), true
}
