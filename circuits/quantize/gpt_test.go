package quantize

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/testdata"
)

// TestGPT compares the quantized GPT with the float one on text that it was not trained on, and
// changes the end of a text: what stands before it must not change.
func TestGPT(t *testing.T) {
	if testing.Short() {
		t.Skip("calibrates with 1,600 characters")
	}
	g, err := model.ParseONNX("gpt.onnx", testdata.GPT())
	require.NoError(t, err)
	text := testdata.Text()
	n := len(text.Vocabulary)
	window := func(s string) []*model.Tensor {
		tokens, err := text.Tokens(s)
		require.NoError(t, err)
		return []*model.Tensor{{Shape: []int{1, testdata.TextWindow}, Int: tokens}}
	}
	var samples [][]*model.Tensor
	for i := 0; i < len(text.Samples); i += 4 {
		samples = append(samples, window(text.Samples[i]))
	}
	g, c, err := calibrated(absorbed(merged(decomposed(g))), samples)
	require.NoError(t, err)
	c.options, err = optionsFor(g, nil)
	require.NoError(t, err)
	p, err := quantizeAt(g, c, circuits.Config{}, widths{10, 11, 10}) // what Graph chooses, but for planning
	require.NoError(t, err)
	scores := func(s string) []float64 {
		out, err := p.Run([][]float32{window(s)[0].Floats()})
		require.NoError(t, err)
		return out[0]
	}

	same, all := 0, 0
	var difference, size float64
	for _, c := range text.Cases {
		want, err := g.Run(window(c.Text))
		require.NoError(t, err)
		got := scores(c.Text)
		for i, w := range want[0].Float {
			difference += math.Pow(got[i]-float64(w), 2)
			size += math.Pow(float64(w), 2)
		}
		for i := range len(c.Next) {
			if text.Vocabulary[circuits.Argmax(got[i*n:(i+1)*n])] == c.Next[i] {
				same++
			}
			all++
		}
	}
	t.Logf("relative error %.4f, %d of %d next characters agree", math.Sqrt(difference/size), same, all)
	require.Less(t, math.Sqrt(difference/size), 0.01)
	require.GreaterOrEqual(t, float64(same), 0.98*float64(all))

	whole := scores(text.Cases[0].Text)
	for _, end := range []int{1, 20, testdata.TextWindow - 1} {
		cut := scores(text.Cases[0].Text[:end])
		require.Equal(t, whole[:end*n], cut[:end*n], "after %d characters", end)
		require.False(t, slices.Equal(whole, cut))
	}
}
