package relation

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestViews applies random chains of views and compares the expressions and Eval with
// the elements moved one by one.
func TestViews(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for range 2000 {
		shape := []int{1 + rng.IntN(3), 1 + rng.IntN(4), 1 + rng.IntN(3)}
		b := NewBuilder()
		values := make([]int64, Size(shape))
		for i := range values {
			values[i] = rng.Int64N(1000)
		}
		x := b.Column("x", shape, func(*Assignment) []int64 { return values })
		a := (&b.sys).Assign(nil)
		got, want, at := x, slices.Clone(values), slices.Clone(shape)
		for range rng.IntN(5) {
			switch rng.IntN(5) {
			case 0: // transpose
				perm := rng.Perm(3)
				got = got.Reshape(at...).Transpose(perm...)
				want, at = moved(want, at, []int{at[perm[0]], at[perm[1]], at[perm[2]]}, func(o []int) []int {
					from := make([]int, 3)
					for k, p := range perm {
						from[p] = o[k]
					}
					return from
				})
			case 1: // slice, with steps and padding
				start, step, size := make([]int, 3), make([]int, 3), make([]int, 3)
				for k := range 3 {
					start[k], step[k], size[k] = rng.IntN(4)-1, 1+rng.IntN(2), 1+rng.IntN(3)
				}
				got = got.Reshape(at...).Slice(start, step, size)
				want, at = moved(want, at, size, func(o []int) []int {
					return []int{start[0] + step[0]*o[0], start[1] + step[1]*o[1], start[2] + step[2]*o[2]}
				})
			case 2:
				got = got.PlusConst(5)
				for i := range want {
					want[i] += 5
				}
			case 3:
				got = got.Times(-3)
				for i := range want {
					want[i] *= -3
				}
			case 4: // plus itself, reversed axes
				got = got.Plus(got)
				for i := range want {
					want[i] *= 2
				}
			}
		}
		require.Equal(t, want, a.Eval(got))
		for i, e := range got.Exprs() {
			require.Equal(t, want[i], a.EvalExpr(&e))
		}
	}
}

// moved returns the tensor whose element o is element from(o) of x, zero outside.
func moved(x []int64, shape, out []int, from func(o []int) []int) ([]int64, []int) {
	y := make([]int64, Size(out))
	for i := range y {
		o := []int{i / (out[1] * out[2]), i / out[2] % out[1], i % out[2]}
		f := from(o)
		inside := true
		for k := range f {
			inside = inside && f[k] >= 0 && f[k] < shape[k]
		}
		if inside {
			y[i] = x[(f[0]*shape[1]+f[1])*shape[2]+f[2]]
		}
	}
	return y, slices.Clone(out)
}

// TestSubstitutionCancels: an expression put into another that subtracts it leaves
// nothing, so that no constraint is spent on it.
func TestSubstitutionCancels(t *testing.T) {
	b := NewBuilder()
	x, y := b.Column("x", []int{4}, none), b.Column("y", []int{4}, none)
	e := x.Times(16).Plus(y).PlusConst(-8)
	d := e.PlusConst(8).Minus(x.Times(16))
	require.Equal(t, Of(y.Block()), d)
}
