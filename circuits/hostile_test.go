package circuits

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/fixedpoint"
)

// hostile writes a program to a file as an attacker would, reads it and compiles it.
func hostile(t testing.TB, p *Program) error {
	t.Helper()
	data, err := p.MarshalBinary()
	require.NoError(t, err)
	start := time.Now()
	p, err = ParseProgram(data)
	if err == nil {
		_, err = Compile(p)
	}
	require.Less(t, time.Since(start), 10*time.Second)
	return err
}

// isRefusal reports whether an error is one of those that a program is refused with.
func isRefusal(err error) bool {
	return errors.Is(err, ErrProgram) || errors.Is(err, ErrBound) || errors.Is(err, ErrRange) || errors.Is(err, ErrSize)
}

// TestHostilePrograms reads programs whose integers, positions or sizes would wrap, or that
// ask for more than a machine has.
func TestHostilePrograms(t *testing.T) {
	const most, least, wide, huge = math.MaxInt64, math.MinInt64, 1 << 32, 1 << 40
	all := fixedpoint.Interval{Lo: least, Hi: most}
	one := Ints{1}
	chain := func(n int) (nodes []Node) {
		for i := range n {
			nodes = append(nodes, node(new(Mul), i, i))
		}
		return nodes
	}
	scales := func(n int, k int64) (nodes []Node) {
		for i := range n {
			nodes = append(nodes, node(&Add{Scale: [2]int64{k, 0}, Exp: 4}, i, i))
		}
		return nodes
	}
	window := func(change func(w *Window)) Window {
		w := Window{Kernel: unit, Stride: unit, Dilation: unit, Shape: [2]int{4, 4}}
		change(&w)
		return w
	}
	windows := map[string]Window{
		"kernel":       window(func(w *Window) { w.Kernel = [2]int{wide, wide} }),
		"large kernel": window(func(w *Window) { w.Kernel, w.Pads = [2]int{1 << 13, 1 << 13}, [4]int{4, 4} }),
		"stride":       window(func(w *Window) { w.Stride[0] = most / 3 }),
		"dilation":     window(func(w *Window) { w.Kernel[1], w.Dilation[1] = 3, most }),
		"pads":         window(func(w *Window) { w.Pads[0], w.Dilation[0], w.Kernel[0] = most, most, 3 }),
		"shape":        window(func(w *Window) { w.Shape = [2]int{wide, wide} }),
	}
	convs := map[string]*Conv{
		"empty kernel":    {Group: 1, Kernel: [4]int{wide, 1, wide, 1}, Stride: unit, Dilation: unit, Bound: iv(-99, 99), Spread: 9},
		"groups":          {Group: 3, Kernel: [4]int{3, 6148914691236517206, 1, 1}, Stride: unit, Dilation: unit, Bound: iv(-99, 99), Spread: 9, Weights: one, Bias: one},
		"pads":            {Group: 1, Kernel: [4]int{1, 2, 1, 1}, Stride: unit, Dilation: unit, Pads: [4]int{most, 0, most, 0}, Bound: iv(-99, 99), Spread: 999, Weights: Ints{1, 1}, Bias: one},
		"large pads":      {Group: 1, Kernel: [4]int{1, 2, 1, 1}, Stride: unit, Dilation: unit, Pads: [4]int{1 << 24, 1 << 24, 0, 0}, Bound: iv(-99, 99), Spread: 999, Weights: Ints{1, 1}, Bias: one},
		"dilation":        {Group: 1, Kernel: [4]int{1, 2, 2, 1}, Stride: unit, Dilation: [2]int{most, 1}, Bound: iv(-99, 99), Spread: 999, Weights: Ints{1, 1, 1, 1}, Bias: one},
		"bound":           {Group: 1, Kernel: [4]int{1, 2, 1, 1}, Stride: unit, Dilation: unit, Bound: all, Spread: most, Weights: Ints{1, 1}, Bias: one},
		"weights":         {Group: 1, Kernel: [4]int{1, 2, 1, 1}, Stride: unit, Dilation: unit, Bound: iv(-99, 99), Spread: 999, Weights: Ints{most, most}, Bias: one},
		"wrapping":        {Group: 1, Kernel: [4]int{1, 2, 1, 1}, Stride: unit, Dilation: unit, Bound: iv(-99, 99), Spread: 999, Weights: Ints{1 << 62, 1 << 62}, Bias: Ints{0}},
		"inverse weights": {Group: 1, Kernel: [4]int{1, 2, 1, 1}, Stride: unit, Dilation: unit, Bound: iv(-99, 99), Spread: 99, Weights: Ints{-0x0101010101010101, 0}, Bias: Ints{0}}, // 1/255 modulo 2^64
		"bias":            {Group: 1, Kernel: [4]int{1, 2, 1, 1}, Stride: unit, Dilation: unit, Bound: iv(-99, 99), Spread: 999, Weights: Ints{0, 0}, Bias: Ints{least}},
		"rounded bias":    {Group: 1, Kernel: [4]int{1, 2, 1, 1}, Stride: unit, Dilation: unit, Bound: iv(-1<<53, 1<<53), Spread: 999, Weights: Ints{0, 0}, Bias: Ints{1<<53 + 1}},
		"spread":          {Group: 1, Kernel: [4]int{1, 2, 1, 1}, Stride: unit, Dilation: unit, Bound: iv(-1<<20, 1<<20), Spread: most, Weights: Ints{1, 1}, Bias: one},
		"group of zero":   {Group: 0, Kernel: [4]int{1, 2, 1, 1}, Stride: unit, Dilation: unit, Bound: iv(-99, 99), Weights: Ints{1, 1}, Bias: one},
	}
	programs := map[string][]Node{
		"Mul chain":                 chain(7),
		"Transpose of a scalar":     {node(&ReduceSum{Reduction: Reduction{Axes: []int{0, 1, 2, 3}}, Scale: 1}, 0), node(&Transpose{Perm: []int{0}}, 1)},
		"Add chain":                 scales(7, 1<<10),
		"Add of MinInt64":           {node(&Add{Scale: [2]int64{least, 1}, Exp: 4}, 0, 0)},
		"Add that wraps to zero":    {node(&Add{Scale: [2]int64{least, least}, Exp: 4}, 0, 0)},
		"Add beyond 2^53":           {node(&Add{Scale: [2]int64{1<<45 + 1, 0}, Exp: 4}, 0, 0), node(&Add{Scale: [2]int64{1, 1}, Exp: 4}, 1, 1)},
		"Scale by 2^32 twice":       {node(&Scale{Shape: []int{}, Factors: Ints{wide}}, 0), node(&Scale{Shape: []int{}, Factors: Ints{wide}}, 1)},
		"Scale by MinInt64":         {node(&Scale{Shape: []int{4}, Factors: Ints{1, 2, 3, least}}, 0)},
		"Scale of factors missing":  {node(&Scale{Shape: []int{wide, wide}, Factors: nil}, 0)},
		"ReduceSum":                 {node(&ReduceSum{Reduction: Reduction{Axes: []int{1, 2}}, Scale: most}, 0)},
		"ReduceSum by 2^53+1":       {node(&Scale{Shape: []int{}, Factors: Ints{0}}, 0), node(&ReduceSum{Reduction: Reduction{Axes: []int{0}}, Scale: 1<<53 + 1}, 1)},
		"Constant of MinInt64":      {node(&Constant{Shape: []int{1}, Exp: 4, Values: Ints{least}}), node(&Add{Scale: [2]int64{1, -1}, Exp: 4}, 0, 1)},
		"Constant of a wrong size":  {node(&Constant{Shape: []int{wide, wide}, Exp: 4})},
		"Clip to 2^40":              {node(&Scale{Shape: []int{}, Factors: Ints{1 << 44}}, 0), node(&Clip{Interval: iv(0, huge)}, 1)},
		"Clip to all":               {node(&Clip{Interval: iv(-3, most)}, 0)},
		"Clip far below":            {node(&Clip{Interval: iv(least, least+5)}, 0)},
		"Clip of one value":         {node(&Clip{Interval: iv(5, 5)}, 0)},
		"Function to all":           {node(&Function{Name: "Relu", OutExp: 4, Out: all}, 0)},
		"Function to nothing":       {node(&Function{Name: "Relu", OutExp: 4, Out: iv(3, 2)}, 0)},
		"Function of a wide range":  {node(&Scale{Shape: []int{}, Factors: Ints{huge}}, 0), node(&Function{Name: "Relu", OutExp: 4, Out: iv(0, 9)}, 1)},
		"Function at a far scale":   {node(&Function{Name: "Exp", OutExp: most, Out: iv(0, 9)}, 0)},
		"Requantize by 64":          {node(&Requantize{Shift: 64}, 0)},
		"Requantize by -1":          {node(&Requantize{Shift: -1}, 0)},
		"Div shifted far":           {node(&Clip{Interval: iv(1, 9)}, 0), node(&Div{Shift: most}, 0, 1)},
		"Div of large integers":     {node(&Clip{Interval: iv(1, 9)}, 0), node(&Scale{Shape: []int{}, Factors: Ints{huge}}, 0), node(&Div{Shift: 40}, 2, 1)},
		"Softmax of 2^60 bits":      {node(&Softmax{Exponential: Exponential{ExpBits: 60}, OutBits: 60}, 0)},
		"LogSoftmax":                {node(&Scale{Shape: []int{}, Factors: Ints{huge}}, 0), node(&LogSoftmax{Exponential: Exponential{ExpBits: 20}}, 1)},
		"ArgMax of large integers":  {node(&Scale{Shape: []int{}, Factors: Ints{1 << 44}}, 0), node(&ArgMax{Reduction: Reduction{Axes: []int{3}}}, 1)},
		"reduction of axis -1":      {node(&ReduceMax{Reduction: Reduction{Axes: []int{-1}}}, 0)},
		"Gather index":              {node(&Gather{Shape: []int{1}, Index: []int{most}}, 0)},
		"Gather shape":              {node(&Gather{Shape: []int{wide, wide}}, 0)},
		"Reshape":                   {node(&Reshape{Shape: []int{-4, -8}}, 0)},
		"Transpose of nothing":      {node(&Transpose{}, 0)},
		"Transpose twice":           {node(&Transpose{Perm: []int{0, 0, 1, 2}}, 0)},
		"Concat axis":               {node(&Concat{Axis: most}, 0, 0)},
		"MatMul of empty weights":   {node(&MatMul{Rows: wide, Inner: wide, Bound: iv(-9, 9)}, 0)},
		"MatMul weights":            {node(&MatMul{Rows: 1, Inner: 4, Bound: all, Weights: Ints{least, 0, 0, least}, Bias: Ints{0}}, 0)},
		"Parameter bits":            {node(&Parameter{Shape: []int{1}, Bits: 63, Values: one})},
		"exponents":                 {node(&Scale{Shape: []int{}, Exp: most, Factors: one}, 0)},
		"a value that is not there": {node(new(Mul), 0, 1)},
		"broadcast to 2^40":         {node(&Reshape{Shape: []int{1, 32}}, 0), node(&Gather{Shape: []int{1, 1 << 13}, Index: make([]int, 1<<13)}, 1), node(&Reshape{Shape: []int{1 << 13, 1}}, 2), node(new(Mul), 2, 3), node(new(Mul), 2, 3)},
	}
	for name, w := range windows {
		programs["MaxPool "+name] = []Node{node(&MaxPool{Window: w}, 0)}
		programs["AveragePool "+name] = []Node{node(&AveragePool{Window: w, Scale: 1}, 0)}
	}
	programs["AveragePool scale"] = []Node{node(&AveragePool{Window: window(func(*Window) {}), Scale: most}, 0)}
	for name, c := range convs {
		programs["Conv "+name] = []Node{node(c, 0), node(&MaxPool{Window: window(func(w *Window) { w.Kernel, w.Shape = [2]int{2, 2}, [2]int{3, 3} })}, 1)}
	}
	accepted := map[string]bool{"Clip to all": true}                                                                                                 // it does nothing, and costs a check of in's range
	early := map[string]string{"Function to all": "integers in", "Clip to 2^40": "table too large", "broadcast to 2^40": "values of more than 2^26"} // by Infer
	for name, nodes := range programs {
		t.Run(name, func(t *testing.T) {
			p := &Program{Name: name, Inputs: []Port{in(0, 0, 255, 1, 2, 4, 4)}, Nodes: nodes}
			last := len(nodes)
			p.Outputs = []Port{{Name: "y", Value: last, Shape: []int{1}, Exp: 4, Range: iv(0, 1)}}
			types := []Type{{Shape: []int{1, 2, 4, 4}, Exp: 4, Range: iv(0, 255)}} // declare the last type, where it has one
			for _, n := range nodes {
				var operands []Type
				for _, v := range n.In {
					operands = append(operands, types[min(v, len(types)-1)])
				}
				typ, err := n.Op.Infer(operands)
				if err != nil {
					break
				}
				types = append(types, typ)
			}
			if len(types) > last {
				p.Outputs[0].Shape, p.Outputs[0].Exp, p.Outputs[0].Range = types[last].Shape, types[last].Exp, types[last].Range
			}
			err := hostile(t, p)
			if accepted[name] {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, early[name])
			require.True(t, isRefusal(err), "%v", err)
		})
	}
}

