package verifier_test

import (
	"context"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/verifier"
)

// makeFlat proves with weights 2 and -1 that (7, 0, 255) gives (14, -255).
func makeFlat(t *testing.T) {
	t.Helper()
	dense := &circuits.MatMul{Rows: 2, Inner: 3, Bound: fixedpoint.Interval{Lo: -1 << 12, Hi: 1 << 12}, Weights: circuits.Ints{2, 5, 0, 0, 3, -1}, Bias: circuits.Ints{0, 0}}
	p := &circuits.Program{Name: "golden", Config: circuits.Config{System: circuits.Flat},
		Inputs:  []circuits.Port{{Name: "x", Shape: []int{1, 3}, Range: fixedpoint.Interval{Hi: 255}, RealHi: 255}},
		Nodes:   []circuits.Node{{Name: "dense", Op: dense, In: []int{0}}},
		Outputs: []circuits.Port{{Name: "y", Value: 1, Shape: []int{1, 2}, Range: fixedpoint.Interval{Lo: -1 << 13, Hi: 1<<13 - 1}}}}
	require.NoError(t, p.Infer())
	c, err := circuits.Compile(p)
	require.NoError(t, err)
	keys, err := prover.UnsafeSetup(context.Background(), c, nil)
	require.NoError(t, err)
	proof, err := keys.Prove(context.Background(), [][]int64{{7, 0, 255}}, prover.Options{})
	require.NoError(t, err)
	data, err := keys.VerifyingKey.MarshalBinary()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("testdata/flat.key", data, 0o644))
	data, err = proof.MarshalJSON()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("testdata/flat.json", append(data, '\n'), 0o644))
}

// A key and a proof of the flat argument made by an earlier version verify, and encode to the same bytes.
func TestFlatGolden(t *testing.T) {
	if *update {
		makeFlat(t)
	}
	keyData, p := golden(t, "flat")
	for i := range keyData { // one bit of each byte
		bad := append([]byte{}, keyData...)
		bad[i] ^= 1 << (i % 8)
		if k, err := verifier.ParseVerifyingKey(bad); err == nil {
			_, err = verifier.Verify(k, p)
			require.ErrorIs(t, err, verifier.ErrWrongModel, "byte %d", i)
		} else {
			require.ErrorIs(t, err, verifier.ErrMalformed, "byte %d", i)
		}
	}
}
