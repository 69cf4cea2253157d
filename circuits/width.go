package circuits

import (
	"fmt"
	"math/bits"

	"github.com/nnark/nnark/fixedpoint"
)

// What a program declares about weights is public: ranges decide packing, tables and the
// card, all of which a verifying key shows or is hashed from. So a layer's widths count as
// powers of two, the same on both sides of zero, whatever a program says: they show which
// power of two the layer needs, two or three bits of information, and nothing else of the
// weights.

// declared returns the range and the spread that are public of accumulators that reach got,
// by at most spread in one channel. What it returns it leaves as it is.
func declared(got fixedpoint.Interval, spread int64) (bound fixedpoint.Interval, widest int64) {
	reach := powerAbove(max(-got.Lo-1, got.Hi))
	return fixedpoint.Interval{Lo: -reach, Hi: reach - 1}, min(powerAbove(max(spread-1, 0)), 2*reach-1)
}

// checkWidths refuses declared widths beyond what accumulators may reach, 2^53.
func checkWidths(bound fixedpoint.Interval, spread int64) error {
	if max(-float64(bound.Lo), float64(bound.Hi)) > 1<<53 || spread < 0 || spread > 1<<54 {
		return fmt.Errorf("declared range %v, %d in one channel: %w", bound, spread, ErrBound)
	}
	return nil
}

// powerAbove returns the least power of two above x >= 0, which is below 2^62.
func powerAbove(x int64) int64 { return 1 << bits.Len64(uint64(x)) }
