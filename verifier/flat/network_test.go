package flat_test

import (
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	compile "github.com/nnark/nnark/circuits/flat"
	"github.com/nnark/nnark/circuits/flat/flattest"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/statement"
)

// network is a small system with statements of all kinds, and integers that satisfy it.
type network struct {
	*compile.Compiled
	sys    *relation.System
	blocks map[string]*relation.Block
	values []fr.Element
	ints   []int64
	public [][]int64
}

var testNetwork = sync.OnceValue(func() *network { return newNetwork(1) })

// newNetwork makes it with a secret from 0 to 4.
func newNetwork(secret int64) *network {
	b := relation.NewBuilder()
	n := &network{blocks: map[string]*relation.Block{}}
	fixed := func(v ...int64) func(*relation.Assignment) []int64 {
		return func(*relation.Assignment) []int64 { return append([]int64{}, v...) }
	}
	column := func(name string, shape []int, fill func(*relation.Assignment) []int64) relation.Tensor {
		t := b.Column(name, shape, fill)
		n.blocks[name] = t.Block()
		return t
	}
	ranged := func(name string, hi int64, shape []int, v ...int64) relation.Tensor {
		t := column(name, shape, fixed(v...))
		b.Range(t, fixedpoint.Interval{Lo: 0, Hi: hi})
		return t
	}
	ranged("lonely", 7, []int{3}, 2, 3+secret, 2)
	// A requantised product of the input and weights, in rows of an image.
	x := ranged("x", 7, []int{1, 2, 3}, 1, 2, 4, 4, 0, 5)
	w := b.Param("w", []int{2, 1, 1, 2}, []int64{2, -1, 3, 1})
	bias := b.Param("bias", []int{2}, []int64{5, -6})
	n.blocks["w"], n.blocks["bias"] = w, bias
	accumulated := func(a *relation.Assignment) []int64 {
		v, out := a.Eval(x), make([]int64, 8)
		for i := range out {
			o, y, z := i/4, i/2%2, i%2
			out[i] = a.Of(bias)[o] + a.Of(w)[2*o]*v[3*y+z] + a.Of(w)[2*o+1]*v[3*y+z+1]
		}
		return out
	}
	q := b.Accumulator("q", []int{2, 2, 2}, fixedpoint.Interval{Lo: -8, Hi: 7}, func(a *relation.Assignment) []int64 {
		v := accumulated(a)
		for i := range v {
			v[i] >>= 2
		}
		return v
	})
	n.blocks["q"] = q.Block()
	rem := column("rem", q.Shape, func(a *relation.Assignment) []int64 {
		v := accumulated(a)
		for i := range v {
			v[i] &= 3
		}
		return v
	})
	b.Range(rem, fixedpoint.Interval{Lo: 0, Hi: 3})
	b.Contract(relation.Contract{X: x, W: w, Bias: bias, Out: q.Times(4).Plus(rem), Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
	square := b.Function("square", fixedpoint.Interval{Lo: -8, Hi: 7}, func(v int64) int64 { return v * v })
	y := column("y", q.Shape, func(a *relation.Assignment) []int64 {
		v := a.Eval(q)
		for i := range v {
			v[i] *= v[i]
		}
		return v
	})
	b.Lookup(square, q, y)
	// A pair that only its table knows.
	fx, fy := column("fx", []int{2}, fixed(3, -2)), column("fy", []int{2}, fixed(9, 4))
	b.Lookup(square, fx, fy)
	// An output that is only multiplied, and one that nothing else reads.
	m := b.Deferred("m", []int{2, 2, 2}, func(a *relation.Assignment) []int64 {
		v, out := a.Eval(y), make([]int64, 8)
		for i := range out {
			o, p := i/4, i%4
			out[i] = a.Of(w)[2*o]*v[p] + a.Of(w)[2*o+1]*v[4+p]
		}
		return out
	})
	n.blocks["m"] = m.Block()
	b.Contract(relation.Contract{X: y, W: b.Param("w2", []int{2, 2, 1, 1}, []int64{2, -1, 3, 1}), Out: m, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}})
	b.Expose(relation.Expose{Name: "m", T: m, Interval: fixedpoint.Interval{Lo: -1 << 20, Hi: 1 << 20}, Visibility: statement.Private})
	prod := b.Mul("prod", y.Reshape(8), q.Reshape(8).PlusConst(3))
	n.blocks["prod"] = prod.Block()
	// x - x, and one block as both factors.
	same := b.Mul("same", x.Reshape(6).Minus(x.Reshape(6)).Plus(fx.Gather([]int{6}, []int{0, 1, 0, 1, 0, -1})), x.Reshape(6))
	n.blocks["same"] = same.Block()
	mm := b.Accumulator("mm", []int{2, 2}, fixedpoint.Interval{Lo: 0, Hi: 255}, func(a *relation.Assignment) []int64 {
		v, out := a.Eval(x), make([]int64, 4)
		for i := range out {
			for k := range 3 {
				out[i] += v[i/2*3+k] * v[i%2*3+k]
			}
		}
		return out
	})
	n.blocks["mm"] = mm.Block()
	b.MatMul(x.Reshape(2, 3), x.Reshape(2, 3).Transpose(1, 0), mm)
	z := column("z", []int{6}, func(a *relation.Assignment) []int64 {
		v := a.Eval(x)
		for i := range v {
			v[i] = 2*v[i] + 1
		}
		return v
	})
	b.Equals(z, x.Reshape(6).Times(2).PlusConst(1))
	key := ranged("key", 2, []int{3}, 0, 2, 0)
	col0, col1 := ranged("col0", 3, []int{3}, 0, 3, 0), ranged("col1", 3, []int{3}, 0, 1, 0)
	rows := b.Param("rows", []int{3, 2}, []int64{0, 0, 2, 1, 3, 1})
	n.blocks["rows"] = rows
	b.Gather(key, []relation.Tensor{col0, col1}, rows)
	member := column("member", []int{2}, func(a *relation.Assignment) []int64 { v := a.Eval(z); return []int64{v[3], v[0]} })
	b.Member(member, z)
	b.Expose(relation.Expose{Name: "x", T: x, Interval: fixedpoint.Interval{Lo: 0, Hi: 7}, Visibility: statement.Public})
	b.Expose(relation.Expose{Name: "y", T: y, Interval: fixedpoint.Interval{Lo: 0, Hi: 64}, Visibility: statement.Public})
	var err error
	if n.sys, err = b.Finish(); err != nil {
		panic(err)
	}
	if n.Compiled, err = compile.New(n.sys); err != nil {
		panic(err)
	}
	honest, err := n.Compiled.Witness(n.sys.Assign(nil), fr.Element{})
	if err != nil {
		panic(err)
	}
	n.ints, n.public = honest.Values, honest.Public
	n.values = make([]fr.Element, len(n.ints))
	for i, v := range n.ints {
		n.values[i].SetInt64(v)
	}
	return n
}

// at returns the address of an element.
func (n *network) at(name string, i int) int { return n.Address(n.blocks[name], i) }

// slot returns where a claim reads an address.
func (n *network) slot(claim flat.Claim, address int) (slot int) {
	slot = -1
	for i := range n.Plan.Boxes {
		if b := &n.Plan.Boxes[i]; b.Claim == claim && !b.Constant() {
			flattest.Terms(b, nil, func(value, s, _ int, _ fr.Element) {
				if value == address {
					slot = s
				}
			})
		}
	}
	return slot
}

// reads lists the addresses that boxes and masks have.
func reads(p *flat.Plan) map[int]bool {
	m := p.Masks()
	at := map[int]bool{m.Constant: true}
	for _, a := range append(m.Pairs, m.Sum[:]...) {
		at[a] = true
	}
	for _, r := range append(m.Rounds, m.Products[:]...) {
		at[r[0]], at[r[1]], at[r[2]] = true, true, true
	}
	for i := range p.Boxes {
		flattest.Terms(&p.Boxes[i], nil, func(value, _, _ int, _ fr.Element) { at[value] = true })
	}
	return at
}

func (n *network) prover(seed uint64) *prover {
	return newProver(n.Plan, append([]fr.Element{}, n.values...), n.public, rand.New(rand.NewPCG(seed, 3)))
}

var testSeed = [32]byte{1, 2, 3}

func TestReferenceProverIsAccepted(t *testing.T) {
	for _, n := range []*network{testNetwork(), folding()} {
		t.Logf("%d boxes: 2^%d values in rows of 2^%d, 2^%d products, 2^%d sums, 2^%d outputs, 2^%d zeros", len(n.Plan.Boxes), n.Plan.Values, n.Plan.Row, n.Plan.Products, n.Plan.Sums, n.Plan.Outputs, n.Plan.Zeros)
		p := n.prover(1)
		for _, p.unmasked = range []bool{false, true} {
			require.True(t, verify(t, p.key, testSeed, n.public, p.prove(t, flat.NewTranscript(testSeed))))
		}
	}
}

// What no box reads may hold anything.
func TestGarbageChangesNothing(t *testing.T) {
	n := testNetwork()
	p := n.prover(2)
	used := reads(n.Plan)
	garbage := flattest.Random(p.rand, len(p.values))
	count := 0
	p.lie.masks = func(v []fr.Element) {
		for i := range v {
			if k := n.Plan.Rows[i>>n.Plan.Row]; !used[i] && (k == flat.Witness || k == flat.Inverse) {
				v[i] = garbage[i]
				count++
			}
		}
	}
	require.True(t, verify(t, p.key, testSeed, n.public, p.prove(t, flat.NewTranscript(testSeed))))
	require.Greater(t, count, 100)
	for _, public := range n.public {
		for i := range public {
			public[i]++
			require.False(t, verify(t, p.key, testSeed, n.public, p.prove(t, flat.NewTranscript(testSeed))))
			public[i]--
			break
		}
	}
}
