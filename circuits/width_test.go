package circuits

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDeclaredIsCoarse: exact bounds in a program, read off its weights, reach nothing public.
func TestDeclaredIsCoarse(t *testing.T) {
	t.Parallel()
	exact := func(w Ints) *Program {
		m := &MatMul{Rows: 1, Inner: 3, Weights: w, Bias: Ints{7}}
		m.Bound, _, _ = accumulators(iv(0, 31), m.Weights, m.Bias, 1, false)
		c := &Conv{Group: 1, Kernel: [4]int{1, 3, 1, 1}, Stride: unit, Dilation: unit, Weights: w, Bias: Ints{7}}
		c.Bound, c.Spread, _ = accumulators(iv(0, 31), c.Weights, c.Bias, 1, false)
		return newProgram(t, Config{}, []Port{in(0, 0, 31, 1, 3)}, []Node{{"m", m, []int{0}}, {"square", &Reshape{Shape: []int{1, 3, 1, 1}}, []int{0}}, {"c", c, []int{2}}}, 1, 3)
	}
	want, remain := publicOf(t, exact(Ints{-97, 41, 3})), 0
	for a := int64(-128); a < 128; a += 8 {
		for b := int64(-128); b < 128; b += 8 {
			if publicOf(t, exact(Ints{a, b, 3})) == want {
				remain++
			}
		}
	}
	require.Greater(t, remain, 100, "of 1024 candidates")
	for _, x := range []int64{0, 1, 2, 3, 4, 7, 8, 1<<53 - 1, 1 << 53} {
		r, s := declared(iv(-x, x), x)
		again, same := declared(r, s)
		require.True(t, r.Covers(iv(-x, x)) && s >= min(x, r.Hi-r.Lo), "%d", x)
		require.Equal(t, r, again)
		require.Equal(t, s, same)
	}
	for _, m := range []*MatMul{{Bound: iv(-1<<62, 1<<62)}, {Bound: iv(0, 1<<54)}} {
		m.Rows, m.Inner, m.Weights, m.Bias = 1, 1, Ints{1}, Ints{0}
		_, err := m.Infer([]Type{{Shape: []int{1}, Range: iv(0, 1)}})
		require.ErrorIs(t, err, ErrBound)
	}
}

// publicOf returns what public files hold of a program or are computed from.
func publicOf(t *testing.T, p *Program) string {
	t.Helper()
	c, err := Compile(p)
	require.NoError(t, err)
	var system bytes.Buffer
	_, err = c.System.WriteTo(&system)
	require.NoError(t, err)
	return fmt.Sprintf("%x %v %v %x", p.Architecture(), p.Inputs, p.Outputs, system.Bytes())
}
