package flat

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

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

// Weights are multiplied as integers, the least and the greatest too.
func TestAddTimes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 20))
	var minus fr.Element
	one := fr.One()
	minus.Neg(&one)
	for _, x := range append(elements(r, 50), fr.Element{}, one, minus) {
		for _, w := range append(someWeights, int32(r.Uint32())) {
			sum := elements(r, 1)[0]
			want := times(x, w)
			want.Add(&want, &sum)
			x.Mul(&x, &montgomery)
			addTimes(&sum, &x, w)
			require.Equal(t, want, sum, "%d", w)
			x.Div(&x, &montgomery)
		}
	}
}

// Sums of many multiples are those of elements, the largest too.
func TestWideSum(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 20))
	var minus fr.Element
	one := fr.One()
	minus.Neg(&one)
	largest := fr.Element{} // by its limbs
	largest.Div(&minus, &montgomery)
	for n := range 300 {
		xs := append(elements(r, n), largest, minus, one, fr.Element{})
		var sum wideSum
		var want fr.Element
		for i := range xs {
			w := someWeights[r.IntN(len(someWeights))]
			if n%3 == 0 { // all to one side
				xs[i], w = largest, math.MinInt32
			}
			sum.add(&xs[i], w)
			x := times(xs[i], w)
			want.Add(&want, &x)
		}
		require.Equal(t, want, sum.value())
	}
}

// Runs of weights give slots what they say, whatever moves: slots, sides, both or neither.
func TestAddWeights(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 20))
	weights := make([]int32, 256)
	for i := range weights {
		weights[i] = someWeights[r.IntN(len(someWeights))]
	}
	for range 2000 {
		b := &weighted{scale: elements(r, 1)[0], sign: r.IntN(2)}
		u := &run{value: r.IntN(20), slot: r.IntN(20), n: 1 + r.IntN(8), step: flat.Loop{Value: r.IntN(30), Slot: r.IntN(2) * r.IntN(20)}}
		if r.IntN(3) > 0 { // a table of four bits from the third on, and other bits
			b.table, b.shift = elements(r, 16), 2
			u.step.Side = r.IntN(2) * 4
			u.side = r.IntN(4) + 4*r.IntN(16-min(u.step.Side, 1)*(u.n-1)) + 64*r.IntN(4)
		}
		out := elements(r, 200)
		want := append(fr.Vector{}, out...)
		for i := range u.n {
			x := b.scale
			if b.table != nil {
				x.Mul(&x, &b.table[(u.side+i*u.step.Side)>>2&15])
			}
			x = times(x, weights[u.value+i*u.step.Value])
			want[u.slot+i*u.step.Slot].Add(&want[u.slot+i*u.step.Slot], &x)
		}
		addWeights(out, weights, u.value, b, u)
		require.Equal(t, want, out)
	}
}
