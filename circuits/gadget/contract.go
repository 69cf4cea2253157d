package gadget

import (
	"fmt"
	"math"
	"math/big"

	"github.com/consensys/gnark/frontend"

	"github.com/nnark/nnark/circuits/relation"
)

// Contraction is a relation.Contract with the strategy chosen for it.
//
// In every strategy, rows output channels share one field element: W'[g,c,t] =
// Σ_o base^o·W[g·rows+o, c, t], so that one product W'·x does rows multiplications, and
// Σ_o base^o·y_o = Σ W'·x is one equation for rows outputs.
//
// Soundness of packing: the y_o lie in intervals of at most base values that other
// statements enforce (relation.System.Bounds), and base^digits <= 2^253 < r, so the
// field element fixes each digit y_o. W' needs no range check: the commitment (or the
// circuit) fixes these field elements, hence one function of x. That they are packed
// small weights, and the function a linear layer, is what an auditor's opening shows.
type Contraction struct {
	*relation.Contract

	projected bool // at a random point, after the challenge (project.go)
	twoStage  bool // projected: rows first, then columns
	late      bool // projected: shift factors applied to the sums over channels
	rows      int  // output channels to a packed element
	cols      int  // output columns to a packed element (1 unless projected)
	base      *big.Int
	exposed   *exposedPlan // the output is Deferred: it is this exposed tensor, packed its way
	first     int          // the first packed weight among the circuit's
}

// dims: input C×R×Q, output O×I×J, kernel A×B.
func (c *Contraction) in() (ch, r, q int)       { return c.X.Shape[0], c.X.Shape[1], c.X.Shape[2] }
func (c *Contraction) out() (o, i, j int)       { return c.Out.Shape[0], c.Out.Shape[1], c.Out.Shape[2] }
func (c *Contraction) kernel() (a, b int)       { return c.W.Shape[2], c.W.Shape[3] }
func (c *Contraction) groups() int              { return (c.Out.Shape[0] + c.rows - 1) / c.rows }
func (c *Contraction) row(i, a int) int         { return i*c.Stride[0] + a*c.Dilation[0] - c.Pad[0] }
func (c *Contraction) col(j, b int) int         { return j*c.Stride[1] + b*c.Dilation[1] - c.Pad[1] }
func (c *Contraction) group(g int) (lo, hi int) { return g * c.rows, min((g+1)*c.rows, c.Out.Shape[0]) }

// elements returns the number of packed weights: groups × inputs × kernel, and one bias
// a group.
func (c *Contraction) elements() int {
	n := len(c.W.Shape)
	per := relation.Size(c.W.Shape[1:n])
	if c.Bias != nil {
		per++
	}
	return c.groups() * per
}

// Describe names the strategy, for inspection.
func (c *Contraction) Describe() string {
	switch {
	case c.exposed != nil:
		return fmt.Sprintf("packed into the output, %d rows an element", c.rows)
	case !c.projected:
		return fmt.Sprintf("packed products, %d rows an element", c.rows)
	case c.twoStage:
		return fmt.Sprintf("projection in two stages, %d rows × %d columns an element", c.rows, c.cols)
	}
	return fmt.Sprintf("projection, %d rows × %d columns an element", c.rows, c.cols)
}

