package circuits

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/circuits/gadget/gadgettest"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/statement"
)

// The tests of this file search all witnesses of small circuits, of any field elements: what a liar
// could say, not what somebody thought of as a lie.

// answersTo returns the answers that a program's circuit allows to the inputs, tensors in a row. If
// there are names, columns of others are as an honest prover has them.
func (k *testCircuit) answersTo(inputs [][]int64, steps int, names ...string) ([]fr.Vector, error) {
	k.t.Helper()
	g, err := k.Program.Gadget()
	require.NoError(k.t, err)
	require.NoError(k.t, g.Assign(inputs, fr.NewElement(5)))
	known, at := make([]bool, len(g.Secret)), 0 // weights come first, then columns, inputs' before others
	if g.plan.Committed() {
		at = g.plan.Weights() + 1
	}
	for i := range at + k.inputSize() {
		known[i] = true
	}
	for _, b := range g.plan.Sys.Blocks {
		if b.Kind != relation.Column {
			continue
		}
		if len(names) > 0 && !slices.ContainsFunc(names, func(s string) bool { return strings.Contains(b.Name, s) }) {
			for i := range b.Size() {
				known[at+i] = true
			}
		}
		at += b.Size()
	}
	return gadgettest.Answers(g.plan, func(i int) (v fr.Element, ok bool) {
		if known[i] {
			v = g.Secret[i].(fr.Element)
		}
		return v, known[i]
	}, steps)
}

// rightAnswer is what Eval says, inputs first.
func rightAnswer(t *testing.T, p *Program, inputs [][]int64) (out fr.Vector) {
	t.Helper()
	values, err := p.Eval(inputs)
	require.NoError(t, err)
	for _, o := range slices.Concat(p.Inputs, p.Outputs) {
		for _, v := range values[o.Value] {
			var e fr.Element
			out = append(out, *e.SetInt64(v))
		}
	}
	return out
}

// smallCases are programs of which all witnesses can be searched where those of cases() are too
// many, mostly because outputs share an element.
func smallCases() []opCase {
	one := func(op Op, v ...int) func() []Node { return func() []Node { return []Node{node(op, v...)} } }
	bits := [2]int64{-2, 1}
	return []opCase{
		{"matmul", []Port{in(0, -2, 1, 1, 2)}, one(dense(1, 2, 2, bits), 0), nil},
		{"dense layer", []Port{in(0, -2, 1, 1, 2)}, func() []Node {
			return []Node{node(dense(2, 2, 2, bits), 0), node(&Requantize{Shift: 3}, 1), node(&Function{Name: "Relu", OutExp: 4, Out: iv(0, 9)}, 2)}
		}, nil},
		{"conv", []Port{in(0, -2, 1, 1, 1, 1, 3)}, one(conv(3, 1, [4]int{1, 1, 1, 2}, unit, unit, [4]int{}, bits), 0), nil},
		{"product of activations", []Port{in(0, -2, 1, 1, 2), in(1, -2, 1, 2, 2)}, one(new(BatchMatMul), 0, 1), nil},
		{"div", []Port{in(0, -8, 7, 2), in(1, 1, 6, 2)}, one(&Div{Shift: 2}, 0, 1), nil},
		{"softmax", []Port{in(0, -2, 1, 1, 2)}, one(&Softmax{Exponential: Exponential{ExpBits: 3}, OutBits: 3}, 0), nil},
		{"means of rows", []Port{in(0, -2, 1, 1, 2), in(1, -2, 1, 2, 1)}, one(&SoftmaxMatMul{Exponential: Exponential{ExpBits: 3}, Shift: 1}, 0, 1), nil},
		{"weights", []Port{in(0, -2, 1, 2)}, func() []Node {
			return []Node{{"scale", &Parameter{Shape: []int{2}, Exp: 3, Bits: 2, Values: Ints{-4, 3}}, nil}, node(new(Mul), 0, 1), node(&Requantize{Shift: 2}, 2)}
		}, nil},
		{"onehot", []Port{choice(-1, 2, 2)}, one(new(OneHot), 0), nil},
	}
}

// TestOneAnswer: the circuit of every operator allows the right answer and no other.
func TestOneAnswer(t *testing.T) {
	t.Parallel()
	searched := 0
	try := func(c opCase, cfg Config, most, steps int) {
		t.Run(c.name, func(t *testing.T) {
			k := compile(t, c.program(t, cfg))
			k.t = t
			rng := seeded(t)
			columns := 0
			for _, b := range k.Plan.Sys.Blocks {
				if b.Kind == relation.Column {
					columns += b.Size()
				}
			}
			if columns > most {
				return
			}
			for _, x := range append(k.extremes()[:2], k.randomInputs(rng), k.randomInputs(rng)) {
				answers, err := k.answersTo(x, steps)
				if most == small && errors.Is(err, gadgettest.ErrSteps) {
					return
				}
				require.NoError(t, err)
				require.Equal(t, []fr.Vector{rightAnswer(t, k.Program, x)}, answers, "%v", x)
				searched++
			}
		})
	}
	for _, c := range smallCases() {
		for _, cfg := range []Config{{}, {Weights: Baked}} {
			try(c, cfg, 1000, 1<<25)
		}
	}
	for _, c := range cases() {
		try(c, Config{}, small, 1<<19)
	}
	t.Logf("%d circuits searched", searched)
}

// small is how many columns a program has at most of which all witnesses are searched, if they are
// few enough.
const small = 50

