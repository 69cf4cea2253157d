package main

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
	"github.com/nnark/nnark/testdata"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"nnark": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   "testdata/script",
		Setup: func(e *testscript.Env) error { return writeInputs(e.WorkDir) },
		Condition: func(c string) (bool, error) {
			if c != "ci" {
				return false, fmt.Errorf("no condition %q", c)
			}
			return os.Getenv("CI") == "true", nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"json":   jsonCommand,
			"status": statusCommand,
			"flip":   flipCommand,
			"same":   sameCommand,
		},
	})
}

// writeInputs fills a folder with models and inputs, good and bad.
func writeInputs(dir string) error {
	files := map[string][]byte{
		"tiny.onnx":        testdata.Tiny(),
		"tiny_mlp.onnx":    testdata.TinyMLP(),
		"lenet5.onnx":      testdata.LeNet5(),
		"cut.onnx":         testdata.Tiny()[:400],
		"garbage.onnx":     bytes.Repeat([]byte("garbage "), 50),
		"empty.onnx":       nil,
		"unsupported.onnx": unsupportedModel(),
		"open.onnx":        openModel(),
		"ids.onnx":         idsModel(),
		"ids.npy":          npyOf("<i8", []int64{16777217, 16777219, 1099511627775}, 3),
		"doubles.npy":      npyOf("<f8", []float64{16777217, 16777219, 1099511627775}, 3),
		"flat.json":        []byte(`{"input_data": [[0.5, -1, 0.25, 1, 0.75, -0.5]]}`),
		"nested.json":      []byte(`{"input_data": [[[[0.5, -1, 0.25], [1, 0.75, -0.5]]]]}`),
	}
	for _, name := range []string{"tiny.json", "tiny_mlp.json"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", name))
		if err != nil {
			return err
		}
		files[name] = data
	}
	var in struct {
		Data [][]float32 `json:"input_data"`
	}
	if err := json.Unmarshal(files["tiny.json"], &in); err != nil {
		return err
	}
	x := in.Data[0]
	other := struct {
		Data [][]float32 `json:"input_data"`
	}{[][]float32{make([]float32, mlpInputs(files["tiny_mlp.json"]))}}
	files["other_mlp.json"] = []byte(mustJSON(other))
	files["tiny.npy"] = npy(x, 1, 1, 8, 8)
	half := make([]float32, len(x))
	for i := range half {
		half[i] = x[i] / 2
	}
	files["many.npy"] = npy(slices.Concat(x, half, x, make([]float32, len(x))), 4, 1, 8, 8)
	files["fewer.npy"] = npy(slices.Concat(x, half), 2, 1, 8, 8)
	files["tiny.npz"] = npz(map[string][]byte{"image.npy": npy(x, 1, 1, 8, 8)})
	files["named.json"] = fmt.Appendf(nil, `{"inputs": {"image": %s}}`, mustJSON(x))
	row := strings.Trim(string(mustJSON(x)), "[]")
	files["tiny.csv"] = []byte("\ufeff" + row + "\r\n")
	files["short.csv"] = []byte(row[:strings.LastIndexByte(row, ',')] + "\n")
	files["text.csv"] = []byte(row + "\n" + row + "x\n")
	files["misnamed.json"] = fmt.Appendf(nil, `{"inputs": {"imgae": %s}}`, mustJSON(x))
	files["short.json"] = fmt.Appendf(nil, `{"input_data": [%s]}`, mustJSON(x[:63]))
	files["twice.json"] = fmt.Appendf(nil, `{"input_data": [%s]}`, mustJSON(slices.Concat(x, x)))
	files["transposed.npy"] = npy(x, 1, 1, 4, 16)
	for name, v := range map[string]float32{"nan.npy": float32(math.NaN()), "inf.npy": float32(math.Inf(1)), "large.npy": 100, "other.npy": 0.5} {
		y := slices.Clone(x)
		y[5] = v
		files[name] = npy(y, 1, 1, 8, 8)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func mustJSON(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

// npy is a NumPy file of float32.
func npy(x []float32, shape ...int) []byte { return npyOf("<f4", x, shape...) }

// npyOf is a NumPy file of numbers of a type.
func npyOf(descr string, x any, shape ...int) []byte {
	dims := strings.Trim(strings.ReplaceAll(fmt.Sprint(shape), " ", ", "), "[]")
	header := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s,), }\n", descr, dims)
	b := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	b, err := binary.Append(append(b, header...), binary.LittleEndian, x)
	if err != nil {
		panic(err)
	}
	return b
}

func npz(arrays map[string][]byte) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range arrays {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			panic(err)
		}
	}
	if err := z.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// unsupportedModel is a graph with two operators of no known domain.
func unsupportedModel() []byte { return namedModel("first", "Frobnicate") }

// namedModel is a network of two unsupported nodes, the first of this name and operator.
func namedModel(name, op string) []byte {
	dim := &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: 4}}
	value := func(name string) *onnxpb.ValueInfoProto {
		return &onnxpb.ValueInfoProto{Name: &name, Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
			TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(onnxpb.TensorProto_FLOAT)),
				Shape: &onnxpb.TensorShapeProto{Dim: []*onnxpb.TensorShapeProto_Dimension{dim}}}}}}
	}
	node := func(name, op, in, out string) *onnxpb.NodeProto {
		return &onnxpb.NodeProto{Name: &name, OpType: &op, Input: []string{in}, Output: []string{out}}
	}
	m := &onnxpb.ModelProto{
		IrVersion:   proto.Int64(8),
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(13)}},
		Graph: &onnxpb.GraphProto{
			Name:   proto.String("unsupported"),
			Input:  []*onnxpb.ValueInfoProto{value("x")},
			Output: []*onnxpb.ValueInfoProto{value("z")},
			Node:   []*onnxpb.NodeProto{node(name, op, "x", "y"), node("second", "Defenestrate", "y", "z")},
		},
	}
	data, err := proto.Marshal(m)
	if err != nil {
		panic(err)
	}
	return data
}

