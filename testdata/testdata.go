// Package testdata holds small trained networks and the images to run them on.
// README.md says where they come from.
package testdata

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"io"
)

const imageSize = 28 * 28

//go:embed lenet5.onnx
var lenet5 []byte

//go:embed mlp.onnx
var mlp []byte

//go:embed lenet5_plain.onnx
var plainLeNet5 []byte

//go:embed mlp_plain.onnx
var plainMLP []byte

//go:embed tiny.onnx
var tiny []byte

//go:embed tiny_mlp.onnx
var tinyMLP []byte

//go:embed mnist100.idx3
var images []byte

//go:embed mnist100.idx1
var labels []byte

//go:embed calib200.idx3.gz
var calibration []byte

// LeNet5 returns a LeNet-5 trained on MNIST, in ONNX: image float[N,1,28,28]
// with pixels in [0, 1] to logits float[N,10].
func LeNet5() []byte { return bytes.Clone(lenet5) }

// MLP returns a 784-128-10 perceptron trained on MNIST, in ONNX: image
// float[N,1,28,28] with pixels in [0, 1] to logits float[N,10]. Its parameters
// are stored as float16, each followed by a Cast.
func MLP() []byte { return bytes.Clone(mlp) }

// PlainLeNet5 and PlainMLP return networks like [LeNet5] and [MLP], trained as anybody would, without
// what makes their proofs small.
func PlainLeNet5() []byte { return bytes.Clone(plainLeNet5) }

// PlainMLP: see [PlainLeNet5].
func PlainMLP() []byte { return bytes.Clone(plainMLP) }

// Tiny returns a convolutional network with random weights, in ONNX: image
// float[1,1,8,8] to logits float[1,4].
func Tiny() []byte { return bytes.Clone(tiny) }

// TinyMLP returns a 16-8-3 perceptron with random weights, in ONNX: image
// float[1,16] to logits float[1,3].
func TinyMLP() []byte { return bytes.Clone(tinyMLP) }

// Images returns 100 images of MNIST's test set, ten of each digit, and their
// labels. An image is 784 pixels in rows from the top, 0 (background) to 255.
func Images() (pixels [][]byte, digits []int) {
	for _, label := range labels[8:] { // after the IDX header
		digits = append(digits, int(label))
	}
	return split(images), digits
}

// Calibration returns 200 images of MNIST's training set, 20 of each digit, in
// the layout of [Images].
func Calibration() [][]byte {
	r, err := gzip.NewReader(bytes.NewReader(calibration))
	if err != nil {
		panic("testdata: " + err.Error())
	}
	idx, err := io.ReadAll(r)
	if err != nil {
		panic("testdata: " + err.Error())
	}
	return split(idx)
}

// Scaled returns an image's pixels as the networks take them, from 0 to 1.
func Scaled(pixels []byte) []float32 {
	out := make([]float32, len(pixels))
	for i, p := range pixels {
		out[i] = float32(p) / 255
	}
	return out
}

// split copies the images out of an IDX file of 28 x 28 bytes each.
func split(idx []byte) [][]byte {
	var pixels [][]byte
	for data := bytes.Clone(idx[16:]); len(data) > 0; data = data[imageSize:] {
		pixels = append(pixels, data[:imageSize:imageSize])
	}
	return pixels
}