// TestHostilePorts declares inputs and outputs that would wrap.
func TestHostilePorts(t *testing.T) {
	base := func() *Program {
		return newProgram(t, Config{}, []Port{in(0, -8, 7, 2, 3)}, []Node{node(&Requantize{Shift: 1}, 0)})
	}
	require.NoError(t, hostile(t, base()))
	for name, change := range map[string]func(p *Program){
		"input at the end of int64":   func(p *Program) { p.Inputs[0].Range = iv(math.MaxInt64-9, math.MaxInt64) },
		"input at its beginning":      func(p *Program) { p.Inputs[0].Range = iv(math.MinInt64, math.MinInt64+9) },
		"input over all of it":        func(p *Program) { p.Inputs[0].Range = iv(math.MinInt64, math.MaxInt64) },
		"input wider than a table":    func(p *Program) { p.Inputs[0].Range = iv(0, 1<<40) },
		"input of nothing":            func(p *Program) { p.Inputs[0].Range = iv(3, 2) },
		"input exponent":              func(p *Program) { p.Inputs[0].Exp = math.MinInt64 },
		"input shape":                 func(p *Program) { p.Inputs[0].Shape = []int{1 << 32, 1 << 32} },
		"output over all of int64":    func(p *Program) { p.Outputs[0].Range = iv(math.MinInt64, math.MaxInt64) },
		"output at 2^61":              func(p *Program) { p.Outputs[0].Range = iv(-1<<61, 1<<61) },
		"output narrower than it is":  func(p *Program) { p.Outputs[0].Range = iv(0, 1) },
		"output of wrong shape":       func(p *Program) { p.Outputs[0].Shape = []int{1 << 62, 3} },
		"output of a value of nobody": func(p *Program) { p.Outputs[0].Value = math.MaxInt64 },
	} {
		p := base()
		change(p)
		err := hostile(t, p)
		require.Error(t, err, name)
		require.True(t, isRefusal(err), "%s: %v", name, err)
	}
	for _, reach := range []int64{1 << 20, 1 << 54, 1 << 58} { // wide, but all right
		p := base()
		p.Outputs[0].Range = iv(-reach, reach)
		require.NoError(t, hostile(t, p), "%d", reach)
	}
}

// TestRequantizeChains: in a chain of shifts the last quotient's coefficient is 2 to their
// sum. As long as that fits, everything is provable; then nothing compiles.
func TestRequantizeChains(t *testing.T) {
	t.Parallel()
	chain := func(shifts ...int) *Program {
		nodes := []Node{node(&Scale{Shape: []int{}, Factors: Ints{1 << 45}}, 0)} // up to 2^53
		for i, s := range shifts {
			nodes = append(nodes, node(&Requantize{Shift: s}, i+1))
		}
		return newProgram(t, Config{}, []Port{in(0, -128, 127, 4)}, nodes)
	}
	for _, shifts := range [][]int{{16}, {16, 16}, {16, 16, 16}, {12, 16, 3, 14}} {
		k := compile(t, chain(shifts...))
		for _, x := range append(k.extremes(), k.randomInputs(seeded(t))) {
			k.accepts(x)
		}
	}
	for _, shifts := range [][]int{{16, 16, 16, 16}, {16, 16, 16, 14}, {15, 16, 16, 16, 1}, {16, 16, 16, 16, 16}, {13, 13, 13, 13, 12}} {
		_, err := Compile(chain(shifts...))
		require.ErrorIs(t, err, ErrRange, "%v", shifts)
	}
}
