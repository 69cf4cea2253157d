package msm

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// Sum agrees with gnark-crypto's, for points that are equal, opposite or at infinity and scalars at the ends too.
func TestSum(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	_, _, g, _ := bn254.Generators()
	for _, n := range []int{0, 1, 2, 3, 7, 33, 150, 700} {
		points, scalars := make([]bn254.G1Affine, n), make([]fr.Element, n)
		for i := range points {
			points[i].ScalarMultiplication(&g, big.NewInt(int64(r.IntN(5)-2)*(r.Int64N(1<<40)*int64(i%2)+1)))
			scalars[i] = fr.Element{r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64() >> 3}
			switch r.IntN(5) {
			case 0:
				scalars[i].SetInt64(int64(r.IntN(3) - 1))
			case 1:
				scalars[i].SetInt64(-r.Int64())
			}
		}
		var want bn254.G1Affine
		if n > 0 {
			_, err := want.MultiExp(points, scalars, ecc.MultiExpConfig{})
			require.NoError(t, err)
		}
		require.Equal(t, want, Sum(points, scalars), "%d points", n)
	}
}
