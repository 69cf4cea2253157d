package verifier

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// ForgeOpening replaces the opening at zeta by one that verifies for the
// proof's claims, true or not, with the SRS's trapdoor tau.
func ForgeOpening(t testing.TB, vk *VerifyingKey, p *Proof, tau fr.Element) {
	v, err := preparePlonk(vk.Plonk, &vk.Card)
	if err != nil {
		t.Fatal(err)
	}
	e := v.evaluate(PlonkPublic(p.KeyDigest, p.Statement), p.Plonk)
	folded, value := v.fold(p.Plonk, e, v.linearise(p.Plonk, e))
	value.Neg(&value)
	folded.add(v.key.G1, value)
	sum := folded.sum()
	var inverse fr.Element
	inverse.Sub(&tau, &e.zeta).Inverse(&inverse)
	p.Plonk.Opening = scale(&sum, &inverse)
}

// PlonkPoint returns a proof's zeta, and omega.
func PlonkPoint(t testing.TB, vk *VerifyingKey, p *Proof) (zeta, omega fr.Element) {
	v, err := preparePlonk(vk.Plonk, &vk.Card)
	if err != nil {
		t.Fatal(err)
	}
	return v.evaluate(PlonkPublic(p.KeyDigest, p.Statement), p.Plonk).zeta, v.omega
}
