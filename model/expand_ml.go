package model

import (
	"math"
	"slices"
)

// The operators of this file are those of ai.onnx.ml (versions 1 to 5,
// https://onnx.ai/onnx/operators/index_ml.html): what scikit-learn, XGBoost and LightGBM are
// exported to.

// floats32 adds a tensor of numbers.
func (e *expander) floats32(shape []int, v []float32) string {
	return e.constant(&Tensor{Shape: shape, Float: v})
}

// real returns an input as floats.
func (e *expander) real(i int) string {
	if !e.in[i].typ.IsFloat() {
		return e.with("Cast", Attrs{"to": 1}, e.arg(i))
	}
	return e.arg(i)
}

// rows returns input 0 as rows of features: [N, F].
func (e *expander) rows() (x string, n, f int, err error) {
	shape := e.in[0].shape
	x = e.real(0)
	switch len(shape) {
	case 1:
		return e.reshape(x, 1, shape[0]), 1, shape[0], nil
	case 2:
		return x, shape[0], shape[1], nil
	}
	return "", 0, 0, malformed("input of shape %v, want rows of features", shape)
}

// scaler expands Scaler: (x - offset)·scale.
func (e *expander) scaler() error {
	var offset, scale []float32
	if err := e.attrs.Unpack("offset?", &offset, "scale?", &scale); err != nil {
		return err
	}
	x := e.real(0)
	for i, list := range [][]float32{offset, scale} {
		if len(list) > 0 {
			x = e.do([]string{"Sub", "Mul"}[i], x, e.floats32([]int{len(list)}, list))
		}
	}
	e.set(0, x)
	return nil
}

// normalizer expands Normalizer: each row divided by its largest element, or its norm.
func (e *expander) normalizer() error {
	norm := "MAX"
	if err := e.attrs.Unpack("norm?", &norm); err != nil {
		return err
	}
	x := e.real(0)
	last := e.list(len(e.in[0].shape) - 1)
	var size string
	switch norm {
	case "MAX":
		size = e.with("ReduceMax", Attrs{"keepdims": 1}, x, last)
	case "L1":
		size = e.with("ReduceSum", Attrs{"keepdims": 1}, e.do("Abs", x), last)
	case "L2":
		size = e.with("ReduceL2", Attrs{"keepdims": 1}, x, last)
	default:
		return malformed("norm %q", norm)
	}
	e.set(0, e.do("Div", x, size))
	return nil
}

// imputer expands Imputer: one value, if it is a number, is replaced.
func (e *expander) imputer() error {
	var values []float32
	var ints []int
	replaced := float32(math.NaN())
	attrs := Attrs{}
	for name, v := range e.attrs {
		attrs[name] = v
		if err, unread := v.(error); unread && name == "replaced_value_float" && err != nil {
			delete(attrs, name) // NaN, which no input is
		}
	}
	old := 0
	if err := attrs.Unpack("imputed_value_floats?", &values, "replaced_value_float?", &replaced, "imputed_value_int64s?", &ints, "replaced_value_int64?", &old); err != nil {
		return err
	}
	if len(ints) > 0 {
		return unsupported("integers")
	}
	x := e.real(0)
	if replaced == replaced {
		x = e.do("Where", e.do("Equal", x, e.float(float64(replaced))), e.floats32([]int{len(values)}, values), x)
	}
	e.set(0, x)
	return nil
}

// binarizer expands Binarizer: 1 above the threshold, else 0.
func (e *expander) binarizer() error {
	threshold := 0.
	if err := e.attrs.Unpack("threshold?", &threshold); err != nil {
		return err
	}
	e.set(0, e.with("Cast", Attrs{"to": 1}, e.do("Greater", e.real(0), e.float(threshold))))
	return nil
}

