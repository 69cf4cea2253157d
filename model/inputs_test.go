package model

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

var (
	image      = Value{Name: "image", Shape: []int{1, 2, 3}, Type: Float32}
	label      = Value{Name: "label", Shape: []int{1}, Type: Uint8}
	scalar     = Value{Name: "threshold", Shape: []int{}, Type: Float32}
	wide       = Value{Name: "wide", Shape: []int{1, 6}, Type: Float32}
	anyNumbers = Value{Name: "any", Shape: []int{2}} // numbers as the file has them
)

// images returns the samples of a model with the one input image.
func images(samples ...[]float32) [][]*Tensor {
	var list [][]*Tensor
	for _, s := range samples {
		list = append(list, []*Tensor{floatTensor(image.Shape, s...)})
	}
	return list
}

var oneToSix = []float32{1, 2, 3, 4, 5, 6}

func TestJSONInputs(t *testing.T) {
	for _, c := range []struct {
		text   string
		inputs []Value
		want   [][]*Tensor
	}{
		{`{"input_data": [[1,2,3,4,5,6]]}`, []Value{image}, images(oneToSix)},
		{`{"input_data": [1,2,3,4,5,6]}`, []Value{image}, images(oneToSix)},
		{`{"input_data": [[[1,2,3],[4,5,6]]]}`, []Value{image}, images(oneToSix)},
		{`{"input_data": [[[[1,2,3],[4,5,6]]]]}`, []Value{image}, images(oneToSix)},
		{`{"input_data": [[[1,2,3,4,5,6],[6,5,4,3,2,1]]]}`, []Value{image}, images(oneToSix, []float32{6, 5, 4, 3, 2, 1})},
		{`{"input_data": [[[1,2,3],[4,5,6],[6,5,4],[3,2,1]]]}`, []Value{image}, images(oneToSix, []float32{6, 5, 4, 3, 2, 1})},
		{`{"inputs": {"image": [-1.5e0,true,false,4,5,6]}, "other": [{"x": [null, "NaN"]}]}`, []Value{image}, images([]float32{-1.5, 1, 0, 4, 5, 6})},
		{`{"input_data": [[[1,2,3],[4,5,6]]]}`, []Value{wide}, [][]*Tensor{{floatTensor(wide.Shape, oneToSix...)}}},
		{`{"inputs": {"label": [7], "threshold": 0.5}}`, []Value{scalar, label}, [][]*Tensor{{floatTensor([]int{}, 0.5), intTensor([]int{1}, 7)}}},
		{`{"input_data": [[0.5, 1], [7, 255]]}`, []Value{scalar, label}, [][]*Tensor{
			{floatTensor([]int{}, 0.5), intTensor([]int{1}, 7)},
			{floatTensor([]int{}, 1), intTensor([]int{1}, 255)},
		}},
		{`{"input_data": [[16777217, -2.0]]}`, []Value{anyNumbers}, [][]*Tensor{{intTensor([]int{2}, 16777217, -2)}}},
		{`{"input_data": [[3, 0.5]]}`, []Value{anyNumbers}, [][]*Tensor{{floatTensor([]int{2}, 3, 0.5)}}},
	} {
		got, err := ParseInputs("in.json", []byte(c.text), c.inputs)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v %v", c.text, got, err)
		}
	}
}

