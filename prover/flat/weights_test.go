package flat

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/prover/simd"
	"github.com/nnark/nnark/verifier/flat"
)

var someWeights = []int32{0, 1, -1, 2, -7, 255, math.MaxInt32, math.MinInt32, math.MinInt32 + 1}

func elements(r *rand.Rand, n int) fr.Vector {
	out := make(fr.Vector, n)
	for i := range out {
		for k := range out[i] {
			out[i][k] = r.Uint64()
		}
		out[i].SetBytes(append(out[i].Marshal(), byte(i)))
	}
	return out
}

func times(x fr.Element, w int32) fr.Element {
	var y fr.Element
	return *y.Mul(&x, y.SetInt64(int64(w)))
}

// Boxes of weights give slots what they say, whatever moves: slots, sides, both or neither.
func TestAddWeights(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 20))
	weights := make([]int32, 4096)
	for i := range weights {
		weights[i] = someWeights[r.IntN(len(someWeights))]
	}
	const first = 1 << 10
	for range 1000 {
		b := &weighted{scale: elements(r, 1)[0], Sided: flat.Sided{Box: &flat.Box{Value: first + r.IntN(20), Slot: 8 * r.IntN(20), Fold: 1}}}
		if r.IntN(3) > 0 { // a table of five bits from the third on
			b.table, b.shift = elements(r, 32), 2
			b.factors = simd.NewFactors(b.table)
			b.Side = 4 * 8 * r.IntN(2)
		}
		sides := 0
		for range 1 + r.IntN(3) {
			l := flat.Loop{Size: 1 + r.IntN(20), Value: []int{1, 1, 7, 40}[r.IntN(4)], Slot: []int{0, 1, 1, 8, 11}[r.IntN(5)]}
			if free := 31 - b.Side>>2 - sides; b.table != nil && free > 0 && r.IntN(2) == 0 {
				l.Side = 4
				l.Size = min(l.Size, free+1)
				sides += l.Size - 1
			}
			b.Loops = append(b.Loops, l)
		}
		out := elements(r, 2000)
		want := append(fr.Vector{}, out...)
		lo, hi := r.IntN(300), 300+r.IntN(1700)
		var loop func(depth, value, slot, side int)
		loop = func(depth, value, slot, side int) {
			if depth < len(b.Loops) {
				l := b.Loops[depth]
				for i := range l.Size {
					loop(depth+1, value+i*l.Value, slot+i*l.Slot, side+i*l.Side)
				}
			} else if lo <= slot && slot < hi {
				x := b.scale
				if b.table != nil {
					x.Mul(&x, &b.table[side>>2&31])
				}
				x = times(x, weights[value-first])
				want[slot].Add(&want[slot], &x)
			}
		}
		loop(0, b.Value, b.Slot, b.Side)
		addWeights(out, weights, first, b, lo, hi)
		require.Equal(t, want, out, "%+v", b.Box)
	}
}
