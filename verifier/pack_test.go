package verifier_test

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/verifier"
)

func tensor(lo, hi int64, n int) *verifier.TensorCard {
	return &verifier.TensorCard{Name: "t", Shape: []int{n}, Lo: lo, Hi: hi}
}

// packBig is the definition, in big integers.
func packBig(lo, hi int64, q []int64) (packed []*big.Int) {
	base := new(big.Int).Sub(big.NewInt(hi), big.NewInt(lo))
	base.Add(base, big.NewInt(1))
	limit := new(big.Int).Lsh(big.NewInt(1), 253)
	k := 0
	for x := big.NewInt(1); x.Cmp(limit) <= 0; k++ {
		x.Mul(x, base)
	}
	k-- // base^k was the first power beyond
	for m := 0; m < len(q); m += k {
		sum, power := new(big.Int), big.NewInt(1)
		for _, x := range q[m:min(m+k, len(q))] {
			d := new(big.Int).Sub(big.NewInt(x), big.NewInt(lo))
			sum.Add(sum, d.Mul(d, power))
			power = new(big.Int).Mul(power, base)
		}
		packed = append(packed, sum)
	}
	return packed
}

func TestPack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct{ lo, hi int64 }{
		{0, 1}, {-1, 1}, {0, 2}, {0, 127}, {0, 255}, {-128, 127}, {-127, 127}, {0, 256}, {-32768, 32767},
		{0, math.MaxUint32}, {0, math.MaxInt64}, {-1, math.MaxInt64}, {math.MinInt64, math.MaxInt64 - 1}, {math.MinInt64, math.MaxInt64},
		{math.MinInt64, math.MinInt64 + 1}, {math.MaxInt64 - 1, math.MaxInt64}, {0, 1<<21 - 1}, {0, 1<<23 - 1}, {-5, 6},
	} {
		for _, n := range []int{1, 2, 3, 30, 31, 32, 62, 63, 252, 253, 254, 300} {
			card := tensor(c.lo, c.hi, n)
			for _, q := range [][]int64{constant(n, c.lo), constant(n, c.hi), random(rng, n, c.lo, c.hi)} {
				packed, err := verifier.Pack(card, q)
				require.NoError(t, err)
				require.Len(t, packed, card.Elements())
				want := packBig(c.lo, c.hi, q)
				require.Len(t, packed, len(want))
				for i := range packed {
					require.Zero(t, want[i].Cmp(packed[i].BigInt(new(big.Int))))
					require.LessOrEqual(t, want[i].BitLen(), 253)
				}
				got, err := verifier.Unpack(card, packed)
				require.NoError(t, err)
				require.Equal(t, q, got)
			}
		}
	}
}

func constant(n int, x int64) []int64 {
	q := make([]int64, n)
	for i := range q {
		q[i] = x
	}
	return q
}

func random(rng *rand.Rand, n int, lo, hi int64) []int64 {
	q := make([]int64, n)
	for i := range q {
		q[i] = lo
		if width := uint64(hi) - uint64(lo); width == math.MaxUint64 {
			q[i] = int64(rng.Uint64())
		} else {
			q[i] += int64(rng.Uint64N(width + 1))
		}
	}
	return q
}

func TestPackRefused(t *testing.T) {
	for _, q := range [][]int64{nil, {0}, {0, 0, 0}, {0, 256}, {-1, 0}, {math.MinInt64, 0}, {math.MaxInt64, 0}} {
		_, err := verifier.Pack(tensor(0, 255, 2), q)
		require.ErrorIs(t, err, verifier.ErrMalformed, q)
	}
	_, err := verifier.Pack(tensor(1, 1, 2), []int64{1, 1})
	require.ErrorIs(t, err, verifier.ErrMalformed)
}

// Every tensor has one encoding: what holds more than its digits is refused.
func TestUnpackRefused(t *testing.T) {
	power := func(base, n int64) *big.Int { return new(big.Int).Exp(big.NewInt(base), big.NewInt(n), nil) }
	minusOne := new(big.Int).Sub(fr.Modulus(), big.NewInt(1))
	for name, c := range map[string]struct {
		card  *verifier.TensorCard
		value *big.Int
		ok    bool
	}{
		"largest of 2":        {tensor(0, 255, 2), new(big.Int).Sub(power(256, 2), big.NewInt(1)), true},
		"beyond 2":            {tensor(0, 255, 2), power(256, 2), false},
		"largest of 31":       {tensor(0, 255, 31), new(big.Int).Sub(power(256, 31), big.NewInt(1)), true},
		"beyond 31":           {tensor(0, 255, 31), power(256, 31), false},
		"r-1":                 {tensor(0, 255, 31), minusOne, false},
		"largest of 253 bits": {tensor(0, 1, 253), new(big.Int).Sub(power(2, 253), big.NewInt(1)), true},
		"2^253":               {tensor(0, 1, 253), power(2, 253), false},
		"r-1 in bits":         {tensor(0, 1, 253), minusOne, false},
		"largest int64s":      {tensor(math.MinInt64, math.MaxInt64, 3), new(big.Int).Sub(power(2, 192), big.NewInt(1)), true},
		"beyond int64s":       {tensor(math.MinInt64, math.MaxInt64, 3), power(2, 192), false},
		"base 3":              {tensor(-1, 1, 100), power(3, 100), false},
	} {
		t.Run(name, func(t *testing.T) {
			var e fr.Element
			e.SetBigInt(c.value)
			_, err := verifier.Unpack(c.card, []fr.Element{e})
			if c.ok {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, verifier.ErrMalformed)
			}
		})
	}
	for _, n := range []int{0, 2} {
		_, err := verifier.Unpack(tensor(0, 255, 31), make([]fr.Element, n))
		require.ErrorIs(t, err, verifier.ErrMalformed)
	}
}

func TestElements(t *testing.T) {
	card := tensor(0, 255, 784)
	require.Equal(t, 26, card.Elements())
	card.Mode = verifier.Private
	require.Equal(t, 0, card.Elements())
	card.Mode = verifier.Digest
	require.Equal(t, 1, card.Elements())
	require.Equal(t, 1, (&verifier.TensorCard{Hi: 1}).Size(), "a scalar")
	require.Equal(t, 1, tensor(5, 5, 100).Elements(), "an invalid card ends too")
}

func TestQuantize(t *testing.T) {
	card := &verifier.TensorCard{Name: "x", Shape: []int{4}, Exp: 7, Lo: 0, Hi: 127, RealLo: 0, RealHi: 1}
	q, err := card.Quantize([]float64{0, 0.5, 1, 0.50390625})
	require.NoError(t, err)
	require.Equal(t, []int64{0, 64, 127, 65}, q)
	for _, bad := range [][]float64{nil, {0, 0, 0}, {0, 0, 0, 1.0000001}, {0, 0, 0, -1e-300}, {0, 0, 0, math.NaN()}, {0, 0, 0, math.Inf(1)}} {
		_, err := card.Quantize(bad)
		require.ErrorIs(t, err, verifier.ErrInput)
	}
}

func BenchmarkUnpack(b *testing.B) {
	card := tensor(0, 255, 784)
	packed, err := verifier.Pack(card, constant(784, 200))
	require.NoError(b, err)
	for b.Loop() {
		if _, err := verifier.Unpack(card, packed); err != nil {
			b.Fatal(err)
		}
	}
}