// planContraction chooses the cheapest strategy.
func (p *Plan) planContraction(c *relation.Contract) (*Contraction, error) {
	if b := c.Out.Block(); b != nil && b.Kind == relation.Deferred {
		for i := range p.exposes {
			if e := &p.exposes[i]; e.T.Block() == b {
				return &Contraction{Contract: c, rows: e.digits, cols: 1, base: e.base, exposed: e}, nil
			}
		}
		return nil, fmt.Errorf("output is never materialised nor exposed: %w", relation.ErrRange)
	}
	base, err := p.outputBase(c.Out)
	if err != nil {
		return nil, err
	}
	capacity := digitsPerElement(base) // at least 4: intervals are below 2^62
	o, _, j := c.Out.Shape[0], c.Out.Shape[1], c.Out.Shape[2]
	best := &Contraction{Contract: c, rows: min(o, capacity), cols: 1, base: base}
	for cols := 1; cols <= min(j, capacity) && (p.Plonk || !p.Baked); cols++ {
		rows := min(o, capacity/cols)
		for _, k := range []*Contraction{
			{Contract: c, projected: true, rows: rows, cols: cols, base: base},
			{Contract: c, projected: true, late: cols == 1, rows: rows, cols: cols, base: base},
			{Contract: c, projected: true, twoStage: true, rows: rows, cols: cols, base: base},
		} {
			if short(k.grid()) && p.price(k) < p.price(best) {
				best = k
			}
		}
	}
	return best, nil
}

// outputBase returns the number of values an output can take: the width of the widest
// enforced interval among the outputs.
func (p *Plan) outputBase(out relation.Tensor) (*big.Int, error) {
	width := int64(1)
	exprs := out.Exprs()
	for i := range exprs {
		r, ok := p.Sys.Interval(&exprs[i])
		if !ok || r.Hi-r.Lo < 0 || r.Hi-r.Lo == math.MaxInt64 {
			return nil, fmt.Errorf("output %d is not bounded: %w", i, relation.ErrRange)
		}
		width = max(width, r.Hi-r.Lo)
	}
	return new(big.Int).Add(big.NewInt(width), big.NewInt(1)), nil
}

// price estimates the cost in constraints.
func (p *Plan) price(c *Contraction) int {
	if p.Plonk {
		return p.pricePlonk(c)
	}
	ch, r, q := c.in()
	_, i, j := c.out()
	a, b := c.kernel()
	g, jj := c.groups(), (j+c.cols-1)/c.cols
	if !c.projected {
		if p.Baked {
			return g * i * j
		}
		return g * i * j * ch * a * b
	}
	shifts := b + (c.cols-1)*c.Stride[1] // distinct column offsets of a window
	n := ch*r*q + g*ch*a*b + g*i*jj      // inputs, weights, outputs
	if c.late {
		n += g * a * b
	} else {
		n += ch * a * shifts
	}
	if c.twoStage {
		n += ch*a*q + g*i
	} else {
		n += r * q
	}
	return n
}

// pricePlonk is price under PLONK, where every term of a sum is a row too. The terms of
// the outputs, which all strategies have, are left out.
func (p *Plan) pricePlonk(c *Contraction) int {
	ch, r, q := c.in()
	_, i, j := c.out()
	a, b := c.kernel()
	g, jj := c.groups(), (j+c.cols-1)/c.cols
	taps := ch * a * b
	if !c.projected {
		n := g * taps * i * j
		if p.Baked || i*j == 1 {
			return n
		}
		return g*taps + 2*n // weights loaded, products, sums
	}
	shifts := b + (c.cols-1)*c.Stride[1]
	n := ch*r*q + g*taps + 2*g*i*jj + taps*(c.cols-1)
	if c.late {
		n += g * a * b
	} else {
		n += ch * a * shifts
	}
	terms := float64(ch*a) * float64(shifts) * float64(jj)
	if c.twoStage {
		n += ch*a*q + 2*g*i + ch*q*min(a*i, i+2*(a-1)*c.Dilation[0])
	} else {
		n += r * q
		terms *= float64(i)
	}
	return n + int(min(terms, 1<<60))
}

// packedWeights returns the packed weights of group g as [c][a·B+b], and its bias (nil if
// none): secret inputs, or constants if baked.
func (e *engine) packedWeights(c *Contraction, g int) (w [][]frontend.Variable, bias frontend.Variable) {
	ch := c.X.Shape[0]
	a, b := c.kernel()
	next := c.first + g*(c.elements()/c.groups())
	var baked []*big.Int
	if e.Baked {
		baked = c.packGroup(g)
	}
	_, rows, cols := c.out()
	take := func(k int) frontend.Variable {
		switch {
		case e.Baked:
			return baked[k]
		case e.Plonk:
			return e.weight(next+k, !c.projected && rows*cols > 1)
		}
		return e.secret[next+k]
	}
	for i := range ch {
		w = append(w, nil)
		for k := range a * b {
			w[i] = append(w[i], take(i*a*b+k))
		}
	}
	if c.Bias != nil {
		bias = take(ch * a * b)
	}
	return w, bias
}

