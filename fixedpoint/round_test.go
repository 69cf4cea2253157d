package fixedpoint

import (
	"errors"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// edges are the integers where 64-bit arithmetic goes wrong, and their neighbours.
var edges = func() []int64 {
	var xs []int64
	for _, c := range []int64{0, 1 << 31, 1 << 32, 1 << 52, 1 << 53, 1 << 61, 1 << 62, math.MaxInt64, math.MinInt64} {
		for d := int64(-3); d <= 3; d++ {
			xs = append(xs, c+d, -c+d) // wrapping is welcome
		}
	}
	return xs
}()

// wide draws an edge half of the time, else a number of random length.
func wide(rng *rand.Rand) int64 {
	if rng.IntN(2) == 0 {
		return edges[rng.IntN(len(edges))]
	}
	return int64(rng.Uint64()) >> rng.IntN(64)
}

// floorRat returns floor(num/den).
func floorRat(num, den *big.Int) *big.Int {
	q, r := new(big.Int).QuoRem(num, den, new(big.Int))
	if r.Sign() != 0 && r.Sign() != den.Sign() {
		q.Sub(q, big.NewInt(1))
	}
	return q
}

func bigRoundShift(x int64, s uint) *big.Int {
	if s == 0 {
		return big.NewInt(x)
	}
	n := new(big.Int).Lsh(big.NewInt(1), s-1)
	return floorRat(n.Add(n, big.NewInt(x)), new(big.Int).Lsh(big.NewInt(1), s))
}

func bigDivRound(a, b int64) *big.Int {
	n := new(big.Int).Lsh(big.NewInt(a), 1)
	return floorRat(n.Add(n, big.NewInt(b)), new(big.Int).Lsh(big.NewInt(b), 1))
}

func TestRoundShift(t *testing.T) {
	for x := int64(-1 << 12); x <= 1<<12; x++ {
		for s := uint(0); s <= 15; s++ {
			if got, want := RoundShift(x, s), bigRoundShift(x, s).Int64(); got != want {
				t.Fatalf("RoundShift(%d, %d) = %d, want %d", x, s, got, want)
			}
		}
	}
	for _, x := range edges {
		for s := uint(0); s <= 130; s++ {
			want := bigRoundShift(x, s)
			if got := RoundShift(x, s); !want.IsInt64() || got != want.Int64() {
				t.Fatalf("RoundShift(%d, %d) = %d, want %d", x, s, got, want)
			}
		}
		if got := RoundShift(x, math.MaxUint); got != 0 {
			t.Fatalf("RoundShift(%d, MaxUint) = %d, want 0", x, got)
		}
	}
}

func TestRequantize(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 100_000 {
		x, s := wide(rng), uint(rng.IntN(70))
		out := Interval{wide(rng), wide(rng)}
		if out.IsEmpty() {
			out.Lo, out.Hi = out.Hi, out.Lo
		}
		want := bigRoundShift(x, s)
		if lo := big.NewInt(out.Lo); want.Cmp(lo) < 0 {
			want = lo
		}
		if hi := big.NewInt(out.Hi); want.Cmp(hi) > 0 {
			want = hi
		}
		if got := Requantize(x, s, out); got != want.Int64() {
			t.Fatalf("Requantize(%d, %d, %v) = %d, want %d", x, s, out, got, want)
		}
	}
}

func TestDivRound(t *testing.T) {
	check := func(a, b int64) {
		t.Helper()
		want := bigDivRound(a, b)
		q, r := DivFloor(a, b)
		if d, m := new(big.Int).DivMod(big.NewInt(a), big.NewInt(b), new(big.Int)); d.Int64() != q || m.Int64() != r {
			t.Fatalf("DivFloor(%d, %d) = %d, %d, want %v, %v", a, b, q, r, d, m)
		}
		if got := DivRound(a, b); !want.IsInt64() || got != want.Int64() {
			t.Fatalf("DivRound(%d, %d) = %d, want %d", a, b, got, want)
		}
	}
	for a := int64(-300); a <= 300; a++ {
		for b := int64(1); b <= 130; b++ {
			check(a, b)
		}
	}
	for _, a := range edges {
		for _, b := range edges {
			if b > 0 {
				check(a, b)
			}
		}
	}
	for _, b := range []int64{0, -1, math.MinInt64} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("DivRound by %d does not panic", b)
				}
			}()
			DivRound(1, b)
		}()
	}
}

