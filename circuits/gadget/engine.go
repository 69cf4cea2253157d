package gadget

import (
	"fmt"
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"

	"github.com/nnark/nnark/circuits/relation"
)

// Circuit is the gnark circuit of a plan. Under Groth16 its one public input is the fold
// of the statement (funnel.go); under PLONK the public inputs are the statement.
type Circuit struct {
	Public []frontend.Variable `gnark:",public"`
	Secret []frontend.Variable

	plan    *Plan
	weights fr.Vector // see CircuitOf
}

// Circuit returns an empty circuit for frontend.Compile.
func (p *Plan) Circuit() *Circuit {
	n := 1
	if p.Plonk {
		n = p.StatementSize()
	}
	return &Circuit{Public: make([]frontend.Variable, n), Secret: make([]frontend.Variable, p.secrets), plan: p}
}

// CircuitOf is [Plan.Circuit] of one private model under PLONK: its weights, which
// [Plan.PackedWeights] returns, are in the selectors as in its key. It is as secret as they
// are, and serves gnark's own setup and prover; nnark's take the weights apart from the circuit.
func (p *Plan) CircuitOf(weights fr.Vector) *Circuit {
	c := p.Circuit()
	if p.Plonk && p.committed {
		c.weights = weights
	}
	return c
}

// Define implements frontend.Circuit; the package comment explains the order.
func (c *Circuit) Define(api frontend.API) error {
	e := newEngine(api, c.plan, c.Secret)
	if e.Plonk {
		if err := e.beginPlonk(c); err != nil {
			return err
		}
	}
	e.before()
	statement, err := e.statement()
	if err != nil {
		return err
	}
	if err := e.challenge(c, statement); err != nil {
		return err
	}
	e.after()
	if e.Plonk {
		return e.finish()
	}
	return nil
}

// before makes the statements that need no challenge.
func (e *engine) before() {
	for i := range e.Sys.Products {
		e.product(i)
	}
	for i := range e.Sys.Zeros {
		e.zeros(i)
	}
	for _, k := range e.Contracts {
		if !k.projected {
			e.contractPacked(k)
		}
	}
	for _, m := range e.MatMuls {
		if !m.projected {
			e.matMul(m)
		}
	}
}

// after makes those at the challenge.
func (e *engine) after() {
	for _, k := range e.Contracts {
		if k.projected {
			e.contractProjected(k)
		}
	}
	for _, m := range e.MatMuls {
		if m.projected {
			e.matMul(m)
		}
	}
	e.lookups()
}

// engine holds what one call of Define has built so far.
type engine struct {
	*Plan
	api      frontend.API
	secret   []frontend.Variable
	deferred map[int][]frontend.Variable // packed elements of Deferred blocks
	z        frontend.Variable           // the challenge
	powers   map[int]frontend.Variable   // of z

	// R1CS only: constraints with chosen sides, and batches of quotients.
	generic, divide constraint.BlueprintID
	plonk                // PLONK only
	plain           bool // in a circuit of a builder that is not known: nothing but frontend.API
}

func newEngine(api frontend.API, p *Plan, secret []frontend.Variable) *engine {
	e := &engine{Plan: p, api: api, secret: secret,
		deferred: map[int][]frontend.Variable{}, powers: map[int]frontend.Variable{}}
	if e.plain = p.Embedded && !isR1CS(api, secret[0]); e.plain {
		return e
	}
	if !e.Plonk {
		e.generic = api.Compiler().AddBlueprint(&constraint.BlueprintGenericR1C{})
		e.divide = api.Compiler().AddBlueprint(&divideBlueprint{})
		return e
	}
	e.rows, e.loaded = newRows(api), map[int]*sum{}
	e.api = e.rows
	return e
}

// tensor returns the tensor's elements as circuit expressions.
func (e *engine) tensor(t relation.Tensor) []frontend.Variable {
	exprs := t.Exprs()
	out := make([]frontend.Variable, len(exprs))
	for i := range exprs {
		out[i] = e.expr(&exprs[i])
	}
	return out
}

// expr returns Σ coef·column + const. It costs no constraint, but for differences under
// PLONK, which are wires.
func (e *engine) expr(x *relation.Expr) frontend.Variable {
	if e.Plonk {
		if at, ok := e.places.differences[e.places.key(x)]; ok {
			return e.api.Add(of1(e.places.write(at)), x.Const)
		}
	}
	return e.linearly(x)
}

// linearly is expr without a wire for the whole.
func (e *engine) linearly(x *relation.Expr) frontend.Variable {
	if len(x.Terms) == 1 && x.Terms[0].Coef == 1 && x.Const == 0 {
		return e.column(x.Terms[0].Block, x.Terms[0].Index)
	}
	terms := make([]frontend.Variable, 0, len(x.Terms)+1)
	for _, m := range x.Terms {
		if m.Coef != 0 {
			terms = append(terms, e.api.Mul(e.column(m.Block, m.Index), m.Coef))
		}
	}
	if x.Const != 0 {
		terms = append(terms, x.Const)
	}
	return e.sum(terms)
}

