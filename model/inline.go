package model

import (
	"fmt"
	"maps"

	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
)

// protoNode is a node of the file, or of a function in it, with the version of the default
// operator set that it follows.
type protoNode struct {
	*onnxpb.NodeProto
	opset int
}

const (
	maxInlined = 1 << 20 // nodes after functions are inlined
	maxDepth   = 32      // of functions that call functions
)

// inliner replaces calls of a model's own functions by the functions' nodes.
type inliner struct {
	functions map[string]*onnxpb.FunctionProto // by domain, name and overload
	out       []protoNode
	calls     int
}

func functionKey(domain, name, overload string) string {
	return domain + "\x00" + name + "\x00" + overload
}

// inlined returns the nodes of a model's graph, without calls of its local functions
// (https://onnx.ai/onnx/repo-docs/IR.html#functions).
func inlined(m *onnxpb.ModelProto, opset int) ([]protoNode, error) {
	in := &inliner{functions: map[string]*onnxpb.FunctionProto{}}
	for _, f := range m.Functions {
		in.functions[functionKey(f.GetDomain(), f.GetName(), f.GetOverload())] = f
	}
	for _, n := range m.Graph.Node {
		if err := in.node(n, opset, 0); err != nil {
			return nil, err
		}
	}
	return in.out, nil
}

func (in *inliner) node(n *onnxpb.NodeProto, opset, depth int) error {
	f := in.functions[functionKey(n.GetDomain(), n.GetOpType(), n.GetOverload())]
	if f != nil && defaultDomain(n.GetDomain()) && operators[n.GetOpType()].bind != nil {
		f = nil // an operator whose definition came along
	}
	if f == nil {
		in.out = append(in.out, protoNode{n, opset})
	} else if err := in.call(n, f, opset, depth); err != nil {
		return fmt.Errorf("node %q (%s:%s): %w", n.GetName(), n.GetDomain(), n.GetOpType(), err)
	}
	if len(in.out) > maxInlined {
		return unsupported("more than %d nodes in functions", maxInlined)
	}
	return nil
}

// call adds a function's nodes, with names of their own for what is inside.
func (in *inliner) call(n *onnxpb.NodeProto, f *onnxpb.FunctionProto, opset, depth int) error {
	if depth == maxDepth {
		return unsupported("functions that call functions %d deep", maxDepth)
	}
	if len(n.Input) > len(f.Input) || len(n.Output) > len(f.Output) {
		return malformed("%d inputs and %d outputs for a function of %d and %d", len(n.Input), len(n.Output), len(f.Input), len(f.Output))
	}
	for _, o := range f.OpsetImport {
		if defaultDomain(o.GetDomain()) {
			if v := o.GetVersion(); v < minOpset || v > maxOpset {
				return unsupported("opset %d, want %d to %d", v, minOpset, maxOpset)
			}
			opset = int(o.GetVersion())
		}
	}
	if in.calls++; in.calls > maxInlined {
		return unsupported("more than %d calls of functions", maxInlined)
	}
	prefix := fmt.Sprintf("%s#%d/", f.GetName(), in.calls)
	names := map[string]string{"": ""}
	for i, name := range f.Input {
		names[name] = ""
		if i < len(n.Input) {
			names[name] = n.Input[i]
		}
	}
	for i, name := range n.Output {
		if inner, ok := names[f.Output[i]]; ok { // an output that is an input
			in.out = append(in.out, protoNode{&onnxpb.NodeProto{OpType: proto.String("Identity"), Input: []string{inner}, Output: []string{name}}, opset})
		} else if name != "" {
			names[f.Output[i]] = name
		}
	}
	attrs := map[string]*onnxpb.AttributeProto{}
	for _, a := range f.AttributeProto {
		attrs[a.GetName()] = a
	}
	for _, a := range n.Attribute {
		attrs[a.GetName()] = a
	}
	for _, inner := range f.Node {
		if err := in.node(renamed(inner, prefix, names, attrs), opset, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// renamed returns a function's node as it stands where the function is called: with the
// caller's names of values, and attributes in place of references to them.
func renamed(n *onnxpb.NodeProto, prefix string, names map[string]string, attrs map[string]*onnxpb.AttributeProto) *onnxpb.NodeProto {
	c := &onnxpb.NodeProto{Name: proto.String(prefix + n.GetName()), OpType: n.OpType, Domain: n.Domain, Overload: n.Overload}
	rename := func(name string) string {
		if to, ok := names[name]; ok {
			return to
		}
		return prefix + name
	}
	for _, name := range n.Input {
		c.Input = append(c.Input, rename(name))
	}
	for _, name := range n.Output {
		c.Output = append(c.Output, rename(name))
	}
	for _, a := range n.Attribute {
		switch ref := attrs[a.GetRefAttrName()]; {
		case a.GetRefAttrName() == "" && a.G != nil:
			a = proto.Clone(a).(*onnxpb.AttributeProto)
			a.G = renamedGraph(a.G, prefix, maps.Clone(names), attrs)
		case a.GetRefAttrName() == "":
		case ref == nil:
			continue // an optional attribute that the caller left out
		default:
			ref = proto.Clone(ref).(*onnxpb.AttributeProto)
			ref.Name = a.Name
			a = ref
		}
		c.Attribute = append(c.Attribute, a)
	}
	return c
}

// renamedGraph renames a body in a function's node: its own names get the prefix, those
// of the function are the caller's.
func renamedGraph(g *onnxpb.GraphProto, prefix string, names map[string]string, attrs map[string]*onnxpb.AttributeProto) *onnxpb.GraphProto {
	c := proto.Clone(g).(*onnxpb.GraphProto)
	for _, list := range [][]*onnxpb.ValueInfoProto{c.Input, c.Output} {
		for _, v := range list {
			if to, ok := names[v.GetName()]; ok {
				v.Name = proto.String(to)
			} else {
				v.Name = proto.String(prefix + v.GetName())
			}
		}
	}
	for _, t := range c.Initializer {
		t.Name = proto.String(prefix + t.GetName())
	}
	for i, n := range c.Node {
		c.Node[i] = renamed(n, prefix, names, attrs)
	}
	return c
}
