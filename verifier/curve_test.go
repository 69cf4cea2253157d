package verifier

import (
	"math/big"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

func TestLinearCombination(t *testing.T) {
	_, _, g, _ := bn254.Generators()
	half := fr.NewElement(2)
	half.Inverse(&half)
	edges := []fr.Element{{}, fr.One(), fr.NewElement(15), fr.NewElement(16), fr.NewElement(1 << 63), half}
	for range 20 {
		edges = append(edges, *new(fr.Element).MustSetRandom())
	}
	for _, x := range edges {
		var minus fr.Element
		edges = append(edges, *minus.Neg(&x))
	}
	// Terms over few points, so that equal, opposite and cancelling ones meet.
	points := []bn254.G1Affine{g, {}, {}, {}}
	points[1].Double(&g)
	points[2].Neg(&g)
	var l linearCombination
	var want bn254.G1Affine
	for i, s := range edges {
		p := points[i%len(points)]
		l.add(p, s)
		var term bn254.G1Affine
		term.ScalarMultiplication(&p, s.BigInt(new(big.Int)))
		want.Add(&want, &term)
		if got := l.sum(); !got.Equal(&want) {
			t.Fatalf("sum of %d terms differs", i+1)
		}
		if got := scale(&p, &s); !got.Equal(&term) {
			t.Fatalf("scale by %s differs", s.String())
		}
	}
	if sum := new(linearCombination).sum(); !sum.IsInfinity() {
		t.Fatal("empty sum is not infinity")
	}
}
