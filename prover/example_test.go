package prover_test

import (
	"context"
	"fmt"
	"log"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/testdata"
	"github.com/nnark/nnark/verifier"
)

// A vendor quantizes a network, sets up keys and proves an answer; a customer who holds the
// verifying key checks the proof and reads input and output off it.
func Example() {
	ctx := context.Background()
	g, err := model.ParseONNX("lenet5.onnx", testdata.LeNet5()) // or model.LoadONNX
	if err != nil {
		log.Fatal(err)
	}
	var samples [][]*model.Tensor // to choose scales and measure accuracy
	for _, image := range testdata.Calibration() {
		samples = append(samples, []*model.Tensor{tensor(image)})
	}
	p, err := quantize.Graph(g, samples, circuits.Config{})
	if err != nil {
		log.Fatal(err)
	}
	c, err := circuits.Compile(p)
	if err != nil {
		log.Fatal(err)
	}
	keys, err := prover.UnsafeSetup(ctx, c, nil) // or prover.Import, from a ceremony
	if err != nil {
		log.Fatal(err)
	}

	images, _ := testdata.Images()
	input, err := p.Quantize([][]float32{tensor(images[0]).Float})
	if err != nil {
		log.Fatal(err)
	}
	proof, err := keys.Prove(ctx, input, prover.Options{})
	if err != nil {
		log.Fatal(err)
	}

	statement, err := verifier.Verify(keys.VerifyingKey, proof)
	if err != nil {
		log.Fatal(err)
	}
	scores := statement.Outputs[0].Floats()
	best := 0
	for i, s := range scores {
		if s > scores[best] {
			best = i
		}
	}
	fmt.Printf("the committed model says %d, in %d bytes\n", best, len(proof.Groth16.Bytes()))
	// Output: the committed model says 7, in 192 bytes
}

func tensor(image []byte) *model.Tensor {
	return &model.Tensor{Shape: []int{1, 1, 28, 28}, Float: testdata.Scaled(image)}
}
