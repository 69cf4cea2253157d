package msm

import (
	"math"
	"runtime"
	"slices"

	"github.com/nnark/nnark/prover/simd"
)

// windowEntries is the number of digits below which a task takes several
// windows at once, to keep its batches full.
const windowEntries = 8192

// digitBits returns the digit size with the fewest additions for n integers.
func digitBits(n, bitLen int) uint {
	// The price in additions of a window, and of a bucket, which is added to a row and to a
	// column and takes space.
	const fixed, bucket = 400, 3
	best, bestCost := uint(0), math.MaxFloat64
	for c := uint(2); c <= 17; c++ {
		windows := (uint(bitLen) + c) / c
		cost := float64(windows) * (float64(n) + bucket*math.Exp2(float64(c-1)) + fixed)
		if cost < bestCost {
			best, bestCost = c, cost
		}
	}
	return best
}

// spawnWindows spawns tasks for the windows of t, which it frees, and calls done with the result.
//
// The windows that are left when each core has as many as the others are divided: each task
// takes a part of the terms, and the parts' bits are added up.
func spawnWindows[P any, C curve[P]](w *Worker, t terms, src []P, done func(*Worker, P)) {
	d := newDigits(t.bits, digitBits(len(t.value), t.bits))
	for i := range t.value {
		t.value[i] = d.recode(t.value[i])
	}
	cores, step := uint(runtime.GOMAXPROCS(0)), max(1, windowEntries/uint(len(t.value)))
	whole, parts := d.windows, uint(1)
	if step == 1 && d.windows%cores != 0 {
		whole -= d.windows % cores
		parts = (cores + d.windows - whole - 1) / (d.windows - whole)
	}
	bits, divided := make([]P, d.windows*d.c), make([]P, (d.windows-whole)*d.c*parts)
	var tasks []Task
	for lo := uint(0); lo < whole; lo += step {
		hi := min(lo+step, whole)
		tasks = append(tasks, func(w *Worker) {
			bitSums[P, C](w, &d, lo, hi, t, src, bits[lo*d.c:hi*d.c])
		})
	}
	for k := range (d.windows - whole) * parts {
		lo, part := whole+k/parts, t.part(int(k%parts), int(parts))
		tasks = append(tasks, func(w *Worker) {
			bitSums[P, C](w, &d, lo, lo+1, part, src, divided[k*d.c:(k+1)*d.c])
		})
	}
	spawnAll(w, tasks, func(w *Worker) {
		t.free()
		var c C
		each := make([]simd.Pair, d.c)
		for i := range each {
			each[i] = simd.Pair{A: 2 * uint32(i), B: 2 * uint32(i), Out: uint32(i)}
		}
		for k := range (d.windows - whole) * parts {
			at := bits[(whole+k/parts)*d.c:][:d.c]
			c.add(at, at, divided[k*d.c:(k+1)*d.c], each)
		}
		done(w, c.horner(bits))
	})
}

// bitSums sets bits so that Σ 2^i·bits[i] is the part of windows [lo, hi) in
// the sum over t, divided by 2^(c·lo).
//
// For each window it sums the points with the same digit d, which gives the
// buckets S_d; then, with d = 2^h·a + b, the rows R_a = Σ_b S_d and the columns
// K_b = Σ_a S_d; then the rows with bit j of a set, and the columns with bit j
// of b set: Σ d·S_d = Σ_j 2^(h+j)·(Σ R_a) + Σ_j 2^j·(Σ K_b).
func bitSums[P any, C curve[P]](w *Worker, d *digits, lo, hi uint, t terms, src []P, bits []P) {
	var c C
	s, sort := c.scratch(w), &w.sort
	windows := int(hi - lo)
	nb := 1<<(d.c-1) + 1 // buckets of a window, 0 included
	h := d.c / 2
	rows, cols := nb>>h+1, 1<<h

	items, start := sort.buckets(d, lo, hi, t, nb)
	bucket := make([]P, windows*nb)
	sums[P, C](s, bucket, src, items, start)

	sort.lines.reset()
	for window := range windows {
		base := window * nb
		list := func(digit int) {
			if k := base + digit; digit < nb && start[k+1] > start[k] {
				sort.lines.add(uint32(k))
			}
		}
		sort.lines.end() // row 0 counts for nothing, like column 0
		for a := 1; a < rows; a++ {
			for b := range cols {
				list(a<<h + b)
			}
			sort.lines.end()
		}
		sort.lines.end()
		for b := 1; b < cols; b++ {
			for a := range rows {
				list(a<<h + b)
			}
			sort.lines.end()
		}
	}
	grid := make([]P, windows*(rows+cols))
	sums[P, C](s, grid, bucket, sort.lines.items, sort.lines.start)

	sort.lines.reset()
	for window := range windows {
		base := window * (rows + cols)
		for _, part := range [2]struct{ at, lines, bits int }{{rows, cols, int(h)}, {0, rows, int(d.c - h)}} {
			for bit := range part.bits {
				for k := range part.lines {
					if k>>bit&1 == 1 {
						sort.lines.add(uint32(base + part.at + k))
					}
				}
				sort.lines.end()
			}
		}
	}
	sums[P, C](s, bits, grid, sort.lines.items, sort.lines.start)
}

// sorter is scratch space to sort point indices by group.
type sorter struct {
	start, items []uint32
	digits       []uint32
	values       []integer
	lines        lists
}

// lists are groups of points in the form that [sums] takes.
type lists struct{ items, start []uint32 }

func (l *lists) reset()       { l.items, l.start = l.items[:0], append(l.start[:0], 0) }
func (l *lists) add(k uint32) { l.items = append(l.items, 2*k) }
func (l *lists) end()         { l.start = append(l.start, uint32(len(l.items))) }

// buckets sorts the points of t by window and digit: the group of digit ±m of
// window lo+i is i·nb+m. Zero digits are left out.
func (s *sorter) buckets(d *digits, lo, hi uint, t terms, nb int) (items, start []uint32) {
	n := len(t.value)
	s.start = zeroed(s.start, int(hi-lo)*nb+1)
	s.digits = slices.Grow(s.digits[:0], n*int(hi-lo))[:n*int(hi-lo)]
	for w := range int(hi - lo) {
		digits := s.digits[w*n : (w+1)*n]
		d.window(digits, t.value, lo+uint(w))
		count := s.start[w*nb : (w+1)*nb]
		for _, x := range digits {
			count[x>>1]++
		}
		count[0] = 0
	}
	s.items = slices.Grow(s.items[:0], cumulate(s.start))[:s.start[len(s.start)-1]]
	for w := range int(hi - lo) {
		group := s.start[w*nb : (w+1)*nb]
		for i, x := range s.digits[w*n : (w+1)*n] {
			if x > 1 {
				at := group[x>>1] - 1
				group[x>>1] = at
				s.items[at] = t.index[i] ^ x&1
			}
		}
	}
	return s.items, s.start
}

// cumulate replaces counts by the ends of their groups, the last element, which
// must be 0, by the total, and returns it. Decreasing a group's entry once for
// each of its items leaves the start of the group.
func cumulate(count []uint32) int {
	var sum uint32
	for i, n := range count {
		sum += n
		count[i] = sum
	}
	return int(sum)
}

// zeroed returns a zero slice of n elements, in the space of old if it fits.
func zeroed(old []uint32, n int) []uint32 {
	s := slices.Grow(old[:0], n)[:n]
	clear(s)
	return s
}
