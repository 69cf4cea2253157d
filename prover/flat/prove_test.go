package flat_test

import (
	"context"
	"math/big"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	compile "github.com/nnark/nnark/circuits/flat"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
	prove "github.com/nnark/nnark/prover/flat"
	"github.com/nnark/nnark/prover/simd/msm"
	"github.com/nnark/nnark/testdata"
	"github.com/nnark/nnark/verifier/flat"
)

// powers returns powers of a known tau.
var powers = sync.OnceValue(func() (out struct {
	g1 []bn254.G1Affine
	g2 []bn254.G2Affine
}) {
	tau := fr.NewElement(3)
	tau.Exp(tau, big.NewInt(1<<50+1))
	x := make([]fr.Element, 1<<14)
	x[0].SetOne()
	for i := 1; i < len(x); i++ {
		x[i].Mul(&x[i-1], &tau)
	}
	_, _, g1, g2 := bn254.Generators()
	out.g1 = make([]bn254.G1Affine, len(x))
	msm.MulG1(context.Background(), out.g1, g1, x, nil)
	out.g2 = []bn254.G2Affine{g2, *new(bn254.G2Affine).ScalarMultiplication(&g2, tau.BigInt(new(big.Int)))}
	return out
})

// network is a quantised network as a plan, with the integers of one input.
type network struct {
	*compile.Compiled
	values  []int64
	weights []int32
	public  [][]int64
}

func newNetwork(t testing.TB, name string, data []byte) *network {
	g, err := model.ParseONNX(name, data)
	require.NoError(t, err)
	shape := g.Inputs[0].Shape
	var samples [][]*model.Tensor
	for _, x := range testdata.Calibration() {
		pixels, size := testdata.Scaled(x), relation.Size(shape)
		from := min(200, len(pixels)-size)
		samples = append(samples, []*model.Tensor{{Shape: shape, Float: pixels[from : from+size]}})
	}
	p, err := quantize.Graph(g, samples, circuits.Config{})
	require.NoError(t, err)
	sys, err := p.System()
	require.NoError(t, err)
	c, err := compile.New(sys)
	require.NoError(t, err)
	in, err := p.Quantize([][]float32{samples[3][0].Float})
	require.NoError(t, err)
	values, err := p.Eval(in)
	require.NoError(t, err)
	w, err := c.Witness(sys.Assign(values), fr.Element{})
	require.NoError(t, err)
	_, weights, err := c.Model()
	require.NoError(t, err)
	return &network{Compiled: c, public: w.Public, values: w.Values, weights: weights}
}

var tiny = sync.OnceValue(func() *network { return newNetwork(nil, "tiny_mlp", testdata.TinyMLP()) })

func verify(t testing.TB, k *flat.Key, seed [32]byte, public [][]int64, pr *flat.Proof) bool {
	left, right, err := k.Verify(seed, public, pr)
	if err != nil {
		return false
	}
	right.Neg(&right)
	ok, err := bn254.PairingCheck([]bn254.G1Affine{left, right}, powers().g2)
	require.NoError(t, err)
	return ok
}

var seed = [32]byte{4, 5}

func TestProve(t *testing.T) {
	ctx := context.Background()
	n := tiny()
	p, err := prove.New(ctx, n.Plan, powers().g1, n.values, n.weights, nil)
	require.NoError(t, err)
	seen := map[string]bool{}
	for range 3 {
		var stages []string
		proof, err := p.Prove(ctx, seed, n.values, n.public, func(s string) { stages = append(stages, s) })
		require.NoError(t, err)
		require.Equal(t, []string{"witness", "tables", "sums", "claims", "opening"}, stages)
		data := proof.AppendTo(nil)
		require.False(t, seen[string(data)])
		seen[string(data)] = true
		again, rest, err := flat.Decode(data)
		require.NoError(t, err)
		require.Empty(t, rest)
		require.True(t, verify(t, p.Key(), seed, n.public, again))
		require.False(t, verify(t, p.Key(), [32]byte{}, n.public, again))
		for i := range n.public {
			other := slices.Clone(n.public)
			other[i] = slices.Clone(other[i])
			other[i][0]++
			require.False(t, verify(t, p.Key(), seed, other, again))
		}
	}
	// The same model with other blinders: another key, of which the proofs are not.
	q, err := prove.New(ctx, n.Plan, powers().g1, n.values, n.weights, nil)
	require.NoError(t, err)
	proof, err := q.Prove(ctx, seed, n.values, n.public, nil)
	require.NoError(t, err)
	require.True(t, verify(t, q.Key(), seed, n.public, proof))
	require.False(t, verify(t, p.Key(), seed, n.public, proof))
	again, err := prove.New(ctx, n.Plan, powers().g1, n.values, n.weights, p.Blinders())
	require.NoError(t, err)
	require.Equal(t, p.Key(), again.Key())
}

