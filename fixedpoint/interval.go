package fixedpoint

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
)

var (
	// ErrOverflow is returned when the result of interval arithmetic does not fit int64.
	ErrOverflow = errors.New("fixedpoint: interval exceeds 64 bits")

	// ErrRange is returned for an empty interval, an exponent beyond [MaxExp] or
	// a table beyond [MaxTable].
	ErrRange = errors.New("fixedpoint: out of range")
)

// Interval is the closed range of integers [Lo, Hi]. It is empty if Lo > Hi;
// operations assume that it is not, unless they say otherwise.
type Interval struct{ Lo, Hi int64 }

// Signed returns the range of n-bit two's complement integers,
// [-2^(n-1), 2^(n-1) - 1], for 1 <= n <= 64; other n give the nearest of these.
func Signed(n int) Interval {
	h := int64(1)<<(min(max(n, 1), 64)-1) - 1
	return Interval{-h - 1, h}
}

// Unsigned returns the range of n-bit unsigned integers, [0, 2^n - 1], for
// 0 <= n <= 63; other n give the nearest of these.
func Unsigned(n int) Interval {
	return Interval{0, int64(uint64(1)<<min(max(n, 0), 63) - 1)}
}

// Point returns the interval that holds x alone.
func Point(x int64) Interval { return Interval{x, x} }

// String returns "[Lo, Hi]".
func (i Interval) String() string { return fmt.Sprintf("[%d, %d]", i.Lo, i.Hi) }

// IsEmpty reports whether i holds no integer.
func (i Interval) IsEmpty() bool { return i.Lo > i.Hi }

// Contains reports whether x is in i.
func (i Interval) Contains(x int64) bool { return i.Lo <= x && x <= i.Hi }

// Covers reports whether every integer of j is in i. An empty j is in every i.
func (i Interval) Covers(j Interval) bool {
	return j.IsEmpty() || i.Lo <= j.Lo && j.Hi <= i.Hi
}

// Width returns Hi - Lo, the number of integers in i minus one.
func (i Interval) Width() uint64 { return uint64(i.Hi) - uint64(i.Lo) }

// MaxAbs returns the largest absolute value in i.
func (i Interval) MaxAbs() uint64 { return max(abs(i.Lo), abs(i.Hi)) }

// Clamp returns the integer of i that is nearest to x.
func (i Interval) Clamp(x int64) int64 { return max(i.Lo, min(x, i.Hi)) }

// Union returns the smallest interval that holds i and j. An empty interval
// adds nothing.
func (i Interval) Union(j Interval) Interval {
	switch {
	case i.IsEmpty():
		return j
	case j.IsEmpty():
		return i
	}
	return Interval{min(i.Lo, j.Lo), max(i.Hi, j.Hi)}
}

// Intersect returns the integers that are in both i and j; it may be empty.
func (i Interval) Intersect(j Interval) Interval {
	return Interval{max(i.Lo, j.Lo), min(i.Hi, j.Hi)}
}

// Add returns {x + y : x in i, y in j}.
func (i Interval) Add(j Interval) (Interval, error) {
	lo, okLo := add(i.Lo, j.Lo)
	hi, okHi := add(i.Hi, j.Hi)
	return checked(Interval{lo, hi}, okLo && okHi)
}

// Sub returns {x - y : x in i, y in j}.
func (i Interval) Sub(j Interval) (Interval, error) {
	lo, okLo := sub(i.Lo, j.Hi)
	hi, okHi := sub(i.Hi, j.Lo)
	return checked(Interval{lo, hi}, okLo && okHi)
}

// Neg returns {-x : x in i}.
func (i Interval) Neg() (Interval, error) { return Point(0).Sub(i) }

// Scale returns the smallest interval that holds {k·x : x in i}.
func (i Interval) Scale(k int64) (Interval, error) { return i.Mul(Point(k)) }

// Mul returns the smallest interval that holds {x·y : x in i, y in j}.
func (i Interval) Mul(j Interval) (Interval, error) {
	out := Interval{math.MaxInt64, math.MinInt64}
	for _, x := range [2]int64{i.Lo, i.Hi} {
		for _, y := range [2]int64{j.Lo, j.Hi} {
			p, ok := mul(x, y)
			if !ok {
				return Interval{}, ErrOverflow
			}
			out = out.Union(Point(p))
		}
	}
	return out, nil
}

// RoundShift returns {RoundShift(x, s) : x in i}. It cannot overflow.
func (i Interval) RoundShift(s uint) Interval {
	return Interval{RoundShift(i.Lo, s), RoundShift(i.Hi, s)}
}

// check returns an error if i is empty.
func (i Interval) check() error {
	if i.IsEmpty() {
		return fmt.Errorf("%w: empty interval %v", ErrRange, i)
	}
	return nil
}

func checked(i Interval, ok bool) (Interval, error) {
	if !ok {
		return Interval{}, ErrOverflow
	}
	return i, nil
}

func add(x, y int64) (int64, bool) {
	s := x + y
	return s, (s > x) == (y > 0)
}

func sub(x, y int64) (int64, bool) {
	d := x - y
	return d, (d < x) == (y > 0)
}

func mul(x, y int64) (int64, bool) {
	hi, lo := bits.Mul64(abs(x), abs(y))
	if (x < 0) != (y < 0) {
		return -int64(lo), hi == 0 && lo <= 1<<63
	}
	return int64(lo), hi == 0 && lo < 1<<63
}

func abs(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}
