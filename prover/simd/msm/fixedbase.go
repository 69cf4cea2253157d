package msm

import (
	"context"
	"slices"

	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"

	"github.com/nnark/nnark/prover/internal/secret"
	"github.com/nnark/nnark/prover/simd"
)

// fixedDigit is the digit size of the tables: 20 windows of 2^12 multiples, in
// G1 5 MB, which take few additions to build and stay in the third-level cache.
const fixedDigit = 13

// fixedPart is the number of scalars a task multiplies.
const fixedPart = 1024

// MulG1 sets dst[i] to scalars[i]·base for one base and many scalars. progress,
// which may be nil, is called now and then, never concurrently, with the number
// of scalars done. It returns the context's error if cancelled. The scalars may be
// secrets to be overwritten: none of their digits stay in the workers' scratch space.
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
		scratch := c.scratch(w)
		scratch.reserve()
		secret.Do(func() {
			items, start := w.sort.tableItems(&d, scalars[lo:hi])
			sums[P, C](scratch, dst[lo:hi], table, items, start)
		})
		scratch.wipe()
		w.sort.wipe()
		report.add(hi - lo)
	})...)
}

// reserve makes room for the pairs of a chunk: growing later would leave a copy behind.
func (s *summer[P]) reserve() {
	s.pairs, s.odd = slices.Grow(s.pairs, 2*chunk), slices.Grow(s.odd, 2*chunk)
}

// wipe overwrites what tells digits.
func (s *summer[P]) wipe() {
	clear(s.pairs[:cap(s.pairs)])
	clear(s.odd[:cap(s.odd)])
}

// wipe overwrites the scalars and their digits.
func (s *sorter) wipe() {
	clear(s.values[:cap(s.values)])
	clear(s.digits[:cap(s.digits)])
	clear(s.items[:cap(s.items)])
	clear(s.start[:cap(s.start)])
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
	extend[P, C](table, half)
	return table
}

// extend fills in a table whose rows, half long, begin with a point: the element
// m of a row becomes (m+1) times the point.
func extend[P any, C curve[P]](table []P, half uint32) {
	var c C
	var pairs []simd.Pair
	for have := uint32(1); have < half; have *= 2 {
		pairs = pairs[:0]
		for row := uint32(0); row < uint32(len(table)); row += half {
			for m := range have {
				pairs = append(pairs, simd.Pair{A: 2 * (row + m), B: 2 * (row + have - 1), Out: row + have + m})
			}
		}
		c.add(table, table, table, pairs)
	}
}

// tableItems lists for each scalar the table entries that add up to it.
func (s *sorter) tableItems(d *digits, scalars []fr.Element) (items, start []uint32) {
	n := len(scalars)
	digits, signs := s.recodeAll(d, scalars)
	s.items, s.start = slices.Grow(s.items[:0], n*int(d.windows)), append(s.start[:0], 0)
	half := uint32(1) << (d.c - 1)
	for i := range scalars {
		for w := range uint32(d.windows) {
			if x := digits[int(w)*n+i]; x > 1 {
				s.items = append(s.items, 2*(w*half+x>>1-1)+(x&1^signs[i]))
			}
		}
		s.start = append(s.start, uint32(len(s.items)))
	}
	return s.items, s.start
}

// recodeAll returns the digits of the scalars' magnitudes, as [digits.window]
// gives them, window by window, and 1 for each negative scalar.
func (s *sorter) recodeAll(d *digits, scalars []fr.Element) (all, signs []uint32) {
	n := len(scalars)
	s.values = slices.Grow(s.values[:0], n)[:n]
	signs = make([]uint32, n)
	for i := range scalars {
		v, negative := magnitude(&scalars[i])
		s.values[i] = d.recode(v)
		if negative {
			signs[i] = 1
		}
	}
	s.digits = slices.Grow(s.digits[:0], n*int(d.windows))[:n*int(d.windows)]
	for w := range d.windows {
		d.window(s.digits[int(w)*n:][:n], s.values, w)
	}
	return s.digits, signs
}
