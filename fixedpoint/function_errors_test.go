package fixedpoint

import (
	"errors"
	"math"
	"math/big"
	"testing"
)

func TestFunctionErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct {
		name string
		p    []float64
		want error
	}{
		{"relu", nil, ErrFunction}, {"", nil, ErrFunction},
		{"Relu", []float64{1}, ErrParameter}, {"Sqrt", []float64{0.5}, ErrParameter},
		{"LeakyRelu", []float64{1, 2}, ErrParameter}, {"LeakyRelu", []float64{nan}, ErrParameter},
		{"LeakyRelu", []float64{inf}, ErrParameter}, {"Clip", []float64{0}, ErrParameter},
		{"Clip", []float64{inf, inf}, ErrParameter}, {"Clip", []float64{-inf, -inf}, ErrParameter},
		{"Clip", []float64{-inf, inf}, nil}, {"Clip", []float64{-inf, 6}, nil}, {"Clip", []float64{0, inf}, nil},
		{"Pow", nil, ErrParameter}, {"Pow", []float64{65}, ErrParameter}, {"Pow", []float64{0.1}, nil},
		{"Pow", []float64{1. / 16}, nil}, {"Pow", []float64{1. / 32}, nil}, {"Pow", []float64{-64}, nil}, {"Pow", []float64{-64.5}, ErrParameter},
		{"Pow", []float64{1e300}, ErrParameter},
	} {
		if _, err := ByName(c.name, c.p...); !errors.Is(err, c.want) {
			t.Errorf("ByName(%q, %v): %v, want %v", c.name, c.p, err, c.want)
		}
	}
	relu := named(t, "Relu")
	for _, c := range []struct {
		f             Function
		in            Interval
		inExp, outExp int
		out           Interval
		want          error
	}{
		{Function{}, Signed(8), 0, 0, Signed(8), ErrFunction},
		{relu, Interval{1, 0}, 0, 0, Signed(8), ErrRange},
		{relu, Signed(8), 0, 0, Interval{1, 0}, ErrRange},
		{relu, Signed(8), MaxExp + 1, 0, Signed(8), ErrRange},
		{relu, Signed(8), 0, -MaxExp - 1, Signed(8), ErrRange},
		{relu, Interval{0, MaxTable}, 0, 0, Signed(8), ErrRange},
		{relu, Signed(64), 0, 0, Signed(8), ErrRange},
	} {
		if _, err := c.f.Table(c.in, c.inExp, c.out, c.outExp); !errors.Is(err, c.want) {
			t.Errorf("%v over %v: %v, want %v", c.f, c.in, err, c.want)
		}
	}
	if _, err := relu.At(1, 0, Interval{1, 0}, 0); !errors.Is(err, ErrRange) {
		t.Errorf("At with an empty output interval: %v", err)
	}
}

func TestFunctionString(t *testing.T) {
	for want, f := range map[string]Function{
		"Relu":            named(t, "Relu"),
		"Sqrt":            named(t, "Sqrt"),
		"Clip(-Inf, 6)":   named(t, "Clip", math.Inf(-1), 6),
		"LeakyRelu(0.25)": named(t, "LeakyRelu", 0.25),
		"Pow(1.5)":        named(t, "Pow", 1.5),
	} {
		if got := f.String(); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}

// The caller's slice is not kept.
func TestParametersAreCopied(t *testing.T) {
	p := []float64{0.5}
	f := named(t, "LeakyRelu", p...)
	p[0] = 2
	if y, _ := f.At(-8, 0, Signed(8), 0); y != -4 {
		t.Errorf("LeakyRelu(0.5) at -8 = %d, want -4", y)
	}
}

// Digits from the literature.
func TestConstants(t *testing.T) {
	for _, c := range []struct {
		name   string
		k      *constant
		digits string
	}{
		{"π", &pi, "3.14159265358979323846264338327950288419716939937510582097494459230781640628620899"},
		{"ln 2", &ln2, "0.69314718055994530941723212145817656807550013436025525412068000949339362196969471"},
	} {
		exact, _ := new(big.Float).SetPrec(300).SetString(c.digits)
		for _, prec := range []int{1, 40, 256, 100} {
			x := new(big.Float).SetPrec(300).SetMantExp(exact, prec)
			lo := new(big.Float).SetPrec(300).SetInt(c.k.at(prec))
			if lo.Cmp(x) > 0 || lo.Add(lo, big.NewFloat(2)).Cmp(x) <= 0 {
				t.Errorf("%s at %d bits is wrong", c.name, prec)
			}
		}
	}
}

func BenchmarkTable16(b *testing.B) {
	for _, name := range Functions() {
		if name == "Pow" {
			continue
		}
		f := named(b, name)
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := f.Table(Signed(16), 12, Signed(16), 12); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
