package main

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/testdata"
)

// networkCase is a network and inputs for it.
type networkCase struct {
	name    string
	config  circuits.Config
	graph   func() (*model.Graph, error)
	samples func(*model.Graph) [][]*model.Tensor
}

func networks() []networkCase {
	trained := func(name string, data []byte) networkCase {
		return networkCase{name, circuits.Config{Bits: 7}, func() (*model.Graph, error) { return model.ParseONNX(name, data) }, images}
	}
	random := func(name string, sizes ...int) networkCase {
		return networkCase{name, circuits.Config{Bits: 7}, func() (*model.Graph, error) { return dense(sizes), nil }, noise}
	}
	return []networkCase{
		trained("lenet5", testdata.LeNet5()),
		trained("mlp", testdata.MLP()),
		random("dense-2048-512", 2048, 512),
		random("mlp-2M", 784, 1000, 1000, 240, 10),
	}
}

// plonkNetworks are those whose PLONK circuits gnark's prover takes seconds for.
func plonkNetworks() (out []networkCase) {
	for _, n := range networks()[:2] {
		n.name += "-plonk"
		n.config.System = circuits.Plonk
		out = append(out, n)
	}
	return out
}

func (n *networkCase) compile() (*circuits.Compiled, error) {
	g, err := n.graph()
	if err != nil {
		return nil, err
	}
	p, err := quantize.Graph(g, n.samples(g), n.config)
	if err != nil {
		return nil, err
	}
	return circuits.Compile(p)
}

// input returns the i-th sample, quantized.
func (n *networkCase) input(p *circuits.Program, i int) [][]int64 {
	g, err := n.graph()
	if err != nil {
		panic(err) // compile has built it
	}
	s := n.samples(g)
	q, err := p.Quantize([][]float32{s[i%len(s)][0].Float})
	if err != nil {
		panic(err) // the samples are in range: they chose it
	}
	return q
}

// images are the calibration digits.
func images(g *model.Graph) [][]*model.Tensor {
	var out [][]*model.Tensor
	for _, im := range testdata.Calibration() {
		out = append(out, []*model.Tensor{{Shape: g.Inputs[0].Shape, Float: testdata.Scaled(im)}})
	}
	return out
}

// noise are uniform inputs in [0, 1).
func noise(g *model.Graph) [][]*model.Tensor {
	r := rand.New(rand.NewPCG(1, 2))
	var out [][]*model.Tensor
	for range 16 {
		t := &model.Tensor{Shape: g.Inputs[0].Shape}
		for range t.Shape[1] {
			t.Float = append(t.Float, r.Float32())
		}
		out = append(out, []*model.Tensor{t})
	}
	return out
}

// dense is a stack of fully connected layers with random weights and ReLU between and,
// if there is but one, after them.
func dense(sizes []int) *model.Graph {
	r := rand.New(rand.NewPCG(3, 4))
	g := &model.Graph{File: "dense", Opset: 13, Const: map[string]*model.Tensor{}, Shapes: map[string][]int{}}
	value := "x"
	g.Inputs = []model.Value{{Name: value, Shape: []int{1, sizes[0]}, Type: model.Float32}}
	g.Shapes[value] = []int{1, sizes[0]}
	add := func(op, out string, shape []int, in ...string) {
		g.Nodes = append(g.Nodes, &model.Node{Name: op + "_" + out, Op: op, Inputs: in, Outputs: []string{out}, Opset: 13, Attrs: model.Attrs{}})
		g.Shapes[out] = shape
		value = out
	}
	for i := 1; i < len(sizes); i++ {
		k, o := sizes[i-1], sizes[i]
		w := &model.Tensor{Shape: []int{k, o}}
		for range k * o {
			w.Float = append(w.Float, float32(r.NormFloat64()*math.Sqrt(1/float64(k))))
		}
		name := fmt.Sprintf("w%d", i)
		g.Const[name], g.Shapes[name] = w, w.Shape
		add("MatMul", fmt.Sprintf("y%d", i), []int{1, o}, value, name)
		if i < len(sizes)-1 || len(sizes) == 2 {
			add("Relu", fmt.Sprintf("a%d", i), []int{1, o}, value)
		}
	}
	g.Outputs = []model.Value{{Name: value, Shape: g.Shapes[value], Type: model.Float32}}
	return g
}
