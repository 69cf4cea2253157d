package relation

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/fixedpoint"
)

func interval(lo, hi int64) fixedpoint.Interval { return fixedpoint.Interval{Lo: lo, Hi: hi} }

func none(*Assignment) []int64 { return nil }

// boundOf returns the interval of element 0 of a tensor.
func boundOf(t *testing.T, s *System, x Tensor) fixedpoint.Interval {
	t.Helper()
	e := x.Exprs()
	r, ok := s.Interval(&e[0])
	require.True(t, ok)
	return r
}

func TestBoundsFollowFromLookups(t *testing.T) {
	b := NewBuilder()
	x, y, z := b.Column("x", []int{1}, none), b.Column("y", []int{1}, none), b.Column("z", []int{1}, none)
	b.Range(x, interval(-3, 9))
	b.Range(y.Minus(x.Times(4)), interval(0, 3)) // y = 4x + [0,3]
	b.Range(y.Minus(z), interval(-1, 0))         // z = y + [0,1]
	s, err := b.Finish()
	require.NoError(t, err)
	require.Equal(t, interval(-3, 9), boundOf(t, s, x))
	require.Equal(t, interval(-12, 39), boundOf(t, s, y))
	require.Equal(t, interval(-12, 40), boundOf(t, s, z))
}

// TestBoundsNeedUnitCoefficients: 2x in [0,10] says nothing of x, which may be 1/2.
func TestBoundsNeedUnitCoefficients(t *testing.T) {
	for _, coef := range []int64{2, -2, 256} {
		b := NewBuilder()
		x := b.Column("x", []int{1}, none)
		b.Range(x.Times(coef), interval(-10, 10))
		_, err := b.Finish()
		require.ErrorIs(t, err, ErrRange, "coefficient %d", coef)
	}
}

// TestBoundsNeedAllOthers: x + y in an interval bounds neither.
func TestBoundsNeedAllOthers(t *testing.T) {
	b := NewBuilder()
	x, y := b.Column("x", []int{1}, none), b.Column("y", []int{1}, none)
	b.Range(x.Plus(y), interval(0, 10))
	_, err := b.Finish()
	require.ErrorIs(t, err, ErrRange)
}

func TestUnboundedColumnDoesNotCompile(t *testing.T) {
	b := NewBuilder()
	x := b.Column("x", []int{3}, none)
	b.Range(x.Slice([]int{0}, []int{1}, []int{2}), interval(0, 10)) // the third is forgotten
	_, err := b.Finish()
	require.ErrorIs(t, err, ErrRange)
	require.ErrorContains(t, err, "element 2")
}

// TestBoundsStayBelow62Bits: an interval that could wrap is none.
func TestBoundsStayBelow62Bits(t *testing.T) {
	b := NewBuilder()
	x := b.Column("x", []int{1}, none)
	b.Range(x, interval(0, 1<<19))
	y := b.Column("y", []int{1}, none)
	b.Range(y.Minus(x.Times(1<<43)), interval(0, 1))
	_, err := b.Finish()
	require.ErrorIs(t, err, ErrRange)

	b = NewBuilder()
	x = b.Column("x", []int{1}, none)
	b.Range(x.PlusConst(math.MinInt64), interval(0, 10))
	_, err = b.Finish()
	require.ErrorIs(t, err, ErrRange)
}

func TestBoundsOfProducts(t *testing.T) {
	b := NewBuilder()
	x, y := b.Column("x", []int{1}, none), b.Column("y", []int{1}, none)
	b.Range(x, interval(-3, 9))
	b.Range(y, interval(-7, 2))
	z := b.Mul("z", x, y)
	s, err := b.Finish()
	require.NoError(t, err)
	require.Equal(t, interval(-63, 21), boundOf(t, s, z))

	b = NewBuilder() // the factors stay unbounded though their product is not
	x, y = b.Column("x", []int{1}, none), b.Column("y", []int{1}, none)
	b.Range(b.Mul("z", x, y), interval(0, 9))
	_, err = b.Finish()
	require.ErrorIs(t, err, ErrRange)
}

// TestHostedRangeChecks: a sign check may use the flat part of a function; what that
// enforces is the preimage, and only if the function takes the value nowhere else.
func TestHostedRangeChecks(t *testing.T) {
	relu := func(x int64) int64 { return max(x, 0) }
	b := NewBuilder()
	x, y, d := b.Column("x", []int{9}, none), b.Column("y", []int{9}, none), b.Column("d", []int{9}, none)
	b.Lookup(b.Function("relu", interval(-300, 400), relu), x, y)
	b.NonNegative(d, 280)
	s, err := b.Finish()
	require.NoError(t, err)
	require.Len(t, s.Tables, 1, "the check is hosted")
	require.Equal(t, interval(0, 300), boundOf(t, s, d))
	require.Equal(t, interval(-300, 400), boundOf(t, s, x))
	require.Equal(t, interval(0, 400), boundOf(t, s, y))

	// |x| is 0 at 0 alone and takes every other value twice: it hosts nothing wider.
	abs := func(x int64) int64 { return max(x, -x) }
	b = NewBuilder()
	x, y, d = b.Column("x", []int{9}, none), b.Column("y", []int{9}, none), b.Column("d", []int{9}, none)
	b.Lookup(b.Function("abs", interval(-300, 300), abs), x, y)
	b.NonNegative(d, 280)
	s, err = b.Finish()
	require.NoError(t, err)
	require.Len(t, s.Tables, 2)

	// A function that returns to its plateau's value hosts nothing.
	bump := func(x int64) int64 {
		if x > 100 && x < 120 {
			return 1
		}
		return 0
	}
	tab := &Table{Domain: interval(0, 300), f: bump}
	_, _, ok := tab.plateau()
	require.False(t, ok)
}

