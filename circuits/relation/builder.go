package relation

import (
	"fmt"
	"slices"

	"github.com/nnark/nnark/fixedpoint"
	"github.com/nnark/nnark/verifier/statement"
)

// Lookup says: for every element i, the tuple (Cols[0][i], Cols[1][i], …) is a row of
// the table. One column is a range check, two are a function.
type Lookup struct {
	Node  string // that made the statement, for messages and reports
	Table *Table
	Cols  []Tensor
}

// Product says: A·B = C, element by element.
type Product struct {
	Node    string
	A, B, C Tensor
}

// Zero says: every element of T is zero.
type Zero struct {
	Node string
	T    Tensor
}

// Contract says: for every output channel o and position p,
//
//	Out[o,p] = Bias[o] + Σ_{c,t} W[o,c,t] · X[c, Stride·p + Dilation·t - Pad]
//
// with X zero outside its shape. X is [C,R,Q], Out [O,I,J], W [O,C,A,B] a parameter
// block, Bias [O] a parameter block or nil. A matrix product is the case A = B = 1.
type Contract struct {
	Node     string
	X, Out   Tensor
	W, Bias  *Block
	Stride   [2]int
	Dilation [2]int
	Pad      [2]int // before the first row and column
}

// MatMul says: Out = A·B, all of them committed integers. A is [M,K], B [K,N], Out [M,N].
// It bounds no output: other statements do.
type MatMul struct {
	Node      string
	A, B, Out Tensor
}

// Expose puts a tensor of integers in [Lo,Hi] into the statement, packed in base
// Hi-Lo+1 (package verifier, Pack).
type Expose struct {
	Name       string
	T          Tensor
	Interval   fixedpoint.Interval
	Visibility statement.Visibility
}

// Builder collects blocks and statements.
type Builder struct {
	sys       System
	functions map[string]*Table
	atLeast   []atLeast
	hosting   map[*Table]bool // tables in which such a check has been made
	honest    []known
	within    []atLeast // those that are made only where bounds do not say the same
	node      string
	size      int   // elements of blocks and statements so far
	err       error // the first that [Builder.Finish] reports
}

// NewBuilder returns an empty builder.
func NewBuilder() *Builder {
	return &Builder{functions: map[string]*Table{}, hosting: map[*Table]bool{}}
}

// Node names the graph node the statements that follow belong to.
func (b *Builder) Node(name string) { b.node = name }

// Column adds columns for a tensor of integers; fill computes them for an honest prover.
func (b *Builder) Column(name string, shape []int, fill func(*Assignment) []int64) Tensor {
	return Of(b.block(name, shape, Column, fill))
}

// Accumulator adds columns like [Builder.Column] whose honest values lie in an interval.
// Where no statement bounds an element (nothing reads it, say), [Builder.Finish] does:
// packing needs every integer inside an enforced interval, also those that do not matter.
func (b *Builder) Accumulator(name string, shape []int, honest fixedpoint.Interval, fill func(*Assignment) []int64) Tensor {
	t := b.Column(name, shape, fill)
	b.honest = append(b.honest, known{t, honest, b.node})
	return t
}

// Deferred adds a tensor that is the output of one Contract and otherwise only exposed:
// it needs no columns.
func (b *Builder) Deferred(name string, shape []int, fill func(*Assignment) []int64) Tensor {
	return Of(b.block(name, shape, Deferred, fill))
}

// Param adds a block of model parameters.
func (b *Builder) Param(name string, shape []int, values []int64) *Block {
	return b.block(name, shape, Param, func(*Assignment) []int64 { return values })
}

// Weight adds a tensor of model parameters that statements of all kinds may use, and says
// that each element lies in the interval: a model's maker can commit to anything, and what
// is derived from these integers must hold all the same.
func (b *Builder) Weight(name string, shape []int, values []int64, in fixedpoint.Interval) Tensor {
	t := Of(b.block(name, shape, Weight, func(*Assignment) []int64 { return values }))
	b.Below(t.PlusConst(-in.Lo), in.Hi-in.Lo+1) // the tables of remainders serve too
	return t
}

// Below says 0 <= t < n exactly.
func (b *Builder) Below(t Tensor, n int64) {
	if n > 1<<17 || n > 1<<12 && (n-1)/8 > int64(t.Size()) { // a table would be too large, or cost more than digits
		b.NonNegative(t, n-1)
		b.NonNegative(Const(t.Shape, n-1).Minus(t), n-1)
		return
	}
	b.Range(t, fixedpoint.Interval{Lo: 0, Hi: n - 1})
}

