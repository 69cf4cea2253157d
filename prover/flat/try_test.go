package flat_test

import (
	"context"
	"fmt"
	"math/big"
	"testing"
	"time"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	cflat "github.com/nnark/nnark/circuits/flat"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	prove "github.com/nnark/nnark/prover/flat"
	"github.com/nnark/nnark/prover/simd/msm"
	"github.com/nnark/nnark/testdata"
	vflat "github.com/nnark/nnark/verifier/flat"
)

func powers(n int) ([]bn254.G1Affine, bn254.G2Affine) {
	var tau fr.Element
	tau.SetRandom()
	x := make([]fr.Element, n)
	x[0].SetOne()
	for i := 1; i < n; i++ {
		x[i].Mul(&x[i-1], &tau)
	}
	_, _, g1, g2 := bn254.Generators()
	out := make([]bn254.G1Affine, n)
	msm.MulG1(context.Background(), out, g1, x, nil)
	var t2 bn254.G2Affine
	t2.ScalarMultiplication(&g2, tau.BigInt(new(big.Int)))
	return out, t2
}

func TestTry(t *testing.T) {
	for name, data := range map[string][]byte{"tiny_mlp": testdata.TinyMLP(), "mlp": testdata.MLP(), "lenet": testdata.LeNet5(), "transformer": testdata.Architectures()[0].ONNX} {
		t.Run(name, func(t *testing.T) {
			g, err := model.ParseONNX(name, data)
			require.NoError(t, err)
			var samples [][]*model.Tensor
			for _, x := range testdata.Calibration() {
				n := 1
				for _, d := range g.Inputs[0].Shape {
					n *= d
				}
				samples = append(samples, []*model.Tensor{{Shape: g.Inputs[0].Shape, Float: testdata.Scaled(x)[200 : 200+min(n, 500)]}})
				if n == 784 {
					samples[len(samples)-1][0].Float = testdata.Scaled(x)
				}
			}
			p, err := quantize.Graph(g, samples, circuits.Config{})
			require.NoError(t, err)
			sys, err := p.System()
			require.NoError(t, err)
			start := time.Now()
			c, err := cflat.New(sys)
			require.NoError(t, err)
			pl := c.Plan
			terms := 0
			for _, b := range c.Plan.Boxes {
				terms += b.Terms()
			}
			fmt.Println("compile", time.Since(start), len(c.Plan.Boxes), "boxes", terms, "terms", pl.Values, pl.Row, pl.Products, pl.Sums, pl.Outputs, pl.Zeros, "rows", pl.Count(1), pl.Count(2), pl.Count(3))
			in, err := p.Quantize([][]float32{samples[3][0].Float})
			require.NoError(t, err)
			values, err := p.Eval(in)
			require.NoError(t, err)
			a := sys.Assign(values)
			w, err := c.Witness(a, fr.Element{})
			require.NoError(t, err)
			v := w.Values
			base, tau2 := powers(1 << c.Plan.Row)
			pr, err := prove.New(context.Background(), c.Plan, base, v, nil)
			require.NoError(t, err)
			for range 3 {
				start = time.Now()
				stage, last := "", start
				proof, err := pr.Prove(context.Background(), [32]byte{}, v, w.Public, func(s string) {
					fmt.Print(stage, " ", time.Since(last).Round(100*time.Microsecond), " ")
					stage, last = s, time.Now()
				})
				fmt.Println(stage, time.Since(last))
				require.NoError(t, err)
				took := time.Since(start)
				data := proof.AppendTo(nil)
				again, rest, err := vflat.Decode(data)
				require.NoError(t, err)
				require.Empty(t, rest)
				start = time.Now()
				left, right, err := pr.Key().Verify([32]byte{}, w.Public, again)
				require.NoError(t, err)
				_, _, _, g2 := bn254.Generators()
				left.Neg(&left)
				ok, err := bn254.PairingCheck([]bn254.G1Affine{left, right}, []bn254.G2Affine{g2, tau2})
				require.NoError(t, err)
				require.True(t, ok)
				fmt.Println("proved", took, "verified", time.Since(start), len(data), "bytes")
			}
		})
	}
}
