package model_test

import (
	"fmt"
	"log"

	"github.com/nnark/nnark/model"
)

// Example runs a network in floating point on a sample from a file.
func Example() {
	g, err := model.LoadONNX("../testdata/tiny_mlp.onnx")
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range g.Nodes {
		fmt.Println(n.Op, g.Shapes[n.Outputs[0]])
	}
	samples, err := model.LoadInputs("../testdata/tiny_mlp.json", g.Inputs)
	if err != nil {
		log.Fatal(err)
	}
	outputs, err := g.Run(samples[0])
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %.4f\n", g.Outputs[0].Name, outputs[0].Float)
	// Output:
	// Gemm [1 8]
	// Relu [1 8]
	// Gemm [1 3]
	// logits [0.0194 0.3474 -0.2590]
}
