package ceremony

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark/constraint"
	cs "github.com/consensys/gnark/constraint/bn254"

	"github.com/nnark/nnark/prover/groth16"
	"github.com/nnark/nnark/prover/simd/msm"
)

// The sides of a constraint.
const (
	left = iota
	right
	result
	sides
)

// circuit is a constraint system by wires: for each side, in which rows a wire occurs, with
// which coefficient.
type circuit struct {
	*groth16.Wires
	r1cs  *cs.R1CS
	rows  int
	power int
	side  [sides]column
}

// column holds the terms of one side, those of wire w at start[w] to start[w+1]-1.
type column struct {
	start, row, coefficient []uint32
}

func newCircuit(r1cs *cs.R1CS) (*circuit, error) {
	if r1cs == nil {
		return nil, fmt.Errorf("none was given: %w", ErrCircuit)
	}
	wires, err := groth16.WiresOf(r1cs)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ErrCircuit)
	}
	c := &circuit{Wires: wires, r1cs: r1cs, rows: r1cs.GetNbConstraints()}
	c.power = bits.Len(uint(c.rows - 1))
	if c.power < 1 || c.power > maxPower || len(wires.Committed) > maxCommitments {
		return nil, fmt.Errorf("%d constraints, %d commitments: %w", c.rows, len(wires.Committed), ErrCircuit)
	}
	for s := range c.side {
		c.side[s].start = make([]uint32, c.Count+1)
	}
	c.each(func(s int, _ uint32, t constraint.Term) { c.side[s].start[t.WireID()]++ })
	for s := range c.side {
		var sum uint32
		for w, n := range c.side[s].start {
			sum += n
			c.side[s].start[w] = sum // the end; placing the terms makes it the start
		}
		c.side[s].row, c.side[s].coefficient = make([]uint32, sum), make([]uint32, sum)
	}
	c.each(func(s int, row uint32, t constraint.Term) {
		at := &c.side[s].start[t.WireID()]
		*at--
		c.side[s].row[*at], c.side[s].coefficient[*at] = row, uint32(t.CoeffID())
	})
	return c, nil
}

// each calls f for every term with a coefficient other than 0.
func (c *circuit) each(f func(side int, row uint32, t constraint.Term)) {
	it := c.r1cs.GetR1CIterator()
	for row, r := uint32(0), it.Next(); r != nil; row, r = row+1, it.Next() {
		for s, terms := range [sides]constraint.LinearExpression{r.L, r.R, r.O} {
			for _, t := range terms {
				if !c.r1cs.Coefficients[t.CoeffID()].IsZero() {
					f(s, row, t)
				}
			}
		}
	}
}

// digest identifies the constraint system: its wires' places and all of its terms.
func (c *circuit) digest() [32]byte {
	h := sha256.New()
	var buf []byte
	number := func(x ...int) {
		for _, v := range x {
			buf = binary.BigEndian.AppendUint32(buf, uint32(v))
		}
	}
	list := func(x []int) { number(append([]int{len(x)}, x...)...) }
	h.Write([]byte("nnark-circuit-1"))
	number(c.rows, c.Count, len(c.Committed))
	list(c.Public)
	list(c.Private)
	for _, wires := range c.Committed {
		list(wires)
	}
	for s := range c.side {
		for w := range c.Count {
			lo, hi := c.side[s].start[w], c.side[s].start[w+1]
			number(int(hi - lo))
			for k := lo; k < hi; k++ {
				number(int(c.side[s].row[k]))
				b := c.r1cs.Coefficients[c.side[s].coefficient[k]].Bytes()
				buf = append(buf, b[:]...)
			}
			if len(buf) > 1<<16 {
				h.Write(buf)
				buf = buf[:0]
			}
		}
	}
	h.Write(buf)
	return [32]byte(h.Sum(nil))
}

// occurring returns the wires that occur on a side.
func (c *circuit) occurring(s int) (wires []int) {
	for w := range c.Count {
		if c.side[s].start[w] < c.side[s].start[w+1] {
			wires = append(wires, w)
		}
	}
	return wires
}

