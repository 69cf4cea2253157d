package flat_test

import (
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	compile "github.com/nnark/nnark/circuits/flat"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/statement"
)

// Of the few challenges with which a claim would go untested there is no proof.
func TestDegenerateChallenges(t *testing.T) {
	p, n := proven(), testNetwork()
	with := func(label string, x ...fr.Element) error {
		_, _, err := p.key.VerifyWith(flat.Chosen(testSeed, func(l string) (c fr.Element, ok bool) {
			if l == label && len(x) > 0 {
				c, ok, x = x[0], true, x[1:]
			}
			return c, ok
		}), n.public, decoded(t))
		return err
	}
	zero := fr.Element{}
	require.ErrorContains(t, with("theta", zero), "theta is zero")
	require.ErrorContains(t, with("eta", zero), "eta is zero")
	// An address that nothing reads has no coefficient.
	used, unused := reads(n.Plan), 0
	for used[unused] {
		unused++
	}
	omega := make([]fr.Element, n.Plan.Values)
	for i := range omega {
		omega[i].SetUint64(uint64(unused >> (n.Plan.Values - 1 - i) & 1))
	}
	require.ErrorContains(t, with("omega", omega...), "the functional vanishes")
	require.ErrorContains(t, with("hyperkzg r", fr.One()), "degenerate challenge")
}

// Where the sums have more slots than the products, these join late.
func TestLateProducts(t *testing.T) {
	b := relation.NewBuilder()
	x := b.Column("x", []int{2}, func(*relation.Assignment) []int64 { return []int64{1, 0} })
	b.Range(x, fixedpoint.Interval{Lo: 0, Hi: 1})
	index := make([]int, 40)
	for i := range index {
		index[i] = i % 3 % 2
	}
	out := b.Deferred("out", []int{2, 1, 1}, func(*relation.Assignment) []int64 { return []int64{27, 54} })
	w := make([]int64, 80)
	for i := range w {
		w[i] = int64(1 + i/40)
	}
	b.Contract(relation.Contract{X: x.Gather([]int{40, 1, 1}, index), W: b.Param("w", []int{2, 40, 1, 1}, w), Out: out, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
	b.Expose(relation.Expose{Name: "out", T: out, Interval: fixedpoint.Interval{Lo: 0, Hi: 100}, Visibility: statement.Public})
	sys, err := b.Finish()
	require.NoError(t, err)
	c, err := compile.New(sys)
	require.NoError(t, err)
	require.Less(t, c.Plan.Products, c.Plan.Sums)
	a := sys.Assign(nil)
	witness, err := c.Witness(a, fr.Element{})
	require.NoError(t, err)
	values := make([]fr.Element, len(witness.Values))
	for i, v := range witness.Values {
		values[i].SetInt64(v)
	}
	p := newProver(c.Plan, values, witness.Public, seeded(1))
	require.True(t, verify(t, p.key, testSeed, p.public, p.prove(t, flat.NewTranscript(testSeed))))
	p.public[0][1]++
	require.False(t, verify(t, p.key, testSeed, p.public, p.prove(t, flat.NewTranscript(testSeed))))
}
