package relation

// Assignment holds the integers of one inference: the network's values, given, and the
// blocks', computed from them in order.
type Assignment struct {
	values [][]int64
	blocks [][]int64
}

// Assign computes every block of the system from the network's values.
func (s *System) Assign(values [][]int64) *Assignment {
	a := &Assignment{values: values, blocks: make([][]int64, len(s.Blocks))}
	for i := range s.Blocks {
		a.Of(s.Blocks[i])
	}
	return a
}

// Value returns network value i.
func (a *Assignment) Value(i int) []int64 { return a.values[i] }

// Of returns a block's integers.
func (a *Assignment) Of(b *Block) []int64 {
	if a.blocks[b.ID] == nil {
		a.blocks[b.ID] = b.fill(a)
	}
	return a.blocks[b.ID]
}

// Eval returns the tensor's integers in a new slice.
func (a *Assignment) Eval(t Tensor) []int64 {
	out := make([]int64, t.Size())
	for i := range out {
		out[i] = t.cst
	}
	var buf [16]int
	for _, m := range t.terms {
		var src []int64
		if m.block.Kind != one {
			src = a.Of(m.block)
		}
		for i := range out {
			switch idx, coef := m.read(i, buf[:]); {
			case idx < 0:
			case src == nil:
				out[i] += coef
			default:
				out[i] += coef * src[idx]
			}
		}
	}
	return out
}

// EvalExpr returns one expression's value.
func (a *Assignment) EvalExpr(e *Expr) int64 {
	v := e.Const
	for _, m := range e.Terms {
		v += m.Coef * a.Of(m.Block)[m.Index]
	}
	return v
}
