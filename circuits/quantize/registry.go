package quantize

import (
	"maps"
	"slices"

	"github.com/nnark/nnark/model"
)

// operator is a row of the registry: all that this package knows of one ONNX operator. What
// stands under an operator's name nowhere else asks for that name.
type operator struct {
	// lower turns a node into operators on integers. It stands in the file of its family.
	lower func(*lowerer, *model.Node) error
	// decompose, which comes first, replaces a node by simpler ones, so that calibration sees
	// what lies between; errAsItIs leaves it to lower.
	decompose func(*decomposer, *model.Node) error
	// operand returns the exponent at which lower wants its first operand, so that the weights
	// that make it share one shift; nil if that depends on more than the node.
	operand func(*lowerer, *model.Node) int
	// params are the attributes of a function of one value, in the order in which package
	// fixedpoint takes them.
	params []param
	traits trait

	cost    string // constraints an element under Groth16, for OPERATORS.md
	refused string // forms without a circuit
}

// param is an attribute that parametrises a function, and its default.
type param struct {
	name     string
	standard float64
}

// trait is a set of properties that passes ask for.
type trait uint

const (
	tabled   trait = 1 << iota // a function of one value, lowered as a table
	steep                      // its value changes much where its argument is small: finer arguments
	joins                      // element by element: may be part of a group that is one function
	grouped                    // such groups are recognised as it
	unnamed                    // and only so: no file has it
	passes                     // elements of the output are the first input's, moved, repeated or left out
	whole                      // and all of them are there, once
	pools                      // the largest of windows, which commutes with what does not decrease
	masks                      // a softmax's mask may go through it
	compares                   // the answer is a condition, and exact
	integers                   // of integers, it takes them as they are
)

// registry has a row for every operator, in the order of ONNX's list.
var registry map[string]*operator

