package gadget

import (
	"fmt"
	"math/big"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/statement"
)

// Config chooses how a system becomes a circuit. The zero value is the default.
type Config struct {
	Baked bool // weights are constants of the circuit, not private committed values
	Plonk bool // for gnark's PLONK builder; else Groth16

	// Embedded is for a circuit of somebody else's, in which [Plan.Embed] puts the system: it
	// exposes nothing and has no context. Plonk is false then, whatever the builder.
	Embedded bool
}

// Plan is a system with everything decided that fixes the circuit: the strategy of each
// contraction and the place of each secret input.
type Plan struct {
	Sys *relation.System
	Config

	Contracts  []*Contraction
	MatMuls    []*MatrixProduct
	Gatherings []*Gathering
	weights    int           // packed and single weights, before the blinding wire
	computed   []int         // under PLONK the product that computes a block of columns, -1 if none does
	blocks     []int         // first secret input of each block of columns or single weights, -1 if none
	tables     []int         // first multiplicity of each table
	members    []int         // first multiplicity of each relation.Member
	salts      []int         // salt of each digest, in order of exposure
	context    int           // the context wire, -1 if it is a public input
	secrets    int           // number of secret inputs
	exposes    []exposedPlan // how each exposed tensor is packed
	committed  bool          // weights are committed
}

// New plans the circuit of a system.
func New(sys *relation.System, cfg Config) (*Plan, error) {
	p := &Plan{Sys: sys, Config: cfg, context: -1}
	if err := p.planExposes(); err != nil {
		return nil, err
	}
	for i := range sys.Contracts {
		c, err := p.planContraction(&sys.Contracts[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", sys.Contracts[i].Node, err)
		}
		c.first = p.weights
		if !cfg.Baked {
			p.weights += c.elements()
		}
		p.Contracts = append(p.Contracts, c)
	}
	for i := range sys.MatMuls {
		m, err := p.planMatMul(&sys.MatMuls[i])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", sys.MatMuls[i].Node, err)
		}
		p.MatMuls = append(p.MatMuls, m)
	}
	if err := p.planGathers(); err != nil {
		return nil, err
	}
	for _, b := range sys.Blocks {
		if b.Kind == relation.Weight {
			p.weights += b.Size()
		}
	}
	p.committed = p.weights > 0
	p.findComputed()
	p.layout()
	return p, p.checkDegree()
}

// findComputed finds the columns that are products of columns before them. Under PLONK they
// are not committed: their rows compute them.
func (p *Plan) findComputed() {
	p.computed = make([]int, len(p.Sys.Blocks))
	for i := range p.computed {
		p.computed[i] = -1
	}
	for i, s := range p.Sys.Products {
		b := s.C.Block()
		if !p.Plonk || b == nil || b.Kind != relation.Column || p.computed[b.ID] >= 0 {
			continue
		}
		before := true
		for _, t := range [2]relation.Tensor{s.A, s.B} {
			for _, x := range t.Exprs() {
				for _, m := range x.Terms {
					before = before && m.Block.ID < b.ID
				}
			}
		}
		if before {
			p.computed[b.ID] = i
		}
	}
}

// layout gives every secret input its place:
//
//	packed weights (of contractions, of gathered rows), single weights, blinding | columns, block by
//	block | multiplicities (of tables, of gathered rows, of members) | context | salts
func (p *Plan) layout() {
	p.blocks = make([]int, len(p.Sys.Blocks))
	place := func(kind relation.Kind, n int) int {
		for i, b := range p.Sys.Blocks {
			if b.Kind == kind && p.computed[i] < 0 {
				p.blocks[i] = n
				n += b.Size()
			}
		}
		return n
	}
	for i := range p.blocks {
		p.blocks[i] = -1
	}
	n := 0
	for _, c := range p.Contracts {
		if !p.Baked {
			n += c.elements()
		}
	}
	for _, g := range p.Gatherings {
		if !p.Baked {
			n += g.elements()
		}
	}
	n = place(relation.Weight, n)
	if p.committed {
		n++ // the blinding wire
	}
	n = place(relation.Column, n)
	for _, t := range p.Sys.Tables {
		p.tables = append(p.tables, n)
		n += t.Len()
	}
	for _, g := range p.Gatherings {
		g.at = n
		n += g.elements()
	}
	for _, m := range p.Sys.Members {
		p.members = append(p.members, n)
		n += m.Rows.Size()
	}
	if !p.Plonk && !p.Embedded {
		p.context = n
		n++
	}
	for _, e := range p.exposes {
		if e.Visibility == statement.Digest {
			p.salts = append(p.salts, n)
			n++
		}
	}
	p.secrets = n
}

// Committed reports whether the circuit commits to private weights.
func (p *Plan) Committed() bool { return p.committed }

// Weights returns the number of packed and single weights; the blinding wire follows them.
func (p *Plan) Weights() int { return p.weights }

// Secrets returns the number of secret inputs.
func (p *Plan) Secrets() int { return p.secrets }

// Computed returns the product whose row computes a block of columns, which is then no secret
// input: under PLONK, columns that are no more than a product.
func (p *Plan) Computed(b *relation.Block) (s relation.Product, ok bool) {
	if i := p.computed[b.ID]; i >= 0 {
		return p.Sys.Products[i], true
	}
	return s, false
}

// StatementSize returns the number of elements of the statement: the context and what is
// exposed.
func (p *Plan) StatementSize() int {
	n := 1
	for _, e := range p.exposes {
		n += e.elements()
	}
	return n
}

// digitsPerElement returns the largest k with base^k <= 2^253 < r, so that a field element
// has one set of digits.
func digitsPerElement(base *big.Int) int {
	return statement.Packing{Hi: new(big.Int).Sub(base, big.NewInt(1)).Int64()}.Digits()
}

// powers returns base^0 … base^(n-1).
func powers(base *big.Int, n int) []*big.Int {
	out := make([]*big.Int, n)
	for i := range out {
		if i == 0 {
			out[i] = big.NewInt(1)
			continue
		}
		out[i] = new(big.Int).Mul(out[i-1], base)
	}
	return out
}