func TestQuantize(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 100_000 {
		x := math.Float64frombits(rng.Uint64())
		if rng.IntN(2) == 0 {
			x = math.Ldexp(float64(rng.IntN(1<<12)-1<<11), -rng.IntN(12)) // many ties
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			continue
		}
		exp := rng.IntN(41) - 20
		if rng.IntN(4) == 0 {
			exp = rng.IntN(4000) - 2000
		}
		out := Signed(1 + rng.IntN(64))
		v := new(big.Rat).SetFloat64(x)
		if e := new(big.Int).Lsh(big.NewInt(1), uint(abs(int64(exp)))); exp < 0 {
			v.Quo(v, new(big.Rat).SetInt(e))
		} else {
			v.Mul(v, new(big.Rat).SetInt(e))
		}
		v.Add(v, big.NewRat(1, 2))
		n := floorRat(v.Num(), v.Denom())
		want := out.Lo
		if n.IsInt64() {
			want = out.Clamp(n.Int64())
		} else if n.Sign() > 0 {
			want = out.Hi
		}
		if got, err := Quantize(x, exp, out); err != nil || got != want {
			t.Fatalf("Quantize(%v, %d, %v) = %d, %v, want %d", x, exp, out, got, err, want)
		}
	}
}

func TestQuantizeSpecial(t *testing.T) {
	out := Interval{-7, 9}
	for _, c := range []struct {
		x    float64
		exp  int
		out  Interval
		want int64
		err  error
	}{
		{math.NaN(), 0, out, 0, ErrNaN},
		{1, 0, Interval{1, 0}, 0, ErrRange},
		{math.Inf(1), 0, out, 9, nil},
		{math.Inf(-1), 0, out, -7, nil},
		{0, math.MaxInt, out, 0, nil},
		{math.Copysign(0, -1), 0, out, 0, nil},
		{0, 0, Interval{3, 9}, 3, nil},
		{math.SmallestNonzeroFloat64, math.MaxInt, out, 9, nil},
		{-math.SmallestNonzeroFloat64, math.MaxInt, out, -7, nil},
		{math.MaxFloat64, math.MinInt, out, 0, nil},
		{-0.5, 0, out, 0, nil},
		{0.5, 0, out, 1, nil},
		{math.Nextafter(0.5, 0), 0, out, 0, nil},
		{-1.5, 0, out, -1, nil},
		{1 << 62, 1, Signed(64), math.MaxInt64, nil},
		{-1 << 62, 1, Signed(64), math.MinInt64, nil},
	} {
		if got, err := Quantize(c.x, c.exp, c.out); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("Quantize(%v, %d, %v) = %d, %v, want %d, %v", c.x, c.exp, c.out, got, err, c.want, c.err)
		}
	}
}

func TestReal(t *testing.T) {
	for _, c := range []struct {
		q    int64
		exp  int
		want float64
	}{
		{0, 5, 0}, {3, 1, 1.5}, {-3, -2, -12}, {1<<53 - 1, 60, float64(1<<53-1) / (1 << 60)},
		{1, math.MaxInt, 0}, {1, math.MinInt, math.Inf(1)},
	} {
		if got := Real(c.q, c.exp); got != c.want {
			t.Errorf("Real(%d, %d) = %v, want %v", c.q, c.exp, got, c.want)
		}
	}
	rng := rand.New(rand.NewPCG(9, 10))
	for range 10_000 { // Quantize undoes Real
		q, exp := wide(rng)>>11, rng.IntN(200)-100
		if got, err := Quantize(Real(q, exp), exp, Signed(64)); err != nil || got != q {
			t.Fatalf("Quantize(Real(%d, %d)) = %d, %v", q, exp, got, err)
		}
	}
}

func BenchmarkRequantize(b *testing.B) {
	out, x := Signed(8), int64(0)
	for b.Loop() {
		x += Requantize(x^0x5555, 7, out)
	}
}

func BenchmarkQuantize(b *testing.B) {
	out, x := Signed(8), 0.1
	for b.Loop() {
		if _, err := Quantize(x, 5, out); err != nil {
			b.Fatal(err)
		}
	}
}