// TestOneScore searches parts of the columns of walks through trees: all are too many.
func TestOneScore(t *testing.T) {
	t.Parallel()
	nodes := []string{"]/out", "feature", "answer", "first digit", "second digit", "child", "next"}
	leaves := []string{"]/out", "leaf", "leaves", "halves", "/digit"}
	for seed, heights := range [][]int{{1}, {0, 1}} {
		for _, scores := range []int{1} {
			x := in(0, 0, 1, 1, 2)
			rng := rand.New(rand.NewPCG(uint64(seed), uint64(scores)))
			o := forest(rng, Type{Shape: x.Shape, Range: x.Range}, scores, 1, heights...)
			k := compile(t, newProgram(t, Config{}, []Port{x}, []Node{node(o, 0)}))
			k.t = t
			for i := range int64(4) {
				inputs := [][]int64{{i / 2, i % 2}}
				for _, names := range [][]string{nodes, leaves} {
					answers, err := k.answersTo(inputs, 1<<25, names...)
					require.NoError(t, err, "%v, %d scores, %v", heights, scores, names)
					require.Equal(t, []fr.Vector{rightAnswer(t, k.Program, inputs)}, answers, "%v", inputs)
				}
			}
		}
	}
}

// TestAnswersOfStatements: statements by themselves, of columns that nothing else bounds, hold for
// the rows that they name and for nothing between them.
func TestAnswersOfStatements(t *testing.T) {
	t.Parallel()
	free := func(b *relation.Builder, name string, shape ...int) relation.Tensor {
		return b.Column(name, shape, func(*relation.Assignment) []int64 { return make([]int64, relation.Size(shape)) })
	}
	for name, c := range map[string]struct {
		state func(b *relation.Builder) []relation.Tensor // returns what is exposed
		known []int64
		want  [][]int64
	}{
		"range": {func(b *relation.Builder) []relation.Tensor {
			x := free(b, "x", 1)
			b.Range(x, iv(-1, 2))
			return []relation.Tensor{x}
		}, nil, [][]int64{{-1}, {0}, {1}, {2}}},
		"function": {func(b *relation.Builder) []relation.Tensor {
			x, y := free(b, "x", 1), free(b, "y", 1)
			b.Lookup(b.Function("square", iv(-1, 2), func(x int64) int64 { return x * x }), x, y)
			return []relation.Tensor{x, y}
		}, nil, [][]int64{{-1, 1}, {0, 0}, {1, 1}, {2, 4}}},
		"rows in parts": {func(b *relation.Builder) []relation.Tensor {
			key, x := free(b, "key", 1), free(b, "x", 1, 5)
			b.Range(x, iv(0, 1))
			var columns []relation.Tensor
			const wide = 1 << 60 // four columns to an element
			for k := range 5 {
				columns = append(columns, x.Slice([]int{0, k}, []int{1, 1}, []int{1, 1}).Times(wide))
			}
			b.Gather(key, columns, b.Param("rows", []int{3, 5}, []int64{wide, 0, 0, wide, wide, wide, 0, 0, 0, 0, 0, wide, 0, 0, wide})) // row 1 could be read from the middle of row 0
			return []relation.Tensor{key, x}
		}, nil, [][]int64{{0, 1, 0, 0, 1, 1}, {1, 1, 0, 0, 0, 0}, {2, 0, 1, 0, 0, 1}}},
		"member": {func(b *relation.Builder) []relation.Tensor {
			rows, x := free(b, "rows", 3), free(b, "x", 1)
			b.Range(rows, iv(-8, 7))
			b.Member(x, rows)
			return []relation.Tensor{x}
		}, []int64{-8, 3, 5}, [][]int64{{-8}, {3}, {5}}},
		"maximum beside what nothing reads": {func(b *relation.Builder) []relation.Tensor {
			x, out, y := free(b, "x", 2), free(b, "max", 1), free(b, "y", 1)
			b.Range(x, iv(-50, 49))
			at := func(i int) relation.Tensor { return x.Slice([]int{i}, []int{1}, []int{1}) }
			b.Lookup(b.Function("relu", iv(-200, 55), func(x int64) int64 { return max(x, 0) }), at(0), y)
			b.Max([]relation.Tensor{at(0), at(1)}, out, 150)
			b.Accumulator("unread", []int{60}, iv(-128, 128), func(*relation.Assignment) []int64 { return make([]int64, 60) })
			return []relation.Tensor{out}
		}, []int64{-20, 30}, [][]int64{{30}}},
	} {
		t.Run(name, func(t *testing.T) {
			b := relation.NewBuilder()
			for _, x := range c.state(b) {
				b.Expose(relation.Expose{Name: "x", T: x, Interval: iv(-100, 100), Visibility: statement.Private})
			}
			sys, err := b.Finish()
			require.NoError(t, err)
			p, err := gadget.New(sys, gadget.Config{Embedded: true, Baked: true})
			require.NoError(t, err)
			vector := func(xs []int64) (out fr.Vector) {
				for _, v := range xs {
					var e fr.Element
					out = append(out, *e.SetInt64(v))
				}
				return out
			}
			var want []fr.Vector
			for _, x := range c.want {
				want = append(want, vector(x))
			}
			known := vector(c.known)
			answers, err := gadgettest.Answers(p, func(i int) (v fr.Element, ok bool) {
				if i < len(known) {
					v = known[i]
				}
				return v, i < len(known)
			}, 1<<25)
			require.NoError(t, err)
			require.ElementsMatch(t, want, answers)
		})
	}
}