// column returns the wire of a committed integer.
func (e *engine) column(b *relation.Block, i int) frontend.Variable {
	first := e.blocks[b.ID]
	switch {
	case e.Plonk && b.Kind == relation.Column:
		return e.places.value(b, i)
	case first < 0:
		panic(fmt.Sprintf("gadget: block %s has no columns", b.Name))
	case e.Plonk:
		return e.weight(first+i, true)
	}
	return e.secret[first+i]
}

func (e *engine) sum(terms []frontend.Variable) frontend.Variable {
	switch len(terms) {
	case 0:
		return 0
	case 1:
		return terms[0]
	}
	return e.api.Add(terms[0], terms[1], terms[2:]...)
}

// constrain adds the constraint l·r = o with the expressions on these sides. Under
// Groth16 a wire on side r has a base point in G2, four times as dear: r takes small or
// shared values.
func (e *engine) constrain(l, r, o frontend.Variable) {
	if e.plain {
		e.api.AssertIsEqual(e.api.Mul(l, r), o)
		return
	}
	if e.Plonk {
		x, y := e.rows.sum(l), e.rows.sum(r)
		_, constantX := x.constant()
		_, constantY := y.constant()
		if constantX || constantY {
			e.api.AssertIsEqual(e.api.Mul(x, y), o)
			return
		}
		e.rows.product(x, y, e.rows.sum(o), none)
		return
	}
	c := constraint.R1C{L: e.linear(l), R: e.linear(r), O: e.linear(o)}
	var data []uint32
	(&constraint.BlueprintGenericR1C{}).CompressR1C(&c, &data)
	e.api.Compiler().AddInstruction(e.generic, data)
}

// linear returns the builder's form of an expression, constants included.
func (e *engine) linear(v frontend.Variable) constraint.LinearExpression {
	if !frontend.IsCanonical(v) {
		v = e.api.Add(v, 0)
	}
	return e.api.Compiler().ToCanonicalVariable(v).(constraint.LinearExpression)
}

// zero adds the constraint x = 0.
func (e *engine) zero(x frontend.Variable) {
	if e.Plonk || e.plain {
		e.api.AssertIsEqual(x, 0)
		return
	}
	e.constrain(0, 0, x)
}

// zeros adds relation.Zero i. Cost: one constraint an element.
func (e *engine) zeros(i int) {
	for k, x := range e.Sys.Zeros[i].T.Exprs() {
		if !e.Plonk {
			e.zero(e.expr(&x))
		} else {
			e.places.write(e.places.zeros[i][k])
		}
	}
}

// product adds relation.Product i. Cost: one constraint an element. Under PLONK a column
// that is no more than a product is computed, not committed.
func (e *engine) product(i int) {
	p := e.Sys.Products[i]
	if b := p.C.Block(); b != nil && e.Plonk && e.computed[b.ID] == i {
		for k := range b.Size() {
			e.places.value(b, k)
		}
		return
	}
	a, b, c := e.tensor(p.A), e.tensor(p.B), e.tensor(p.C)
	for i := range a {
		e.constrain(a[i], b[i], c[i])
	}
}

// mulSumEquals adds Σ a_i·b_i = total. Cost: len(a) constraints, the last of which also
// states the equality; one linear constraint where every a_i is a constant.
func (e *engine) mulSumEquals(a, b []frontend.Variable, total frontend.Variable) {
	if e.Plonk {
		e.api.AssertIsEqual(e.mulSum(a, b), total)
		return
	}
	rest := []frontend.Variable{total}
	last := -1
	for i := range a {
		if _, constant := a[i].(*big.Int); !constant {
			last = i
		}
	}
	for i := range a {
		if i != last {
			rest = append(rest, e.api.Neg(e.api.Mul(a[i], b[i])))
		}
	}
	if last < 0 {
		e.zero(e.sum(rest))
		return
	}
	e.constrain(a[last], b[last], e.sum(rest))
}

// mulSum returns Σ a_i·b_i. Cost: one constraint for each a_i that is not a constant.
func (e *engine) mulSum(a, b []frontend.Variable) frontend.Variable {
	terms := make([]frontend.Variable, len(a))
	for i := range a {
		terms[i] = e.api.Mul(a[i], b[i])
	}
	return e.sum(terms)
}

// pow returns z^k: powers of two by squaring, others below step along a chain, above it
// as z^(step·i)·z^j, so that a grid z^(step·i + j) costs one constraint a point.
func (e *engine) pow(k, step int) frontend.Variable {
	if k == 0 {
		return 1
	}
	if v, ok := e.powers[k]; ok {
		return v
	}
	var v frontend.Variable
	switch lo := k % step; {
	case k == 1:
		v = e.z
	case k&(k-1) == 0:
		h := e.pow(k/2, step)
		v = e.api.Mul(h, h)
	case k < step:
		v = e.api.Mul(e.pow(k-1, step), e.z)
	case lo == 0:
		v = e.api.Mul(e.pow(k-step, step), e.pow(step, step))
	default:
		v = e.api.Mul(e.pow(k-lo, step), e.pow(lo, step))
	}
	e.powers[k] = v
	return v
}
