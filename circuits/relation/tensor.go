package relation

import (
	"fmt"
	"slices"
)

// Block is a tensor of integers of one kind: columns the prover commits to, or a
// model's parameters.
type Block struct {
	ID    int
	Node  string // that it is for
	Name  string
	Shape []int
	Kind  Kind

	fill func(*Assignment) []int64 // how an honest prover computes it
}

// Kind says who fixes a block's values.
type Kind uint8

const (
	Column   Kind = iota // committed by the prover in every proof
	Param                // fixed by the model: committed once, or constants of the circuit
	Weight               // fixed by the model like Param, with a place of its own: a tensor like columns
	Deferred             // never materialised: the output of one Contract that is only exposed
	one                  // the constant 1 in every place: what a view makes of a constant
)

// Size returns the number of elements.
func (b *Block) Size() int { return Size(b.Shape) }

// Values returns a Param block's integers.
func (b *Block) Values() []int64 { return b.fill(nil) }

// Size returns the number of elements of a shape.
func Size(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}

// Tensor is an affine expression for each element of a shape: Σ coef·view(block) +
// constant. Tensors are values; operations return new ones. None of them fails: a tensor
// whose coefficients or constants pass 2^62 on the way is refused by [Builder.Finish], even
// where later ones would have brought them back.
type Tensor struct {
	Shape []int
	terms []term
	cst   int64 // added to every element
	wide  bool  // a coefficient or the constant reached the limit: no statement may be made of it
}

type term struct {
	block *Block
	views []*View // applied first to last, from the block to the tensor
	coef  int64
}

// read follows the views from element i of the tensor to an element of the block, and
// returns its index, -1 for none, and coefficient; ok is false if that reaches the limit.
func (m *term) read(i int, buf []int) (index int, coef int64, ok bool) {
	return follow(m.views, i, m.coef, buf)
}

func follow(views []*View, i int, by int64, buf []int) (index int, coef int64, ok bool) {
	coef, ok = by, true
	for k := len(views) - 1; k >= 0 && i >= 0; k-- {
		if v := views[k]; v.Factor != nil && ok {
			coef, ok = times(coef, v.Factor[i])
		}
		i = views[k].source(i, buf)
	}
	if i < 0 || ok && coef == 0 {
		return -1, 0, true
	}
	return i, coef, ok
}

// Of returns the tensor of a block's own elements.
func Of(b *Block) Tensor {
	return Tensor{Shape: b.Shape, terms: []term{{block: b, coef: 1}}}
}

// Const returns a tensor of one constant.
func Const(shape []int, c int64) Tensor { return Tensor{Shape: shape, cst: c} }

// Constants returns a tensor of constants.
func Constants(shape []int, values []int64) Tensor { return Const(shape, 1).Scaled(values) }

// Size returns the number of elements.
func (t Tensor) Size() int { return Size(t.Shape) }

// Block returns the block the tensor is, element for element, or nil.
func (t Tensor) Block() *Block {
	if len(t.terms) == 1 && t.cst == 0 && t.terms[0].coef == 1 && len(t.terms[0].views) == 0 {
		return t.terms[0].block
	}
	return nil
}

// IsConst reports whether the tensor is one constant.
func (t Tensor) IsConst() bool { return len(t.terms) == 0 }

// Plus returns t + u; the shapes have equal sizes.
func (t Tensor) Plus(u Tensor) Tensor {
	if t.Size() != u.Size() {
		panic(fmt.Sprintf("relation: sum of shapes %v and %v", t.Shape, u.Shape))
	}
	return Sum(t, u)
}

// Sum returns the sum of tensors of one size, at least one.
func Sum(ts ...Tensor) Tensor {
	out := Tensor{Shape: ts[0].Shape}
	for _, t := range ts {
		if t.Size() != out.Size() {
			panic(fmt.Sprintf("relation: sum of shapes %v and %v", out.Shape, t.Shape))
		}
		cst, ok := plus(out.cst, t.cst)
		out.cst, out.wide = cst, out.wide || t.wide || !ok
		out.terms = append(out.terms, t.terms...)
	}
	return out.merged()
}

// Minus returns t - u.
func (t Tensor) Minus(u Tensor) Tensor { return t.Plus(u.Times(-1)) }

// Times returns k·t.
func (t Tensor) Times(k int64) Tensor {
	cst, ok := times(t.cst, k)
	out := Tensor{Shape: t.Shape, cst: cst, terms: slices.Clone(t.terms), wide: t.wide || !ok}
	for i := range out.terms {
		coef, ok := times(out.terms[i].coef, k)
		out.terms[i].coef, out.wide = coef, out.wide || !ok
	}
	return out
}

// PlusConst returns t + k.
func (t Tensor) PlusConst(k int64) Tensor {
	cst, ok := plus(t.cst, k)
	t.cst, t.wide = cst, t.wide || !ok
	return t
}

// merged adds up terms over the same view of the same block and drops zeros, so that
// an expression substituted into another cancels.
func (t Tensor) merged() Tensor {
	type link struct {
		before int // number of the views before it
		view   *View
	}
	type key struct {
		block *Block
		views int
	}
	numbers := map[link]int{} // of lists of views; 0 is the empty one
	at := map[key]int{}
	var terms []term
	for _, m := range t.terms {
		k := key{block: m.block}
		for _, v := range m.views {
			l := link{k.views, v}
			if numbers[l] == 0 {
				numbers[l] = len(numbers) + 1
			}
			k.views = numbers[l]
		}
		if i, ok := at[k]; ok {
			coef, ok := plus(terms[i].coef, m.coef)
			terms[i].coef, t.wide = coef, t.wide || !ok
			continue
		}
		at[k] = len(terms)
		terms = append(terms, m)
	}
	t.terms = slices.DeleteFunc(terms, func(m term) bool { return m.coef == 0 })
	return t
}