// fail keeps the first error for [Builder.Finish], with the node's name.
func (b *Builder) fail(err error) {
	if b.err == nil {
		b.err = fmt.Errorf("%s: %w", b.node, err)
	}
}

// grow counts n more elements.
func (b *Builder) grow(n int) {
	if b.size += n; n > maxElements || b.size > maxElements {
		b.size = maxElements + 1
		b.fail(fmt.Errorf("more than 2^28 columns, rows and statements: %w", ErrSize))
	}
}

func (b *Builder) block(name string, shape []int, k Kind, fill func(*Assignment) []int64) *Block {
	if b.node != "" {
		name = b.node + "/" + name
	}
	blk := &Block{ID: len(b.sys.Blocks), Node: b.node, Name: name, Shape: slices.Clone(shape), Kind: k, fill: fill}
	b.sys.Blocks = append(b.sys.Blocks, blk)
	b.grow(blk.Size())
	return blk
}

// Lookup adds a [Lookup] statement.
func (b *Builder) Lookup(t *Table, cols ...Tensor) {
	if len(cols) != t.columns() {
		panic(fmt.Sprintf("relation: %d expressions for table %s of %d columns", len(cols), t.Name, t.columns()))
	}
	b.grow(cols[0].Size())
	b.sys.Lookups = append(b.sys.Lookups, Lookup{b.node, t, cols})
}

// Product adds a [Product] statement.
func (b *Builder) Product(x, y, z Tensor) {
	b.grow(x.Size())
	b.sys.Products = append(b.sys.Products, Product{b.node, x, y, z})
}

// Contract adds a [Contract] statement.
func (b *Builder) Contract(c Contract) {
	c.Node = b.node
	b.sys.Contracts = append(b.sys.Contracts, c)
}

// MatMul adds a [MatMul] statement.
func (b *Builder) MatMul(x, y, out Tensor) {
	if x.Shape[1] != y.Shape[0] || out.Shape[0] != x.Shape[0] || out.Shape[1] != y.Shape[1] {
		panic(fmt.Sprintf("relation: product of %v and %v as %v", x.Shape, y.Shape, out.Shape))
	}
	b.sys.MatMuls = append(b.sys.MatMuls, MatMul{b.node, x, y, out})
}

// Zero says that every element of t is zero.
func (b *Builder) Zero(t Tensor) { b.sys.Zeros = append(b.sys.Zeros, Zero{b.node, t}) }

// Expose adds an [Expose] statement.
func (b *Builder) Expose(e Expose) { b.sys.Exposes = append(b.sys.Exposes, e) }

// Range says lo <= t <= hi exactly.
func (b *Builder) Range(t Tensor, r fixedpoint.Interval) {
	b.Lookup(b.Function(fmt.Sprintf("range [%d,%d]", r.Lo, r.Hi), r, nil), t)
}

// Function returns the table of rows (x, f(x)) for x in domain, or of single values x
// if f is nil. Requests with one key share a table whose domain is the union of theirs:
// key must determine f. Domains too far apart for one table of [MaxRows] get their own.
func (b *Builder) Function(key string, domain fixedpoint.Interval, f func(int64) int64) *Table {
	if err := validDomain(key, domain); err != nil {
		b.fail(err)
		return &Table{Name: key, f: f}
	}
	t, ok := b.functions[key]
	if !ok || t.Domain.Union(domain).Width() >= MaxRows {
		t = &Table{Name: key, Domain: domain, f: f}
		b.functions[key] = t
		b.sys.Tables = append(b.sys.Tables, t)
	}
	t.Domain = t.Domain.Union(domain)
	return t
}

// atLeast is a range check whose upper bound the engine may raise.
type atLeast struct {
	t     Tensor
	bound int64
	name  string
}

// known is a tensor of columns with the interval of its honest values.
type known struct {
	t    Tensor
	in   fixedpoint.Interval
	name string
}

// NonNegative says 0 <= t <= B for some B >= bound that [Builder.Finish] chooses: the
// statement to make where only the sign matters and the bound is for the honest prover.
func (b *Builder) NonNegative(t Tensor, bound int64) {
	if bound >= limit {
		b.fail(fmt.Errorf("a range check up to %d: %w", bound, ErrRange))
		return
	}
	b.atLeast = append(b.atLeast, atLeast{t, max(bound, 0), b.node})
}

// Within says that t lies in the interval, by range checks of each side and element of which other
// statements do not say it. It is the statement to make where both ends matter.
func (b *Builder) Within(t Tensor, in fixedpoint.Interval) {
	span := in.Hi - in.Lo
	if span < 0 || span >= limit {
		b.fail(fmt.Errorf("range checks of both sides of %v: %w", in, ErrRange))
		return
	}
	b.within = append(b.within, atLeast{t.PlusConst(-in.Lo), span, b.node}, atLeast{Const(t.Shape, in.Hi).Minus(t), span, b.node})
}

