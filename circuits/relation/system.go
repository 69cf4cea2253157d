package relation

import (
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"github.com/nnark/nnark/fixedpoint"
)

// ErrRange means that an integer's range could not be shown to stay inside the bounds
// a proof system needs.
var ErrRange = errors.New("integer range not excluded from overflow")

// ErrSize means that a table or a system has more rows or columns than a proof can hold.
var ErrSize = errors.New("too large for a proof")

// System is a finished list of statements. Bounds[b][i] is the interval that the
// lookups force on element i of block b, whatever the prover does. It has nothing of parameters of
// which none force any.
type System struct {
	Blocks    []*Block
	Tables    []*Table
	Lookups   []Lookup
	Products  []Product
	Zeros     []Zero
	Contracts []Contract
	MatMuls   []MatMul
	Gathers   []Gather
	Members   []Member
	Exposes   []Expose

	Bounds [][]fixedpoint.Interval

	unbounded []*Block // columns whose values products fix, and of which no interval is asked
}

// Finish settles the open range checks, derives every column's interval, bounds the
// accumulators' elements that have none and checks the others that have to be within an interval. It fails with [ErrRange] if another column is
// bounded by no statement, or an expression of one is not proven to stay below 2^62, and
// with [ErrSize] if a table or the whole is too large.
func (b *Builder) Finish() (*System, error) {
	sys, known := &b.sys, new(expansions)
	for {
		if b.err == nil {
			b.lowerAtLeast()
		}
		if b.err != nil {
			return nil, b.err
		}
		facts, products, err := sys.bound(known)
		if err != nil {
			return nil, err
		}
		if b.boundRest() {
			b.honest = nil
			continue
		}
		if b.boundWithin() {
			continue
		}
		if err := sys.checkBounds(); err != nil {
			return nil, err
		}
		if err := sys.checkExpressions(facts, products); err != nil {
			return nil, err
		}
		return sys, nil
	}
}

// lowerAtLeast turns each "0 <= t" into lookups: one in a table that holds a long enough
// run (a range table, or the flat part of a function: its rows (x, c) for constant c are a
// range check of x), where need be lengthened, else one a digit. All checks of one bound
// decide together, the largest bound first. A table in which a check has been made keeps its
// length: more rows would let the check's expression below 0.
func (b *Builder) lowerAtLeast() {
	sizes := map[int64]int{}
	for _, r := range b.atLeast {
		sizes[r.bound] += r.t.Size()
	}
	width := b.digitBits()
	hosts := map[int64]*Table{}
	for _, bound := range slices.Backward(slices.Sorted(maps.Keys(sizes))) {
		t, extra := b.host(bound)
		if t != nil && extra <= int64(sizes[bound]*(digitsFor(bound, width)-1)) && int64(t.Len())+extra <= MaxRows {
			t.Domain.Lo -= extra
			hosts[bound] = t
		}
	}
	for _, r := range b.atLeast {
		b.node = r.name
		t := hosts[r.bound]
		if t == nil {
			b.digits(r.t, r.bound, width)
			continue
		}
		// The rows added may have broken the run: the function need not be flat between its
		// ends. Then digits serve.
		at, c, ok := t.plateau()
		if !ok || at.Hi-at.Lo < r.bound {
			b.digits(r.t, r.bound, width)
			continue
		}
		if t.IsFunction() {
			b.Lookup(t, r.t.PlusConst(at.Lo), Const(r.t.Shape, c))
		} else {
			b.Lookup(t, r.t.PlusConst(at.Lo))
		}
		b.hosting[t] = true
	}
	b.atLeast = nil
}

// digitsFor returns how many digits of a width hold [0, bound].
func digitsFor(bound int64, width int) int { return (bits.Len64(uint64(bound)) + width - 1) / width }

// host finds the table whose run can cover [0,bound] with the fewest extra rows, and
// among those the shortest run, so that the enforced interval stays small.
func (b *Builder) host(bound int64) (host *Table, extra int64) {
	var best int64
	for _, t := range b.sys.Tables {
		at, c, ok := t.plateau()
		if !ok {
			continue
		}
		more := max(0, bound-(at.Hi-at.Lo))
		if more > 0 && (b.hosting[t] || !t.IsFunction() || at.Lo != t.Domain.Lo || t.f(at.Lo-more) != c || t.f(at.Lo-1) != c) {
			continue
		}
		if host == nil || more < extra || more == extra && at.Hi-at.Lo < best {
			host, extra, best = t, more, at.Hi-at.Lo
		}
	}
	return host, extra
}

// digitBits is the width of the digits of wide range checks: the widest range table
// [0,2^w) there is, so that it is shared, and at least 8.
func (b *Builder) digitBits() int {
	w := 8
	for _, t := range b.sys.Tables {
		if n := t.Len(); !t.IsFunction() && t.Domain.Lo == 0 && n&(n-1) == 0 {
			w = max(w, bits.Len64(uint64(n))-1)
		}
	}
	return w
}

// digits says 0 <= t < 2^(width·n) by n digits in base 2^width, for the least n that holds
// bound. The lowest digit is what the others leave, an expression; the others are columns.
// The highest is cut to what bound needs where all of them would pass 2^60.
func (b *Builder) digits(t Tensor, bound int64, width int) {
	n := digitsFor(bound, width)
	digit := fixedpoint.Interval{Lo: 0, Hi: 1<<width - 1}
	low := t
	for k := 1; k < n; k++ {
		shift := uint(k * width)
		if k == n-1 && n*width > 60 {
			digit.Hi = bound >> shift
		}
		d := b.Column(fmt.Sprintf("digit %d", k), t.Shape, func(a *Assignment) []int64 {
			v := a.Eval(t)
			for i := range v {
				v[i] = v[i] >> shift & (1<<width - 1)
			}
			return v
		})
		b.Range(d, digit)
		low = low.Minus(d.Times(1 << shift))
	}
	b.Range(low, fixedpoint.Interval{Lo: 0, Hi: 1<<width - 1})
}
