package source

import (
	"fmt"
	"math/big"
	"math/bits"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/verifier"
)

// MaxTensors is the most inputs and outputs together for which a contract has
// verifyInference: with more arguments, compilers run out of stack.
const MaxTensors = 4

// Layout says where a model's tensors are in a statement and in the arguments
// of verifyInference.
type Layout struct {
	Size                          int // elements of a statement
	InputElements, OutputElements int
	Inputs, Outputs               []Tensor
	Bounds                        []Bound
	Wrapper                       bool // whether there is a verifyInference
}

// Tensor is one input or output.
type Tensor struct {
	Card     *verifier.TensorCard
	Index    int    // among the inputs, or among the outputs
	Param    string // argument or result; empty for a private input
	Type     string // its Solidity type, without data location
	At       int    // first element in the statement
	OutputAt int    // of outputs: first element among those of outputs

	// Of public tensors:
	Public            bool
	Bytes             bool // one integer a byte
	Count, PerElement int
	Base, Lo          string
}

// Bound holds for the elements From to To-1 of a statement.
type Bound struct {
	From, To int
	Bound    string
	value    *big.Int
}

func newLayout(card *verifier.Card) Layout {
	l := Layout{Size: card.StatementSize()}
	l.Wrapper = len(card.Inputs)+len(card.Outputs) <= MaxTensors
	at := 1
	l.bound(0, 1, fr.Modulus())
	for i := range card.Inputs {
		t := newTensor(&card.Inputs[i], i, at, true)
		l.boundTensor(&t)
		l.Inputs = append(l.Inputs, t)
		at += t.Card.Elements()
	}
	l.InputElements = at - 1
	for i := range card.Outputs {
		t := newTensor(&card.Outputs[i], i, at, false)
		t.OutputAt = at - 1 - l.InputElements
		l.boundTensor(&t)
		l.Outputs = append(l.Outputs, t)
		at += t.Card.Elements()
	}
	l.OutputElements = at - 1 - l.InputElements
	return l
}

func newTensor(card *verifier.TensorCard, index, at int, input bool) Tensor {
	t := Tensor{Card: card, Index: index, At: at, Type: "uint256"}
	if card.Mode != verifier.Private {
		kind := "output"
		if input {
			kind = "input"
		}
		t.Param = fmt.Sprint(kind, index)
	}
	if card.Mode != verifier.Public {
		return t
	}
	base := t.base()
	t.Public, t.Count = true, card.Size()
	t.PerElement = perElement(base)
	t.Base, t.Lo = base.String(), fmt.Sprint(card.Lo)
	switch {
	case !input:
		t.Type = "int64[]"
	case card.Lo == 0 && card.Hi <= 255:
		t.Type, t.Bytes = "bytes", true
	default:
		width := 8
		for bits.Len64(uint64(max(card.Hi, ^card.Lo))) >= width {
			width *= 2
		}
		t.Type = fmt.Sprintf("int%d[]", width)
	}
	return t
}

// base returns B = Hi-Lo+1.
func (t *Tensor) base() *big.Int {
	b := new(big.Int).Sub(big.NewInt(t.Card.Hi), big.NewInt(t.Card.Lo))
	return b.Add(b, big.NewInt(1))
}

// perElement returns the largest k with base^k <= 2^253.
func perElement(base *big.Int) int {
	limit := new(big.Int).Lsh(big.NewInt(1), 253)
	k, power := 0, new(big.Int).Set(base)
	for ; power.Cmp(limit) <= 0; k++ {
		power.Mul(power, base)
	}
	return k
}

// bound adds a bound to elements that follow those bounded before.
func (l *Layout) bound(from, to int, value *big.Int) {
	if from == to {
		return
	}
	if n := len(l.Bounds); n > 0 && l.Bounds[n-1].value.Cmp(value) == 0 {
		l.Bounds[n-1].To = to
	} else {
		l.Bounds = append(l.Bounds, Bound{from, to, Literal(value), value})
	}
}

func (l *Layout) boundTensor(t *Tensor) {
	end := t.At + t.Card.Elements()
	if !t.Public {
		l.bound(t.At, end, fr.Modulus())
		return
	}
	power := func(digits int) *big.Int {
		return new(big.Int).Exp(t.base(), big.NewInt(int64(digits)), nil)
	}
	l.bound(t.At, end-1, power(t.PerElement))
	l.bound(end-1, end, power(t.Count-(end-1-t.At)*t.PerElement))
}

// Tensors returns inputs and outputs.
func (l *Layout) Tensors() []Tensor {
	return append(l.Inputs[:len(l.Inputs):len(l.Inputs)], l.Outputs...)
}

// Comment describes a tensor's place in the statement.
func (t Tensor) Comment() string {
	n := t.Card.Elements()
	switch {
	case t.Card.Mode == verifier.Private:
		return "Private: " + Quote(t.Card.Name) + ", not in the statement."
	case n == 1:
		return fmt.Sprintf("Element %d: %s.", t.At, t.Doc())
	}
	return fmt.Sprintf("Elements %d to %d: %s.", t.At, t.At+n-1, t.Doc())
}

// Doc describes a tensor as an argument or a result.
func (t Tensor) Doc() string {
	name := Quote(t.Card.Name)
	if !t.Public {
		return name + ", as a digest"
	}
	unit := ""
	if t.Bytes {
		unit = ", one a byte"
	}
	return fmt.Sprintf("%s, %d integers in [%d, %d]%s, q for q * 2^%d", name, t.Count, t.Card.Lo, t.Card.Hi, unit, -t.Card.Exp)
}

// OutputOffset returns the place of the outputs in a statement in memory, after
// its length.
func (l *Layout) OutputOffset() int { return 32 * (1 + 1 + l.InputElements) }

// OutputBytes returns the size of the outputs' elements.
func (l *Layout) OutputBytes() int { return 32 * l.OutputElements }

func (l *Layout) anyTensor(tensors []Tensor, is func(t *Tensor) bool) bool {
	for i := range tensors {
		if is(&tensors[i]) {
			return l.Wrapper
		}
	}
	return false
}

// InputBytes returns the size of the inputs' elements.
func (l *Layout) InputBytes() int { return 32 * l.InputElements }

// HashedInputs returns the inputs that inputHash takes; without any there is no such function.
func (l *Layout) HashedInputs() (inputs []Tensor) {
	for _, t := range l.Inputs {
		if l.Wrapper && t.Param != "" {
			inputs = append(inputs, t)
		}
	}
	return inputs
}

// PublicInputs, PackedBytes and PackedWords say which parts of verifyInference there are.
func (l *Layout) PublicInputs() bool {
	return l.anyTensor(l.Inputs, func(t *Tensor) bool { return t.Public })
}

func (l *Layout) PackedBytes() bool {
	return l.anyTensor(l.Inputs, func(t *Tensor) bool { return t.Bytes })
}

func (l *Layout) PackedWords() bool {
	return l.anyTensor(l.Inputs, func(t *Tensor) bool { return t.Public && !t.Bytes })
}

// Unpacked says whether outputs have integers.
func (l *Layout) Unpacked() bool {
	return slices.ContainsFunc(l.Outputs, func(t Tensor) bool { return t.Public })
}
