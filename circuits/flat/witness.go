package flat

import (
	"fmt"

	"github.com/nnark/nnark/circuits/relation"
	"github.com/nnark/nnark/verifier/statement"
)

// Values returns the integers of the plan's addresses for one inference: those of the model, the
// columns and how often each table's row is looked up. The error wraps [relation.ErrRange] if
// an integer is in no row of its table, or too large.
func (c *Compiled) Values(a *relation.Assignment) ([]int64, error) {
	v := make([]int64, 1<<c.Plan.Values)
	for i, b := range c.sys.Blocks {
		s := c.blocks[i]
		for k, x := range a.Of(b) {
			v[s.address(k)] = x
		}
	}
	for i := range c.tables {
		t := &c.tables[i]
		for _, q := range t.queries {
			for k, row := range q.row(a) {
				if row < 0 {
					return nil, fmt.Errorf("integer %d of a lookup is in no row of its table: %w", k, relation.ErrRange)
				}
				v[t.counts.address(row)]++
			}
		}
	}
	return v, a.Err()
}

// Address returns where an element of a block is among the values, in the rows that a model's maker
// opens to an auditor, say.
func (c *Compiled) Address(b *relation.Block, element int) int {
	return c.blocks[b.ID].address(element)
}

// Public returns the integers of the public tensors.
func (c *Compiled) Public(a *relation.Assignment) [][]int64 {
	var out [][]int64
	for _, e := range c.sys.Exposes {
		if e.Visibility == statement.Public {
			out = append(out, a.Eval(e.T))
		}
	}
	return out
}
