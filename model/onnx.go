package model

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
)

const (
	minOpset, maxOpset = 1, 25
	maxFileSize        = math.MaxInt32 // protobuf's own limit of 2 GiB
)

// LoadONNX reads a model file, and weights in files beside it. See ParseONNX.
func LoadONNX(path string, options ...Option) (*Graph, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFileSize+1))
	if err != nil {
		return nil, err
	}
	ext, err := newExternal(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer ext.close()
	return parseONNX(path, data, newOptions(options, ext))
}

// ParseONNX decodes a model, sorts it, infers shapes and folds constants, as the
// package documentation describes. file names the model in errors.
//
// The error is an *Error, or several joined; each wraps ErrMalformed or
// ErrUnsupported. Nodes that cannot be evaluated are no error here: see
// Graph.Unsupported.
func ParseONNX(file string, data []byte, options ...Option) (*Graph, error) {
	return parseONNX(file, data, newOptions(options, nil))
}

func parseONNX(file string, data []byte, o *options) (*Graph, error) {
	g, err := decodeGraph(file, data, o)
	if err != nil {
		return nil, err
	}
	if err := g.sort(); err != nil {
		return nil, err
	}
	if err := g.simplify(o.budget); err != nil {
		return nil, err
	}
	return g, nil
}

// errorf makes a fault of the file that is in no node.
func (g *Graph) errorf(err error, format string, args ...any) error {
	return &Error{File: g.File, Err: fmt.Errorf("%s: %w", fmt.Sprintf(format, args...), err)}
}

// decodeGraph converts the protobuf, node by node.
func decodeGraph(file string, data []byte, o *options) (*Graph, error) {
	g := &Graph{File: file, Const: map[string]*Tensor{}, Shapes: map[string][]int{}, constTypes: map[string]ElemType{}}
	if len(data) > maxFileSize {
		return nil, g.errorf(ErrUnsupported, "a file over 2 GiB")
	}
	var m onnxpb.ModelProto
	if err := proto.Unmarshal(data, &m); err != nil {
		return nil, g.errorf(foreign(data), "not an ONNX file (%v)", err)
	}
	if m.Graph == nil {
		return nil, g.errorf(ErrMalformed, "no graph")
	}
	g.Producer = m.GetProducerName()
	if v := m.GetProducerVersion(); v != "" {
		g.Producer += " " + v
	}
	if err := g.decodeOpset(&m); err != nil {
		return nil, err
	}
	if err := o.ext.inlineAll(m.Graph); err != nil {
		return nil, &Error{File: file, Err: err}
	}
	nodes, err := inlined(&m, g.Opset)
	if err != nil {
		return nil, &Error{File: file, Err: err}
	}
	if len(m.Graph.SparseInitializer) > 0 {
		return nil, g.errorf(ErrUnsupported, "sparse initializers")
	}
	return g, errors.Join(
		g.decodeInitializers(m.Graph),
		g.decodeInputs(m.Graph, o),
		g.decodeNodes(nodes),
		g.decodeOutputs(m.Graph),
	)
}

func (g *Graph) decodeOpset(m *onnxpb.ModelProto) error {
	for _, o := range m.GetOpsetImport() {
		if defaultDomain(o.GetDomain()) {
			v := o.GetVersion()
			if v < minOpset || v > maxOpset {
				return g.errorf(ErrUnsupported, "opset %d, want %d to %d", v, minOpset, maxOpset)
			}
			g.Opset = int(v)
		}
	}
	if g.Opset == 0 && !slices.ContainsFunc(m.Graph.Node, func(n *onnxpb.NodeProto) bool { return defaultDomain(n.GetDomain()) }) {
		g.Opset = maxOpset // what other operators are made of
	}
	if g.Opset == 0 {
		return g.errorf(ErrMalformed, "no version of the default operator set")
	}
	return nil
}