func TestJSONInputErrors(t *testing.T) {
	one, two := []Value{image}, []Value{scalar, label}
	for _, c := range []struct {
		text   string
		inputs []Value
		want   string
	}{
		{``, one, `not JSON: unexpected EOF at byte 0: malformed`},
		{`[]`, one, `[ at byte 1, want an object with "input_data" or "inputs": malformed`},
		{`{}`, one, `neither "input_data" nor "inputs": malformed`},
		{`{"input_data": [[1,2,3,4,5,6]]} x`, one, `data after the object: malformed`},
		{`{"input_data": [[1,2,3,4,5,6]], "inputs": {}}`, one, `"input_data" or "inputs" appears twice: malformed`},
		{`{"input_data": [[1,2,3,4,5,6]], "input_data": []}`, one, `"input_data" or "inputs" appears twice: malformed`},
		{`{"input_data": [[1,2,3,4,5]]}`, one, `input "image": 5 values, want 6 for shape [1 2 3], or a multiple for several samples: malformed`},
		{`{"input_data": [[1,2,3,4,5,6],[1]]}`, one, `"input_data" has more lists than the model's 1 inputs: malformed`},
		{`{"input_data": [[1]]}`, two, `"input_data" has 1 lists for a model of 2 inputs: malformed`},
		{`{"input_data": [1,2]}`, two, `"input_data" holds 1 where a list belongs: malformed`},
		{`{"input_data": [[1,2],[1,2,3]]}`, two, `input "label": 3 samples, but input "threshold" has 2: malformed`},
		{`{"input_data": [[[1,2,3],[4,5]]]}`, one, `input "image": lists of different lengths or depths, around value 5: malformed`},
		{`{"input_data": [[[1,2],[3,4],5,6]]}`, one, `input "image": lists of different lengths or depths, around value 5: malformed`},
		{`{"input_data": [[1,[2],3,4,5,6]]}`, one, `input "image": lists of different lengths or depths, around value 1: malformed`},
		{`{"input_data": [[[[]],[1]]]}`, one, `input "image": lists of different depths: malformed`},
		{`{"input_data": [[[1,2],[3,4],[5,6]]]}`, one, `input "image": shape [3 2], want [1 2 3], or several of it: malformed`},
		{`{"input_data": [[1,2,3,4,5,null]]}`, one, `input "image": value 5 is <nil>, want a number: malformed`},
		{`{"input_data": [[1,2,3,4,5,"6"]]}`, one, `input "image": value 5 is 6, want a number: malformed`},
		{`{"input_data": [[1,2,3,4,5,{}]]}`, one, `input "image": value 5 is {, want a number: malformed`},
		{`{"input_data": [[1,2,3,4,5,1e39]]}`, one, `input "image": value 5 is 1e39, outside the range of float32: malformed`},
		{`{"input_data": [[1,2,3,4,5,NaN]]}`, one, `not JSON: invalid character 'N' looking for beginning of value at byte 27: malformed`},
		{`{"input_data": [[0.5],[256]]}`, two, `input "label": value 0 is 256, outside the range of uint8: malformed`},
		{`{"input_data": [[0.5],[1.5]]}`, two, `input "label": value 0 is 1.5, want an integer of 64 bits: malformed`},
		{`{"inputs": {"imag": [1]}}`, one, `"imag" is not an input of the model, which are ["image"] (did you mean image?): malformed`},
		{`{"inputs": {"label": [1], "label": [1]}}`, two, `input "label": appears twice: malformed`},
		{`{"inputs": {"label": [1]}}`, two, `input "threshold": no values: malformed`},
		{`{"inputs": [[1]]}`, one, `[ at byte 12, want an object of arrays by input name: malformed`},
		{`{"input_data": ` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `}`, one, `input "image": lists of different lengths or depths, around value 0: malformed`},
		{`{"input_data": [[1]]}`, nil, `the model has no inputs: malformed`},
	} {
		_, err := ParseInputs("in.json", []byte(c.text), c.inputs)
		var e *InputError
		if err == nil || err.Error() != "in.json: "+c.want || !errors.As(err, &e) || !errors.Is(err, ErrMalformed) {
			t.Errorf("%s\n got %v\nwant in.json: %s", c.text, err, c.want)
		}
	}
}

// npy writes an array file: version, header text, elements.
func npy(t testing.TB, version byte, header string, values any) []byte {
	t.Helper()
	b := bytes.NewBufferString(npyMagic)
	b.Write([]byte{version, 0})
	if version == 1 {
		b.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(header))))
	} else {
		b.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(header))))
	}
	b.WriteString(header)
	if err := binary.Write(b, binary.LittleEndian, values); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func npyHead(descr, order, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': (%s), }          \n", descr, order, shape)
}

