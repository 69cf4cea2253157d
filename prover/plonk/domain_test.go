package plonk

import (
	"context"
	"math/big"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	gplonk "github.com/consensys/gnark/backend/plonk/bn254"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/prover/simd/msm"
)

func TestSize(t *testing.T) {
	for rows, want := range map[int]int{
		0: 1, 1: 1, 2: 2, 3: 4, 48: 64, 64: 64, 65: 96, 96: 96, 97: 128, 128: 128, 129: 192, 192: 192, 193: 256,
		91_969: 98_304, 98_304: 98_304, 98_305: 1 << 17, 1 << 20: 1 << 20,
	} {
		require.Equal(t, want, Size(rows), "%d rows", rows)
	}
}

// TestDomain: ω has order n, transforms are what their names say, and each undoes the other.
func TestDomain(t *testing.T) {
	for _, n := range []int{4, 64, 96, 192, 1536} {
		d := NewDomain(n)
		own := newDomain(d)
		require.EqualValues(t, n, d.Cardinality)
		w := func(e int) (x fr.Element) { return *x.Exp(d.Generator, big.NewInt(int64(e))) }
		one := fr.One()
		require.Equal(t, one, w(n))
		require.NotEqual(t, one, w(n/2))
		if n%3 == 0 {
			require.NotEqual(t, one, w(n/3))
		}
		p := make(fr.Vector, n)
		for i := range p {
			p[i].MustSetRandom()
		}
		v := slices.Clone(p)
		own.reorder(v)
		for _, i := range []int{0, 1, n / 2, n - 1} {
			require.Equal(t, p[i], v[own.at(i)])
		}
		own.forward(v)
		for _, i := range []int{0, 1, 2, n / 3, n - 1} {
			require.Equal(t, evaluate(p, powers(w(i), n)), v[i], "n %d, value %d", n, i)
		}
		own.inverse(v, &d.CardinalityInv)
		own.reorder(v)
		require.Equal(t, p, v)
	}
}

// TestThirds: proofs over a domain of 3·2^k rows satisfy gnark's verifier.
func TestThirds(t *testing.T) {
	for _, steps := range []int{40, 90, 400, 1000} {
		c := newRandomCircuit(uint64(steps), 3, 5, steps, true)
		m := newModel(t, c)
		n := Size(m.spr.GetNbPublicVariables() + m.spr.GetNbConstraints())
		t.Logf("%d steps: %d rows", steps, n)
		if n%3 != 0 {
			continue
		}
		lagrange := kzg.SRS{Pk: kzg.ProvingKey{G1: slices.Clone(m.canonical.Pk.G1[:n])}, Vk: m.canonical.Vk}
		require.NoError(t, msm.LagrangeG1(context.Background(), lagrange.Pk.G1, nil))
		p, err := Setup(context.Background(), m.spr, nil, m.canonical, lagrange)
		require.NoError(t, err)
		for range 2 {
			proof, err := p.Prove(context.Background(), m.public, m.secret, nil)
			require.NoError(t, err)
			require.NoError(t, gplonk.Verify(proof, p.Key().Vk, m.public))
			other := slices.Clone(m.public)
			other[0].SetUint64(3)
			require.Error(t, gplonk.Verify(proof, p.Key().Vk, other))
		}
		_, err = New(context.Background(), m.spr, nil, p.Key(), nil)
		require.NoError(t, err)
	}
}
