package msm

import "math/bits"

// groupSample is the number of scalars looked at to see whether grouping pays.
const groupSample = 1024

// spawnGroups adds up the points of t with equal magnitudes and then spawns the
// windows of what is left. It frees t.
func spawnGroups[P any, C curve[P]](w *Worker, t terms, src []P, done func(*Worker, P)) {
	if len(t.value) > groupSample {
		sample := terms{value: t.value[:groupSample]}
		if _, distinct := sample.groups(); distinct == groupSample {
			spawnWindows[P, C](w, t, src, done)
			return
		}
	}
	group, distinct := t.groups()
	if distinct > len(t.value)*7/8 {
		spawnWindows[P, C](w, t, src, done)
		return
	}
	merged, items, start := t.merge(group, distinct)
	t.free()
	points := make([]P, distinct)
	const parts = 4
	size := (distinct + parts - 1) / parts
	spawnAll(w, Parallel(distinct, size, func(w *Worker, lo, hi int) {
		var c C
		sums[P, C](c.scratch(w), points[lo:hi], src, items, start[lo:hi+1])
	}), func(w *Worker) { spawnWindows[P, C](w, merged, points, done) })
}

// groups numbers the distinct values of t in order of appearance and returns
// each value's number.
func (t *terms) groups() (group []uint32, distinct int) {
	size := 16
	for size < 2*len(t.value) {
		size *= 2
	}
	type slot struct{ first, number uint32 } // first is an index into value plus 1
	table := make([]slot, size)
	group = make([]uint32, len(t.value))
	for i := range t.value {
		v := &t.value[i]
		h := (v[0] ^ bits.RotateLeft64(v[1], 17) ^ bits.RotateLeft64(v[2], 31) ^ bits.RotateLeft64(v[3], 47)) * 0x9E3779B97F4A7C15 >> 20
		for {
			at := &table[int(h)&(size-1)]
			if at.first == 0 {
				*at = slot{uint32(i + 1), uint32(distinct)}
				distinct++
			}
			if t.value[at.first-1] == *v {
				group[i] = at.number
				break
			}
			h++
		}
	}
	return group, distinct
}

// merge returns the terms left when the points of each group are added first,
// and the groups' points in the form [sums] takes.
func (t *terms) merge(group []uint32, distinct int) (merged terms, items, start []uint32) {
	merged = newTerms(distinct)
	merged.bits = t.bits
	start, items = make([]uint32, distinct+1), make([]uint32, len(group))
	for i, g := range group {
		merged.value[g], merged.index[g] = t.value[i], 2*g
		start[g]++
	}
	cumulate(start)
	for i, g := range group {
		start[g]--
		items[start[g]] = t.index[i]
	}
	return merged, items, start
}
