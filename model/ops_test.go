package model

import (
	"errors"
	"fmt"
	"iter"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/nnark/nnark/model/onnxpb"
)

// opCase is one chunk of testdata/ops.txt.
type opCase struct {
	name, op string
	opset    int64
	attrs    []*onnxpb.AttributeProto
	in       []*Tensor // nil where omitted
	constant []bool
	types    []onnxpb.TensorProto_DataType // of integers, if not int64
	want     []*Tensor
	err      string
}

// TestOps runs every case twice: as it is, and with all inputs as initializers, so
// that the whole graph folds away.
func TestOps(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range readOpCases(t) {
		t.Run(c.name, func(t *testing.T) {
			c.run(t, false)
			if len(c.in) > 0 && c.err != "input 1 decides a shape and depends on data: unsupported" {
				c.run(t, true)
			}
		})
		if c.err == "" {
			covered[c.op] = true
		}
	}
	for _, list := range []iter.Seq[string]{maps.Keys(operators), maps.Keys(expansions)} {
		for op := range list {
			if !covered[op] && !slices.Contains([]string{"DynamicQuantizeLinear", "If", "Loop", "Scan", Trees}, op) && !strings.Contains(op, "Sequence") { // they have tests of their own
				t.Errorf("testdata has no case for %s", op)
			}
		}
	}
}

func (c *opCase) run(t *testing.T, folded bool) {
	t.Helper()
	got, err := c.eval(t, folded)
	if c.err != "" {
		var e *Error
		if !errors.As(err, &e) || e.Err.Error() != c.err || e.Op != c.op {
			t.Fatalf("folded %v: got error %v, want %s", folded, err, c.err)
		}
		if !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrUnsupported) {
			t.Fatalf("error %v of no class", err)
		}
		return
	}
	if err != nil {
		t.Fatalf("folded %v: %v", folded, err)
	}
	for i, want := range c.want {
		tolerance := 2e-6
		if want.Int != nil && got[i].Float != nil { // quantized, and not rounded here
			want, tolerance = &Tensor{Shape: want.Shape, Float: asFloats(want)}, 0.5001
		}
		if !near(got[i], want, tolerance) {
			t.Errorf("folded %v: output %d\n got %v\nwant %v", folded, i, *got[i], *want)
		}
	}
}

// eval makes a graph of one node and runs it.
func (c *opCase) eval(t *testing.T, folded bool) ([]*Tensor, error) {
	t.Helper()
	f := newFile(c.opset)
	var names, outs []string
	var feed []*Tensor
	for i, x := range c.in {
		name := fmt.Sprintf("x%d", i)
		switch {
		case x == nil:
			name = ""
		case folded || c.constant[i]:
			f.init(name, x)
			if typ := c.types[i]; typ != 0 {
				p := f.m.Graph.Initializer[len(f.m.Graph.Initializer)-1]
				p.DataType, p.Int64Data, p.RawData = proto.Int32(int32(typ)), nil, nil
				for _, v := range x.Int {
					p.Int32Data = append(p.Int32Data, int32(v))
				}
			}
		default:
			f.input(name, x)
			if typ := c.types[i]; typ != 0 {
				f.m.Graph.Input[len(f.m.Graph.Input)-1].Type.GetTensorType().ElemType = proto.Int32(int32(typ))
			}
			feed = append(feed, x)
		}
		names = append(names, name)
	}
	for i := range max(len(c.want), 1) {
		outs = append(outs, fmt.Sprintf("y%d", i))
	}
	domain, op, ok := strings.Cut(c.op, ":")
	if !ok {
		domain, op = "", c.op
	}
	f.node(op, names, outs, c.attrs...).output(outs...)
	f.m.Graph.Node[0].Domain = proto.String(domain)
	g, err := ParseONNX("case.onnx", f.bytes(t))
	if err != nil {
		return nil, err
	}
	for _, e := range g.Unsupported() {
		return nil, e
	}
	if folded && len(g.Nodes) > 0 {
		t.Errorf("%s was not folded", g.Nodes[0].Op)
	}
	got, err := g.Run(feed)
	for i, y := range got {
		if len(g.Outputs[i].Shape) != len(y.Shape) || product(g.Outputs[i].Shape) != y.Len() {
			t.Errorf("inferred shape %v, computed %v", g.Outputs[i].Shape, y.Shape)
		}
	}
	return got, err
}

