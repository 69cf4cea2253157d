package msm

import (
	"slices"

	"github.com/nnark/nnark/prover/simd"
)

// chunk is the number of points summed together: its working space stays in
// the L2 cache, and most of its batches of additions are full.
const chunk = 16384

// summer is the scratch space for sums of groups of points.
type summer[P any] struct {
	work         []P
	used         int // elements of work that are taken
	pairs, odd   []simd.Pair
	runs, active []run
}

// run is a range of work that remains to be added up, for one group.
type run struct{ at, size, group uint32 }

// sums sets dst[g], for every group g, to the sum over items[start[g]:start[g+1]]
// of ±src[item>>1], the negative for an odd item. The sum of no points is the
// point at infinity. dst has len(start)-1 elements and does not overlap src.
func sums[P any, C curve[P]](s *summer[P], dst, src []P, items, start []uint32) {
	for g, taken := 0, 0; g < len(dst); g++ {
		group := items[start[g]:start[g+1]]
		if len(group) > chunk {
			flush[P, C](s, dst, src)
			taken = 0
			dst[g] = longSum[P, C](s, src, group)
			continue
		}
		push[P, C](s, dst, src, group, uint32(g))
		taken += len(group)
		if taken >= chunk {
			flush[P, C](s, dst, src)
			taken = 0
		}
	}
	flush[P, C](s, dst, src)
}

// longSum adds up one group of more than a chunk, by chunks.
func longSum[P any, C curve[P]](s *summer[P], src []P, group []uint32) P {
	n := (len(group) + chunk - 1) / chunk
	start, items := make([]uint32, n+1), make([]uint32, n)
	for i := range items {
		start[i], items[i] = uint32(i*chunk), uint32(2*i)
	}
	start[n] = uint32(len(group))
	parts := make([]P, n)
	sums[P, C](s, parts, src, group, start)
	var total [1]P
	sums[P, C](s, total[:], parts, items, []uint32{0, uint32(n)})
	return total[0]
}

// push queues the first additions of one group: its points in pairs, and then
// one that is left over to the first pair's sum.
func push[P any, C curve[P]](s *summer[P], dst, src []P, group []uint32, g uint32) {
	var c C
	var infinity P
	switch len(group) {
	case 0:
		dst[g] = infinity
		return
	case 1:
		dst[g] = c.at(src, group[0])
		return
	}
	at, n := uint32(s.used), uint32(len(group)/2)
	pairs := more(&s.pairs, int(n))
	for i := range pairs {
		pairs[i] = simd.Pair{A: group[2*i], B: group[2*i+1], Out: at + uint32(i)}
	}
	if len(group)%2 == 1 {
		s.odd = append(s.odd, simd.Pair{A: 2 * at, B: group[2*n], Out: at})
	}
	s.used += int(n)
	s.runs = append(s.runs, run{at, n, g})
}

// flush adds up all queued groups, level by level. Each level adds the upper
// half of every run to its lower half.
func flush[P any, C curve[P]](s *summer[P], dst, src []P) {
	var c C
	if s.used > len(s.work) {
		s.work = make([]P, s.used)
	}
	c.add(s.work, src, src, s.pairs)
	c.add(s.work, s.work, src, s.odd)
	s.active = append(s.active[:0], s.runs...)
	for len(s.active) > 0 {
		s.pairs = s.pairs[:0]
		left := s.active[:0]
		for _, r := range s.active {
			half := (r.size + 1) / 2
			pairs := more(&s.pairs, int(r.size-half))
			for k := range pairs {
				i := r.at + uint32(k)
				pairs[k] = simd.Pair{A: 2 * i, B: 2 * (i + half), Out: i}
			}
			if r.size = half; half > 1 {
				left = append(left, r)
			}
		}
		s.active = left
		c.add(s.work, s.work, s.work, s.pairs)
	}
	for _, r := range s.runs {
		dst[r.group] = s.work[r.at]
	}
	s.used, s.pairs, s.odd, s.runs = 0, s.pairs[:0], s.odd[:0], s.runs[:0]
}

// more appends n elements to a slice and returns them.
func more[T any](s *[]T, n int) []T {
	at := len(*s)
	*s = slices.Grow(*s, n)[:at+n]
	return (*s)[at:]
}
