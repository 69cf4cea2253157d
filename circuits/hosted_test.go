package circuits

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// TestHostedMaximum claims the smaller of two values as their maximum. The range checks of the
// differences are made in the table of a ReLU, and accumulators that nothing reads, which Finish
// bounds last, would like that table longer.
func TestHostedMaximum(t *testing.T) {
	const rows = 900
	m := &MatMul{Rows: rows, Inner: 2, Weights: make(Ints, 2*rows), Bias: make(Ints, rows)}
	for i := range rows {
		m.Weights[2*i] = 2
	}
	x := in(0, -256, 255, 1, 2)
	require.NoError(t, m.Declare(Type{Shape: x.Shape, Range: x.Range}))
	relu := &Function{Name: "Relu", OutExp: 4, Out: iv(0, 255)}
	k := compile(t, newProgram(t, Config{}, []Port{x}, []Node{
		node(relu, 0),
		node(m, 0),
		node(&Gather{Shape: []int{1}, Index: []int{0}}, 2),
		node(&Gather{Shape: []int{1}, Index: []int{0}}, 1),
		node(&Gather{Shape: []int{1}, Index: []int{1}}, 1),
		node(&Max{}, 4, 5),
	}, 6, 3))
	honest := k.honest([][]int64{{3, 200}})
	require.NoError(t, k.solve(honest))
	lie := clone(honest)
	first, _ := k.column("Max[4 5]/out")
	require.Equal(t, fr.NewElement(200), lie.Secret[first])
	lie.Secret[first].SetInt64(3)
	k.recount(lie.Secret)
	lie.Statement = k.claim(lie.Secret)
	require.False(t, k.isTrue(lie.Secret, lie.Statement))
	require.Error(t, k.solve(lie))
}
