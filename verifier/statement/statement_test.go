package statement

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"
)

// TestPacking: what is packed is what the documentation says, every element fits the field,
// and unpacking takes that and nothing else.
func TestPacking(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, p := range []Packing{{0, 1}, {0, 0}, {-3, 4}, {0, 255}, {-128, 127}, {0, 1<<62 - 1}, {math.MinInt64, math.MaxInt64}, {7, 9}} {
		base := new(big.Int).Sub(big.NewInt(p.Hi), big.NewInt(p.Lo))
		base.Add(base, big.NewInt(1))
		limit := new(big.Int).Lsh(big.NewInt(1), 253)
		k := 0
		for x := new(big.Int).Set(base); x.Cmp(limit) <= 0 && k < maxDigits; x.Mul(x, base) {
			k++
		}
		require.Equal(t, k, p.Digits(), "%v", p)
		for _, size := range []int{0, 1, k - 1, k, k + 1, 3*k + 2} {
			q := make([]int64, max(size, 0))
			for i := range q {
				switch rng.IntN(3) {
				case 0:
					q[i] = p.Lo
				case 1:
					q[i] = p.Hi
				default:
					q[i] = p.Lo + int64(rng.Uint64N(max(uint64(p.Hi)-uint64(p.Lo), 1)))
				}
			}
			e, err := p.Pack(q)
			require.NoError(t, err)
			require.Len(t, e, p.Elements(len(q)))
			for m := range e {
				want, power := new(big.Int), big.NewInt(1)
				for _, x := range q[m*k : min((m+1)*k, len(q))] {
					d := new(big.Int).Sub(big.NewInt(x), big.NewInt(p.Lo))
					want.Add(want, d.Mul(d, power))
					power = new(big.Int).Mul(power, base)
				}
				require.Zero(t, want.Cmp(e[m].BigInt(new(big.Int))))
			}
			back, err := p.Unpack(len(q), e)
			require.NoError(t, err)
			require.Equal(t, q, back)
			_, err = p.Unpack(len(q), append(e, fr.Element{}))
			require.ErrorIs(t, err, ErrPacking)
			if len(e) > 0 {
				_, err = p.Unpack(len(q), e[1:])
				require.ErrorIs(t, err, ErrPacking)
				last := append([]fr.Element{}, e...)
				last[len(last)-1].SetInt64(-1)
				_, err = p.Unpack(len(q), last)
				require.ErrorIs(t, err, ErrPacking, "more than its digits")
			}
		}
		if p.Lo > math.MinInt64 {
			_, err := p.Pack([]int64{p.Lo - 1})
			require.ErrorIs(t, err, ErrPacking)
			_, err = p.Pack([]int64{p.Hi + 1})
			require.ErrorIs(t, err, ErrPacking)
			_, err = p.Pack([]int64{p.Lo, p.Hi})
			require.NoError(t, err)
		}
	}
}

// TestWords: texts and values go both ways, defaults are the empty text.
func TestWords(t *testing.T) {
	for s := Groth16; s.Known(); s++ {
		b, err := s.MarshalText()
		require.NoError(t, err)
		require.Equal(t, s == Groth16, len(b) == 0)
		var back System
		require.NoError(t, back.UnmarshalText(b))
		require.Equal(t, s, back)
		require.NoError(t, back.UnmarshalText([]byte(s.String())))
		require.Equal(t, s, back)
	}
	var v Visibility
	require.NoError(t, v.UnmarshalText([]byte("digest")))
	require.Equal(t, Digest, v)
	require.Error(t, v.UnmarshalText([]byte("secret")))
	var w Weights
	require.Error(t, w.UnmarshalText([]byte("Baked")))
	require.NoError(t, w.UnmarshalText([]byte("baked")))
	require.Equal(t, Baked, w)
	require.False(t, System(3).Known())
	require.False(t, Weights(2).Known())
	require.False(t, Visibility(3).Known())
	_, err := Visibility(3).MarshalText()
	require.Error(t, err)
	require.Equal(t, "unknown(7)", System(7).String())
	require.Equal(t, []string{"committed", "private"}, []string{Committed.String(), Private.String()})
}
