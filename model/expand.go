package model

import (
	"errors"
	"fmt"
	"slices"
)

// Many operators of ONNX are defined by simpler ones: a GRU by products, sums and
// sigmoids, a transposed convolution by a convolution of an image with zeros between its
// pixels. Such an operator is replaced by its definition as soon as the shapes of its
// inputs are known, so that nothing behind this package has to know it. Each expansion
// stands in the file of its operator family (expand_*.go).

// expansion is one row of the table of operators that are replaced.
type expansion struct {
	minIn, maxIn int // number of inputs
	// expand adds the nodes that the operator is made of. Its errors wrap ErrMalformed or
	// ErrUnsupported.
	expand func(e *expander) error

	refused string // forms that are not replaced, for OPERATORS.md
}

// expansions holds every operator that is replaced.
// https://onnx.ai/onnx/operators/ is the specification of all of them.
var expansions map[string]expansion

func init() { // not a literal: expansions are made of operators that are expanded too
	expansions = map[string]expansion{
		// expand_recurrent.go
		"GRU":  {3, 6, (*expander).gru, "input_forget, sequences of different lengths"},
		"LSTM": {3, 8, (*expander).lstm, "input_forget, sequences of different lengths"},
		"RNN":  {3, 6, (*expander).rnn, "sequences of different lengths"},

		// expand_attention.go
		"Attention": {3, 7, (*expander).attention, "nonpad_kv_seqlen that depends on data; an attn_mask of one column for several keys; rows that a computed float mask excludes wholly have no answer"},

		// expand_gather.go
		"Gather":         {2, 2, (*expander).gather, "more than 2^20 choices by computed indices, or of integers"},
		"GatherElements": {2, 2, (*expander).gatherElements, "as Gather"},
		"GatherND":       {2, 2, (*expander).gatherND, "computed indices"},

		// expand_scatter.go
		"Scatter":         {3, 3, (*expander).scatterElements, "computed indices"},
		"ScatterElements": {3, 3, (*expander).scatterElements, "computed indices"},
		"ScatterND":       {3, 3, (*expander).scatterND, "computed indices"},

		// expand_pad.go
		"Pad": {1, 4, (*expander).pad, "pads that depend on data"},

		// expand_resize.go
		"Resize":   {1, 4, (*expander).resize, "antialias, extrapolation"},
		"Upsample": {1, 2, (*expander).upsample, "scales that depend on data"},

		// expand_move.go
		"Concat":          {1, many, (*expander).concat, ""},
		"CumSum":          {2, 2, (*expander).cumSum, "an axis that depends on data"},
		"DepthToSpace":    {1, 1, (*expander).depthToSpace, ""},
		"EyeLike":         {1, 1, (*expander).eyeLike, ""},
		"ReverseSequence": {2, 2, (*expander).reverseSequence, "sequence_lens that depend on data"},
		"SpaceToDepth":    {1, 1, (*expander).spaceToDepth, ""},
		"Trilu":           {1, 2, (*expander).trilu, ""},

		// expand_rotary.go
		"RotaryEmbedding":               {3, 4, (*expander).rotaryEmbedding, "more than 2^20 choices by computed position_ids"},
		"com.microsoft:RotaryEmbedding": {4, 4, (*expander).rotaryEmbedding, "is_packed_batching, scale"},

		// expand_sequence.go
		"ConcatFromSequence": {1, 1, (*expander).concatFromSequence, ""},
		"SequenceAt":         {2, 2, (*expander).sequenceAt, "positions that depend on data"},
		"SequenceConstruct":  {1, many, (*expander).sequenceConstruct, ""},
		"SequenceEmpty":      {0, 0, (*expander).sequenceEmpty, ""},
		"SequenceErase":      {1, 2, (*expander).sequenceErase, "positions that depend on data"},
		"SequenceInsert":     {2, 3, (*expander).sequenceInsert, "positions that depend on data"},
		"SequenceLength":     {1, 1, (*expander).sequenceLength, ""},
		"SplitToSequence":    {1, 2, (*expander).splitToSequence, "sizes that depend on data"},

		// expand_body.go
		"If":   {1, 1, (*expander).ifElse, "branches whose shapes differ where data decide"},
		"Loop": {0, many, (*expander).loop, "a trip count that depends on data; scanned outputs where data end the loop"},
		"Scan": {1, many, (*expander).scan, "more than 4,096 steps"},

		// expand_window.go
		"Conv":         {2, 3, (*expander).conv, ""},
		"MaxPool":      {1, 1, (*expander).maxPool, "output Indices"},
		"LpPool":       {1, 1, (*expander).lpPool, ""},
		"GlobalLpPool": {1, 1, (*expander).globalLpPool, ""},

		// expand_linear.go
		"ConvTranspose": {2, 3, (*expander).convTranspose, ""},
		"Einsum":        {1, many, (*expander).einsum, "a diagonal (one letter twice)"},

		// expand_norm.go
		"BatchNormalization":        {5, 5, (*expander).batchNorm, "training_mode"},
		"InstanceNormalization":     {3, 3, (*expander).instanceNorm, ""},
		"ReduceProd":                {1, 2, (*expander).reduceProd, "more than 64 factors"},
		"GroupNormalization":        {3, 3, (*expander).groupNorm, ""},
		"LRN":                       {1, 1, (*expander).lrn, ""},
		"LayerNormalization":        {2, 3, (*expander).layerNorm, ""},
		"LpNormalization":           {1, 1, (*expander).lpNorm, ""},
		"MeanVarianceNormalization": {1, 1, (*expander).meanVariance, ""},
		"RMSNormalization":          {2, 2, (*expander).rmsNorm, ""},
		"ReduceL1":                  {1, 2, (*expander).reduce, ""},
		"ReduceLogSum":              {1, 2, (*expander).reduce, ""},
		"ReduceLogSumExp":           {1, 2, (*expander).reduce, ""},
		"ReduceSumSquare":           {1, 2, (*expander).reduce, ""},

		// expand_ml.go
		"ai.onnx.ml:OneHotEncoder":         {1, 1, (*expander).oneHotEncoder, "categories that are texts"},
		"ai.onnx.ml:ArrayFeatureExtractor": {2, 2, (*expander).arrayFeatureExtractor, ""},
		"ai.onnx.ml:Binarizer":             {1, 1, (*expander).binarizer, ""},
		"ai.onnx.ml:FeatureVectorizer":     {1, many, (*expander).featureVectorizer, ""},
		"ai.onnx.ml:Imputer":               {1, 1, (*expander).imputer, ""},
		"ai.onnx.ml:LabelEncoder":          {1, 1, (*expander).labelEncoder, "texts"},
		"ai.onnx.ml:LinearClassifier":      {1, 1, (*expander).linearClassifier, "post_transform PROBIT"},
		"ai.onnx.ml:LinearRegressor":       {1, 1, (*expander).linearRegressor, ""},
		"ai.onnx.ml:Normalizer":            {1, 1, (*expander).normalizer, ""},
		"ai.onnx.ml:Scaler":                {1, 1, (*expander).scaler, ""},
		"ai.onnx.ml:ZipMap":                {1, 1, (*expander).zipMap, ""},

		// expand_svm.go
		"ai.onnx.ml:SVMClassifier": {1, 1, (*expander).svmClassifier, "probabilities of more than two classes"},
		"ai.onnx.ml:SVMRegressor":  {1, 1, (*expander).svmRegressor, ""},

		// expand_ensemble.go
		"ai.onnx.ml:TreeEnsemble": {1, 1, (*expander).treeEnsemble, "nodes that ask for equality or membership; aggregate MIN, MAX; post_transform SOFTMAX_ZERO, PROBIT"},

		// expand_tree.go
		"ai.onnx.ml:TreeEnsembleClassifier": {1, 1, (*expander).treeClassifier, "labels that are texts are numbered; post_transform PROBIT"},
		"ai.onnx.ml:TreeEnsembleRegressor":  {1, 1, (*expander).treeRegressor, "aggregate MIN, MAX"},

		// expand_quant.go
		"ConvInteger":                            {2, 4, (*expander).convInteger, ""},
		"DequantizeLinear":                       {2, 3, (*expander).dequantizeLinear, "scales in blocks"},
		"DynamicQuantizeLinear":                  {1, 1, (*expander).dynamicQuantize, "its integers as outputs of the network"},
		"MatMulInteger":                          {2, 4, (*expander).matMulInteger, ""},
		"QLinearConv":                            {8, 9, (*expander).qLinearConv, ""},
		"QLinearMatMul":                          {8, 8, (*expander).qLinearMatMul, ""},
		"QuantizeLinear":                         {2, 3, (*expander).quantizeLinear, "types of floats (float8)"},
		"com.microsoft:DequantizeLinear":         {2, 3, (*expander).dequantizeLinear, ""},
		"com.microsoft:QGemm":                    {6, 9, (*expander).qGemm, ""},
		"com.microsoft:QLinearAdd":               {7, 8, (*expander).qLinear, ""},
		"com.microsoft:QLinearAveragePool":       {4, 5, (*expander).qLinear, "channels_last"},
		"com.microsoft:QLinearConcat":            {4, many, (*expander).qLinearConcat, ""},
		"com.microsoft:QLinearGlobalAveragePool": {4, 5, (*expander).qLinear, "channels_last"},
		"com.microsoft:QLinearLeakyRelu":         {4, 5, (*expander).qLinear, ""},
		"com.microsoft:QLinearMul":               {7, 8, (*expander).qLinear, ""},
		"com.microsoft:QLinearSigmoid":           {4, 5, (*expander).qLinear, ""},
		"com.microsoft:QLinearSoftmax":           {4, 5, (*expander).qLinear, ""},
		"com.microsoft:QuantizeLinear":           {2, 3, (*expander).quantizeLinear, ""},

		// expand_function.go
		"Acos":            {1, 1, (*expander).acos, ""},
		"Acosh":           {1, 1, (*expander).acosh, ""},
		"Asinh":           {1, 1, (*expander).asinh, ""},
		"Atanh":           {1, 1, (*expander).atanh, ""},
		"Clip":            {1, 3, (*expander).clip, ""},
		"CastLike":        {2, 2, (*expander).castLike, ""},
		"Cosh":            {1, 1, (*expander).hyperbolic, ""},
		"Sinh":            {1, 1, (*expander).hyperbolic, ""},
		"Celu":            {1, 1, (*expander).celu, ""},
		"Dropout":         {1, 3, (*expander).dropout, "training_mode"},
		"Hardmax":         {1, 1, (*expander).hardmax, ""},
		"IsInf":           {1, 1, (*expander).never, ""},
		"IsNaN":           {1, 1, (*expander).never, ""},
		"Pow":             {2, 2, (*expander).pow, ""},
		"Shrink":          {1, 1, (*expander).shrink, ""},
		"Swish":           {1, 1, (*expander).swish, ""},
		"Tan":             {1, 1, (*expander).tan, ""},
		"ThresholdedRelu": {1, 1, (*expander).thresholdedRelu, ""},
		"TopK":            {1, 2, (*expander).topK, "a computed k"},
	}
}

