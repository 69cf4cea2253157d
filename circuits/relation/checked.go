package relation

import "math/bits"

// limit bounds every coefficient, constant, table value and interval end in absolute value.
// An int64 holds the sum of any two integers below it, so that a sum is checked after the
// fact; and it is far below r/2 ≈ 2^253, so that sums of up to 2^64 products of two such
// integers that agree modulo r are equal.
const limit = 1 << 62

// inside reports whether |x| < limit.
func inside(x int64) bool { return -limit < x && x < limit }

// plus returns x + y; ok is false if one of the three is not inside the limit.
func plus(x, y int64) (sum int64, ok bool) {
	sum = x + y
	return sum, inside(x) && inside(y) && inside(sum)
}

// times returns x·y; ok is false if that is not inside the limit.
func times(x, y int64) (product int64, ok bool) {
	hi, lo := bits.Mul64(magnitude(x), magnitude(y))
	return x * y, hi == 0 && lo < limit
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}
