package relation

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// each visits what source computes, for views of all kinds.
func TestViewEach(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 3000 {
		v := &View{}
		for range r.IntN(4) {
			v.In = append(v.In, 1+r.IntN(4))
			v.Start = append(v.Start, r.IntN(5)-2)
		}
		for range r.IntN(4) {
			v.Out = append(v.Out, 1+r.IntN(4))
		}
		v.Step = zeros(len(v.In), len(v.Out))
		for _, s := range v.Step {
			for k := range s {
				s[k] = r.IntN(5) - 2
			}
		}
		if r.IntN(5) == 0 {
			for range Size(v.Out) {
				v.Index = append(v.Index, r.IntN(4)-1)
			}
		}
		var buf [16]int
		n := 0
		v.each(func(i, source int) {
			require.Equal(t, n, i)
			require.Equal(t, v.source(i, buf[:]), source)
			n++
		})
		require.Equal(t, Size(v.Out), n)
	}
	v := &View{In: []int{2}, Out: []int{0}, Start: []int{0}, Step: zeros(1, 1)}
	v.each(func(int, int) { t.Fatal("an element of nothing") })
}
