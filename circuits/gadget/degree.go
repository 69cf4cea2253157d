package gadget

import (
	"fmt"
	"math/big"
	"math/bits"

	"github.com/nnark/nnark/circuits/relation"
)

// maxDegree bounds the sum of the degrees, as polynomials in the challenge z, of everything
// that a false statement would make vanish at z. With it over r > 2^253 as the probability
// that one does, the error of a proof is below 2^-209.
const maxDegree = 1 << 44

// maxPower bounds the rows and columns of a grid of powers of z: each costs a constraint.
const maxPower = 1 << 20

// checkDegree returns an error if the plan's identities could vanish by chance more often
// than the package promises, or need more powers of the challenge than there can be.
func (p *Plan) checkDegree() error {
	d := p.degree()
	if d.Cmp(big.NewInt(maxDegree)) > 0 {
		return fmt.Errorf("%d rows and queries of one table, %d projections: checks of degree 2^%d in one challenge: %w",
			p.mostFractions(), len(p.Contracts)+len(p.MatMuls), d.BitLen(), relation.ErrSize)
	}
	for _, m := range p.MatMuls {
		if m.projected && !short(m.grid()) {
			return fmt.Errorf("%s: product of %v and %v: %w", m.Node, m.A.Shape, m.B.Shape, relation.ErrSize)
		}
	}
	return nil
}

// degree adds up, over all identities, how many z let a false one pass:
//
//	lookups      (N-1)·2^k for N fractions of X = z^(2^k) and Y = z, and as many again
//	             for the z at which one of the N denominators, of degree 2^k, is zero
//	projections  step·rows for each group of packed rows: the monomials are z^(step·row + column)
//	the fold     one for each element of the statement
func (p *Plan) degree() *big.Int {
	sum := big.NewInt(int64(p.StatementSize()))
	add := func(factors ...int) {
		product := big.NewInt(1)
		for _, f := range factors {
			product.Mul(product, big.NewInt(int64(f)))
		}
		sum.Add(sum, product)
	}
	x := lookupPower(p.mostFractions())
	for i, t := range p.Sys.Tables {
		add(2, p.queries(i)+t.Len(), x)
	}
	for _, g := range p.Gatherings {
		add(2, g.queries()+g.elements(), x)
	}
	for _, m := range p.Sys.Members {
		add(2, m.Query.Size()+m.Rows.Size(), x)
	}
	for _, c := range p.Contracts {
		if c.projected {
			step, rows := c.grid()
			add(c.groups(), step, rows)
		}
	}
	for _, m := range p.MatMuls {
		if m.projected {
			step, rows := m.grid()
			add(step, rows)
		}
	}
	return sum
}

// mostFractions returns the largest number of queries and rows of one table, or of what is used as one.
func (p *Plan) mostFractions() (n int) {
	for i, t := range p.Sys.Tables {
		n = max(n, p.queries(i)+t.Len())
	}
	for _, g := range p.Gatherings {
		n = max(n, g.queries()+g.elements())
	}
	for _, m := range p.Sys.Members {
		n = max(n, m.Query.Size()+m.Rows.Size())
	}
	return n
}

// lookupPower returns the 2^k above n with which X = z^(2^k).
func lookupPower(n int) int { return 1 << bits.Len(uint(n)) }

// grid returns a projection's step and number of rows: all exponents are step·row + column
// with column < step and row < rows.
func (c *Contraction) grid() (step, rows int) {
	p := newProjection(nil, c)
	_, r, _ := c.in()
	_, i, _ := c.out()
	return p.step, max(r+p.rowOff+c.Pad[0], c.Stride[0]*(i-1)+p.rowOff+1)
}

// grid is [Contraction.grid] of a product of matrices.
func (m *MatrixProduct) grid() (step, rows int) {
	g, _, h := m.dims()
	return 1 << bits.Len(uint(h)), g
}

// short reports whether a grid of powers is worth a projection at all.
func short(step, rows int) bool { return step <= maxPower && rows <= maxPower }
