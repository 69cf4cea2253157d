package flat_test

import (
	"context"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	cflat "github.com/nnark/nnark/circuits/flat"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	prove "github.com/nnark/nnark/prover/flat"
	"github.com/nnark/nnark/testdata"
)

func BenchmarkProve(b *testing.B) {
	for name, data := range map[string][]byte{"lenet": testdata.LeNet5(), "transformer": testdata.Architectures()[0].ONNX} {
		b.Run(name, func(b *testing.B) {
			g, err := model.ParseONNX(name, data)
			require.NoError(b, err)
			var samples [][]*model.Tensor
			for _, x := range testdata.Calibration() {
				samples = append(samples, []*model.Tensor{{Shape: g.Inputs[0].Shape, Float: testdata.Scaled(x)}})
			}
			p, err := quantize.Graph(g, samples, circuits.Config{})
			require.NoError(b, err)
			sys, err := p.System()
			require.NoError(b, err)
			c, err := cflat.New(sys)
			require.NoError(b, err)
			in, err := p.Quantize([][]float32{samples[3][0].Float})
			require.NoError(b, err)
			values, err := p.Eval(in)
			require.NoError(b, err)
			w, err := c.Witness(sys.Assign(values), fr.Element{})
			require.NoError(b, err)
			ints, weights, err := c.Model()
			require.NoError(b, err)
			pr, err := prove.New(context.Background(), c.Plan, powers().g1, ints, weights, nil)
			require.NoError(b, err)
			b.Run("prove", func(b *testing.B) {
				for range b.N {
					_, err := pr.Prove(context.Background(), [32]byte{}, w.Values, w.Public, nil)
					require.NoError(b, err)
				}
			})
			proof, err := pr.Prove(context.Background(), [32]byte{}, w.Values, w.Public, nil)
			require.NoError(b, err)
			b.Run("verify", func(b *testing.B) {
				for range b.N {
					_, _, err := pr.Key().Verify([32]byte{}, w.Public, proof)
					require.NoError(b, err)
				}
			})
		})
	}
}