// expansionOf returns what replaces a node, nil if it is evaluated. Constants are, where
// they can.
func expansionOf(n *Node, in []*fact, constant bool) (found *expansion) {
	x, ok := expansions[n.Op]
	if !ok {
		return nil
	}
	found = &x
	switch {
	case n.Op == "Conv" || n.Op == "MaxPool":
		computed := n.Op == "Conv" && len(in) > 1 && (in[1] == nil || in[1].value == nil || len(in) > 2 && in[2] != nil && in[2].value == nil)
		indices := len(n.Outputs) > 1 && n.Outputs[1] != ""
		if constant || indices || len(in) == 0 || in[0] == nil || !computed && len(in[0].shape) <= 4 {
			return nil
		}
	case n.Op == "BatchNormalization" || n.Op == "InstanceNormalization" || n.Op == "Clip":
		if constant || len(in) == 0 || !slices.ContainsFunc(in[1:], func(f *fact) bool { return f != nil && f.value == nil }) {
			return nil
		}
	case n.Op == "Concat":
		if !slices.ContainsFunc(in, func(f *fact) bool { return f != nil && product(f.shape) == 0 }) {
			return nil
		}
	case n.Op == "Gather":
		if len(in) != 2 || in[0] == nil || in[1] == nil || in[1].value != nil {
			return nil
		}
	case n.Op == "LayerNormalization":
		if len(n.Outputs) < 2 || n.Outputs[1] == "" && (len(n.Outputs) < 3 || n.Outputs[2] == "") {
			return nil
		}
	case n.Op == "Pad":
		if mode, ok := n.Attrs["mode"].(string); !ok || mode == "constant" {
			return nil
		}
	case n.Op == "Dropout":
		if constant || len(n.Outputs) < 2 || n.Outputs[1] == "" {
			return nil
		}
	case n.Op == "Pow":
		if constant || len(in) != 2 || in[0] == nil || in[1] == nil {
			return nil
		}
		powers := in[0].value != nil && in[1].value == nil
		if !powers && (in[1].value == nil || in[1].value.Len() <= 1) {
			return nil
		}
	case operators[n.Op].bind != nil && constant:
		return nil
	}
	return found
}

