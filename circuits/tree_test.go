package circuits

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/circuits/relation"
)

// forest draws an ensemble for an input of a type: trees[h] trees that begin at height h, and some
// rows that no path reaches.
func forest(rng *rand.Rand, x Type, scores, valueBits int, trees ...int) *TreeEnsemble {
	o := &TreeEnsemble{Features: x.Shape[1], Scores: scores, Exp: 3, Bits: valueBits, Trees: trees}
	for h, n := range trees {
		n += 4 + rng.IntN(3)
		o.Counts = append(o.Counts, n)
		for range n {
			for range 3 { // thresholds at and beyond the ends too
				o.Rows = append(o.Rows, rng.Int64N(int64(x.Shape[1])), OneOf(rng, 0, 1, int64(x.Range.Width()), int64(x.Range.Width())+1, rng.Int64N(int64(x.Range.Width())+1)))
			}
			if h > 0 {
				o.Rows = append(o.Rows, rng.Int64N(int64(o.Counts[h-1]-3)))
				continue
			}
			for range 4 * scores {
				o.Rows = append(o.Rows, OneOf(rng, -1<<valueBits, 1<<valueBits-1, Within(rng, -1<<valueBits, 1<<valueBits-1)))
			}
		}
	}
	return o
}

// treeAt is one score of one row of features, by recursion over the rows.
func treeAt(o *TreeEnsemble, x []int64, least int64, score int) (sum int64) {
	var down func(h, j int)
	down = func(h, j int) {
		r := o.row(h, j)
		asks := func(k int) bool { return x[r[2*k]]-least < r[2*k+1] }
		c := 0
		if asks(0) {
			if !asks(1) {
				c = 1
			}
		} else if c = 2; !asks(2) {
			c = 3
		}
		if h > 0 {
			down(h-1, int(r[6])+c)
			return
		}
		sum += r[6+c*o.Scores+score]
	}
	for h, n := range o.Trees {
		for j := range n {
			down(h, j)
		}
	}
	return sum
}

// TestTreesRefused: rows from which a walk could fall, or larger than declared.
func TestTreesRefused(t *testing.T) {
	x := Type{Shape: []int{1, 3}, Range: iv(0, 7)}
	good := func() *TreeEnsemble { return forest(rand.New(rand.NewPCG(5, 5)), x, 2, 4, 1, 2) }
	_, err := good().Infer([]Type{x})
	require.NoError(t, err)
	second := func(o *TreeEnsemble) int { return o.Counts[0] * 14 } // where height 1 begins
	for name, spoil := range map[string]func(o *TreeEnsemble){
		"a feature that is not there":  func(o *TreeEnsemble) { o.Rows[0] = 3 },
		"a negative feature":           func(o *TreeEnsemble) { o.Rows[2] = -1 },
		"a threshold beyond the range": func(o *TreeEnsemble) { o.Rows[1] = 9 },
		"a negative threshold":         func(o *TreeEnsemble) { o.Rows[5] = -1 },
		"a large value":                func(o *TreeEnsemble) { o.Rows[6] = 16 },
		"a small value":                func(o *TreeEnsemble) { o.Rows[13] = -17 },
		"a row behind the last":        func(o *TreeEnsemble) { o.Rows[second(o)+6] = int64(o.Counts[0] - 3) },
		"a row before the first":       func(o *TreeEnsemble) { o.Rows[second(o)+6] = -1 },
		"too few rows":                 func(o *TreeEnsemble) { o.Rows = o.Rows[1:] },
		"no trees":                     func(o *TreeEnsemble) { o.Trees = []int{0, 0} },
		"more trees than rows":         func(o *TreeEnsemble) { o.Trees[1] = o.Counts[1] + 1 },
		"heights without rows":         func(o *TreeEnsemble) { o.Counts = o.Counts[:1] },
		"wide values":                  func(o *TreeEnsemble) { o.Bits = 25 },
		"other features":               func(o *TreeEnsemble) { o.Features = 4 },
	} {
		o := good()
		spoil(o)
		_, err := o.Infer([]Type{x})
		require.Error(t, err, name)
		require.True(t, isRefusal(err), "%s: %v", name, err)
	}
	wide := Type{Shape: []int{1, 3}, Range: iv(-1<<52, 1<<52)}
	_, err = good().Infer([]Type{wide})
	require.ErrorIs(t, err, ErrBound)
}

// TestDishonestTrees commits to rows that are no packed trees: a prover that follows them can still
// prove one answer at most.
func TestDishonestTrees(t *testing.T) {
	x := in(0, 0, 255, 1, 2)
	o := forest(rand.New(rand.NewPCG(6, 6)), Type{Shape: []int{1, 2}, Range: x.Range}, 1, 4, 1)
	k := compile(t, newProgram(t, Config{}, []Port{x}, []Node{node(o, 0)}))
	inputs := [][]int64{{100, 200}}
	honest := k.honest(inputs)
	require.NoError(t, k.solve(honest))
	// The value of one leaf as the prover would like it: the commitment follows, and so does the
	// statement, but only for the model that was committed to.
	rows := k.Plan.Gatherings[0]
	require.Equal(t, o.Counts[0], rows.W.Shape[0])
	for i := range o.Counts[0] { // another row 0, at row i's place and under its key
		if i == 0 {
			continue
		}
		lie := clone(honest)
		lie.Secret[i] = honest.Secret[0]
		lie.Secret[0] = honest.Secret[i]
		require.Equal(t, lie.Secret[0] == honest.Secret[0], k.solve(lie) == nil, "row %d is not another key's", i)
	}
}

