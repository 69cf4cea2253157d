package main

import (
	"fmt"
	"io"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/testdata"
)

// digitReport is the JSON object of demo for networks that read a digit.
type digitReport struct {
	demoReport
	Image          int `json:"image"`
	Label          int `json:"label"` // what the data set says
	FloatClass     int `json:"float_class"`
	QuantizedClass int `json:"quantised_class"`
	ProvenClass    int `json:"proven_class"`

	colour colour // of the terminal
	pixels []byte
	logits [3][]float64 // float, quantized, proven
}

const imageSide = 28

// run proves the class of an image.
func (r *digitReport) run(c *command) error {
	networks := map[string]func() []byte{"lenet5": testdata.LeNet5, "mlp": testdata.MLP}
	images, labels := testdata.Images()
	switch {
	case networks[r.Model] == nil:
		return usageError{c.verb, fmt.Sprintf("--model %q, want lenet5, mlp or gpt", r.Model)}
	case r.Image < 0 || r.Image >= len(images):
		return usageError{c.verb, fmt.Sprintf("--image %d, want 0 to %d", r.Image, len(images)-1)}
	}
	r.pixels, r.Label = images[r.Image], labels[r.Image]
	g, err := model.ParseONNX(r.Model+".onnx", networks[r.Model]())
	if err != nil {
		return err
	}
	var samples [][]*model.Tensor
	for _, pixels := range testdata.Calibration() {
		samples = append(samples, image(pixels))
	}
	p, err := r.quantize(c, g, samples, 0)
	if err != nil {
		return err
	}
	p.Labels = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}
	input := image(r.pixels)
	float, err := g.Run(input)
	if err != nil {
		return err
	}
	quantized, err := p.RunReals(reals(input))
	if err != nil {
		return err
	}
	r.logits[0], r.logits[1] = float64s(float[0].Float), quantized[0]
	if r.logits[2], err = r.prove(c, p, input[0].Float); err != nil {
		return err
	}
	r.FloatClass, r.QuantizedClass, r.ProvenClass = circuits.Argmax(r.logits[0]), circuits.Argmax(r.logits[1]), circuits.Argmax(r.logits[2])
	return nil
}

// image is the networks' input for an image: its pixels divided by 255.
func image(pixels []byte) []*model.Tensor {
	return []*model.Tensor{{Shape: []int{1, 1, imageSide, imageSide}, Float: testdata.Scaled(pixels)}}
}

func (r *digitReport) text(w io.Writer) {
	row(w, fmt.Sprintf("%s reads image %d of 100 from MNIST's test set:", r.Model, r.Image))
	row(w)
	draw(w, r.pixels, imageSide, r.colour)
	row(w)
	row(w, "", "answer", "score")
	row(w, "label", r.Label)
	for i, name := range []string{"float network", "quantized", "proven"} {
		class := circuits.Argmax(r.logits[i])
		row(w, name, class, fmt.Sprintf("%.4f", r.logits[i][class]))
	}
	r.figures(w, fmt.Sprintf("answers %d for this image", r.ProvenClass))
}
