package flat

import (
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/simd"
)

// Weights are small integers and too many to be kept as field elements: sums add them as integers.

// sumsTogether is how many slots have their sums of weights made together: what these take stays in
// a core's own cache.
const sumsTogether = 1 << 13

// addWeights adds what a box of weights gives the slots in [lo, hi).
func addWeights(out fr.Vector, weights []int32, first int, b *weighted, lo, hi int) {
	last := b.Slot
	for _, l := range b.Loops {
		last += l.Slot * (l.Size - 1)
	}
	for lo, hi = max(lo, b.Slot), min(hi, last+1); lo < hi; lo += sumsTogether {
		addSomeWeights(out, weights, first, b, lo, min(hi, lo+sumsTogether))
	}
}

func addSomeWeights(out fr.Vector, weights []int32, first int, b *weighted, lo, hi int) {
	var sums *simd.Sums // nil for nothing
	one := fr.One()
	visit(b.Box, true, lo, hi, func(r *run) {
		at, side, steps := r.value-first, 0, 0
		if b.table != nil {
			side, steps = r.side>>b.shift&(len(b.table)-1), r.step.Side>>b.shift
		}
		x := &one
		if b.table != nil && steps == 0 {
			x = &b.table[side]
		}
		if r.step.Slot == 0 && steps == 1 && r.step.Value == 1 {
			y := b.factors.Dot(side, weights[at:at+r.n])
			out[r.slot].Add(&out[r.slot], y.Mul(&y, &b.scale))
			return
		}
		if sums == nil {
			sums = simd.NewSums(hi - lo)
		}
		if r.step.Slot == 1 && steps == 0 && r.step.Value == 1 {
			sums.Add(r.slot-lo, weights[at:at+r.n], x)
			return
		}
		for i := range r.n {
			if steps != 0 {
				x = &b.table[side+i*steps]
			}
			w := at + i*r.step.Value
			sums.Add(r.slot-lo+i*r.step.Slot, weights[w:w+1], x)
		}
	})
	if sums == nil {
		return
	}
	for k := range hi - lo {
		if x := sums.Value(k); !x.IsZero() {
			out[lo+k].Add(&out[lo+k], x.Mul(&x, &b.scale))
		}
	}
}

// fold computes the virtual rows.
func (t *attempt) fold() {
	row := t.plan.Row
	for i, outer := range t.plan.FoldRows(t.points) {
		to := t.values[t.plan.Folds[i].Row<<row : (t.plan.Folds[i].Row+1)<<row]
		inChunks(len(to), func(lo, hi int, _ [2]fr.Vector) {
			sums := simd.NewSums(hi - lo)
			for r := range outer {
				if !outer[r].IsZero() {
					sums.Add(0, t.weights[r<<row+lo:r<<row+hi], &outer[r])
				}
			}
			for k := range to[lo:hi] {
				to[lo+k] = sums.Value(k)
			}
		})
	}
}
