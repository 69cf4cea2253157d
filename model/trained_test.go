package model_test

import (
	"math"
	"slices"
	"testing"

	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/testdata"
)

// TestDigits runs the trained networks on images of MNIST's test set.
func TestDigits(t *testing.T) {
	pixels, digits := testdata.Images()
	for name, onnx := range map[string][]byte{"lenet5": testdata.LeNet5(), "mlp": testdata.MLP()} {
		g, err := model.ParseONNX(name, onnx)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range g.Nodes {
			if n.Op == "Cast" || n.Op == "Constant" {
				t.Errorf("%s: %s %q was not folded", name, n.Op, n.Name)
			}
		}
		right := 0
		for i, image := range pixels {
			x := &model.Tensor{Shape: g.Inputs[0].Shape, Float: testdata.Scaled(image)}
			out, err := g.Run([]*model.Tensor{x})
			if err != nil {
				t.Fatal(err)
			}
			best := 0
			for d, v := range out[0].Float {
				if v > out[0].Float[best] {
					best = d
				}
			}
			if best == digits[i] {
				right++
			}
		}
		if right < 95 {
			t.Errorf("%s: %d of 100 digits are right", name, right)
		}
		t.Logf("%s: %d of 100", name, right)
	}
}

// TestGPT compares what the trained GPT answers to text with ONNX Runtime's answers.
func TestGPT(t *testing.T) {
	g, err := model.ParseONNX("gpt.onnx", testdata.GPT())
	if err != nil {
		t.Fatal(err)
	}
	text := testdata.Text()
	n := len(text.Vocabulary)
	for _, c := range text.Cases {
		tokens, err := text.Tokens(c.Text)
		if err != nil {
			t.Fatal(err)
		}
		out, err := g.Run([]*model.Tensor{{Shape: g.Inputs[0].Shape, Int: tokens}})
		if err != nil {
			t.Fatal(err)
		}
		var next []byte
		for scores := range slices.Chunk(out[0].Float, n) {
			next = append(next, text.Vocabulary[slices.Index(scores, slices.Max(scores))])
		}
		if string(next) != c.Next {
			t.Errorf("after each of %q: %q, want %q", c.Text, next, c.Next)
		}
		for i, want := range c.Logits {
			if got := float64(out[0].Float[len(out[0].Float)-n+i]); math.Abs(got-want) > 1e-4 {
				t.Errorf("%q: score %d is %g, want %g", c.Text, i, got, want)
			}
		}
	}
}
