// Command sample makes the demo page's sample: a LeNet-5 proven on an image of
// MNIST's test set, with weights private and image public.
//
//	go run ./verifier/wasm/demo/sample -o verifier/wasm/demo/sample
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"path/filepath"
	"strconv"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/prover"
	"github.com/nnark/nnark/testdata"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("sample: ")
	dir := flag.String("o", ".", "`folder` to write to")
	image := flag.Int("image", 18, "`index` of the image, 0 to 99")
	flag.Parse()
	if err := run(*dir, *image); err != nil {
		log.Fatal(err)
	}
}

func run(dir string, image int) error {
	g, err := model.ParseONNX("lenet5.onnx", testdata.LeNet5())
	if err != nil {
		return err
	}
	shape := g.Inputs[0].Shape
	var samples [][]*model.Tensor
	for _, pixels := range testdata.Calibration() {
		samples = append(samples, []*model.Tensor{{Shape: shape, Float: testdata.Scaled(pixels)}})
	}
	p, err := quantize.Graph(g, samples, circuits.Config{})
	if err != nil {
		return err
	}
	p.Name = "LeNet-5 for handwritten digits"
	for digit := range 10 {
		p.Labels = append(p.Labels, strconv.Itoa(digit))
	}
	c, err := circuits.Compile(p)
	if err != nil {
		return err
	}
	keys, err := prover.UnsafeSetup(context.Background(), c, nil)
	if err != nil {
		return err
	}
	images, _ := testdata.Images()
	input, err := p.Quantize([][]float32{testdata.Scaled(images[image])})
	if err != nil {
		return err
	}
	proof, err := keys.Prove(context.Background(), input, prover.Options{})
	if err != nil {
		return err
	}
	key, err := keys.VerifyingKey.MarshalBinary()
	if err != nil {
		return err
	}
	text, err := proof.MarshalJSON()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, prover.VerifyingKeyFile), key, 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "proof.json"), append(text, '\n'), 0o644)
}
