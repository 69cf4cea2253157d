package circuits

import (
	"encoding/json"
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/fixedpoint"
)

// Type describes a quantized tensor: integers q that stand for the reals q·2^-Exp.
type Type struct {
	Shape []int               `json:"shape"`
	Exp   int                 `json:"exp"`
	Range fixedpoint.Interval `json:"range"` // every value that any input in the declared range can lead to
	// Spread bounds the difference of two elements of one channel, where that is known to
	// be less than the range's width; else 0.
	Spread int64 `json:"spread,omitempty"`
}

// spread returns the largest difference of two elements of one channel.
func (t Type) spread() int64 {
	if width := t.Range.Hi - t.Range.Lo; t.Spread <= 0 || t.Spread > width {
		return width
	}
	return t.Spread
}

// Size returns the number of elements.
func (t Type) Size() int { return relation.Size(t.Shape) }

// Op is one operator. Eval is its meaning, in exact integers; Relate states the same to
// a proof system, so the two are written to be read side by side.
type Op interface {
	// Infer checks the attributes against the inputs' types, keeps what the other methods
	// need and returns the output's type. After it no method fails. The inputs' ranges are
	// within [maxInteger]; Program.Infer checks that the output's is too.
	Infer(in []Type) (Type, error)
	// Eval returns the output's integers. Inputs lie in their types' ranges.
	Eval(in [][]int64) []int64
	// Relate adds statements that force out = Eval(in).
	Relate(b *relation.Builder, in []relation.Tensor, out relation.Tensor)
}

// A viewer only moves or adds up elements: its output is an expression of its inputs and
// needs no columns and no statement.
type viewer interface {
	View(in []relation.Tensor) relation.Tensor
}

// A definer can name its input in terms of its output and columns of its own, so that
// the input (an accumulator) needs no columns. Where it is the only consumer, Define takes
// the place of Relate: it makes the same statements and returns the input.
type definer interface {
	Define(b *relation.Builder, out relation.Tensor, in ref) relation.Tensor
}

// A source has no inputs and brings its own tensor.
type source interface {
	tensor(b *relation.Builder, w Weights) relation.Tensor
}

// A packer's output may be a contraction's packed row as it is: packs reports whether it is
// one.
type packer interface{ packs() bool }

// ref finds a program value's integers in an assignment.
type ref int

func (r ref) of(a *relation.Assignment) []int64 { return a.Value(int(r)) }

// parametrised operators have weights. They are private under committed weights; everything
// else about an operator is architecture.
type parametrised interface {
	Op
	// withoutParams returns a copy that describes the architecture alone.
	withoutParams() parametrised
	// params points at the lists of weights.
	params() []*Ints
}

// An enforcer's own statements hold its output in its range, or do not: then only honest
// provers stay there.
type enforcer interface{ enforces() bool }

// Enforced reports whether the statements of a program hold an operator's output in its range,
// given whether they do so with its inputs: most outputs are as bounded as what they are
// made of.
func Enforced(op Op, inputs bool) bool {
	if e, ok := op.(enforcer); ok {
		return e.enforces()
	}
	return inputs
}

// kinds lists the operators of a program by the name under which files hold them.
var kinds = map[string]func() Op{
	"Add":           func() Op { return new(Add) },
	"ArgMax":        func() Op { return new(ArgMax) },
	"AveragePool":   func() Op { return new(AveragePool) },
	"BatchMatMul":   func() Op { return new(BatchMatMul) },
	"Bitwise":       func() Op { return new(Bitwise) },
	"Clip":          func() Op { return new(Clip) },
	"Concat":        func() Op { return new(Concat) },
	"Constant":      func() Op { return new(Constant) },
	"Conv":          func() Op { return new(Conv) },
	"Div":           func() Op { return new(Div) },
	"Embedding":     func() Op { return new(Embedding) },
	"Function":      func() Op { return new(Function) },
	"Gather":        func() Op { return new(Gather) },
	"LogSoftmax":    func() Op { return new(LogSoftmax) },
	"MatMul":        func() Op { return new(MatMul) },
	"Max":           func() Op { return new(Max) },
	"MaxPool":       func() Op { return new(MaxPool) },
	"Mod":           func() Op { return new(Mod) },
	"Mul":           func() Op { return new(Mul) },
	"OneHot":        func() Op { return new(OneHot) },
	"Parameter":     func() Op { return new(Parameter) },
	"ReduceMax":     func() Op { return new(ReduceMax) },
	"ReduceSum":     func() Op { return new(ReduceSum) },
	"Requantize":    func() Op { return new(Requantize) },
	"Reshape":       func() Op { return new(Reshape) },
	"Scale":         func() Op { return new(Scale) },
	"Softmax":       func() Op { return new(Softmax) },
	"SoftmaxMatMul": func() Op { return new(SoftmaxMatMul) },
	"Sqrt":          func() Op { return new(Sqrt) },
	"Transpose":     func() Op { return new(Transpose) },
	"TreeEnsemble":  func() Op { return new(TreeEnsemble) },
	"Where":         func() Op { return new(Where) },
}

// Kind returns the name of an operator.
func Kind(op Op) string {
	s := fmt.Sprintf("%T", op)
	return s[len("*circuits."):]
}

// encodeOp and decodeOp write operators as JSON objects of their attributes.
func encodeOp(op Op) (json.RawMessage, error) { return json.Marshal(op) }

func decodeOp(kind string, data json.RawMessage) (Op, error) {
	make, ok := kinds[kind]
	if !ok {
		return nil, fmt.Errorf("operator %q: %w", kind, ErrProgram)
	}
	op := make()
	if err := strictJSON(data, op); err != nil {
		return nil, fmt.Errorf("operator %s: %w", kind, err)
	}
	return op, nil
}

// checkInputs is Infer's usual first check.
func checkInputs(in []Type, n int) error {
	if len(in) != n {
		return fmt.Errorf("%d inputs, want %d: %w", len(in), n, ErrProgram)
	}
	return nil
}
