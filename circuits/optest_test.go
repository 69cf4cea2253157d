package circuits

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"testing"

	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/stretchr/testify/require"

	"github.com/nnark/nnark/circuits/gadget"
	"github.com/nnark/nnark/circuits/gadget/gadgettest"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/poseidon2"
	"github.com/nnark/nnark/verifier/statement"
)

// This file is the harness of the operators' tests: it compiles small programs, solves
// their circuits for honest and for lying witnesses, and knows which statements are true.

// iv is short for an interval.
func iv(lo, hi int64) fixedpoint.Interval { return fixedpoint.Interval{Lo: lo, Hi: hi} }

// in declares input number i of a program.
func in(i int, lo, hi int64, shape ...int) Port {
	return Port{Name: fmt.Sprintf("x%d", i), Value: i, Shape: shape, Exp: 4, Range: iv(lo, hi), RealLo: -1, RealHi: 1}
}

// node applies an operator to the values in.
func node(op Op, in ...int) Node { return Node{fmt.Sprintf("%s%v", Kind(op), in), op, in} }

// newProgram builds a program whose outputs are the given values, or the last one.
func newProgram(t testing.TB, cfg Config, inputs []Port, nodes []Node, outs ...int) *Program {
	t.Helper()
	p := &Program{Name: "test", Config: cfg, Inputs: inputs, Nodes: nodes}
	var types []Type
	for _, port := range inputs {
		types = append(types, Type{Shape: port.Shape, Exp: port.Exp, Range: port.Range})
	}
	for i, n := range nodes {
		var operands []Type
		for _, v := range n.In {
			operands = append(operands, types[v])
		}
		typ, err := n.Op.Infer(operands)
		require.NoError(t, err, "node %d", i)
		types = append(types, typ)
	}
	if len(outs) == 0 {
		outs = []int{len(types) - 1}
	}
	for i, v := range outs {
		typ := types[v]
		if typ.Range.Lo == typ.Range.Hi {
			typ.Range.Hi++
		}
		p.Outputs = append(p.Outputs, Port{Name: fmt.Sprintf("y%d", i), Value: v, Shape: typ.Shape, Exp: typ.Exp, Range: typ.Range})
	}
	require.NoError(t, p.Infer())
	return p
}

// testCircuit is a compiled program that witnesses, honest or not, can be tried on.
type testCircuit struct {
	*Compiled
	t       testing.TB
	weights fr.Vector

	// The places of secret inputs, worked out from gadget.Plan's documented order.
	blocks, tables []int
	gathered       map[*relation.Block]gathered
	members        []int
	context        int
	salts          []int
	products       map[*relation.Block][2][]relation.Expr // of columns that rows compute
}

func compile(t testing.TB, p *Program) *testCircuit {
	t.Helper()
	c, err := Compile(p)
	require.NoError(t, err)
	k := &testCircuit{Compiled: c, t: t, context: -1, products: map[*relation.Block][2][]relation.Expr{}, gathered: map[*relation.Block]gathered{}}
	n := 0
	if c.Plan.Committed() {
		k.weights = c.Plan.PackedWeights(fr.NewElement(987654321))
		n = c.Plan.Weights() + 1
	}
	single := c.Plan.Weights() // the first of the single weights, which follow the packed ones
	for _, b := range c.Plan.Sys.Blocks {
		if b.Kind == relation.Weight {
			single -= b.Size()
		}
	}
	for _, b := range c.Plan.Sys.Blocks {
		if b.Kind == relation.Weight {
			k.blocks, single = append(k.blocks, single), single+b.Size()
			continue
		}
		if product, ok := c.Plan.Computed(b); ok {
			k.blocks = append(k.blocks, -1)
			k.products[b] = [2][]relation.Expr{product.A.Exprs(), product.B.Exprs()}
			continue
		}
		k.blocks = append(k.blocks, n)
		if b.Kind == relation.Column {
			n += b.Size()
		}
	}
	for _, tab := range c.Plan.Sys.Tables {
		k.tables = append(k.tables, n)
		n += tab.Len()
	}
	for _, s := range c.Plan.Sys.Gathers {
		if _, seen := k.gathered[s.W]; !seen {
			g := gathered{n, k.parts(s.W)}
			k.gathered[s.W] = g
			n += s.W.Shape[0] * g.parts
		}
	}
	for _, m := range c.Plan.Sys.Members {
		k.members = append(k.members, n)
		n += m.Rows.Size()
	}
	if !c.Plan.Plonk {
		k.context = n
		n++
	}
	for _, e := range c.Plan.Sys.Exposes {
		if e.Visibility == statement.Digest {
			k.salts = append(k.salts, n)
			n++
		}
	}
	require.Equal(t, c.Plan.Secrets(), n)
	if c.Plan.Plonk {
		require.NoError(t, c.Plan.Check(c.System.(*cs.SparseR1CS)))
	}
	return k
}

