package bench

import (
	"crypto/sha256"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/circuits/quantize"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/model"
	"github.com/nnark/nnark/testdata"
)

var update = flag.Bool("update", false, "rewrite constraints.csv")

const (
	goldenFile  = "constraints.csv"
	systemsFile = "systems.sha256" // gadget.SystemVersion and the digest of all circuits; the digest of all plans
)

// goals bound what a circuit may cost: both models' domains are just above.
var goals = map[string]int{
	"lenet5,committed,groth16": 32_700, "mlp,committed,groth16": 11_800,
	"lenet5,committed,plonk": 98_304, "mlp,committed,plonk": 16_384,
}

// TestConstraints compares the size of every circuit with constraints.csv, whose columns
// are the model, the weights' mode, the proof system, the constraints (under "flat" the integers that are committed to)
// and the field elements of a statement. The system "gadget" is Groth16 in a circuit around that does
// nothing else. Run it with -update after a change that is meant.
func TestConstraints(t *testing.T) {
	rows := [][]string{{"model", "mode", "system", "constraints", "public_inputs"}}
	systems, plans := sha256.New(), sha256.New()
	add := func(name string, p *circuits.Program) {
		mode, system := p.Config.Weights.String(), p.Config.System.String()
		c, err := circuits.Compile(p)
		require.NoError(t, err, name)
		rows = append(rows, []string{name, mode, system, strconv.Itoa(c.Constraints()), strconv.Itoa(c.StatementSize())})
		if c.Flat != nil {
			plans.Write(c.Flat.Plan.AppendTo(nil))
			return
		}
		stored, err := c.StoreSystem()
		require.NoError(t, err, name)
		systems.Write(stored)
		if goal, ok := goals[name+","+mode+","+system]; ok && c.Constraints() > goal {
			t.Errorf("%s takes %d constraints, the goal is %d", name, c.Constraints(), goal)
		}
	}
	all := []circuits.Config{{}, {Weights: circuits.Baked}, {System: circuits.Plonk}, {System: circuits.Plonk, Weights: circuits.Baked}}
	for _, n := range networks(t) {
		for _, cfg := range all {
			p, err := quantize.Graph(n.graph, n.samples, cfg)
			require.NoError(t, err, n.name)
			add(n.name, p)
			if cfg.System == circuits.Groth16 && cfg.Weights == circuits.Committed {
				p := *p
				p.Config.System = circuits.Flat
				add(n.name, &p)
			}
			if cfg.System == circuits.Groth16 {
				rows = append(rows, []string{n.name, cfg.Weights.String(), "gadget", strconv.Itoa(embedded(t, p)), "0"})
			}
		}
	}
	for _, n := range others(t) {
		p, err := quantize.Graph(n.graph, n.samples, circuits.Config{})
		require.NoError(t, err, n.name)
		add(n.name, p)
		p.Config.System = circuits.Flat
		add(n.name, p)
	}
	for _, op := range operators() {
		for _, cfg := range all {
			p := op.program(t, cfg)
			if cfg.Weights == circuits.Baked && p.Parameters() == 0 {
				continue // the same circuit
			}
			add(op.name, p)
		}
	}
	version := fmt.Sprintf("%d %x\n%x\n", gadget.SystemVersion, systems.Sum(nil), plans.Sum(nil))
	if *update {
		require.NoError(t, os.WriteFile(systemsFile, []byte(version), 0o644))
		f, err := os.Create(goldenFile)
		require.NoError(t, err)
		require.NoError(t, csv.NewWriter(f).WriteAll(rows))
		require.NoError(t, f.Close())
		return
	}
	golden, err := os.ReadFile(systemsFile)
	require.NoError(t, err)
	require.Equal(t, string(golden), version, "compiled circuits or plans have changed: stored circuits must not be used any more, and keys of plans are another program's. Raise gadget.SystemVersion and run with -update")
	f, err := os.Open(goldenFile)
	require.NoError(t, err)
	defer f.Close()
	want, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	counts := map[string][]string{}
	for _, r := range want {
		counts[fmt.Sprint(r[:3])] = r
	}
	require.Len(t, counts, len(rows), "rows; run with -update")
	for _, r := range rows {
		require.Equal(t, counts[fmt.Sprint(r[:3])], r, "run with -update if this is meant")
	}
}

