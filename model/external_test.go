//go:build unix

package model

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
)

// externalModel writes a model whose weights lie in a file beside it, and returns its path.
func externalModel(t *testing.T, entries map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	f := newFile(17).input("x", floatTensor([]int{1, 2}, 0, 0)).node("MatMul", []string{"x", "w"}, []string{"y"}).output("y")
	w := &onnxpb.TensorProto{Name: proto.String("w"), DataType: proto.Int32(1), Dims: []int64{2, 1}, DataLocation: onnxpb.TensorProto_EXTERNAL.Enum()}
	for _, key := range []string{"location", "offset", "length", "checksum", "mystery"} {
		if v, ok := entries[key]; ok {
			w.ExternalData = append(w.ExternalData, &onnxpb.StringStringEntryProto{Key: proto.String(key), Value: proto.String(v)})
		}
	}
	f.m.Graph.Initializer = append(f.m.Graph.Initializer, w)
	path := filepath.Join(dir, "m.onnx")
	for name, data := range map[string][]byte{"m.onnx": f.bytes(t), "w.bin": {9, 9, 9, 9, 0, 0, 128, 63, 0, 0, 0, 64}, "short.bin": {0, 0}} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestExternalData(t *testing.T) {
	path := externalModel(t, map[string]string{"location": "w.bin", "offset": "4", "length": "8", "checksum": "0"})
	g, err := LoadONNX(path)
	if err != nil {
		t.Fatal(err)
	}
	out, err := g.Run([]*Tensor{floatTensor([]int{1, 2}, 3, 5)})
	if err != nil || out[0].Float[0] != 13 {
		t.Fatalf("%v, %v", out, err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseONNX("m.onnx", data); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "no folder to read it from") {
		t.Errorf("bytes without a folder: %v", err)
	}
}

// A model from anybody opens no file but plain ones of its own folder.
func TestExternalDataHostile(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, make([]byte, 64), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		entries map[string]string
		prepare func(dir string) error
		want    error
	}{
		"parent":          {map[string]string{"location": "../secret"}, nil, ErrUnsupported},
		"absolute":        {map[string]string{"location": outside}, nil, ErrUnsupported},
		"folder":          {map[string]string{"location": "sub/w.bin"}, nil, ErrUnsupported},
		"backslash":       {map[string]string{"location": `..\w.bin`}, nil, ErrUnsupported},
		"itself":          {map[string]string{"location": "."}, nil, ErrUnsupported},
		"no location":     {map[string]string{"offset": "0"}, nil, ErrUnsupported},
		"nul":             {map[string]string{"location": "w.bin\x00"}, nil, ErrUnsupported},
		"missing":         {map[string]string{"location": "none.bin"}, nil, os.ErrNotExist},
		"short":           {map[string]string{"location": "short.bin"}, nil, ErrMalformed},
		"offset past end": {map[string]string{"location": "w.bin", "offset": "9223372036854775807"}, nil, ErrMalformed},
		"negative offset": {map[string]string{"location": "w.bin", "offset": "-4"}, nil, ErrMalformed},
		"offset no int":   {map[string]string{"location": "w.bin", "offset": "four"}, nil, ErrMalformed},
		"other length":    {map[string]string{"location": "w.bin", "length": "12"}, nil, ErrMalformed},
		"unknown key":     {map[string]string{"location": "w.bin", "mystery": "1"}, nil, ErrUnsupported},
		"symlink":         {map[string]string{"location": "link"}, func(dir string) error { return os.Symlink(outside, filepath.Join(dir, "link")) }, ErrUnsupported},
		"inner symlink":   {map[string]string{"location": "link"}, func(dir string) error { return os.Symlink("w.bin", filepath.Join(dir, "link")) }, ErrUnsupported},
		"hard link":       {map[string]string{"location": "link"}, func(dir string) error { return os.Link(outside, filepath.Join(dir, "link")) }, ErrUnsupported},
		"fifo":            {map[string]string{"location": "fifo"}, func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "fifo"), 0o600) }, ErrUnsupported},
		"directory":       {map[string]string{"location": "dir"}, func(dir string) error { return os.Mkdir(filepath.Join(dir, "dir"), 0o700) }, ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			path := externalModel(t, c.entries)
			if c.prepare != nil {
				if err := c.prepare(filepath.Dir(path)); err != nil {
					t.Skip("not possible here: ", err)
				}
			}
			_, err := LoadONNX(path)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if !strings.Contains(err.Error(), `initializer "w"`) {
				t.Errorf("%v does not name the tensor", err)
			}
		})
	}
}

// Many tensors that name one large file do not fill the memory.
func TestExternalDataBudget(t *testing.T) {
	e := &external{left: 10}
	if e.left -= 8; e.left < 0 {
		t.Fatal()
	}
	path := externalModel(t, map[string]string{"location": "w.bin", "offset": "4"})
	ext, err := newExternal(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	defer ext.close()
	ext.left = 15
	at := place{"w.bin", 4}
	if _, err := ext.read(at, 8); err != nil {
		t.Fatal(err)
	}
	if _, err := ext.read(at, 8); !errors.Is(err, ErrUnsupported) {
		t.Errorf("read beyond the budget: %v", err)
	}
}
