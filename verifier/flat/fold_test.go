package flat_test

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	compile "github.com/nnark/nnark/circuits/flat"
	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/statement"
)

// folding is a network whose matrix and table are folded, with rows and outputs that are made up to twos.
var folding = sync.OnceValue(func() *network { return newFolding(nil) })

// newFolding makes it of a model that is changed.
func newFolding(change func(w, table, weight []int64)) *network {
	b := relation.NewBuilder()
	n := &network{blocks: map[string]*relation.Block{}}
	small := func(k uint64, size int) []int64 {
		r, out := seeded(k), make([]int64, size)
		for i := range out {
			out[i] = r.Int64N(5) - 2
		}
		return out
	}
	column := func(name string, most int64, v []int64, shape ...int) relation.Tensor {
		x := b.Column(name, shape, func(*relation.Assignment) []int64 { return slices.Clone(v) })
		b.Range(x, fixedpoint.Interval{Lo: -most, Hi: most})
		n.blocks[name] = x.Block()
		return x
	}
	const ins, outs, rows, width = 20, 19, 83, 4
	input, matrix, product := small(1, ins*2), small(3, outs*ins), make([]int64, outs*2)
	table, factors := small(2, rows*width), small(4, 256)
	if change != nil {
		change(matrix, table, factors)
	}
	bias := small(5, outs) // few enough to be values
	for i := range product {
		product[i] = bias[i/2]
	}
	for o := range outs {
		for k := range ins {
			for p := range 2 {
				product[o*2+p] += matrix[o*ins+k] * input[k*2+p]
			}
		}
	}
	x := column("x", 2, input, ins, 1, 2)
	y := column("y", 100, product, outs, 1, 2)
	w := b.Param("w", []int{outs, ins, 1, 1}, matrix)
	b.Contract(relation.Contract{X: x, W: w, Bias: b.Param("bias", []int{outs}, bias), Out: y, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
	keys := []int64{82, 3, 3, 0, 64}
	key := b.Column("key", []int{len(keys)}, func(*relation.Assignment) []int64 { return slices.Clone(keys) })
	n.blocks["key"] = key.Block()
	var cols []relation.Tensor
	for j := range width {
		v := make([]int64, len(keys))
		for i, k := range keys {
			v[i] = table[int(k)*width+j]
		}
		cols = append(cols, column("col"+string(rune('0'+j)), 2, v, len(keys)))
	}
	m := b.Param("table", []int{rows, width}, table)
	b.Gather(key, cols, m)
	n.blocks["w"], n.blocks["table"] = w, m
	// A tensor of weights in a product and in lookups.
	weight := b.Weight("weight", []int{256}, factors, fixedpoint.Interval{Lo: -2, Hi: 2})
	n.blocks["weight"] = weight.Block()
	prod := b.Mul("prod", weight, weight)
	n.blocks["prod"] = prod.Block()
	b.Expose(relation.Expose{Name: "y", T: y, Interval: fixedpoint.Interval{Lo: -100, Hi: 100}, Visibility: statement.Public})
	var err error
	if n.sys, err = b.Finish(); err != nil {
		panic(err)
	}
	if n.Compiled, err = compile.New(n.sys); err != nil {
		panic(err)
	}
	honest, err := n.Witness(n.sys.Assign(nil), fr.Element{})
	if err != nil {
		panic(err)
	}
	_, weights, err := n.Model()
	if err != nil {
		panic(err)
	}
	n.ints, n.public = honest.Values, honest.Public
	for _, v := range n.ints {
		n.values = append(n.values, *new(fr.Element).SetInt64(v))
	}
	for _, v := range weights {
		n.values = append(n.values, *new(fr.Element).SetInt64(int64(v)))
	}
	return n
}

// The folds of a real plan mean what its boxes say.
func TestFoldingMeans(t *testing.T) {
	n := folding()
	claims := map[flat.Claim]int{}
	for _, f := range n.Plan.Folds {
		claims[f.Claim]++
	}
	require.Positive(t, n.Plan.Count(flat.Model), "values of the model, too")
	t.Logf("%d rows of weights, folds of claims %v", n.Plan.Weights, claims)
	for _, k := range []flat.Claim{flat.Left, flat.Right, flat.Second} {
		require.Positive(t, claims[k])
	}
	for _, name := range []string{"w", "table", "weight"} {
		require.GreaterOrEqual(t, n.at(name, 0), 1<<n.Plan.Values, name)
	}
	r := seeded(1)
	c, omega := randomPoints(n.Plan, r), flattest.Random(r, n.Plan.Values)
	foldsMean(t, n.Plan, c, "folding")
	require.Equal(t, extension(scatter(n.Plan, c), omega), n.Plan.Functional(c, flat.NewPoint(omega)))
}

// Weights that the key does not hold prove nothing, nor do virtual rows that are no combination of them, where the rest is right
// and where what the lie gives is said too.
func TestLiesAboutFolds(t *testing.T) {
	n := folding()
	rejects := func(name string, lie lies) {
		t.Helper()
		p := n.prover(4)
		p.lie = lie
		require.False(t, verify(t, p.key, testSeed, p.public, p.prove(t, flat.NewTranscript(testSeed))), name)
	}
	pl := n.Plan
	other := func(x *int64) { *x = (*x+3)%5 - 2 }
	exchange := func(x, y []int64) {
		for i := range x {
			x[i], y[i] = y[i], x[i]
		}
	}
	// All that follows from another model, with the key of this one.
	for name, change := range map[string]func(w, table, weight []int64){
		"a matrix":     func(w, _, _ []int64) { other(&w[63]) },
		"outputs":      func(w, _, _ []int64) { other(&w[20]); other(&w[0]) },
		"rows":         func(w, _, _ []int64) { exchange(w[:160], w[160:320]) },
		"a table":      func(_, table, _ []int64) { other(&table[3*4+1]) },
		"table's rows": func(_, table, _ []int64) { exchange(table[:4*4], table[64*4:68*4]) },
		"factors":      func(_, _, weight []int64) { other(&weight[9]); other(&weight[200]) },
		"a half":       func(_, _, weight []int64) { exchange(weight[:128], weight[128:]) },
	} {
		n2 := newFolding(change)
		require.Equal(t, pl.AppendTo(nil), n2.Plan.AppendTo(nil))
		require.NotEqual(t, n.values[1<<pl.Values:], n2.values[1<<pl.Values:], name)
		p := n2.prover(6)
		require.True(t, verify(t, p.key, testSeed, p.public, p.prove(t, flat.NewTranscript(testSeed))), name)
		p.key, p.blinders = n.prover(6).key, n.prover(6).blinders
		require.False(t, verify(t, p.key, testSeed, p.public, p.prove(t, flat.NewTranscript(testSeed))), name)
	}
	for i := range pl.Folds {
		row := pl.Folds[i].Row << pl.Row
		rejects("a virtual row", lies{folds: func(_ *flat.Points, v []fr.Element) { add(&v[row+7], 1) }})
		rejects("an empty one", lies{folds: func(_ *flat.Points, v []fr.Element) { clear(v[row : row+1<<pl.Row]) }})
	}
	rejects("the row of another fold", lies{folds: func(_ *flat.Points, v []fr.Element) {
		a, b := pl.Folds[0].Row<<pl.Row, pl.Folds[1].Row<<pl.Row
		for k := range 1 << pl.Row {
			v[a+k], v[b+k] = v[b+k], v[a+k]
		}
	}})
	// A false output, made up for in a virtual row where it weighs.
	for i, f := range pl.Folds {
		rejects("a row that makes up for an output", lies{
			witness: func(p *prover) { add(&p.values[n.at("y", 1)], 1) },
			folds: func(c *flat.Points, v []fr.Element) {
				pl.FoldColumns(c, func(row int, _ flat.Claim, columns []fr.Element) {
					if row == f.Row {
						k := slices.IndexFunc(columns, func(x fr.Element) bool { return !x.IsZero() })
						var d fr.Element
						d.Inverse(&columns[k])
						x := &v[pl.Folds[i].Row<<pl.Row+k]
						x.Add(x, &d)
					}
				})
			}})
	}
	// A key whose rows are not those of this model, one at a time.
	for i := range pl.Weights {
		p := n.prover(5)
		pr := p.prove(t, flat.NewTranscript(testSeed))
		other := flat.Key{Plan: pl, Model: slices.Clone(p.key.Model)}
		_, _, g, _ := bn254.Generators()
		at := &other.Model[pl.Count(flat.Model)+i]
		at.Add(at, &g)
		require.False(t, verify(t, &other, testSeed, n.public, pr))
		xi := flat.Blinder()
		at.Sub(&p.key.Model[pl.Count(flat.Model)+i], &xi)
		require.False(t, verify(t, &other, testSeed, n.public, pr))
	}
}

// What a model holds where a table's rows or a matrix's outputs are made up to a power of two: numbers
// of rows that there are not cannot be looked up, and outputs that there are not have to be zero.
func TestModelsBeyondTheirShapes(t *testing.T) {
	n := folding()
	model := func(change func(v []fr.Element)) *prover {
		v := slices.Clone(n.values)
		change(v)
		return newProver(n.Plan, v, n.public, rand.New(rand.NewPCG(9, 3)))
	}
	accepted := func(p *prover) bool {
		return verify(t, p.key, testSeed, p.public, p.prove(t, flat.NewTranscript(testSeed)))
	}
	at := n.at("table", 0)
	row := func(i int) int { return at + i*4 } // rows are of four, and all in order
	require.Equal(t, row(82), n.at("table", 82*4))
	read := reads(n.Plan)
	require.True(t, read[row(83)] && read[row(127)+3])
	fill := func(v []fr.Element) {
		for i := 83; i < 128; i++ {
			for j := range 4 {
				v[row(i)+j].SetInt64(int64(i % 3))
			}
		}
	}
	require.True(t, accepted(model(fill)), "nobody looks them up")
	lookUp := func(v []fr.Element) { // row 83 as if it were one
		fill(v)
		v[n.at("key", 1)].SetInt64(83)
		for j := range 4 {
			v[n.at("col"+string(rune('0'+j)), 1)].SetInt64(83 % 3)
		}
	}
	require.False(t, accepted(model(lookUp)))
	p := model(lookUp)
	p.lie.inverses = func(v []fr.Element) { // with an inverse for its slot, too
		slot := n.slot(flat.Right, row(83))
		for i := range n.Plan.Boxes {
			if b := &n.Plan.Boxes[i]; b.Claim == flat.Left && !b.Constant() && b.Fold == 0 && n.Plan.Rows[b.Value>>n.Plan.Row] == flat.Inverse {
				flattest.Terms(b, nil, func(value, s, _ int, _ fr.Element) {
					if s == slot {
						v[value].SetOne()
					}
				})
			}
		}
	}
	require.False(t, accepted(p))
	// Outputs beyond the nineteenth.
	last := n.at("w", 18*20)
	out := last + 32
	for !read[out] || slices.ContainsFunc([]int{18}, func(o int) bool { return out >= n.at("w", o*20) && out <= n.at("w", o*20+19) }) {
		out++
	}
	require.False(t, accepted(model(func(v []fr.Element) { add(&v[out], 1) })), "a weight of no output")
}

// A prepared key serves many at once.
func TestPreparedKeyIsShared(t *testing.T) {
	for _, n := range []*network{testNetwork(), folding()} {
		p := n.prover(30)
		pr := p.prove(t, flat.NewTranscript(testSeed))
		key := flat.Key{Plan: n.Plan, Model: p.key.Model}
		key.Prepare()
		bad, _, err := flat.Decode(pr.AppendTo(nil))
		require.NoError(t, err)
		bad.Output.SetOne()
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				for k := range 3 {
					proof, want := pr, true
					if (i+k)%2 == 1 {
						proof, want = bad, false
					}
					left, right, err := key.Verify(testSeed, n.public, proof)
					got := err == nil
					if got {
						right.Neg(&right)
						got, _ = bn254.PairingCheck([]bn254.G1Affine{left, right}, testPowers().g2[:])
					}
					if got != want {
						t.Errorf("goroutine %d: %v", i, got)
					}
				}
			})
		}
		wg.Wait()
	}
}
