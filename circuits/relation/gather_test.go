package relation

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/fixedpoint"
)

// TestGatherBounds: a key lies among the rows, and so does what it is made of; columns need a bound of
// their own.
func TestGatherBounds(t *testing.T) {
	b := NewBuilder()
	w := b.Param("w", []int{5, 2}, make([]int64, 10))
	key, more := b.Column("key", []int{3}, nil), b.Column("more", []int{3}, nil)
	b.Range(more, interval(0, 3))
	first, second := b.Column("first", []int{3}, nil), b.Column("second", []int{3}, nil)
	b.Range(first, interval(-7, 8))
	b.Range(second, interval(0, 1))
	b.Gather(key.Plus(more), []Tensor{first, second}, w)
	sys, err := b.Finish()
	require.NoError(t, err)
	require.Equal(t, interval(-3, 4), sys.Bounds[key.Block().ID][1]) // key + more is one of 0 … 4

	for name, build := range map[string]func(b *Builder, w *Block, key, col Tensor){
		"a column without a bound": func(b *Builder, w *Block, key, col Tensor) { b.Gather(key, []Tensor{col}, w) },
		"a key past the rows": func(b *Builder, w *Block, key, col Tensor) {
			b.Range(key, interval(5, 9))
			b.Range(col, interval(0, 9))
			b.Gather(key, []Tensor{col}, w)
		},
	} {
		b := NewBuilder()
		build(b, b.Param("w", []int{5, 1}, make([]int64, 5)), b.Column("key", []int{1}, nil), b.Column("col", []int{1}, nil))
		_, err := b.Finish()
		require.ErrorIs(t, err, ErrRange, name)
	}
}

// TestMemberBounds: a member lies between the least and the largest of its rows, which need bounds.
func TestMemberBounds(t *testing.T) {
	b := NewBuilder()
	query, rows := b.Column("query", []int{2}, nil), b.Column("rows", []int{3}, nil)
	b.Range(rows, interval(0, 9))
	b.Member(query, rows.Plus(Constants([]int{3}, []int64{0, 100, -50})))
	sys, err := b.Finish()
	require.NoError(t, err)
	for i := range 2 {
		require.Equal(t, fixedpoint.Interval{Lo: -50, Hi: 109}, sys.Bounds[query.Block().ID][i])
	}
	b = NewBuilder()
	b.Member(b.Column("query", []int{2}, nil), b.Column("rows", []int{3}, nil))
	_, err = b.Finish()
	require.ErrorIs(t, err, ErrRange)
}
