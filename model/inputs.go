package model

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
)

// maxInputFile bounds input files, before and after decompression.
const maxInputFile = 1 << 30

// LoadInputs reads samples for a model with the given inputs: one slice of tensors
// per sample, in the order of inputs. The file's form is told from its content.
//
//   - JSON {"input_data": [[...], ...]}: one list per model input, flat or nested;
//     the outer list may be left out for a model of one input.
//   - JSON {"inputs": {"name": [...], ...}}: lists by input name.
//   - NumPy .npy, for a model of one input: versions 1 to 3, little-endian integers,
//     floats and bool.
//   - NumPy .npz: arrays named like the inputs, or arr_0, arr_1, ... in their order.
//   - CSV, with commas, semicolons or tabs: a row is a sample, its columns are the elements of
//     a model's one input, below a header or not. A header of the inputs' names, with elements as
//     name.0, name.1, ... or name[0], name[1], ..., serves several inputs. Numbers are JSON's.
//
// An array of k times the input's elements holds k samples, in order; all inputs
// must agree on k. A nested array must have the input's shape behind the samples; axes
// may be merged, as in a flat list, or split. Other top-level JSON keys are ignored.
//
// An input whose type is [Undefined] takes numbers as the file has them: an array of whole ones as
// Int, which are exact, any other as Float.
//
// Faults of the content are *InputError and wrap ErrMalformed or ErrUnsupported.
func LoadInputs(path string, inputs []Value) ([][]*Tensor, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxInputFile+1))
	if err != nil {
		return nil, err
	}
	return ParseInputs(path, data, inputs)
}

// ParseInputs is LoadInputs for bytes already read; file names them in errors.
func ParseInputs(file string, data []byte, inputs []Value) ([][]*Tensor, error) {
	samples, err := parseInputs(data, inputs)
	if err != nil {
		var at *InputError
		if !errors.As(err, &at) {
			at = &InputError{Err: err}
		}
		return nil, &InputError{File: file, Input: at.Input, Err: at.Err}
	}
	return samples, nil
}

func parseInputs(data []byte, inputs []Value) ([][]*Tensor, error) {
	if len(data) > maxInputFile {
		return nil, unsupported("a file over 1 GiB")
	}
	if len(inputs) == 0 {
		return nil, malformed("the model has no inputs")
	}
	arrays, err := readArrays(bytes.TrimPrefix(data, []byte("\ufeff")), inputs) // of a text editor
	if err != nil {
		return nil, err
	}
	return splitSamples(arrays, inputs)
}

// readArrays reads the array of each input.
func readArrays(data []byte, inputs []Value) (arrays map[string]*Tensor, err error) {
	switch {
	case bytes.HasPrefix(data, []byte(npyMagic)):
		if len(inputs) != 1 {
			return nil, malformed("one array for a model of %d inputs", len(inputs))
		}
		var t *Tensor
		t, err = parseNPY(data)
		arrays = map[string]*Tensor{inputs[0].Name: t}
	case looksLikeCSV(data):
		arrays, err = parseCSV(data, inputs)
	case bytes.HasPrefix(data, []byte("PK")):
		arrays, err = parseNPZ(data, inputs)
	default:
		arrays, err = parseJSON(data, inputs)
	}
	return arrays, err
}

// splitSamples cuts each input's array into samples.
func splitSamples(arrays map[string]*Tensor, inputs []Value) ([][]*Tensor, error) {
	var samples [][]*Tensor
	for i, in := range inputs {
		t, err := convert(arrays[in.Name], in)
		if err != nil {
			return nil, &InputError{Input: in.Name, Err: err}
		}
		elems := product(in.Shape)
		k := t.Len() / elems
		if i == 0 {
			samples = make([][]*Tensor, k)
		} else if k != len(samples) {
			return nil, &InputError{Input: in.Name, Err: malformed("%d samples, but input %q has %d", k, inputs[0].Name, len(samples))}
		}
		for j := range samples {
			s := &Tensor{Shape: in.Shape}
			if t.Float != nil {
				s.Float = t.Float[j*elems : (j+1)*elems : (j+1)*elems]
			} else {
				s.Int = t.Int[j*elems : (j+1)*elems : (j+1)*elems]
			}
			samples[j] = append(samples[j], s)
		}
	}
	return samples, nil
}

// asInts returns floats that are integers as such, nil if some are not.
func asInts(t *Tensor) *Tensor {
	out := &Tensor{Shape: t.Shape, Int: make([]int64, len(t.Float))}
	for i, v := range t.Float {
		if out.Int[i] = int64(v); float32(out.Int[i]) != v || v > 1<<24 || v < -1<<24 {
			return nil
		}
	}
	return out
}

// convert checks an array against an input and gives it the input's type.
func convert(t *Tensor, in Value) (*Tensor, error) {
	if t == nil {
		return nil, malformed("no values")
	}
	elems := product(in.Shape)
	if elems == 0 || t.Len() == 0 {
		return nil, unsupported("an array of shape %v for an input of shape %v: what has no elements is not proven, leave it out of the network", t.Shape, in.Shape)
	}
	if t.Len()%elems != 0 {
		return nil, malformed("%d values, want %d for shape %v, or a multiple for several samples", t.Len(), elems, in.Shape)
	}
	if !fits(t.Shape, in.Shape) {
		return nil, malformed("shape %v, want %v, or several of it", t.Shape, in.Shape)
	}
	lo, hi := in.Type.Bounds()
	switch {
	case in.Type.IsFloat() && t.Float == nil:
		t = &Tensor{Shape: t.Shape, Float: asFloats(t)}
	case in.Type.IsFloat() || in.Type == Undefined:
	default:
		if t.Int == nil {
			if t = asInts(t); t == nil {
				return nil, malformed("values of a float type that are no integers, want %v", in.Type)
			}
		}
		for i, v := range t.Int {
			if v < lo || v > hi {
				return nil, malformed("value %d is %d, outside the range of %v", i, v, in.Type)
			}
		}
	}
	if i := slices.IndexFunc(t.Float, func(v float32) bool { return v-v != 0 }); i >= 0 {
		return nil, malformed("element %d is %v, which float32 cannot hold as a number", i, t.Float[i])
	}
	return t, nil
}

// fits reports whether an array, whose length is a multiple of the input's, may be
// read as samples of it: its axes, behind those that count samples, are the input's,
// some of them merged (a flat list) or some of them split. An image of the shape
// [28 28 3] thus does not pass for one of [3 28 28].
func fits(shape, input []int) bool {
	ours, theirs := boundaries(shape, product(input)), boundaries(input, product(input))
	return subset(ours, theirs) || subset(theirs, ours)
}

// boundaries returns the distances, below limit, between neighbours of each axis.
func boundaries(shape []int, limit int) []int {
	return slices.DeleteFunc(stridesOf(shape), func(s int) bool { return s <= 1 || s >= limit })
}

func subset(a, b []int) bool {
	return !slices.ContainsFunc(a, func(v int) bool { return !slices.Contains(b, v) })
}