// packGroup returns the packed weights of group g in order: [c][a][b], then the bias.
func (c *Contraction) packGroup(g int) []*big.Int {
	lo, hi := c.group(g)
	per := relation.Size(c.W.Shape[1:])
	place := powers(c.base, hi-lo)
	w := c.W.Values()
	out := make([]*big.Int, 0, per+1)
	var t big.Int
	pack := func(at func(o int) int64) {
		v := new(big.Int)
		for o := lo; o < hi; o++ {
			v.Add(v, t.Mul(place[o-lo], big.NewInt(at(o))))
		}
		out = append(out, v)
	}
	for k := range per {
		pack(func(o int) int64 { return w[o*per+k] })
	}
	if c.Bias != nil {
		bias := c.Bias.Values()
		pack(func(o int) int64 { return bias[o] })
	}
	return out
}

// contractPacked states every group and position by products: Σ_o base^o·Out[o,p] =
// Bias' + Σ W'·X[p].
//
// Cost, committed: C·A·B constraints for each group and position (positions where the
// window leaves the input cost less); baked: one.
func (e *engine) contractPacked(c *Contraction) {
	x := e.tensor(c.X)
	_, outRows, outCols := c.out()
	var y []frontend.Variable
	if c.exposed == nil {
		y = e.tensor(c.Out)
	}
	place := powers(c.base, c.rows)
	for g := range c.groups() {
		w, bias := e.packedWeights(c, g)
		lo, hi := c.group(g)
		for i := range outRows {
			for j := range outCols {
				ws, xs := c.window(w, x, i, j)
				if c.exposed != nil {
					e.exposeGroup(c, ws, xs, bias, place[:hi-lo])
					continue
				}
				total := make([]frontend.Variable, 0, hi-lo+1)
				for o := lo; o < hi; o++ {
					total = append(total, e.api.Mul(y[(o*outRows+i)*outCols+j], place[o-lo]))
				}
				if bias != nil {
					total = append(total, e.api.Neg(bias))
				}
				e.mulSumEquals(ws, xs, e.sum(total))
			}
		}
	}
}

// window lists the weights and inputs that meet at output position (i,j).
func (c *Contraction) window(w [][]frontend.Variable, x []frontend.Variable, i, j int) (ws, xs []frontend.Variable) {
	ch, rows, cols := c.in()
	a, b := c.kernel()
	for k := range ch {
		for t := range a * b {
			r, q := c.row(i, t/b), c.col(j, t%b)
			if r >= 0 && r < rows && q >= 0 && q < cols {
				ws, xs = append(ws, w[k][t]), append(xs, x[(k*rows+r)*cols+q])
			}
		}
	}
	return ws, xs
}

// exposeGroup sets the packed elements of a Deferred output: Σ_o (y_o - Lo)·base^o =
// Bias' + Σ W'·x - Lo·Σ base^o. The y_o themselves never appear; the verifier splits them.
func (e *engine) exposeGroup(c *Contraction, ws, xs []frontend.Variable, bias frontend.Variable, place []*big.Int) {
	offset := new(big.Int)
	for _, p := range place {
		offset.Add(offset, p)
	}
	offset.Mul(offset, big.NewInt(-c.exposed.Interval.Lo))
	terms := []frontend.Variable{e.mulSum(ws, xs), offset}
	if bias != nil {
		terms = append(terms, bias)
	}
	id := c.Out.Block().ID
	e.deferred[id] = append(e.deferred[id], e.sum(terms))
}