// TestLeavesOfOneHalf trades one more of the second value that a half packs for the base less of the
// first, and the other way round: the half is the same, and the score is not.
func TestLeavesOfOneHalf(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 9))
	x := in(0, 0, 255, 1, 2)
	for _, valueBits := range []int{1, 4, 7} {
		o := forest(rng, Type{Shape: []int{1, 2}, Range: x.Range}, 1, valueBits, 3)
		for _, cfg := range []Config{{}, {System: Plonk}, {Weights: Baked}} {
			k := compile(t, newProgram(t, cfg, []Port{x}, []Node{node(o, 0)}))
			told := 0
			for range 40 {
				honest := k.honest(k.randomInputs(rng))
				for tree := range 3 {
					for _, sign := range []int64{1, -1} {
						lie := clone(honest)
						add := func(name string, i int, v int64) {
							var e fr.Element
							first, _ := k.column(name)
							lie.Secret[first+i].Add(&lie.Secret[first+i], e.SetInt64(v))
						}
						base, b1 := int64(2)<<valueBits, int64(0)
						if first, _ := k.column("second answer, height 0"); !lie.Secret[first+tree].IsZero() {
							b1 = 1
						}
						add("low leaf of score 0, height 0", tree, sign*base)
						add("high leaf of score 0, height 0", tree, -sign)
						if k.hasColumn("]/leaves of score 0, height 0") && !k.Plan.Plonk {
							add("]/leaves of score 0, height 0", tree, b1*sign*(base+1))
						}
						add("]/out", 0, sign*(b1*(base+1)-1))
						k.recount(lie.Secret)
						lie.Statement = k.claim(lie.Secret)
						require.False(t, k.isTrue(lie.Secret, lie.Statement))
						require.Error(t, k.solve(lie), "%d bits, %+v: tree %d", valueBits, cfg, tree)
						told++
					}
				}
			}
			require.Equal(t, 240, told)
		}
	}
}

// TestFeaturesOutOfRange commits to a layer that gives a feature the size of another one's number: a
// prover could then answer with either, and have two proofs of two scores.
func TestFeaturesOutOfRange(t *testing.T) {
	m := &MatMul{Rows: 2, Inner: 2, Weights: Ints{8, 0, 0, 8}, Bias: make(Ints, 2)}
	x := in(0, -256, 255, 1, 2)
	require.NoError(t, m.Declare(Type{Shape: x.Shape, Range: x.Range}))
	require.Equal(t, iv(-2048, 2047), m.Bound)
	o := &TreeEnsemble{Features: 2, Scores: 1, Exp: 3, Bits: 7, Trees: []int{1}, Counts: []int{1}, Rows: Ints{1, 2048, 1, 1024, 1, 2500, 10, 20, 30, 40}}
	k := compile(t, newProgram(t, Config{}, []Port{x}, []Node{node(m, 0), node(o, 1)}))
	k.t = t
	inputs := [][]int64{{0, 0}}
	honest := k.honest(inputs)
	require.NoError(t, k.solve(honest))
	layer := k.Plan.Contracts[0]
	require.Equal(t, "packed products, 2 rows an element", layer.Describe())
	const least = -2048
	step := int64(4) << o.modulus(Type{Range: iv(least, 2047)})
	lying := func(asked int64) *gadget.Witness { // feature 0 has the number of feature 1 being 700
		values, ok := lyingEval(k.Program, inputs, 0, func(y []int64) { y[0], y[1] = step+700, asked })
		require.True(t, ok)
		w, ok := k.lyingWitness(values, honest)
		require.True(t, ok)
		return w
	}
	var outputs []fr.Vector
	for _, asked := range []int64{0, 700} {
		w, layerOnly := lying(asked), lying(0)
		for id, b := range k.Plan.Sys.Blocks {
			if b.Kind == relation.Column && !strings.HasPrefix(b.Name, "TreeEnsemble") {
				copy(w.Secret[k.blocks[id]:][:b.Size()], layerOnly.Secret[k.blocks[id]:])
			}
		}
		bias := &w.Secret[2] // of the layer, after two packed weights
		bias.Add(bias, new(fr.Element).SetInt64(step+700))
		k.recount(w.Secret)
		w.Statement = k.claim(w.Secret)
		if k.solve(w) == nil {
			outputs = append(outputs, w.Statement)
		}
	}
	require.Empty(t, outputs)
}
