package model

import "slices"

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
