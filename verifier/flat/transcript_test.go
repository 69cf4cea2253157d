package flat

import (
	"encoding/hex"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// Whatever is said in another way has other challenges: other labels, numbers, order. Scalars and points
// never share a label.
func TestTranscript(t *testing.T) {
	_, _, g, _ := bn254.Generators()
	x, y := fr.NewElement(1), fr.NewElement(2)
	seen := map[fr.Element]string{}
	for name, say := range map[string]func(t *Transcript){
		"nothing":          func(*Transcript) {},
		"one":              func(t *Transcript) { t.Scalars("a", x) },
		"label":            func(t *Transcript) { t.Scalars("b", x) },
		"two":              func(t *Transcript) { t.Scalars("a", x, y) },
		"exchanged":        func(t *Transcript) { t.Scalars("a", y, x) },
		"one by one":       func(t *Transcript) { t.Scalars("a", x); t.Scalars("a", y) },
		"none":             func(t *Transcript) { t.Scalars("a") },
		"no points":        func(t *Transcript) { t.Points("p"); t.Points("p") },
		"point":            func(t *Transcript) { t.Points("p", g) },
		"points":           func(t *Transcript) { t.Points("p", g, g) },
		"point's label":    func(t *Transcript) { t.Points("q", g) },
		"infinity":         func(t *Transcript) { t.Points("p", bn254.G1Affine{}) },
		"a challenge":      func(t *Transcript) { t.Challenge("a") },
		"another":          func(t *Transcript) { t.Challenge("b") },
		"two challenges":   func(t *Transcript) { t.Challenges("a", 2) },
		"challenge, label": func(t *Transcript) { t.Challenge("aa") },
	} {
		tr := NewTranscript([32]byte{})
		say(tr)
		for _, label := range []string{"z", "zz"} {
			now := *tr
			for range 2 {
				c := now.Challenge(label)
				require.Empty(t, seen[c], name)
				seen[c] = name
			}
		}
	}
	other := NewTranscript([32]byte{1})
	require.Empty(t, seen[other.Challenge("z")])
}

// Verifiers written elsewhere compute the same.
func TestTranscriptIsFixed(t *testing.T) {
	_, _, g, _ := bn254.Generators()
	tr := NewTranscript([32]byte{1, 2, 3})
	tr.Scalars("scalars", fr.NewElement(7), fr.NewElement(8))
	tr.Points("points", g, bn254.G1Affine{})
	tr.Challenge("one")
	c := tr.Challenge("two")
	b, xi := c.Bytes(), Blinder()
	p := xi.Bytes()
	require.Equal(t, "1a8babf04bade631a7870716a000346873feaf63ebe204ca23097c387c6579e9", hex.EncodeToString(b[:]))
	require.Equal(t, "e67fdb708f6c07ad17f4dbfa8f2bcb4328bb6fe8c75370dc80160a5f94ca9e85", hex.EncodeToString(p[:]))
}
