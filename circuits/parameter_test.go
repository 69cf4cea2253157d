package circuits

import (
	"slices"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/relation"
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
	if p.Infer() != nil {
		return nil
	}
	c, err := Compile(&p)
	require.NoError(k.t, err)
	return c
}
