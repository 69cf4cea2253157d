package fixedpoint

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// variants lists parameters to test besides the defaults.
var variants = map[string][][]float64{
	"LeakyRelu":   {{0.25}, {-0.5}, {3}, {0}},
	"Clip":        {{0, 6}, {-1.5, 1.5}, {2, -2}},
	"Elu":         {{0.5}, {-1.25}, {0}, {7}},
	"Selu":        {{1, 1}, {-0.75, 2}},
	"HardSigmoid": {{1. / 6, 0.5}, {-0.3, 0.25}},
	"Pow":         {{0}, {1}, {3}, {-2}, {0.75}, {1.5}, {-1.25}, {2.25}, {5}, {float64(float32(1. / 3))}, {-2.2}, {1. / 64}, {7.0078125}},
}

// all returns every function, with its defaults and its variants.
func all(t testing.TB) []Function {
	var fs []Function
	for _, name := range Functions() {
		if name != "Pow" {
			fs = append(fs, named(t, name))
		}
		for _, p := range variants[name] {
			fs = append(fs, named(t, name, p...))
		}
	}
	return fs
}

func named(t testing.TB, name string, p ...float64) Function {
	t.Helper()
	f, err := ByName(name, p...)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// want returns the oracle's table entry.
func want(t *testing.T, f Function, x int64, inExp int, out Interval, outExp int) int64 {
	t.Helper()
	p := f.params
	if f.Name == "Clip" && math.IsInf(p[0], 0) {
		return want(t, named(t, "Identity"), x, inExp, out, outExp)
	}
	arg := num(0).SetMantExp(num(0).SetInt64(x), -inExp)
	y, inf := oracles[f.Name](p, arg)
	switch {
	case inf > 0:
		return out.Hi
	case inf < 0:
		return out.Lo
	}
	n, sure := oracleRound(y, outExp, out)
	if !sure {
		t.Fatalf("%v(%d·2^%d): the oracle is not precise enough", f, x, -inExp)
	}
	return n
}

func TestOraclesCoverFunctions(t *testing.T) {
	for _, name := range Functions() {
		if oracles[name] == nil {
			t.Errorf("%s has no oracle", name)
		}
	}
	if len(oracles) != len(Functions()) {
		t.Errorf("%d oracles for %d functions", len(oracles), len(Functions()))
	}
}

// All 8-bit arguments at several scales against the oracle.
func TestTableExhaustive8(t *testing.T) {
	formats := []struct {
		inExp  int
		out    Interval
		outExp int
	}{
		{4, Signed(8), 4}, {2, Signed(16), 7}, {7, Unsigned(8), 8}, {1, Signed(64), 40}, {6, Signed(32), -1},
	}
	if testing.Short() {
		formats = formats[:2]
	}
	for _, f := range all(t) {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			for _, c := range formats {
				in := Signed(8)
				table, err := f.Table(in, c.inExp, c.out, c.outExp)
				if err != nil {
					t.Fatal(err)
				}
				for i, got := range table {
					x := in.Lo + int64(i)
					if w := want(t, f, x, c.inExp, c.out, c.outExp); got != w {
						t.Fatalf("f(%d·2^-%d)·2^%d = %d, want %d", x, c.inExp, c.outExp, got, w)
					}
				}
			}
		})
	}
}

// Random arguments and formats, |x| <= 32, against the oracle.
func TestAtRandom(t *testing.T) {
	n := 40
	if testing.Short() {
		n = 4
	}
	for _, f := range all(t) {
		t.Run(f.String(), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(1, 2))
			for range n {
				inExp := rng.IntN(45)
				x := rng.Int64N(2<<(inExp+5)) - 1<<(inExp+5)
				x >>= rng.IntN(inExp + 5)
				outExp := rng.IntN(70) - 10
				got, err := f.At(x, inExp, Signed(64), outExp)
				if err != nil {
					t.Fatal(err)
				}
				if w := want(t, f, x, inExp, Signed(64), outExp); got != w {
					t.Fatalf("f(%d·2^-%d)·2^%d = %d, want %d", x, inExp, outExp, got, w)
				}
			}
		})
	}
}

