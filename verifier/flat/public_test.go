package flat_test

import (
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/verifier/flat"
)

// Where the public integers are no part of the seed, they can be chosen after the point that they are
// tested at: others of the same weighted sum, found as a short vector of a lattice, for a true proof.
func TestPublicIntegersNotInSeed(t *testing.T) {
	p, n := proven(), testNetwork()
	var zeta []fr.Element
	tr := flat.Recorded(testSeed, func(label string, x fr.Element) {
		if label == "zeta" {
			zeta = append(zeta, x)
		}
	})
	_, _, err := p.key.VerifyWith(tr, n.public, decoded(t))
	require.NoError(t, err)
	var weights []fr.Element
	for i := range n.Plan.Exposes {
		flattest.Terms(&n.Plan.Exposes[i], nil, func(_, slot, _ int, _ fr.Element) { weights = append(weights, flattest.Eq(zeta, slot, -1)) })
	}
	d := shortRelation(weights)
	var others [][]int64
	var all []byte
	for _, public := range n.public {
		var other []int64
		for _, x := range public {
			other, d = append(other, x+d[0]), d[1:]
			all = binary.BigEndian.AppendUint64(all, uint64(other[len(other)-1]))
		}
		others = append(others, other)
	}
	require.NotEqual(t, n.public, others)
	require.True(t, verify(t, p.key, testSeed, others, decoded(t)), "the seed does not depend on them")
	require.False(t, verify(t, p.key, sha256.Sum256(all), others, decoded(t)))
}

// shortRelation returns small integers, not all zero, whose weighted sum is zero in the field: the first
// vector of a reduced basis (Lenstra, Lenstra, Lovász).
func shortRelation(w []fr.Element) []int64 {
	n := len(w)
	basis := make([][]*big.Int, n)
	for i := range basis {
		basis[i] = make([]*big.Int, n)
		for k := range basis[i] {
			basis[i][k] = new(big.Int)
		}
		if i == 0 {
			basis[0][0].Set(fr.Modulus())
			continue
		}
		var x fr.Element
		x.Div(&w[i], &w[0])
		x.Neg(&x).BigInt(basis[i][0])
		basis[i][i].SetInt64(1)
	}
	float := func() *big.Float { return new(big.Float).SetPrec(640) }
	product := func(x, y []*big.Float) *big.Float {
		sum := float()
		for i := range x {
			sum.Add(sum, float().Mul(x[i], y[i]))
		}
		return sum
	}
	orthogonal, norm, mu := make([][]*big.Float, n), make([]*big.Float, n), make([][]*big.Float, n)
	project := func(i int) { // vector i on those before it
		v := make([]*big.Float, n)
		for k := range v {
			v[k] = float().SetInt(basis[i][k])
		}
		orthogonal[i], mu[i] = append([]*big.Float{}, v...), make([]*big.Float, i)
		for j := range i {
			mu[i][j] = float().Quo(product(v, orthogonal[j]), norm[j])
			for k := range v {
				orthogonal[i][k] = float().Sub(orthogonal[i][k], float().Mul(mu[i][j], orthogonal[j][k]))
			}
		}
		norm[i] = product(orthogonal[i], orthogonal[i])
	}
	project(0)
	for i := 1; i < n; {
		project(i)
		for j := i - 1; j >= 0; j-- {
			half := big.NewFloat(0.5)
			if mu[i][j].Sign() < 0 {
				half.Neg(half)
			}
			q, _ := float().Add(mu[i][j], half).Int(nil)
			if q.Sign() == 0 {
				continue
			}
			for k := range basis[i] {
				basis[i][k].Sub(basis[i][k], new(big.Int).Mul(q, basis[j][k]))
			}
			project(i)
		}
		square := float().Mul(mu[i][i-1], mu[i][i-1])
		if bound := float().Mul(float().Sub(big.NewFloat(0.75), square), norm[i-1]); norm[i].Cmp(bound) >= 0 {
			i++
			continue
		}
		basis[i], basis[i-1] = basis[i-1], basis[i]
		project(i - 1)
		i = max(i-1, 1)
	}
	out := make([]int64, n)
	for i := range out {
		out[i] = basis[0][i].Int64()
	}
	return out
}