// Networks with convolutions and, where NNARK_LONG is set, with attention: of 2^18 and 2^19 integers.
func TestProveNetworks(t *testing.T) {
	if testing.Short() {
		t.Skip("a proof of 2^18 integers")
	}
	ctx := context.Background()
	for name, data := range map[string][]byte{"lenet": testdata.LeNet5(), "transformer": testdata.Architectures()[0].ONNX} {
		if name == "transformer" && os.Getenv("NNARK_LONG") == "" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			n := newNetwork(t, name, data)
			p, err := prove.New(ctx, n.Plan, powers().g1, n.values, n.weights, nil)
			require.NoError(t, err)
			proof, err := p.Prove(ctx, seed, n.values, n.public, nil)
			require.NoError(t, err)
			require.True(t, verify(t, p.Key(), seed, n.public, proof))
			require.Len(t, proof.AppendTo(nil), n.Plan.ProofSize())
		})
	}
}

// The prover says that integers do not satisfy a plan, rather than to prove them in vain.
func TestProveRefuses(t *testing.T) {
	ctx := context.Background()
	n := tiny()
	p, err := prove.New(ctx, n.Plan, powers().g1, n.values, n.weights, nil)
	require.NoError(t, err)
	_, err = p.Prove(ctx, seed, n.values[1:], n.public, nil)
	require.ErrorIs(t, err, prove.ErrWitness)
	other := slices.Clone(n.public)
	other[0] = slices.Clone(other[0])
	other[0][0]++
	_, err = p.Prove(ctx, seed, n.values, other, nil)
	require.ErrorIs(t, err, prove.ErrWitness)
	for _, public := range [][][]int64{nil, append(slices.Clone(n.public), nil), {n.public[0][1:], n.public[1]}, {n.public[0], append(slices.Clone(n.public[1]), 0)}} {
		_, err = p.Prove(ctx, seed, n.values, public, nil)
		require.ErrorIs(t, err, prove.ErrWitness)
	}
	for i := range n.Plan.Boxes {
		b := &n.Plan.Boxes[i]
		if b.Constant() || n.Plan.Rows[b.Value>>n.Plan.Row] != flat.Witness {
			continue
		}
		bad := slices.Clone(n.values)
		bad[b.Value]++
		_, err = p.Prove(ctx, seed, bad, n.public, nil)
		require.ErrorIs(t, err, prove.ErrWitness, "box %d", i)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = p.Prove(cancelled, seed, n.values, n.public, nil)
	require.ErrorIs(t, err, context.Canceled)
}

// A plan that reads masks would betray what they hide: nothing is proven with it.
func TestNewRefuses(t *testing.T) {
	ctx := context.Background()
	n := tiny()
	_, err := prove.New(ctx, n.Plan, powers().g1[:1<<n.Plan.Row-1], n.values, n.weights, nil)
	require.Error(t, err)
	_, err = prove.New(ctx, n.Plan, powers().g1, n.values[1:], n.weights, nil)
	require.Error(t, err)
	_, err = prove.New(ctx, n.Plan, powers().g1, n.values, n.weights, make([]fr.Element, n.Plan.ModelRows()+1))
	require.Error(t, err)
	for _, box := range []flat.Box{{Claim: flat.Zero, Coef: 1, Value: 5}, {Claim: flat.Zero, Coef: 1, Value: 1 << n.Plan.Row}, {Claim: flat.Product, Coef: 1, Value: 1<<n.Plan.Row + 2, Slot: 1<<n.Plan.Products - 1}} {
		hostile := *n.Plan
		hostile.Boxes = append(slices.Clone(n.Plan.Boxes), box)
		_, err = prove.New(ctx, &hostile, powers().g1, n.values, n.weights, nil)
		require.Error(t, err)
	}
}

// A plan that asks for the inverse of nothing has no proof, and the prover an end.
func TestProveEnds(t *testing.T) {
	ctx := context.Background()
	n := tiny()
	hostile := *n.Plan
	hostile.Boxes = nil
	for _, b := range n.Plan.Boxes {
		if b.Claim != flat.Right {
			hostile.Boxes = append(hostile.Boxes, b)
		}
	}
	p, err := prove.New(ctx, &hostile, powers().g1, n.values, n.weights, nil)
	require.NoError(t, err)
	_, err = p.Prove(ctx, seed, n.values, n.public, nil)
	require.ErrorIs(t, err, prove.ErrWitness)
}
