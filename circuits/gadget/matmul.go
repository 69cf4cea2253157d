package gadget

import (
	"fmt"
	"math/big"

	"github.com/consensys/gnark/frontend"

	"github.com/nnark/nnark/circuits/relation"
)

// MatrixProduct is a relation.MatMul, a product of two committed matrices, with the
// strategy chosen for it.
//
// rows rows of A and cols columns of B share one field element each,
//
//	A'[g,k] = Σ_j base^(cols·j)·A[rows·g+j, k],  B'[k,h] = Σ_i base^i·B[k, cols·h+i],
//
// so that Y'[g,h] = Σ_{j,i} base^(cols·j+i)·Out[rows·g+j, cols·h+i] = Σ_k A'[g,k]·B'[k,h] is one
// equation for rows·cols outputs. Either each of them is stated by K products, or all
// together at a random point.
//
// Soundness of packing: the outputs lie in intervals of at most base values that other
// statements enforce, and base^(rows·cols) <= 2^253 < r, so Y' fixes each of them; A and B
// may be any field elements that are fixed.
type MatrixProduct struct {
	*relation.MatMul

	projected  bool
	rows, cols int
	base       *big.Int
}

// dims returns the numbers of packed rows, inner elements and packed columns.
func (m *MatrixProduct) dims() (g, k, h int) {
	return (m.A.Shape[0] + m.rows - 1) / m.rows, m.A.Shape[1], (m.B.Shape[1] + m.cols - 1) / m.cols
}

// Describe names the strategy, for inspection.
func (m *MatrixProduct) Describe() string {
	how := "packed products"
	if m.projected {
		how = "projection"
	}
	return fmt.Sprintf("%s, %d rows × %d columns an element", how, m.rows, m.cols)
}

// planMatMul chooses the cheapest packing and strategy.
func (p *Plan) planMatMul(m *relation.MatMul) (*MatrixProduct, error) {
	base, err := p.outputBase(m.Out)
	if err != nil {
		return nil, err
	}
	capacity := digitsPerElement(base) // at least 4: intervals are below 2^62
	var best *MatrixProduct
	for rows := 1; rows <= min(m.A.Shape[0], capacity); rows++ {
		cols := min(m.B.Shape[1], capacity/rows)
		for _, projected := range []bool{false, true} {
			k := &MatrixProduct{MatMul: m, projected: projected, rows: rows, cols: cols, base: base}
			if best == nil || p.priceMatMul(k) < p.priceMatMul(best) {
				best = k
			}
		}
	}
	return best, nil
}

// priceMatMul estimates the cost in constraints; under PLONK every term of a sum is one
// too.
func (p *Plan) priceMatMul(m *MatrixProduct) int {
	g, k, h := m.dims()
	n := g * k * h
	if m.projected {
		n = g*k + k*h + g*h + 2*g + h + k
	}
	if p.Plonk {
		n = 2*n + m.A.Size() + m.B.Size() + m.Out.Size()
	}
	return n
}

// matMul states a product of matrices.
//
// Cost: G·K·H constraints for G packed rows and H packed columns; projected about
// G·K + K·H + G·H + K.
//
// Soundness of the projection (Freivalds): with α = z^step, step > H, it compares the
// coefficients of z^(step·g + h) in
//
//	Σ_{g,h} α^g z^h Y'[g,h] = Σ_k (Σ_g α^g A'[g,k])·(Σ_h z^h B'[k,h]),
//
// distinct monomials for distinct (g, h). z depends on A, B and Out. So every Y'[g,h] is
// right except with probability step·G/r.
func (e *engine) matMul(m *MatrixProduct) {
	a, b, y := e.packMatrices(m)
	if !m.projected {
		for g := range a {
			for h := range y[g] {
				column := make([]frontend.Variable, len(b))
				for k := range b {
					column[k] = b[k][h]
				}
				e.mulSumEquals(a[g], column, y[g][h])
			}
		}
		return
	}
	step, _ := m.grid()
	along := func(row []frontend.Variable, stride int) frontend.Variable {
		terms := make([]frontend.Variable, len(row))
		for i, x := range row {
			terms[i] = e.api.Mul(x, e.pow(stride*i, step))
		}
		return e.sum(terms)
	}
	var left, right, total []frontend.Variable
	for k := range b {
		column := make([]frontend.Variable, len(a))
		for g := range a {
			column[g] = a[g][k]
		}
		left, right = append(left, along(column, step)), append(right, along(b[k], 1))
	}
	for g := range y {
		total = append(total, along(y[g], 1))
	}
	e.mulSumEquals(left, right, along(total, step))
}

// packMatrices returns A' by rows, B' by inner elements and Y' by rows.
func (e *engine) packMatrices(m *MatrixProduct) (a, b, y [][]frontend.Variable) {
	x, w, out := e.tensor(m.A), e.tensor(m.B), e.tensor(m.Out)
	rows, inner, cols := m.A.Shape[0], m.A.Shape[1], m.B.Shape[1]
	place := powers(m.base, m.rows*m.cols)
	// pack sums the elements x[at(j,i)] at the places of row j and column i of a block.
	pack := func(x []frontend.Variable, g, h, j, i int, at func(row, col int) int) frontend.Variable {
		var terms []frontend.Variable
		for r := g; r < min(g+j, rows); r++ {
			for c := h; c < min(h+i, cols); c++ {
				terms = append(terms, e.api.Mul(x[at(r, c)], place[(r-g)*m.cols+c-h]))
			}
		}
		return e.sum(terms)
	}
	for g := 0; g < rows; g += m.rows {
		var line, packed []frontend.Variable
		for k := range inner {
			line = append(line, pack(x, g, 0, m.rows, 1, func(r, _ int) int { return r*inner + k }))
		}
		for h := 0; h < cols; h += m.cols {
			packed = append(packed, pack(out, g, h, m.rows, m.cols, func(r, c int) int { return r*cols + c }))
		}
		a, y = append(a, line), append(y, packed)
	}
	for k := range inner {
		var line []frontend.Variable
		for h := 0; h < cols; h += m.cols {
			line = append(line, pack(w, 0, h, 1, m.cols, func(_, c int) int { return k*cols + c }))
		}
		b = append(b, line)
	}
	return a, b, y
}
