package flat

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// An integer above a table's domain is in no row, also where the rows of its last part repeat the last.
func TestRepeatedRowsAreNone(t *testing.T) {
	for n := int64(1); n < 40; n++ {
		b := relation.NewBuilder()
		v := []int64{0, n - 1}
		x := b.Column("x", []int{2}, func(*relation.Assignment) []int64 { return v })
		b.Range(x, fixedpoint.Interval{Lo: 0, Hi: n - 1})
		sys, err := b.Finish()
		require.NoError(t, err)
		c, err := New(sys)
		require.NoError(t, err)
		_, err = c.Witness(sys.Assign(nil), fr.Element{})
		require.NoError(t, err)
		for _, above := range []int64{n, n + 1, -1} {
			v[1] = above
			_, err = c.Witness(sys.Assign(nil), fr.Element{})
			require.ErrorIs(t, err, relation.ErrRange, "%d of %d", above, n)
		}
	}
}

// Parts of a table are powers of two, hold all rows, and few more.
func TestChunks(t *testing.T) {
	for n := 1; n < 1<<12; n++ {
		sum := 0
		for _, k := range chunks(n) {
			require.Less(t, sum, n, "a part of nothing")
			require.Equal(t, k, padded(k))
			sum += k
		}
		require.GreaterOrEqual(t, sum, n)
		require.LessOrEqual(t, sum-n, n/7)
	}
}
