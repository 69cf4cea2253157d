package msm

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

func TestFixedBase(t *testing.T) {
	_, _, b1, b2 := bn254.Generators()
	r := rand.New(rand.NewPCG(6, 6))
	var s []fr.Element
	for _, draw := range scalarKinds {
		for range 150 {
			s = append(s, draw(r))
		}
	}
	for _, base := range []uint64{1, 0} { // the generator, and infinity
		if base == 0 {
			b1, b2 = bn254.G1Affine{}, bn254.G2Affine{}
		}
		p, q := make([]bn254.G1Affine, len(s)), make([]bn254.G2Affine, len(s))
		last := 0
		require.NoError(t, MulG1(context.Background(), p, b1, s, func(done int) {
			require.Greater(t, done, last)
			last = done
		}))
		require.Equal(t, len(s), last)
		require.NoError(t, MulG2(context.Background(), q, b2, s, nil))
		require.Equal(t, bn254.BatchScalarMultiplicationG1(&b1, s), p)
		require.Equal(t, bn254.BatchScalarMultiplicationG2(&b2, s), q)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, MulG1(ctx, make([]bn254.G1Affine, len(s)), b1, s, nil), context.Canceled)
}

func BenchmarkFixedBaseG1(b *testing.B) {
	_, _, base, _ := bn254.Generators()
	r := rand.New(rand.NewPCG(5, 5))
	s, p := make([]fr.Element, 1<<15), make([]bn254.G1Affine, 1<<15)
	for i := range s {
		s[i] = randomScalar(r)
	}
	b.Run("nnark", func(b *testing.B) {
		for b.Loop() {
			if err := MulG1(context.Background(), p, base, s, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("gnark", func(b *testing.B) {
		for b.Loop() {
			bn254.BatchScalarMultiplicationG1(&base, s)
		}
	})
}
