package flat

import (
	"math/big"

	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// Weights are small integers and too many to be kept as field elements. An integer in the lowest limb of an
// element, as it is, is a factor for Montgomery's product if the other has one more R = 2^256:
//
//	(x·R²)·w / R = (x·w)·R

// montgomery is R as a field element.
var montgomery = func() (r fr.Element) {
	return *r.SetBigInt(new(big.Int).Lsh(big.NewInt(1), 256))
}()

// addTimes adds x·w to sum, for an x that was multiplied by [montgomery].
func addTimes(sum, x *fr.Element, w int32) {
	var y fr.Element
	switch {
	case w > 0:
		y[0] = uint64(w)
		sum.Add(sum, y.Mul(&y, x))
	case w < 0:
		y[0] = uint64(-int64(w))
		sum.Sub(sum, y.Mul(&y, x))
	}
}

// addWeights adds a run of a box of weights, which begins at one of them, to the slots.
func addWeights(out fr.Vector, weights []int32, at int, b *weighted, r *run) {
	var scale fr.Element
	scale.Mul(&b.scale, &montgomery)
	side, steps := 0, 0
	if b.table != nil {
		side, steps = r.side>>b.shift&(len(b.table)-1), r.step.Side>>b.shift
	}
	if steps == 0 {
		if b.table != nil {
			scale.Mul(&scale, &b.table[side])
		}
		for i := range r.n {
			addTimes(&out[r.slot+i*r.step.Slot], &scale, weights[at+i*r.step.Value])
		}
		return
	}
	if r.step.Slot == 0 { // without the montgomery factor a product lacks one R, which scale brings back
		var sum fr.Element
		for i := range r.n {
			addTimes(&sum, &b.table[side+i*steps], weights[at+i*r.step.Value])
		}
		scale.Mul(&scale, &sum)
		out[r.slot].Add(&out[r.slot], &scale)
		return
	}
	for i := range r.n {
		var x fr.Element
		x.Mul(&scale, &b.table[side+i*steps])
		addTimes(&out[r.slot+i*r.step.Slot], &x, weights[at+i*r.step.Value])
	}
}

// fold computes the virtual rows.
func (t *attempt) fold() {
	row := t.plan.Row
	for i, outer := range t.plan.FoldRows(t.points) {
		to := t.values[t.plan.Folds[i].Row<<row : (t.plan.Folds[i].Row+1)<<row]
		clear(to)
		inChunks(len(to), func(lo, hi int, _ *fr.Vector) {
			for r := range outer {
				if outer[r].IsZero() {
					continue
				}
				var x fr.Element
				x.Mul(&outer[r], &montgomery)
				for k, w := range t.weights[r<<row+lo : r<<row+hi] {
					addTimes(&to[lo+k], &x, w)
				}
			}
		})
	}
}
