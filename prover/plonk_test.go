package prover

import (
	"context"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
)

// The Lagrange form computed from tau is the one gnark-crypto transforms the powers into.
func TestNewSRS(t *testing.T) {
	canonical, lagrange, err := newSRS(context.Background(), 64)
	if err != nil {
		t.Fatal(err)
	}
	want, err := kzg.ToLagrangeG1(canonical.Pk.G1[:64])
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if want[i] != lagrange.Pk.G1[i] {
			t.Fatalf("point %d differs", i)
		}
	}
}
