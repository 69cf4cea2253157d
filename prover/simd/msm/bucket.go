package msm

import (
	"math"
	"slices"
	"sync/atomic"
)

// windowEntries is the number of digits below which a task takes several
// windows at once, to keep its batches full.
const windowEntries = 8192

// digitBits returns the digit size with the fewest additions for n integers.
func digitBits(n, bitLen int) uint {
	const fixed = 400 // the price of a window apart from its buckets, in additions
	best, bestCost := uint(0), math.MaxFloat64
	for c := uint(2); c <= 17; c++ {
		windows := (uint(bitLen) + c) / c
		cost := float64(windows) * (float64(n) + math.Exp2(float64(c-1)) + fixed)
		if cost < bestCost {
			best, bestCost = c, cost
		}
	}
	return best
}

// spawnWindows spawns tasks for the windows of t and calls done with the result.
func spawnWindows[P any, C curve[P]](w *Worker, t terms, src []P, done func(*Worker, P)) {
	d := newDigits(t.bits, digitBits(len(t.value), t.bits))
	for i := range t.value {
		t.value[i] = d.recode(t.value[i])
	}
	bits := make([]P, d.windows*d.c)
	step := max(1, windowEntries/uint(len(t.value)))
	var pending atomic.Int32
	pending.Store(int32((d.windows + step - 1) / step))
	var tasks []Task
	for lo := uint(0); lo < d.windows; lo += step {
		hi := min(lo+step, d.windows)
		tasks = append(tasks, func(w *Worker) {
			bitSums[P, C](w, &d, lo, hi, t, src, bits[lo*d.c:hi*d.c])
			if pending.Add(-1) == 0 {
				var c C
				done(w, c.horner(bits))
			}
		})
	}
	w.Spawn(tasks...)
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

	used := sort.nonEmpty(start)
	items, start = sort.assign(windows*(rows+cols), used, func(k uint32, put func(group int)) {
		window, digit := int(k)/nb, int(k)%nb
		base := window * (rows + cols)
		if a := digit >> h; a > 0 {
			put(base + a)
		}
		if b := digit & (cols - 1); b > 0 {
			put(base + rows + b)
		}
	})
	grid := make([]P, windows*(rows+cols))
	sums[P, C](s, grid, bucket, items, start)

	used = sort.nonEmpty(start)
	items, start = sort.assign(windows*int(d.c), used, func(k uint32, put func(group int)) {
		window, line := int(k)/(rows+cols), int(k)%(rows+cols)
		base := window * int(d.c)
		if line >= rows {
			line -= rows
		} else {
			base += int(h)
		}
		for ; line > 0; line >>= 1 {
			if line&1 == 1 {
				put(base)
			}
			base++
		}
	})
	sums[P, C](s, bits, grid, items, start)
}

// sorter is scratch space to sort point indices by group.
type sorter struct {
	start, items, used []uint32
	digits             []uint32
	values             []integer
}

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

// nonEmpty returns the groups with at least one item, in a slice valid until
// the next call.
func (s *sorter) nonEmpty(start []uint32) []uint32 {
	s.used = s.used[:0]
	for k := range len(start) - 1 {
		if start[k+1] > start[k] {
			s.used = append(s.used, uint32(k))
		}
	}
	return s.used
}

// assign sorts elements into the groups that each reports for them; it
// is called twice for every element.
func (s *sorter) assign(groups int, elements []uint32, each func(k uint32, put func(group int))) (items, start []uint32) {
	s.start = zeroed(s.start, groups+1)
	count := func(g int) { s.start[g]++ }
	for _, k := range elements {
		each(k, count)
	}
	s.items = zeroed(s.items, cumulate(s.start))
	var element uint32
	place := func(g int) {
		s.start[g]--
		s.items[s.start[g]] = 2 * element
	}
	for _, element = range elements {
		each(element, place)
	}
	return s.items, s.start
}

// zeroed returns a zero slice of n elements, in the space of old if it fits.
func zeroed(old []uint32, n int) []uint32 {
	s := slices.Grow(old[:0], n)[:n]
	clear(s)
	return s
}