func TestNPY(t *testing.T) {
	ints := []int8{1, 2, 3, 4, 5, 6}
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"f4", npy(t, 1, npyHead("<f4", "False", "2, 3"), oneToSix)},
		{"f8", npy(t, 2, npyHead("<f8", "False", "1, 2, 3"), []float64{1, 2, 3, 4, 5, 6})},
		{"f2", npy(t, 3, npyHead("<f2", "False", "6,"), []uint16{0x3c00, 0x4000, 0x4200, 0x4400, 0x4500, 0x4600})},
		{"i1", npy(t, 1, npyHead("|i1", "False", "2, 3"), ints)},
		{"u1", npy(t, 1, npyHead("|u1", "False", "2, 3"), ints)},
		{"i2", npy(t, 1, npyHead("<i2", "False", "2, 3"), []int16{1, 2, 3, 4, 5, 6})},
		{"u2", npy(t, 1, npyHead("<u2", "False", "2, 3"), []int16{1, 2, 3, 4, 5, 6})},
		{"i4", npy(t, 1, npyHead("<i4", "False", "2, 3"), []int32{1, 2, 3, 4, 5, 6})},
		{"u4", npy(t, 1, npyHead("<u4", "False", "2, 3"), []int32{1, 2, 3, 4, 5, 6})},
		{"i8", npy(t, 1, npyHead("<i8", "False", "2, 3"), []int64{1, 2, 3, 4, 5, 6})},
		{"u8", npy(t, 1, npyHead("<u8", "False", "2, 3"), []int64{1, 2, 3, 4, 5, 6})},
		{"fortran order", npy(t, 1, npyHead("<f4", "True", "2, 3"), []float32{1, 4, 2, 5, 3, 6})},
	} {
		got, err := ParseInputs("in.npy", c.data, []Value{image})
		if err != nil || !reflect.DeepEqual(got, images(oneToSix)) {
			t.Errorf("%s: %v %v", c.name, got, err)
		}
	}
	got, err := ParseInputs("in.npy", npy(t, 1, npyHead("|b1", "False", "2,"), []byte{1, 0}), []Value{label})
	if err != nil || len(got) != 2 || got[0][0].Int[0] != 1 || got[1][0].Int[0] != 0 {
		t.Errorf("b1: %v %v", got, err)
	}
	got, err = ParseInputs("in.npy", npy(t, 1, npyHead("<f4", "False", "2, 2, 3"), append(oneToSix, oneToSix...)), []Value{image})
	if err != nil || !reflect.DeepEqual(got, images(oneToSix, oneToSix)) {
		t.Errorf("samples: %v %v", got, err)
	}
}

func TestNPYErrors(t *testing.T) {
	head := npyHead("<f4", "False", "2, 3")
	good := npy(t, 1, head, oneToSix)
	truncated := good[:len(good)-1]
	version := bytes.Clone(good)
	version[6] = 4
	header := bytes.Clone(good)
	header[9] = 0xff
	for _, c := range []struct {
		data  []byte
		class error
		want  string
	}{
		{good[:8], ErrMalformed, "not an npy array: malformed"},
		{truncated, ErrMalformed, "npy array of shape [2 3] and type f4 with 23 bytes, want 24: malformed"},
		{append(bytes.Clone(good), 0), ErrMalformed, "npy array of shape [2 3] and type f4 with 25 bytes, want 24: malformed"},
		{version, ErrUnsupported, "npy version 4: unsupported"},
		{header, ErrMalformed, fmt.Sprintf("npy header of %d bytes: malformed", 0xff00+len(head))},
		{npy(t, 1, "{}", oneToSix), ErrMalformed, `npy header "{}": malformed`},
		{npy(t, 1, npyHead(">f4", "False", "2, 3"), oneToSix), ErrUnsupported, `npy type ">f4": unsupported`},
		{npy(t, 1, npyHead("<c8", "False", "3,"), oneToSix), ErrUnsupported, `npy type "<c8": unsupported`},
		{npy(t, 1, npyHead("|O8", "False", "3,"), oneToSix), ErrUnsupported, `npy type "|O8": unsupported`},
		{npy(t, 1, npyHead("<f4", "False", "99999999999999999999,"), oneToSix), ErrMalformed, "npy shape (99999999999999999999,): malformed"},
		{npy(t, 1, npyHead("<f4", "False", "4294967296, 4294967296"), oneToSix), ErrUnsupported, "shape [4294967296 4294967296] of more than 268435456 elements: unsupported"},
		{npy(t, 1, npyHead("<f4", "False", "6,"), []float32{1, 2, 3, 4, 5, float32(math.NaN())}), ErrMalformed, "element 5 is NaN: malformed"},
		{npy(t, 1, npyHead("<f4", "False", "3, 2"), oneToSix), ErrMalformed, `input "image": shape [3 2], want [1 2 3], or several of it: malformed`},
	} {
		_, err := ParseInputs("in.npy", c.data, []Value{image})
		var e *InputError
		if err == nil || err.Error() != "in.npy: "+c.want || !errors.As(err, &e) || !errors.Is(err, c.class) {
			t.Errorf(" got %v\nwant in.npy: %s", err, c.want)
		}
	}
	for _, c := range []struct {
		values any
		descr  string
		want   *Tensor
	}{
		{[]float64{1<<24 + 1, 3}, "<f8", intTensor([]int{2}, 1<<24+1, 3)}, // float32 would round the first
		{[]float64{1<<24 + 1, 0.5}, "<f8", floatTensor([]int{2}, 1<<24, 0.5)},
		{[]float64{2, 3}, "<f8", floatTensor([]int{2}, 2, 3)},
		{[]int64{1<<40 + 1, 3}, "<i8", intTensor([]int{2}, 1<<40+1, 3)},
	} {
		got, err := ParseInputs("in.npy", npy(t, 1, npyHead(c.descr, "False", "2,"), c.values), []Value{anyNumbers})
		if err != nil || !reflect.DeepEqual(got, [][]*Tensor{{c.want}}) {
			t.Errorf("%v: %v %v", c.values, got, err)
		}
	}
	_, err := ParseInputs("in.npy", good, []Value{image, label})
	if err == nil || err.Error() != "in.npy: one array for a model of 2 inputs: malformed" {
		t.Errorf("two inputs: %v", err)
	}
	_, err = ParseInputs("in.npy", npy(t, 1, npyHead("<f4", "False", "0, 2, 3"), []float32{}), []Value{image})
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "an array of shape [0 2 3] for an input of shape [1 2 3]: what has no elements is not proven") {
		t.Errorf("an empty array: %v", err)
	}
	_, err = ParseInputs("in.npy", npy(t, 1, npyHead("<f4", "False", "1,"), []float32{1.5}), []Value{label})
	if err == nil || err.Error() != `in.npy: input "label": values of a float type that are no integers, want uint8: malformed` {
		t.Errorf("floats for integers: %v", err)
	}
}

