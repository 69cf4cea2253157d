package msm

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

func TestCombine(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	p, q := testPoints(100)
	hostile(r, p, q)
	var index, start []uint32
	var scalars []fr.Element
	for _, n := range []int{0, 1, 2, 3, 0, 60, 500, longTerms + 1, 7, 1, 1, 1} {
		start = append(start, uint32(len(index)))
		for range n {
			index = append(index, r.Uint32N(100))
			for _, draw := range scalarKinds { // whichever comes first
				scalars = append(scalars, draw(r))
				break
			}
		}
	}
	groups := len(start)
	start = append(start, uint32(len(index)))
	got1, got2 := make([]bn254.G1Affine, groups), make([]bn254.G2Affine, groups)
	require.NoError(t, CombineG1(context.Background(), got1, p, index, scalars, start))
	require.NoError(t, CombineG2(context.Background(), got2, q, index, scalars, start))
	for g := range groups {
		var points1 []bn254.G1Affine
		var points2 []bn254.G2Affine
		for _, k := range index[start[g]:start[g+1]] {
			points1, points2 = append(points1, p[k]), append(points2, q[k])
		}
		s := scalars[start[g]:start[g+1]]
		var want1 bn254.G1Affine
		var want2 bn254.G2Affine
		_, err := want1.MultiExp(points1, s, ecc.MultiExpConfig{})
		require.NoError(t, err)
		_, err = want2.MultiExp(points2, s, ecc.MultiExpConfig{})
		require.NoError(t, err)
		require.Equal(t, want1, got1[g])
		require.Equal(t, want2, got2[g])
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	require.ErrorIs(t, CombineG1(ctx, got1, p, index, scalars, start), context.Canceled)
}
