package model

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestBudget(t *testing.T) {
	big := newFile(13).
		init("shape", intTensor([]int{2}, 100, 100)).
		node("ConstantOfShape", []string{"shape"}, []string{"a"}).
		node("MatMul", []string{"a", "a"}, []string{"y"}).output("y").bytes(t)
	for _, c := range []struct {
		budget
		folded int
	}{
		{budget{elements: 20_000, work: 1_010_000}, 2},
		{budget{elements: 19_999, work: 1_010_000}, 1},
		{budget{elements: 20_000, work: 1_009_999}, 1},
		{budget{elements: 9_999, work: 1_010_000}, 0},
	} {
		g, err := parseONNX("", big, &options{budget: c.budget})
		if err != nil {
			t.Fatal(err)
		}
		if got := 2 - len(g.Nodes); got != c.folded {
			t.Errorf("%+v: %d nodes folded, want %d", c.budget, got, c.folded)
		}
		if len(g.Unsupported()) != min(1, 2-c.folded) {
			t.Errorf("%+v: unsupported %v", c.budget, g.Unsupported())
		}
	}
}

func TestRunInputs(t *testing.T) {
	g := mustParse(t, twoLayers())
	ok := floatTensor([]int{1, 2}, 1, 2)
	for _, c := range []struct {
		in   []*Tensor
		want string
	}{
		{nil, "0 tensors for a model of 1 inputs: malformed"},
		{[]*Tensor{ok, ok}, "2 tensors for a model of 1 inputs: malformed"},
		{[]*Tensor{nil}, `input "x": tensor and shape do not agree: malformed`},
		{[]*Tensor{{Shape: []int{1, 2}}}, `input "x": tensor and shape do not agree: malformed`},
		{[]*Tensor{{Shape: []int{1, 2}, Float: []float32{1}}}, `input "x": tensor and shape do not agree: malformed`},
		{[]*Tensor{{Shape: []int{-1, -2}, Float: []float32{1, 2}}}, `input "x": tensor and shape do not agree: malformed`},
		{[]*Tensor{floatTensor([]int{2}, 1, 2)}, `input "x": shape [2], want [1 2]: malformed`},
		{[]*Tensor{intTensor([]int{1, 2}, 1, 2)}, `input "x": tensor is not of type float32: malformed`},
		{[]*Tensor{floatTensor([]int{1, 2}, 1, float32(math.NaN()))}, `input "x": NaN or infinity: malformed`},
	} {
		_, err := g.Run(c.in)
		var e *InputError
		if err == nil || err.Error() != c.want || !errors.As(err, &e) || !errors.Is(err, ErrMalformed) {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
}

func TestRunConcurrently(t *testing.T) {
	g := mustParse(t, twoLayers())
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			v := float32(i)
			out, err := g.Run([]*Tensor{floatTensor([]int{1, 2}, v, 0)})
			if err != nil || !near(out[0], floatTensor([]int{1, 2}, v+10, 2*v+20), 0) {
				t.Errorf("%v: %v %v", v, out, err)
			}
		})
	}
	wg.Wait()
}

// TestTrained runs the repository's networks and compares with ONNX Runtime's
// outputs, which stand in the input files.
func TestTrained(t *testing.T) {
	for _, name := range []string{"tiny", "tiny_mlp"} {
		g, err := LoadONNX(filepath.Join("..", "testdata", name+".onnx"))
		if err != nil {
			t.Fatal(err)
		}
		if len(g.Unsupported()) > 0 {
			t.Fatal(g.Unsupported())
		}
		path := filepath.Join("..", "testdata", name+".json")
		samples, err := LoadInputs(path, g.Inputs)
		if err != nil {
			t.Fatal(err)
		}
		got, err := g.Run(samples[0])
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data = []byte(strings.ReplaceAll(strings.ReplaceAll(string(data), "input_data", "_"), "output_data", "input_data"))
		want, err := ParseInputs(path, data, g.Outputs)
		if err != nil {
			t.Fatal(err)
		}
		if !near(got[0], want[0][0], 1e-6) {
			t.Errorf("%s: got %v, want %v", name, got[0].Float, want[0][0].Float)
		}
	}
}

// TestInfiniteConstants checks that a mask of infinities is read, and a NaN is not.
func TestInfiniteConstants(t *testing.T) {
	for _, c := range []struct {
		value float32
		want  string
	}{{float32(math.Inf(-1)), ""}, {float32(math.NaN()), `initializer "b2": element 1 is NaN: malformed`}} {
		f := twoLayers().init("b2", floatTensor([]int{2}, 0, c.value))
		f.m.Graph.Node[2].Input[1] = "b2"
		g, err := ParseONNX("test.onnx", f.bytes(t))
		if c.want != "" {
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: %v", c.value, err)
			}
			continue
		}
		if err != nil || g.Const["b2"].Float[1] != c.value {
			t.Errorf("%v: %v", c.value, err)
		}
	}
}
