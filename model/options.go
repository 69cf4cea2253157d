package model

import (
	"bytes"
	"fmt"

	"github.com/nnark/nnark/model/onnxpb"
)

// Option changes how a model is read.
type Option func(*options)

type options struct {
	shapes map[string][]int
	dims   map[string]int
	fixed  map[string]*Tensor
	ext    *external
	budget budget
}

func newOptions(list []Option, ext *external) *options {
	o := &options{shapes: map[string][]int{}, dims: map[string]int{}, fixed: map[string]*Tensor{}, ext: ext, budget: defaultBudget}
	for _, set := range list {
		set(o)
	}
	return o
}

// WithShape gives an input its shape, where the model leaves axes open. It must agree with
// the axes that the model fixes.
func WithShape(input string, shape ...int) Option {
	return func(o *options) { o.shapes[input] = shape }
}

// WithDim gives every axis of an input that the model calls name its size.
func WithDim(name string, size int) Option {
	return func(o *options) { o.dims[name] = size }
}

// WithConstant turns an input into a constant: one that decides a shape, for instance.
func WithConstant(input string, value *Tensor) Option {
	return func(o *options) { o.fixed[input] = value }
}

// freeAxis is the fault of an input whose shape nobody has given.
func freeAxis(format string, args ...any) error {
	return fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), ErrShape)
}

// agrees checks a given shape against the declared one.
func agrees(declared *onnxpb.TensorShapeProto, given []int) error {
	if err := checkShape(given); err != nil {
		return err
	}
	if declared == nil {
		return nil
	}
	if len(declared.Dim) != len(given) {
		return malformed("shape %v was given for an input of %d axes", given, len(declared.Dim))
	}
	for i, d := range declared.Dim {
		if n := d.GetDimValue(); n > 0 && n != int64(given[i]) {
			return malformed("shape %v was given, but axis %d is %d", given, i, n)
		}
	}
	return nil
}

// defaultDomain reports whether a domain is that of ONNX's own operators.
func defaultDomain(d string) bool { return d == "" || d == "ai.onnx" }

// foreign says what a file that is no ONNX is: known formats of other programs are
// unsupported, the rest malformed.
func foreign(data []byte) error {
	for _, f := range []struct {
		at    int
		magic string
		what  string
	}{
		{0, "PK\x03\x04", "it is a zip archive, perhaps a PyTorch checkpoint: export it with torch.onnx.export"},
		{0, "\x80\x02", "it is a Python pickle: export it to ONNX"},
		{0, "\x80\x03", "it is a Python pickle: export it to ONNX"},
		{0, "\x80\x04", "it is a Python pickle: export it to ONNX"},
		{0, "\x80\x05", "it is a Python pickle: export it to ONNX"},
		{4, "TFL3", "it is a TensorFlow Lite model: convert it with tf2onnx"},
		{0, "\x89HDF", "it is an HDF5 file, perhaps of Keras: convert it with tf2onnx"},
	} {
		if len(data) > f.at && bytes.HasPrefix(data[f.at:], []byte(f.magic)) {
			return unsupported("%s", f.what)
		}
	}
	return ErrMalformed
}