// openModel is a Relu of [batch, seq, 3].
func openModel() []byte {
	axis := func(name string, size int64) *onnxpb.TensorShapeProto_Dimension {
		if name != "" {
			return &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimParam{DimParam: name}}
		}
		return &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: size}}
	}
	x := &onnxpb.ValueInfoProto{Name: proto.String("x"), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
		TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(onnxpb.TensorProto_FLOAT)),
			Shape: &onnxpb.TensorShapeProto{Dim: []*onnxpb.TensorShapeProto_Dimension{axis("batch", 0), axis("seq", 0), axis("", 3)}}}}}}
	data, err := proto.Marshal(&onnxpb.ModelProto{
		IrVersion:   proto.Int64(8),
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(13)}},
		Graph: &onnxpb.GraphProto{Name: proto.String("open"), Input: []*onnxpb.ValueInfoProto{x}, Output: []*onnxpb.ValueInfoProto{{Name: proto.String("y")}},
			Node: []*onnxpb.NodeProto{{OpType: proto.String("Relu"), Input: []string{"x"}, Output: []string{"y"}}}},
	})
	if err != nil {
		panic(err)
	}
	return data
}

// idsModel is a BitwiseNot of three integers of 64 bits.
func idsModel() []byte {
	dim := &onnxpb.TensorShapeProto_Dimension{Value: &onnxpb.TensorShapeProto_Dimension_DimValue{DimValue: 3}}
	x := &onnxpb.ValueInfoProto{Name: proto.String("ids"), Type: &onnxpb.TypeProto{Value: &onnxpb.TypeProto_TensorType{
		TensorType: &onnxpb.TypeProto_Tensor{ElemType: proto.Int32(int32(onnxpb.TensorProto_INT64)),
			Shape: &onnxpb.TensorShapeProto{Dim: []*onnxpb.TensorShapeProto_Dimension{dim}}}}}}
	data, err := proto.Marshal(&onnxpb.ModelProto{
		IrVersion:   proto.Int64(8),
		OpsetImport: []*onnxpb.OperatorSetIdProto{{Domain: proto.String(""), Version: proto.Int64(18)}},
		Graph: &onnxpb.GraphProto{Name: proto.String("ids"), Input: []*onnxpb.ValueInfoProto{x}, Output: []*onnxpb.ValueInfoProto{{Name: proto.String("y")}},
			Node: []*onnxpb.NodeProto{{OpType: proto.String("BitwiseNot"), Input: []string{"ids"}, Output: []string{"y"}}}},
	})
	if err != nil {
		panic(err)
	}
	return data
}

// jsonCommand, "json [field=value|field]...", checks that the last command printed exactly
// one JSON object, with these fields.
func jsonCommand(ts *testscript.TestScript, neg bool, args []string) {
	d := json.NewDecoder(strings.NewReader(ts.ReadFile("stdout")))
	var object map[string]json.RawMessage
	ts.Check(d.Decode(&object))
	if _, err := d.Token(); err != io.EOF {
		ts.Fatalf("more than one JSON object")
	}
	for _, arg := range args {
		name, want, compare := strings.Cut(arg, "=")
		got, ok := object[name]
		var compact bytes.Buffer
		_ = json.Compact(&compact, got)
		if ok == neg || compare && compact.String() != want {
			ts.Fatalf("%s is %s", name, got)
		}
	}
}

// statusCommand, "status N command...", checks an exit code.
func statusCommand(ts *testscript.TestScript, neg bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	got := "exit status " + args[0]
	if args[0] == "0" && err != nil || args[0] != "0" && (err == nil || err.Error() != got) {
		ts.Fatalf("%v, want %s", err, got)
	}
}

// flipCommand, "flip file offset", flips the lowest bit of a byte; negative offsets count
// from the end.
func flipCommand(ts *testscript.TestScript, neg bool, args []string) {
	name := ts.MkAbs(args[0])
	data, err := os.ReadFile(name)
	ts.Check(err)
	var at int
	_, err = fmt.Sscan(args[1], &at)
	ts.Check(err)
	data[(at+len(data))%len(data)] ^= 1
	ts.Check(os.WriteFile(name, data, 0o644))
}

// sameCommand, "same field file...", checks that JSON files agree on a field.
func sameCommand(ts *testscript.TestScript, neg bool, args []string) {
	var first string
	for i, name := range args[1:] {
		var object map[string]json.RawMessage
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(name)), &object))
		value := string(object[args[0]])
		if i == 0 {
			first = value
		}
		if value == "" || value != first {
			ts.Fatalf("%s: %s, want %s", name, value, first)
		}
	}
}

// mlpInputs returns how many numbers a file of one input holds.
func mlpInputs(data []byte) int {
	var in struct {
		Data [][]float32 `json:"input_data"`
	}
	if err := json.Unmarshal(data, &in); err != nil || len(in.Data) != 1 {
		panic(fmt.Sprint("tiny_mlp.json: ", err))
	}
	return len(in.Data[0])
}
