package model

import (
	"slices"
)

// fact is what is known about a value before the graph runs: its shape and type,
// and its elements if it is constant.
type fact struct {
	shape []int
	typ   ElemType
	value *Tensor // nil if not constant
}

func factOf(t *Tensor) *fact {
	if t.Float != nil {
		return &fact{t.Shape, Float32, t}
	}
	return &fact{t.Shape, Int64, t}
}

// call is an operator applied to inputs of which the shapes are known.
type call struct {
	op      string
	opset   int
	attrs   Attrs
	in      []*fact  // nil for an omitted optional input
	outputs []string // names; "" where nothing uses the output
}

// input returns input i, or nil if it was omitted.
func (c *call) input(i int) *fact {
	if i >= len(c.in) {
		return nil
	}
	return c.in[i]
}

// ints returns the elements of input i, which must be constant: they decide a
// shape. ok is false if the input was omitted.
func (c *call) ints(i int) (v []int, ok bool, err error) {
	f := c.input(i)
	switch {
	case f == nil:
		return nil, false, nil
	case f.typ.IsFloat() || len(f.shape) > 1:
		return nil, false, malformed("input %d is %v %v, want a list of integers", i, f.typ, f.shape)
	case f.value == nil:
		return nil, false, unsupported("input %d decides a shape and depends on data", i)
	}
	v = make([]int, len(f.value.Int))
	for j, n := range f.value.Int {
		v[j] = int(n)
	}
	return v, true, nil
}

// kernel is a call that was checked: what it returns, and how to compute it.
type kernel struct {
	out  []fact // values are not set
	work int    // multiply-accumulates, if many more than elements
	// eval fills out, which has been allocated as the facts say. It fails only for
	// what shapes cannot show, such as an index or a divisor.
	eval func(in, out []*Tensor) error

	identity bool // out[0] always equals in[0]
	static   bool // eval does not read in
}

// returns makes the kernel of an operator with one output.
func returns(shape []int, typ ElemType, eval func(in []*Tensor, out *Tensor)) *kernel {
	return &kernel{
		out: []fact{{shape: shape, typ: typ}},
		eval: func(in, out []*Tensor) error {
			eval(in, out[0])
			return nil
		},
	}
}

// empty reports whether the outputs have no elements, so that nothing need be computed.
func (k *kernel) empty() bool {
	return !slices.ContainsFunc(k.out, func(f fact) bool { return product(f.shape) > 0 })
}

func (k *kernel) run(in []*Tensor) ([]*Tensor, error) {
	out := make([]*Tensor, len(k.out))
	for i, f := range k.out {
		out[i] = newTensor(f.shape, f.typ)
	}
	if err := k.eval(in, out); err != nil {
		return nil, err
	}
	return out, nil
}

// operator is one row of the table of operators.
type operator struct {
	minIn, maxIn int // number of inputs
	types        typeRule
	bind         func(c *call) (*kernel, error)
}

// typeRule says what operators ask of the element types of their inputs.
type typeRule int

const (
	anyTypes typeRule = iota // checked in bind, or all are fine
	floats                   // float tensors only
	alike                    // all float tensors, or all integer tensors
)

// many is the largest number of inputs of a variadic operator.
const many = 1 << 16

