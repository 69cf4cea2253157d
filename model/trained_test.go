package model_test

import (
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
