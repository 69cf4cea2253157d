package relation

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/fixedpoint"
)

// TestHostileTables: what no table can hold is refused before anything is allocated.
func TestHostileTables(t *testing.T) {
	identity := func(x int64) int64 { return x }
	for name, c := range map[string]struct {
		want  error
		state func(b *Builder, x Tensor)
	}{
		"2^40 rows":          {ErrSize, func(b *Builder, x Tensor) { b.Range(x, interval(0, 1<<40)) }},
		"one row too many":   {ErrSize, func(b *Builder, x Tensor) { b.Range(x, interval(0, MaxRows)) }},
		"all of int64":       {ErrRange, func(b *Builder, x Tensor) { b.Range(x, interval(math.MinInt64, math.MaxInt64)) }},
		"the last integers":  {ErrRange, func(b *Builder, x Tensor) { b.Range(x, interval(math.MaxInt64-3, math.MaxInt64)) }},
		"the first integers": {ErrRange, func(b *Builder, x Tensor) { b.Range(x, interval(math.MinInt64, math.MinInt64+3)) }},
		"no row":             {ErrRange, func(b *Builder, x Tensor) { b.Range(x, interval(1, 0)) }},
		"function of 2^40":   {ErrSize, func(b *Builder, x Tensor) { b.Lookup(b.Function("f", interval(0, 1<<40), identity), x, x) }},
		"values of 2^62": {ErrRange, func(b *Builder, x Tensor) {
			b.Lookup(b.Function("f", interval(0, 3), func(x int64) int64 { return limit - 2 + x }), x, x)
		}},
		"a value never taken": {ErrRange, func(b *Builder, x Tensor) { b.Lookup(b.Function("f", interval(0, 3), identity), x, Const([]int{1}, 9)) }},
		"sign check to 2^62":  {ErrRange, func(b *Builder, x Tensor) { b.NonNegative(x, limit) }},
		"maximum over 2^62":   {ErrRange, func(b *Builder, x Tensor) { b.Max([]Tensor{x, x, x}, x, limit) }},
		"divisor of 2^62":     {ErrRange, func(b *Builder, x Tensor) { b.DivRound(x, x, x, limit) }},
		"2^29 columns":        {ErrSize, func(b *Builder, _ Tensor) { b.Column("y", []int{1 << 29}, none) }},
		"2^40 parameters":     {ErrSize, func(b *Builder, _ Tensor) { b.Param("w", []int{1 << 20, 1 << 20}, nil) }},
		"no value left":       {ErrRange, func(b *Builder, x Tensor) { b.Range(x, interval(0, 3)); b.Range(x, interval(5, 6)) }},
	} {
		b := NewBuilder()
		x := b.Column("x", []int{1}, none)
		b.Range(x, interval(-9, 9))
		c.state(b, x)
		_, err := b.Finish()
		require.ErrorIs(t, err, c.want, name)
	}
}

// TestFarApartDomains: functions of one key share a table only where that is short.
func TestFarApartDomains(t *testing.T) {
	b := NewBuilder()
	f := func(x int64) int64 { return x & 1 }
	x := b.Column("x", []int{3}, none)
	y := b.Column("y", []int{3}, none)
	for i, d := range []fixedpoint.Interval{{Lo: 0, Hi: 9}, {Lo: 1 << 40, Hi: 1<<40 + 9}, {Lo: 1<<40 - 5, Hi: 1 << 40}} {
		at := func(t Tensor) Tensor { return t.Slice([]int{i}, []int{1}, []int{1}) }
		b.Lookup(b.Function("odd", d, f), at(x), at(y))
	}
	s, err := b.Finish()
	require.NoError(t, err)
	require.Len(t, s.Tables, 2)
	require.Equal(t, interval(0, 9), s.Bounds[0][0])
	require.Equal(t, interval(1<<40-5, 1<<40+9), s.Bounds[0][1])
}

// TestWideSignChecks: the digits of a check near 2^62 still make an expression below it.
func TestWideSignChecks(t *testing.T) {
	for _, width := range []int{8, 16, 17} {
		for _, bound := range []int64{1 << 50, 1<<55 + 7, 1 << 56, 1 << 59, 1<<60 + 1<<50} {
			b := NewBuilder()
			b.Range(b.Column("x", []int{1}, func(*Assignment) []int64 { return []int64{1} }), interval(0, 1<<width-1))
			d := b.Column("d", []int{1}, func(*Assignment) []int64 { return []int64{bound} })
			b.Range(d.Plus(b.Column("free", []int{1}, func(*Assignment) []int64 { return []int64{-bound} })), interval(0, 1))
			b.NonNegative(d, bound)
			s, err := b.Finish()
			require.NoError(t, err, "%d bits, %d", width, bound)
			r := boundOf(t, s, d)
			require.True(t, r.Lo == 0 && r.Hi >= bound, "%v", r)
			a := s.Assign(nil)
			for _, l := range s.Lookups {
				for _, v := range a.Eval(l.Cols[0]) {
					require.True(t, l.Table.Domain.Contains(v), "%d bits, %d: digit %d", width, bound, v)
				}
			}
			require.NoError(t, a.Err())
		}
	}
}

// TestEvalNotes: an honest integer that passes 2^62 is not lost.
func TestEvalNotes(t *testing.T) {
	for _, v := range []int64{1 << 31, -1 << 31, math.MaxInt64, math.MinInt64} {
		b := NewBuilder()
		x := b.Column("x", []int{1}, func(*Assignment) []int64 { return []int64{v} })
		b.Mul("x²", x, x)
		a := (&b.sys).Assign(nil)
		require.ErrorIs(t, a.Err(), ErrRange, "%d²", v)
	}
}
