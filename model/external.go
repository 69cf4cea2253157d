package model

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nnark/nnark/model/onnxpb"
)

// external reads tensors that a model keeps in files beside it
// (https://onnx.ai/onnx/repo-docs/ExternalData.html). A model may come from anybody, so
// only plain names in its own folder are opened, and only regular files that have one
// name: a link could show the program a file that its user never meant to give away.
type external struct {
	root  *os.Root
	files map[string]*os.File
	left  int64 // bytes that may still be read
}

func newExternal(dir string) (*external, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &external{root: root, files: map[string]*os.File{}, left: maxFileSize}, nil
}

// close closes the files and the folder.
func (e *external) close() {
	for _, f := range e.files {
		_ = f.Close() // only read
	}
	_ = e.root.Close()
}

// inline puts a tensor's external data, if it has any, into its raw data.
func (e *external) inline(p *onnxpb.TensorProto) error {
	if p.GetDataLocation() != onnxpb.TensorProto_EXTERNAL {
		return nil
	}
	if e == nil {
		return unsupported("external data, and no folder to read it from (LoadONNX reads it beside the model)")
	}
	w, ok := wires[onnxpb.TensorProto_DataType(p.GetDataType())]
	if !ok {
		return nil // decodeTensor says so
	}
	shape, err := intsOf64(p.GetDims())
	if err != nil {
		return err
	}
	if err := checkShape(shape); err != nil {
		return err
	}
	want := w.bytes(product(shape))
	at, err := placeOf(p.ExternalData, want)
	if err != nil {
		return err
	}
	if p.RawData, err = e.read(at, want); err != nil {
		return fmt.Errorf("external data in %q: %w", at.name, err)
	}
	p.ExternalData, p.DataLocation = nil, nil
	return nil
}

// place is where external data lie.
type place struct {
	name   string
	offset int64
}

// placeOf reads the entries that describe n bytes of external data.
func placeOf(entries []*onnxpb.StringStringEntryProto, n int64) (at place, err error) {
	seen := map[string]bool{}
	for _, entry := range entries {
		key, value := entry.GetKey(), entry.GetValue()
		if seen[key] {
			return at, malformed("external data with two values of %s", key)
		}
		seen[key] = true
		switch key {
		case "location":
			at.name = value
		case "offset":
			if at.offset, err = strconv.ParseInt(value, 10, 64); err != nil || at.offset < 0 {
				return at, malformed("external data at offset %q", value)
			}
		case "length":
			if length, err := strconv.ParseInt(value, 10, 64); err != nil || length != n {
				return at, malformed("external data of length %q, want %d", value, n)
			}
		case "checksum":
		default:
			return at, unsupported("external data with %s", key)
		}
	}
	if at.name == "" || at.name == "." || at.name == ".." || strings.ContainsAny(at.name, `/\:`+"\x00") || !filepath.IsLocal(at.name) {
		return at, unsupported("external data in %q: only plain names of files beside the model are read", at.name)
	}
	return at, nil
}

// read returns n bytes of a file.
func (e *external) read(at place, n int64) ([]byte, error) {
	f, err := e.open(at.name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if at.offset > info.Size() || n > info.Size()-at.offset {
		return nil, malformed("%d bytes at offset %d of a file of %d", n, at.offset, info.Size())
	}
	if e.left -= n; e.left < 0 {
		return nil, unsupported("more than %d bytes in all", int64(maxFileSize))
	}
	data := make([]byte, n)
	if _, err := f.ReadAt(data, at.offset); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	return data, nil
}

// open opens a file once. It looks before it opens, for opening a FIFO waits, and again
// afterwards, for what it opened may be another file.
func (e *external) open(name string) (*os.File, error) {
	if f := e.files[name]; f != nil {
		return f, nil
	}
	before, err := e.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !before.Mode().IsRegular() || links(before) > 1 {
		return nil, unsupported("no regular file of one name")
	}
	f, err := e.root.Open(name)
	if err != nil {
		return nil, err
	}
	after, err := f.Stat()
	if err != nil || !os.SameFile(before, after) {
		_ = f.Close()
		return nil, unsupported("a file that changes while it is opened")
	}
	e.files[name] = f
	return f, nil
}

// inlineAll inlines the tensors of a graph and of what lies in its nodes' attributes.
func (e *external) inlineAll(g *onnxpb.GraphProto) error {
	for _, t := range g.GetInitializer() {
		if err := e.inline(t); err != nil {
			return fmt.Errorf("initializer %q: %w", t.GetName(), err)
		}
	}
	for _, n := range g.GetNode() {
		for _, a := range n.GetAttribute() {
			var err error
			if a.T != nil {
				err = e.inline(a.T)
			}
			if err == nil && a.G != nil {
				err = e.inlineAll(a.G)
			}
			if err != nil {
				return fmt.Errorf("node %q: attribute %s: %w", n.GetName(), a.GetName(), err)
			}
		}
	}
	return nil
}
