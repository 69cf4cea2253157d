package flat

import (
	"slices"

	"github.com/nnark/nnark/verifier/flat"
)

// runs collects boxes that follow one another at equal distances into longer ones: single terms
// into runs, equal runs into runs of runs, and so on.
type runs struct {
	pending     flat.Box // the run so far, without its outermost loop
	last        flat.Box
	count       int
	step        flat.Loop
	next        *runs // where runs go
	done        []flat.Box
	withFactors bool // coefficients are Factors, and may differ
}

// maxNesting is how many loops a box can have.
const maxNesting = 8

func newRuns(withFactors bool) *runs {
	var r *runs
	for range maxNesting + 1 { // the last collects
		r = &runs{next: r, withFactors: withFactors}
	}
	return r
}

// finish returns the boxes.
func (r *runs) finish() []flat.Box {
	for ; r.next != nil; r = r.next {
		r.flush()
	}
	return r.done
}

func (r *runs) add(b flat.Box) {
	if r.next == nil {
		r.done = append(r.done, b)
		return
	}
	if r.count > 0 && r.follows(&b) {
		step := flat.Loop{Value: b.Value - r.last.Value, Slot: b.Slot - r.last.Slot, Side: b.Side - r.last.Side}
		forward := step.Value >= 0 && step.Slot >= 0 && step.Side >= 0
		switch {
		case forward && (r.count == 1 || step == r.step):
			r.step, r.last = step, b
			r.count++
			r.pending.Factors = append(r.pending.Factors, b.Factors...)
			return
		case forward && r.count == 2 && reach(step) < reach(r.step):
			// The first was the end of another run.
			first, last := r.pending, r.last
			first.Factors = first.Factors[:len(first.Factors)-len(last.Factors)]
			r.next.add(first)
			r.start(last)
			r.add(b)
			return
		}
	}
	r.flush()
	r.start(b)
}

func reach(l flat.Loop) int { return l.Value + l.Slot + l.Side }

func (r *runs) start(b flat.Box) {
	r.pending, r.last, r.count = b, b, 1
	r.pending.Factors = slices.Clone(b.Factors)
}

func (r *runs) flush() {
	if r.count == 0 {
		return
	}
	b := r.pending
	if r.count > 1 {
		r.step.Size = r.count
		b.Loops = append([]flat.Loop{r.step}, b.Loops...)
	}
	r.count = 0
	r.next.add(b)
}

// follows reports whether a box is like the last but for where it starts.
func (r *runs) follows(b *flat.Box) bool {
	l := &r.last
	return l.Claim == b.Claim && l.Symbol == b.Symbol && (l.Coef == b.Coef || r.withFactors) && l.Constant() == b.Constant() &&
		l.Sides == b.Sides && slices.Equal(l.Loops, b.Loops)
}
