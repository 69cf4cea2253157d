package fixedpoint

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// Each operation against math/big: the ends where they fit, ErrOverflow elsewhere.
func TestIntervalArithmetic(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	draw := func() Interval {
		i := Interval{wide(rng), wide(rng)}
		if i.IsEmpty() {
			i.Lo, i.Hi = i.Hi, i.Lo
		}
		return i
	}
	type operation func(z, x, y *big.Int) *big.Int
	check := func(name string, i, j Interval, op operation, got Interval, err error) {
		t.Helper()
		var lo, hi *big.Int
		for _, x := range []int64{i.Lo, i.Hi} {
			for _, y := range []int64{j.Lo, j.Hi} {
				v := op(new(big.Int), big.NewInt(x), big.NewInt(y))
				if lo == nil || v.Cmp(lo) < 0 {
					lo = v
				}
				if hi == nil || v.Cmp(hi) > 0 {
					hi = v
				}
			}
		}
		if !lo.IsInt64() || !hi.IsInt64() {
			if !errors.Is(err, ErrOverflow) || got != (Interval{}) {
				t.Fatalf("%v %s %v = %v, %v, want overflow", i, name, j, got, err)
			}
			return
		}
		if want := (Interval{lo.Int64(), hi.Int64()}); err != nil || got != want {
			t.Fatalf("%v %s %v = %v, %v, want %v", i, name, j, got, err, want)
		}
	}
	for range 100_000 {
		i, j := draw(), draw()
		sum, err := i.Add(j)
		check("+", i, j, (*big.Int).Add, sum, err)
		difference, err := i.Sub(j)
		check("-", i, j, (*big.Int).Sub, difference, err)
		product, err := i.Mul(j)
		check("·", i, j, (*big.Int).Mul, product, err)
		scaled, err := i.Scale(j.Lo)
		check("·", i, Point(j.Lo), (*big.Int).Mul, scaled, err)
		negated, err := i.Neg()
		check("-", Point(0), i, (*big.Int).Sub, negated, err)
	}
}

func TestIntervalSets(t *testing.T) {
	empty := Interval{1, 0}
	for a := int64(-3); a <= 3; a++ {
		for b := a - 1; b <= 3; b++ {
			for c := int64(-3); c <= 3; c++ {
				for d := c - 1; d <= 3; d++ {
					i, j := Interval{a, b}, Interval{c, d}
					covers := true
					for x := int64(-5); x <= 5; x++ {
						inI, inJ := a <= x && x <= b, c <= x && x <= d
						if i.Contains(x) != inI || i.Intersect(j).Contains(x) != (inI && inJ) {
							t.Fatalf("%v, %v at %d", i, j, x)
						}
						if (inI || inJ) && !i.Union(j).Contains(x) {
							t.Fatalf("%v ∪ %v lacks %d", i, j, x)
						}
						covers = covers && (inI || !inJ)
					}
					if i.Covers(j) != covers {
						t.Fatalf("%v covers %v: want %v", i, j, covers)
					}
				}
			}
		}
	}
	if got := empty.Union(Point(5)); got != Point(5) {
		t.Errorf("∅ ∪ {5} = %v", got)
	}
}

func TestIntervalEnds(t *testing.T) {
	full := Signed(64)
	if full != (Interval{math.MinInt64, math.MaxInt64}) || full.Width() != math.MaxUint64 || full.MaxAbs() != 1<<63 {
		t.Errorf("64 bits: %v, width %d, largest %d", full, full.Width(), full.MaxAbs())
	}
	for _, c := range []struct{ got, want Interval }{
		{Signed(8), Interval{-128, 127}}, {Signed(1), Interval{-1, 0}}, {Signed(0), Interval{-1, 0}}, {Signed(99), full},
		{Unsigned(8), Interval{0, 255}}, {Unsigned(0), Point(0)}, {Unsigned(-1), Point(0)},
		{Unsigned(63), Interval{0, math.MaxInt64}}, {Unsigned(64), Interval{0, math.MaxInt64}},
		{Interval{-5, 6}.RoundShift(2), Interval{-1, 2}},
	} {
		if c.got != c.want {
			t.Errorf("got %v, want %v", c.got, c.want)
		}
	}
	i := Interval{-3, 8}
	if i.Width() != 11 || i.MaxAbs() != 8 || i.String() != "[-3, 8]" {
		t.Errorf("%v: width %d, largest %d", i, i.Width(), i.MaxAbs())
	}
	for x, want := range map[int64]int64{-4: -3, -3: -3, 0: 0, 8: 8, 9: 8, math.MinInt64: -3, math.MaxInt64: 8} {
		if got := i.Clamp(x); got != want {
			t.Errorf("Clamp(%d) = %d, want %d", x, got, want)
		}
	}
}
