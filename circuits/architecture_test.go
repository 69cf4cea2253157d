package circuits

import (
	"slices"
	"testing"

	cs "github.com/consensys/gnark/constraint/bn254"
	"github.com/stretchr/testify/require"
)

// layer is a small program whose weights and attributes tests change.
func layer(t *testing.T, cfg Config, change func(p *Program)) *Program {
	t.Helper()
	p := newProgram(t, cfg, []Port{in(0, -16, 15, 1, 1, 5, 5)}, []Node{
		node(&Conv{Group: 1, Kernel: [4]int{2, 1, 3, 3}, Stride: unit, Dilation: unit, Exp: 3, Bound: iv(-900, 900), Spread: 1800, Weights: ints(20, 18, 3), Bias: ints(21, 2, 9)}, 0),
		node(&Requantize{Shift: 3}, 1), node(&Clip{Interval: iv(-60, 60)}, 2), node(&Function{Name: "Tanh", OutExp: 5, Out: iv(-32, 31)}, 3),
		node(&Reshape{Shape: []int{1, 18}}, 4),
		node(&MatMul{Rows: 2, Inner: 18, Exp: 3, Bound: iv(-9000, 9000), Weights: ints(22, 36, 5), Bias: ints(23, 2, 9)}, 5)})
	if change != nil {
		change(p)
		require.NoError(t, p.Infer())
	}
	return p
}

// TestArchitecture: two programs have one architecture exactly if they differ in weights and
// names alone, and one setup digest if besides no weights are baked that differ.
func TestArchitecture(t *testing.T) {
	private := map[string]func(p *Program){
		"weight":                         func(p *Program) { p.Nodes[0].Op.(*Conv).Weights[3]++ },
		"bias":                           func(p *Program) { p.Nodes[0].Op.(*Conv).Bias[1]-- },
		"last weights":                   func(p *Program) { p.Nodes[5].Op.(*MatMul).Weights = ints(77, 36, 5) },
		"last bias":                      func(p *Program) { p.Nodes[5].Op.(*MatMul).Bias[0] = 0 },
		"bound Within its power of two":  func(p *Program) { p.Nodes[0].Op.(*Conv).Bound.Hi = 1023 },
		"spread Within its power of two": func(p *Program) { p.Nodes[0].Op.(*Conv).Spread = 1025 },
		"last bound Within its power":    func(p *Program) { p.Nodes[5].Op.(*MatMul).Bound.Lo = -1 << 14 },
	}
	names := map[string]func(p *Program){
		"program": func(p *Program) { p.Name = "other" },
		"labels":  func(p *Program) { p.Labels = []string{"a", "b"} },
		"report":  func(p *Program) { p.Report.Samples = 9 },
	}
	public := map[string]func(p *Program){
		"weights baked":  func(p *Program) { p.Config.Weights = Baked },
		"input private":  func(p *Program) { p.Config.Input = Private },
		"output digest":  func(p *Program) { p.Config.Output = Digest },
		"system":         func(p *Program) { p.Config.System = Plonk },
		"input range":    func(p *Program) { p.Inputs[0].Range.Lo++ },
		"input scale":    func(p *Program) { p.Inputs[0].Exp++; rescaled(p) },
		"accepted reals": func(p *Program) { p.Inputs[0].RealHi = 2 },
		"input name":     func(p *Program) { p.Inputs[0].Name = "z" },
		"output range":   func(p *Program) { p.Outputs[0].Range.Hi++ },
		"output name":    func(p *Program) { p.Outputs[0].Name = "z" },
		"stride": func(p *Program) {
			p.Nodes[0].Op.(*Conv).Pads = [4]int{1, 1, 1, 1}
			p.Nodes[0].Op.(*Conv).Stride = [2]int{2, 2}
		},
		"declared bound":   func(p *Program) { p.Nodes[0].Op.(*Conv).Bound.Hi = 1024; rebound(p) },
		"declared spread":  func(p *Program) { p.Nodes[0].Op.(*Conv).Spread = 1024 },
		"last bound":       func(p *Program) { p.Nodes[5].Op.(*MatMul).Bound.Lo = -1<<14 - 1; rebound(p) },
		"shift":            func(p *Program) { p.Nodes[1].Op.(*Requantize).Shift = 4; rescaled(p) },
		"clip":             func(p *Program) { p.Nodes[2].Op.(*Clip).Interval.Hi = 59 },
		"function":         func(p *Program) { p.Nodes[3].Op.(*Function).Name = "Erf" },
		"function's range": func(p *Program) { p.Nodes[3].Op.(*Function).Out.Hi = 30 },
		"edge":             func(p *Program) { p.Nodes[3].In = []int{2} },
	}
	for _, mode := range []Weights{Committed, Baked} {
		base := layer(t, Config{Weights: mode}, nil).Architecture()
		require.Equal(t, base, layer(t, Config{Weights: mode}, nil).Architecture())
		for name, change := range names {
			p := layer(t, Config{Weights: mode}, change)
			require.Equal(t, base, p.Architecture(), name)
			require.Equal(t, layer(t, Config{Weights: mode}, nil).SetupDigest(), p.SetupDigest(), name)
		}
		for name, change := range private {
			p := layer(t, Config{Weights: mode}, change)
			require.Equal(t, base, p.Architecture(), "%s, %q", name, mode)
			same := p.SetupDigest() == layer(t, Config{Weights: mode}, nil).SetupDigest()
			require.Equal(t, mode == Committed, same, "%s, %q", name, mode)
		}
		seen := map[[32]byte]string{base: "unchanged"}
		for name, change := range public {
			if name == "weights baked" && mode == Baked {
				continue
			}
			p := layer(t, Config{Weights: mode}, change)
			got := p.Architecture()
			require.Empty(t, seen[got], "%s has the same digest", name)
			seen[got] = name
			require.NotEqual(t, layer(t, Config{Weights: mode}, nil).SetupDigest(), p.SetupDigest(), name)
		}
	}
}

