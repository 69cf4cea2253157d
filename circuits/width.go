package circuits

import (
	"math"
	"math/bits"

	"github.com/nnark/nnark/fixedpoint"
)

// What the quantiser declares about weights is public: ranges decide packing, tables and
// the card, all of which a verifying key shows or is hashed from. So each of a layer's
// declared widths is a power of two, the same on both sides of zero: it shows which power of
// two the layer needs, two or three bits of information, and nothing else of the weights.

// declared returns the range and the spread to declare for accumulators that reach got,
// by at most spread in one channel.
func declared(got fixedpoint.Interval, spread int64) (bound fixedpoint.Interval, widest int64) {
	reach := powerAbove(max(-got.Lo, got.Hi))
	return fixedpoint.Interval{Lo: -reach, Hi: reach - 1}, min(powerAbove(spread), 2*reach-1)
}

// powerAbove returns the least power of two above x >= 0, which is below 2^62.
func powerAbove(x int64) int64 { return 1 << bits.Len64(uint64(x)) }

// powerBelow returns the largest power of two at most x > 0.
func powerBelow(x float64) float64 {
	_, e := math.Frexp(x)
	return math.Ldexp(0.5, e)
}