// arrayFeatureExtractor expands ArrayFeatureExtractor: elements of the last axis.
func (e *expander) arrayFeatureExtractor() error {
	if err := e.attrs.Unpack(); err != nil {
		return err
	}
	x, at := e.in[0].shape, e.in[1].shape
	if len(x) == 0 {
		return malformed("input of no axes")
	}
	n := product(at)
	y := e.with("Gather", Attrs{"axis": len(x) - 1}, e.arg(0), e.reshape(e.arg(1), n))
	if len(x) == 1 {
		y = e.reshape(y, 1, n)
	}
	e.set(0, y)
	return nil
}

// featureVectorizer expands FeatureVectorizer: its inputs side by side.
func (e *expander) featureVectorizer() error {
	var sizes []int
	if err := e.attrs.Unpack("inputdimensions?", &sizes); err != nil {
		return err
	}
	var parts []string
	for i := range e.in {
		if e.in[i] == nil {
			return malformed("input %d is missing", i)
		}
		x, shape := e.real(i), e.in[i].shape
		if len(shape) == 1 {
			x = e.reshape(x, 1, shape[0])
		}
		parts = append(parts, x)
	}
	e.set(0, e.join(1, parts...))
	return nil
}

// zipMap expands ZipMap, which gives scores the names of classes, as nothing.
func (e *expander) zipMap() error {
	e.set(0, e.arg(0))
	return nil
}

// oneHotEncoder expands OneHotEncoder of numbers: 1 where the input is a category.
func (e *expander) oneHotEncoder() error {
	var ints []int
	var texts []string
	zeros := 1
	if err := e.attrs.Unpack("cats_int64s?", &ints, "cats_strings?", &texts, "zeros?", &zeros); err != nil {
		return err
	}
	if len(texts) > 0 || len(ints) == 0 {
		return unsupported("categories that are texts")
	}
	cats := &Tensor{Shape: []int{len(ints)}, Int: make([]int64, len(ints))}
	for i, v := range ints {
		cats.Int[i] = int64(v)
	}
	x := e.arg(0)
	if e.in[0].typ.IsFloat() {
		x = e.with("Cast", Attrs{"to": 7}, x)
	}
	y := e.do("Equal", e.do("Unsqueeze", x, e.list(-1)), e.constant(cats))
	e.set(0, e.with("Cast", Attrs{"to": 1}, y))
	return nil
}

// labels are a classifier's.
type labels struct {
	ints  []int
	count int
}

// classLabels reads the labels of classes; texts are known by their number.
func (e *expander) classLabels() (l labels, err error) {
	for _, name := range []string{"classlabels_ints", "classlabels_int64s"} {
		switch v := e.attrs[name].(type) {
		case []int:
			if len(v) > 0 {
				l.ints, l.count = v, len(v)
			}
		case error:
			return l, v
		}
	}
	if v, ok := e.attrs["classlabels_strings"].([]string); ok && len(v) > 0 {
		l.count = len(v)
	}
	if l.count == 0 {
		return l, malformed("no labels of classes")
	}
	return l, nil
}

// of turns numbers of classes into their labels.
func (e *expander) labelOf(l labels, class string) string {
	counted := true
	for i, v := range l.ints {
		counted = counted && i == v
	}
	if counted {
		return class
	}
	t := &Tensor{Shape: []int{len(l.ints)}, Int: make([]int64, len(l.ints))}
	for i, v := range l.ints {
		t.Int[i] = int64(v)
	}
	return e.do("Gather", e.constant(t), class)
}

// classified sets the outputs of a classifier with scores [N, C]: the label of the largest,
// and the scores after the transform.
func (e *expander) classified(scores string, n int, l labels, transform string) error {
	e.set(0, e.labelOf(l, e.with("ArgMax", Attrs{"axis": 1, "keepdims": 0}, scores)))
	y, err := e.transformed(scores, transform)
	e.set(1, y)
	return err
}

// transformed applies a post_transform to scores [N, C].
func (e *expander) transformed(scores, transform string) (string, error) {
	switch transform {
	case "", "NONE":
		return scores, nil
	case "LOGISTIC":
		return e.do("Sigmoid", scores), nil
	case "SOFTMAX":
		return e.with("Softmax", Attrs{"axis": 1}, scores), nil
	}
	return "", unsupported("post_transform %s", transform)
}

