package source

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

// The layout's arithmetic is that of package verifier.
func TestLayout(t *testing.T) {
	for _, c := range []struct {
		lo, hi int64
		kind   string
	}{
		{0, 1, "bytes"}, {0, 127, "bytes"}, {0, 255, "bytes"}, {0, 256, "int16[]"}, {1, 2, "int8[]"}, {-1, 0, "int8[]"},
		{-128, 127, "int8[]"}, {-129, 127, "int16[]"}, {-128, 128, "int16[]"}, {-32768, 32767, "int16[]"}, {0, 32768, "int32[]"},
		{math.MinInt32, math.MaxInt32, "int32[]"}, {0, math.MaxInt32 + 1, "int64[]"}, {math.MinInt64, math.MaxInt64, "int64[]"},
		{math.MinInt64, math.MinInt64 + 1, "int64[]"},
	} {
		for _, size := range []int{1, 2, 30, 31, 32, 252, 253, 254, 1000} {
			in := verifier.TensorCard{Name: "x", Shape: []int{size}, Lo: c.lo, Hi: c.hi}
			digest := verifier.TensorCard{Name: "d", Mode: verifier.Digest, Hi: 1}
			private := verifier.TensorCard{Name: "p", Mode: verifier.Private, Hi: 1}
			card := &verifier.Card{
				Inputs:  []verifier.TensorCard{private, in, digest},
				Outputs: []verifier.TensorCard{in},
				System:  verifier.Plonk,
			}
			l := newLayout(card)
			n := in.Elements()
			require.Equal(t, 1+2*n+1, l.Size)
			require.Equal(t, n+1, l.InputElements)
			require.Equal(t, n, l.OutputElements)
			require.Equal(t, []string{"uint256", c.kind, "uint256", "int64[]"},
				[]string{l.Inputs[0].Type, l.Inputs[1].Type, l.Inputs[2].Type, l.Outputs[0].Type})
			require.Equal(t, []string{"", "input1", "input2", "output0"},
				[]string{l.Inputs[0].Param, l.Inputs[1].Param, l.Inputs[2].Param, l.Outputs[0].Param})
			require.Equal(t, (size+n-1)/n <= l.Inputs[1].PerElement, true)
			testBounds(t, &l, &in)
		}
	}
}

// The greatest tensor packs to elements just below their bounds, and every
// element has one bound.
func testBounds(t *testing.T, l *Layout, in *verifier.TensorCard) {
	q := make([]int64, in.Size())
	for i := range q {
		q[i] = in.Hi
	}
	greatest, err := verifier.Pack(in, q)
	require.NoError(t, err)
	next := 0
	for _, b := range l.Bounds {
		require.Equal(t, next, b.From)
		require.Greater(t, b.To, b.From)
		for i := b.From; i < b.To; i++ {
			for _, first := range []int{l.Inputs[1].At, l.Outputs[0].At} {
				if first <= i && i < first+len(greatest) {
					x := greatest[i-first].BigInt(new(big.Int))
					require.Equal(t, Literal(x.Add(x, big.NewInt(1))), b.Bound)
				}
			}
		}
		next = b.To
	}
	require.Equal(t, l.Size, next)
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"LeNet-5 v1.0":           `"LeNet-5 v1.0"`,
		`a"b\c`:                  `"a\x22b\x5cc"`,
		"*/ @dev //":             `"\x2a\x2f \x40dev \x2f\x2f"`,
		"é\n\u2028":              `"\xc3\xa9\x0a\xe2\x80\xa8"`,
		strings.Repeat("a", 300): `"` + strings.Repeat("a", 300) + `"`,
	} {
		require.Equal(t, want, Quote(in))
	}
}

// A literal of 40 digits would be an address, and a false one.
func TestLiteral(t *testing.T) {
	for _, bits := range []uint{0, 1, 159, 160, 161, 255} {
		require.Len(t, Literal(new(big.Int).Lsh(big.NewInt(1), bits)), 2+64)
	}
	require.Len(t, Literal(new(big.Int)), 2+64)
}