func (g *Graph) decodeInitializers(p *onnxpb.GraphProto) error {
	for _, init := range p.Initializer {
		name := init.GetName()
		if g.Const[name] != nil || name == "" {
			return g.errorf(ErrMalformed, "initializer %q appears twice or has no name", name)
		}
		t, err := decodeTensor(init)
		if err != nil {
			return g.errorf(err, "initializer %q", name)
		}
		g.Const[name] = t
		g.constTypes[name], _ = elemTypeOf(init.GetDataType()) // decodeTensor knew it
	}
	return nil
}

// decodeInputs reads the inputs that are not initializers: those have a default,
// which files before IR version 4 had to list as inputs too.
func (g *Graph) decodeInputs(p *onnxpb.GraphProto, o *options) error {
	seen := map[string]bool{}
	var errs []error
	for _, in := range p.Input {
		name := in.GetName()
		if name == "" || seen[name] {
			return g.errorf(ErrMalformed, "input %q appears twice or has no name", name)
		}
		seen[name] = true
		if g.Const[name] != nil {
			continue
		}
		if t := o.fixed[name]; t != nil {
			t, err := convert(t, Value{Name: name, Shape: t.Shape, Type: inputType(in)})
			if err != nil {
				errs = append(errs, g.errorf(err, "input %q", name))
			} else {
				g.Const[name], g.constTypes[name] = t, inputType(in)
			}
			continue
		}
		v, err := decodeInput(in, o)
		if err != nil {
			errs = append(errs, g.errorf(err, "input %q", name))
		}
		g.Inputs = append(g.Inputs, v)
	}
	return errors.Join(errs...)
}

// inputType returns the declared type of an input, float32 if it is none that is known.
func inputType(in *onnxpb.ValueInfoProto) ElemType {
	typ, err := elemTypeOf(in.GetType().GetTensorType().GetElemType())
	if err != nil {
		return Float32
	}
	return typ
}

func decodeInput(in *onnxpb.ValueInfoProto, o *options) (Value, error) {
	v := Value{Name: in.GetName(), Shape: []int{}}
	t := in.GetType().GetTensorType()
	if t == nil {
		return v, unsupported("not a tensor")
	}
	var err error
	if v.Type, err = elemTypeOf(t.GetElemType()); err != nil {
		return v, err
	}
	if given, ok := o.shapes[v.Name]; ok {
		v.Shape = slices.Clone(given)
		return v, agrees(t.Shape, given)
	}
	if t.Shape == nil {
		return v, freeAxis("no shape is declared; give one with --shape %s=...", v.Name)
	}
	for i, dim := range t.Shape.Dim {
		d := dim.GetDimValue()
		switch {
		case d > maxElements:
			return v, unsupported("axis %d of %d", i, d)
		case d > 0:
		case o.dims[dim.GetDimParam()] > 0:
			d = int64(o.dims[dim.GetDimParam()])
		case i == 0:
			d = 1 // the batch
		case dim.GetDimParam() != "":
			return v, freeAxis("axis %d is %q, want a number: give it with --dim %[2]s=N, or samples of one shape", i, dim.GetDimParam())
		default:
			return v, freeAxis("axis %d has no size: give the shape with --shape %s=..., or samples of one shape", i, v.Name)
		}
		v.Shape = append(v.Shape, int(d))
	}
	return v, checkShape(v.Shape)
}

func (g *Graph) decodeOutputs(p *onnxpb.GraphProto) error {
	if len(p.Output) == 0 {
		return g.errorf(ErrMalformed, "no outputs")
	}
	seen := map[string]bool{}
	for _, out := range p.Output {
		name := out.GetName()
		if name == "" || seen[name] {
			return g.errorf(ErrMalformed, "output %q appears twice or has no name", name)
		}
		seen[name] = true
		typ, err := elemTypeOf(out.GetType().GetTensorType().GetElemType())
		if err != nil {
			typ = Undefined // found by inference
		}
		g.Outputs = append(g.Outputs, Value{Name: name, Type: typ})
	}
	return nil
}