// around is a circuit with a network in it and nothing else.
type around struct{ Network circuits.Gadget }

func (c *around) Define(api frontend.API) error {
	_, err := c.Network.Define(api)
	return err
}

// embedded returns the constraints that a network takes in somebody's circuit.
func embedded(t *testing.T, p *circuits.Program) int {
	t.Helper()
	g, err := p.Gadget()
	require.NoError(t, err)
	s, err := frontend.Compile(ecc.BN254.ScalarField(), r1cs.NewBuilder[constraint.U64], &around{*g}, frontend.WithCompressThreshold(1<<17))
	require.NoError(t, err)
	return s.GetNbConstraints()
}

// network is a trained or random network of testdata with the samples that fix its scales.
type network struct {
	name    string
	graph   *model.Graph
	samples [][]*model.Tensor
}

func images(n int) (out [][]*model.Tensor) {
	for _, pixels := range testdata.Calibration()[:n] {
		out = append(out, []*model.Tensor{{Shape: []int{1, 1, 28, 28}, Float: testdata.Scaled(pixels)}})
	}
	return out
}

// others are networks that nobody trained for proofs: one of each kind, and LeNet and MLP without
// the penalty of those in networks.
func others(t *testing.T) (list []network) {
	t.Helper()
	for _, a := range testdata.Architectures() {
		if a.Samples == nil {
			g, err := model.ParseONNX(a.File, a.ONNX)
			require.NoError(t, err)
			list = append(list, network{a.Name, g, images(200)})
			continue
		}
		g, err := model.ParseONNX(a.File, a.ONNX, model.WithShape("features", 1, 30))
		require.NoError(t, err)
		samples, err := model.ParseInputs("samples.npy", a.Samples, g.Inputs)
		require.NoError(t, err)
		list = append(list, network{a.Name, g, samples})
	}
	for name, data := range map[string][]byte{"lenet5, no penalty": testdata.PlainLeNet5(), "mlp, no penalty": testdata.PlainMLP()} {
		g, err := model.ParseONNX(name, data)
		require.NoError(t, err)
		list = append(list, network{name, g, images(100)})
	}
	slices.SortFunc(list, func(a, b network) int { return strings.Compare(a.name, b.name) })
	return list
}

func networks(t *testing.T) []network {
	t.Helper()
	waves := func(shape ...int) (out [][]*model.Tensor) {
		n := 1
		for _, d := range shape {
			n *= d
		}
		for k := range 8 {
			x := make([]float32, n)
			for i := range x {
				x[i] = float32((i*(k+3)+k)%17)/8 - 1
			}
			out = append(out, []*model.Tensor{{Shape: shape, Float: x}})
		}
		return out
	}
	parse := func(name string, data []byte) *model.Graph {
		g, err := model.ParseONNX(name+".onnx", data)
		require.NoError(t, err)
		return g
	}
	return []network{
		{"lenet5", parse("lenet5", testdata.LeNet5()), images(100)},
		{"mlp", parse("mlp", testdata.MLP()), images(100)},
		{"tiny", parse("tiny", testdata.Tiny()), waves(1, 1, 8, 8)},
		{"tiny_mlp", parse("tiny_mlp", testdata.TinyMLP()), waves(1, 16)},
	}
}

// operator is one operator at a fixed shape.
type operator struct {
	name   string
	inputs []circuits.Port
	nodes  []circuits.Node
	out    circuits.Port
}

func (o *operator) program(t *testing.T, cfg circuits.Config) *circuits.Program {
	t.Helper()
	p := &circuits.Program{Name: o.name, Config: cfg, Inputs: o.inputs, Nodes: o.nodes, Outputs: []circuits.Port{o.out}}
	require.NoError(t, p.Infer(), o.name)
	return p
}