// points makes the points of phase 2 before any contribution. The sums over a wire's few
// constraints are taken of the powers in Lagrange form.
func (c *circuit) points(ctx context.Context, of *powers, progress Progress) (*points, error) {
	n := 1 << c.power
	m := newMeter(progress, "Lagrange form", n*(3+g2Weight))
	var forms [sides][]bn254.G1Affine // what K takes of a side: β, α and 1 times the Lagrange form
	for s, list := range [sides][]bn254.G1Affine{of.beta, of.alpha, of.tau1[:n]} {
		forms[s] = append([]bn254.G1Affine{}, list...)
		if err := msm.LagrangeG1(ctx, forms[s], m.fraction(n, 1)); err != nil {
			return nil, err
		}
	}
	form2 := append([]bn254.G2Affine{}, of.tau2...)
	if err := msm.LagrangeG2(ctx, form2, m.fraction(n, g2Weight)); err != nil {
		return nil, err
	}
	progress.report("circuit", 0)
	p := newPoints(len(c.Committed))
	one := forms[result]
	var err error
	sum := func(dst *[]bn254.G1Affine, wires []int, of [sides][]bn254.G1Affine) {
		if err == nil {
			*dst, err = combine(ctx, c, wires, of, msm.ScaleG1, msm.SumG1)
		}
	}
	sum(&p.a, c.occurring(left), [sides][]bn254.G1Affine{left: one})
	sum(&p.b1, c.occurring(right), [sides][]bn254.G1Affine{right: one})
	sum(&p.public, c.Public, forms)
	sum(&p.private, c.Private, forms)
	for i, wires := range c.Committed {
		sum(&p.basis[i], wires, forms)
		p.basisSigma[i] = p.basis[i]
	}
	if err == nil {
		p.b2, err = combine(ctx, c, c.occurring(right), [sides][]bn254.G2Affine{right: form2}, msm.ScaleG2, msm.SumG2)
	}
	if err != nil {
		return nil, err
	}
	_, _, gen1, gen2 := bn254.Generators()
	p.delta, p.delta2 = []bn254.G1Affine{gen1}, gen2
	for i := range p.sigma2 {
		p.sigma2[i] = gen2
	}
	p.z, err = quotient(ctx, of, n)
	return p, err
}

// quotient returns the points τ^i·(τ^n-1), i < n-1.
func quotient(ctx context.Context, of *powers, n int) ([]bn254.G1Affine, error) {
	z := make([]bn254.G1Affine, n-1)
	items, start := make([]uint32, 0, 2*len(z)), make([]uint32, 1, n)
	for i := range uint32(n - 1) {
		items = append(items, 2*(i+uint32(n)), 2*i+1)
		start = append(start, uint32(len(items)))
	}
	return z, msm.SumG1(ctx, z, of.tau1, items, start)
}

// combine returns, for each of the wires, the sum over its terms on the sides for which there
// are points of coefficient·of[side][row].
func combine[P any](ctx context.Context, c *circuit, wires []int, of [sides][]P,
	scale func(context.Context, []P, []P, []fr.Element, func(int)) error,
	sum func(context.Context, []P, []P, []uint32, []uint32) error) ([]P, error) {
	var src, odd []P // odd are points with coefficients other than ±1
	var offset [sides]uint32
	for s := range of {
		offset[s] = uint32(len(src))
		src = append(src, of[s]...)
	}
	var scalars []fr.Element
	var items []uint32
	start := make([]uint32, 1, len(wires)+1)
	for _, w := range wires {
		for s := range of {
			if of[s] == nil {
				continue
			}
			for k := c.side[s].start[w]; k < c.side[s].start[w+1]; k++ {
				switch id := c.side[s].coefficient[k]; id {
				case constraint.CoeffIdOne:
					items = append(items, 2*(offset[s]+c.side[s].row[k]))
				case constraint.CoeffIdMinusOne:
					items = append(items, 2*(offset[s]+c.side[s].row[k])+1)
				default:
					items = append(items, 2*uint32(len(src)+len(odd)))
					odd = append(odd, of[s][c.side[s].row[k]])
					scalars = append(scalars, c.r1cs.Coefficients[id])
				}
			}
		}
		start = append(start, uint32(len(items)))
	}
	if len(odd) > 0 {
		if err := scale(ctx, odd, odd, scalars, nil); err != nil {
			return nil, err
		}
	}
	dst := make([]P, len(wires))
	return dst, sum(ctx, dst, append(src, odd...), items, start)
}

// report calls a progress function that may be nil.
func (p Progress) report(stage string, done float64) {
	if p != nil {
		p(stage, done)
	}
}