// binary sets the outputs of a classifier of two classes with one score [N, 1], that of the
// second: the label is the second where the score passes the threshold. The first class's
// score is the opposite of a signed one, else what is left to 1.
func (e *expander) binary(score string, l labels, transform string, threshold float64, signed bool) error {
	n := e.facts[score]
	if n == nil {
		return unsupported("a part of it")
	}
	second := e.with("Cast", Attrs{"to": 7}, e.do("Greater", score, e.float(threshold)))
	e.set(0, e.labelOf(l, e.reshape(second, n.shape[0])))
	var first string
	switch transform {
	case "", "NONE":
		first = e.do("Sub", e.float(1), score)
		if signed {
			first = e.do("Neg", score)
		}
	case "LOGISTIC":
		score = e.do("Sigmoid", score)
		first = e.do("Sub", e.float(1), score)
	case "SOFTMAX":
		both := e.with("Concat", Attrs{"axis": 1}, e.do("Neg", score), score)
		e.set(1, e.with("Softmax", Attrs{"axis": 1}, both))
		return nil
	default:
		return unsupported("post_transform %s", transform)
	}
	e.set(1, e.with("Concat", Attrs{"axis": 1}, first, score))
	return nil
}

// linearScores returns x·coefficientsᵀ + intercepts for n rows of coefficients.
func (e *expander) linearScores(n int, coefficients, intercepts []float32) (string, error) {
	x, _, f, err := e.rows()
	if err != nil {
		return "", err
	}
	if n < 1 || len(coefficients) != n*f || len(intercepts) != 0 && len(intercepts) != n {
		return "", malformed("%d coefficients and %d intercepts for %d scores of %d features", len(coefficients), len(intercepts), n, f)
	}
	turned := make([]float32, n*f)
	for i, v := range coefficients {
		turned[i%f*n+i/f] = v
	}
	y := e.do("MatMul", x, e.floats32([]int{f, n}, turned))
	if len(intercepts) > 0 {
		y = e.do("Add", y, e.floats32([]int{n}, intercepts))
	}
	return y, nil
}

// linearRegressor expands LinearRegressor.
func (e *expander) linearRegressor() error {
	targets, transform := 1, "NONE"
	var coefficients, intercepts []float32
	if err := e.attrs.Unpack("coefficients", &coefficients, "intercepts?", &intercepts, "targets?", &targets, "post_transform?", &transform); err != nil {
		return err
	}
	y, err := e.linearScores(targets, coefficients, intercepts)
	if err != nil {
		return err
	}
	y, err = e.transformed(y, transform)
	e.set(0, y)
	return err
}

// linearClassifier expands LinearClassifier.
func (e *expander) linearClassifier() error {
	multi, transform := 0, "NONE"
	var coefficients, intercepts []float32
	if err := e.attrs.Unpack("coefficients", &coefficients, "intercepts?", &intercepts, "multi_class?", &multi, "post_transform?", &transform,
		"classlabels_ints?", new([]int), "classlabels_strings?", new([]string)); err != nil {
		return err
	}
	l, err := e.classLabels()
	if err != nil {
		return err
	}
	_, n, f, err := e.rows()
	if err != nil {
		return err
	}
	count := len(coefficients) / max(f, 1)
	y, err := e.linearScores(count, coefficients, intercepts)
	if err != nil {
		return err
	}
	if count == 1 && l.count == 2 {
		return e.binary(y, l, transform, 0, false)
	}
	if count != l.count {
		return malformed("%d scores for %d classes", count, l.count)
	}
	return e.classified(y, n, l, transform)
}

// svm holds the attributes that SVMs share.
type svm struct {
	kernel       string
	params       []float32 // gamma, coef0, degree
	coefficients []float32
	vectors      []float32
	rho          []float32
	transform    string
}

func (s *svm) pairs() []any {
	return []any{"kernel_type?", &s.kernel, "kernel_params?", &s.params, "coefficients", &s.coefficients, "support_vectors?", &s.vectors,
		"rho", &s.rho, "post_transform?", &s.transform}
}