func readOpCases(t *testing.T) []*opCase {
	t.Helper()
	var chunks []string
	for _, name := range []string{"ops.txt", "ops_expanded.txt", "ops_ml.txt"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		chunks = append(chunks, strings.Split(string(text), "\n---\n")[1:]...)
	}
	var cases []*opCase
	for _, chunk := range chunks {
		lines := strings.Split(strings.TrimSpace(chunk), "\n")
		head, failure, _ := strings.Cut(lines[0], " ### ")
		c := &opCase{name: head}
		if failure != "" {
			c.err = failure[1 : len(failure)-1]
		}
		words := strings.Split(head, " ")
		op, opset, _ := strings.Cut(words[0], "@")
		c.op, c.opset = op, int64(parseInt(t, opset))
		for _, w := range words[1:] {
			name, v, _ := strings.Cut(w, "=")
			c.attrs = append(c.attrs, attr(name, parseAttr(t, v)))
		}
		for _, line := range lines[1:] {
			if out, ok := strings.CutPrefix(line, "= "); ok {
				x, _, _ := parseTensor(t, out)
				c.want = append(c.want, x)
				continue
			}
			x, constant, typ := parseTensor(t, line)
			c.in, c.constant, c.types = append(c.in, x), append(c.constant, constant), append(c.types, typ)
		}
		cases = append(cases, c)
	}
	return cases
}

var tensorForm = regexp.MustCompile(`^(c?)([fibusw])\[([\d,]*)\]`)

func parseTensor(t *testing.T, s string) (x *Tensor, constant bool, typ onnxpb.TensorProto_DataType) {
	t.Helper()
	if s == "-" {
		return nil, false, 0
	}
	m := tensorForm.FindStringSubmatch(s)
	if m == nil {
		t.Fatalf("tensor %q", s)
	}
	x = &Tensor{Shape: []int{}}
	for d := range strings.FieldsFuncSeq(m[3], func(r rune) bool { return r == ',' }) {
		x.Shape = append(x.Shape, parseInt(t, d))
	}
	x.Int = []int64{}
	if m[2] == "f" {
		x.Int, x.Float = nil, []float32{}
	}
	for v := range strings.FieldsSeq(s[len(m[0]):]) {
		if m[2] == "f" {
			f, err := strconv.ParseFloat(v, 32)
			if err != nil {
				t.Fatal(err)
			}
			x.Float = append(x.Float, float32(f))
		} else {
			x.Int = append(x.Int, int64(parseInt(t, v)))
		}
	}
	if !x.valid() {
		t.Fatalf("tensor %q", s)
	}
	typ = map[string]onnxpb.TensorProto_DataType{"b": onnxpb.TensorProto_BOOL, "u": onnxpb.TensorProto_UINT8, "s": onnxpb.TensorProto_INT8, "w": onnxpb.TensorProto_INT32}[m[2]]
	return x, m[1] == "c", typ
}

// parseAttr reads "text", [list], f[2]:1,2 (a tensor), 1.5 or 1.
func parseAttr(t *testing.T, s string) any {
	t.Helper()
	switch {
	case s[0] == '"':
		return strings.Trim(s, `"`)
	case s[0] == '[':
		list := strings.Split(strings.Trim(s, "[]"), ",")
		if list[0][0] == '"' {
			for i, v := range list {
				list[i] = strings.Trim(v, `"`)
			}
			return list
		}
		if strings.Contains(s, ".") {
			floats := make([]float32, len(list))
			for i, v := range list {
				floats[i] = parseAttr(t, v).(float32)
			}
			return floats
		}
		ints := make([]int, len(list))
		for i, v := range list {
			ints[i] = parseInt(t, v)
		}
		return ints
	case strings.Contains(s, ":"):
		form, values, _ := strings.Cut(s, ":")
		x, _, _ := parseTensor(t, form+" "+strings.ReplaceAll(values, ",", " "))
		return x
	case strings.Contains(s, "."):
		f, err := strconv.ParseFloat(s, 32)
		if err != nil {
			t.Fatal(err)
		}
		return float32(f)
	}
	return parseInt(t, s)
}

func parseInt(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}