// Equals says t = u.
func (b *Builder) Equals(t, u Tensor) { b.Zero(t.Minus(u)) }

// Max says out is the largest element of each group: for each j, out[j] = max_i xs[i][j].
// span bounds the honest difference between the largest and the smallest.
//
// Soundness: every out - x_i >= 0, so out is no smaller than any; the product of the
// differences is zero, so it equals one of them.
func (b *Builder) Max(xs []Tensor, out Tensor, span int64) {
	n := maxFactors(span)
	if n == 0 && len(xs) > 1 {
		b.fail(fmt.Errorf("a maximum of values that differ by up to %d: %w", span, ErrRange))
		return
	}
	if len(xs) > max(n, 1) {
		xs = b.groupMax(xs, n, span)
		b.Max(xs, out, span)
		return
	}
	diffs := make([]Tensor, len(xs))
	for i, x := range xs {
		diffs[i] = out.Minus(x)
		b.NonNegative(diffs[i], span)
	}
	if len(diffs) == 1 {
		b.Zero(diffs[0])
		return
	}
	h := (len(diffs) + 1) / 2
	b.Product(b.product(diffs[:h]), b.product(diffs[h:]), Const(out.Shape, 0))
}

// maxFactors is how many differences up to span one product may take: each half of it
// is a column that must fit an int64.
func maxFactors(span int64) int {
	n, limit := 0, int64(1)<<61
	for v := int64(1); v <= limit/max(span, 2); v *= max(span, 2) {
		n++
	}
	return 2 * n
}

// groupMax replaces each n tensors by a new one that holds their largest elements.
func (b *Builder) groupMax(xs []Tensor, n int, span int64) []Tensor {
	var out []Tensor
	for group := range slices.Chunk(xs, n) {
		m := b.Column("max", group[0].Shape, func(a *Assignment) []int64 {
			best := a.Eval(group[0])
			for _, x := range group[1:] {
				for i, v := range a.Eval(x) {
					best[i] = max(best[i], v)
				}
			}
			return best
		})
		b.Max(group, m, span)
		out = append(out, m)
	}
	return out
}

// product returns the product of all tensors, by columns in a balanced tree, for a test
// of zero: that holds over the field whatever the columns' intervals are.
func (b *Builder) product(xs []Tensor) Tensor {
	if len(xs) == 1 {
		return xs[0]
	}
	h := (len(xs) + 1) / 2
	z := b.Mul("product", b.product(xs[:h]), b.product(xs[h:]))
	b.sys.unbounded = append(b.sys.unbounded, z.Block())
	return z
}

// Mul adds columns for x·y and the product that fixes them.
func (b *Builder) Mul(name string, x, y Tensor) Tensor {
	z := b.Column(name, x.Shape, func(a *Assignment) []int64 {
		p, q := a.Eval(x), a.Eval(y)
		for i := range p {
			p[i] = a.mulAdd(0, p[i], q[i])
		}
		return p
	})
	b.Product(x, y, z)
	return z
}

// DivRound says out = floor((2·num + den) / (2·den)): num/den rounded, ties up, for
// den > 0; den is at most denMax.
//
// Soundness: 2·num + den = out·2·den + rem with 0 <= rem < 2·den over the integers (the
// interval of every term is known and far below the modulus) has one solution.
func (b *Builder) DivRound(num, den, out Tensor, denMax int64) {
	if denMax >= limit/2 {
		b.fail(fmt.Errorf("a divisor of up to %d: %w", denMax, ErrRange))
		return
	}
	p := b.Mul("quotient·denominator", out, den)
	rem := num.Minus(p).Times(2).Plus(den)
	b.NonNegative(rem, 2*denMax)
	b.NonNegative(den.Times(2).PlusConst(-1).Minus(rem), 2*denMax)
}

// Divide says num = out·den + rem with 0 <= rem < den: out is num/den rounded down, for den > 0;
// den is at most denMax.
//
// Soundness: over the integers (the interval of every term is known and far below the modulus)
// there is one such out and rem. The field's own quotient, which would leave nothing over, is
// outside every interval where it is no integer.
func (b *Builder) Divide(num, den, out, rem Tensor, denMax int64) {
	b.Product(out, den, num.Minus(rem))
	b.NonNegative(rem, denMax-1)
	b.NonNegative(den.PlusConst(-1).Minus(rem), denMax-1)
}
