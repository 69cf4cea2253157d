package gadget

import (
	"math/big"
	"math/bits"
	"slices"

	"github.com/consensys/gnark/frontend"
)

// contractProjected states a convolution (or a matrix product: kernel 1×1, positions as
// rows) as one equation for each group of packed channels, at the random point of the
// polynomial in α, β whose coefficients are the output positions (Freivalds):
//
//	Σ_{i,j} α^(s·i) β^(s·j) Y'[i,j] = Σ_{c,a,b} W'[c,a,b] · Σ_{i,j} α^(s·i) β^(s·j) X[c, s·i+d·a-p, s·j+d·b-p].
//
// The inner sum is a window sum of Z[c,r,q] = X[c,r,q]·α^r β^q, which needs one product an
// input element, times α^(p-d·a) β^(p-d·b), which depends on the tap alone. Neighbouring
// output columns share an element (cols), at distances of base^rows: column j = cols·k + m
// is weighted by β^(s·cols·k)·(base^rows)^m. All exponents are shifted to be non-negative.
// In two stages, rows come first: X·α^r, then windows of these times β^q; else a table of
// α^r β^q serves all channels.
//
// Cost, about: C·R·Q + groups·(C·A·B + I·J/cols) + the shifts (C·A·(B+cols-1), or with
// cols = 1 groups·A·B) + R·Q for the table, or C·A·Q + groups·I in two stages.
//
// Soundness: the equation compares two polynomials in (α, β), one coefficient for each
// (i, k), degree < step in β. β = z, α = z^step keep monomials distinct; z depends on X, Y
// and W'. So Y' is right at every position except with probability step·rows/r
// ([Contraction.grid]), and the digits of Y' are unique (see Contraction).
func (e *engine) contractProjected(c *Contraction) {
	p := newProjection(e, c)
	sums := p.windowSums(e.tensor(c.X))
	y := e.tensor(c.Out)
	all := p.positions()
	for g := range c.groups() {
		w, bias := e.packedWeights(c, g)
		total := p.outputs(y, g)
		if bias != nil {
			total = e.api.Sub(total, e.api.Mul(bias, all))
		}
		ws, xs := p.inputs(w, sums)
		e.mulSumEquals(ws, xs, total)
	}
}

// projection holds the exponents of one contraction.
type projection struct {
	*engine
	c              *Contraction
	step           int // α = z^step
	rowOff, colOff int // shifts that keep exponents non-negative
	cols           int // packed output columns: ceil(J/cols)
}

func newProjection(e *engine, c *Contraction) *projection {
	a, b := c.kernel()
	_, _, j := c.out()
	_, _, q := c.in()
	p := &projection{engine: e, c: c, cols: (j + c.cols - 1) / c.cols}
	p.rowOff = max(0, c.row(0, a-1))
	p.colOff = max(0, c.col(c.cols-1, b-1))
	degree := max(q-1+p.colOff+c.Pad[1], c.Stride[1]*c.cols*(p.cols-1)+p.colOff)
	p.step = 1 << bits.Len(uint(degree))
	return p
}

// at returns α^row β^col.
func (p *projection) at(row, col int) frontend.Variable { return p.pow(p.step*row+col, p.step) }

// valid reports whether packed column k holds output column m of its pack.
func (p *projection) valid(k, m int) bool { return k*p.c.cols+m < p.c.Out.Shape[2] }

// sumKey names a window sum: channel, kernel row, column offset, and how many packs
// reach that far.
type sumKey struct{ ch, a, shift, packs int }