// rebound repairs the output's range after a change of bounds.
func rebound(p *Program) { p.Outputs[0].Range = iv(-1<<15, 1<<15-1) }

// rescaled repairs the output's exponent after a change of scale.
func rescaled(p *Program) {
	types := []Type{{Shape: p.Inputs[0].Shape, Exp: p.Inputs[0].Exp, Range: p.Inputs[0].Range}}
	for _, n := range p.Nodes {
		typ, err := n.Op.Infer([]Type{types[n.In[0]]})
		if err != nil {
			panic(err)
		}
		types = append(types, typ)
	}
	p.Outputs[0].Exp = types[p.Outputs[0].Value].Exp
}

// TestArchitectureFixesCircuit: equal architectures compile to equal constraints, today
// and again, whatever the weights.
func TestArchitectureFixesCircuit(t *testing.T) {
	compileR1CS := func(p *Program) *cs.R1CS {
		c, err := Compile(p)
		require.NoError(t, err)
		return c.System.(*cs.R1CS)
	}
	a := compileR1CS(layer(t, Config{}, nil))
	for range 3 {
		b := compileR1CS(layer(t, Config{}, func(p *Program) {
			p.Nodes[0].Op.(*Conv).Weights = make(Ints, 18)
			p.Nodes[5].Op.(*MatMul).Weights = slices.Repeat(Ints{5}, 36)
		}))
		require.Equal(t, a.GetR1Cs(), b.GetR1Cs())
		require.Equal(t, a.Coefficients, b.Coefficients)
	}
}

// TestWitnessIsUnique: apart from masks, salts and challenges, two witnesses of one
// inference are equal.
func TestWitnessIsUnique(t *testing.T) {
	t.Parallel()
	for _, c := range cases() {
		k := compile(t, c.program(t, Config{Input: Digest}))
		x := k.randomInputs(seeded(t))
		v, w := k.honest(x), k.honest(x)
		require.True(t, equal(v.Secret, w.Secret) && equal(v.Statement, w.Statement), c.name)
	}
}

// TestBoundsRefuseOtherWeights: weights beyond the declared bound of an architecture are
// refused when they are bound to it.
func TestBoundsRefuseOtherWeights(t *testing.T) {
	p := layer(t, Config{}, nil)
	p.Nodes[0].Op.(*Conv).Weights[0] = 300
	require.ErrorIs(t, p.Infer(), ErrBound)
	p = layer(t, Config{}, nil)
	p.Nodes[5].Op.(*MatMul).Bias[0] = 1 << 20
	require.ErrorIs(t, p.Infer(), ErrBound)
}

// TestDeadNodes: what leads to no output is not stated, at any depth.
func TestDeadNodes(t *testing.T) {
	p := newProgram(t, Config{}, []Port{in(0, 0, 99, 3), in(1, 0, 9, 2)}, []Node{node(&Requantize{Shift: 2}, 0), node(&Requantize{Shift: 1}, 0),
		node(&Requantize{Shift: 1}, 3), node(new(Mul), 3, 4), node(&Reshape{Shape: []int{3, 1}}, 5)}, 2)
	k := compile(t, p)
	for _, x := range k.extremes() {
		k.accepts(x)
	}
	for _, b := range k.Plan.Sys.Blocks {
		require.NotContains(t, b.Name, "[3]", "a dead node's column")
	}
}