// kernels returns K(x, v) for each of n support vectors v: [N, n].
func (e *expander) kernels(s *svm, n int) (string, error) {
	x, rows, f, err := e.rows()
	if err != nil {
		return "", err
	}
	if n < 1 || len(s.vectors) != n*f {
		return "", malformed("%d numbers for %d support vectors of %d features", len(s.vectors), n, f)
	}
	gamma, coef, degree := 0., 0., 3.
	if len(s.params) == 3 {
		gamma, coef, degree = float64(s.params[0]), float64(s.params[1]), float64(s.params[2])
	}
	turned, squares := make([]float32, n*f), make([]float32, n)
	for i, v := range s.vectors {
		turned[i%f*n+i/f] = v
		squares[i/f] += v * v
	}
	dot := func(factor float64) string {
		w := slices.Clone(turned)
		for i := range w {
			w[i] = float32(factor * float64(w[i]))
		}
		return e.do("MatMul", x, e.floats32([]int{f, n}, w))
	}
	switch s.kernel {
	case "LINEAR":
		return dot(1), nil
	case "POLY":
		return e.do("Pow", e.do("Add", dot(gamma), e.float(coef)), e.float(degree)), nil
	case "SIGMOID":
		return e.do("Tanh", e.do("Add", dot(gamma), e.float(coef))), nil
	case "RBF": // exp(-gamma·|x - v|²)
		for i := range squares {
			squares[i] = float32(-gamma * float64(squares[i]))
		}
		own := e.with("ReduceSum", Attrs{"keepdims": 1}, e.do("Mul", x, x), e.list(1))
		own = e.do("Mul", e.reshape(own, rows, 1), e.float(-gamma))
		return e.do("Exp", e.do("Add", e.do("Add", dot(2*gamma), e.floats32([]int{n}, squares)), own)), nil
	}
	return "", malformed("kernel_type %q", s.kernel)
}

// svmRegressor expands SVMRegressor; of one class it is the sign of the sum.
func (e *expander) svmRegressor() error {
	s := &svm{kernel: "LINEAR", transform: "NONE"}
	oneClass, supports := 0, 0
	if err := e.attrs.Unpack(append(s.pairs(), "one_class?", &oneClass, "n_supports?", &supports)...); err != nil {
		return err
	}
	if len(s.rho) != 1 {
		return malformed("%d values of rho", len(s.rho))
	}
	var y string
	var err error
	if supports == 0 {
		y, err = e.linearScores(1, s.coefficients, s.rho)
	} else if y, err = e.kernels(s, supports); err == nil {
		if len(s.coefficients) != supports {
			return malformed("%d coefficients for %d support vectors", len(s.coefficients), supports)
		}
		y = e.do("MatMul", y, e.floats32([]int{supports, 1}, s.coefficients))
		y = e.do("Add", y, e.floats32([]int{1}, s.rho))
	}
	if err != nil {
		return err
	}
	if oneClass != 0 {
		above := e.with("Cast", Attrs{"to": 1}, e.do("Greater", y, e.float(0)))
		y = e.do("Sub", e.do("Mul", above, e.float(2)), e.float(1))
	}
	y, err = e.transformed(y, s.transform)
	e.set(0, y)
	return err
}