// restored is the circuit with its system read from bytes.
func (k *testCircuit) restored() *testCircuit {
	k.t.Helper()
	stored, err := k.StoreSystem()
	require.NoError(k.t, err)
	r := *k
	r.Compiled, err = Restore(k.Program, stored)
	require.NoError(k.t, err)
	again, err := r.StoreSystem()
	require.NoError(k.t, err)
	require.Equal(k.t, stored, again)
	return &r
}

var testContext = fr.NewElement(4242)

func testSalt() (fr.Element, error) { return fr.NewElement(1717), nil }

// honest returns the witness of an inference.
func (k *testCircuit) honest(inputs [][]int64) *gadget.Witness {
	k.t.Helper()
	w, err := k.Witness(inputs, k.weights, testContext, testSalt)
	require.NoError(k.t, err)
	return w
}

// randomInputs draws inputs from the declared ranges, half of them edges.
func (k *testCircuit) randomInputs(rng *rand.Rand) [][]int64 {
	var out [][]int64
	for _, p := range k.Program.Inputs {
		x := make([]int64, relation.Size(p.Shape))
		edges := []int64{p.Range.Lo, p.Range.Hi, p.Range.Lo + 1, p.Range.Hi - 1, p.Range.Clamp(0), p.Range.Clamp(1), p.Range.Clamp(-1)}
		for i := range x {
			x[i] = p.Range.Lo + rng.Int64N(p.Range.Hi-p.Range.Lo+1)
			if rng.IntN(2) == 0 {
				x[i] = edges[rng.IntN(len(edges))]
			}
		}
		out = append(out, x)
	}
	return out
}

// extremes returns inputs all low, all high, and alternating.
func (k *testCircuit) extremes() [][][]int64 {
	fill := func(f func(p *Port, i int) int64) (out [][]int64) {
		for n := range k.Program.Inputs {
			p := &k.Program.Inputs[n]
			x := make([]int64, relation.Size(p.Shape))
			for i := range x {
				x[i] = f(p, i)
			}
			out = append(out, x)
		}
		return out
	}
	return [][][]int64{
		fill(func(p *Port, _ int) int64 { return p.Range.Lo }),
		fill(func(p *Port, _ int) int64 { return p.Range.Hi }),
		fill(func(p *Port, i int) int64 { return []int64{p.Range.Lo, p.Range.Hi}[i%2] }),
		fill(func(p *Port, i int) int64 { return p.Range.Lo + int64(i)%(p.Range.Hi-p.Range.Lo+1) }),
	}
}

// solve runs the circuit on a witness and returns the error of a violated constraint, or
// nil. Any other error fails the test.
func (k *testCircuit) solve(w *gadget.Witness) error {
	k.t.Helper()
	err := gadgettest.Solve(k.Plan, k.System, w)
	var unsatisfied *gadgettest.Unsatisfied
	if err != nil && !errors.As(err, &unsatisfied) {
		k.t.Fatalf("the solver failed otherwise than by a violated constraint: %v", err)
	}
	return err
}

// accepts checks that an inference is provable and that its statement holds what Eval
// computes.
func (k *testCircuit) accepts(inputs [][]int64) {
	k.t.Helper()
	require.NoError(k.t, k.solve(k.honest(inputs)), "honest witness of %v", inputs)
}

// expr evaluates a relation's expression over a lying witness. Parameters keep their
// values; a Deferred element is what its contraction says.
func (k *testCircuit) expr(e *relation.Expr, secret fr.Vector) (v fr.Element) {
	v.SetInt64(e.Const)
	for _, m := range e.Terms {
		var x, c fr.Element
		switch m.Block.Kind {
		case relation.Deferred:
			x = k.deferred(m.Block, m.Index, secret)
		default:
			if f, ok := k.products[m.Block]; ok {
				a, b := k.expr(&f[0][m.Index], secret), k.expr(&f[1][m.Index], secret)
				x.Mul(&a, &b)
				break
			}
			x = secret[k.blocks[m.Block.ID]+m.Index]
		}
		v.Add(&v, x.Mul(&x, c.SetInt64(m.Coef)))
	}
	return v
}

// deferred evaluates element i of a block that a matrix product packs into the output.
func (k *testCircuit) deferred(b *relation.Block, i int, secret fr.Vector) (v fr.Element) {
	for _, c := range k.Plan.Sys.Contracts {
		if c.Out.Block() != b {
			continue
		}
		x, w := c.X.Exprs(), c.W.Values()
		v.SetInt64(c.Bias.Values()[i])
		for n := range x {
			var coef fr.Element
			y := k.expr(&x[n], secret)
			v.Add(&v, y.Mul(&y, coef.SetInt64(w[i*len(x)+n])))
		}
	}
	return v
}