// Reshape returns the same elements, row-major, in another shape.
func (t Tensor) Reshape(shape ...int) Tensor {
	if Size(shape) != t.Size() {
		panic(fmt.Sprintf("relation: reshape of %v to %v", t.Shape, shape))
	}
	t.Shape = slices.Clone(shape)
	return t
}

// Apply returns the tensor seen through a view; v.In is the tensor's shape. Elements
// outside the source are zero.
func (t Tensor) Apply(v *View) Tensor {
	if Size(v.In) != t.Size() {
		panic(fmt.Sprintf("relation: view of %v applied to %v", v.In, t.Shape))
	}
	out := Tensor{Shape: v.Out, terms: slices.Clone(t.terms), wide: t.wide}
	if t.cst != 0 {
		out.terms = append(out.terms, term{block: &Block{Name: "1", Shape: t.Shape, Kind: one}, coef: t.cst})
	}
	for i := range out.terms {
		out.terms[i].views = append(slices.Clone(out.terms[i].views), v)
	}
	return out
}

// Transpose permutes the axes: axis k of the result is axis perm[k] of t.
func (t Tensor) Transpose(perm ...int) Tensor {
	v := &View{In: t.Shape, Start: make([]int, len(perm)), Step: zeros(len(perm), len(perm))}
	for k, p := range perm {
		v.Out = append(v.Out, t.Shape[p])
		v.Step[p][k] = 1
	}
	return t.Apply(v)
}

// Slice returns, for each axis k, the size[k] elements start[k], start[k]+step[k], …;
// indices outside t are zero (padding).
func (t Tensor) Slice(start, step, size []int) Tensor {
	v := &View{In: t.Shape, Out: slices.Clone(size), Start: slices.Clone(start), Step: zeros(len(size), len(size))}
	for k, s := range step {
		v.Step[k][k] = s
	}
	return t.Apply(v)
}

// Broadcast repeats t along axes of size 1 or missing leading axes (NumPy's rule).
func (t Tensor) Broadcast(shape []int) Tensor {
	if slices.Equal(shape, t.Shape) {
		return t
	}
	v := &View{In: t.Shape, Out: slices.Clone(shape), Start: make([]int, len(t.Shape)), Step: zeros(len(t.Shape), len(shape))}
	for i, d := range t.Shape {
		if k := len(shape) - len(t.Shape) + i; d == shape[k] {
			v.Step[i][k] = 1
		}
	}
	return t.Apply(v)
}

// Gather returns the tensor of a shape whose element i is element index[i] of t, or zero
// where that is -1.
func (t Tensor) Gather(shape, index []int) Tensor {
	return t.Apply(&View{In: t.Shape, Out: slices.Clone(shape), Index: index})
}

// Scaled returns t with element i multiplied by factors[i].
func (t Tensor) Scaled(factors []int64) Tensor {
	v := &View{In: t.Shape, Out: t.Shape, Start: make([]int, len(t.Shape)), Step: zeros(len(t.Shape), len(t.Shape)), Factor: factors}
	for k := range t.Shape {
		v.Step[k][k] = 1
	}
	return t.Apply(v)
}

func zeros(n, m int) [][]int {
	z := make([][]int, n)
	for i := range z {
		z[i] = make([]int, m)
	}
	return z
}

// Expr is one element of a tensor: Σ Coef·Block[Index] + Const.
type Expr struct {
	Terms []Term
	Const int64
}

// Term is a scaled element of a block.
type Term struct {
	Block *Block
	Index int
	Coef  int64
}

// Exprs returns the tensor's elements. The slices share one backing array. Tensors of a
// finished [System] have them; of others, a coefficient beyond 2^62 panics.
func (t Tensor) Exprs() []Expr {
	out, ok := t.exprs()
	if !ok {
		panic("relation: a coefficient reaches 2^62")
	}
	return out
}

// exprs is [Tensor.Exprs]; ok is false if a coefficient or constant reaches the limit.
func (t Tensor) exprs() (out []Expr, ok bool) {
	n := t.Size()
	out, ok = make([]Expr, n), !t.wide
	store := make([]Term, 0, n*len(t.terms))
	var buf [16]int
	var places map[Term]int // of long expressions' terms in the store
	if len(t.terms) > longSum {
		places = map[Term]int{}
	}
	for i := range out {
		from, cst := len(store), t.cst
		clear(places)
		for k := range t.terms {
			m := &t.terms[k]
			idx, coef, fits := m.read(i, buf[:])
			switch {
			case idx < 0:
			case m.block.Kind == one:
				var sum bool
				cst, sum = plus(cst, coef)
				fits = fits && sum
			default:
				var sum bool
				store, sum = addTerm(store, from, places, Term{m.block, idx, coef})
				fits = fits && sum
			}
			ok = ok && fits
		}
		out[i] = Expr{Terms: store[from:len(store):len(store)], Const: cst}
	}
	return out, ok
}

// longSum is the number of terms from which a map finds equal ones.
const longSum = 32

// addTerm appends m to the expression that starts at from, or adds it to an equal term; ok
// is false if the coefficient reaches the limit.
func addTerm(store []Term, from int, places map[Term]int, m Term) (out []Term, ok bool) {
	i := from
	if places == nil {
		for i < len(store) && (store[i].Block != m.Block || store[i].Index != m.Index) {
			i++
		}
	} else {
		k := Term{Block: m.Block, Index: m.Index}
		at, ok := places[k]
		if !ok {
			at = len(store)
			places[k] = at
		}
		i = at
	}
	if i < len(store) {
		store[i].Coef, ok = plus(store[i].Coef, m.Coef)
		return store, ok
	}
	return append(store, m), true
}
