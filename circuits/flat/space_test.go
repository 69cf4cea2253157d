package flat

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
)

// Whatever cuts are proposed, an element's address is that of what lies above a cut and that of what
// lies below, in bits of their own. On this rests that the outputs' rows and columns weigh apart.
func TestAddressesSplitAtCuts(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 4))
	for range 300 {
		var shape []int
		for range 1 + r.IntN(4) {
			shape = append(shape, 1+r.IntN(7))
		}
		s := newSpace(shape...)
		axes := append([]int{}, s.cuts...)
		for range 8 {
			s.propose(1+r.IntN(s.size+2), 1<<r.IntN(12))
		}
		require.Subset(t, s.cuts, axes)
		seen := map[int]bool{}
		for i := range s.size {
			at := s.address(i)
			require.Equal(t, s.local(i), at)
			require.False(t, seen[at])
			require.Less(t, at, s.padded())
			seen[at] = true
			for _, c := range s.cuts {
				require.Equal(t, s.address(i/c*c), at&s.bitsFrom(c), "%d of %v cut at %d of %v", i, shape, c, s.cuts)
				require.Equal(t, s.address(i%c), at&^s.bitsFrom(c), "%d of %v cut at %d of %v", i, shape, c, s.cuts)
			}
		}
	}
}
