package msm

import (
	"context"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
)

// CombineG1 computes many short sums at once: it sets res[g] to the sum over k in
// [start[g], start[g+1]) of scalars[k]·src[index[k]]. start has one element more
// than res. It returns the context's error if cancelled.
func CombineG1(ctx context.Context, res, src []bn254.G1Affine, index []uint32, scalars []fr.Element, start []uint32) error {
	return combine[bn254.G1Affine, g1](ctx, res, src, index, scalars, start)
}

// CombineG2 is [CombineG1] in the second group.
func CombineG2(ctx context.Context, res, src []bn254.G2Affine, index []uint32, scalars []fr.Element, start []uint32) error {
	return combine[bn254.G2Affine, g2](ctx, res, src, index, scalars, start)
}

const (
	combineDigit = 4    // the digit size
	combineTerms = 512  // the terms of a task, whose tables stay in the L2 cache
	longTerms    = 2048 // the terms from which on a sum is better done by itself
)

func combine[P any, C curve[P]](ctx context.Context, res, src []P, index []uint32, scalars []fr.Element, start []uint32) error {
	var tasks []Task
	for next := 0; next < len(res); {
		lo, hi := next, next+1
		if terms := index[start[lo]:start[hi]]; len(terms) > longTerms {
			points := make([]P, len(terms))
			for i, k := range terms {
				points[i] = src[k]
			}
			tasks = append(tasks, newTask[P, C](&res[lo], points, scalars[start[lo]:start[hi]]))
		} else {
			for hi < len(res) && start[hi+1]-start[lo] <= combineTerms {
				hi++
			}
			tasks = append(tasks, func(w *Worker) {
				combineSome[P, C](w, res[lo:hi], src, index, scalars, start[lo:hi+1])
			})
		}
		next = hi
	}
	return Run(ctx, tasks...)
}

// combineSome makes a table of each point's first multiples and adds up, for each
// sum and window, the multiples that its digits ask for.
func combineSome[P any, C curve[P]](w *Worker, res, src []P, index []uint32, scalars []fr.Element, start []uint32) {
	var c C
	first, n := int(start[0]), int(start[len(res)]-start[0])
	d := newDigits(scalarBits, combineDigit)
	table := smallMultiples[P, C](src, index[first:first+n])
	digits, signs := w.sort.recodeAll(&d, scalars[first:first+n])

	const half = 1 << (combineDigit - 1)
	var items []uint32
	ends := []uint32{0}
	for g := range res {
		for w := range int(d.windows) {
			for k := int(start[g]) - first; k < int(start[g+1])-first; k++ {
				if x := digits[w*n+k]; x > 1 {
					items = append(items, 2*(uint32(k)*half+x>>1-1)+(x&1^signs[k]))
				}
			}
			ends = append(ends, uint32(len(items)))
		}
	}
	digit := make([]P, len(res)*int(d.windows))
	sums[P, C](c.scratch(w), digit, table, items, ends)

	bits := make([]P, d.windows*d.c)
	for g := range res {
		for w := range d.windows {
			bits[w*d.c] = digit[g*int(d.windows)+int(w)]
		}
		res[g] = c.horner(bits)
	}
}

// smallMultiples returns m·src[index[k]] at k·half + m-1 for 1 ≤ m ≤ half.
func smallMultiples[P any, C curve[P]](src []P, index []uint32) []P {
	const half = 1 << (combineDigit - 1)
	table := make([]P, len(index)*half)
	for k, i := range index {
		table[k*half] = src[i]
	}
	extend[P, C](table, half)
	return table
}
