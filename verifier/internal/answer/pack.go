package answer

import (
	"fmt"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
	"github.com/nnark/nnark/verifier/opening"
)

// Values are those of one input, as integers or as real numbers, and the salt of its digest.
type Values struct {
	Ints []int64   `json:"ints,omitempty"`
	Real []float64 `json:"real,omitempty"`
	Salt Hex       `json:"salt,omitempty"` // 32 bytes big-endian, below r; of digest inputs alone
}

// Packed is an input as a statement has it.
type Packed struct {
	Elements []Hex     `json:"elements"`       // of public tensors; of others the digest, or none
	Ints     []integer `json:"ints,omitempty"` // what the values are rounded to
}

// pack returns what statements about these inputs show, and the hash of it that contracts take.
// The error is [ErrRequest].
func pack(card *verifier.Card, inputs []*Values) (packed []Packed, hash Hex, err error) {
	if len(inputs) != len(card.Inputs) {
		return nil, nil, fmt.Errorf("%w: %d inputs, the model has %d", ErrRequest, len(inputs), len(card.Inputs))
	}
	var all []fr.Element
	for i, v := range inputs {
		t := &card.Inputs[i]
		elements, ints, err := packOne(t, v)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: input %q: %v", ErrRequest, t.Name, err)
		}
		p := Packed{Elements: []Hex{}}
		for _, q := range ints {
			p.Ints = append(p.Ints, integer(q))
		}
		for k := range elements {
			b := elements[k].Bytes()
			p.Elements = append(p.Elements, b[:])
		}
		packed, all = append(packed, p), append(all, elements...)
	}
	h := opening.InputHash(all)
	return packed, h[:], nil
}

func packOne(t *verifier.TensorCard, v *Values) (elements []fr.Element, ints []int64, err error) {
	if t.Mode == verifier.Private {
		if v != nil {
			return nil, nil, fmt.Errorf("it is private: statements do not show it")
		}
		return nil, nil, nil
	}
	if v == nil || (v.Ints == nil) == (v.Real == nil) {
		return nil, nil, fmt.Errorf("it has values: ints or real")
	}
	if ints = v.Ints; ints == nil {
		if ints, err = t.Quantize(v.Real); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case t.Mode == verifier.Public && v.Salt != nil:
		return nil, nil, fmt.Errorf("it is public and has no salt")
	case t.Mode == verifier.Public:
		elements, err = verifier.Pack(t, ints)
		return elements, ints, err
	}
	salt, err := element(v.Salt, "salt")
	if err != nil {
		return nil, nil, err
	}
	d, err := opening.Digest(t, ints, salt)
	return []fr.Element{d}, ints, err
}
