package model

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
)

// LoadONNXFor is [LoadONNX] for a model that is to take the inputs of a file ([LoadInputs]).
// Axes that the model leaves open and no option fixes have the size that they have there.
func LoadONNXFor(path, samples string, options ...Option) (*Graph, error) {
	g, err := LoadONNX(path, options...)
	if !errors.Is(err, ErrShape) {
		return g, err
	}
	given, errGiven := shapesOf(path, samples, newOptions(options, nil))
	if errGiven != nil || len(given) == 0 {
		return nil, err
	}
	return LoadONNX(path, append(given, options...)...)
}

// shapesOf returns the shapes of a model's inputs as a file has them.
func shapesOf(path, samples string, o *options) ([]Option, error) {
	data, err := readAll(path, maxFileSize)
	if err != nil {
		return nil, err
	}
	var m onnxpb.ModelProto
	if err := proto.Unmarshal(data, &m); err != nil {
		return nil, err
	}
	if data, err = readAll(samples, maxInputFile); err != nil {
		return nil, err
	}
	initial := map[string]bool{}
	for _, t := range m.GetGraph().GetInitializer() {
		initial[t.GetName()] = true
	}
	var inputs []Value
	declared := map[string]*onnxpb.TensorShapeProto{}
	for _, in := range m.GetGraph().GetInput() {
		if !initial[in.GetName()] && o.fixed[in.GetName()] == nil {
			inputs = append(inputs, Value{Name: in.GetName(), Type: inputType(in)})
			declared[in.GetName()] = in.GetType().GetTensorType().GetShape()
		}
	}
	arrays, err := readArrays(bytes.TrimPrefix(data, []byte("\ufeff")), inputs)
	if err != nil {
		return nil, err
	}
	var given []Option
	for _, in := range inputs {
		if _, ok := o.shapes[in.Name]; ok || declared[in.Name] == nil || arrays[in.Name] == nil {
			continue
		}
		if shape := shapeOf(declared[in.Name], arrays[in.Name], o); shape != nil {
			given = append(given, WithShape(in.Name, shape...))
		}
	}
	return given, nil
}

func readAll(path string, limit int64) ([]byte, error) {
	f, err := os.Open(filepath.Clean(path))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit+1))
}

// shapeOf returns the shape of one sample, nil if the array does not decide it: axes of the
// array if it has as many, or one more for the samples. A flat list decides nothing.
func shapeOf(declared *onnxpb.TensorShapeProto, t *Tensor, o *options) []int {
	shape := make([]int, len(declared.Dim))
	var open []int
	for i, d := range declared.Dim {
		switch n := d.GetDimValue(); {
		case n > 0 && n <= maxElements:
			shape[i] = int(n)
		case o.dims[d.GetDimParam()] > 0:
			shape[i] = o.dims[d.GetDimParam()]
		case i == 0:
			shape[i] = 1 // the batch
		default:
			open = append(open, i)
		}
	}
	skip := len(t.Shape) - len(shape)
	for _, i := range open {
		if skip != 0 && skip != 1 || t.Shape[i+skip] < 1 {
			return nil
		}
		shape[i] = t.Shape[i+skip]
	}
	return shape
}