// windowSums returns, for every tap (c, a, b) and column m of a pack, the weighted sum of
// inputs over all output positions, times the tap's factor where that comes first.
func (p *projection) windowSums(x []frontend.Variable) func(ch, a, b int) frontend.Variable {
	c := p.c
	_, rows, cols := c.in()
	place := powers(c.base, c.rows*c.cols)
	z := p.weighted(x)
	memo := map[sumKey]frontend.Variable{}
	_, outRows, _ := c.out()
	sum := func(k sumKey) frontend.Variable {
		if v, ok := memo[k]; ok {
			return v
		}
		var terms []frontend.Variable
		for jj := range k.packs {
			q := jj*c.cols*c.Stride[1] + k.shift
			if q < 0 || q >= cols {
				continue
			}
			if c.twoStage {
				terms = append(terms, z(k.ch, k.a, q))
				continue
			}
			for i := range outRows {
				if r := c.row(i, k.a); r >= 0 && r < rows {
					terms = append(terms, z(k.ch, r, q))
				}
			}
		}
		v := p.sum(terms)
		if !c.late {
			v = p.api.Mul(v, p.factor(k.a, k.shift))
		}
		memo[k] = v
		return v
	}
	taps := map[[3]int]frontend.Variable{}
	return func(ch, a, b int) frontend.Variable {
		if v, ok := taps[[3]int{ch, a, b}]; ok {
			return v
		}
		var terms []frontend.Variable
		for m := range c.cols {
			packs := p.cols
			if !p.valid(packs-1, m) {
				packs--
			}
			v := sum(sumKey{ch, a, c.col(m, b), packs})
			terms = append(terms, p.api.Mul(v, place[c.rows*m]))
		}
		v := p.shared(p.sum(terms))
		taps[[3]int{ch, a, b}] = v
		return v
	}
}

// shared makes a sum that is used again a wire under PLONK, where its terms would cost again.
func (e *engine) shared(v frontend.Variable) frontend.Variable {
	if s, ok := v.(*sum); ok && e.Plonk && len(s.terms) > 1 {
		return of1(e.rows.wire(s))
	}
	return v
}

// factor returns α^(rowOff - offset of a) β^(colOff - shift).
func (p *projection) factor(a, shift int) frontend.Variable {
	return p.at(p.rowOff-p.c.row(0, a), p.colOff-shift)
}

// weighted returns the inputs times their powers: in one stage X[c,r,q]·α^r β^q, indexed
// (c,r,q); in two stages β^q·Σ_i α^r X[c,r,q] over the rows r of kernel row a, indexed
// (c,a,q).
func (p *projection) weighted(x []frontend.Variable) func(ch, r, q int) frontend.Variable {
	c := p.c
	_, rows, cols := c.in()
	memo := map[[3]int]frontend.Variable{}
	get := func(k [3]int, make func() frontend.Variable) frontend.Variable {
		v, ok := memo[k]
		if !ok {
			v = make()
			memo[k] = v
		}
		return v
	}
	if !c.twoStage {
		return func(ch, r, q int) frontend.Variable {
			return get([3]int{ch, r, q}, func() frontend.Variable {
				return p.api.Mul(x[(ch*rows+r)*cols+q], p.at(r, q))
			})
		}
	}
	down := p.columnSums(x)
	return func(ch, a, q int) frontend.Variable {
		return get([3]int{ch, a, q}, func() frontend.Variable {
			return p.api.Mul(down(ch, a, q), p.at(0, q))
		})
	}
}

// columnSums returns Σ_i α^r X[c,r,q] over the rows r of kernel row a, indexed (c,a,q). Under
// PLONK a sum is the one of the kernel row before with what leaves and enters, where that has
// fewer terms.
func (p *projection) columnSums(x []frontend.Variable) func(ch, a, q int) frontend.Variable {
	c := p.c
	_, rows, cols := c.in()
	_, outRows, _ := c.out()
	reads := func(a int) (in []int) {
		for i := range outRows {
			if r := c.row(i, a); r >= 0 && r < rows {
				in = append(in, r)
			}
		}
		return in
	}
	first, sums := map[int]frontend.Variable{}, map[[3]int]frontend.Variable{}
	var sum func(ch, a, q int) frontend.Variable
	sum = func(ch, a, q int) frontend.Variable {
		if v, ok := sums[[3]int{ch, a, q}]; ok {
			return v
		}
		term := func(r int) frontend.Variable {
			at := (ch*rows+r)*cols + q
			if _, ok := first[at]; !ok {
				first[at] = p.api.Mul(x[at], p.at(r, 0))
			}
			return first[at]
		}
		var terms []frontend.Variable
		now := reads(a)
		if enter, leave := changes(p.Plonk && a > 0, reads, a); len(enter)+len(leave)+1 < len(now) {
			terms = append(terms, sum(ch, a-1, q))
			for _, r := range enter {
				terms = append(terms, term(r))
			}
			for _, r := range leave {
				terms = append(terms, p.api.Neg(term(r)))
			}
		} else {
			for _, r := range now {
				terms = append(terms, term(r))
			}
		}
		v := p.shared(p.sum(terms))
		sums[[3]int{ch, a, q}] = v
		return v
	}
	return sum
}

