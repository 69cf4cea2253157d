package verifier_test

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

func TestContextOf(t *testing.T) {
	require.Equal(t, verifier.ContextOf([]byte("a")), verifier.ContextOf([]byte("a")))
	require.NotEqual(t, verifier.ContextOf([]byte("a")), verifier.ContextOf([]byte("b")))
	require.NotEqual(t, verifier.ContextOf(nil), fr.Element{})
}

func TestDescribe(t *testing.T) {
	digest := fr.NewElement(7)
	card := &verifier.Card{Name: "m", Labels: []string{"cat", "dog", "eel"}}
	s := &verifier.Statement{
		Context: fr.NewElement(5),
		Inputs: []verifier.Tensor{
			{Card: &verifier.TensorCard{Name: "x", Shape: []int{20}, Exp: 1}, Ints: make([]int64, 20)},
			{Card: &verifier.TensorCard{Name: "p", Shape: []int{2}}},
			{Card: &verifier.TensorCard{Name: "d", Shape: []int{2}}, Digest: &digest},
		},
		Outputs: []verifier.Tensor{{Card: &verifier.TensorCard{Name: "y", Shape: []int{1, 3}, Exp: 2}, Ints: []int64{1, 9, 9}}},
	}
	require.Equal(t, `model "m"
context 5
input "x" [20]: [0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 … 4 more]
input "p" [2]: private
input "d" [2]: digest 7
output "y" [1 3]: [0.25 2.25 2.25], largest "dog"
`, card.Describe(s))
	class, ok := s.Outputs[0].Argmax()
	require.True(t, ok)
	require.Equal(t, 1, class)
	_, ok = s.Inputs[1].Argmax()
	require.False(t, ok)
	require.Equal(t, "eel", card.Label(2))
	require.Equal(t, "3", card.Label(3))
	require.Equal(t, "-1", card.Label(-1))
}
