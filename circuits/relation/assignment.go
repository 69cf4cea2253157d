package relation

import "fmt"

// Assignment holds the integers of one inference: the network's values, given, and the
// blocks', computed from them in order.
type Assignment struct {
	values [][]int64
	blocks [][]int64
	wide   bool
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

// Err returns an error that wraps [ErrRange] if an integer computed for the assignment
// reached 2^62: integers that satisfy the statements do not.
func (a *Assignment) Err() error {
	if a.wide {
		return fmt.Errorf("an integer of this inference reaches 2^62: %w", ErrRange)
	}
	return nil
}

// mulAdd returns sum + x·y and notes if an integer reaches the limit.
func (a *Assignment) mulAdd(sum, x, y int64) int64 {
	p, okP := times(x, y)
	sum, okS := plus(sum, p)
	a.wide = a.wide || !okP || !okS
	return sum
}

// Eval returns the tensor's integers in a new slice.
func (a *Assignment) Eval(t Tensor) []int64 {
	out := make([]int64, t.Size())
	for i := range out {
		out[i] = t.cst
	}
	a.wide = a.wide || t.wide
	for k := range t.terms {
		a.addTerm(out, &t.terms[k])
	}
	return out
}

// addTerm adds a term to each element.
func (a *Assignment) addTerm(out []int64, m *term) {
	var src []int64
	if m.block.Kind != one {
		src = a.Of(m.block)
	}
	if len(m.views) == 0 && src != nil {
		for i, x := range src {
			out[i] = a.mulAdd(out[i], m.coef, x)
		}
		return
	}
	var buf [16]int
	last := len(m.views) - 1
	add := func(i, idx int, coef int64, ok bool) {
		for k := last - 1; k >= 0 && idx >= 0; k-- {
			v := m.views[k]
			if v.Factor != nil && ok {
				coef, ok = times(coef, v.Factor[idx])
			}
			idx = v.source(idx, buf[:])
		}
		if idx < 0 {
			return
		}
		a.wide = a.wide || !ok
		switch {
		case coef == 0:
		case src == nil:
			out[i] = a.mulAdd(out[i], coef, 1)
		default:
			out[i] = a.mulAdd(out[i], coef, src[idx])
		}
	}
	if last < 0 {
		for i := range out {
			add(i, i, m.coef, true)
		}
		return
	}
	m.views[last].each(func(i, idx int) {
		coef, ok := m.coef, true
		if f := m.views[last].Factor; f != nil {
			coef, ok = times(coef, f[i])
		}
		add(i, idx, coef, ok)
	})
}

// EvalExpr returns one expression's value.
func (a *Assignment) EvalExpr(e *Expr) int64 {
	v := e.Const
	for _, m := range e.Terms {
		v = a.mulAdd(v, m.Coef, a.Of(m.Block)[m.Index])
	}
	return v
}
