package circuits

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
)

// TestLargeWindows states means over whole images, whose sums have one term a pixel: the
// time is linear in them.
func TestLargeWindows(t *testing.T) {
	const side = 224
	whole := [2]int{side, side}
	for _, op := range []Op{
		&AveragePool{Window: Window{whole, unit, unit, [4]int{}, unit}, Scale: 1, ScaleExp: 16},
		&ReduceSum{Reduction: Reduction{Axes: []int{2, 3}, Keep: true}, Scale: 1, ScaleExp: 16},
	} {
		p := newProgram(t, Config{}, []Port{in(0, 0, 255, 1, 3, side, side)}, []Node{node(op, 0), node(&Requantize{Shift: 16}, 1)})
		start := time.Now()
		sys, err := p.System()
		require.NoError(t, err)
		took := time.Since(start)
		t.Logf("%s: %v", Kind(op), took)
		require.Less(t, took, 20*time.Second, "a quadratic sum would take many minutes")
		var terms int
		for _, l := range sys.Lookups {
			for _, e := range l.Cols[0].Exprs() {
				terms = max(terms, len(e.Terms))
			}
		}
		require.Equal(t, side*side+1, terms, "the remainder's lookup holds every pixel and the quotient")
		x := make([]int64, 3*side*side)
		for i := range x {
			x[i] = int64(i * 7 % 256)
		}
		values, err := p.Eval([][]int64{x})
		require.NoError(t, err)
		require.Equal(t, reference(op, [][]int64{x}, []Type{{Shape: []int{1, 3, side, side}}}, Type{Shape: []int{1, 3, 1, 1}}), values[1])
		require.Equal(t, values[2], sys.Assign(values).Eval(relation.Of(outBlock(sys))))
	}
}

// outBlock returns the last node's columns.
func outBlock(sys *relation.System) (b *relation.Block) {
	for _, k := range sys.Blocks {
		if k.Kind == relation.Column {
			b = k
		}
	}
	return b
}

// TestWindowsOfPadding checks that a window without a single element of the input is
// refused, wherever it is, and no other.
func TestWindowsOfPadding(t *testing.T) {
	rng := seeded(t)
	for range 3000 {
		w := Window{Kernel: [2]int{1, 1 + rng.IntN(4)}, Stride: [2]int{1, 1 + rng.IntN(4)}, Dilation: [2]int{1, 1 + rng.IntN(5)},
			Pads: [4]int{0, rng.IntN(8), 0, 0}, Shape: [2]int{1, 1 + rng.IntN(5)}}
		n := 1 + rng.IntN(6)
		empty := false
		for j := range w.Shape[1] {
			count := 0
			w.Taps(1, n, 0, j, func(int, int) { count++ })
			empty = empty || count == 0
		}
		_, err := (&MaxPool{Window: w}).Infer([]Type{{Shape: []int{1, 1, 1, n}, Range: iv(-8, 7)}})
		require.Equal(t, empty, err != nil, "%+v over %d: %v", w, n, err)
		if err != nil {
			require.ErrorIs(t, err, ErrProgram)
		}
	}
}
