package plonk

import (
	"context"
	"math/big"
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/kzg"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/scs"
	"github.com/consensys/gnark/test/unsafekzg"
	"github.com/stretchr/testify/require"
)

// hiding returns a prover with weights on some rows, whatever they do in the circuit.
func hiding(t *testing.T) (*Prover, *Support) {
	t.Helper()
	m := newModel(t, shapes()["committed"])
	p, err := Setup(context.Background(), m.spr, []int{3, 9, 4, 11}, m.canonical, m.lagrange)
	require.NoError(t, err)
	hidden, s, err := p.Hide(context.Background(), fr.Vector{fr.NewElement(5), {}, fr.NewElement(7), *new(fr.Element).MustSetRandom()})
	require.NoError(t, err)
	return hidden, s
}

// TestSupportPointPrecedesTheQuotient: an owner who added to another row, and could choose the
// quotient when the point is known, would take the constant that fits there.
func TestSupportPointPrecedesTheQuotient(t *testing.T) {
	p, honest := hiding(t)
	require.NoError(t, p.CheckSupport(&p.pk.Vk.Qr, honest))
	values := make(fr.Vector, p.cosets.n)
	for i, row := range p.weightRows {
		values[row] = p.weights[i]
	}
	values[6].SetOne() // no row of a weight
	var qr bn254.G1Affine
	qr.Add(&p.pk.Vk.Qr, &p.pk.KzgLagrange.G1[6])
	c := p.cosets.coefficients(values)
	p.cosets.domain.reorder(c)
	commit := func(v fr.Vector) (sum bn254.G1Affine) {
		_, err := sum.MultiExp(p.pk.Kzg.G1[:len(v)], v, ecc.MultiExpConfig{})
		require.NoError(t, err)
		return sum
	}
	_, _, g, _ := bn254.Generators()
	for range 3 {
		s := p.supportPoint(&qr, &g) // for a quotient of no account
		v, ok := p.vanishingAt(&s)
		require.True(t, ok)
		var k fr.Element
		k.Div(new(fr.Element).Set(ptr(evaluate(c, powers(s, len(c))))), &v)
		var forged Support
		forged.Quotient.ScalarMultiplication(&g, k.BigInt(new(big.Int)))
		f := slices.Clone(c)
		vk := product(&v, &k)
		f[0].Sub(&f[0], &vk)
		w, zero := divide(f, &s)
		require.True(t, zero.IsZero(), "the forger's equation holds at the point")
		forged.Opening = commit(w)
		require.ErrorIs(t, p.CheckSupport(&qr, &forged), ErrWeights)
		g.Add(&g, &g)
	}
}

func ptr[T any](x T) *T { return &x }

// twoCommitments commits twice, which this prover does not support.
type twoCommitments struct{ X, Y frontend.Variable }

func (c *twoCommitments) Define(api frontend.API) error {
	for range 2 {
		z, err := api.(frontend.Committer).Commit(c.X, c.Y)
		if err != nil {
			return err
		}
		api.AssertIsDifferent(z, 0)
	}
	return nil
}

// TestCommitments: circuits with two commitments, and those that commit a value where the
// blinding of the commitment goes, are refused.
func TestCommitments(t *testing.T) {
	setup := func(spr *cs.SparseR1CS) error {
		srs, lagrange, err := unsafekzg.NewSRS(spr)
		require.NoError(t, err)
		_, err = Setup(context.Background(), spr, nil, *srs.(*kzg.SRS), *lagrange.(*kzg.SRS))
		return err
	}
	compiled, err := frontend.Compile(ecc.BN254.ScalarField(), scs.NewBuilder, &twoCommitments{})
	require.NoError(t, err)
	require.ErrorIs(t, setup(compiled.(*cs.SparseR1CS)), ErrCircuit)
	for _, row := range []string{"the commitment's", "the last"} {
		spr := newModel(t, shapes()["committed"]).spr
		info := &spr.CommitmentInfo.(constraint.PlonkCommitments)[0]
		require.NoError(t, setup(spr))
		at := info.CommitmentIndex
		if row == "the last" {
			at = spr.GetNbConstraints() - 1
		}
		info.Committed = append(slices.Clone(info.Committed), at)
		require.ErrorIs(t, setup(spr), ErrCircuit, row)
	}
}