// known reports whether an operator is evaluated or replaced.
func known(op string) bool { return operators[op].bind != nil || expansions[op].expand != nil }

// expander builds the nodes that stand for one node.
type expander struct {
	*simplifier
	*call // of the node
	n     *Node
}

// expanded replaces a node.
func (s *simplifier) expanded(n *Node, in []*fact, x *expansion) {
	e := &expander{s, &call{op: n.Op, opset: n.Opset, attrs: n.Attrs, in: in, outputs: n.Outputs}, n}
	kept, refused, faults := len(s.keep), len(s.refused), len(s.errs)
	err := (&operator{minIn: x.minIn, maxIn: x.maxIn}).checkInputs(in)
	if err == nil {
		err = x.expand(e)
	}
	if err == nil && s.names > maxMade {
		err = unsupported("more than %d nodes in its place", maxMade)
	}
	for _, name := range n.Outputs { // nothing may stay without a source
		if err == nil && name != "" && s.facts[name] == nil && s.sequences[name] == nil && s.alias[name] == "" {
			if len(s.refused) > refused || len(s.errs) > faults {
				return // a node that it is made of has the reason
			}
			err = unsupported("output %q", name)
		}
	}
	if err == nil {
		return
	}
	s.keep = s.keep[:kept]
	if errors.Is(err, ErrUnsupported) {
		s.refused[n] = err
		s.keep = append(s.keep, n)
		return
	}
	s.errs = append(s.errs, s.nodeError(n, err))
}

