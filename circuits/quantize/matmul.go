package quantize

import (
	"fmt"
	"maps"
	"slices"

	"github.com/nnark/nnark/circuits"
	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/model"
)

// gemm replaces Gemm of two activations, with the first one transposed, or whose C is no
// constant row, by products and sums that exist: alpha·A·B + beta·C.
func (d *decomposer) gemm(n *model.Node) error {
	alpha, beta := 1., 1.
	var transA, transB bool
	if err := n.Attrs.Unpack("alpha?", &alpha, "beta?", &beta, "transA?", &transA, "transB?", &transB); err != nil {
		return err
	}
	x, y, c := n.Inputs[0], n.Inputs[1], ""
	if len(n.Inputs) > 2 {
		c = n.Inputs[2]
	}
	shape, constant := d.Shapes[n.Outputs[0]], d.Const[y] != nil
	row := c == "" || d.Const[c] != nil && perChannel(d.Shapes[c], &linear{rows: shape[1], axis: 1})
	if constant && (d.Const[x] != nil || !transA && row) {
		return errAsItIs
	}
	if transA {
		x = d.transpose(x)
	}
	var out string
	if constant {
		attrs, in := maps.Clone(n.Attrs), []string{x, y, c}
		delete(attrs, "transA")
		if !row {
			in = in[:2]
		}
		out = d.add("Gemm", attrs, shape, in...)
	} else {
		if transB {
			y = d.transpose(y)
		}
		if out = d.add("MatMul", nil, shape, x, y); alpha != 1 {
			out = d.add("Mul", nil, shape, out, d.literal("alpha", alpha))
		}
	}
	if c == "" || constant && row {
		return nil
	}
	if k := d.Const[c]; beta != 1 && k != nil {
		scaled := make([]float32, len(k.Float))
		for i, v := range k.Float {
			scaled[i] = float32(beta) * v
		}
		c = d.constant("beta C", k.Shape, scaled...)
	} else if beta != 1 {
		c = d.add("Mul", nil, d.Shapes[c], c, d.literal("beta", beta))
	}
	d.add("Add", nil, shape, out, c)
	return nil
}

// matMul replaces the product of a constant matrix W and an activation X by (Xᵀ·Wᵀ)ᵀ, and vectors by
// matrices of one row on the left, of one column on the right.
func (d *decomposer) matMul(n *model.Node) error {
	w, x, y := d.Const[n.Inputs[0]], d.Shapes[n.Inputs[0]], d.Shapes[n.Inputs[1]]
	if len(x) == 1 || len(y) == 1 {
		d.vectors(n, len(x) == 1, len(y) == 1)
		return nil
	}
	if w == nil || len(x) != 2 {
		return errAsItIs
	}
	shape := slices.Clone(y)
	shape[len(y)-2], shape[len(y)-1] = y[len(y)-1], x[0]
	d.transpose(d.add("MatMul", nil, shape, d.transpose(n.Inputs[1]), d.transpose(n.Inputs[0])))
	return nil
}

// vectors replaces a MatMul of vectors.
func (d *decomposer) vectors(n *model.Node, row, column bool) {
	a, b, out := n.Inputs[0], n.Inputs[1], d.Shapes[n.Outputs[0]]
	shape := slices.Clone(out)
	if column {
		b, shape = d.reshape(b, d.Shapes[b][0], 1), append(shape, 1)
	}
	if row {
		a, shape = d.reshape(a, 1, d.Shapes[a][0]), slices.Insert(shape, len(shape)-1, 1)
	}
	d.reshape(d.add("MatMul", nil, shape, a, b), out...)
}

// reshape gives a value another shape.
func (d *decomposer) reshape(x string, shape ...int) string {
	if t := d.Const[x]; t != nil {
		return d.constant("reshaped", shape, t.Float...)
	}
	to := &model.Tensor{Shape: []int{len(shape)}, Int: make([]int64, len(shape))}
	for i, k := range shape {
		to.Int[i] = int64(k)
	}
	name := d.of.Name + "/" + x + "/shape"
	d.Const[name], d.Shapes[name] = to, to.Shape
	return d.add("Reshape", nil, shape, x, name)
}