func init() { // not a literal: lowering one node may look at the rows of the next ones
	at := func(bits func(*lowerer) int) func(*lowerer, *model.Node) int {
		return func(l *lowerer, n *model.Node) int { return l.exp(n.Inputs[0], bits(l)) }
	}
	narrow := at(func(l *lowerer) int { return l.bits })
	finer := at(func(l *lowerer) int { return l.bits + 1 })
	scores := at((*lowerer).scoreBits)
	pooled := func(l *lowerer, n *model.Node) int { return l.exp(l.pooled(n.Outputs[0]), l.bits) }
	table := func(t trait, params ...param) *operator {
		return &operator{lower: (*lowerer).function, operand: finer, params: params, traits: tabled | t, cost: "2, and the table"}
	}
	gelu := table(grouped)
	gelu.lower = (*lowerer).gelu
	root := table(joins | steep)
	root.lower, root.cost = (*lowerer).sqrt, "2, and the table; 8 where there are fewer than it has rows"
	const (
		free    = "none"
		dense   = "1 a row of outputs and input, packed: about 1/12 of its products"
		compare = "3, and a table"
	)
	registry = map[string]*operator{
		"Abs":                   table(joins),
		"Add":                   {lower: (*lowerer).add, traits: joins | masks, cost: free},
		"And":                   {lower: (*lowerer).logic, cost: "1"},
		"ArgMax":                {lower: (*lowerer).argMax, cost: "3 an element of the input"},
		"ArgMin":                {lower: (*lowerer).argMax, cost: "3 an element of the input"},
		"Asin":                  table(0),
		"Atan":                  table(0),
		"AveragePool":           {lower: (*lowerer).averagePool, cost: free, refused: "ceil_mode with count_include_pad"},
		"BatchNormalization":    {lower: (*lowerer).batchNorm, cost: "none behind a layer of weights, else a 1×1 convolution"},
		"BitShift":              {lower: (*lowerer).bitShift, traits: integers, cost: "1 to the right and 3 to the left by constants, else 5", refused: "operands of which an interval has negative integers"},
		"BitwiseAnd":            {lower: (*lowerer).bitwise, traits: integers, cost: "4 for four bits"},
		"BitwiseNot":            {lower: (*lowerer).bitwiseNot, traits: integers, cost: free, refused: "uint64"},
		"BitwiseOr":             {lower: (*lowerer).bitwise, traits: integers, cost: "4 for four bits"},
		"BitwiseXor":            {lower: (*lowerer).bitwise, traits: integers, cost: "4 for four bits"},
		"Cast":                  {lower: (*lowerer).cast, traits: passes | masks, cost: "none, or a table"},
		"Ceil":                  table(0),
		"Clip":                  {lower: (*lowerer).clip, operand: pooled, traits: joins, cost: "2, and the table"},
		"Concat":                {lower: (*lowerer).concat, traits: masks, cost: free},
		"Conv":                  {lower: (*lowerer).conv, operand: narrow, cost: dense},
		"Cos":                   table(0),
		"Div":                   {lower: (*lowerer).div, traits: joins | masks | integers, cost: "none by a constant, else 5; of small integers 1 by a number, else 3, up to 14 where signs vary", refused: "divisors that change sign on the samples; of integers, divisors of one sign that may be 0"},
		"Dropout":               {lower: (*lowerer).alias, traits: passes | whole, cost: free},
		"Elu":                   table(0, param{"alpha", 1}),
		"Equal":                 {lower: (*lowerer).compare, traits: compares, cost: "5, and two tables"},
		"Erf":                   table(joins),
		"Exp":                   table(joins),
		"Expand":                {lower: (*lowerer).gather, traits: passes | masks, cost: free},
		"Flatten":               {lower: (*lowerer).reshape, traits: passes | whole, cost: free},
		"Floor":                 table(0),
		"Gather":                {lower: (*lowerer).gather, traits: passes | masks, cost: free},
		"Gelu":                  gelu,
		"GeluTanh":              table(grouped | unnamed),
		"Gemm":                  {lower: (*lowerer).gemm, decompose: (*decomposer).gemm, operand: narrow, cost: dense},
		"GlobalAveragePool":     {lower: (*lowerer).averagePool, cost: free},
		"GlobalMaxPool":         {lower: (*lowerer).maxPool, traits: pools, cost: "2 an element of the input"},
		"Greater":               {lower: (*lowerer).compare, traits: compares, cost: compare},
		"GreaterOrEqual":        {lower: (*lowerer).compare, traits: compares, cost: compare},
		"HardSigmoid":           table(joins, param{"alpha", 0.2}, param{"beta", 0.5}),
		"HardSwish":             table(grouped),
		"Identity":              {lower: (*lowerer).alias, traits: passes | whole | masks, cost: free},
		"InstanceNormalization": {decompose: (*decomposer).instanceNorm},
		"LayerNormalization":    {decompose: (*decomposer).layerNorm},
		"LeakyRelu":             table(0, param{"alpha", 0.01}),
		"Less":                  {lower: (*lowerer).compare, traits: compares, cost: compare},
		"LessOrEqual":           {lower: (*lowerer).compare, traits: compares, cost: compare},
		"Log":                   table(joins | steep),
		"LogSoftmax":            {lower: (*lowerer).softmax, operand: scores, cost: "9, and the tables"},
		"MatMul":                {lower: (*lowerer).matMul, decompose: (*decomposer).matMul, operand: narrow, cost: dense},
		"Max":                   {lower: (*lowerer).extremum, traits: joins, cost: "2 an operand"},
		"MaxPool":               {lower: (*lowerer).maxPool, traits: pools, cost: "2 an element of a window", refused: "output Indices"},
		"Mean":                  {lower: (*lowerer).variadic, cost: free},
		"Min":                   {lower: (*lowerer).extremum, traits: joins, cost: "2 an operand"},
		"Mish":                  table(0),
		"Mod":                   {lower: (*lowerer).mod, traits: integers, cost: "of small integers 3 by a number, else 4, up to 13 where signs vary", refused: "of integers, divisors of one sign that may be 0"},
		"Mul":                   {lower: (*lowerer).mul, traits: joins | masks, cost: "none by a number of the architecture, else 1"},
		"Neg":                   {lower: (*lowerer).neg, traits: joins, cost: free},
		"Not":                   {lower: (*lowerer).logic, cost: free},
		"OneHot":                {lower: (*lowerer).oneHot, cost: "1", refused: "depth or values that are not constant"},
		"Or":                    {lower: (*lowerer).logic, cost: "1"},
		"PRelu":                 {decompose: (*decomposer).prelu},
		"Pad":                   {lower: (*lowerer).gather, cost: free},
		"Pow":                   {lower: (*lowerer).power, traits: joins | steep, cost: "1 a square, else 2 and the table; of a computed exponent a product and two tables", refused: "computed exponents of a base that may be negative"},
		"Reciprocal":            table(joins | steep),
		"ReduceL2":              {decompose: (*decomposer).norm},
		"ReduceMax":             {lower: (*lowerer).reduceMax, cost: "2 an element of the input"},
		"ReduceMean":            {lower: (*lowerer).reduceSum, cost: free},
		"ReduceMin":             {lower: (*lowerer).reduceMax, cost: "2 an element of the input"},
		"ReduceSum":             {lower: (*lowerer).reduceSum, cost: free},
		"Relu":                  {lower: (*lowerer).relu, operand: pooled, traits: joins, cost: "2, and the table"},
		"Reshape":               {lower: (*lowerer).reshape, traits: passes | whole | masks, cost: free},
		"Round":                 {lower: (*lowerer).roundNode, operand: finer, traits: tabled, cost: "2, and the table; in quantised networks 8"},
		"Selu":                  table(0, param{"alpha", 1.67326319217681884765625}, param{"gamma", 1.05070102214813232421875}),
		"Sigmoid":               table(joins | grouped),
		"SigmoidNeg":            table(grouped | unnamed),
		"Sign":                  table(0),
		"Silu":                  table(grouped | unnamed),
		"Sin":                   table(0),
		"Slice":                 {lower: (*lowerer).gather, traits: passes | masks, cost: free},
		"Softmax":               {lower: (*lowerer).softmax, operand: scores, cost: "9, and the tables"},
		"Softplus":              table(joins | grouped),
		"Softsign":              table(grouped),
		"Split":                 {lower: (*lowerer).gather, traits: passes, cost: free},
		"Sqrt":                  root,
		"Squeeze":               {lower: (*lowerer).reshape, traits: passes | whole | masks, cost: free},
		"Sub":                   {lower: (*lowerer).add, traits: joins | masks, cost: free},
		"Sum":                   {lower: (*lowerer).variadic, cost: free},
		"Tanh":                  table(joins),
		"Tile":                  {lower: (*lowerer).gather, traits: passes | masks, cost: free},
		"Transpose":             {lower: (*lowerer).transpose, traits: passes | whole | masks, cost: free},
		model.Trees:             {lower: (*lowerer).trees, traits: compares | unnamed, cost: "17 for two comparisons of a path, 1 a row of three nodes"},
		"Unsqueeze":             {lower: (*lowerer).reshape, traits: passes | whole | masks, cost: free},
		"Where":                 {lower: (*lowerer).where, traits: masks, cost: "1"},
		"Xor":                   {lower: (*lowerer).logic, cost: "5, and two tables"},
	}
}

// is reports whether a node's operator has all of these traits.
func is(n *model.Node, t trait) bool {
	row := registry[n.Op]
	return row != nil && row.traits&t == t
}

// Operators returns the ONNX operators that have a row, sorted. Package model replaces others
// by their definitions before they come here.
func Operators() []string {
	return slices.Sorted(func(yield func(string) bool) {
		for op := range maps.Keys(registry) {
			if registry[op].traits&unnamed == 0 && !yield(op) {
				return
			}
		}
	})
}

// Functions returns, of the operators that are functions of one value, the attributes.
func Functions() map[string][]string {
	all := map[string][]string{}
	for _, op := range Operators() {
		if row := registry[op]; row.traits&tabled != 0 {
			all[op] = nil
			for _, p := range row.params {
				all[op] = append(all[op], p.name)
			}
		}
	}
	return all
}
