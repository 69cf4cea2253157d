package flat

import (
	"errors"
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/flat"
	"github.com/nnark/nnark/verifier/statement"
)

// ErrUnsupported means that the flat argument does not have what a program asks for.
var ErrUnsupported = errors.New("not in the flat argument")

// Compiled is a system of statements as a plan.
type Compiled struct {
	Plan *flat.Plan

	sys    *relation.System
	blocks []*space // of columns and parameters
	tables []table
	folded map[*space]bool // blocks of parameters that are no values

	wide []int64 // folded weights, if lookups read them
}

// record is a regular part of a claim: each yields terms by the numbers of elements.
type record struct {
	claim             flat.Claim
	symbol            flat.Symbol
	value, slot, side *space // nil for none
	sides             func() int
	each              func(yield func(value, slot, side int, coef int64))
	scaled            bool // the coefficients differ
}

// compiler lays a system out.
type compiler struct {
	*Compiled
	records   []record
	exposes   []*space
	inverses  []*space
	witnesses []*space // columns and counts
	models    []*space
	products  []*space
	sums      []*space
	outputs   []*space
	zeros     []*space
	columns   int // the most of a committed table

	local [][]flat.Box // of each record, with values' addresses from where their block begins
	folds map[string]int
}

// New compiles a system. The error wraps [ErrUnsupported] or [relation.ErrSize].
func New(sys *relation.System) (*Compiled, error) {
	c := &compiler{Compiled: &Compiled{sys: sys}}
	if err := c.compile(); err != nil {
		return nil, err
	}
	if err := c.lay(); err != nil {
		return nil, err
	}
	return c.Compiled, c.widen()
}

// compile makes spaces and records of all statements.
func (c *compiler) compile() error {
	sys := c.sys
	for _, b := range sys.Blocks {
		s := newSpace(b.Shape...)
		c.blocks = append(c.blocks, s)
		if b.Kind == relation.Param || b.Kind == relation.Weight {
			c.models = append(c.models, s)
		} else {
			c.witnesses = append(c.witnesses, s)
		}
	}
	c.lookups()
	for i := range sys.Gathers {
		c.gather(&sys.Gathers[i])
	}
	for i := range sys.Members {
		c.member(&sys.Members[i])
	}
	for _, p := range sys.Products {
		s := c.newSlots(&c.products, p.C.Shape...)
		c.tensor(flat.Left, flat.One, p.A, s)
		c.tensor(flat.Right, flat.One, p.B, s)
		c.tensor(flat.Product, flat.One, p.C, s)
	}
	for _, z := range sys.Zeros {
		c.tensor(flat.Zero, flat.One, z.T, c.newSlots(&c.zeros, z.T.Shape...))
	}
	for i := range sys.Contracts {
		c.contract(&sys.Contracts[i])
	}
	for i := range sys.MatMuls {
		c.matMul(&sys.MatMuls[i])
	}
	for _, e := range sys.Exposes {
		switch e.Visibility {
		case statement.Public:
			s := c.newSlots(&c.zeros, e.T.Shape...)
			c.tensor(flat.Zero, flat.One, e.T, s)
			c.exposes = append(c.exposes, s)
		case statement.Private:
		default:
			return fmt.Errorf("%s is shown as %v: %w", e.Name, e.Visibility, ErrUnsupported)
		}
	}
	c.cutAll()
	return nil
}

func (c *compiler) newSlots(to *[]*space, shape ...int) *space {
	s := newSpace(shape...)
	*to = append(*to, s)
	return s
}

// tensor adds a tensor's elements to a claim, each at its slot.
func (c *compiler) tensor(claim flat.Claim, symbol flat.Symbol, t relation.Tensor, s *space) {
	for _, p := range t.Parts() {
		c.part(claim, symbol, p, s, nil, func(yield func(element, slot, side int)) {
			for i := range s.size {
				yield(i, i, 0)
			}
		})
	}
}

// part adds elements of a tensor's part to a claim, at slots and sides.
func (c *compiler) part(claim flat.Claim, symbol flat.Symbol, p *relation.Part, slot, side *space, each func(yield func(element, slot, side int))) *record {
	r := record{claim: claim, symbol: symbol, slot: slot, side: side}
	if p.Block != nil {
		r.value = c.blocks[p.Block.ID]
	}
	r.each = func(yield func(value, slot, side int, coef int64)) {
		each(func(element, slot, side int) {
			if index, coef := p.Read(element); coef != 0 {
				yield(index, slot, side, coef)
			}
		})
	}
	first, any := int64(0), false
	r.each(func(_, _, _ int, coef int64) {
		r.scaled = r.scaled || any && coef != first
		first, any = coef, true
	})
	if !any {
		return nil
	}
	c.records = append(c.records, r)
	return &c.records[len(c.records)-1]
}

// constant adds a constant to a claim at every slot of a space.
func (c *compiler) constant(claim flat.Claim, symbol flat.Symbol, s *space, k int64) {
	c.records = append(c.records, record{claim: claim, symbol: symbol, slot: s, each: func(yield func(value, slot, side int, coef int64)) {
		for i := range s.size {
			yield(0, i, 0, k)
		}
	}})
}

// constants adds a constant of its own to each slot.
func (c *compiler) constants(claim flat.Claim, symbol flat.Symbol, s *space, k func(i int) int64) {
	c.records = append(c.records, record{claim: claim, symbol: symbol, slot: s, scaled: true, each: func(yield func(value, slot, side int, coef int64)) {
		for i := range s.size {
			yield(0, i, 0, k(i))
		}
	}})
}

// all adds a multiple of a space's values to a claim, at equal slots.
func (c *compiler) all(claim flat.Claim, value, slot *space, coef int64) {
	c.records = append(c.records, record{claim: claim, value: value, slot: slot, each: func(yield func(value, slot, side int, coef int64)) {
		for i := range value.size {
			yield(i, i, 0, coef)
		}
	}})
}