// changes returns what the rows of kernel row a have that those of a-1 have not, and the
// other way round.
func changes(wanted bool, reads func(int) []int, a int) (enter, leave []int) {
	now := reads(a)
	if !wanted {
		return now, now
	}
	before := reads(a - 1)
	for _, r := range now {
		if !slices.Contains(before, r) {
			enter = append(enter, r)
		}
	}
	for _, r := range before {
		if !slices.Contains(now, r) {
			leave = append(leave, r)
		}
	}
	return enter, leave
}

// inputs lists the right side's products: W'[c,a,b] with its window sum; or, with late
// factors, the factors with the sums over channels.
func (p *projection) inputs(w [][]frontend.Variable, sums func(ch, a, b int) frontend.Variable) (ws, xs []frontend.Variable) {
	c := p.c
	ka, kb := c.kernel()
	for t := range ka * kb {
		var over []frontend.Variable
		for ch := range w {
			s := sums(ch, t/kb, t%kb)
			if c.late {
				over = append(over, p.api.Mul(w[ch][t], s))
				continue
			}
			ws, xs = append(ws, w[ch][t]), append(xs, s)
		}
		if c.late {
			ws, xs = append(ws, p.sum(over)), append(xs, p.factor(t/kb, c.col(0, t%kb)))
		}
	}
	return ws, xs
}

// outputs returns group g's left side.
func (p *projection) outputs(y []frontend.Variable, g int) frontend.Variable {
	c := p.c
	_, rows, cols := c.out()
	place := powers(c.base, c.rows*c.cols)
	lo, hi := c.group(g)
	var all []frontend.Variable
	for i := range rows {
		var line []frontend.Variable
		for k := range p.cols {
			var digits []frontend.Variable
			for m := 0; m < c.cols && p.valid(k, m); m++ {
				for o := lo; o < hi; o++ {
					digits = append(digits, p.api.Mul(y[(o*rows+i)*cols+k*c.cols+m], place[c.rows*m+o-lo]))
				}
			}
			line = append(line, p.api.Mul(p.sum(digits), p.outputPower(i, k)))
		}
		if v := p.sum(line); c.twoStage {
			all = append(all, p.api.Mul(v, p.at(c.Stride[0]*i+p.rowOff, 0)))
		} else {
			all = append(all, v)
		}
	}
	return p.sum(all)
}

// outputPower is the weight of packed column k in row i; in two stages the row's share
// comes later.
func (p *projection) outputPower(i, k int) frontend.Variable {
	col := p.c.Stride[1]*p.c.cols*k + p.colOff
	if p.c.twoStage {
		return p.at(0, col)
	}
	return p.at(p.c.Stride[0]*i+p.rowOff, col)
}

// positions returns the left side for outputs that are all 1: what a bias multiplies.
func (p *projection) positions() frontend.Variable {
	c := p.c
	_, rows, _ := c.out()
	place := powers(c.base, c.rows*c.cols)
	var down, across []frontend.Variable
	for i := range rows {
		down = append(down, p.at(c.Stride[0]*i+p.rowOff, 0))
	}
	for k := range p.cols {
		weight := new(big.Int)
		for m := 0; m < c.cols && p.valid(k, m); m++ {
			weight.Add(weight, place[c.rows*m])
		}
		across = append(across, p.api.Mul(p.at(0, c.Stride[1]*c.cols*k+p.colOff), weight))
	}
	return p.api.Mul(p.sum(down), p.sum(across))
}
