package msm

import (
	"context"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/simd"
)

// fixedDigit is the digit size of the tables: 20 windows of 2^12 multiples, in
// G1 5 MB, which take few additions to build and stay in the third-level cache.
const fixedDigit = 13

// fixedPart is the number of scalars a task multiplies.
const fixedPart = 1024

// MulG1 sets dst[i] to scalars[i]·base for one base and many scalars. progress,
// which may be nil, is called now and then, never concurrently, with the number
// of scalars done. It returns the context's error if cancelled.
func MulG1(ctx context.Context, dst []bn254.G1Affine, base bn254.G1Affine, scalars []fr.Element, progress func(done int)) error {
	return mul[bn254.G1Affine, g1](ctx, dst, base, scalars, progress)
}

// MulG2 is [MulG1] in the second group.
func MulG2(ctx context.Context, dst []bn254.G2Affine, base bn254.G2Affine, scalars []fr.Element, progress func(done int)) error {
	return mul[bn254.G2Affine, g2](ctx, dst, base, scalars, progress)
}

func mul[P any, C curve[P]](ctx context.Context, dst []P, base P, scalars []fr.Element, progress func(done int)) error {
	if len(dst) != len(scalars) {
		panic("msm: destination and scalars differ in length")
	}
	d := newDigits(scalarBits, fixedDigit)
	table := multiples[P, C](base, &d)
	report := counter{report: progress}
	return Run(ctx, Parallel(len(dst), fixedPart, func(w *Worker, lo, hi int) {
		var c C
		items, start := w.sort.tableItems(&d, scalars[lo:hi])
		sums[P, C](c.scratch(w), dst[lo:hi], table, items, start)
		report.add(hi - lo)
	})...)
}

// multiples returns m·2^(c·w)·base for every window w and digit 1 ≤ m ≤
// 2^(c-1), at index w·2^(c-1) + m-1.
func multiples[P any, C curve[P]](base P, d *digits) []P {
	var c C
	half := uint32(1) << (d.c - 1)
	table := make([]P, uint32(d.windows)*half)
	table[0] = base
	for i := uint32(1); i < uint32(d.windows); i++ {
		power := make([]P, d.c+1)
		power[d.c] = table[(i-1)*half]
		table[i*half] = c.horner(power)
	}
	var pairs []simd.Pair
	for have := uint32(1); have < half; have *= 2 {
		pairs = pairs[:0]
		for i := uint32(0); i < uint32(len(table)); i += half {
			for m := range have {
				pairs = append(pairs, simd.Pair{A: 2 * (i + m), B: 2 * (i + have - 1), Out: i + have + m})
			}
		}
		c.add(table, table, table, pairs)
	}
	return table
}

// tableItems lists for each scalar the table entries that add up to it.
func (s *sorter) tableItems(d *digits, scalars []fr.Element) (items, start []uint32) {
	s.values = slices.Grow(s.values[:0], len(scalars))[:len(scalars)]
	signs := make([]uint32, len(scalars))
	for i := range scalars {
		v, negative := magnitude(&scalars[i])
		s.values[i] = d.recode(v)
		if negative {
			signs[i] = 1
		}
	}
	n := len(scalars)
	s.digits = slices.Grow(s.digits[:0], n*int(d.windows))[:n*int(d.windows)]
	for w := range d.windows {
		d.window(s.digits[int(w)*n:][:n], s.values, w)
	}
	s.items, s.start = s.items[:0], append(s.start[:0], 0)
	half := uint32(1) << (d.c - 1)
	for i := range scalars {
		for w := range uint32(d.windows) {
			if x := s.digits[int(w)*n+i]; x > 1 {
				s.items = append(s.items, 2*(w*half+x>>1-1)+(x&1^signs[i]))
			}
		}
		s.start = append(s.start, uint32(len(s.items)))
	}
	return s.items, s.start
}
