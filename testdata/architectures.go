package testdata

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"slices"
)

//go:embed transformer.onnx
var transformer []byte

//go:embed transformer.json
var transformerAnswers []byte

//go:embed lstm.onnx
var lstm []byte

//go:embed lstm.json
var lstmAnswers []byte

//go:embed int8.onnx
var int8Network []byte

//go:embed int8.json
var int8Answers []byte

//go:embed boosted.onnx
var boosted []byte

//go:embed boosted.json
var boostedAnswers []byte

//go:embed boosted_samples.npy
var boostedSamples []byte

// Architecture is a small trained network of one kind, in ONNX.
type Architecture struct {
	Name, File string
	ONNX       []byte
	Samples    []byte // an .npy file, or nil: MNIST's, which [Calibration] returns
	Cases      []Case
}

// Case is an input that was not trained on, and ONNX Runtime's answers to it.
type Case struct {
	Input   []float32   `json:"input"`
	Outputs [][]float64 `json:"outputs"`
}

// Architectures returns a transformer, an LSTM and a convolutional network in eight bits, which
// classify digits (image float[1,1,28,28] with pixels in [0, 1] to logits float[1,10]), and a
// hundred boosted trees (features float[N,30] to label int64[N] and probabilities float[N,2]).
func Architectures() []Architecture {
	all := []Architecture{
		{"transformer", "transformer.onnx", transformer, nil, nil},
		{"LSTM", "lstm.onnx", lstm, nil, nil},
		{"int8", "int8.onnx", int8Network, nil, nil},
		{"boosted trees", "boosted.onnx", boosted, bytes.Clone(boostedSamples), nil},
	}
	pixels, digits := Images()
	for i, answers := range [][]byte{transformerAnswers, lstmAnswers, int8Answers, boostedAnswers} {
		a := &all[i]
		a.ONNX = bytes.Clone(a.ONNX)
		if err := json.Unmarshal(answers, &a.Cases); err != nil {
			panic("testdata: " + err.Error())
		}
		if a.Samples != nil {
			continue
		}
		n := 0
		for k, d := range digits { // the first two of each digit
			if before := slices.Index(digits, d); k == before || k == before+1+slices.Index(digits[before+1:], d) {
				a.Cases[n].Input = Scaled(pixels[k])
				n++
			}
		}
	}
	return all
}
