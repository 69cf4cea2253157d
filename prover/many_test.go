package prover

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
)

func TestProveMany(t *testing.T) {
	for _, k := range []*Keys{committedKeys(), plonkKeys(), flatKeys()} {
		width := len(leastInput(k.compiled.Program)[0])
		const count = 7
		input := func(i int) [][]int64 {
			in := make([]int64, width)
			in[0] = int64(i % 3)
			return [][]int64{in}
		}
		for _, parallel := range []int{0, 1, 3, 20} {
			proofs := map[int]*verifier.Proof{}
			last := 0.0
			err := k.ProveMany(context.Background(), Many{
				Count: count, Parallel: parallel,
				Input: func(i int) ([][]int64, Options, error) {
					if i == 2 || i == 6 {
						return nil, Options{}, nil // is there already
					}
					return input(i), Options{Context: fr.NewElement(uint64(i))}, nil
				},
				Done:     func(i int, p *verifier.Proof) error { proofs[i] = p; return nil },
				Progress: func(_ string, done float64) { require.Greater(t, done, last); last = done },
			})
			require.NoError(t, err)
			require.Len(t, proofs, count-2)
			require.Equal(t, 1.0, last)
			for i, p := range proofs {
				s, err := verifier.Verify(k.VerifyingKey, p, verifier.WithContextElement(fr.NewElement(uint64(i))), verifier.WithInput(0, input(i)[0]))
				require.NoError(t, err)
				values, err := k.compiled.Program.Eval(input(i))
				require.NoError(t, err)
				require.Equal(t, values[k.compiled.Program.Outputs[0].Value], s.Outputs[0].Ints)
			}
		}
	}
}

// ProveMany ends at the first error, whoever's it is, and leaves no goroutine behind.
func TestProveManyErrors(t *testing.T) {
	k := committedKeys()
	in := leastInput(k.compiled.Program)
	before := runtime.NumGoroutine()
	mine := errors.New("mine")
	run := func(ctx context.Context, input func(i int) ([][]int64, error), done func(i int) error) (finished int32, err error) {
		var n atomic.Int32
		err = k.ProveMany(ctx, Many{
			Count: 50, Parallel: 2,
			Input: func(i int) ([][]int64, Options, error) { x, err := input(i); return x, Options{}, err },
			Done:  func(i int, p *verifier.Proof) error { n.Add(1); return done(i) },
		})
		return n.Load(), err
	}
	fine := func(int) ([][]int64, error) { return in, nil }
	kept := func(int) error { return nil }
	n, err := run(context.Background(), func(i int) ([][]int64, error) {
		if i == 3 {
			return nil, mine
		}
		return in, nil
	}, kept)
	require.ErrorIs(t, err, mine)
	require.LessOrEqual(t, n, int32(4))
	_, err = run(context.Background(), func(i int) ([][]int64, error) {
		if i == 3 {
			return [][]int64{{1}}, nil
		}
		return in, nil
	}, kept)
	require.Error(t, err)
	require.ErrorContains(t, err, "input 3")
	n, err = run(context.Background(), fine, func(i int) error {
		if i == 1 {
			return mine
		}
		return nil
	})
	require.ErrorIs(t, err, mine)
	require.LessOrEqual(t, n, int32(4))
	ctx, cancel := context.WithCancel(context.Background())
	_, err = run(ctx, fine, func(int) error { cancel(); return nil })
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, k.ProveMany(context.Background(), Many{}))
	require.LessOrEqual(t, runtime.NumGoroutine(), before+1)
}
