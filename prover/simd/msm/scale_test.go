package msm

import (
	"context"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	"github.com/nnark/nnark/prover/simd"
	"github.com/stretchr/testify/require"
)

// scaleScalars are extreme and random scalars.
func scaleScalars(n int) []fr.Element {
	s := make([]fr.Element, n)
	lambda := cubeRoot(fr.Modulus())
	for i := range s {
		switch i {
		case 0: // 0
		case 1, 2, 3:
			s[i].SetInt64(int64(i))
		case 4, 5, 6:
			s[i].SetInt64(-int64(i - 3))
		case 7:
			s[i].SetBigInt(lambda)
		case 8:
			s[i].SetBigInt(new(big.Int).Rsh(fr.Modulus(), 1))
		case 9:
			s[i].SetBigInt(new(big.Int).Add(lambda, big.NewInt(1)))
		case 10:
			s[i].SetBigInt(new(big.Int).Sub(lambda, big.NewInt(1)))
		default:
			s[i].MustSetRandom()
		}
	}
	return s
}

func TestScale(t *testing.T) {
	ctx := context.Background()
	r := rand.New(rand.NewPCG(1, 2))
	_, _, g1, g2 := bn254.Generators()
	for _, n := range []int{1, 7, 12, 1030} {
		base := scaleScalars(n)
		r.Shuffle(n, func(i, j int) { base[i], base[j] = base[j], base[i] })
		p, q := bn254.BatchScalarMultiplicationG1(&g1, base), bn254.BatchScalarMultiplicationG2(&g2, base)
		for _, s := range [][]fr.Element{scaleScalars(n), scaleScalars(12)[r.IntN(12):][:1]} {
			want := make([]fr.Element, n)
			for i := range want {
				want[i].Mul(&base[i], &s[min(i, len(s)-1)])
			}
			got1, got2 := make([]bn254.G1Affine, n), append([]bn254.G2Affine(nil), q...)
			require.NoError(t, ScaleG1(ctx, got1, p, s, nil))
			require.NoError(t, ScaleG2(ctx, got2, got2, s, nil))
			require.Equal(t, bn254.BatchScalarMultiplicationG1(&g1, want), got1)
			require.Equal(t, bn254.BatchScalarMultiplicationG2(&g2, want), got2)
		}
	}
}

// The halves add up to the scalar, and are half as long.
func TestSplitGLV(t *testing.T) {
	lambda := cubeRoot(fr.Modulus())
	for _, s := range scaleScalars(2000) {
		first, second := splitGLV(&s)
		sum := new(big.Int)
		for j, h := range []glvHalf{first, second} {
			require.LessOrEqual(t, h.k.bitLen(), 128)
			v := new(big.Int)
			for i := 3; i >= 0; i-- {
				v.Lsh(v, 64).Add(v, new(big.Int).SetUint64(h.k[i]))
			}
			require.Equal(t, uint(1), v.Bit(0))
			if h.even {
				v.Sub(v, big.NewInt(1))
			}
			if h.negative == 1 {
				v.Neg(v)
			}
			sum.Add(sum, v.Mul(v, []*big.Int{big.NewInt(1), lambda}[j]))
		}
		var got fr.Element
		require.Equal(t, s, *got.SetBigInt(sum))
	}
}

func TestLagrange(t *testing.T) {
	ctx := context.Background()
	_, _, g1, g2 := bn254.Generators()
	for _, n := range []int{2, 3, 4, 6, 8, 12, 16, 64, 96, 128, 1536, 2048} {
		powers := make([]fr.Element, n)
		powers[0].SetOne()
		powers[1].SetUint64(123456789)
		for i := 2; i < n; i++ {
			powers[i].Mul(&powers[i-1], &powers[1])
		}
		p, q := bn254.BatchScalarMultiplicationG1(&g1, powers), bn254.BatchScalarMultiplicationG2(&g2, powers)
		// L_i(τ) = (τ^n - 1)/n · ω^i/(τ - ω^i)
		w, x, over, one := simd.RootOfUnity(n), fr.One(), fr.NewElement(uint64(n)), fr.One()
		over.Inverse(&over)
		scalars := make([]fr.Element, n)
		for i := range scalars {
			scalars[i].Sub(&powers[1], &x).Inverse(&scalars[i]).Mul(&scalars[i], &x)
			x.Mul(&x, &w)
		}
		require.Equal(t, one, x)
		var top fr.Element
		top.Mul(&powers[n-1], &powers[1]).Sub(&top, &one).Mul(&top, &over)
		for i := range scalars {
			scalars[i].Mul(&scalars[i], &top)
		}
		want := bn254.BatchScalarMultiplicationG1(&g1, scalars)
		if n&(n-1) == 0 {
			theirs, err := kzg.ToLagrangeG1(p)
			require.NoError(t, err)
			require.Equal(t, theirs, want)
		}
		require.NoError(t, LagrangeG1(ctx, p, nil))
		require.Equal(t, want, p)
		require.NoError(t, LagrangeG2(ctx, q, nil))
		for i := range q {
			ok, err := bn254.PairingCheck([]bn254.G1Affine{p[i], *new(bn254.G1Affine).Neg(&g1)}, []bn254.G2Affine{g2, q[i]})
			require.NoError(t, err)
			require.True(t, ok)
			if i > 20 {
				break
			}
		}
	}
}

func TestSum(t *testing.T) {
	_, _, g1, g2 := bn254.Generators()
	s := scaleScalars(50)
	p, q := bn254.BatchScalarMultiplicationG1(&g1, s), bn254.BatchScalarMultiplicationG2(&g2, s)
	r := rand.New(rand.NewPCG(3, 4))
	var items []uint32
	start := []uint32{0}
	want := make([]fr.Element, 300)
	for g := range want {
		for range r.IntN(9) {
			k := r.Uint32N(100)
			items = append(items, k)
			if k&1 == 1 {
				want[g].Sub(&want[g], &s[k>>1])
			} else {
				want[g].Add(&want[g], &s[k>>1])
			}
		}
		start = append(start, uint32(len(items)))
	}
	got1, got2 := make([]bn254.G1Affine, len(want)), make([]bn254.G2Affine, len(want))
	require.NoError(t, SumG1(context.Background(), got1, p, items, start))
	require.NoError(t, SumG2(context.Background(), got2, q, items, start))
	require.Equal(t, bn254.BatchScalarMultiplicationG1(&g1, want), got1)
	require.Equal(t, bn254.BatchScalarMultiplicationG2(&g2, want), got2)
}
