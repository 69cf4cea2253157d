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

// G1Integers is [G1] for scalars that are integers, above -2^63.
func G1Integers[T int32 | int64](res *bn254.G1Affine, points []bn254.G1Affine, scalars []T) Task {
	checkLengths(len(points), len(scalars))
	return func(w *Worker) { prepare[bn254.G1Affine, g1](w, res, points, integers(scalars)) }
}

func newTask[P any, C curve[P]](res *P, points []P, scalars []fr.Element) Task {
	checkLengths(len(points), len(scalars))
	return func(w *Worker) { prepare[P, C](w, res, points, elements(scalars)) }
}

func checkLengths(points, scalars int) {
	if points != scalars || points >= 1<<31 {
		panic(fmt.Sprintf("msm: %d points and %d scalars", points, scalars))
	}
}

// prepare splits the scalars by magnitude and spawns the work on each class.
func prepare[P any, C curve[P]](w *Worker, res *P, points []P, scalars magnitudes) {
	spawnSplit(w, len(points), scalars, func(w *Worker, split []terms) {
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
	})
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
