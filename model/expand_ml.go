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

// labelEncoder expands LabelEncoder between numbers (versions 2 and 4): integers choose an entry of a
// table, other keys are compared with each.
func (e *expander) labelEncoder() error {
	keys, values, fallback, err := e.labelTable()
	if err != nil {
		return err
	}
	x, shape := e.arg(0), e.in[0].shape
	whole := !slices.ContainsFunc(values.Float, func(v float32) bool { return v != float32(math.Trunc(float64(v))) })
	var y string
	if keys.Int != nil {
		least, most := slices.Min(keys.Int), slices.Max(keys.Int)
		if most-least >= maxChoices {
			return unsupported("keys from %d to %d", least, most)
		}
		// Entry 0 and the last are for what lies beyond the keys.
		table := slices.Repeat([]float32{fallback}, int(most-least)+3)
		for i, k := range keys.Int {
			table[k-least+1] = values.Float[i]
		}
		at := e.do("Max", e.do("Sub", x, e.integer(least-1)), e.integer(0))
		at = e.do("Min", at, e.integer(int64(len(table)-1)))
		y = e.do("Gather", e.floats32([]int{len(table)}, table), at)
	} else {
		hit := e.with("Cast", Attrs{"to": 1}, e.do("Equal", e.do("Unsqueeze", x, e.list(-1)), e.floats32(keys.Shape, keys.Float)))
		more := make([]float32, len(values.Float))
		for i, v := range values.Float {
			more[i] = v - fallback
		}
		y = e.reshape(e.do("MatMul", e.reshape(hit, product(shape), len(more)), e.floats32([]int{len(more), 1}, more)), shape...)
		y = e.do("Add", y, e.float(float64(fallback)))
	}
	if values.Int != nil && whole {
		y = e.with("Cast", Attrs{"to": 7}, y)
	}
	e.set(0, y)
	return nil
}

// labelTable reads a LabelEncoder's keys, values (as floats, with Int too if they are integers) and
// default. A key that comes twice keeps its last value.
func (e *expander) labelTable() (keys, values *Tensor, fallback float32, err error) {
	var intKeys, intValues []int
	var floatKeys, floatValues []float32
	fallback, whole := 0, -1
	err = e.attrs.Unpack("keys_int64s?", &intKeys, "keys_floats?", &floatKeys, "values_int64s?", &intValues, "values_floats?", &floatValues,
		"default_float?", &fallback, "default_int64?", &whole, "default_string?", new(string), "keys_strings?", new([]string), "values_strings?", new([]string),
		"classes_strings?", new([]string))
	if err != nil {
		return nil, nil, 0, err
	}
	keys, values = &Tensor{}, &Tensor{Float: floatValues}
	for _, k := range intKeys {
		keys.Int = append(keys.Int, int64(k))
	}
	keys.Float = floatKeys
	if floatValues == nil {
		fallback = float32(whole)
	}
	for _, v := range intValues {
		if v != int(float32(v)) {
			return nil, nil, 0, unsupported("a value of %d", v)
		}
		values.Int, values.Float = append(values.Int, int64(v)), append(values.Float, float32(v))
	}
	n := max(len(keys.Int), len(keys.Float))
	keys.Shape = []int{n}
	switch {
	case n == 0 || len(values.Float) == 0:
		return nil, nil, 0, unsupported("texts")
	case len(values.Float) != n || len(intKeys) > 0 && len(floatKeys) > 0 || (keys.Int == nil) != e.in[0].typ.IsFloat():
		return nil, nil, 0, malformed("%d keys and %d values for an input of type %v", n, len(values.Float), e.in[0].typ)
	}
	return keys, values, fallback, nil
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

// integer adds an integer.
func (e *expander) integer(v int64) string {
	return e.constant(&Tensor{Shape: []int{}, Int: []int64{v}})
}
