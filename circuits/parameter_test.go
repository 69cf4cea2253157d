package circuits

import (
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

func affineCircuit(t *testing.T, cfg Config) *testCircuit {
	return compile(t, newProgram(t, cfg, []Port{in(0, -128, 127, 2, 3)}, affine()))
}

// TestSingleWeightLies changes each weight that belongs to no layer and keeps the rest: the
// statement is then of another model. Inside the declared width, the statement that follows
// from it is true of that model, and the commitment alone forbids it.
func TestSingleWeightLies(t *testing.T) {
	k := affineCircuit(t, Config{})
	require.Equal(t, 5, k.Plan.Weights())
	require.Equal(t, 5, k.Program.Parameters())
	w := k.honest(k.randomInputs(seeded(t)))
	require.NoError(t, k.solve(w))
	var n tally
	for i := range k.Plan.Weights() {
		for _, d := range []int64{1, -1, 7, 64, -64, 1 << 20} {
			lie := clone(w)
			var e fr.Element
			lie.Secret[i].Add(&lie.Secret[i], e.SetInt64(d))
			require.Error(t, k.solve(lie), "weight %d more by %d", i, d)
			k.refuses(&n, lie, w, "weight %d more by %d", i, d)
		}
	}
}

// TestDishonestCommitter: whoever commits to a weight outside the declared width has no
// proof, though every column follows from it; one inside has.
func TestDishonestCommitter(t *testing.T) {
	for _, cfg := range []Config{{}, {System: Plonk}} {
		for value, ok := range map[int64]bool{31: true, -32: true, 32: false, -33: false, 1 << 20: false} {
			k := affineCircuit(t, cfg)
			x := k.extremes()[3]
			scale := *k.Program.Nodes[0].Op.(*Parameter)
			scale.Values = Ints{-32, value, 5}
			nodes := append([]Node{{"scale", &scale, nil}}, k.Program.Nodes[1:]...)
			values := [][]int64{x[0]}
			for _, n := range nodes {
				var in [][]int64
				for _, v := range n.In {
					in = append(in, values[v])
				}
				values = append(values, n.Op.Eval(in))
			}
			k.weights[1].SetInt64(value)
			w, possible := k.lyingWitness(values, k.honest(x))
			require.True(t, possible)
			w.Secret[1].SetInt64(value)
			k.recount(w.Secret)
			w.Statement = k.claim(w.Secret)
			if err := k.solve(w); ok {
				require.NoError(t, err, value)
			} else {
				require.Error(t, err, value)
			}
		}
	}
}

// TestIsLiteral: what is a weight and what architecture.
func TestIsLiteral(t *testing.T) {
	l := &lowerer{g: &model.Graph{Const: map[string]*model.Tensor{
		"norm/literal epsilon": floatConst([]int{}, 1e-5), "integers": intConst(3, 4), "quarter": floatConst([]int{1}, 0.25), "minus two": floatConst([]int{}, -2),
		"zero": floatConst([]int{}, 0), "mask": floatConst([]int{3}, 0, 1, 0), "scores": floatConst([]int{3}, 0, -1e9, -3e38), "all masked": floatConst([]int{}, -1e9),
		"third": floatConst([]int{}, 1./3), "ones": floatConst([]int{2}, 1, 1), "zeros": floatConst([]int{2}, 0, 0), "scale": floatConst([]int{3}, 1, 2, 0.5),
		"steps": floatConst([]int{3}, 0, 1, 2), "odd mask": floatConst([]int{2}, 0, 0.3), "low": floatConst([]int{2}, -1e9, -2e9), "signs": floatConst([]int{2}, -1, 1)}}}
	for name := range l.g.Const {
		want := true
		switch name {
		case "third", "ones", "zeros", "scale", "steps", "odd mask", "low", "signs":
			want = false
		}
		require.Equal(t, want, l.isLiteral(name), name)
	}
}

// TestTrainedConstantsAreWeights: no operator that is architecture holds a trained constant.
func TestTrainedConstantsAreWeights(t *testing.T) {
	for _, c := range secretCases() {
		p, _ := c.quantised(t, Config{})
		for _, n := range p.Nodes {
			switch op := n.Op.(type) {
			case *Constant:
				require.LessOrEqual(t, len(op.Values), 1, "%s: %s", c.name, n.Name)
			case *Scale:
				require.LessOrEqual(t, len(op.Factors), 1, "%s: %s", c.name, n.Name)
			}
		}
	}
}

// TestSingleWeightsAreCommitted: every one is in the model's commitment and range-checked.
func TestSingleWeightsAreCommitted(t *testing.T) {
	k := affineCircuit(t, Config{})
	for i, b := range k.Plan.Sys.Blocks {
		if b.Kind != relation.Weight {
			continue
		}
		for j, r := range k.Plan.Sys.Bounds[i] {
			require.Equal(t, iv(-32, 31), r)
			require.Less(t, k.blocks[i]+j, k.Plan.Weights())
			require.Equal(t, *new(fr.Element).SetInt64(b.Values()[j]), k.weights[k.blocks[i]+j])
		}
	}
}

// withSingleWeights returns the program with the single weights of a witness, or nil if they
// are outside the declared widths.
func (k *testCircuit) withSingleWeights(secret fr.Vector) *Compiled {
	p := *k.Program
	p.Nodes = slices.Clone(p.Nodes)
	for i := range p.Nodes {
		op, ok := p.Nodes[i].Op.(*Parameter)
		if !ok {
			continue
		}
		other := *op
		other.Values = nil
		for j, b := range k.Plan.Sys.Blocks {
			if b.Kind != relation.Weight || b.Name != p.Nodes[i].Name+"/weights" {
				continue
			}
			for _, v := range secret[k.blocks[j]:][:b.Size()] {
				q, _ := smallInt(&v)
				other.Values = append(other.Values, q)
			}
		}
		if other.Values == nil {
			other.Values = op.Values // of no consequence
		}
		p.Nodes[i].Op = &other
	}
	if p.Bind() != nil {
		return nil
	}
	c, err := Compile(&p)
	require.NoError(k.t, err)
	return c
}