// operators holds every operator this package evaluates, by ONNX name; those of the table
// unary come on top.
// https://onnx.ai/onnx/operators/ is the specification of all of them.
var operators = map[string]operator{
	// function.go
	"Abs":  {1, 1, anyTypes, bindSigned},
	"Neg":  {1, 1, anyTypes, bindSigned},
	"Relu": {1, 1, anyTypes, bindSigned},
	"Sign": {1, 1, anyTypes, bindSigned},
	"Not":  {1, 1, anyTypes, bindNot},
	"Cast": {1, 1, anyTypes, bindCast},
	"Clip": {1, 3, alike, bindClip},

	// arithmetic.go
	"Add":            {2, 2, alike, bindArithmetic},
	"Sub":            {2, 2, alike, bindArithmetic},
	"Mul":            {2, 2, alike, bindArithmetic},
	"Div":            {2, 2, alike, bindArithmetic},
	"Pow":            {2, 2, anyTypes, bindPow},
	"PRelu":          {2, 2, floats, bindPRelu},
	"Max":            {1, many, alike, bindVariadic},
	"Mean":           {1, many, floats, bindVariadic},
	"Min":            {1, many, alike, bindVariadic},
	"Sum":            {1, many, floats, bindVariadic},
	"Equal":          {2, 2, alike, bindCompare},
	"Greater":        {2, 2, alike, bindCompare},
	"GreaterOrEqual": {2, 2, alike, bindCompare},
	"Less":           {2, 2, alike, bindCompare},
	"LessOrEqual":    {2, 2, alike, bindCompare},
	"And":            {2, 2, alike, bindLogic},
	"Or":             {2, 2, alike, bindLogic},
	"Xor":            {2, 2, alike, bindLogic},
	"Where":          {3, 3, anyTypes, bindWhere},

	// matmul.go
	"Gemm":   {2, 3, floats, bindGemm},
	"MatMul": {2, 2, floats, bindMatMul},

	// conv.go and pool.go
	"AveragePool":       {1, 1, floats, bindPool},
	"Conv":              {2, 3, floats, bindConv},
	"GlobalAveragePool": {1, 1, floats, bindGlobalPool},
	"GlobalMaxPool":     {1, 1, floats, bindGlobalPool},
	"MaxPool":           {1, 1, floats, bindPool},

	// norm.go and softmax.go
	"BatchNormalization":    {5, 5, floats, bindBatchNorm},
	"InstanceNormalization": {3, 3, floats, bindInstanceNorm},
	"LayerNormalization":    {2, 3, floats, bindLayerNorm},
	"LogSoftmax":            {1, 1, floats, bindSoftmax},
	"Softmax":               {1, 1, floats, bindSoftmax},

	// reduce.go
	"ArgMax":     {1, 1, anyTypes, bindArg},
	"ArgMin":     {1, 1, anyTypes, bindArg},
	"ReduceL2":   {1, 2, anyTypes, bindReduce},
	"ReduceMax":  {1, 2, anyTypes, bindReduce},
	"ReduceMean": {1, 2, anyTypes, bindReduce},
	"ReduceMin":  {1, 2, anyTypes, bindReduce},
	"ReduceProd": {1, 2, anyTypes, bindReduce},
	"ReduceSum":  {1, 2, anyTypes, bindReduce},

	// trees.go
	Trees: {1, 1, floats, bindTrees},

	// shape.go
	"Constant":        {0, 0, anyTypes, bindConstant},
	"ConstantOfShape": {1, 1, anyTypes, bindConstantOfShape},
	"Dropout":         {1, 3, anyTypes, bindDropout},
	"Flatten":         {1, 1, anyTypes, bindFlatten},
	"Identity":        {1, 1, anyTypes, bindIdentity},
	"Range":           {3, 3, alike, bindRange},
	"Reshape":         {2, 2, anyTypes, bindReshape},
	"Shape":           {1, 1, anyTypes, bindShape},
	"Squeeze":         {1, 2, anyTypes, bindSqueeze},
	"Unsqueeze":       {1, 2, anyTypes, bindUnsqueeze},

	// onehot.go
	"OneHot": {3, 3, anyTypes, bindOneHot},

	// mod.go and bitwise.go
	"BitShift":   {2, 2, alike, bindBitShift},
	"BitwiseAnd": {2, 2, alike, bindBitwise},
	"BitwiseNot": {1, 1, anyTypes, bindBitwiseNot},
	"BitwiseOr":  {2, 2, alike, bindBitwise},
	"BitwiseXor": {2, 2, alike, bindBitwise},
	"Mod":        {2, 2, alike, bindMod},

	// foldonly.go
	"IsInf":   {1, 1, floats, bindIs},
	"IsNaN":   {1, 1, floats, bindIs},
	"NonZero": {1, 1, anyTypes, bindNonZero},
	"Size":    {1, 1, anyTypes, bindSize},

	// gather.go
	"Concat":    {1, many, alike, bindConcat},
	"Expand":    {2, 2, anyTypes, bindExpand},
	"Gather":    {2, 2, anyTypes, bindGather},
	"Pad":       {1, 4, anyTypes, bindPad},
	"Slice":     {1, 5, anyTypes, bindSlice},
	"Split":     {1, 2, anyTypes, bindSplit},
	"Tile":      {2, 2, anyTypes, bindTile},
	"Transpose": {1, 1, anyTypes, bindTranspose},
}

func init() {
	for name := range unary {
		operators[name] = operator{1, 1, floats, bindUnary}
	}
}

var errOperator = unsupported("operator")

// bind checks a node against its inputs and returns its kernel. Errors wrap
// ErrMalformed or ErrUnsupported.
func bind(n *Node, in []*fact) (*kernel, error) {
	op, ok := operators[n.Op]
	if !ok {
		return nil, errOperator
	}
	c := &call{op: n.Op, opset: n.Opset, attrs: n.Attrs, in: in, outputs: n.Outputs}
	if err := op.checkInputs(in); err != nil {
		return nil, err
	}
	k, err := op.bind(c)
	if err != nil {
		return nil, err
	}
	for i, name := range n.Outputs {
		if name != "" && i >= len(k.out) {
			return nil, unsupported("output %d", i)
		}
	}
	for _, f := range k.out {
		if err := checkShape(f.shape); err != nil {
			return nil, err
		}
	}
	return k, nil
}

func (op *operator) checkInputs(in []*fact) error {
	if len(in) < op.minIn || len(in) > op.maxIn {
		return malformed("%d inputs, want %d to %d", len(in), op.minIn, op.maxIn)
	}
	if i := slices.Index(in, nil); i >= 0 && i < op.minIn {
		return malformed("input %d is missing", i)
	}
	for i, f := range in {
		switch {
		case f == nil:
		case op.types == floats && !f.typ.IsFloat():
			return unsupported("input %d of type %v", i, f.typ)
		case op.types == alike && f.typ.IsFloat() != in[0].typ.IsFloat():
			return malformed("inputs of types %v and %v", in[0].typ, f.typ)
		}
	}
	return nil
}
