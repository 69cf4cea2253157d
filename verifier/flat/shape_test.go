package flat_test

import (
	"errors"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/hyperkzg"
)

// A proof says its shape itself: of any other than the plan's it is read, and refused as malformed.
func TestOtherShapes(t *testing.T) {
	p, n := proven(), testNetwork()
	for name, change := range map[string]func(pr *flat.Proof){
		"a witness for an inverse": func(pr *flat.Proof) {
			pr.Inverses, pr.Witness = append([]bn254.G1Affine{pr.Witness[len(pr.Witness)-1]}, pr.Inverses...), pr.Witness[:len(pr.Witness)-1]
		},
		"no rows":           func(pr *flat.Proof) { pr.Witness, pr.Inverses = nil, nil },
		"no rounds":         func(pr *flat.Proof) { pr.First, pr.Second = nil, nil },
		"a round more":      func(pr *flat.Proof) { pr.First = append(pr.First, flat.Cubic{}) },
		"a second one more": func(pr *flat.Proof) { pr.Second = append(pr.Second, flat.Quadratic{}) },
		"a shorter opening": func(pr *flat.Proof) {
			o := &pr.Opening
			o.Folds, o.Plus, o.Minus = o.Folds[1:], o.Plus[1:], o.Minus[1:]
		},
		"a longer one": func(pr *flat.Proof) {
			o := &pr.Opening
			o.Folds, o.Plus, o.Minus = append(o.Folds, bn254.G1Affine{}), append(o.Plus, fr.Element{}), append(o.Minus, fr.Element{})
		},
	} {
		pr := decoded(t)
		change(pr)
		again, rest, err := flat.Decode(pr.AppendTo(nil))
		require.NoError(t, err, name)
		require.Empty(t, rest)
		_, _, err = p.key.Verify(testSeed, n.public, again)
		require.True(t, errors.Is(err, flat.ErrMalformed) || errors.Is(err, hyperkzg.ErrMalformed), "%s: %v", name, err)
	}
}

// Lengths that are announced are not believed before the bytes are there.
func TestAnnouncedLengths(t *testing.T) {
	for _, head := range [][]byte{{4, 0, 0, 0, 26, 26, 20}, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, {0, 0, 0, 0, 0, 0, 0}, {4, 0, 0, 1, 26, 26, 20}} {
		_, _, err := flat.Decode(append(head, make([]byte, 100)...))
		require.ErrorIs(t, err, flat.ErrMalformed)
	}
}
