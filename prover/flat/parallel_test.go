package flat

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier/flat"
)

func TestInvertAll(t *testing.T) {
	for _, n := range []int{0, 1, 2, 15, 16, 17, 100, 1024, 3000, 4096} {
		v := make(fr.Vector, n)
		for i := range v {
			v[i].MustSetRandom()
		}
		want := fr.BatchInvert(v)
		invertAll(v)
		require.Equal(t, fr.Vector(want), v)
	}
}

func TestExpand(t *testing.T) {
	for n := range 12 {
		x := make([]fr.Element, n)
		for i := range x {
			x[i].MustSetRandom()
		}
		want := flat.Expand(x)
		scale := fr.NewElement(7)
		for i := range want {
			want[i].Mul(&want[i], &scale)
		}
		got := make(fr.Vector, 1<<n)
		expand(got, x, &scale)
		require.Equal(t, fr.Vector(want), got)
	}
}
