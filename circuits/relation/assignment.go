package relation

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
)

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
func (a *Assignment) mulAdd(sum, x, y int64) int64 { return mulAdd(sum, x, y, &a.wide) }

func mulAdd(sum, x, y int64, wide *bool) int64 {
	p, okP := times(x, y)
	sum, okS := plus(sum, p)
	*wide = *wide || !okP || !okS
	return sum
}

// evalPart is how many terms of elements are worth another core.
const evalPart = 1 << 13

// Eval returns the tensor's integers in a new slice.
func (a *Assignment) Eval(t Tensor) []int64 {
	out := make([]int64, t.Size())
	sources := make([][]int64, len(t.terms))
	for k, m := range t.terms {
		if m.block.Kind != one {
			sources[k] = a.Of(m.block)
		}
	}
	parts := max(min(runtime.GOMAXPROCS(0), len(out)*len(t.terms)/evalPart), 1)
	wide := make([]bool, parts)
	var wg sync.WaitGroup
	for part := range parts {
		work := func() {
			lo, hi := len(out)*part/parts, len(out)*(part+1)/parts
			for i := lo; i < hi; i++ {
				out[i] = t.cst
			}
			for k := range t.terms {
				t.terms[k].addTo(out, lo, hi, sources[k], &wide[part])
			}
		}
		if part == parts-1 {
			work()
		} else {
			wg.Go(work)
		}
	}
	wg.Wait()
	a.wide = a.wide || t.wide || slices.Contains(wide, true)
	return out
}

// addTo adds a term to elements lo to hi-1; src is its block's integers, nil for ones.
func (m *term) addTo(out []int64, lo, hi int, src []int64, wide *bool) {
	last := len(m.views) - 1
	if last < 0 {
		for i := lo; i < hi; i++ {
			x := int64(1)
			if src != nil {
				x = src[i]
			}
			out[i] = mulAdd(out[i], m.coef, x, wide)
		}
		return
	}
	var buf [16]int
	v := m.views[last]
	v.runs(lo, hi, func(i, source, step, n int) {
		if source < 0 {
			return
		}
		if last == 0 && v.Factor == nil && src != nil {
			for k := range n {
				out[i+k] = mulAdd(out[i+k], m.coef, src[source+k*step], wide)
			}
			return
		}
		for k := range n {
			coef, fits := m.coef, true
			if v.Factor != nil {
				coef, fits = times(coef, v.Factor[i+k])
			}
			if !fits {
				coef = 1
			}
			idx, coef, ok := follow(m.views[:last], source+k*step, coef, buf[:])
			if idx < 0 {
				continue
			}
			x := int64(1)
			if src != nil {
				x = src[idx]
			}
			*wide = *wide || !ok || !fits
			out[i+k] = mulAdd(out[i+k], coef, x, wide)
		}
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
