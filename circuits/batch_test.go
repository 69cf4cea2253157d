package circuits

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
)

// TestBatched: programs of random operators give each of several inputs the answer that they give it alone, also
// when they come from a file.
func TestBatched(t *testing.T) {
	programs, refused, seen := 400, 0, map[string]bool{}
	if testing.Short() {
		programs = 60
	}
	for seed := range programs {
		rng := rand.New(rand.NewPCG(uint64(seed), 7))
		p := drawProgram(t, rng)
		n := 2 + rng.IntN(3)
		q, err := p.Batched(n)
		if errors.Is(err, ErrBound) || errors.Is(err, ErrSize) { // of convolutions over several inputs already
			refused++
			continue
		}
		require.NoError(t, err, "seed %d", seed)
		require.Equal(t, p.Parameters(), q.Parameters())
		for _, n := range p.Nodes {
			seen[Kind(n.Op)] = true
		}
		data, err := q.MarshalBinary()
		require.NoError(t, err)
		q, err = ParseProgram(data)
		require.NoError(t, err)
		require.Equal(t, n, q.Batch)
		inputs := make([][]int64, len(p.Inputs))
		want := make([][]int64, len(p.Outputs))
		for range n {
			x := drawInputs(rng, p)
			values, err := p.Eval(x)
			require.NoError(t, err)
			for i := range x {
				inputs[i] = append(inputs[i], x[i]...)
			}
			for i, o := range p.Outputs {
				want[i] = append(want[i], values[o.Value]...)
			}
		}
		values, err := q.Eval(inputs)
		require.NoError(t, err)
		for i, o := range q.Outputs {
			require.Equal(t, want[i], values[o.Value], "seed %d, output %d", seed, i)
			require.Equal(t, n, o.Shape[0])
			_, one := q.Row()
			require.Equal(t, relation.Size(p.Outputs[i].Shape), relation.Size(one[i].Shape))
		}
		_, err = q.Batched(2)
		require.ErrorIs(t, err, ErrProgram)
	}
	require.Less(t, refused, programs/20)
	if !testing.Short() {
		require.Len(t, seen, len(kinds))
	}
}

func drawInputs(rng *rand.Rand, p *Program) (out [][]int64) {
	for _, in := range p.Inputs {
		x := make([]int64, relation.Size(in.Shape))
		for i := range x {
			x[i] = Within(rng, in.Range.Lo, in.Range.Hi)
		}
		out = append(out, x)
	}
	return out
}

func TestBatchedRefuses(t *testing.T) {
	p := drawProgram(t, rand.New(rand.NewPCG(1, 7)))
	for _, n := range []int{-1, 0} {
		_, err := p.Batched(n)
		require.ErrorIs(t, err, ErrProgram)
	}
	one, err := p.Batched(1)
	require.NoError(t, err)
	require.Same(t, p, one)
	_, err = p.Batched(1 << 40)
	require.ErrorIs(t, err, ErrSize)

	// A file that says another batch than its shapes.
	q, err := p.Batched(2)
	require.NoError(t, err)
	for _, n := range []int{-2, 3} {
		q.Batch = n
		data, err := q.MarshalBinary()
		require.NoError(t, err)
		_, err = ParseProgram(data)
		require.ErrorIs(t, err, ErrProgram)
	}
}
