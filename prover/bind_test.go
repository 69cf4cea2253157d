package prover_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/testdata"
	"github.com/nnark/nnark/verifier"
)

// tiny returns the embedded tiny network, compiled, and an input.
func tiny(t *testing.T, change func(*model.Graph)) (*circuits.Compiled, [][]int64) {
	t.Helper()
	g, err := model.ParseONNX("tiny.onnx", testdata.Tiny())
	require.NoError(t, err)
	if change != nil {
		change(g)
	}
	x := make([]float32, 64)
	for i := range x {
		x[i] = float32(i%9)/8 - 0.25
	}
	p, err := quantize.Graph(g, [][]*model.Tensor{{{Shape: []int{1, 1, 8, 8}, Float: x}}}, circuits.Config{Bits: 7})
	require.NoError(t, err)
	c, err := circuits.Compile(p)
	require.NoError(t, err)
	in, err := p.Quantize([][]float32{x})
	require.NoError(t, err)
	return c, in
}

// Bound keys prove the same statements, from memory and from a file; both verifiers agree.
func TestBind(t *testing.T) {
	ctx := context.Background()
	c, in := tiny(t, nil)
	keys, err := prover.UnsafeSetup(ctx, c, nil)
	require.NoError(t, err)
	bound, err := keys.Bind(ctx)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, keys.Save(dir))
	require.NoError(t, bound.SaveBound(dir))
	loaded, err := prover.LoadBound(dir, c)
	require.NoError(t, err)
	for name, k := range map[string]*prover.Keys{"free": keys, "bound": bound, "loaded": loaded} {
		proof, err := k.Prove(ctx, in, prover.Options{})
		require.NoError(t, err, name)
		_, err = verifier.Verify(keys.VerifyingKey, proof)
		require.NoError(t, err, name)
		require.NoError(t, keys.VerifyWithGnark(proof), name)
	}
	proof, _, err := keys.UnsafeProveWithGnark(in)
	require.NoError(t, err)
	_, err = verifier.Verify(keys.VerifyingKey, proof)
	require.NoError(t, err, "gnark's proof")

	info, err := os.Stat(filepath.Join(dir, prover.BoundKeyFile))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), "a bound key is secret")
}

// A bound key is for one model and refuses to load with others, or damaged.
func TestBoundKeyFile(t *testing.T) {
	ctx := context.Background()
	c, _ := tiny(t, nil)
	keys, err := prover.UnsafeSetup(ctx, c, nil)
	require.NoError(t, err)
	_, err = keys.Bind(ctx)
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, keys.Save(dir))
	require.Error(t, keys.SaveBound(dir), "unbound keys have no bound file")
	require.NoFileExists(t, filepath.Join(dir, prover.BoundKeyFile))
	bound, err := keys.Bind(ctx)
	require.NoError(t, err)
	require.NoError(t, bound.SaveBound(dir))

	other, _ := tiny(t, func(g *model.Graph) {
		for _, w := range g.Const {
			if len(w.Float) > 0 {
				w.Float[0] = -w.Float[0]
			}
		}
	})
	if _, err := prover.LoadBound(dir, other); !errors.Is(err, prover.ErrKeys) {
		t.Errorf("other weights: %v", err)
	}
	name := filepath.Join(dir, prover.BoundKeyFile)
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	for _, at := range []int{0, 30, 60, len(data) / 2, len(data) - 1} {
		broken := append([]byte{}, data...)
		broken[at] ^= 1
		require.NoError(t, os.WriteFile(name, broken, 0o600))
		if _, err := prover.LoadBound(dir, c); !errors.Is(err, prover.ErrKeys) {
			t.Errorf("byte %d flipped: %v", at, err)
		}
	}
	require.NoError(t, os.WriteFile(name, data[:len(data)/2], 0o600))
	if _, err := prover.LoadBound(dir, c); !errors.Is(err, prover.ErrKeys) {
		t.Errorf("truncated: %v", err)
	}
}