func (g *Graph) decodeNodes(nodes []protoNode) error {
	taken := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		taken[n.GetName()] = true
	}
	used := make(map[string]bool, len(nodes))
	var errs []error
	for i, n := range nodes {
		name := n.GetName()
		if name == "" || used[name] {
			name = fmt.Sprintf("%s_%d", n.GetOpType(), i)
			for taken[name] {
				name += "_"
			}
			taken[name] = true
		}
		used[name] = true
		node := &Node{Name: name, Op: n.GetOpType(), Inputs: n.Input, Outputs: n.Output, Opset: n.opset}
		if d := n.GetDomain(); !defaultDomain(d) {
			node.Op = d + ":" + node.Op
		}
		var err error
		if node.Attrs, err = decodeAttrs(n.Attribute, n.opset, nil); err != nil {
			errs = append(errs, g.nodeError(node, err))
		}
		node.constantType(n.Attribute)
		for _, a := range n.Attribute {
			if a.G == nil {
				continue
			}
			if nested(a.G) > maxNested {
				return g.nodeError(node, unsupported("graphs in graphs %d deep", maxNested))
			}
			node.captured = append(node.captured, captured(a.G)...)
		}
		g.Nodes = append(g.Nodes, node)
	}
	return errors.Join(errs...)
}

func (g *Graph) nodeError(n *Node, err error) *Error {
	return &Error{File: g.File, Node: n.Name, Op: n.Op, Err: err}
}

// decodeAttrs reads attributes. Graphs among them follow a version of the default operator set,
// and call values of an outer body by other names than theirs.
func decodeAttrs(list []*onnxpb.AttributeProto, opset int, names map[string]string) (Attrs, error) {
	attrs := make(Attrs, len(list))
	for _, p := range list {
		name := p.GetName()
		if _, ok := attrs[name]; ok {
			return nil, malformed("attribute %s appears twice", name)
		}
		if p.GetType() == onnxpb.AttributeProto_GRAPH && p.G != nil {
			attrs[name] = &body{renamedOuter(p.G, names), opset}
			continue
		}
		v, err := decodeAttr(p)
		if err != nil {
			return nil, fmt.Errorf("attribute %s: %w", name, err)
		}
		attrs[name] = v
	}
	return attrs, nil
}

// constantType notes the element type of a Constant's tensor.
func (n *Node) constantType(list []*onnxpb.AttributeProto) {
	if n.Op != "Constant" || n.Attrs == nil {
		return
	}
	delete(n.Attrs, elemType) // of the file
	for _, p := range list {
		if typ, err := elemTypeOf(p.T.GetDataType()); p.GetName() == "value" && err == nil {
			n.Attrs[elemType] = int(typ)
		}
	}
}

// decodeAttr returns the value as Attrs holds it, or an error for a malformed one.
func decodeAttr(p *onnxpb.AttributeProto) (any, error) {
	switch p.GetType() {
	case onnxpb.AttributeProto_FLOAT:
		if err := finite(p.GetF()); err != nil { // for who reads it
			return err, nil
		}
		return p.GetF(), nil
	case onnxpb.AttributeProto_FLOATS:
		if err := finite(p.Floats...); err != nil {
			return err, nil
		}
		return append([]float32{}, p.Floats...), nil
	case onnxpb.AttributeProto_INT:
		v, err := intsOf64([]int64{p.GetI()})
		if err != nil {
			return nil, err
		}
		return v[0], nil
	case onnxpb.AttributeProto_INTS:
		return intsOf64(p.Ints)
	case onnxpb.AttributeProto_STRING:
		return string(p.S), nil
	case onnxpb.AttributeProto_STRINGS:
		list := make([]string, len(p.Strings))
		for i, s := range p.Strings {
			list[i] = string(s)
		}
		return list, nil
	case onnxpb.AttributeProto_TENSOR:
		t, err := decodeTensor(p.T)
		if errors.Is(err, ErrUnsupported) {
			return err, nil
		}
		return t, err
	}
	return unsupported("a value of type %v", p.GetType()), nil
}

func finite(list ...float32) error {
	for _, v := range list {
		if v-v != 0 {
			return malformed("value %v", v)
		}
	}
	return nil
}