func operators() []operator {
	iv := func(lo, hi int64) fixedpoint.Interval { return fixedpoint.Interval{Lo: lo, Hi: hi} }
	in := func(i int, shape ...int) circuits.Port {
		return circuits.Port{Name: fmt.Sprintf("x%d", i), Value: i, Shape: shape, Range: iv(-128, 127), RealLo: -128, RealHi: 127}
	}
	out := func(value, exp int, r fixedpoint.Interval, shape ...int) circuits.Port {
		return circuits.Port{Name: "y", Value: value, Shape: shape, Exp: exp, Range: r}
	}
	one := func(name string, op circuits.Op, o circuits.Port, inputs ...circuits.Port) operator {
		var of []int
		for i := range inputs {
			of = append(of, i)
		}
		return operator{name, inputs, []circuits.Node{{Name: name, Op: op, In: of}}, o}
	}
	weights := func(n int) circuits.Ints {
		w := make(circuits.Ints, n)
		for i := range w {
			w[i] = int64(i*37%255) - 127
		}
		return w
	}
	wide, unit := iv(-1<<24, 1<<24-1), [2]int{1, 1}
	window := circuits.Window{Kernel: [2]int{2, 2}, Stride: [2]int{2, 2}, Dilation: unit, Shape: [2]int{8, 8}}
	return []operator{
		one("add 1x1024", &circuits.Add{Scale: [2]int64{1, 1}}, out(2, 0, iv(-256, 254), 1, 1024), in(0, 1, 1024), in(1, 1, 1024)),
		one("averagepool 2x2 of 4x16x16", &circuits.AveragePool{Window: window, Scale: 1, ScaleExp: 2}, out(1, 2, iv(-512, 508), 1, 4, 8, 8), in(0, 1, 4, 16, 16)),
		one("clip 1x1024", &circuits.Clip{Interval: iv(-64, 63)}, out(1, 0, iv(-64, 63), 1, 1024), in(0, 1, 1024)),
		one("conv 3x3 of 4x16x16 to 8", &circuits.Conv{Group: 1, Kernel: [4]int{8, 4, 3, 3}, Stride: unit, Dilation: unit, Pads: [4]int{1, 1, 1, 1},
			Bound: wide, Spread: 2 << 24, Weights: weights(288), Bias: weights(8)}, out(1, 0, wide, 1, 8, 16, 16), in(0, 1, 4, 16, 16)),
		one("matmul 256 to 64", &circuits.MatMul{Rows: 64, Inner: 256, Bound: wide, Weights: weights(256 * 64), Bias: weights(64)}, out(1, 0, wide, 1, 64), in(0, 1, 256)),
		one("matmul 16x64 to 64", &circuits.MatMul{Rows: 64, Inner: 64, Bound: wide, Weights: weights(64 * 64), Bias: weights(64)}, out(1, 0, wide, 16, 64), in(0, 16, 64)),
		one("maxpool 2x2 of 4x16x16", &circuits.MaxPool{Window: window}, out(1, 0, iv(-128, 127), 1, 4, 8, 8), in(0, 1, 4, 16, 16)),
		one("mul 1x1024", new(circuits.Mul), out(2, 0, iv(-16256, 16384), 1, 1024), in(0, 1, 1024), in(1, 1, 1024)),
		one("relu 1x1024", &circuits.Function{Name: "Relu", Out: iv(0, 127)}, out(1, 0, iv(0, 127), 1, 1024), in(0, 1, 1024)),
		one("requantize 1x1024", &circuits.Requantize{Shift: 4}, out(1, -4, iv(-8, 8), 1, 1024), in(0, 1, 1024)),
		one("sigmoid 1x1024", &circuits.Function{Name: "Sigmoid", OutExp: 7, Out: iv(0, 127)}, out(1, 7, iv(0, 127), 1, 1024), in(0, 1, 1024)),
	}
}