// check is what the operator asks of its inputs where it is evaluated.
func (e *expander) check() error {
	_, err := bind(e.n, e.in)
	return err
}

// name makes a name that nothing else has.
func (e *expander) name(what string) string {
	base := e.n.Name + "/" + what
	for {
		name := base
		if k := e.made[base]; k > 0 {
			name = fmt.Sprintf("%s %d", base, k+1)
		}
		e.made[base]++
		e.names++
		if e.facts[name] == nil && !e.taken[name] {
			return name
		}
	}
}

// maxMade bounds the names that all expansions of a graph make.
const maxMade = 1 << 20

// affordable refuses what would make constants of more than 2^24 elements.
func affordable(n ...int) error {
	total := 1
	for _, d := range n {
		if d > 0 && total > 1<<24/d {
			return unsupported("a constant of %v elements in its place", n)
		}
		total *= max(d, 1)
	}
	return nil
}

// ops adds a node with several outputs and returns their names.
func (e *expander) ops(outputs int, op string, attrs Attrs, in ...string) []string {
	if e.names > maxMade { // expanded says so
		return slices.Repeat([]string{""}, outputs)
	}
	n := &Node{Name: e.name(op), Op: op, Inputs: in, Attrs: attrs, Opset: maxOpset}
	if attrs == nil {
		n.Attrs = Attrs{}
	}
	for i := range outputs {
		name := n.Name
		if i > 0 {
			name = fmt.Sprintf("%s:%d", n.Name, i)
		}
		n.Outputs = append(n.Outputs, name)
	}
	out := append([]string{}, n.Outputs...)
	e.node(n)
	for i := range out {
		if to, ok := e.alias[out[i]]; ok {
			out[i] = to
		}
	}
	return out
}

