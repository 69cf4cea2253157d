package flat

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Weights that may be wider than 32 bits are values, and so are biases, which are as wide as sums.
func TestWideParametersAreValues(t *testing.T) {
	const n = 512
	for _, c := range []struct {
		name   string
		folded bool
		lo, hi int64
	}{{"narrow", true, -1 << 31, 1<<31 - 1}, {"wide", false, -1 << 31, 1 << 31}, {"wide below", false, -1<<31 - 1, 5}, {"widest", false, -1 << 48, 1<<48 - 1}} {
		b := relation.NewBuilder()
		x := make([]int64, n)
		for i := range x {
			x[i] = []int64{c.lo, c.hi, 0, int64(i) - 500}[i%4]
			x[i] = min(max(x[i], c.lo), c.hi)
		}
		b.Weight("w", []int{n}, x, fixedpoint.Interval{Lo: c.lo, Hi: c.hi})
		sys, err := b.Finish()
		require.NoError(t, err)
		p, err := New(sys)
		require.NoError(t, err)
		require.Equal(t, c.folded, p.Plan.Weights > 0, c.name)
		values, weights, err := p.Model()
		require.NoError(t, err, c.name)
		for i := range x {
			at := p.Address(sys.Blocks[0], i)
			if c.folded {
				require.EqualValues(t, x[i], weights[at-1<<p.Plan.Values])
			} else {
				require.Equal(t, x[i], values[at])
			}
		}
		_, err = p.Witness(sys.Assign(nil), fr.Element{})
		require.NoError(t, err)
	}
	b := relation.NewBuilder()
	x := b.Column("x", []int{1, 1, 1}, func(*relation.Assignment) []int64 { return []int64{1} })
	b.Range(x, fixedpoint.Interval{Lo: 0, Hi: 1})
	w, bias, sum := make([]int64, n), make([]int64, n), make([]int64, n)
	for i := range w {
		w[i], bias[i] = int64(i), int64(i-100)<<33
		sum[i] = w[i] + bias[i]
	}
	out := b.Accumulator("out", []int{n, 1, 1}, fixedpoint.Interval{Lo: -1 << 45, Hi: 1 << 45}, func(*relation.Assignment) []int64 { return sum })
	b.Contract(relation.Contract{X: x, W: b.Param("w", []int{n, 1, 1, 1}, w), Bias: b.Param("bias", []int{n}, bias), Out: out, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
	sys, err := b.Finish()
	require.NoError(t, err)
	p, err := New(sys)
	require.NoError(t, err)
	require.Equal(t, n, p.Plan.Weights<<p.Plan.Row, "the matrix")
	_, _, err = p.Model()
	require.NoError(t, err)
	for _, x := range []int64{1 << 31, -1<<31 - 1, 1<<32 + 5} { // a matrix has no bounds of its own
		w[7] = x
		_, _, err = p.Model()
		require.ErrorIs(t, err, relation.ErrRange)
	}
}
