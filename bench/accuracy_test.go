package bench

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/testdata"
)

// The quantized networks agree with the float ones on the embedded test images and answer
// them as well. bench/accuracy measures the same on all 10,000.
func TestAccuracy(t *testing.T) {
	pixels, labels := testdata.Images()
	for name, onnx := range map[string][]byte{"lenet5": testdata.LeNet5(), "mlp": testdata.MLP()} {
		g, err := model.ParseONNX(name, onnx)
		require.NoError(t, err)
		var samples [][]*model.Tensor
		for _, im := range testdata.Calibration() {
			samples = append(samples, []*model.Tensor{digit(im)})
		}
		p, err := quantize.Graph(g, samples, circuits.Config{})
		require.NoError(t, err)
		require.LessOrEqual(t, p.Report.RelativeError, 0.02, name)
		var float, quantized, agree int
		for i, im := range pixels {
			x := digit(im)
			want, err := g.Run([]*model.Tensor{x})
			require.NoError(t, err)
			got, err := p.Run([][]float32{x.Float})
			require.NoError(t, err)
			f, q := circuits.Argmax(want[0].Float), circuits.Argmax(got[0])
			if f == labels[i] {
				float++
			}
			if q == labels[i] {
				quantized++
			}
			if f == q {
				agree++
			}
		}
		require.GreaterOrEqual(t, agree, 100, "%s: agreement of %d images", name, len(pixels))
		require.GreaterOrEqual(t, quantized, float, name)
		require.GreaterOrEqual(t, quantized, 97, name)
	}
}

func digit(im []byte) *model.Tensor {
	return &model.Tensor{Shape: []int{1, 1, 28, 28}, Float: testdata.Scaled(im)}
}