// The bounds hold at low precisions too, where the rounding is not yet decided.
func TestBoundsEnclose(t *testing.T) {
	for _, f := range all(t) {
		if f.String() == "Clip(-Inf, +Inf)" {
			continue
		}
		rng := rand.New(rand.NewPCG(3, 4))
		for range 50 {
			x := dyadic{big.NewInt(rng.Int64N(1<<12) - 1<<11), 3 + rng.IntN(8)}
			prec := 32 + rng.IntN(30)
			b := f.enclose(f.params, x, prec)
			y, inf := oracles[f.Name](f.params, num(0).SetMantExp(num(0).SetInt(x.m), -x.exp))
			if b.inf != inf && !(b.inf == 1 && f.Name == "Exp") {
				t.Fatalf("%v(%v·2^-%d): infinity %d, want %d", f, x.m, x.exp, b.inf, inf)
			}
			if b.inf != 0 {
				continue
			}
			lo := num(0).SetMantExp(num(0).SetInt(b.lo), -b.prec)
			hi := num(0).SetMantExp(num(0).SetInt(b.hi), -b.prec)
			switch {
			case b.isExact():
				if lo.Cmp(y) != 0 {
					t.Fatalf("%v(%v·2^-%d) is not exactly %v", f, x.m, x.exp, lo)
				}
			case lo.Cmp(y) >= 0 || hi.Cmp(y) <= 0:
				t.Fatalf("%v(%v·2^-%d) is not in (%v, %v)", f, x.m, x.exp, lo, hi)
			case minus(hi, lo).MantExp(nil) > 12-prec+max(x.bits(), 0) && f.Name != "Exp":
				t.Errorf("%v(%v·2^-%d) at %d bits: wide bounds (%v, %v)", f, x.m, x.exp, prec, lo, hi)
			}
		}
	}
}

// Extreme arguments and scales: every rounding is decided and saturates correctly.
func TestExtremes(t *testing.T) {
	xs := []int64{math.MinInt64, math.MinInt64 + 1, -1 << 40, -3, -1, 0, 1, 3, 1 << 40, math.MaxInt64 - 1, math.MaxInt64}
	for _, f := range all(t) {
		for _, inExp := range []int{-MaxExp, -64, 0, 64, MaxExp} {
			for _, outExp := range []int{-MaxExp, 0, 64, MaxExp} {
				for _, x := range xs {
					y, err := f.At(x, inExp, Signed(16), outExp)
					if err != nil || !Signed(16).Contains(y) {
						t.Fatalf("%v at %d·2^%d, scale 2^%d: %d, %v", f, x, -inExp, outExp, y, err)
					}
				}
			}
		}
	}
}

// Values infinitely near to a rounding boundary, on a known side of it.
func TestNearTies(t *testing.T) {
	for _, c := range []struct {
		f             string
		x             int64
		inExp, outExp int
		want          int64
	}{
		{"Sigmoid", 0, 0, 0, 1},          // 1/2, the tie goes up
		{"Sigmoid", -1, MaxExp, 0, 0},    // just below 1/2
		{"Sigmoid", 1, MaxExp, 0, 1},     // just above
		{"Sigmoid", 1 << 50, 0, -1, 0},   // just below 1/2 = 1·2^-1
		{"Tanh", 1 << 50, 0, -1, 0},      // the same
		{"Tanh", 1, 200, 199, 0},         // x - x³/3 just below 1/2
		{"Tanh", -1, 200, 199, 0},        // just above -1/2
		{"Sin", 3, 100, 99, 1},           // just below 3/2
		{"Cos", 1, 200, -1, 0},           // just below 1/2
		{"Exp", 0, 0, -1, 1},             // 1/2
		{"Exp", -1, MaxExp, -1, 0},       // just below 1/2
		{"Softplus", 7, 0, 0, 7},         // 7.0009
		{"Softplus", 99999, 1, 0, 50000}, // just above a tie
		{"Gelu", 99999, 1, 0, 49999},     // just below a tie
		{"Gelu", -99999, 1, 0, 0},        // just below 0
		{"GeluTanh", 99999, 1, 0, 49999},
		{"Silu", 99999, 1, 0, 49999},
		{"Silu", -99999, 1, 0, 0},
		{"Elu", -99999, 1, -1, 0},    // just above -1/2
		{"Erf", -99999, 1, -1, 0},    // just above -1/2
		{"Erf", 99999, 1, -1, 0},     // just below 1/2
		{"Sqrt", 9, 0, -1, 2},        // 3/2
		{"Sqrt", 9 << 40, 40, -1, 2}, // 3/2
		{"Sqrt", 9<<40 - 1, 40, -1, 1},
		{"Rsqrt", 4, 0, 0, 1}, // 1/2
		{"Reciprocal", 2, 0, 0, 1},
		{"Reciprocal", -2, 0, 0, 0},
		{"Round", 5, 1, 0, 2}, // 2.5 to even
		{"Round", 7, 1, 0, 4},
		{"Round", -5, 1, 0, -2},
		{"Round", -7, 1, 0, -4},
		{"Round", 1, 1, 0, 0},
	} {
		got, err := named(t, c.f).At(c.x, c.inExp, Signed(64), c.outExp)
		if err != nil || got != c.want {
			t.Errorf("%s(%d·2^%d)·2^%d = %d, %v, want %d", c.f, c.x, -c.inExp, c.outExp, got, err, c.want)
		}
	}
}