// svmClassifier expands SVMClassifier: for each pair of classes a weighted sum of kernels
// decides, and the class that wins most pairs is the label; ties go to the first.
func (e *expander) svmClassifier() error {
	s := &svm{kernel: "LINEAR", transform: "NONE"}
	var perClass []int
	var probA, probB []float32
	if err := e.attrs.Unpack(append(s.pairs(), "vectors_per_class?", &perClass, "prob_a?", &probA, "prob_b?", &probB,
		"classlabels_ints?", new([]int), "classlabels_strings?", new([]string))...); err != nil {
		return err
	}
	l, err := e.classLabels()
	if err != nil {
		return err
	}
	_, n, f, err := e.rows()
	if err != nil {
		return err
	}
	if len(perClass) == 0 { // linear: one row of coefficients a class
		count := len(s.coefficients) / max(f, 1)
		var intercepts []float32
		for range count {
			intercepts = append(intercepts, s.rho[0])
		}
		y, err := e.linearScores(count, s.coefficients, intercepts)
		if err != nil {
			return err
		}
		if count == 1 && l.count == 2 {
			return e.binary(y, l, s.transform, 0, true)
		}
		return e.classified(y, n, l, s.transform)
	}
	pairs, err := e.pairScores(s, perClass)
	if err != nil {
		return err
	}
	if len(probA) > 0 {
		return e.pairProbabilities(pairs, l, probA, probB)
	}
	e.set(0, e.labelOf(l, e.votes(pairs, len(perClass))))
	if l.count == 2 { // the scores of both classes
		pairs = e.with("Concat", Attrs{"axis": 1}, e.do("Neg", pairs), pairs)
	}
	y, err := e.transformed(pairs, s.transform)
	e.set(1, y)
	return err
}

// pairScores returns the decision of each pair of classes, [N, C·(C-1)/2].
func (e *expander) pairScores(s *svm, perClass []int) (string, error) {
	count, total := len(perClass), 0
	starts := []int{}
	for _, n := range perClass {
		if n < 0 || n > maxElements {
			return "", malformed("vectors_per_class %v", perClass)
		}
		starts = append(starts, total)
		total += n
	}
	npairs := count * (count - 1) / 2
	if count < 2 || len(s.coefficients) != (count-1)*total || len(s.rho) != npairs {
		return "", malformed("%d coefficients, %d values of rho for %d vectors of %d classes", len(s.coefficients), len(s.rho), total, count)
	}
	k, err := e.kernels(s, total)
	if err != nil {
		return "", err
	}
	w := make([]float32, total*npairs)
	pair := 0
	for i := range count {
		for j := i + 1; j < count; j++ {
			for v := starts[i]; v < starts[i]+perClass[i]; v++ {
				w[v*npairs+pair] = s.coefficients[(j-1)*total+v]
			}
			for v := starts[j]; v < starts[j]+perClass[j]; v++ {
				w[v*npairs+pair] = s.coefficients[i*total+v]
			}
			pair++
		}
	}
	y := e.do("MatMul", k, e.floats32([]int{total, npairs}, w))
	return e.do("Add", y, e.floats32([]int{npairs}, s.rho)), nil
}

// votes returns the class that wins most pairs.
func (e *expander) votes(pairs string, count int) string {
	won := e.with("Cast", Attrs{"to": 1}, e.do("Greater", pairs, e.float(0)))
	npairs := count * (count - 1) / 2
	forFirst, lost := make([]float32, npairs*count), make([]float32, count)
	pair := 0
	for i := range count {
		for j := i + 1; j < count; j++ {
			forFirst[pair*count+i], forFirst[pair*count+j] = 1, -1 // the second wins where the first does not
			lost[j]++
			pair++
		}
	}
	totals := e.do("Add", e.do("MatMul", won, e.floats32([]int{npairs, count}, forFirst)), e.floats32([]int{count}, lost))
	return e.with("ArgMax", Attrs{"axis": 1, "keepdims": 0}, totals)
}

// pairProbabilities sets the outputs of an SVM that knows probabilities, of two classes:
// those of more come from an iteration.
func (e *expander) pairProbabilities(pairs string, l labels, a, b []float32) error {
	if l.count != 2 || len(a) != 1 || len(b) != 1 {
		return unsupported("probabilities of %d classes", l.count)
	}
	z := e.do("Add", e.do("Mul", pairs, e.float(-float64(a[0]))), e.float(-float64(b[0])))
	p := e.do("Sigmoid", z)
	both := e.with("Concat", Attrs{"axis": 1}, p, e.do("Sub", e.float(1), p))
	e.set(0, e.labelOf(l, e.with("ArgMax", Attrs{"axis": 1, "keepdims": 0}, both)))
	e.set(1, both)
	return nil
}