// npz writes an archive of name, content pairs.
func npz(t testing.TB, pairs ...any) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(pairs); i += 2 {
		w, err := z.Create(pairs[i].(string))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(pairs[i+1].([]byte)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestNPZ(t *testing.T) {
	x := npy(t, 1, npyHead("<f4", "False", ""), []float32{0.5})
	y := npy(t, 1, npyHead("|u1", "False", "1,"), []byte{7})
	want := [][]*Tensor{{floatTensor([]int{}, 0.5), intTensor([]int{1}, 7)}}
	inputs := []Value{scalar, label}
	for _, data := range [][]byte{
		npz(t, "threshold.npy", x, "label.npy", y),
		npz(t, "arr_1.npy", y, "arr_0.npy", x),
	} {
		if got, err := ParseInputs("in.npz", data, inputs); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%v %v", got, err)
		}
	}
	good := npz(t, "arr_0.npy", x, "arr_1.npy", y)
	for _, c := range []struct {
		data []byte
		want string
	}{
		{good[:len(good)-5], "npz: zip: not a valid zip file: malformed"},
		{npz(t, "arr_0.npy", x), `input "label": no values: malformed`},
		{npz(t, "arr_0.npy", x, "threshold.npy", x), `input "threshold": appears twice: malformed`},
		{npz(t, "../label.npy", y), `"../label" is not an input of the model, which are ["threshold" "label"]: malformed`},
		{npz(t, "label.npy", []byte("text")), `input "label": not an npy array: malformed`},
	} {
		_, err := ParseInputs("in.npz", c.data, inputs)
		if err == nil || err.Error() != "in.npz: "+c.want || !errors.Is(err, ErrMalformed) {
			t.Errorf(" got %v\nwant in.npz: %s", err, c.want)
		}
	}
}

func TestLoadInputs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "in.json")
	if err := os.WriteFile(path, []byte(`{"input_data": [[1,2,3,4,5,6]]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := LoadInputs(path, []Value{image}); err != nil || !reflect.DeepEqual(got, images(oneToSix)) {
		t.Errorf("%v %v", got, err)
	}
	if _, err := LoadInputs(path+"x", []Value{image}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
}
