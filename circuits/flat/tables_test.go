package flat

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/flat/flattest"
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

// A number of a row that there is not cannot be looked up, whatever a model holds where the table is made up to a power of
// two, and wherever it is counted.
func TestRowsThatThereAreNot(t *testing.T) {
	const rows, width = 83, 4
	b := relation.NewBuilder()
	integers := make([]int64, rows*width)
	for i := range integers {
		integers[i] = int64(i * i % 5)
	}
	column := func(most int64, v ...int64) relation.Tensor {
		x := b.Column("x", []int{len(v)}, func(*relation.Assignment) []int64 { return v })
		b.Range(x, fixedpoint.Interval{Lo: 0, Hi: most})
		return x
	}
	key := b.Column("key", []int{2}, func(*relation.Assignment) []int64 { return []int64{7, 82} })
	var cols []relation.Tensor
	for j := range width {
		cols = append(cols, column(4, integers[7*width+j], integers[82*width+j]))
	}
	w := b.Param("table", []int{rows, width}, integers)
	b.Gather(key, cols, w)
	sys, err := b.Finish()
	require.NoError(t, err)
	c, err := New(sys)
	require.NoError(t, err)
	at := slices.IndexFunc(c.tables, func(t table) bool { return t.rows == rows })
	counts := c.tables[at].counts[0]
	a, one, r := sys.Assign(nil), fr.One(), rand.New(rand.NewPCG(1, 6))
	require.True(t, flattest.Of(c.Plan, c.valuesOf(a), nil, r).Holds())
	for _, row := range []int{7, 81, 83, 84, 100, 127} { // instead of 7, and with the same columns
		v := c.valuesOf(a)
		v[c.Address(key.Block(), 0)].SetInt64(int64(row))
		for j := range width {
			v[c.blocks[w.ID].address(row*width+j)].SetInt64(integers[7*width+j])
		}
		old, now := &v[counts.address(7)], &v[counts.address(row)]
		old.Sub(old, &one)
		now.Add(now, &one)
		require.Equal(t, row < rows, flattest.Of(c.Plan, v, nil, r).Holds(), "row %d", row)
	}
}

// Elements beyond the size have addresses of their own among the padded ones, as many as the space says.
func TestSpacesHold(t *testing.T) {
	r, beyond := rand.New(rand.NewPCG(1, 7)), 0
	for range 500 {
		var shape []int
		for range 1 + r.IntN(3) {
			shape = append(shape, 1+r.IntN(12))
		}
		s := newSpace(shape...)
		for range r.IntN(6) {
			s.propose(1+r.IntN(s.size+2), 1<<r.IntN(12))
		}
		seen := map[int]bool{}
		for i := 0; i <= 2*s.padded(); i++ {
			at := s.address(i)
			fits := at < s.padded() && !seen[at]
			seen[at] = true
			require.Equal(t, fits, s.holds(i+1), "%d of %v cut at %v", i, shape, s.cuts)
			if !fits {
				break
			}
			if i >= s.size {
				beyond++
			}
		}
	}
	require.Greater(t, beyond, 500)
}