// TestExtendedHostIsCounted: a plateau that was lengthened for one check enforces the
// longer range for all.
func TestExtendedHostIsCounted(t *testing.T) {
	relu := func(x int64) int64 { return max(x, 0) }
	b := NewBuilder()
	x, y, d := b.Column("x", []int{500}, none), b.Column("y", []int{500}, none), b.Column("d", []int{500}, none)
	e := b.Column("e", []int{500}, none)
	b.Lookup(b.Function("relu", interval(-280, 200), relu), x, y)
	b.NonNegative(d, 400)
	b.NonNegative(e, 270)
	s, err := b.Finish()
	require.NoError(t, err)
	require.Equal(t, interval(-400, 200), s.Tables[0].Domain)
	require.Equal(t, interval(0, 400), boundOf(t, s, d))
	require.Equal(t, interval(0, 400), boundOf(t, s, e))
	require.Equal(t, interval(-400, 200), boundOf(t, s, x), "the function's own queries may use the new rows")
}

// TestDigits: the digits of a wide check are exactly [0, 2^(8n)).
func TestDigits(t *testing.T) {
	for _, bound := range []int64{0, 1, 255, 256, 65535, 65536, 1 << 40} {
		b := NewBuilder()
		d := b.Column("d", []int{1}, func(*Assignment) []int64 { return []int64{bound} })
		b.NonNegative(d, bound)
		s, err := b.Finish()
		require.NoError(t, err)
		r := boundOf(t, s, d)
		require.Equal(t, int64(0), r.Lo)
		require.GreaterOrEqual(t, r.Hi, bound)
		a := s.Assign(nil)
		for _, l := range s.Lookups {
			for _, v := range a.Eval(l.Cols[0]) {
				require.True(t, l.Table.Domain.Contains(v), "%d: digit %d", bound, v)
			}
		}
	}
}

// TestBoundsHold draws random small systems and integers that satisfy their lookups: the
// derived intervals hold them.
func TestBoundsHold(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	finished := 0
	for range 3000 {
		n := 2 + rng.IntN(4)
		values := make([]int64, n)
		b := NewBuilder()
		var cols []Tensor
		for i := range n {
			values[i] = rng.Int64N(101) - 50
			cols = append(cols, b.Column("c", []int{1}, none))
		}
		for range n + 1 {
			sum, total := Const([]int{1}, 0), int64(0)
			for i := range n {
				if rng.IntN(2) == 0 {
					c := []int64{1, -1, 1, -1, 2, -3}[rng.IntN(6)]
					sum, total = sum.Plus(cols[i].Times(c)), total+c*values[i]
				}
			}
			b.Range(sum, interval(total-rng.Int64N(5), total+rng.Int64N(5)))
		}
		s, err := b.Finish()
		if err != nil {
			continue
		}
		finished++
		for i := range n {
			r := boundOf(t, s, cols[i])
			require.True(t, r.Contains(values[i]), "%v excludes %d", r, values[i])
		}
	}
	require.Greater(t, finished, 100)
}

// TestWideWeights: a weight too wide for one table lies in its declared interval all the
// same, though sums of table entries reach further.
func TestWideWeights(t *testing.T) {
	for _, in := range []fixedpoint.Interval{interval(-5, 1<<17), interval(-1<<20, 1<<20-1), interval(-(1<<30)-77, 1<<29+5)} {
		b := NewBuilder()
		w := b.Weight("w", []int{1}, []int64{in.Hi}, in)
		b.Range(b.Column("x", []int{1}, none), interval(0, 255)) // the table of the rest
		s, err := b.Finish()
		require.NoError(t, err)
		require.Equal(t, in, boundOf(t, s, w))
	}
}

// TestWithin: what other statements hold in its interval takes no check, the rest two, also where it
// was held by a table that later checks lengthen.
func TestWithin(t *testing.T) {
	b := NewBuilder()
	zeros := func(n int) func(*Assignment) []int64 { return func(*Assignment) []int64 { return make([]int64, n) } }
	x, y, z := b.Column("x", []int{1}, zeros(1)), b.Column("y", []int{1}, zeros(1)), b.Column("z", []int{1}, zeros(1))
	in := fixedpoint.Interval{Lo: -300, Hi: 99}
	b.Range(x, in)
	b.Lookup(b.Function("relu", in, func(v int64) int64 { return max(v, 0) }), y, b.Column("f", []int{1}, zeros(1)))
	for _, v := range []Tensor{x, y, z} {
		b.Within(v, in)
	}
	b.Accumulator("unread", []int{1000}, fixedpoint.Interval{Lo: -256, Hi: 256}, zeros(1000))
	sys, err := b.Finish()
	require.NoError(t, err)
	for _, v := range []Tensor{x, y, z} {
		require.Equal(t, in, sys.Bounds[v.Block().ID][0], v.Block().Name)
	}
	require.Less(t, sys.Tables[1].Domain.Lo, int64(-300)) // there was need of a check of y
	checks := 0
	for _, l := range sys.Lookups {
		for _, m := range l.Cols[0].Exprs()[0].Terms {
			if m.Block == x.Block() {
				checks++
			}
		}
	}
	require.Equal(t, 1, checks)
}