// claim returns the statement that a lying witness would be about: its own inputs and
// outputs, packed as field elements.
func (k *testCircuit) claim(secret fr.Vector) fr.Vector {
	out := fr.Vector{testContext}
	if k.context >= 0 {
		out[0] = secret[k.context]
	}
	salt := 0
	for _, e := range k.Plan.Sys.Exposes {
		if e.Visibility == statement.Private {
			continue
		}
		base := new(big.Int).SetInt64(e.Interval.Hi - e.Interval.Lo + 1)
		limit, digits, power := new(big.Int).Lsh(big.NewInt(1), 253), 0, new(big.Int).Set(base)
		for ; power.Cmp(limit) <= 0; power.Mul(power, base) {
			digits++
		}
		var packed fr.Vector
		exprs := e.T.Exprs()
		for from := 0; from < len(exprs); from += digits {
			var sum, b fr.Element
			b.SetBigInt(base)
			for i := min(from+digits, len(exprs)) - 1; i >= from; i-- {
				d, lo := k.expr(&exprs[i], secret), new(fr.Element).SetInt64(e.Interval.Lo)
				sum.Mul(&sum, &b).Add(&sum, d.Sub(&d, lo))
			}
			packed = append(packed, sum)
		}
		if e.Visibility == statement.Digest {
			d, err := poseidon2.Sum(append(packed, secret[k.salts[salt]]))
			require.NoError(k.t, err)
			packed, salt = fr.Vector{d}, salt+1
		}
		out = append(out, packed...)
	}
	return out
}

// recount repairs the multiplicities of a lying witness: each table's rows are counted
// over its own queries. Queries that are no rows cannot be counted.
func (k *testCircuit) recount(secret fr.Vector) {
	for i, t := range k.Plan.Sys.Tables {
		clear(secret[k.tables[i]:][:t.Len()])
	}
	one := fr.One()
	for _, l := range k.Plan.Sys.Lookups {
		at := -1
		for i, t := range k.Plan.Sys.Tables {
			if t == l.Table {
				at = k.tables[i]
			}
		}
		x := l.Cols[0].Exprs()
		for n := range x {
			v := k.expr(&x[n], secret)
			q, ok := smallInt(&v)
			if !ok || !l.Table.Domain.Contains(q) {
				continue
			}
			m := &secret[at+int(q-l.Table.Domain.Lo)]
			m.Add(m, &one)
		}
	}
	k.recountGathered(secret)
}

// smallInt returns a field element's integer if that is below 2^62 in size.
func smallInt(x *fr.Element) (int64, bool) {
	v := x.BigInt(new(big.Int))
	if half := new(big.Int).Rsh(fr.Modulus(), 1); v.Cmp(half) > 0 {
		v.Sub(v, fr.Modulus())
	}
	return v.Int64(), v.BitLen() <= 62
}

// isTrue reports whether a statement is true of the inputs in a lying witness's columns, and
// of a model with its single weights: then it is no lie, however the witness came about, or
// one that the model's commitment alone keeps from being told.
func (k *testCircuit) isTrue(secret, statement fr.Vector) bool {
	model := k.Compiled
	for i, b := range k.Plan.Sys.Blocks {
		if b.Kind != relation.Weight || equal(secret[k.blocks[i]:][:b.Size()], k.weights[k.blocks[i]:][:b.Size()]) {
			continue
		}
		if model = k.withSingleWeights(secret); model == nil {
			return false
		}
		break
	}
	var inputs [][]int64
	for i, p := range k.Program.Inputs {
		x := make([]int64, relation.Size(p.Shape))
		e := k.inputTensor(i).Exprs()
		for j := range x {
			v := k.expr(&e[j], secret)
			q, ok := smallInt(&v)
			if !ok || !p.Range.Contains(q) {
				return false
			}
			x[j] = q
		}
		inputs = append(inputs, x)
	}
	salt := 0
	w, err := model.Witness(inputs, k.weights, statement[0], func() (fr.Element, error) {
		salt++
		return secret[k.salts[salt-1]], nil
	})
	return err == nil && equal(w.Statement, statement)
}

// inputTensor returns input i's tensor: inputs are exposed first, in order.
func (k *testCircuit) inputTensor(i int) relation.Tensor { return k.Plan.Sys.Exposes[i].T }

func equal(x, y fr.Vector) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}

func clone(w *gadget.Witness) *gadget.Witness {
	return &gadget.Witness{Secret: append(fr.Vector{}, w.Secret...), Statement: append(fr.Vector{}, w.Statement...)}
}

// seeded returns a random source that a test's name fixes.
func seeded(t testing.TB) *rand.Rand {
	sum := sha256.Sum256([]byte(t.Name()))
	return rand.New(rand.NewPCG(binary.BigEndian.Uint64(sum[:]), 1))
}