// transpose exchanges the last two axes.
func (d *decomposer) transpose(x string) string {
	if w := d.Const[x]; w != nil && len(w.Shape) == 2 {
		rows, inner := w.Shape[0], w.Shape[1]
		turned := make([]float32, len(w.Float))
		for i, v := range w.Float {
			turned[i%inner*rows+i/inner] = v
		}
		return d.constant("transposed", []int{inner, rows}, turned...)
	}
	shape := slices.Clone(d.Shapes[x])
	n := len(shape)
	shape[n-2], shape[n-1] = shape[n-1], shape[n-2]
	return d.add("Transpose", model.Attrs{"perm": lastAxis(n, n-2)}, shape, x)
}

func (l *lowerer) gemm(n *model.Node) error {
	alpha, beta := 1., 1.
	var transA, transB bool
	if err := n.Attrs.Unpack("alpha?", &alpha, "beta?", &beta, "transA?", &transA, "transB?", &transB); err != nil {
		return err
	}
	w, ws, ok := l.constant(n.Inputs[1])
	if !ok || transA {
		return fmt.Errorf("matrix B is not constant, or A transposed: %w", model.ErrUnsupported)
	}
	k := &linear{out: n.Outputs[0], axis: 1}
	k.setMatrix(w, ws, transB)
	for i := range k.weights {
		k.weights[i] *= alpha
	}
	if len(n.Inputs) > 2 && n.Inputs[2] != "" {
		c, shape, ok := l.constant(n.Inputs[2])
		if !ok || !perChannel(shape, k) {
			return fmt.Errorf("C of shape %v is not a constant row: %w", shape, model.ErrUnsupported)
		}
		for o := range k.bias {
			k.bias[o] = float64(beta * c[o%len(c)])
		}
	}
	return l.matrix(n, k)
}

// matMul lowers MatMul: by a constant matrix on the right to a layer, of two activations or of one and
// a stack of constant matrices to products of activations.
func (l *lowerer) matMul(n *model.Node) error {
	x, y := l.g.Shapes[n.Inputs[0]], l.g.Shapes[n.Inputs[1]]
	if min(len(x), len(y)) < 2 {
		return fmt.Errorf("shapes %v and %v, of which one is no matrix: %w", x, y, model.ErrUnsupported)
	}
	w, ws, ok := l.constant(n.Inputs[1])
	if stack := len(ws) - 2; ok && len(ws) <= len(x) && relation.Size(ws[:stack]) == 1 {
		ws = ws[stack:] // of one matrix
	}
	if !ok || len(ws) != 2 {
		return l.batchMatMul(n)
	}
	k := &linear{out: n.Outputs[0], axis: 1}
	k.setMatrix(w, ws, false)
	return l.matrix(n, k)
}

// batchMatMul lowers the product of two activations, or of one and weights.
func (l *lowerer) batchMatMul(n *model.Node) error {
	if m := l.makers[n.Inputs[0]]; m != nil && m.Op == "Softmax" && l.weighs(m) == n {
		return l.softmaxMatMul(m, n)
	}
	vs := make([]int, len(n.Inputs))
	for i, in := range n.Inputs {
		var err error
		if c, shape, ok := l.constant(in); ok {
			vs[i], err = l.parameter(n.Name, c, shape, circuits.MaxExp)
		} else {
			vs[i], err = l.narrow(in)
		}
		if err != nil {
			return err
		}
	}
	v, err := l.emit(n.Name, new(circuits.BatchMatMul), vs...)
	return l.done(n, v, err)
}

// setMatrix takes a [K, O] matrix, or [O, K] if transposed, as rows of outputs.
func (k *linear) setMatrix(w []float64, shape []int, transposed bool) {
	k.rows = shape[1]
	if transposed {
		k.rows, k.weights = shape[0], w
	} else {
		k.weights = make([]float64, len(w))
		inner := shape[0]
		for i := range inner {
			for o := range k.rows {
				k.weights[o*inner+i] = w[i*k.rows+o]
			}
		}
	}
	k.bias = make([]float64, k.rows)
}

func (l *lowerer) matrix(n *model.Node, k *linear) error {
	x, rounded, err := l.layerInput(n, k)
	if err != nil {
		return err
	}
	if v := l.values[n.Inputs[0]]; v != nil {
		k.means = v.means(len(v.shape) - 1)
	}
	op := &circuits.MatMul{Rows: k.rows, Inner: len(k.weights) / k.rows}
	if op.Exp, op.Weights, op.Bias, err = l.integers(k, l.p.Type(x), rounded); err != nil {
		return err
	}
	if err = op.Declare(l.p.Type(x)); err != nil {
		return err
	}
	y, err := l.emit(n.Name, op, x)
	if err != nil {
		return err
	}
	return l.layerOutput(n, k, y, rounded)
}