// do adds a node with one output and returns its name.
func (e *expander) do(op string, in ...string) string { return e.ops(1, op, nil, in...)[0] }

// with is do for operators with attributes.
func (e *expander) with(op string, attrs Attrs, in ...string) string {
	return e.ops(1, op, attrs, in...)[0]
}

// constant adds a constant.
func (e *expander) constant(t *Tensor) string {
	name := e.name("constant")
	e.Const[name], e.facts[name] = t, factOf(t)
	return name
}

// float adds a number.
func (e *expander) float(v float64) string {
	return e.constant(&Tensor{Shape: []int{}, Float: []float32{float32(v)}})
}

// list adds a list of integers.
func (e *expander) list(v ...int) string {
	t := &Tensor{Shape: []int{len(v)}, Int: make([]int64, len(v))}
	for i, n := range v {
		t.Int[i] = int64(n)
	}
	return e.constant(t)
}

// in returns the name of input i, "" if it was left out.
func (e *expander) arg(i int) string {
	if i < len(e.n.Inputs) {
		return e.n.Inputs[i]
	}
	return ""
}

// shapeOf returns the shape of a value, or an error if a node before it was refused.
func (e *expander) shapeOf(name string) ([]int, error) {
	if f := e.facts[name]; f != nil {
		return f.shape, nil
	}
	return nil, unsupported("a part of it (%s)", name)
}

// set makes the node's output i the value of that name.
func (e *expander) set(i int, name string) {
	if i < len(e.n.Outputs) && e.n.Outputs[i] != "" {
		e.node(&Node{Name: e.name("output"), Op: "Identity", Inputs: []string{name}, Outputs: []string{e.n.Outputs[i]}, Attrs: Attrs{}, Opset: maxOpset})
	}
}

// wants reports whether output i is used.
func (e *expander) wants(i int) bool { return i < len(e.n.Outputs) && e.n.Outputs[i] != "" }

// reshape gives a value another shape.
func (e *expander) reshape(x string, shape ...int) string {
	return e.with("Reshape", Attrs{"allowzero": 1}, x, e.list(shape...))
}

func (e *expander) transpose(x string, perm ...int) string {
	return e.with("Transpose", Attrs{"perm": perm}, x)
}

// slice takes [from, to) along an axis.
func (e *expander) slice(x string, axis, from, to int) string {
	return e.do("Slice", x, e.list(from), e.list(to), e.list(axis))
}

// needConstant returns a constant input's value.
func (e *expander) needConstant(i int, what string) (*Tensor, error) {
	f := e.input(i)
	if f == nil {
		return nil, malformed("%s is missing", what)
	}
	if f.value == nil {
		return nil, unsupported("%s that depends on data", what)
	}
	return f.value, nil
}