func TestOutsideDomain(t *testing.T) {
	out := Interval{-100, 200}
	for _, c := range []struct {
		f    string
		p    []float64
		x    int64
		want int64
	}{
		{"Log", nil, 0, -100}, {"Log", nil, -5, -100},
		{"Sqrt", nil, -5, 0},
		{"Reciprocal", nil, 0, 200},
		{"Rsqrt", nil, 0, 200}, {"Rsqrt", nil, -5, 200},
		{"Pow", []float64{0.5}, -5, 0}, {"Pow", []float64{-0.5}, -5, 200},
		{"Pow", []float64{-3}, 0, 200}, {"Pow", []float64{0}, 0, 1},
		{"Exp2", nil, 1 << 40, 200}, {"Exp2", nil, -1 << 40, 0}, {"Exp2", nil, 7, 128},
		{"Exp", nil, 1 << 40, 200}, {"Exp", nil, -1 << 40, 0},
	} {
		got, err := named(t, c.f, c.p...).At(c.x, 0, out, 0)
		if err != nil || got != c.want {
			t.Errorf("%s%v(%d) = %d, %v, want %d", c.f, c.p, c.x, got, err, c.want)
		}
	}
	// 0 is the value of Sqrt there, before the clamp
	if got, _ := named(t, "Sqrt").At(-5, 0, Interval{3, 9}, 0); got != 3 {
		t.Errorf("Sqrt(-5) clamped to [3, 9] = %d, want 3", got)
	}
}

func TestMonotone(t *testing.T) {
	in := Interval{-4096, 4095}
	for _, name := range []string{"Identity", "Relu", "LeakyRelu", "Elu", "Selu", "Sigmoid", "HardSigmoid", "Tanh",
		"Softplus", "Softsign", "Erf", "Exp", "Exp2", "Log", "Sqrt", "Floor", "Ceil", "Round", "Sign", "Clip"} {
		table, err := named(t, name).Table(in, 9, Signed(32), 16)
		if err != nil {
			t.Fatal(err)
		}
		for i := range table[1:] {
			if table[i] > table[i+1] {
				t.Fatalf("%s falls at %d", name, in.Lo+int64(i))
			}
		}
	}
}

// The tables agree with math to one unit. This only shows that the functions are
// the ones they are called; the oracle tests the rounding.
func TestAgainstMath(t *testing.T) {
	in := Signed(12)
	for name, f := range map[string]func(float64) float64{
		"Exp": math.Exp, "Exp2": math.Exp2, "Log": math.Log, "Sqrt": math.Sqrt, "Sin": math.Sin, "Cos": math.Cos,
		"Tanh": math.Tanh, "Erf": math.Erf, "Atan": math.Atan, "Asin": math.Asin,
		"Sigmoid":  func(x float64) float64 { return 1 / (1 + math.Exp(-x)) },
		"Silu":     func(x float64) float64 { return x / (1 + math.Exp(-x)) },
		"Gelu":     func(x float64) float64 { return x / 2 * (1 + math.Erf(x/math.Sqrt2)) },
		"Softplus": func(x float64) float64 { return math.Log1p(math.Exp(x)) },
	} {
		table, err := named(t, name).Table(in, 8, Signed(40), 12)
		if err != nil {
			t.Fatal(err)
		}
		for i, got := range table {
			x := in.Lo + int64(i)
			y := f(float64(x) / 256)
			if math.IsNaN(y) || math.IsInf(y, 0) {
				continue
			}
			if d := float64(got) - y*4096; math.Abs(d) > 1 {
				t.Fatalf("%s(%d/256)·4096 = %d, math says %v", name, x, got, y*4096)
			}
		}
	}
}

// One hash over many tables stands for committing them.
func TestGolden(t *testing.T) {
	const golden = "f78cf3fc709932c2055965b26655cd2cc53d27f380c730b19513ee514daeb421"
	h := sha256.New()
	for _, f := range all(t) {
		h.Write([]byte(f.String()))
		for _, c := range [][2]int{{3, 3}, {5, 7}, {8, 12}} {
			table, err := f.Table(Signed(10), c[0], Signed(16), c[1])
			if err != nil {
				t.Fatal(err)
			}
			for _, y := range table {
				h.Write(binary.LittleEndian.AppendUint64(nil, uint64(y)))
			}
		}
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != golden {
		t.Errorf("the tables hash to %s, want %s", got, golden)
	}
}
