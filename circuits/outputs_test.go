package circuits

import (
	"math/big"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

// TestOutputAliases claims an element with another digit, and looks for other integers
// that the honest element could be read as.
func TestOutputAliases(t *testing.T) {
	k := caseNamed(t, "matmul row", Config{})
	x := k.randomInputs(seeded(t))
	w := k.honest(x)
	require.NoError(t, k.solve(w))
	o := k.Program.Outputs[0]
	base := big.NewInt(o.Range.Hi - o.Range.Lo + 1)
	last := len(w.Statement) - 1
	power := func(i int) (e fr.Element) {
		e.SetBigInt(new(big.Int).Exp(base, big.NewInt(int64(i)), nil))
		return e
	}
	for i := range 4 {
		up, down := clone(w), clone(w)
		d := power(i)
		up.Statement[last].Add(&up.Statement[last], &d)
		down.Statement[last].Sub(&down.Statement[last], &d)
		require.Error(t, k.solve(up), "digit %d of the output one more", i)
		require.Error(t, k.solve(down), "digit %d of the output one less", i)
	}

	// The verifier reads Eval's integers from the element. Digits past the base cannot be
	// written, and an element with more digits than the tensor has cannot be read.
	card := verifier.TensorCard{Name: o.Name, Shape: o.Shape, Exp: o.Exp, Lo: o.Range.Lo, Hi: o.Range.Hi}
	values, err := k.Program.Eval(x)
	require.NoError(t, err)
	y := values[o.Value]
	got, err := verifier.Unpack(&card, w.Statement[last:])
	require.NoError(t, err)
	require.Equal(t, y, got)
	for i := range y {
		borrowed := slices.Clone(y)
		borrowed[i] += base.Int64()
		if i+1 < len(y) {
			borrowed[i+1]--
		}
		_, err := verifier.Pack(&card, borrowed)
		require.ErrorIs(t, err, verifier.ErrMalformed, "digit %d past the base", i)
	}
	carried := power(len(y))
	carried.Add(&carried, &w.Statement[last])
	_, err = verifier.Unpack(&card, fr.Vector{carried})
	require.ErrorIs(t, err, verifier.ErrMalformed)
}

// TestWeightsBeyondTheBound commits to weights whose outputs leave the declared range, and
// claims what they give: packed, an output past its range would carry into the next one.
func TestWeightsBeyondTheBound(t *testing.T) {
	for _, cfg := range []Config{{}, {Output: Digest}} {
		k := caseNamed(t, "matmul rows", cfg)
		inputs := k.randomInputs(seeded(t))
		for _, d := range []int64{5000, -5000} {
			p := caseNamed(t, "matmul rows", cfg).Program
			p.Nodes[0].Op.(*MatMul).Bias[1] += d
			liar := compile(t, p)
			values, err := p.Eval(inputs)
			require.NoError(t, err)
			lie, ok := liar.lyingWitness(values, k.honest(inputs))
			require.True(t, ok)
			copy(lie.Secret, liar.weights)
			liar.recount(lie.Secret)
			lie.Statement = liar.claim(lie.Secret)
			require.Error(t, k.solve(lie), "outputs moved by %d", d)
		}
	}
}
