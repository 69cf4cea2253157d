package msm

import (
	"fmt"
	"sync/atomic"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// G1 returns a task that sets *res to Σ scalars[i]·points[i] once it and the
// tasks it spawns have run. It panics if the lengths differ or exceed 2^31-1.
func G1(res *bn254.G1Affine, points []bn254.G1Affine, scalars []fr.Element) Task {
	return newTask[bn254.G1Affine, g1](res, points, scalars)
}

// G2 is [G1] in the second group.
func G2(res *bn254.G2Affine, points []bn254.G2Affine, scalars []fr.Element) Task {
	return newTask[bn254.G2Affine, g2](res, points, scalars)
}

func newTask[P any, C curve[P]](res *P, points []P, scalars []fr.Element) Task {
	if len(points) != len(scalars) || len(points) >= 1<<31 {
		panic(fmt.Sprintf("msm: %d points and %d scalars", len(points), len(scalars)))
	}
	return func(w *Worker) { prepare[P, C](w, res, points, scalars) }
}

// classes are the bit lengths by which magnitudes are split.
var classes = [...]int{8, 16, 32, 64, 128, scalarBits}

// minClass is the number of scalars below which a class joins the next.
const minClass = 256

// terms is a set of magnitudes of bounded bit length and signed point indices,
// as in [simd.Pair].
type terms struct {
	bits  int
	value []integer
	index []uint32
}

// prepare splits the scalars by magnitude and spawns the work on each class.
func prepare[P any, C curve[P]](w *Worker, res *P, points []P, scalars []fr.Element) {
	split := w.split.terms(scalars)
	if len(split) == 0 {
		var infinity P
		*res = infinity
		return
	}
	parts := make([]P, len(split))
	var pending atomic.Int32
	pending.Store(int32(len(split)))
	for i, t := range split {
		done := func(w *Worker, sum P) {
			parts[i] = sum
			if pending.Add(-1) == 0 {
				*res = total[P, C](w, parts)
			}
		}
		if t.bits <= 32 {
			spawnWindows[P, C](w, t, points, done)
		} else {
			spawnGroups[P, C](w, t, points, done)
		}
	}
}

// total returns the sum of all points.
func total[P any, C curve[P]](w *Worker, points []P) P {
	var c C
	items := make([]uint32, len(points))
	for i := range items {
		items[i] = uint32(2 * i)
	}
	var sum [1]P
	sums[P, C](c.scratch(w), sum[:], points, items, []uint32{0, uint32(len(points))})
	return sum[0]
}

// splitter is the scratch space for sorting scalars by magnitude.
type splitter struct {
	value []integer
	index []uint32
	class []uint8
}

// terms sorts the non-zero scalars into classes of magnitude.
func (s *splitter) terms(scalars []fr.Element) []terms {
	s.value, s.index, s.class = resize(s.value, len(scalars)), resize(s.index, len(scalars)), resize(s.class, len(scalars))
	value, index, class := s.value, s.index, s.class
	var count [len(classes)]int
	for i := range scalars {
		v, negative := magnitude(&scalars[i])
		value[i], index[i] = v, uint32(2*i)
		if negative {
			index[i]++
		}
		n, k := v.bitLen(), uint8(0)
		if n == 0 {
			class[i] = uint8(len(classes))
			continue
		}
		for classes[k] < n {
			k++
		}
		class[i] = k
		count[k]++
	}
	var home [len(classes)]int // the output each class goes to
	var split []terms
	for k, n := range count {
		home[k] = len(split)
		if n > 0 && n < minClass && k+1 < len(classes) && anyAfter(count[k+1:]) {
			count[k+1] += n
		} else if n > 0 {
			split = append(split, terms{bits: classes[k], value: make([]integer, 0, n), index: make([]uint32, 0, n)})
		}
	}
	for i, k := range class {
		if int(k) < len(classes) {
			t := &split[home[k]]
			t.value = append(t.value, value[i])
			t.index = append(t.index, index[i])
		}
	}
	return split
}

// resize returns a slice of n elements, the same memory if it suffices.
func resize[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}

func anyAfter(count []int) bool {
	for _, n := range count {
		if n > 0 {
			return true
		}
	}
	return false
}
