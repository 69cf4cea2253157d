package groth16

import (
	"context"
	"fmt"
	"math/big"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/prover/internal/secret"
	"github.com/nnark/nnark/prover/internal/secret/secrettest"
)

// After a setup its toxic waste, and whatever follows from it, is nowhere in memory. The
// runtime may move a stack at any time and leave a copy: what every run leaves is our fault.
func TestSetupErases(t *testing.T) {
	c, _ := anyPackedCase(t, 40, 20, 0, true)
	found, err := secrettest.Least(5, func() []secrettest.Pattern { return setupAndErase(t, c) })
	require.NoError(t, err)
	require.Empty(t, found)

	// The scan does find what is there.
	kept := fr.NewElement(0x1234_5678_9abc)
	found, err = secrettest.Scan(secrettest.Veil("kept", &kept))
	require.NoError(t, err)
	require.NotEmpty(t, found)
	require.False(t, kept.IsZero())
}

// setupAndErase does what Setup does, and returns the veiled secrets.
func setupAndErase(t *testing.T, c testCase) (patterns []secrettest.Pattern) {
	layout, err := newLayout(c.r1cs)
	require.NoError(t, err)
	s := &setup{layout: layout, domain: fft.NewDomain(uint64(c.r1cs.GetNbConstraints()))}
	secret.Do(func() {
		defer s.erase()
		_, _, err = s.run(context.Background(), c.r1cs, nil)
		patterns = s.veiled()
	})
	require.NoError(t, err)
	return patterns
}

// veiled returns patterns of the secrets.
func (s *setup) veiled() (patterns []secrettest.Pattern) {
	veil := func(name string, x *fr.Element) { patterns = append(patterns, secrettest.Veil(name, x)...) }
	for name, x := range map[string]*fr.Element{"t": &s.t, "alpha": &s.alpha, "beta": &s.beta, "gamma": &s.gamma, "delta": &s.delta} {
		veil(name, x)
	}
	own := s.secrets.New(2) // what the test computes is overwritten too
	for i := 1; i < s.constraints; i += 97 {
		w, v := &own[0], &own[1]
		w.Exp(s.domain.Generator, big.NewInt(int64(i)))
		*v = s.vanishing()
		v.Mul(v, &s.domain.CardinalityInv).Mul(v, w)
		w.Sub(&s.t, w)
		v.Div(v, w)
		veil("Lagrange polynomial at t", v)
	}
	for i, v := range s.secrets.All() {
		for j := range v {
			if x := &v[j]; !x.IsZero() && !x.IsOne() && j%5 == 3 { // these are everywhere
				veil(fmt.Sprintf("list %d, element %d", i, j), x)
			}
		}
	}
	return patterns
}
