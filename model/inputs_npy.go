package model

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nnark/nnark/model/onnxpb"
)

const npyMagic = "\x93NUMPY"

// npyTypes maps the descr of an array, without its byte-order mark, to an ONNX data
// type: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
var npyTypes = map[string]onnxpb.TensorProto_DataType{
	"b1": onnxpb.TensorProto_BOOL,
	"f2": onnxpb.TensorProto_FLOAT16,
	"f4": onnxpb.TensorProto_FLOAT,
	"f8": onnxpb.TensorProto_DOUBLE,
	"i1": onnxpb.TensorProto_INT8,
	"i2": onnxpb.TensorProto_INT16,
	"i4": onnxpb.TensorProto_INT32,
	"i8": onnxpb.TensorProto_INT64,
	"u1": onnxpb.TensorProto_UINT8,
	"u2": onnxpb.TensorProto_UINT16,
	"u4": onnxpb.TensorProto_UINT32,
	"u8": onnxpb.TensorProto_UINT64,
}

var (
	npyDescr   = regexp.MustCompile(`'descr': *'([<>|=]?)([a-zA-Z][0-9]+)'`)
	npyFortran = regexp.MustCompile(`'fortran_order': *(True|False)`)
	npyShape   = regexp.MustCompile(`'shape': *\(([0-9, ]*)\)`)
)

// parseNPY reads one array. Fortran order is turned into row-major order.
func parseNPY(data []byte) (*Tensor, error) {
	header, body, err := npyHeader(data)
	if err != nil {
		return nil, err
	}
	descr := npyDescr.FindStringSubmatch(header)
	fortran := npyFortran.FindStringSubmatch(header)
	dims := npyShape.FindStringSubmatch(header)
	if descr == nil || fortran == nil || dims == nil {
		return nil, malformed("npy header %q", header)
	}
	dataType, ok := npyTypes[descr[2]]
	w := wires[dataType]
	if !ok || descr[1] == ">" {
		return nil, unsupported("npy type %q", descr[1]+descr[2])
	}
	shape := []int{}
	for d := range strings.SplitSeq(dims[1], ",") {
		if d = strings.TrimSpace(d); d == "" {
			continue // behind the last comma
		}
		n, err := strconv.Atoi(d)
		if err != nil {
			return nil, malformed("npy shape (%s)", dims[1])
		}
		shape = append(shape, n)
	}
	if err := checkShape(shape); err != nil {
		return nil, err
	}
	if len(body) != product(shape)*w.size {
		return nil, malformed("npy array of shape %v and type %s with %d bytes, want %d", shape, descr[2], len(body), product(shape)*w.size)
	}
	if fortran[1] == "True" {
		slices.Reverse(shape)
	}
	at := func(i int) (float64, int64) { return w.raw(body[i*w.size:]) }
	typ := w.typ
	if typ == Float64 && largeIntegers(product(shape), at) {
		typ, at = Int64, func(i int) (float64, int64) { f, _ := w.raw(body[i*w.size:]); return f, int64(f) }
	}
	t, err := fill(shape, typ, at)
	if err != nil || fortran[1] == "False" {
		return t, err
	}
	k, err := bind(&Node{Op: "Transpose"}, []*fact{factOf(t)})
	if err != nil {
		return nil, err
	}
	out, err := k.run([]*Tensor{t})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// largeIntegers reports whether float64 are integers, some of which float32 may round.
func largeIntegers(n int, at func(i int) (float64, int64)) (large bool) {
	for i := range n {
		f, _ := at(i)
		if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
			return false
		}
		large = large || math.Abs(f) > 1<<24
	}
	return large
}

// npyHeader splits a file into its header's text and the elements.
func npyHeader(data []byte) (header string, body []byte, err error) {
	if len(data) < 12 || string(data[:6]) != npyMagic {
		return "", nil, malformed("not an npy array")
	}
	n, start := int(le.Uint16(data[8:])), 10
	switch data[6] {
	case 1:
	case 2, 3:
		n, start = int(le.Uint32(data[8:])), 12
	default:
		return "", nil, unsupported("npy version %d", data[6])
	}
	if n > 1<<16 || n > len(data)-start {
		return "", nil, malformed("npy header of %d bytes", n)
	}
	return string(data[start : start+n]), data[start+n:], nil
}

// parseNPZ reads a zip archive of arrays named like the inputs or arr_0, arr_1, ...
func parseNPZ(data []byte, inputs []Value) (map[string]*Tensor, error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, malformed("npz: %v", err)
	}
	names := make(map[string]string, len(inputs)) // in the archive -> of the input
	for i, in := range inputs {
		names[in.Name+".npy"] = in.Name
		names[fmt.Sprintf("arr_%d.npy", i)] = in.Name
	}
	arrays := make(map[string]*Tensor, len(inputs))
	left := int64(maxInputFile)
	for _, f := range z.File {
		name, ok := names[f.Name]
		if !ok {
			return nil, unknownInput(strings.TrimSuffix(f.Name, ".npy"), inputs)
		}
		if arrays[name] != nil {
			return nil, &InputError{Input: name, Err: malformed("appears twice")}
		}
		content, err := unzip(f, left)
		if err != nil {
			return nil, &InputError{Input: name, Err: err}
		}
		left -= int64(len(content))
		if arrays[name], err = parseNPY(content); err != nil {
			return nil, &InputError{Input: name, Err: err}
		}
	}
	return arrays, nil
}

// unzip reads one file of an archive, of limit bytes at most.
func unzip(f *zip.File, limit int64) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, malformed("npz: %v", err)
	}
	defer r.Close()
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	switch {
	case err != nil:
		return nil, malformed("npz: %v", err)
	case int64(len(data)) > limit:
		return nil, unsupported("arrays of more than 1 GiB")
	}
	return data, nil
}

// ParseNPY reads one NumPy array (.npy versions 1 to 3).
func ParseNPY(data []byte) (*Tensor, error) { return parseNPY(data) }
